//! What is measured: how each engine is made ready and run.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::browser::Browser;
use super::machine::{Host, Machine};
use crate::command::build::PACKAGE_CONTRACT;
use crate::command::{cc, npm, package};
use crate::recipe::{LuaVersion, Profile, Recipe, Unwind};
use crate::upstream;

/// How often a program runs in one process or page: the first run is cold, the last one warm.
const RUNS_IN_A_PROCESS: u32 = 3;

/// The Lua version that all engines run; fengari has 5.3.
const LUA: LuaVersion = LuaVersion::V54;

/// How long all runs of a program in a process or page may take.
const LIMIT: Duration = Duration::from_secs(60);

/// The same for an engine that is slower than the others by an order of magnitude.
const SHORT_LIMIT: Duration = Duration::from_secs(5);

/// The engine that others are compared with as the best possible.
pub const NATIVE: &str = "native";
/// The peers.
pub const WASMOON: &str = "wasmoon";
/// Lua written in JavaScript.
pub const FENGARI: &str = "fengari";
/// Our module in its profiles.
pub const SPEED: &str = "speed";
/// The other one.
pub const SIZE: &str = "size";

/// How a program is driven.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// It runs, and nothing of the host is in it.
    Run,
    /// It calls a function of the host.
    LuaCallsHost,
    /// The host calls a function of it.
    HostCallsLua,
}

impl Mode {
    /// As the hosts' programs name it.
    fn name(self) -> &'static str {
        match self {
            Mode::Run => "run",
            Mode::LuaCallsHost => "lua_calls_host",
            Mode::HostCallsLua => "host_calls_lua",
        }
    }
}

/// What one process or page measured.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Sample {
    /// Milliseconds until the engine was ready for its first chunk.
    pub startup: f64,
    /// Milliseconds of each run, the first one cold.
    pub runs: Vec<f64>,
    /// What the program returned.
    pub result: String,
}

impl Sample {
    /// The first run.
    pub fn cold(&self) -> Option<f64> {
        self.runs.first().copied()
    }

    /// The last run, where there were as many as it takes to be warm.
    pub fn warm(&self) -> Option<f64> {
        (self.runs.len() == RUNS_IN_A_PROCESS as usize).then(|| self.runs.last().copied())?
    }
}

/// An engine on a host.
pub struct Engine {
    /// Its name in the tables.
    pub name: &'static str,
    /// Where it runs.
    pub host: Host,
    start: Start,
}

/// What starts an engine.
enum Start {
    /// A program, which gets the Lua program, its mode and the number of runs.
    Program(PathBuf),
    /// One of our modules: by itself, and with the contract of the npm package or the crate.
    Module { alone: PathBuf, bridge: PathBuf },
    /// A package of npm's.
    Package,
}

impl Engine {
    /// Whether it is measured once only, since it takes so long.
    pub fn is_slow(&self) -> bool {
        self.name == FENGARI
    }

    /// How long all runs of a program may take in it.
    pub fn limit(&self) -> Duration {
        if self.is_slow() { SHORT_LIMIT } else { LIMIT }
    }
}

/// All engines, ready to run.
pub struct Engines<'a> {
    machine: &'a Machine,
    packages: PathBuf,
    browser: Browser,
    engines: Vec<Engine>,
    /// What they are, one line each.
    pub descriptions: Vec<String>,
}

impl<'a> Engines<'a> {
    /// Builds our modules and native Lua, installs the peers, starts Chromium.
    ///
    /// # Errors
    /// Where any of it fails, or a compiler, node, npm or Chromium is missing.
    pub fn prepare(machine: &'a Machine) -> Result<Self> {
        let retry = "cargo xtask bench programs";
        let packages = npm::install(&machine.root, "bench", machine.offline, retry)?.join("node_modules");
        package::build_scripts(&machine.root, machine.offline, retry)?;
        let browser = Browser::start(machine, &packages)?;
        let mut engines = vec![Engine { name: NATIVE, host: Host::Native, start: Start::Program(native(machine)?) }];
        let mut descriptions = vec![
            format!("{NATIVE}: PUC-Rio Lua {LUA}, {} -O2", cc::version().unwrap_or_default()),
            format!(
                "{WASMOON} {}, {FENGARI} {}",
                package_version(&packages, WASMOON)?,
                package_version(&packages, FENGARI)?
            ),
            format!("node {}, {}, wasmtime {}", node_version()?, browser.version, wasmtime_version(&machine.root)?),
        ];
        for host in [Host::Node, Host::Chromium, Host::Wasmtime] {
            if host != Host::Wasmtime {
                engines.push(Engine { name: WASMOON, host, start: Start::Package });
                engines.push(Engine { name: FENGARI, host, start: Start::Package });
            }
            for (name, profile) in [(SPEED, Profile::Speed), (SIZE, Profile::Size)] {
                let module = |unwind, contracts: &str| {
                    let recipe = Recipe {
                        lua: LUA,
                        profile,
                        unwind,
                        contracts: vec![contracts.to_owned()],
                        ..Recipe::default()
                    };
                    machine.module(&format!("{profile}-{unwind}-{contracts}"), &recipe)
                };
                let start = if host == Host::Wasmtime {
                    let bridge = module(Unwind::Standard, PACKAGE_CONTRACT)?.path;
                    Start::Module { alone: bridge.clone(), bridge }
                } else {
                    let alone = module(Unwind::Legacy, "full")?;
                    if host == Host::Node {
                        descriptions.push(format!("{name}: our module in profile {profile}, {} bytes", alone.bytes));
                    }
                    Start::Module { alone: alone.path, bridge: module(Unwind::Legacy, PACKAGE_CONTRACT)?.path }
                };
                engines.push(Engine { name, host, start });
            }
        }
        machine.wasmtime()?; // compiled here, not when its first program is to run
        Ok(Self { machine, packages, browser, engines, descriptions })
    }

