//! A counter that survives restarts: `cargo run -p moonwright --example counter -- lua.wasm counter.state [KEY]`.
//!
//! The program has no code for loading or storing: what `Memory` reaches is there again, functions with their locals, too.

use moonwright::{DiskStore, Lua};

const PROGRAM: &str = "
    local counts = {}
    Memory.count = Memory.count or function (key)
        counts[key] = (counts[key] or 0) + 1
        return counts[key]
    end
";

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let module =
        arguments.next().ok_or("expected the path of a module, built with --contract bridge --unwind standard")?;
    let state = arguments.next().ok_or("expected the path of the state")?;
    let key = arguments.next().unwrap_or_else(|| "visits".to_owned());

    let mut lua = Lua::builder().module(module.as_str()).store(DiskStore::open(state)?).build()?;
    lua.run_named("=counter", PROGRAM)?;
    let count: i64 = lua.call("Memory.count", key.as_str())?.to()?;
    println!("{key}: {count}");
    Ok(())
}
