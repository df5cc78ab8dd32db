//! Damaged stores and images, natively, under the address sanitizer and with Lua's own assertions on. The built modules get the
//! same ones in tests/tests/mutants.rs.

use std::io::{BufWriter, Write};
use std::ops::Range;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail, ensure};
use moonwright_bytecode::Version;
use moonwright_mutants::{CORPUS, Mutant, Seed, asked, corpus, mutant, split, witnesses};
use rayon::prelude::*;

use super::Session;
use super::native::{ASAN, files};
use super::tally::Tally;
use crate::recipe::LuaVersion;

/// How many mutants, unless more are asked for.
const MUTANTS: u64 = 400;

/// Processes that share them.
const SHARES: u64 = 4;

/// With this in the environment, the corpus is written anew.
const MAKE: &str = "MOONWRIGHT_MAKE_CORPUS";

/// The name of the test.
pub(super) fn name(version: LuaVersion) -> String {
    format!("{version}-native::persist::damaged stores")
}

/// Runs the mutants of one version in the compiled program of tests/native/persist.
pub(super) fn run(session: &Session, version: LuaVersion, program: &Path, tally: &mut Tally) -> Result<()> {
    let name = name(version);
    if std::env::var_os(MAKE).is_some() {
        make(session, version, program)?;
    }
    match all(session, version, program) {
        Ok(said) => {
            println!("{name}: {said}");
            tally.passed += 1;
        }
        Err(error) => {
            println!("---- {name} ----\n{error:#}");
            tally.fail(format!("failed: {name}"));
        }
    }
    Ok(())
}

fn all(session: &Session, version: LuaVersion, program: &Path) -> Result<String> {
    let corpus = corpus(match version {
        LuaVersion::V54 => Version::Lua54,
        LuaVersion::V55 => Version::Lua55,
    })?;
    let numbers = asked(MUTANTS)?;
    let touch = session.root.join("tests/mutants/touch.lua");
    let said: Vec<String> = split(&numbers, SHARES)
        .into_par_iter()
        .map(|share| some(program, &touch, &corpus, share))
        .collect::<Result<_>>()?;
    Ok(format!("mutants {numbers:?}: {}", said.join("  ").trim_end()))
}

/// Runs those of these numbers in one process.
fn some(program: &Path, touch: &Path, corpus: &[Seed], numbers: Range<u64>) -> Result<String> {
    let mut child = Command::new(program)
        .arg("--mutants")
        .arg(touch)
        .env(ASAN.0, ASAN.1)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| format!("cannot run {}", program.display()))?;
    let mut input = BufWriter::new(child.stdin.take().context("no standard input")?);
    // Where it dies in between, that is told below, with what it said.
    let written = numbers.clone().try_for_each(|number| input.write_all(&encode(&mutant(corpus, number))));
    drop(input);
    let output = child.wait_with_output()?;
    if !output.status.success() {
        let said = [output.stdout, output.stderr].concat();
        bail!("mutants {numbers:?}: {}\n{}", output.status, String::from_utf8_lossy(&said));
    }
    written?;
    let said = String::from_utf8(output.stdout)?;
    ensure!(
        said.starts_with(&format!("{} mutants", numbers.end - numbers.start)),
        "expected all mutants, found {said}"
    );
    Ok(said)
}

/// A mutant as the program reads it.
fn encode(mutant: &Mutant) -> Vec<u8> {
    fn number(bytes: &mut Vec<u8>, number: usize) {
        bytes.extend((number as u32).to_le_bytes());
    }
    fn text(bytes: &mut Vec<u8>, text: &[u8]) {
        number(bytes, text.len());
        bytes.extend(text);
    }
    let mut bytes = Vec::new();
    number(&mut bytes, mutant.entries.len());
    number(&mut bytes, witnesses().len());
    for entry in &mutant.entries {
        bytes.extend(entry.table.to_le_bytes());
        text(&mut bytes, &entry.key);
        text(&mut bytes, &entry.value);
    }
    text(&mut bytes, mutant.image.as_deref().unwrap_or_default());
    bytes
}

/// Writes the corpus of a version: what the programs of tests/mutants/programs leave.
fn make(session: &Session, version: LuaVersion, program: &Path) -> Result<()> {
    for lua in files(&session.root.join("tests/mutants/programs"), "lua")? {
        let name = lua.file_stem().context("a program without a name")?;
        let out = Path::new(CORPUS).join(version.as_str()).join(name);
        let status = Command::new(program).arg("--corpus").arg(&lua).arg(&out).env(ASAN.0, ASAN.1).status()?;
        ensure!(status.success(), "{} --corpus {}: {status}", program.display(), lua.display());
    }
    Ok(())
}
