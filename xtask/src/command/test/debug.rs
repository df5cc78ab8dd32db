//! Debug information: a trap in C leads to its line, and tracebacks of a stripped application to theirs.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde::Deserialize;
use sourcemap::SourceMap;

use super::native::files;
use super::post::newer_optimiser;
use super::tally::Tally;
use super::{Session, announce};
use crate::command::build::Builder;
use crate::debug_info::{Bodies, Lines};
use crate::output_file;
use crate::pass::strip::{self, StripOptions};
use crate::pipeline::{Built, DEBUG_MODULE, MODULE, SOURCE_MAP};
use crate::recipe::{LuaVersion, Profile, Recipe};
use crate::section;
use crate::symbols::{self, Symbols, symbolize_module};

/// The folder of the test programs.
const FOLDER: &str = "tests/debug";

/// The files of the application.
const FILES: [&str; 2] = ["lib.lua", "main.lua"];

/// The C line where `get_memory_stats` writes what it was asked for.
const TRAP: (&str, &str) = ("lua-src/abi.c", "memcpy(p, stats, sizeof(stats));");

/// Builds modules with debug information and runs the programs of tests/debug.
///
/// # Errors
/// Where a module can't be built or node can't be started.
pub fn run(session: &Session) -> Result<Tally> {
    announce("debug information");
    let mut tally = Tally::default();
    let folder = session.root.join("target/moonwright/debug");
    for lua in [LuaVersion::V54, LuaVersion::V55] {
        let dev = Recipe { lua, profile: Profile::Dev, ..Recipe::default() };
        let module = traps(session, &dev, &folder, &mut tally)?;
        tracebacks(session, lua, &module, &folder, &mut tally)?;
        application(session, lua, &folder, &mut tally)?;
    }
    let pruned = Recipe { profile: Profile::Dev, drop: vec!["string".into(), "math".into()], ..Recipe::default() };
    traps(session, &pruned, &folder, &mut tally)?;
    let small = Recipe { profile: Profile::Size, separate_debug: true, ..Recipe::default() };
    traps(session, &small, &folder, &mut tally)?;
    // Another Binaryen hands places along as well. Without libraries it has less to do.
    let less = ["string", "table", "math", "utf8", "os", "io", "debug"].map(str::to_owned).to_vec();
    let newer =
        Recipe { wasm_opt: Some(newer_optimiser(session)?), drop: less, contracts: vec!["core".into()], ..small };
    traps(session, &newer, &folder, &mut tally)?;
    Ok(tally)
}

/// What trap.mjs prints.
#[derive(Deserialize)]
struct Trapped {
    stack: String,
    #[serde(rename = "sourceMap")]
    source_map: Vec<String>,
    sections: Vec<String>,
}

