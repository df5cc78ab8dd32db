//! What `cargo xtask bench` runs under wasmtime: one process a measurement, which prints JSON. `bench/hosts` has the same
//! for node and for native Lua.

mod costs;
mod persistence;
mod programs;

use anyhow::{Result, bail};

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let printed = match arguments.as_slice() {
        ["persistence", full, core, folder, rounds] => {
            persistence::measure(full.as_ref(), core.as_ref(), folder.as_ref(), rounds.parse()?)?
        }
        ["program", module, program, mode, runs] => {
            programs::measure(module.as_ref(), program.as_ref(), mode, runs.parse()?)?
        }
        ["crate", module, rounds] => costs::measure(module.as_ref(), rounds.parse()?)?,
        _ => bail!(
            "expected: persistence FULL.wasm CORE.wasm FOLDER ROUNDS, or: program BRIDGE.wasm FILE.lua MODE RUNS, or: \
             crate BRIDGE.wasm ROUNDS"
        ),
    };
    println!("{printed}");
    Ok(())
}
