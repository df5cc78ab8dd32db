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

/// The environment variable that says how many mutants to run.
const MUTANTS: &str = "MOONWRIGHT_MUTANTS";

/// How many generated programs have to be accepted.
const GENERATED: u64 = 1000;

/// Processes that share the mutants. Seeds of different shares are far apart.
const SHARES: u64 = 4;
const SHARE_SEED: u64 = 1 << 40;

/// How many mutants were asked for.
pub(super) fn asked(otherwise: u64) -> Result<u64> {
    match std::env::var(MUTANTS) {
        Ok(text) => text.parse().with_context(|| format!("{MUTANTS} is no number: {text}")),
        Err(_) => Ok(otherwise),
    }
}

/// Runs the tests of one version with its compiled program.
pub(super) fn run(session: &Session, version: LuaVersion, program: &Path, tally: &mut Tally) -> Result<()> {
    let mutants = asked(3000)?;
    let programs = files(&session.root.join("tests/lua"), "lua")?;
    let bytecode = match version {
        LuaVersion::V54 => Version::Lua54,
        LuaVersion::V55 => Version::Lua55,
    };
    let attacks = [session.root.join("tests/lua/vm_bytecode.lua")];
    let compare = |mode, count, programs: &[PathBuf], least| {
        let output = run_program(program, mode, 7 * SHARE_SEED, count, programs)?.stdout;
        let said = compare(bytecode, &output)?;
        ensure!(said.chunks >= least, "expected {least} chunks or more, found {}", said.chunks);
        Ok(said)
    };
    let tests: [(&str, &dyn Fn() -> Result<String>); 4] = [
        ("what the compiler emits is accepted", &|| {
            let said = compare("accept", GENERATED, &programs, GENERATED)?;
            ensure!(said.refused == 0, "the crate refuses {} of {} chunks", said.refused, said.chunks);
            Ok(format!("{} dumps, accepted by the module and the crate", said.chunks))
        }),
        ("attacks are refused with the same words", &|| Ok(compare("loads", 0, &attacks, 150)?.to_string())),
        ("mutants do no harm", &|| mutate(program, mutants, &programs)),
        ("the crate says the same", &|| {
            let count = mutants.min(20_000);
            Ok(compare("verdicts", count, &programs, count)?.to_string())
        }),
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

/// What the module and the crate agree about.
struct Compared {
    chunks: u64,
    refused: u64,
}

impl std::fmt::Display for Compared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} chunks, {} of them refused, all with the same words", self.chunks, self.refused)
    }
}

/// Holds the verdicts that the program writes, each chunk and what was said of it, against the crate's.
fn compare(version: Version, mut rest: &[u8]) -> Result<Compared> {
    let mut compared = Compared { chunks: 0, refused: 0 };
    while !rest.is_empty() {
        let chunk = part(&mut rest)?;
        let theirs = String::from_utf8_lossy(&part(&mut rest)?).into_owned();
        let ours = match verify(version, &chunk) {
            Ok(_) => String::new(),
            // A chunk that does not begin like one is text to Lua, and the mode forbids that.
            Err(_) if chunk.first() != Some(&0x1b) => "attempt to load a text chunk (mode is 'b')".to_owned(),
            Err(error) => format!("m: bad binary format ({error})"),
        };
        ensure!(ours == theirs, "chunk {}: the module says {theirs:?}, the crate {ours:?}", compared.chunks);
        compared.chunks += 1;
        compared.refused += u64::from(!ours.is_empty());
    }
    Ok(compared)
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
