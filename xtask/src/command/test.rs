//! `cargo xtask test`: everything that must hold, in one run, with the counts on the last line.
//!
//! Each part prints what it does as it goes and hands back a [`Tally`]. A test that cannot run here is skipped, unless
//! `CI=true` stands in the environment: then it is a failure, since nobody reads a service's log for what is missing.

mod app;
mod browser;
mod bytecode;
mod debug;
mod modules;
mod mutants;
mod native;
mod node;
mod post;
mod programs;
mod prune;
mod rules;
mod tally;
mod web;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result};

use super::{Outcome, print_error, project_root};
use crate::cli::{TestArgs, TestPart};
use crate::command::npm;
use crate::command::system_package::SystemProgram;
use tally::Tally;

/// What every part needs to know.
struct Session {
    root: PathBuf,
    /// This very program. Asked for at the beginning: Cargo may put it there anew while tests run, and then the system calls it deleted.
    program: PathBuf,
    filter: Option<String>,
    offline: bool,
    ci: bool,
    /// Parts were named: they run whole, however long it takes.
    asked: bool,
}

/// The parts in the order in which they run: what is quick and fails most often comes first.
const PARTS: [TestPart; 10] = [
    TestPart::Lint,
    TestPart::Toolchain,
    TestPart::Native,
    TestPart::Wasmtime,
    TestPart::Node,
    TestPart::Prune,
    TestPart::Post,
    TestPart::Debug,
    TestPart::Web,
    TestPart::Browser,
];

/// The packages, in groups that are built together: all in one, cargo would unite their features, and build Binaryen and
/// wasmtime anew whenever somebody builds one of them alone.
const TOOLCHAIN: &[&str] = &["xtask", "moonwright-compress", "moonwright-bytecode", "moonwright-mutants"];
const TESTS: &[&str] = &[
    "moonwright-tests",
    "moonwright",
    "moonwright-bench",
    "moonwright-run",
    "moonwright-server-example",
    "--features=moonwright/wasmi",
];

/// The stores, apart from those who build wasmtime: what the servers' clients need would have it built once more.
const STORES: &[&str] = &["moonwright-store", "--all-features"];

/// The fuzzer's targets are a workspace of their own, with the same versions: what they need is compiled above, and in the same groups.
/// libFuzzer itself is C++ and left out.
const FUZZ: [&str; 2] = ["toolchain", "module"];

/// The server that the store on Redis is tested with.
const REDIS: SystemProgram =
    SystemProgram { title: "Redis server", names: &["redis-server"], packages: &["redis-server"], otherwise: "" };

/// Runs the parts that were asked for and prints the summary; any failure is a failed check.
pub fn run(args: &TestArgs) -> Result<Outcome> {
    let session = Session {
        root: project_root()?,
        program: std::env::current_exe().context("cannot find this program")?,
        filter: args.filter.clone(),
        offline: args.offline,
        asked: !args.only.is_empty(),
        ci: std::env::var_os("CI").is_some_and(|value| value == "true"),
    };
    let begun = Instant::now();
    let mut rows = Vec::new();
    for part in PARTS {
        // A filter is about tests; lints have no names to filter by, so they run only when asked for by name.
        let wanted = if args.only.is_empty() {
            session.filter.is_none() || part != TestPart::Lint
        } else {
            args.only.contains(&part)
        };
        if wanted {
            let begun = Instant::now();
            // What stops one part says nothing about the others.
            let tally = session.part(part).unwrap_or_else(|error| {
                print_error(&error);
                let mut tally = Tally::default();
                let first = error.to_string().lines().next().unwrap_or_default().to_owned();
                tally.fail(format!("failed: {}: {first}", name(part)));
                tally
            });
            rows.push((part, tally, begun.elapsed()));
        }
    }

    println!();
    let mut total = Tally::default();
    for (part, tally, took) in &rows {
        println!("{:>10} {:>6.1} s  {tally}", name(*part), took.as_secs_f64());
        total += tally;
    }
    for remark in &total.remarks {
        println!("{remark}");
    }
    if total.passed + total.failed + total.skipped == 0 {
        total.fail("no test has such a name".to_owned());
        println!("no test has such a name");
    }
    println!("{:>10} {:>6.1} s", "all", begun.elapsed().as_secs_f64());
    println!("{total}");
    Ok(if total.failed == 0 { Outcome::Done } else { Outcome::CheckFailed })
}

fn name(part: TestPart) -> &'static str {
    match part {
        TestPart::Lint => "lint",
        TestPart::Toolchain => "toolchain",
        TestPart::Native => "native",
        TestPart::Wasmtime => "wasmtime",
        TestPart::Node => "node",
        TestPart::Prune => "prune",
        TestPart::Post => "post",
        TestPart::Debug => "debug",
        TestPart::Web => "web",
        TestPart::Browser => "browser",
    }
}

