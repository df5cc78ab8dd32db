//! The verifier of bytecode, natively and with Lua's own assertions on: what the compiler emits is accepted, mutants that are
//! accepted run without harm, and the crate `moonwright-bytecode` says the same of each as the verifier in the module.

use std::io::Read;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use anyhow::{Context, Result, bail, ensure};
use moonwright_bytecode::{Version, verify};
use moonwright_mutants::{asked, split};
use rayon::prelude::*;

use super::Session;
use super::native::{ASAN, files};
use super::tally::Tally;
use crate::recipe::LuaVersion;

/// The program in tests/native.
pub(super) const NAME: &str = "bytecode";

/// How many mutants, unless more are asked for.
const MUTANTS: u64 = 3000;

/// How many of them at most the crate gives its verdict of, too.
const VERDICTS: u64 = 20_000;

/// How many generated programs have to be accepted.
const GENERATED: u64 = 1000;

/// Where the generated programs begin: far from those that mutants are made of.
const GENERATED_FROM: u64 = 1 << 40;

/// Processes that share the mutants.
const SHARES: u64 = 4;

/// The tests.
pub(super) const TESTS: [&str; 4] = [
    "what the compiler emits is accepted",
    "attacks are refused with the same words",
    "mutants do no harm",
    "the crate says the same",
];

/// The name of one.
pub(super) fn name(version: LuaVersion, test: &str) -> String {
    format!("{version}-native::{NAME}::{test}")
}

/// Runs the tests of one version with its compiled program.
pub(super) fn run(session: &Session, version: LuaVersion, program: &Path, tally: &mut Tally) -> Result<()> {
    let mutants = asked(MUTANTS)?;
    let programs = files(&session.root.join("tests/lua"), "lua")?;
    let bytecode = match version {
        LuaVersion::V54 => Version::Lua54,
        LuaVersion::V55 => Version::Lua55,
    };
    let attacks = [session.root.join("tests/lua/vm_bytecode.lua")];
    let compare = |mode, numbers: Range<u64>, programs: &[PathBuf], least| {
        let output = run_program(program, mode, &numbers, programs)?.stdout;
        let said = compare(bytecode, &output)?;
        ensure!(said.chunks >= least, "expected {least} chunks or more, found {}", said.chunks);
        Ok(said)
    };
    let run: [&dyn Fn() -> Result<String>; TESTS.len()] = [
        &|| {
            let said = compare("accept", GENERATED_FROM..GENERATED_FROM + GENERATED, &programs, GENERATED)?;
            ensure!(said.refused == 0, "the crate refuses {} of {} chunks", said.refused, said.chunks);
            Ok(format!("{} dumps, accepted by the module and the crate", said.chunks))
        },
        &|| Ok(compare("loads", 0..0, &attacks, 150)?.to_string()),
        &|| mutate(program, &mutants, &programs),
        &|| {
            let some = mutants.start..mutants.end.min(mutants.start + VERDICTS);
            let count = some.end - some.start;
            Ok(compare("verdicts", some, &programs, count)?.to_string())
        },
    ];
    for (test, run) in TESTS.into_iter().zip(run) {
        let name = name(version, test);
        if session.filter.as_ref().is_some_and(|filter| !name.contains(filter)) {
            continue;
        }
        match run() {
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

fn run_program(program: &Path, mode: &str, numbers: &Range<u64>, programs: &[PathBuf]) -> Result<Output> {
    let mut command = Command::new(program);
    let (from, count) = (numbers.start, numbers.end - numbers.start);
    command.args([mode, &from.to_string(), &count.to_string()]).args(programs).env(ASAN.0, ASAN.1);
    let output = command.output().with_context(|| format!("cannot run {}", program.display()))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        bail!("{mode} {from} {count}: {}\n{said}", output.status);
    }
    Ok(output)
}

fn text(output: Output) -> Result<String> {
    String::from_utf8(output.stdout).context("expected text")
}

fn mutate(program: &Path, numbers: &Range<u64>, programs: &[PathBuf]) -> Result<String> {
    let shares: Vec<String> = split(numbers, SHARES)
        .into_par_iter()
        .map(|share| text(run_program(program, "mutate", &share, programs)?))
        .collect::<Result<_>>()?;
    Ok(format!("mutants {numbers:?}: {}", shares.join("  ")))
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
