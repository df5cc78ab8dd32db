//! Measures what persistence costs; `bench/hosts/persistence.mjs` does the same on node.

use std::path::Path;
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use moonwright_tests::{Built, Host, HostOptions, LuaVersion, Profile, Tables, Value};
use serde_json::json;

const KEYS: u32 = 10_000;
const OBJECTS: u32 = 20_000;

/// Milliseconds, or whatever else a figure is in, one for each round.
type Samples = Vec<f64>;

/// Runs the programs in `folder` in the module `full` and, where they need no persistence, in `core`.
///
/// # Errors
/// Where a module cannot be run or a program fails.
pub fn measure(full: &Path, core: &Path, folder: &Path, rounds: u32) -> Result<serde_json::Value> {
    let read = |name: &str| std::fs::read(folder.join(name)).with_context(|| format!("cannot read {name}"));
    let load = |path: &Path| Built::from_file(LuaVersion::V54, Profile::Speed, path);
    let setup = Setup { full: load(full)?, cases: read("cases.lua")? };
    let mut without = setup.instance(&load(core)?, &Tables::new())?;
    let mut with = setup.instance(&setup.full, &Tables::new())?;
    let names: Vec<String> = with.run("return case_names()")?.values.iter().filter_map(Value::as_text).collect();
    let mut loops: Vec<(String, [Samples; 3])> = names.into_iter().map(|name| (name, Default::default())).collect();

    // The bytes of an entry are no part of what a function adds: another value stands there before.
    let tables = Tables::new();
    let text = read("function.lua")?;
    let mut host = setup.instance(&setup.full, &tables)?;
    host.run("Memory.f = true")?;
    let before = tables.lock().bytes();
    host.run(&text)?;
    let function_bytes = tables.lock().bytes() - before - text.len();

    let mut keys = Keys::default();
    let (mut out, mut back) = (Samples::new(), Samples::new());
    let mut verification = Verification::default();
    for _ in 0..rounds {
        for (name, [none, plain, memory]) in &mut loops {
            none.push(number(&mut without, &format!("return measure('{name}', false)"))?);
            plain.push(number(&mut with, &format!("return measure('{name}', false)"))?);
            memory.push(number(&mut with, &format!("return measure('{name}', true)"))?);
        }
        verification.round(&mut with)?;
        keys.round(&setup)?;
        let tables = Tables::new();
        out.push(number(&mut setup.instance(&setup.full, &tables)?, &format!("return store_objects({OBJECTS})"))?);
        let [took, sum] = numbers(&mut setup.instance(&setup.full, &tables)?, "return read_objects()")?;
        ensure!(sum == f64::from(OBJECTS) * f64::from(OBJECTS + 1) / 2.0, "unexpected sum of ids: {sum}");
        back.push(took);
    }
    let loops: Vec<_> = loops
        .into_iter()
        .map(|(name, [none, plain, memory])| json!({"name": name, "none": none, "plain": plain, "memory": memory}))
        .collect();
    Ok(json!({"loops": loops, "figures": {
        "function_bytes": [function_bytes], "attach": keys.attach, "read_keys": keys.read, "entries": keys.entries,
        "out": out, "in": back, "load": verification.load, "verify_undump": verification.undump, "verify_load": verification.text,
    }}))
}

/// What every instance begins with.
struct Setup {
    full: Built,
    cases: Vec<u8>,
}

impl Setup {
    fn instance(&self, module: &Built, tables: &Tables) -> Result<Host> {
        let mut host = Host::initialised(module, HostOptions { tables: tables.clone(), ..HostOptions::default() })?;
        host.run(&self.cases)?;
        Ok(host)
    }
}

/// A store of many keys.
#[derive(Default)]
struct Keys {
    attach: Samples,
    read: Samples,
    entries: Vec<u64>,
}

impl Keys {
    fn round(&mut self, setup: &Setup) -> Result<()> {
        let tables = Tables::new();
        setup.instance(&setup.full, &tables)?.run(format!("fill_keys({KEYS})"))?;
        let mut host = setup.instance(&setup.full, &tables)?;
        let begun = Instant::now();
        let status: i32 = host.call("attach_memory_table", 1)?;
        self.attach.push(begun.elapsed().as_secs_f64() * 1000.0);
        ensure!(status == 0, "attach_memory_table: expected 0, found {status}");
        let [took, count] = numbers(&mut host, "return read_keys()")?;
        ensure!(count == f64::from(KEYS), "expected {KEYS} keys, found {count}");
        self.read.push(took);
        let changes = || {
            let tables = tables.lock();
            tables.sets + tables.deletes
        };
        let before = changes();
        host.run(format!("Memory.key{} = 'changed'", KEYS / 2))?;
        self.entries.push(changes() - before);
        Ok(())
    }
}

/// What loading bytecode, and the verifier's part of that, take in parts of other things.
#[derive(Default)]
struct Verification {
    /// Loading bytecode, in parts of loading its text.
    load: Samples,
    /// Verifying it, in parts of reading it without that.
    undump: Samples,
    /// Verifying it, in parts of loading its text.
    text: Samples,
}

impl Verification {
    /// The verifier goes over the chunk that has just been loaded: the module exports `mw_verify` for this.
    fn round(&mut self, host: &mut Host) -> Result<()> {
        let [chunk, text, closure, state] = numbers(host, "return load_bytecode()")?;
        let (closure, state) = (closure as u32, state as u32);
        // Where an object has its type; a closure's function is an object as well.
        let kind = |host: &Host, at: u32| Ok::<_, anyhow::Error>(host.read(at + 4, 1)?[0]);
        let proto = host.read(closure + 12, 4)?.into_iter().rev().fold(0, |sum, byte| sum << 8 | u32::from(byte));
        let kinds = (kind(host, closure)?, kind(host, proto)?);
        ensure!(kinds == (6, 10), "expected a Lua function and its prototype, found objects of the types {kinds:?}");
        let mut verify = f64::INFINITY;
        for _ in 0..5 {
            let begun = Instant::now();
            for _ in 0..60 {
                host.call::<_, ()>("mw_verify", (state, proto, closure))?;
            }
            verify = verify.min(begun.elapsed().as_secs_f64() * 1000.0 / 60.0);
        }
        self.load.push(chunk / text);
        self.undump.push(verify / (chunk - verify));
        self.text.push(verify / text);
        Ok(())
    }
}

fn numbers<const N: usize>(host: &mut Host, text: &str) -> Result<[f64; N]> {
    let values = host.run(text)?.values;
    let numbers: Option<Vec<f64>> = values
        .iter()
        .map(|value| match value {
            Value::Float(float) => Some(*float),
            Value::Integer(integer) => Some(*integer as f64),
            _ => None,
        })
        .collect();
    numbers
        .and_then(|numbers| numbers.try_into().ok())
        .with_context(|| format!("{text}: expected {N} numbers, found {values:?}"))
}

fn number(host: &mut Host, text: &str) -> Result<f64> {
    let [number] = numbers(host, text)?;
    Ok(number)
}