/// Builds `recipe`, makes the module trap, and gives its file.
fn traps(session: &Session, recipe: &Recipe, folder: &Path, tally: &mut Tally) -> Result<PathBuf> {
    let built = Builder::new(&session.root, session.offline).build(recipe)?;
    let left_out = if recipe.drop.is_empty() { String::new() } else { format!(" without {}", recipe.drop.join(", ")) };
    let by = if recipe.wasm_opt.is_some() { ", another wasm-opt" } else { "" };
    let name = format!("Lua {}, profile {}{left_out}{by}", recipe.lua, recipe.profile);
    let wasm = folder.join(format!("{}-{}-{MODULE}", recipe.lua, recipe.profile));
    output_file::write(&wasm, &built.wasm)?;
    let trapped: Trapped =
        serde_json::from_str(&node(session, "trap.mjs", &[&wasm])?).context("trap.mjs: expected what it prints")?;
    let map = beside(&built, SOURCE_MAP)?;
    let text = std::fs::read_to_string(session.root.join(TRAP.0)).with_context(|| format!("cannot read {}", TRAP.0))?;
    let line = text.lines().position(|line| line.contains(TRAP.1)).context("the line that traps is gone")? + 1;

    let shown = symbolize_module(&SourceMap::from_slice(map)?, &trapped.stack);
    let first = shown.lines().find(|line| line.contains("wasm-function")).unwrap_or_default();
    let found = first.contains(&format!("({}:{line})", TRAP.0));
    if !found {
        println!("{shown}");
    }
    tally.check(&format!("{name}: a trap leads to {}:{line}", TRAP.0), found);
    tally.check(&format!("{name}: V8 hands the map to debuggers"), trapped.source_map.contains(&SOURCE_MAP.to_owned()));
    let map_has_text = SourceMap::from_slice(map)?.source_contents().flatten().any(|contents| contents == text);
    tally.check(&format!("{name}: the map has the source's text"), map_has_text);

    // DWARF says the same, in the module or beside it.
    let mut with_dwarf = built.wasm.as_slice();
    let mut expected = vec!["name", "sourceMappingURL", ".debug_info", ".debug_line"];
    if recipe.separate_debug {
        with_dwarf = beside(&built, DEBUG_MODULE)?;
        expected = vec!["sourceMappingURL", "external_debug_info"];
        let bare =
            Builder::new(&session.root, session.offline).build(&Recipe { separate_debug: false, ..recipe.clone() })?;
        let lean = strip::run(&built.wasm, &StripOptions::default())?.wasm;
        tally.check(&format!("{name}: both files have the same code"), code(&built.wasm)? == code(with_dwarf)?);
        let (links, more) = (built.wasm.len() - lean.len(), lean.len() as f64 / bare.wasm.len() as f64 - 1.0);
        let what = format!("{name}: the links take {links} bytes, the code {:.1} % more than without", 100.0 * more);
        tally.check(&what, links < 100 && more < 0.005);
    }
    tally.check(&format!("{name}: sections {}", trapped.sections.join(", ")), trapped.sections == expected);
    let offset = trapped.stack.split("]:0x").nth(1).context("expected an offset in the stack")?;
    let offset = &offset[..offset.bytes().take_while(u8::is_ascii_hexdigit).count()];
    let offset = u32::from_str_radix(offset, 16)?;
    let (bodies, lines) = (Bodies::read(with_dwarf)?, Lines::read(with_dwarf)?);
    let place = offset.checked_sub(bodies.code).and_then(|address| lines.find(address));
    let says =
        place.is_some_and(|place| lines.files[place.file as usize].ends_with(TRAP.0) && place.line as usize == line);
    tally.check(
        &format!("{name}: DWARF says the same, of {} places", lines.rows.len()),
        says && lines.rows.len() > 10_000,
    );
    Ok(wasm)
}

/// The bytes of the code section.
fn code(wasm: &[u8]) -> Result<&[u8]> {
    let found = section::ranges(wasm)?.into_iter().find(|(name, _)| name == "code");
    Ok(&wasm[found.context("expected a code section")?.1])
}

fn beside<'a>(built: &'a Built, name: &str) -> Result<&'a [u8]> {
    let file = built.beside.iter().find(|file| file.name == name);
    Ok(&file.with_context(|| format!("the build left no {name}"))?.bytes)
}

/// Strips the application of tests/debug and holds its tracebacks, turned back, against those that it has unstripped.
fn tracebacks(session: &Session, lua: LuaVersion, module: &Path, folder: &Path, tally: &mut Tally) -> Result<()> {
    let folder = folder.join(lua.as_str());
    output_file::check_folder(&folder)?;
    let application = FILES.map(|name| session.root.join(FOLDER).join(name));
    let mut programs = files(&session.root.join("tests/lua"), "lua")?;
    programs.retain(|path| lua == LuaVersion::V55 || !path.to_string_lossy().ends_with("_55.lua"));
    programs.extend(application);
    let paths: Vec<&Path> = [module, &folder].into_iter().chain(programs.iter().map(PathBuf::as_path)).collect();
    node(session, "dump.mjs", &paths)?;
    let version = symbols::version(lua);
    let mut equal = 0;
    for path in &programs {
        let file = folder.join(path.file_name().unwrap_or_default());
        let read = |ending: &str| {
            let path = PathBuf::from(format!("{}.{ending}", file.display()));
            std::fs::read(&path).with_context(|| format!("cannot read {}", path.display()))
        };
        equal += usize::from(moonwright_bytecode::strip(version, &read("luac")?, None)?.chunk == read("bare")?);
    }
    let what =
        format!("Lua {lua}: without a name, strip gives what string.dump gives, for {} programs", programs.len());
    tally.check(&what, equal == programs.len() && equal > 50);

    let mut chunks = Vec::new();
    let (mut before, mut after) = (0, 0);
    for name in FILES {
        let path = folder.join(format!("{name}.luac"));
        let chunk = std::fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let (stripped, symbols) = symbols::strip(lua, &chunk, name)?;
        (before, after) = (before + chunk.len(), after + stripped.len());
        output_file::write(&folder.join(format!("{name}.stripped")), &stripped)?;
        chunks.push(symbols);
    }
    // The way over the file is the way that a user takes.
    let path = folder.join("app.symbols.json");
    output_file::write(&path, &serde_json::to_vec(&Symbols::new(chunks))?)?;
    let symbols = Symbols::read(&path)?;

    let run = |ending: &str| node(session, "run.mjs", &[module, &folder, Path::new(ending)]);
    let (expected, raw) = (run("luac")?, run("stripped")?);
    let found = symbols.symbolize(&raw);
    tally.check(
        &format!("Lua {lua}: a stripped application names no file ({before} -> {after} bytes)"),
        !FILES.iter().any(|name| raw.contains(name)),
    );
    let same = same_places(&found.text, &expected) && found.unknown.is_empty();
    if !same {
        println!("expected\n{expected}\nfound\n{}\nof\n{raw}", found.text);
    }
    let count = expected.matches(".lua:").count();
    tally.check(
        &format!("Lua {lua}: all {count} places are those of the application that is not stripped"),
        same && count > 50,
    );
    Ok(())
}

