//! What people see of failures. Colours are for terminals, and respect NO_COLOR.

use console::style;
use moonwright::LuaError;

/// Prints an error that Lua raised, with its traceback.
pub fn failure(error: &LuaError, interrupted: bool) {
    let message = if interrupted { "interrupted" } else { &error.message };
    eprintln!("{}", style(printable(message)).for_stderr().red().bold());
    if !error.traceback.is_empty() {
        eprintln!("{}", style(printable(&error.traceback)).for_stderr().dim());
    }
}

/// Prints an error of anything else: one line, and its causes.
pub fn problem(error: &anyhow::Error) {
    let closed_pipe = |cause: &(dyn std::error::Error + 'static)| {
        cause.downcast_ref::<std::io::Error>().is_some_and(|io| io.kind() == std::io::ErrorKind::BrokenPipe)
    };
    // Who closed the pipe (`… | head`) has seen enough.
    if error.chain().any(closed_pipe) {
        return;
    }
    eprintln!("{} {error}", style("error:").for_stderr().red().bold());
    for (number, cause) in error.chain().skip(1).enumerate() {
        eprintln!("  {}. {cause}", number + 1);
    }
}

/// A text without what a terminal would obey: a script's error message may come from anywhere.
fn printable(text: &str) -> String {
    let shown = |c: char| if c.is_control() && !matches!(c, '\n' | '\t') { '\u{fffd}' } else { c };
    text.chars().map(shown).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_cannot_steer_the_terminal() {
        assert_eq!(printable("a\n\tb\u{1b}[2Jc\u{9b}"), "a\n\tb\u{fffd}[2Jc\u{fffd}");
    }
}
