//! Runs every `tests/lua/*.lua` in every module, each program as one test in a fresh instance.
//!
//! A program passes when it ends without an error; `docs/testing.md` says what it may rely on.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use libtest_mimic::{Arguments, Trial};
use moonwright_tests::{Built, Host, HostOptions, LuaVersion, Profile, case};

fn main() -> Result<()> {
    let arguments = Arguments::from_args();
    let mut trials = Vec::new();
    for path in programs()? {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let program = Arc::new(std::fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?);
        for lua in LuaVersion::ALL {
            for profile in Profile::ALL {
                let (name, program) = (name.clone(), Arc::clone(&program));
                trials.push(Trial::test(format!("{lua}-{profile}::lua::{name}"), move || {
                    case::failed(run(lua, profile, &name, &program))
                }));
            }
        }
    }
    libtest_mimic::run(&arguments, trials).exit()
}

/// The programs, sorted by name.
fn programs() -> Result<Vec<PathBuf>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("lua");
    let mut found = Vec::new();
    for entry in std::fs::read_dir(&folder).with_context(|| format!("cannot list {}", folder.display()))? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "lua") {
            found.push(path);
        }
    }
    ensure!(!found.is_empty(), "expected Lua programs in {}, found none", folder.display());
    found.sort();
    Ok(found)
}

fn run(lua: LuaVersion, profile: Profile, name: &str, program: &[u8]) -> Result<()> {
    let built = Built::shared(lua, profile)?;
    let mut host = Host::initialised(&built, HostOptions::default())?;
    host.set_chunk_name(&format!("@{name}"))?;
    host.run(program)?;
    Ok(())
}
