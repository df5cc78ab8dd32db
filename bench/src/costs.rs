//! Measures what the crate costs.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use moonwright::{DiskStore, Function, Lua, Module};
use serde_json::{Map, json};

/// Instances that are alive at once when their memory is measured.
const INSTANCES: usize = 500;

/// Figures by name, one sample for each round.
struct Figures(Map<String, serde_json::Value>);

impl Figures {
    fn add(&mut self, name: &str, sample: f64) {
        if let Some(samples) = self.0.entry(name).or_insert_with(|| json!([])).as_array_mut() {
            samples.push(json!(sample));
        }
    }
}

fn nanoseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e9
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

/// How long each of `count` actions takes.
fn each(count: u32, mut action: impl FnMut() -> Result<()>) -> Result<Duration> {
    let begun = Instant::now();
    for _ in 0..count {
        action()?;
    }
    Ok(begun.elapsed() / count)
}

/// Runs everything `rounds` times.
///
/// # Errors
/// Where the module cannot be run or a store not written.
pub fn measure(path: &Path, rounds: u32) -> Result<serde_json::Value> {
    let mut figures = Figures(Map::new());
    let begun = Instant::now();
    let module = Module::from_file(path)?;
    figures.add("compile", milliseconds(begun.elapsed()));
    for round in 0..rounds {
        let took = each(100, || Ok(Lua::builder().module(&module).build().map(drop)?))?;
        figures.add("instantiate", nanoseconds(took) / 1e3);
        calls(&module, &mut figures)?;
        disk(&module, &mut figures)?;
        if round == 0 {
            // Once: the system does not get all of it back.
            let before = resident();
            let many = (0..INSTANCES).map(|_| Lua::builder().module(&module).build()).collect::<Result<Vec<_>, _>>()?;
            figures.add("resident", (resident() - before) as f64 / INSTANCES as f64 / 1024.0);
            drop(many);
        }
    }
    Ok(serde_json::Value::Object(figures.0))
}

fn calls(module: &Module, figures: &mut Figures) -> Result<()> {
    let mut lua = Lua::builder().module(module).function("host", |n: i64| Ok(n + 1)).build()?;
    lua.run("function add(a, b) return a + b end; function many(n) for i = 1, n do host(i) end end")?;
    let add: Function = lua.eval("return add")?;
    figures.add("call_handle", nanoseconds(each(20_000, || Ok(lua.call(&add, (1, 2)).map(drop)?))?));
    figures.add("call_name", nanoseconds(each(20_000, || Ok(lua.call("add", (1, 2)).map(drop)?))?));
    let begun = Instant::now();
    lua.call("many", 100_000)?;
    figures.add("call_host", nanoseconds(begun.elapsed()) / 1e5);
    Ok(())
}

fn disk(module: &Module, figures: &mut Figures) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("state");
    let mut lua = Lua::builder().module(module).store(DiskStore::open(&path)?).build()?;
    lua.run("function fill(n, v) for i = 1, n do Memory[i] = v end end; fill(10000, 0)")?;
    for count in [1_i64, 100, 10_000] {
        let mut value = count;
        let took = each(5, || {
            value += 1;
            Ok(lua.call("fill", (count, value)).map(drop)?)
        })?;
        figures.add(&format!("flush_{count}"), milliseconds(took));
    }
    drop(lua);
    let begun = Instant::now();
    let mut lua = Lua::builder().module(module).store(DiskStore::open(&path)?).build()?;
    figures.add("open", milliseconds(begun.elapsed()));
    let begun = Instant::now();
    let count: i64 = lua.eval("local n = 0 for _ in pairs(Memory) do n = n + 1 end return n")?;
    ensure!(count == 10_000, "expected 10000 keys, found {count}");
    figures.add("load", milliseconds(begun.elapsed()));
    Ok(())
}

/// Bytes of this process that are in memory; 0 where the system does not say it this way.
fn resident() -> usize {
    let status = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    status.split(' ').nth(1).and_then(|pages| pages.parse::<usize>().ok()).unwrap_or(0) * 4096
}
