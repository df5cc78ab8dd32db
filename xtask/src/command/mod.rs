//! One file a command; this one dispatches, prints errors and decides the exit status.
//!
//! Exit status: 0 done, 1 a check failed (the command said which), 2 wrong usage or broken input.

use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, bail};

use crate::cli::{Cli, Command};

mod bench;
mod budget;
mod build;
mod cc;
mod chromium;
mod inspect_exports;
mod npm;
mod package;
mod post;
mod run;
mod serve;
mod setup;
mod size;
mod symbolize;
pub mod system_package;
mod test;

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Everything asked for was done.
    Done,
    /// A check said no; what and why was printed.
    CheckFailed,
    /// The command could not do its work.
    BrokenInput,
}

impl From<Outcome> for ExitCode {
    fn from(outcome: Outcome) -> ExitCode {
        match outcome {
            Outcome::Done => ExitCode::SUCCESS,
            Outcome::CheckFailed => ExitCode::from(1),
            Outcome::BrokenInput => ExitCode::from(2),
        }
    }
}

/// Runs the command that `cli` names.
///
/// # Errors
/// When the command could not do its work; a check that said no is [`Outcome::CheckFailed`] instead.
pub fn run(cli: &Cli) -> Result<Outcome> {
    match &cli.command {
        Command::Build(args) => build::run(args),
        Command::Post(args) => post::run(args),
        Command::InspectExports(args) => inspect_exports::run(args),
        Command::Size(args) => size::run(args),
        Command::Budget(args) => budget::run(args),
        Command::Symbolize(args) => symbolize::run(args),
        Command::Setup(args) => setup::run(args),
        Command::Run(args) => run::run(args),
        Command::Serve(args) => serve::run(args),
        Command::Test(args) => test::run(args),
        Command::Bench(args) => bench::run(args),
    }
}

/// Prints a command's result. Unlike `println!` it does not panic when the reader of a pipe is gone (`… | head`).
fn print(text: &str) -> Result<()> {
    let mut stdout = std::io::stdout().lock();
    stdout.write_all(text.as_bytes())?;
    if !text.ends_with('\n') {
        stdout.write_all(b"\n")?;
    }
    Ok(stdout.flush()?)
}

/// Prints an error as one line plus numbered causes; a closed pipe (`… | head`) is no error to speak of.
pub fn print_error(error: &anyhow::Error) {
    let closed_pipe = |cause: &(dyn std::error::Error + 'static)| {
        cause.downcast_ref::<std::io::Error>().is_some_and(|io| io.kind() == ErrorKind::BrokenPipe)
    };
    if error.chain().any(closed_pipe) {
        return;
    }
    eprintln!("{} {error}", console::style("error:").for_stderr().red().bold());
    // thiserror's transparent and `source` variants often repeat the message above them.
    let mut shown = error.to_string();
    let mut number = 0;
    for cause in error.chain().skip(1) {
        let text = cause.to_string();
        if !shown.contains(&text) {
            number += 1;
            eprintln!("  {number}. {text}");
            shown = text;
        }
    }
}

/// The project's root: the folder that holds the workspace's `Cargo.toml`.
///
/// # Errors
/// When neither the current folder nor one above it is a checkout of the project.
pub fn project_root() -> Result<PathBuf> {
    // Cargo sets the variable for `cargo xtask`; the search serves a binary that is run by itself.
    if let Some(manifest) = std::env::var_os("CARGO_MANIFEST_DIR")
        && let Some(root) = Path::new(&manifest).parent().filter(|root| is_root(root))
    {
        return Ok(root.to_owned());
    }
    let here = std::env::current_dir().context("cannot find the current folder")?;
    match here.ancestors().find(|folder| is_root(folder)) {
        Some(root) => Ok(root.to_owned()),
        None => bail!("{} is not inside a Moonwright checkout (no lua-src/upstream.toml above it)", here.display()),
    }
}

fn is_root(folder: &Path) -> bool {
    folder.join("lua-src/upstream.toml").is_file()
}
