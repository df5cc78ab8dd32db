//! Runs every `tests/lua/*.lua` in every module, each program as one test in a fresh instance.

use anyhow::Result;
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
    libtest_mimic::run(&arguments, trials).exit()
}

fn run(lua: LuaVersion, profile: Profile, program: &Program) -> Result<()> {
    let built = Built::shared(lua, profile)?;
    let mut host = Host::new(&built)?;
    host.set_chunk_name(&format!("@tests/lua/{}", program.name))?;
    ended_well(&host.run(&program.text)?)
}
