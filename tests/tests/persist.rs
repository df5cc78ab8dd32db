//! Runs every `tests/persist/*.lua` in every module.

use anyhow::{Result, ensure};
use libtest_mimic::{Arguments, Trial};
use moonwright_tests::script::{Failed, Subject, scripts};
use moonwright_tests::{Built, Host, HostOptions, LuaVersion, Outcome, Profile, Tables, case};

fn main() -> Result<()> {
    let arguments = Arguments::from_args();
    let mut trials = Vec::new();
    for script in scripts()? {
        for lua in LuaVersion::ALL.into_iter().filter(|lua| script.runs_in(*lua)) {
            for profile in Profile::ALL {
                let script = script.clone();
                trials.push(Trial::test(format!("{lua}-{profile}::persist::{}", script.name), move || {
                    case::failed(Built::shared(lua, profile).and_then(|built| script.run(&OfTests(&built))))
                }));
            }
        }
    }
    libtest_mimic::run(&arguments, trials).exit()
}

/// The tests' own host.
struct OfTests<'a>(&'a Built);

impl Subject for OfTests<'_> {
    type Instance = Host;

    fn begin(&self, tables: &Tables) -> Result<Host> {
        Host::initialised(self.0, HostOptions { tables: tables.clone(), ..HostOptions::default() })
    }

    fn run(&self, host: &mut Host, chunk: &str, text: &str) -> Result<Option<Failed>> {
        host.set_chunk_name(chunk)?;
        Ok(match host.compute(text)? {
            Outcome::Done(_) => None,
            Outcome::Failed(failure) => Some(Failed {
                message: failure.record.message_text(),
                kind: failure.record.kind.clone(),
                traceback: failure.record.traceback_text(),
            }),
        })
    }

    fn collect(&self, host: &mut Host) -> Result<()> {
        let dropped: i32 = host.call("collect_tables", (0u32, 0u32))?;
        ensure!(dropped >= 0, "collect_tables failed: {:?}", host.last_error()?);
        Ok(())
    }
}
