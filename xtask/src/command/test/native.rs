//! The runtime compiled for this machine, where the compiler's sanitizers see every wrong access: the same Lua programs.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use rayon::prelude::*;

use super::tally::Tally;
use super::{Session, announce};
use crate::command::cc;
use crate::recipe::LuaVersion;
use crate::upstream;

/// What the programs are compiled with: optimised a little, or deep recursion would need more stack than there is.
const SANITIZERS: [&str; 5] =
    ["-g1", "-O1", "-fno-omit-frame-pointer", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"];

/// Runs every Lua program natively under both Lua versions.
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
    for version in [LuaVersion::V54, LuaVersion::V55] {
        let host = compile(session, version, &sanitizers)?;
        let mut programs = programs(&session.root.join("tests/lua"))?;
        programs.retain(|path| session.filter.as_ref().is_none_or(|filter| name(version, path).contains(filter)));
        let failures: Vec<(String, String)> = programs
            .par_iter()
            .map(|path| Ok((name(version, path), run_one(&host, path)?)))
            .collect::<Result<Vec<_>>>()?
            .into_iter()
            .filter_map(|(name, failure)| Some((name, failure?)))
            .collect();
        for (name, output) in &failures {
            println!("---- {name} ----\n{output}");
        }
        let passed = programs.len() - failures.len();
        println!("native Lua {version}: {passed} passed, {} failed", failures.len());
        tally.passed += passed as u64;
        failures.into_iter().for_each(|(name, _)| tally.fail(format!("failed: {name}")));
    }
    Ok(tally)
}

fn name(version: LuaVersion, path: &Path) -> String {
    format!("{version}-native::lua::{}", path.file_name().unwrap_or_default().to_string_lossy())
}

fn compile(session: &Session, version: LuaVersion, sanitizers: &[String]) -> Result<PathBuf> {
    let root = &session.root;
    let work = root.join("target/moonwright");
    let upstream = upstream::locate(root, version, session.offline)?;
    let prepared = upstream::prepare(&upstream, &root.join("patches"), &work.join("src"))?;
    let runtime = root.join("lua-src");
    let native = root.join("tests/native");
    let path = work.join("native").join(format!("lua-{version}"));

    let mut compile = sanitizers.to_vec();
    compile.extend([
        "-std=gnu11".to_owned(),
        "-Wall".to_owned(),
        "-Wextra".to_owned(),
        format!("-DMW_LUA={}", version.number()),
        format!("-I{}", runtime.display()),
        format!("-I{}", prepared.folder.display()),
        "-include".to_owned(),
        runtime.join("config.h").display().to_string(),
    ]);
    let mut sources = prepared.sources.clone();
    sources.extend(c_files(&runtime)?);
    sources.extend(c_files(&native)?);
    let mut link = sanitizers.to_vec();
    link.push("-lm".to_owned());
    let headers = vec![runtime, prepared.folder.clone()];
    cc::build(&cc::Program { path: &path, sources, headers, compile, link })?;
    Ok(path)
}

/// What the program printed if it failed.
fn run_one(host: &Path, program: &Path) -> Result<Option<String>> {
    let output = Command::new(host).arg(program).output().with_context(|| format!("cannot run {}", host.display()))?;
    if output.status.success() {
        return Ok(None);
    }
    let text = [output.stdout.as_slice(), output.stderr.as_slice()].concat();
    Ok(Some(format!("{}{}", String::from_utf8_lossy(&text), output.status)))
}

fn c_files(folder: &Path) -> Result<Vec<PathBuf>> {
    files_with_extension(folder, "c")
}

fn programs(folder: &Path) -> Result<Vec<PathBuf>> {
    files_with_extension(folder, "lua")
}

fn files_with_extension(folder: &Path, extension: &str) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).with_context(|| format!("cannot list {}", folder.display()))? {
        let path = entry?.path();
        if path.extension().is_some_and(|found| found == extension) {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}
