//! What measurements run on: built modules, hosts, and processes that end.

use std::cell::OnceCell;
use std::fmt;
use std::io::{Read, Seek};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::attribution::Item;
use crate::command::build::Builder;
use crate::output_file;
use crate::recipe::Recipe;

/// The longest that one measurement may take: what is measured takes seconds.
const PATIENCE: Duration = Duration::from_secs(300);

/// Where Lua runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Host {
    /// The machine itself.
    Native,
    /// node, in the path.
    Node,
    /// The machine's Chromium.
    Chromium,
    /// wasmtime, through the program in `bench/`.
    Wasmtime,
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Host::Native => "native",
            Host::Node => "node",
            Host::Chromium => "Chromium",
            Host::Wasmtime => "wasmtime",
        })
    }
}

/// A module that was built for measurements.
#[derive(Clone, Debug)]
pub struct Module {
    /// Its file.
    pub path: PathBuf,
    /// Its length.
    pub bytes: usize,
    /// What its bytes are part of.
    pub items: Vec<Item>,
}

/// This machine, and how much time there is.
pub struct Machine {
    /// The project's folder.
    pub root: PathBuf,
    /// Never touch the network.
    pub offline: bool,
    /// Fewer rounds.
    pub quick: bool,
    program: OnceCell<PathBuf>,
}

impl Machine {
    /// The machine, for the checkout at `root`.
    pub fn new(root: &Path, offline: bool, quick: bool) -> Machine {
        Machine { root: root.to_owned(), offline, quick, program: OnceCell::new() }
    }

    /// Where what is made for measurements goes.
    pub fn work(&self) -> PathBuf {
        self.root.join("target/moonwright/bench")
    }

    /// Builds a module, and keeps it under a name.
    ///
    /// # Errors
    /// Whatever stops the build.
    pub fn module(&self, name: &str, recipe: &Recipe) -> Result<Module> {
        let built = Builder::new(&self.root, self.offline).build(recipe)?;
        let path = self.work().join(format!("{name}.wasm"));
        output_file::write(&path, &built.wasm)?;
        Ok(Module { path, bytes: built.wasm.len(), items: built.report.items })
    }

    /// node, about to run a script of `bench/hosts`.
    pub fn node(&self, script: &str) -> Command {
        self.node_at(Path::new("node"), script)
    }

    /// The same for another node than that in the path.
    pub fn node_at(&self, program: &Path, script: &str) -> Command {
        let mut command = Command::new(program);
        command.arg(self.root.join("bench/hosts").join(script));
        command
    }

    /// The program in `bench/`, compiled with optimisation: what is measured includes the crate and the engine.
    ///
    /// # Errors
    /// Where it cannot be compiled.
    pub fn wasmtime(&self) -> Result<Command> {
        if let Some(program) = self.program.get() {
            return Ok(Command::new(program));
        }
        eprintln!("compiling the host for wasmtime (some minutes, the first time)");
        let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        cargo.current_dir(&self.root).args(["build", "--quiet", "--release", "--package", "moonwright-bench"]);
        if self.offline {
            cargo.env("CARGO_NET_OFFLINE", "true");
        }
        let status = cargo.status().context("cannot run cargo")?;
        ensure!(status.success(), "`cargo build --release --package moonwright-bench` failed: {status}");
        let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| self.root.join("target"), PathBuf::from);
        let program = target.join("release").join(format!("moonwright-bench{}", std::env::consts::EXE_SUFFIX));
        ensure!(program.is_file(), "expected {}, found no such file", program.display());
        Ok(Command::new(self.program.get_or_init(|| program)))
    }

    /// Runs a measurement and reads the JSON that it prints.
    ///
    /// # Errors
    /// Where the process cannot be started, fails, takes too long, or prints something else.
    pub fn run<T: DeserializeOwned>(&self, command: Command, what: &str) -> Result<T> {
        let result = self.run_within(PATIENCE, command, what)?;
        result.with_context(|| format!("{what}: not done after {} s", PATIENCE.as_secs()))
    }

    /// As [`Machine::run`]; none where it takes longer than `limit`.
    ///
    /// # Errors
    /// Where the process cannot be started, fails, or prints something else.
    pub fn run_within<T: DeserializeOwned>(
        &self,
        limit: Duration,
        mut command: Command,
        what: &str,
    ) -> Result<Option<T>> {
        // Files and not pipes: nobody has to read while the process runs.
        let mut stdout = tempfile::tempfile()?;
        let mut stderr = tempfile::tempfile()?;
        let shown = command.get_program().to_string_lossy().into_owned();
        let mut child = command
            .stdin(Stdio::null())
            .stdout(stdout.try_clone()?)
            .stderr(stderr.try_clone()?)
            .spawn()
            .with_context(|| format!("cannot run {shown}"))?;
        let begun = Instant::now();
        let status = loop {
            if let Some(status) = child.try_wait()? {
                break status;
            }
            if begun.elapsed() > limit {
                child.kill()?;
                child.wait()?;
                return Ok(None);
            }
            std::thread::sleep(Duration::from_millis(5));
        };
        let text = |file: &mut std::fs::File| -> Result<String> {
            file.rewind()?;
            let mut bytes = Vec::new();
            file.read_to_end(&mut bytes)?;
            Ok(String::from_utf8_lossy(&bytes).into_owned())
        };
        ensure!(status.success(), "{what}: {status}\n{}", text(&mut stderr)?.trim_end());
        let printed = text(&mut stdout)?;
        let result = serde_json::from_str(&printed).with_context(|| {
            format!("{what}: expected measurements, found {}", printed.chars().take(200).collect::<String>())
        })?;
        Ok(Some(result))
    }
}
