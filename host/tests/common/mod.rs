//! Finds the modules that the tests run.

use std::path::PathBuf;

use moonwright::{Builder, Lua, Module};

/// The environment variable that names the folder of built modules (`cargo xtask test` sets it).
const VARIABLE: &str = "MOONWRIGHT_MODULES";

/// The bytes of the module for a Lua version.
///
/// # Panics
/// Where it is missing, with the command that makes it.
#[allow(dead_code, reason = "each test program has its own copy of this file")]
pub fn wasm(version: &str) -> Vec<u8> {
    bytes(version, "standard")
}

/// The bytes of the module for a Lua version in an encoding.
///
/// # Panics
/// As [`wasm`].
pub fn bytes(version: &str, unwind: &str) -> Vec<u8> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..");
    let folder = std::env::var_os(VARIABLE).map_or_else(|| root.join("target/moonwright/test-modules"), PathBuf::from);
    let path = folder.join(format!("lua-{version}-bridge-{unwind}.wasm"));
    std::fs::read(&path).unwrap_or_else(|error| {
        panic!(
            "cannot read the module {}: {error}; make it with \
             `cargo xtask build --contract bridge --unwind {unwind} --lua {version} --out DIR` and put DIR/lua.wasm there",
            path.display()
        )
    })
}

/// The module for a Lua version.
///
/// # Panics
/// As [`wasm`], and where it cannot be compiled.
#[allow(dead_code, reason = "each test program has its own copy of this file")]
pub fn module(version: &str) -> Module {
    Module::new(wasm(version)).unwrap_or_else(|error| panic!("{error}"))
}

/// Bytes of this process in memory.
#[allow(dead_code, reason = "each test program has its own copy of this file")]
pub fn resident() -> usize {
    let status = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    status.split(' ').nth(1).and_then(|pages| pages.parse::<usize>().ok()).unwrap_or(0) * 4096
}

/// The interpreter's module for a Lua version.
///
/// # Panics
/// As [`module`].
#[cfg(feature = "wasmi")]
#[allow(dead_code, reason = "each test program has its own copy of this file")]
pub fn interpreted(version: &str) -> Module {
    static ENGINE: std::sync::OnceLock<moonwright::Engine> = std::sync::OnceLock::new();
    let engine = ENGINE.get_or_init(|| moonwright::Engine::builder().interpreter().build().unwrap());
    engine.module(bytes(version, "host")).unwrap_or_else(|error| panic!("{error}"))
}

/// Both Lua versions' modules, compiled and, with the feature `wasmi`, interpreted.
#[allow(dead_code, reason = "each test program has its own copy of this file")]
pub fn each(test: impl Fn(&Module)) {
    for version in ["5.4", "5.5"] {
        eprintln!("Lua {version}");
        test(&module(version));
        #[cfg(feature = "wasmi")]
        {
            eprintln!("Lua {version}, interpreted");
            test(&interpreted(version));
        }
    }
}

/// A builder with that module.
#[allow(dead_code, reason = "each test program has its own copy of this file")]
pub fn builder(module: &Module) -> Builder {
    Lua::builder().module(module)
}
