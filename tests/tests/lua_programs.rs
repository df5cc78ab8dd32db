//! Runs every `tests/lua/*.lua` in every module, each program as one test in a fresh instance; those in `tests/lua/limits`
//! never end but by the instruction limit.

use anyhow::{Result, ensure};
use libtest_mimic::{Arguments, Trial};
use moonwright_tests::program::{Program, ended_well, programs};
use moonwright_tests::{Built, Host, LuaVersion, Profile, case};

fn main() -> Result<()> {
    let arguments = Arguments::from_args();
    let mut trials = Vec::new();
    for program in programs("lua")? {
        for lua in LuaVersion::ALL.into_iter().filter(|lua| program.runs_in(*lua)) {
            for profile in Profile::ALL {
                let program = program.clone();
                trials.push(Trial::test(format!("{lua}-{profile}::lua::{}", program.name), move || {
                    case::failed(run(lua, profile, &program))
                }));
            }
        }
    }
    for program in programs("lua/limits")? {
        for lua in LuaVersion::ALL.into_iter().filter(|lua| program.runs_in(*lua)) {
            let program = program.clone();
            trials.push(Trial::test(format!("{lua}-speed::limits::{}", program.name), move || {
                case::failed(never_ends(lua, &program))
            }));
        }
    }
    libtest_mimic::run(&arguments, trials).exit()
}

/// What the programs in tests/lua/limits may charge: none of them ends by itself.
const STEPS: i64 = 1_000_000;

fn never_ends(lua: LuaVersion, program: &Program) -> Result<()> {
    let built = Built::shared(lua, Profile::Speed)?;
    let mut host = Host::new(&built)?;
    host.set_limits(0, STEPS)?;
    let error = host.run_failing(&program.text)?;
    ensure!(error.kind == "limit", "expected kind limit, found {}: {}", error.kind, error.message_text());
    if program.name.starts_with("gc_") {
        // A finaliser that never ends may still be there: it takes the steps of one chunk more, and that is all.
        host.compute("collectgarbage()")?;
        host.run("collectgarbage()")?;
    }
    host.run("assert(1 + 1 == 2)")?;
    Ok(())
}

fn run(lua: LuaVersion, profile: Profile, program: &Program) -> Result<()> {
    let built = Built::shared(lua, profile)?;
    let mut host = Host::new(&built)?;
    host.set_chunk_name(&format!("@tests/lua/{}", program.name))?;
    ended_well(&host.run(&program.text)?)
}
