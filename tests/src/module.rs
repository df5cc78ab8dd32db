//! Finds and compiles the modules that `cargo xtask test` built.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result, anyhow, ensure};
use wasmtime::{Config, Engine, Module};

/// The environment variable that names the folder of built modules.
pub const MODULES_VARIABLE: &str = "MOONWRIGHT_MODULES";

/// How often [`Built::engine`] counts an epoch, the unit of a [`crate::Host`]'s time limit.
pub const EPOCH: Duration = Duration::from_millis(50);

/// The Lua version that a module runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LuaVersion {
    /// Lua 5.4
    V54,
    /// Lua 5.5
    V55,
}

impl LuaVersion {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::V54, Self::V55];
}

impl fmt::Display for LuaVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::V54 => "5.4",
            Self::V55 => "5.5",
        })
    }
}

/// What a module is optimised for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Profile {
    /// Fewer bytes
    Size,
    /// Less time
    Speed,
}

impl Profile {
    /// All that are tested.
    pub const ALL: [Self; 2] = [Self::Speed, Self::Size];
}

impl fmt::Display for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Size => "size",
            Self::Speed => "speed",
        })
    }
}

/// A module, compiled and ready to be instantiated any number of times.
#[derive(Clone)]
pub struct Built {
    /// The Lua version that it runs.
    pub lua: LuaVersion,
    /// What it was optimised for.
    pub profile: Profile,
    /// The engine that it was compiled by.
    pub engine: Engine,
    /// The compiled code.
    pub module: Module,
}

impl fmt::Debug for Built {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl fmt::Display for Built {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.lua, self.profile)
    }
}

impl Built {
    /// The module for this version and profile in the standard exception encoding, the only one that wasmtime runs.
    ///
    /// # Errors
    /// Where the file is missing (with the command that makes it) or is no module that wasmtime accepts.
    pub fn load(lua: LuaVersion, profile: Profile) -> Result<Self> {
        Self::named(lua, profile, &format!("lua-{lua}-{profile}-standard.wasm"))
    }

    /// The module of profile `size` for this version and for another contract than `full`, in the same encoding.
    ///
    /// # Errors
    /// As [`Built::load`].
    pub fn of_contract(lua: LuaVersion, contract: &str) -> Result<Self> {
        Self::named(lua, Profile::Size, &format!("lua-{lua}-{contract}-standard.wasm"))
    }

    fn named(lua: LuaVersion, profile: Profile, file: &str) -> Result<Self> {
        let path = modules_dir()?.join(file);
        ensure!(path.is_file(), "no module at {}: run `cargo xtask test`, which builds it", path.display());
        Self::from_file(lua, profile, &path)
    }

    /// The module in a file, which says itself neither version nor profile.
    ///
    /// # Errors
    /// Where wasmtime does not accept it.
    pub fn from_file(lua: LuaVersion, profile: Profile, path: &Path) -> Result<Self> {
        let mut config = Config::new();
        config.wasm_exceptions(true);
        // A script that hangs must end as a failed test, not as a test run that never ends.
        config.epoch_interruption(true);
        let engine = Engine::new(&config).map_err(|error| anyhow!("{error:#}"))?;
        let ticking = engine.weak();
        std::thread::spawn(move || {
            while let Some(engine) = ticking.upgrade() {
                engine.increment_epoch();
                drop(engine);
                std::thread::sleep(EPOCH);
            }
        });
        let module = Module::from_file(&engine, path)
            .map_err(|error| anyhow!("{error:#}"))
            .with_context(|| format!("cannot compile {}", path.display()))?;
        Ok(Self { lua, profile, engine, module })
    }

    /// As [`Built::load`], but each module is compiled once per process.
    ///
    /// # Errors
    /// As [`Built::load`].
    pub fn shared(lua: LuaVersion, profile: Profile) -> Result<Self> {
        static LOADED: Mutex<Vec<Built>> = Mutex::new(Vec::new());
        let mut loaded = LOADED.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(built) = loaded.iter().find(|built| built.lua == lua && built.profile == profile) {
            return Ok(built.clone());
        }
        let built = Self::load(lua, profile)?;
        loaded.push(built.clone());
        Ok(built)
    }
}

/// The folder of built modules: what [`MODULES_VARIABLE`] says, or where `cargo xtask test` puts them.
fn modules_dir() -> Result<PathBuf> {
    if let Some(dir) = std::env::var_os(MODULES_VARIABLE) {
        return Ok(PathBuf::from(dir));
    }
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let root = root.parent().context("the tests crate stands at the root of the file system")?;
    Ok(root.join("target/moonwright/test-modules"))
}
