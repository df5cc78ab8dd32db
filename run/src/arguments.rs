//! The command line.

use std::path::PathBuf;
use std::time::Duration;

use clap::Parser;

/// Runs a Lua program in a built module, or a prompt.
#[derive(Debug, Parser)]
#[command(
    name = "cargo xtask run",
    after_help = "Without a script: a prompt, or what comes through a pipe. At the prompt, Ctrl-C ends what runs, Ctrl-D the prompt; \
                  `=x` and plain expressions print their values.

Examples:
  cargo xtask run                                 the prompt
  cargo xtask run game.lua easy 3                 a script with arguments
  cargo xtask run --state saves game.lua          Memory is kept in the folder `saves`
  cargo xtask run -e 'print(_VERSION)'            a text
  cargo xtask run --heap 16M --time 2 other.lua   limits for scripts of others

Exit status: 0 done, 1 a script failed, 2 wrong usage or broken input, 130 ended by Ctrl-C."
)]
pub struct Arguments {
    /// The script (`-` is the standard input), and what it gets in `arg` and as `...`
    #[arg(trailing_var_arg = true, value_name = "SCRIPT")]
    pub script: Vec<String>,
    /// Run this text first; repeat for several
    #[arg(short, long, value_name = "CODE")]
    pub execute: Vec<String>,
    /// The prompt, after the script, and where the input is no terminal
    #[arg(short, long)]
    pub interactive: bool,
    /// The folder that keeps what `Memory` reaches [default: it ends with the program]
    #[arg(long, value_name = "DIR")]
    pub state: Option<PathBuf>,
    /// The module: one built with --contract bridge --unwind standard
    #[arg(long, value_name = "FILE")]
    pub module: PathBuf,
    /// Limit of what Lua uses, bytes; K, M or G behind the number
    #[arg(long, value_name = "BYTES", value_parser = bytes)]
    pub heap: Option<u32>,
    /// Limit of instructions for each script or line: calls, backward jumps, steps of library loops
    #[arg(long, value_name = "COUNT")]
    pub instructions: Option<u64>,
    /// Limit of time for each script or line, seconds
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub time: Option<Duration>,
    /// The prompt's history [default: in the user's folder for data]
    #[arg(long, value_name = "FILE")]
    pub history: Option<PathBuf>,
}

fn bytes(text: &str) -> Result<u32, String> {
    let (number, unit) = match text.char_indices().last() {
        Some((at, 'k' | 'K')) => (&text[..at], 1 << 10),
        Some((at, 'm' | 'M')) => (&text[..at], 1 << 20),
        Some((at, 'g' | 'G')) => (&text[..at], 1 << 30),
        _ => (text, 1),
    };
    let number: Option<u32> = number.parse().ok().filter(|number| *number > 0);
    number
        .and_then(|number| number.checked_mul(unit))
        .ok_or_else(|| "expected a number of bytes below 4G, as in 16M".to_owned())
}

fn seconds(text: &str) -> Result<Duration, String> {
    let number = text.parse().ok().filter(|number| *number > 0.0);
    number
        .and_then(|number| Duration::try_from_secs_f64(number).ok())
        .ok_or_else(|| "expected a number of seconds above 0, as in 2.5".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_units() {
        assert_eq!(bytes("16M"), Ok(16 << 20));
        assert_eq!(bytes("65536"), Ok(65536));
        for text in ["", "M", "4G", "0", "-1", "16MB", "é"] {
            assert!(bytes(text).is_err(), "{text}");
        }
    }

    #[test]
    fn times_are_positive() {
        assert_eq!(seconds("0.5"), Ok(Duration::from_millis(500)));
        for text in ["0", "-1", "NaN", "inf", "x"] {
            assert!(seconds(text).is_err(), "{text}");
        }
    }
}