impl Session {
    fn part(&self, part: TestPart) -> Result<Tally> {
        match part {
            TestPart::Lint => self.lint(),
            TestPart::Toolchain => {
                announce("tests of the toolchain");
                self.cargo_test(TOOLCHAIN, None)
            }
            TestPart::Native => native::run(self),
            TestPart::Wasmtime => {
                let folder = self.modules(&[crate::recipe::Unwind::Standard])?;
                modules::build_core(self)?;
                modules::build_for_crate(self)?;
                announce("built modules under wasmtime, and the Rust crate");
                let mut tally = self.cargo_test(TESTS, Some(&folder))?;
                announce("the Rust crate's stores");
                if let Err(error) = REDIS.find(self.offline) {
                    tally.cannot_run(self.ci, &format!("the store on Redis: {error:#}"));
                }
                tally += &self.cargo_test(STORES, None)?;
                Ok(tally)
            }
            TestPart::Node => node::run(self),
            TestPart::Prune => prune::run(self),
            TestPart::Post => post::run(self),
            TestPart::Debug => debug::run(self),
            TestPart::Web => web::run(self),
            TestPart::Browser => browser::run(self),
        }
    }

    /// Formatting, lints and the repository's own rules.
    fn lint(&self) -> Result<Tally> {
        announce("formatting, lints and repository rules");
        let mut tally = Tally::default();
        tally.check("formatting (`cargo fmt` mends it)", self.cargo(&["fmt", "--all", "--check"]).status()?.success());
        for packages in [TOOLCHAIN, TESTS, STORES] {
            let mut command = self.cargo(&["clippy", "--all-targets"]);
            command.args(selected(packages));
            let passed = command.args(["--", "-D", "warnings"]).status()?.success();
            tally.check(&format!("clippy on {}", packages.join(" and ")), passed);
        }
        tally += &self.lint_fuzz()?;
        tally += &rules::run(self)?;
        Ok(tally)
    }

    /// The same for the fuzzer's targets.
    fn lint_fuzz(&self) -> Result<Tally> {
        let mut tally = Tally::default();
        let fuzz = |arguments: &[&str]| {
            let mut command = self.cargo(arguments);
            command.current_dir(self.root.join("fuzz"));
            if std::env::var_os("CARGO_TARGET_DIR").is_none() {
                command.env("CARGO_TARGET_DIR", self.root.join("target"));
            }
            command
        };
        tally.check("formatting of fuzz/", fuzz(&["fmt", "--check"]).status()?.success());
        for feature in FUZZ {
            let arguments =
                ["clippy", "--locked", "--no-default-features", "--features", feature, "--", "-D", "warnings"];
            tally.check(&format!("clippy on fuzz/, {feature}"), fuzz(&arguments).status()?.success());
        }
        Ok(tally)
    }

    /// The tests of packages; `modules` is the folder of built modules that they run.
    fn cargo_test(&self, packages: &[&'static str], modules: Option<&Path>) -> Result<Tally> {
        let mut command = self.cargo(&["test", "--no-fail-fast"]);
        command.args(selected(packages));
        // That one runs in the part that has its modules.
        command.args(["--", "--quiet", "--skip", post::REAL_MODULES_TEST]).args(&self.filter);
        if let Some(folder) = modules {
            command.env(modules::VARIABLE, folder);
        }
        programs::run(command, &format!("tests of {}", packages.join(" and ")))
    }

    fn cargo(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        command.current_dir(&self.root).args(arguments);
        if self.offline {
            command.env("CARGO_NET_OFFLINE", "true");
        }
        command
    }

    /// The folder with every module in these encodings, built now where something changed.
    fn modules(&self, encodings: &[crate::recipe::Unwind]) -> Result<PathBuf> {
        announce("modules to test");
        modules::build(self, encodings)
    }

    /// The folder of the npm packages that tests/node pins.
    fn npm_packages(&self) -> Result<PathBuf> {
        npm::install(&self.root, "tests/node", self.offline, "cargo xtask test")
    }

    /// The node among them.
    fn pinned_node(&self) -> Result<Option<PathBuf>> {
        npm::pinned_node(&self.root, self.offline, "cargo xtask test")
    }
}

/// Cargo's arguments for packages, and flags among them.
fn selected(packages: &[&'static str]) -> impl Iterator<Item = &'static str> {
    packages.iter().flat_map(|&name| if name.starts_with("--") { vec![name] } else { vec!["--package", name] })
}

/// Says which part begins.
fn announce(what: &str) {
    println!("\n== {what}");
}