    /// The engines, host by host.
    pub fn all(&self) -> &[Engine] {
        &self.engines
    }

    /// Runs the program `name` of `bench/lua` in a fresh process or page; none where that takes longer than the engine's limit.
    ///
    /// # Errors
    /// Where the program fails, or prints no measurements.
    pub fn run(&mut self, number: usize, name: &str, mode: Mode) -> Result<Option<Sample>> {
        let Some(engine) = self.engines.get(number) else { bail!("expected an engine, found none of number {number}") };
        let what = format!("{name} in {} on {}", engine.name, engine.host);
        let program = self.machine.root.join("bench/lua").join(format!("{name}.lua"));
        let limit = engine.limit();
        let sample = match engine.host {
            Host::Chromium => {
                let (engine, file) = engine.adapter(mode);
                let request = json!({
                    "engine": engine, "file": file.and_then(Path::file_name).map(|name| format!("/work/{}", name.to_string_lossy())),
                    "program": format!("/lua/{name}.lua"), "mode": mode.name(), "runs": RUNS_IN_A_PROCESS,
                    "limit": limit.as_millis() as u64,
                });
                match self.browser.ask(&request, limit).with_context(|| what.clone())? {
                    Answer::Done(sample) => Some(sample),
                    Answer::Late { .. } => None,
                    Answer::Failed { failed } => bail!("{what}: {failed}"),
                }
            }
            host => {
                let mut command = match (host, &engine.start) {
                    (_, Start::Program(path)) => Command::new(path),
                    (Host::Wasmtime, Start::Module { bridge, .. }) => {
                        let mut command = self.machine.wasmtime()?;
                        command.arg("program").arg(bridge);
                        command
                    }
                    _ => {
                        let (name, file) = engine.adapter(mode);
                        let mut command = self.machine.node("node.mjs");
                        command.arg(name).arg(file.unwrap_or(&self.packages));
                        command
                    }
                };
                command.arg(program).arg(mode.name()).arg(RUNS_IN_A_PROCESS.to_string());
                if host == Host::Node {
                    command.arg(limit.as_millis().to_string());
                }
                self.machine.run_within(limit + limit / 2, command, &what)?
            }
        };
        ensure!(
            sample.as_ref().is_none_or(|sample: &Sample| !sample.runs.is_empty()),
            "{what}: expected measurements, found none"
        );
        Ok(sample)
    }
}

/// What the browser's driver answers.
#[derive(Deserialize)]
#[serde(untagged)]
enum Answer {
    Done(Sample),
    Late {
        #[serde(rename = "late")]
        _late: bool,
    },
    Failed {
        failed: String,
    },
}

impl Engine {
    /// The file of `bench/hosts/engines` that drives it in JavaScript, and the module that it is given.
    fn adapter(&self, mode: Mode) -> (&'static str, Option<&Path>) {
        match &self.start {
            Start::Module { alone, .. } if mode == Mode::Run => ("moonwright", Some(alone)),
            Start::Module { bridge, .. } => ("package", Some(bridge)),
            _ => (self.name, None),
        }
    }
}

/// Upstream's unpatched sources, compiled for this machine.
pub fn native(machine: &Machine) -> Result<PathBuf> {
    let root = &machine.root;
    let work = root.join("target/moonwright");
    let none = tempfile::tempdir().context("cannot make a temporary folder")?;
    let prepared = upstream::prepare(&upstream::locate(root, LUA, machine.offline)?, none.path(), &work.join("src"))?;
    let path = machine.work().join(format!("native{}", LUA.number()));
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

fn node_version() -> Result<String> {
    let output = Command::new("node").arg("--version").output().context("cannot run node; install Node 20 or later")?;
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

/// The version that `Cargo.lock` pins.
fn wasmtime_version(root: &Path) -> Result<String> {
    let path = root.join("Cargo.lock");
    let lock = std::fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let lock: toml::Table = toml::from_str(&lock).with_context(|| path.display().to_string())?;
    let packages = lock.get("package").and_then(toml::Value::as_array).into_iter().flatten();
    let mut found = packages.filter(|package| package.get("name").and_then(toml::Value::as_str) == Some("wasmtime"));
    let version = found.next().and_then(|package| package.get("version")?.as_str());
    Ok(version.context("expected wasmtime in Cargo.lock, found none")?.to_owned())
}
