//! Runs the program.

use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

/// The module that `cargo xtask test` built.
pub fn module() -> PathBuf {
    let folder = std::env::var_os("MOONWRIGHT_MODULES").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../target/moonwright/test-modules"),
        PathBuf::from,
    );
    let path = folder.join("lua-5.4-bridge-standard.wasm");
    assert!(path.is_file(), "no module at {}: run `cargo xtask test`, which builds it", path.display());
    path
}

/// The program, with arguments behind the module's.
pub fn program(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_moonwright-run"));
    command.arg("--module").arg(module()).args(arguments).env("NO_COLOR", "1");
    command
}

/// What the program does with these arguments and this input. A script that hangs is ended by its limit.
#[allow(dead_code, reason = "not every test file pipes")]
pub fn run(arguments: &[&str], input: &str) -> Output {
    let mut all = vec!["--time", "60"];
    all.extend(arguments);
    let mut child = program(&all).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

/// What stands in an output.
#[allow(dead_code, reason = "not every test file pipes")]
pub fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