/// Builds the application of tests/debug into modules as a user does, runs them, and has `symbolize` turn the stripped one's tracebacks
/// back.
fn application(session: &Session, lua: LuaVersion, folder: &Path, tally: &mut Tally) -> Result<()> {
    let build = |flag: &str| -> Result<PathBuf> {
        let out = folder.join(format!("{lua}{flag}"));
        let main_first = ["--app", FILES[1], "--app", FILES[0]];
        let mut arguments = vec!["build", "--offline", "--profile", "dev", "--embed", flag, "--lua", lua.as_str()];
        arguments.extend(main_first);
        arguments.push("--out");
        xtask(session, &[arguments.as_slice(), &[&out.to_string_lossy()]].concat())?;
        Ok(out)
    };
    let (whole, stripped) = (build("--strip-app=false")?, build("--strip-app")?);
    let run = |out: &Path| node(session, "application.mjs", &[&out.join(MODULE)]);
    let (expected, raw) = (run(&whole)?, run(&stripped)?);
    let traceback = stripped.join("traceback.txt");
    output_file::write(&traceback, raw.as_bytes())?;
    let symbols = stripped.join(symbols::FILE);
    let found = xtask(session, &["symbolize", "--symbols", &symbols.to_string_lossy(), &traceback.to_string_lossy()])?;
    let same = same_places(&found, &expected) && expected.contains("lib.lua:5: asked to");
    if !same {
        println!("expected\n{expected}\nfound\n{found}\nof\n{raw}");
    }
    let count = expected.matches(".lua:").count();
    tally.check(
        &format!("Lua {lua}: symbolize finds all {count} places of a stripped application in a module"),
        same && count > 50 && raw.contains("app#") && !FILES.iter().any(|name| raw.contains(name)),
    );
    tally.check(
        &format!("Lua {lua}: an application that is not stripped has no symbols beside it"),
        !whole.join(symbols::FILE).exists(),
    );
    Ok(())
}

/// Runs this very program in the folder of the application.
fn xtask(session: &Session, arguments: &[&str]) -> Result<String> {
    let mut command = Command::new(&session.program);
    let output = command.current_dir(session.root.join(FOLDER)).args(arguments).output()?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "cargo xtask {} failed: {}", arguments.join(" "), said.trim_end());
    String::from_utf8(output.stdout).context("expected text")
}

/// Whether two texts with tracebacks name the same places.
fn same_places(found: &str, expected: &str) -> bool {
    found.lines().count() == expected.lines().count()
        && found.lines().zip(expected.lines()).all(|(found, expected)| same_place(found, expected))
}

/// Whether two lines of tracebacks name the same places. What they say of names differs: a stripped function has lost those of its
/// variables, so that Lua shows where it is defined instead.
fn same_place(found: &str, expected: &str) -> bool {
    let up_to_names = |line: &str| {
        let end = line.find(": in ").or_else(|| line.find(" ("));
        line[..end.unwrap_or(line.len())].to_owned()
    };
    let definition = |line: &str| Some(line.split_once('<')?.1.to_owned());
    up_to_names(found) == up_to_names(expected)
        && definition(expected).is_none_or(|defined| definition(found) == Some(defined))
}

fn node(session: &Session, program: &str, arguments: &[&Path]) -> Result<String> {
    let mut command = Command::new("node");
    command.current_dir(session.root.join(FOLDER)).arg(program).args(arguments);
    let output = command.output().with_context(|| format!("cannot run node {program}"))?;
    ensure!(output.status.success(), "node {program} failed: {}", String::from_utf8_lossy(&output.stderr).trim_end());
    String::from_utf8(output.stdout).with_context(|| format!("{program}: expected text"))
}
