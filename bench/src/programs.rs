//! Runs a program in one of our modules under wasmtime; `bench/hosts` has the same for other hosts.

use std::path::Path;
use std::time::Instant;

use anyhow::{Context, Result};
use moonwright::{Engine, Function, Lua};
use serde_json::json;

/// How often the host calls Lua in `host_calls_lua`.
const CALLS: i64 = 200_000;

fn milliseconds(since: Instant) -> f64 {
    since.elapsed().as_secs_f64() * 1e3
}

/// Runs the program `runs` times in one instance.
///
/// # Errors
/// Where the module cannot be run or the program fails.
pub fn measure(path: &Path, program: &Path, mode: &str, runs: u32) -> Result<serde_json::Value> {
    let text = std::fs::read(program).with_context(|| format!("cannot read {}", program.display()))?;
    // Compiled once and kept, as a host would that starts more than once; `bench crate` has the time of the compilation.
    let folder = path.with_extension("compiled");
    Engine::builder().cache(&folder).build()?.module_from_file(path)?;
    let engine = Engine::builder().cache(&folder).build()?;
    let begun = Instant::now();
    let module = engine.module_from_file(path)?;
    let mut lua = Lua::builder().module(&module).function("host_add", |(a, b): (f64, f64)| Ok(a + b)).build()?;
    let startup = milliseconds(begun);
    let mut called: Option<Function> = None;
    if mode == "host_calls_lua" {
        lua.run(&text)?;
        called = Some(lua.eval("return add")?);
    }
    let mut times = Vec::new();
    let mut result = String::new();
    for _ in 0..runs {
        let before = Instant::now();
        result = match &called {
            Some(add) => calls(&mut lua, add)?,
            None => lua.eval::<String>(&text)?,
        };
        times.push(milliseconds(before));
    }
    Ok(json!({"startup": startup, "runs": times, "result": result}))
}

fn calls(lua: &mut Lua, add: &Function) -> Result<String> {
    let mut sum = 0;
    for i in 1..=CALLS {
        sum = lua.call(add, (sum, i))?.to::<i64>()? % 1000;
    }
    Ok(sum.to_string())
}
