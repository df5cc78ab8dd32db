//! Modules without libraries: what pruning leaves beside what compiling without the library gives, and how they behave.

use std::path::Path;
use std::process::Command;

use anyhow::Result;
use rayon::prelude::*;

use super::tally::Tally;
use super::{Session, announce, programs};
use crate::attribution::UNPLACED;
use crate::command::build::Builder;
use crate::output_file;
use crate::pipeline::Built;
use crate::recipe::{Profile, Recipe};
use crate::report::number::{bytes, difference};

/// The libraries of both Lua versions that can go.
const LIBRARIES: [&str; 9] = ["coroutine", "debug", "io", "math", "os", "package", "string", "table", "utf8"];

/// What the module of tests/prune lacks.
const DROPPED: [&str; 8] = ["io", "os", "debug", "string.pack", "string.unpack", "utf8.char", "dofile", "math.random"];

/// How far a pruned module may be from one that was compiled without the library, in per cent.
const TOLERANCE: f64 = 1.0;

/// How much of a module may be of unknown origin, in per cent.
const UNPLACED_LIMIT: f64 = 3.0;

/// Prints the table of all libraries, and runs tests/prune/prune.test.mjs.
///
/// # Errors
/// Where a module can't be built, or node can't be started.
pub fn run(session: &Session) -> Result<Tally> {
    announce("modules without libraries");
    let mut tally = Tally::default();
    let builder = Builder::new(&session.root, session.offline);
    let size = Recipe { profile: Profile::Size, ..Recipe::default() };
    let whole = builder.build(&size)?;
    check_origins(&whole, &mut tally);
    if session.filter.is_none() {
        // All of them take two minutes of two cores.
        let libraries: &[&str] = if session.ci || session.asked { &LIBRARIES } else { &["io"] };
        sizes(&builder, &size, libraries, &mut tally)?;
    }

    let folder = session.root.join("target/moonwright/test-modules");
    let drop = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    let pruned = builder.build(&Recipe { drop: drop(&DROPPED), ..size.clone() })?;
    let put = |name: &str, built: &Built| -> Result<std::path::PathBuf> {
        let path = folder.join(name);
        output_file::write(&path, &built.wasm)?;
        Ok(path)
    };
    let mut command = Command::new("node");
    command.current_dir(session.root.join("tests/prune")).args(["--test", "--test-timeout=60000"]);
    command.arg(format!("--test-reporter={}", session.root.join("tests/node/reporter.mjs").display()));
    command.arg("--test-reporter-destination=stdout");
    if let Some(filter) = &session.filter {
        command.arg(format!("--test-name-pattern={}", super::node::escape(filter)));
    }
    command.arg(Path::new("prune.test.mjs"));
    command.env("MOONWRIGHT_WHOLE", put("whole.wasm", &whole)?);
    command.env("MOONWRIGHT_PRUNED", put("pruned.wasm", &pruned)?);
    tally += &programs::run(command, "tests of pruned modules")?;
    Ok(tally)
}

/// The table: each library compiled without, pruned, and the difference.
fn sizes(builder: &Builder, recipe: &Recipe, libraries: &[&str], tally: &mut Tally) -> Result<()> {
    let rows = libraries
        .par_iter()
        .map(|library| {
            let without = builder.build_without(Some(library), recipe)?;
            let pruned = builder.build(&Recipe { drop: vec![(*library).to_owned()], ..recipe.clone() })?;
            Ok((*library, without.report.total.raw, pruned.report.total.raw))
        })
        .collect::<Result<Vec<_>>>()?;
    println!("{:>12} {:>18} {:>10} {:>11}", "library", "compiled without", "pruned", "difference");
    for (library, without, pruned) in rows {
        let off = 100.0 * (pruned as f64 - without as f64) / without as f64;
        println!(
            "{library:>12} {:>18} {:>10} {:>11} {off:+.2} %",
            bytes(without),
            bytes(pruned),
            difference(without, pruned)
        );
        let what = format!("a module pruned of {library} is within {TOLERANCE} % of one compiled without it");
        tally.check(&what, off.abs() <= TOLERANCE);
    }
    Ok(())
}

/// Every byte has an origin, but for a few.
fn check_origins(built: &Built, tally: &mut Tally) {
    let report = &built.report;
    let sum = |group: Option<&str>| -> u64 {
        let of_group = |item: &&crate::attribution::Item| group.is_none_or(|group| item.origin.group == group);
        report.items.iter().filter(of_group).map(|item| item.bytes).sum()
    };
    let unplaced = 100.0 * sum(Some(UNPLACED)) as f64 / report.total.raw as f64;
    println!("{unplaced:.2} % of {} bytes are of unknown origin", bytes(report.total.raw));
    tally.check("the attributed bytes add up to the module", sum(None) == report.total.raw);
    tally.check(&format!("less than {UNPLACED_LIMIT} % of a module is of unknown origin"), unplaced < UNPLACED_LIMIT);
}
