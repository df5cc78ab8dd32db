//! The modules that tests run: every Lua version and profile, in the encodings that the hosts need.

use std::path::PathBuf;

use anyhow::Result;

use super::Session;
use crate::command::build::Builder;
use crate::output_file;
use crate::recipe::{LuaVersion, Profile, Recipe, Unwind};

/// The environment variable by which test programs find the modules.
pub const VARIABLE: &str = "MOONWRIGHT_MODULES";

/// Builds the modules in `encodings` into `target/moonwright/test-modules` (`lua-5.4-speed-legacy.wasm` and so on) and gives that
/// folder.
///
/// # Errors
/// Whatever stops a build.
pub fn build(session: &Session, encodings: &[Unwind]) -> Result<PathBuf> {
    let folder = session.root.join("target/moonwright/test-modules");
    let builder = Builder::new(&session.root, session.offline);
    for lua in [LuaVersion::V54, LuaVersion::V55] {
        for profile in [Profile::Speed, Profile::Size] {
            for &unwind in encodings {
                let recipe = Recipe { lua, profile, unwind, ..Recipe::default() };
                let built = builder.build(&recipe)?;
                let name = format!("lua-{lua}-{profile}-{unwind}.wasm");
                println!("{name:<30} {:>7} bytes", built.wasm.len());
                output_file::write(&folder.join(name), &built.wasm)?;
            }
        }
    }
    Ok(folder)
}
