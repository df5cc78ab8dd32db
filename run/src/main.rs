//! `cargo xtask run`: Lua programs, and a prompt, in a built module.
//!
//! Exit status: 0 done, 1 a script failed, 2 wrong usage or broken input, 130 ended by Ctrl-C.

mod arguments;
mod complete;
mod prompt;
mod session;
mod show;

use std::io::{IsTerminal, Read};
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Parser;

use arguments::Arguments;
use session::Session;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match run(&arguments) {
        Ok(code) => code,
        Err(error) => {
            show::problem(&error);
            ExitCode::from(2)
        }
    }
}

/// Runs what the arguments say, in the order of the standalone `lua`: the texts of `-e`, the script, the prompt.
fn run(arguments: &Arguments) -> Result<ExitCode> {
    let (script, parameters) = match arguments.script.split_first() {
        Some((script, parameters)) => (Some(script.as_str()), parameters),
        None => (None, [].as_slice()),
    };
    let bare = script.is_none() && arguments.execute.is_empty();
    let prompt = arguments.interactive || (bare && std::io::stdin().is_terminal());
    // Read first: a file that is not there is no reason to open a state.
    let script = match script {
        Some("-") => Some(("=stdin".to_owned(), standard_input()?)),
        Some(path) => {
            let text = std::fs::read(path).with_context(|| format!("cannot read {path}"))?;
            Some((format!("@{path}"), text))
        }
        None if bare && !prompt => Some(("=stdin".to_owned(), standard_input()?)),
        None => None,
    };
    let mut session = Session::new(arguments)?;
    for code in &arguments.execute {
        if !session.script("=(command line)", code.as_bytes(), &[])? {
            return Ok(session.failure());
        }
    }
    if let Some((name, text)) = script
        && !session.script(&name, without_first_comment(&text), parameters)?
        && !prompt
    {
        return Ok(session.failure());
    }
    if prompt {
        prompt::run(session, arguments)?;
    }
    Ok(ExitCode::SUCCESS)
}

fn standard_input() -> Result<Vec<u8>> {
    let mut text = Vec::new();
    std::io::stdin().read_to_end(&mut text).context("cannot read the standard input")?;
    Ok(text)
}

/// A script without the text of a first line that starts with `#`, for systems whose scripts name their interpreter there.
/// The line itself stays, so that errors name the right ones.
fn without_first_comment(text: &[u8]) -> &[u8] {
    match text {
        [b'#', ..] => &text[text.iter().position(|byte| *byte == b'\n').unwrap_or(text.len())..],
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_first_line_for_the_system_is_no_lua() {
        assert_eq!(without_first_comment(b"#!/bin/lua\nreturn 1"), b"\nreturn 1");
        assert_eq!(without_first_comment(b"# nothing else"), b"");
        assert_eq!(without_first_comment(b"return #t"), b"return #t");
    }
}
