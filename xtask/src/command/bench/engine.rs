//! What is measured: how each engine is made ready and run.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

use crate::command::build::Builder;
use crate::command::{cc, npm};
use crate::output_file;
use crate::recipe::{LuaVersion, Profile, Recipe, Unwind};
use crate::upstream;

/// How often a program runs in one process: the first run is cold, the last one warm.
const RUNS_IN_A_PROCESS: &str = "3";

/// The Lua version that all engines run.
const LUA: LuaVersion = LuaVersion::V54;

/// What one process measured.
#[derive(Clone, Debug, Deserialize)]
pub struct Sample {
    /// Milliseconds until the engine was ready for its first chunk.
    pub startup: f64,
    /// Milliseconds of each run, the first one cold.
    pub runs: Vec<f64>,
    /// What the program returned.
    pub result: String,
}

/// An engine and the command line that runs a program in it.
pub struct Engine {
    /// Its name in the table.
    pub name: &'static str,
    command: Vec<PathBuf>,
}

impl Engine {
    /// Runs a program in a fresh process.
    ///
    /// # Errors
    /// Where the process fails, or prints no measurements.
    pub fn run(&self, program: &Path) -> Result<Sample> {
        let (first, rest) = self.command.split_first().context("an engine without a program")?;
        let output = Command::new(first).args(rest).arg(program).arg(RUNS_IN_A_PROCESS).output();
        let output = output.with_context(|| format!("cannot run {}", first.display()))?;
        let what = || format!("{} running {}", self.name, program.display());
        ensure!(output.status.success(), "{}: {}", what(), String::from_utf8_lossy(&output.stderr));
        let sample: Sample = serde_json::from_slice(&output.stdout).with_context(what)?;
        ensure!(!sample.runs.is_empty(), "{}: expected measurements, found none", what());
        Ok(sample)
    }
}

/// All engines, ready to run.
pub struct Engines {
    engines: Vec<Engine>,
    /// What they are, one line each.
    pub descriptions: Vec<String>,
}

/// The engine that others are compared with as the best possible.
pub const NATIVE: &str = "native";
/// The peer.
pub const WASMOON: &str = "wasmoon";

impl Engines {
    /// Builds our modules and native Lua, and installs wasmoon.
    ///
    /// # Errors
    /// Where any of it fails, or a compiler, node or npm is missing.
    pub fn prepare(root: &Path, offline: bool) -> Result<Self> {
        let packages = npm::install(root, "bench", offline, "cargo xtask bench")?.join("node_modules");
        let hosts = root.join("bench/hosts");
        let node = PathBuf::from("node");
        let mut engines = vec![
            Engine { name: NATIVE, command: vec![native(root, offline)?] },
            Engine { name: WASMOON, command: vec![node.clone(), hosts.join("wasmoon.mjs"), packages.clone()] },
        ];
        let mut descriptions = vec![
            format!("{NATIVE}: PUC-Rio Lua {LUA}, {} -O2", cc::version().unwrap_or_default()),
            format!("{WASMOON}: {} from npm, node {}", package_version(&packages, WASMOON)?, node_version(&node)?),
        ];
        let builder = Builder::new(root, offline);
        for (name, profile) in [("speed", Profile::Speed), ("size", Profile::Size)] {
            let recipe = Recipe { lua: LUA, profile, unwind: Unwind::Legacy, ..Recipe::default() };
            let built = builder.build(&recipe)?;
            let path = root.join("target/moonwright/bench").join(format!("lua-{profile}.wasm"));
            output_file::write(&path, &built.wasm)?;
            engines.push(Engine { name, command: vec![node.clone(), hosts.join("moonwright.mjs"), path] });
            descriptions.push(format!("{name}: our module in profile {profile}, {} bytes", built.wasm.len()));
        }
        Ok(Self { engines, descriptions })
    }

    /// The engines in the order of the table's columns.
    pub fn all(&self) -> &[Engine] {
        &self.engines
    }
}

/// Upstream's unpatched sources, compiled for this machine.
fn native(root: &Path, offline: bool) -> Result<PathBuf> {
    let work = root.join("target/moonwright");
    let none = tempfile::tempdir().context("cannot make a temporary folder")?;
    let prepared = upstream::prepare(&upstream::locate(root, LUA, offline)?, none.path(), &work.join("src"))?;
    let path = work.join("bench").join(format!("native{}", LUA.number()));
    let mut sources = vec![root.join("bench/hosts/native.c")];
    for entry in std::fs::read_dir(&prepared.folder)? {
        let source = entry?.path();
        let name = source.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if name.ends_with(".c") && !["lua.c", "luac.c", "onelua.c", "ltests.c"].contains(&name.as_str()) {
            sources.push(source);
        }
    }
    sources.sort();
    let include = format!("-I{}", prepared.folder.display());
    cc::build(&cc::Program {
        path: &path,
        sources,
        headers: vec![prepared.folder],
        includes_c: false,
        compile: vec!["-O2".to_owned(), "-DLUA_USE_POSIX".to_owned(), include],
        compile_cxx: Vec::new(),
        link: vec!["-lm".to_owned()],
    })?;
    Ok(path)
}

fn node_version(node: &Path) -> Result<String> {
    let output = Command::new(node).arg("--version").output().context("cannot run node; install Node 20 or later")?;
    Ok(String::from_utf8_lossy(&output.stdout).trim().trim_start_matches('v').to_owned())
}

fn package_version(packages: &Path, name: &str) -> Result<String> {
    #[derive(Deserialize)]
    struct Package {
        version: String,
    }
    let path = packages.join(name).join("package.json");
    let bytes = std::fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let package: Package = serde_json::from_slice(&bytes).with_context(|| path.display().to_string())?;
    Ok(package.version)
}
