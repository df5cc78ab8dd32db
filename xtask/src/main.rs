//! `cargo xtask`: see `cargo xtask --help`.

use std::process::ExitCode;

use clap::Parser;
use xtask::cli::Cli;
use xtask::command;

fn main() -> ExitCode {
    match command::run(&Cli::parse()) {
        Ok(outcome) => outcome.into(),
        Err(error) => {
            command::print_error(&error);
            command::Outcome::BrokenInput.into()
        }
    }
}
