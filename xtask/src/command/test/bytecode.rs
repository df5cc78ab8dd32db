//! The verifier of bytecode, natively and with Lua's own assertions on: what the compiler emits is accepted, mutants that are
//! accepted run without harm, and the crate `moonwright-bytecode` says the same of each as the verifier in the module.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use anyhow::{Context, Result, bail, ensure};
use moonwright_bytecode::{Version, verify};
use rayon::prelude::*;

use super::Session;
use super::native::{ASAN, files};
use super::tally::Tally;
use crate::recipe::LuaVersion;

/// The program in tests/native.
pub(super) const NAME: &str = "bytecode";

/// The environment variable that says how many mutants to run, and how many they are without it.
const MUTANTS: (&str, u64) = ("MOONWRIGHT_MUTANTS", 3000);

/// How many generated programs have to be accepted.
const GENERATED: u64 = 1000;

/// Processes that share the mutants. Seeds of different shares are far apart.
const SHARES: u64 = 4;
const SHARE_SEED: u64 = 1 << 40;

/// Runs the tests of one version with its compiled program.
pub(super) fn run(session: &Session, version: LuaVersion, program: &Path, tally: &mut Tally) -> Result<()> {
    let mutants = match std::env::var(MUTANTS.0) {
        Ok(text) => text.parse().with_context(|| format!("{} is no number: {text}", MUTANTS.0))?,
        Err(_) => MUTANTS.1,
    };
    let programs = files(&session.root.join("tests/lua"), "lua")?;
    let bytecode = match version {
        LuaVersion::V54 => Version::Lua54,
        LuaVersion::V55 => Version::Lua55,
    };
    let tests: [(&str, &dyn Fn() -> Result<String>); 3] = [
        ("what the compiler emits is accepted", &|| text(run_program(program, "accept", 1, GENERATED, &programs)?)),
        ("mutants do no harm", &|| mutate(program, mutants, &programs)),
        ("the crate says the same", &|| compare(program, bytecode, mutants.min(20_000), &programs)),
    ];
    for (name, test) in tests {
        let name = format!("{version}-native::{NAME}::{name}");
        if session.filter.as_ref().is_some_and(|filter| !name.contains(filter)) {
            continue;
        }
        match test() {
            Ok(said) => {
                println!("{name}: {}", said.trim_end());
                tally.passed += 1;
            }
            Err(error) => {
                println!("---- {name} ----\n{error:#}");
                tally.fail(format!("failed: {name}"));
            }
        }
    }
    Ok(())
}

fn run_program(program: &Path, mode: &str, seed: u64, count: u64, programs: &[PathBuf]) -> Result<Output> {
    let mut command = Command::new(program);
    command.args([mode, &seed.to_string(), &count.to_string()]).args(programs).env(ASAN.0, ASAN.1);
    let output = command.output().with_context(|| format!("cannot run {}", program.display()))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        bail!("{mode} {seed} {count}: {}\n{said}", output.status);
    }
    Ok(output)
}

fn text(output: Output) -> Result<String> {
    String::from_utf8(output.stdout).context("expected text")
}

fn mutate(program: &Path, count: u64, programs: &[PathBuf]) -> Result<String> {
    let shares: Vec<String> = (0..SHARES)
        .into_par_iter()
        .map(|share| text(run_program(program, "mutate", share * SHARE_SEED, count.div_ceil(SHARES), programs)?))
        .collect::<Result<_>>()?;
    Ok(shares.join("  "))
}

/// Holds the verdicts that the program writes, each mutant and what was said of it, against the crate's.
fn compare(program: &Path, version: Version, count: u64, programs: &[PathBuf]) -> Result<String> {
    let output = run_program(program, "verdicts", 7 * SHARE_SEED, count, programs)?.stdout;
    let mut rest = output.as_slice();
    let (mut compared, mut refused) = (0, 0);
    while !rest.is_empty() {
        let chunk = part(&mut rest)?;
        let theirs = String::from_utf8_lossy(&part(&mut rest)?).into_owned();
        let ours = match verify(version, &chunk) {
            Ok(_) => String::new(),
            // A chunk that does not begin like one is text to Lua, and the mode forbids that.
            Err(_) if chunk.first() != Some(&0x1b) => "attempt to load a text chunk (mode is 'b')".to_owned(),
            Err(error) => format!("m: bad binary format ({error})"),
        };
        ensure!(ours == theirs, "mutant {compared}: the module says {theirs:?}, the crate {ours:?}");
        compared += 1;
        refused += u64::from(!ours.is_empty());
    }
    ensure!(compared == count, "expected {count} mutants, found {compared}");
    Ok(format!("{compared} mutants, {refused} of them refused, all with the same words"))
}

/// The next length and its bytes.
fn part(rest: &mut &[u8]) -> Result<Vec<u8>> {
    let mut length = [0; 4];
    rest.read_exact(&mut length).context("truncated verdicts")?;
    let length = usize::try_from(u32::from_le_bytes(length))?;
    let (part, after) = rest.split_at_checked(length).context("truncated verdicts")?;
    *rest = after;
    Ok(part.to_vec())
}
