//! Runs a test program, shows what it prints and counts its results.

use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};

use anyhow::{Context, Result};

use super::tally::Tally;

/// Runs `command`, passing its output on line by line. A program that fails without having counted a failure (it did
/// not compile, it crashed) is one failure, which the summary calls `what`.
///
/// # Errors
/// Where the program cannot be started or its output cannot be read.
pub fn run(mut command: Command, what: &str) -> Result<Tally> {
    let mut tally = Tally::default();
    let shown = command.get_program().to_string_lossy().into_owned();
    let mut child = command.stdout(Stdio::piped()).spawn().with_context(|| format!("cannot run {shown}"))?;
    if let Some(output) = child.stdout.take() {
        let mut stdout = std::io::stdout().lock();
        // Bytes, not text: a failing test may print anything.
        for line in BufReader::new(output).split(b'\n') {
            let line = line.with_context(|| format!("cannot read what {shown} prints"))?;
            stdout.write_all(&line)?;
            stdout.write_all(b"\n")?;
            tally.add_result_line(&String::from_utf8_lossy(&line));
        }
    }
    let status = child.wait().with_context(|| format!("cannot wait for {shown}"))?;
    if !status.success() && tally.failed == 0 {
        println!("FAILED {what}: {status}");
        tally.fail(format!("failed: {what} ended with {status}"));
    }
    if status.success() && tally.failed > 0 {
        tally.remarks.push(format!("{what} counted failures but ended as if all were well"));
    }
    Ok(tally)
}
