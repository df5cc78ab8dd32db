//! The runtime compiled for this machine, where the compiler's sanitizers see every wrong access.
//!
//! The Lua programs run in it as they do in a module, and the programs of tests/persist with restarts in between; the
//! runtime's own number formatting and mathematics are compared with the C library's.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use rayon::prelude::*;

use super::tally::Tally;
use super::{Session, announce, bytecode, mutants};
use crate::command::cc;
use crate::recipe::LuaVersion;
use crate::upstream;

/// Turn on Lua's internal assertions and its checks of calls of its interface.
const ASSERTIONS: [&str; 2] = ["-DLUAI_ASSERT", "-DLUA_USE_APICHECK"];

/// What makes a program run under the address sanitizer. A request that no memory can meet is an error of the program's,
/// which the runtime has to take.
pub(super) const ASAN: (&str, &str) = ("ASAN_OPTIONS", "allocator_may_return_null=1:hard_rss_limit_mb=4000");

/// What everything is compiled with: optimised a little, or deep recursion would need more stack than there is.
const SANITIZERS: [&str; 5] =
    ["-g1", "-O1", "-fno-omit-frame-pointer", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"];

/// The runtime's files that a native program does without: a stand-in for parts of the C library, which this machine
/// has, and the allocator, for which tests/native/alloc.c gives blocks that the sanitizer can tell apart.
const LEFT_OUT: [&str; 2] = ["cstub.c", "pool.c"];

/// The programs that run Lua programs: name, own source (a file, or a folder of them), and the folder of Lua programs.
const HOSTS: [(&str, &str, &str); 3] =
    [("lua", "host.c", "tests/lua"), (PERSIST, "persist", "tests/persist"), (BRIDGE, "bridge.c", "tests/bridge")];

/// The one that runs programs with restarts in between; and what else it does: a name and its arguments, where one that
/// ends in `.lua` is a file of the checkout.
const PERSIST: &str = "persist";
const PERSIST_CHECKS: [(&str, &[&str]); 4] = [
    ("stores of earlier releases", &["--formats", "tests/persist/formats/read.lua"]),
    ("exports", &["--exports"]),
    ("shortage of memory", &["--shortage", "tests/persist/with/graphs.lua"]),
    ("hostile coroutines", &["--coroutines", "400"]),
];

/// The one that has the part `bridge` of the runtime, and stops after as few steps as this.
const BRIDGE: &str = "bridge";
const INTERVAL: &str = "-DMW_INTERVAL=13";

/// Those whose hosts have no store of their own.
const WITHOUT_STORE: [&str; 2] = [BRIDGE, bytecode::NAME];

/// The programs that test a part of the runtime by themselves; each is one test.
const CHECKS: [&str; 2] = ["numbers", "math"];

/// A test: its name and the command that passes by ending well.
struct Test {
    name: String,
    program: PathBuf,
    arguments: Vec<PathBuf>,
}

/// Runs everything natively, what depends on Lua's version under both.
///
/// # Errors
/// Where sources cannot be prepared or do not compile.
pub fn run(session: &Session) -> Result<Tally> {
    announce("the runtime compiled for this machine, with sanitizers");
    let mut tally = Tally::default();
    let sanitizers: Vec<String> = SANITIZERS.map(str::to_owned).to_vec();
    if !cc::accepts(&sanitizers)? {
        let why = format!("{} does not compile with -fsanitize=address,undefined", cc::compiler());
        tally.cannot_run(session.ci, &why);
        return Ok(tally);
    }
    let mut tests = Vec::new();
    // A program takes a minute to compile: where nothing of it is asked for, it is not.
    let wanted = |name: &str| session.filter.as_ref().is_none_or(|filter| name.contains(filter));
    for check in CHECKS {
        let name = format!("native::{check}");
        if wanted(&name) {
            let program = compile_check(session, check, &sanitizers)?;
            tests.push(Test { name, program, arguments: Vec::new() });
        }
    }
    for version in [LuaVersion::V54, LuaVersion::V55] {
        for (host, source, folder) in HOSTS {
            let mut flags = sanitizers.clone();
            flags.extend((host == PERSIST).then_some(ASSERTIONS).into_iter().flatten().map(str::to_owned));
            let mut of_host = Vec::new();
            for lua in files(&session.root.join(folder), "lua")? {
                let file = lua.file_name().unwrap_or_default().to_string_lossy().into_owned();
                // Syntax that 5.4 does not have; errors that the stand-in for the C library words.
                if (file.ends_with("_55.lua") && version != LuaVersion::V55) || file.starts_with("sandbox_") {
                    continue;
                }
                of_host.push((format!("{version}-native::{host}::{file}"), vec![lua]));
            }
            for (check, arguments) in PERSIST_CHECKS.iter().filter(|_| host == PERSIST) {
                let file = |argument: &&str| match argument.ends_with(".lua") {
                    true => session.root.join(argument),
                    false => PathBuf::from(argument),
                };
                of_host.push((format!("{version}-native::{host}::{check}"), arguments.iter().map(file).collect()));
            }
            of_host.retain(|(name, _)| wanted(name));
            let mutants = mutants::name(version);
            if of_host.is_empty() && !(host == PERSIST && wanted(&mutants)) {
                continue;
            }
            let program = compile_host(session, version, host, source, &flags)?;
            let test = |(name, arguments)| Test { name, program: program.clone(), arguments };
            tests.extend(of_host.into_iter().map(test));
            if host == PERSIST && wanted(&mutants) {
                mutants::run(session, version, &program, &mut tally)?;
            }
        }
    }
    for version in [LuaVersion::V54, LuaVersion::V55] {
        if !bytecode::TESTS.iter().any(|test| wanted(&bytecode::name(version, test))) {
            continue;
        }
        let mut asserting = sanitizers.clone();
        asserting.extend(ASSERTIONS.map(str::to_owned));
        let program = compile_host(session, version, bytecode::NAME, bytecode::NAME, &asserting)?;
        bytecode::run(session, version, &program, &mut tally)?;
    }
    let results: Vec<(&Test, Option<String>)> =
        tests.par_iter().map(|test| Ok((test, failure(test)?))).collect::<Result<_>>()?;
    for (test, failure) in results {
        match failure {
            None => tally.passed += 1,
            Some(output) => {
                println!("---- {} ----\n{output}", test.name);
                tally.fail(format!("failed: {}", test.name));
            }
        }
    }
    println!("native: {tally}");
    Ok(tally)
}

/// What the test printed if it failed.
fn failure(test: &Test) -> Result<Option<String>> {
    let output = Command::new(&test.program).args(&test.arguments).env(ASAN.0, ASAN.1).output();
    let output = output.with_context(|| format!("cannot run {}", test.program.display()))?;
    if output.status.success() {
        return Ok(None);
    }
    let text = [output.stdout.as_slice(), output.stderr.as_slice()].concat();
    Ok(Some(format!("{}{}", String::from_utf8_lossy(&text), output.status)))
}

/// A program that is one file of tests/native.
fn compile_check(session: &Session, name: &str, sanitizers: &[String]) -> Result<PathBuf> {
    let path = session.root.join("target/moonwright/native").join(name);
    let mut compile = sanitizers.to_vec();
    compile.push("-std=gnu11".to_owned());
    let mut link = sanitizers.to_vec();
    link.push("-lm".to_owned());
    cc::build(&cc::Program {
        path: &path,
        sources: vec![session.root.join(format!("tests/native/{name}.c"))],
        headers: vec![session.root.join("lua-src")],
        includes_c: true,
        compile,
        compile_cxx: Vec::new(),
        link,
    })?;
    Ok(path)
}

/// A program of tests/native together with the runtime and upstream's patched files.
fn compile_host(
    session: &Session,
    version: LuaVersion,
    name: &str,
    source: &str,
    sanitizers: &[String],
) -> Result<PathBuf> {
    let root = &session.root;
    let work = root.join("target/moonwright");
    let upstream = upstream::locate(root, version, session.offline)?;
    let prepared = upstream::prepare(&upstream, &root.join("patches").join(version.as_str()), &work.join("src"))?;
    let runtime = root.join("lua-src");
    let native = root.join("tests/native");
    let path = work.join("native").join(format!("{name}{}", version.number()));

    let mut shared = sanitizers.to_vec();
    shared.extend([
        "-Wall".to_owned(),
        "-Wextra".to_owned(),
        format!("-DMW_LUA={}", version.number()),
        "-DMW_PERSIST".to_owned(),
        format!("-I{}", runtime.display()),
        format!("-I{}", prepared.folder.display()),
    ]);
    let mut compile = shared.clone();
    compile.extend(["-std=gnu11".to_owned(), "-include".to_owned(), runtime.join("config.h").display().to_string()]);
    let mut compile_cxx = shared;
    compile_cxx.push("-std=c++17".to_owned());

    let mut sources = prepared.sources.clone();
    sources.extend(files(&runtime, "c")?.into_iter().filter(|path| !LEFT_OUT.iter().any(|name| path.ends_with(name))));
    sources.push(native.join("alloc.c"));
    if WITHOUT_STORE.contains(&name) {
        sources.push(native.join("nostore.c"));
    }
    let mut headers = vec![runtime.clone(), prepared.folder.clone()];
    let own = native.join(source);
    if own.is_dir() {
        for extension in ["c", "cpp"] {
            sources.extend(files(&own, extension)?);
        }
        headers.push(own);
    } else {
        sources.push(own);
    }
    let mut parts = vec![PERSIST];
    if name == BRIDGE {
        parts.push(BRIDGE);
        compile.push(INTERVAL.to_owned());
    }
    for part in parts {
        let part = runtime.join(part);
        sources.extend(files(&part, "c")?);
        headers.push(part);
    }
    let mut link = sanitizers.to_vec();
    link.extend(["-lstdc++".to_owned(), "-lm".to_owned()]);
    cc::build(&cc::Program { path: &path, sources, headers, includes_c: false, compile, compile_cxx, link })?;
    Ok(path)
}

/// The files of a folder with this extension, sorted; none where there is no such folder.
pub(super) fn files(folder: &Path, extension: &str) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    if !folder.is_dir() {
        return Ok(found);
    }
    for entry in std::fs::read_dir(folder).with_context(|| format!("cannot list {}", folder.display()))? {
        let path = entry?.path();
        if path.extension().is_some_and(|found| found == extension) {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}
