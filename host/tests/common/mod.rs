//! Finds the modules that the tests run.

use std::path::PathBuf;

use moonwright::{Builder, Lua, Module};

/// The environment variable that names the folder of built modules (`cargo xtask test` sets it).
const VARIABLE: &str = "MOONWRIGHT_MODULES";

/// The module for a Lua version.
///
/// # Panics
/// Where it is missing, with the command that makes it.
pub fn module(version: &str) -> Module {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..");
    let folder = std::env::var_os(VARIABLE).map_or_else(|| root.join("target/moonwright/test-modules"), PathBuf::from);
    let path = folder.join(format!("lua-{version}-bridge-standard.wasm"));
    assert!(
        path.is_file(),
        "no module at {}: make it with `cargo xtask build --contract bridge --unwind standard --lua {version} --out DIR` \
         and put DIR/lua.wasm there",
        path.display()
    );
    Module::from_file(&path).unwrap_or_else(|error| panic!("{error}"))
}

/// Both Lua versions' modules.
#[allow(dead_code, reason = "each test program has its own copy of this file")]
pub fn each(test: impl Fn(&Module)) {
    for version in ["5.4", "5.5"] {
        eprintln!("Lua {version}");
        test(&module(version));
    }
}

/// A builder with that module.
#[allow(dead_code, reason = "each test program has its own copy of this file")]
pub fn builder(module: &Module) -> Builder {
    Lua::builder().module(module)
}
