//! Modules without libraries: what pruning leaves beside what compiling without the library gives, and how they behave.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};
use rayon::prelude::*;

use super::tally::Tally;
use super::{Session, announce, app, programs};
use crate::app::Application;
use crate::attribution::UNPLACED;
use crate::command::build::Builder;
use crate::output_file;
use crate::pipeline::Built;
use crate::recipe::{ExportEdits, LuaVersion, Profile, Recipe};
use crate::report::number::{bytes, difference};
use crate::symbols;
use crate::upstream::{BYTECODE, COMPILER};

/// The libraries of both Lua versions that can go, the compiler, and what loads bytecode.
const LIBRARIES: [&str; 11] =
    ["coroutine", "debug", "io", "math", "os", "package", "string", "table", "utf8", COMPILER, BYTECODE];

/// What the module of tests/prune lacks.
const DROPPED: [&str; 8] = ["io", "os", "debug", "string.pack", "string.unpack", "utf8.char", "dofile", "math.random"];

/// How far a pruned module may be from one that was compiled without the library, in per cent.
const TOLERANCE: f64 = 1.0;

/// What a module with the libraries base, string, table and math only, which stores nothing and runs text only, may weigh.
const SMALLEST: u64 = 130_000;

/// The libraries that it lacks.
const NOT_IN_SMALLEST: [&str; 6] = ["coroutine", "debug", "io", "os", "package", "utf8"];

/// How much of a module may be of unknown origin, in per cent.
const UNPLACED_LIMIT: f64 = 3.0;

