//! `cargo xtask run`: hands over to the program in `run/`, with a module for it. That program is not part of this one, so that
//! who only builds modules does not compile an engine.

use std::ffi::OsString;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};

use super::build::{Builder, PACKAGE_CONTRACT};
use super::{Outcome, project_root};
use crate::cli::RunArgs;
use crate::output_file;
use crate::recipe::{Recipe, Unwind};

/// Builds the program and its module where they are out of date, and runs it.
pub fn run(args: &RunArgs) -> Result<Outcome> {
    let root = project_root()?;
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(&root).args(["build", "--quiet", "--package", "moonwright-run"]);
    if args.offline {
        cargo.env("CARGO_NET_OFFLINE", "true");
    }
    let status = cargo.status().context("cannot run cargo")?;
    ensure!(status.success(), "`cargo build --package moonwright-run` failed: {status}");
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), |folder| root.join(folder));
    let mut program =
        Command::new(target.join("debug").join(format!("moonwright-run{}", std::env::consts::EXE_SUFFIX)));
    if !names_module(&args.arguments) {
        program.arg("--module").arg(module(&root, args)?);
    }
    program.args(&args.arguments);
    hand_over(program)
}

/// Whether the arguments, up to the script and its own, name a module.
fn names_module(arguments: &[OsString]) -> bool {
    arguments.iter().any(|argument| argument == "--module" || argument.to_string_lossy().starts_with("--module="))
}

fn module(root: &Path, args: &RunArgs) -> Result<std::path::PathBuf> {
    let recipe = Recipe {
        lua: args.lua.unwrap_or_default(),
        unwind: Unwind::Standard,
        contracts: vec![PACKAGE_CONTRACT.into()],
        ..Recipe::default()
    };
    let built = Builder::new(root, args.offline).build(&recipe)?;
    let path = root.join("target/moonwright/run").join(format!("lua-{}.wasm", recipe.lua));
    // The same bytes stay the same file, for who runs another script at this moment.
    if std::fs::read(&path).ok().as_deref() != Some(&built.wasm) {
        output_file::write(&path, &built.wasm)?;
    }
    Ok(path)
}

/// Becomes the program, so that its exit status, its signals and its terminal are its own.
#[cfg(unix)]
fn hand_over(mut program: Command) -> Result<Outcome> {
    use std::os::unix::process::CommandExt;
    let error = program.exec();
    Err(error).with_context(|| format!("cannot run {}", program.get_program().to_string_lossy()))
}

#[cfg(not(unix))]
fn hand_over(mut program: Command) -> Result<Outcome> {
    let status = program.status().with_context(|| format!("cannot run {}", program.get_program().to_string_lossy()))?;
    std::process::exit(status.code().unwrap_or(1))
}
