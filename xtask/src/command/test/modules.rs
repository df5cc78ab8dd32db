//! The modules that tests run: every Lua version and profile, in the encodings that the hosts need.

use std::path::{Path, PathBuf};

use anyhow::Result;

use super::Session;
use crate::command::build::Builder;
use crate::output_file;
use crate::recipe::{LuaVersion, Profile, Recipe, Unwind};

/// The environment variable by which test programs find the modules.
pub const VARIABLE: &str = "MOONWRIGHT_MODULES";

/// Where the modules under test are put.
const FOLDER: &str = "target/moonwright/test-modules";

/// The contract of modules without anything beside Lua.
const CORE: &str = "core";

/// The contract of the modules that the packages are for.
const BRIDGE: &str = "bridge";

/// Builds the modules in `encodings` into `target/moonwright/test-modules` (`lua-5.4-speed-legacy.wasm` and so on) and gives that
/// folder.
///
/// # Errors
/// Whatever stops a build.
pub fn build(session: &Session, encodings: &[Unwind]) -> Result<PathBuf> {
    let folder = session.root.join(FOLDER);
    for lua in [LuaVersion::V54, LuaVersion::V55] {
        for profile in [Profile::Speed, Profile::Size] {
            for &unwind in encodings {
                let recipe = Recipe { lua, profile, unwind, ..Recipe::default() };
                put(session, &recipe, &folder.join(format!("lua-{lua}-{profile}-{unwind}.wasm")))?;
            }
        }
    }
    Ok(folder)
}

/// Builds, into the same folder, both Lua versions with the contract `core` (`lua-5.4-core-standard.wasm`).
///
/// # Errors
/// Whatever stops a build.
pub fn build_core(session: &Session) -> Result<()> {
    let folder = session.root.join(FOLDER);
    let unwind = Unwind::Standard;
    for lua in [LuaVersion::V54, LuaVersion::V55] {
        let recipe = Recipe { lua, unwind, profile: Profile::Size, contracts: vec![CORE.into()], ..Recipe::default() };
        put(session, &recipe, &folder.join(format!("lua-{lua}-{CORE}-{unwind}.wasm")))?;
    }
    Ok(())
}

/// Builds, into the same folder, what the Rust crate runs: both Lua versions with the contract `bridge`, in the standard encoding
/// for its compiler (`lua-5.4-bridge-standard.wasm`) and without one for its interpreter (`lua-5.4-bridge-host.wasm`).
///
/// # Errors
/// Whatever stops a build.
pub fn build_for_crate(session: &Session) -> Result<()> {
    let folder = session.root.join(FOLDER);
    for lua in [LuaVersion::V54, LuaVersion::V55] {
        for unwind in [Unwind::Standard, Unwind::Host] {
            let recipe = Recipe { lua, unwind, contracts: vec![BRIDGE.into()], ..Recipe::default() };
            put(session, &recipe, &folder.join(format!("lua-{lua}-{BRIDGE}-{unwind}.wasm")))?;
        }
    }
    Ok(())
}

fn put(session: &Session, recipe: &Recipe, path: &Path) -> Result<()> {
    let built = Builder::new(&session.root, session.offline).build(recipe)?;
    println!("{:>7} bytes  {}", built.wasm.len(), path.display());
    Ok(output_file::write(path, &built.wasm)?)
}