/// Prints the table of all libraries, and runs tests/prune/prune.test.mjs.
///
/// # Errors
/// Where a module can't be built, or node can't be started.
pub fn run(session: &Session) -> Result<Tally> {
    announce("modules without libraries");
    let mut tally = Tally::default();
    app::run(session, &mut tally)?;
    let builder = Builder::new(&session.root, session.offline);
    let size = Recipe { profile: Profile::Size, ..Recipe::default() };
    let whole = builder.build(&size)?;
    check_origins(&whole, &mut tally);
    if session.filter.is_none() {
        // All of them take two minutes of two cores.
        let libraries: &[&str] = if session.ci || session.asked { &LIBRARIES } else { &["io", COMPILER] };
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
    let embedded = program(session, "main.lua");
    let preloaded = Recipe { preload: true, ..embedded.clone() };
    refuses(&builder, &preloaded, session, &mut tally)?;
    let (embedded, preloaded) = (builder.build(&embedded)?, builder.build(&preloaded)?);
    check_origins(&preloaded, &mut tally);
    check_application(&embedded, &preloaded, &mut tally);
    let core = Recipe { contracts: vec!["core".to_owned()], no_bytecode: true, ..size.clone() };
    let smallest = builder.build(&Recipe { drop: drop(&NOT_IN_SMALLEST), ..core.clone() })?.report.total.raw;
    println!("base, string, table and math alone, for text: {} bytes", bytes(smallest));
    tally.check(&format!("that is at most {}", bytes(SMALLEST)), smallest <= SMALLEST);
    // What the npm package and the crate load, which no other part builds in this profile.
    for lua in [LuaVersion::V54, LuaVersion::V55] {
        let contracts = vec!["full".to_owned(), "bridge".to_owned()];
        let bridge = builder.build(&Recipe { lua, contracts, ..size.clone() })?;
        println!("Lua {lua} with contract bridge: {} bytes", bytes(bridge.report.total.raw));
    }
    // The test's host reads error records, which contract `core` does not have.
    let exports = ExportEdits { add: vec!["get_last_error".to_owned()], ..ExportEdits::default() };
    let text = Recipe { exports, ..core };
    let text = builder.build(&text)?;
    let symbols = embedded.beside.iter().find(|file| file.name == symbols::FILE);
    let symbols = &symbols.context("the build left no symbols of the application")?.bytes;
    output_file::write(&folder.join(symbols::FILE), symbols)?;
    let mut command = Command::new("node");
    command.current_dir(session.root.join("tests/prune")).args(["--test", "--test-timeout=60000"]);
    command.arg(format!("--test-reporter={}", session.root.join("tests/node/reporter.mjs").display()));
    command.arg("--test-reporter-destination=stdout");
    if let Some(filter) = &session.filter {
        command.arg(format!("--test-name-pattern={}", super::node::escape(filter)));
    }
    command.args(["prune.test.mjs", "application.test.mjs"].map(Path::new));
    command.env("MOONWRIGHT_WHOLE", put("whole.wasm", &whole)?);
    command.env("MOONWRIGHT_PRUNED", put("pruned.wasm", &pruned)?);
    command.env("MOONWRIGHT_TEXT", put("text.wasm", &text)?);
    command.env("MOONWRIGHT_PROGRAM", put("program.wasm", &embedded)?);
    command.env("MOONWRIGHT_SYMBOLS", folder.join(symbols::FILE));
    command.env("MOONWRIGHT_PRELOADED", put("preloaded.wasm", &preloaded)?);
    tally += &programs::run(command, "tests of pruned modules")?;
    Ok(tally)
}

/// The reports say what of the application is in the module, and what the state costs.
fn check_application(embedded: &Built, preloaded: &Built, tally: &mut Tally) {
    let application = &embedded.report.application;
    let is_told =
        |application: &Application| application.files == 2 && application.stripped.is_some_and(|less| less > 100);
    tally.check("in profile size an application is stripped, and the report says of how much", {
        application.as_ref().is_some_and(is_told)
    });
    let preload = preloaded.report.preload.as_ref();
    let until = preload.and_then(|preload| Some((preload.until.as_deref()?, preload.cost.raw)));
    tally.check(
        "the report says up to where a state has run, and what it costs",
        until.is_some_and(|(until, cost)| until.ends_with("main.lua:9") && cost > 10_000),
    );
}

/// The program in tests/prune/program as one file without a compiler; `main` is its main file.
fn program(session: &Session, main: &str) -> Recipe {
    let folder = session.root.join("tests/prune/program");
    Recipe {
        profile: Profile::Size,
        app: vec![folder.join(main), folder.join("lib/*.lua")],
        embed: true,
        no_compiler: true,
        ..Recipe::default()
    }
}

/// Main files that can't have run before the start, and what is said about them.
const REFUSED: [(&str, &str); 4] = [
    ("local t = os.time() return function() return t end", "calls the host (js_time_now)"),
    ("print('early') return function() end", "prints before its start"),
    ("error('broken')", "early.lua:1: broken"),
    ("return 1", "has to return a function"),
];

/// A program that can't be preloaded is an error that says why.
fn refuses(builder: &Builder, recipe: &Recipe, session: &Session, tally: &mut Tally) -> Result<()> {
    if session.filter.is_some() {
        return Ok(());
    }
    let folder = tempfile::tempdir()?;
    let main = folder.path().join("early.lua");
    for (text, expected) in REFUSED {
        std::fs::write(&main, text)?;
        let error = builder.build(&Recipe { app: vec![main.clone()], ..recipe.clone() }).err();
        let said = error.map_or("nothing".to_owned(), |error| format!("{error:#}"));
        if !said.contains(expected) {
            println!("expected {expected:?}, found {said}");
        }
        tally.check(&format!("preload refuses `{text}`"), said.contains(expected));
    }
    Ok(())
}

/// The table: each library compiled without, pruned, and the difference.
fn sizes(builder: &Builder, recipe: &Recipe, libraries: &[&str], tally: &mut Tally) -> Result<()> {
    let rows = libraries
        .par_iter()
        .map(|library| {
            let without = |names: &[&str]| Recipe {
                drop: names.iter().map(|name| (*name).to_owned()).collect(),
                ..recipe.clone()
            };
            let (bare, less) = match *library {
                COMPILER => {
                    let contracts = recipe.contracts.iter().cloned().chain(["bytecode".to_owned()]).collect();
                    (Recipe { contracts, ..recipe.clone() }, Recipe { no_compiler: true, ..recipe.clone() })
                }
                BYTECODE => {
                    let contracts = vec!["core".to_owned()];
                    let bare = Recipe { contracts, ..without(&["string.dump"]) };
                    (bare.clone(), Recipe { no_bytecode: true, ..bare })
                }
                name => (recipe.clone(), without(&[name])),
            };
            let without = builder.build_without(Some(library), &bare)?;
            let pruned = builder.build(&less)?;
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
