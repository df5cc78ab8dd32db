//! Chromium: the modules, the npm package as a page loads it, and the demo pages.

use std::process::Command;

use anyhow::Result;

use super::tally::Tally;
use super::{Session, announce, node, programs};
use crate::command::{chromium, npm, package};
use crate::file_server::{FileServer, Mount};
use crate::recipe::Unwind;

/// The encodings that Chromium has.
const ENCODINGS: [Unwind; 2] = [Unwind::Legacy, Unwind::Standard];

/// What is served beside the demo pages: where, and the folder of the checkout. The tests write their own pages below the
/// first.
const MOUNTS: [(&str, &str); 3] = [("test", "target/moonwright/browser"), ("tests", "tests"), ("dist", "web/dist")];

/// The project of web/test/bundlers.
const BUNDLERS: &str = "web/test/bundlers";

/// Runs web/test/browser/*.test.mjs against a server of the checkout's files.
///
/// # Errors
/// Where there is no Chromium, or what it is to run cannot be built.
pub fn run(session: &Session) -> Result<Tally> {
    let root = &session.root;
    let browser = chromium::find(session.offline)?;
    let built = session.modules(&ENCODINGS)?;
    announce("Chromium");
    let site = package::build_site(root, session.offline, "cargo xtask test")?;
    let bundlers = npm::install(root, BUNDLERS, session.offline, "cargo xtask test")?;

    let mut mounts = vec![Mount { prefix: String::new(), folder: site }];
    mounts.push(Mount { prefix: "modules".to_owned(), folder: built });
    mounts.extend(MOUNTS.map(|(prefix, folder)| Mount { prefix: prefix.to_owned(), folder: root.join(folder) }));
    let server = FileServer::start(0, mounts)?;

    let folder = root.join("web");
    let mut command = Command::new("node");
    command.current_dir(&folder).args(["--test", "--test-timeout=120000", "--test-concurrency=1"]);
    command.arg(format!("--test-reporter={}", root.join("tests/node/reporter.mjs").display()));
    command.arg("--test-reporter-destination=stdout");
    if let Some(filter) = &session.filter {
        command.arg(format!("--test-name-pattern={}", node::escape(filter)));
    }
    command.args(node::test_files(&folder.join("test/browser"))?);
    command.env(chromium::VARIABLE, &browser).env("MOONWRIGHT_SERVER", server.url());
    command.env("MOONWRIGHT_PAGES", root.join(MOUNTS[0].1)).env("MOONWRIGHT_BUNDLERS", bundlers);
    command.env("MOONWRIGHT_ENCODINGS", ENCODINGS.map(|encoding| encoding.as_str()).join(","));
    programs::run(command, "tests in Chromium")
}
