//! The npm package: type-checked, built, and tested on node with the module that is shipped in it.

use std::process::Command;

use anyhow::Result;

use super::tally::Tally;
use super::{Session, announce, programs};
use crate::command::build::{self, Builder};
use crate::command::npm;
use crate::recipe::Recipe;

/// Installs what `web/` pins, builds the package and runs web/test/*.test.mjs.
///
/// # Errors
/// Where packages cannot be installed, the package or its module cannot be built, or node cannot be started.
pub fn run(session: &Session) -> Result<Tally> {
    announce("the npm package");
    let folder = session.root.join("web");
    npm::build_package(&session.root, session.offline, "cargo xtask test")?;

    let recipe = Recipe { contracts: vec![build::PACKAGE_CONTRACT.into()], ..Recipe::default() };
    let built = Builder::new(&session.root, session.offline).build(&recipe)?;
    build::put_into_package(&session.root, &built)?;

    let mut command = Command::new("node");
    command.current_dir(&folder).args(["--test", "--test-timeout=120000"]);
    command.arg(format!("--test-reporter={}", session.root.join("tests/node/reporter.mjs").display()));
    command.arg("--test-reporter-destination=stdout");
    if let Some(filter) = &session.filter {
        command.arg(format!("--test-name-pattern={}", super::node::escape(filter)));
    }
    command.args(super::node::test_files(&folder.join("test"))?);
    programs::run(command, "tests of the npm package")
}
