//! Prints what the crate costs: `cargo run --release -p moonwright --example figures -- lua.wasm`.

use std::time::{Duration, Instant};

use moonwright::{DiskStore, Function, Lua, Module};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = std::env::args().nth(1).ok_or("expected the path of a module built with --contract bridge")?;
    let begun = Instant::now();
    let module = Module::from_file(path)?;
    println!("{:<44} {:>12.2?}", "compile the module", begun.elapsed());

    each("instantiate, init, drop", 200, || Lua::builder().module(&module).build().map(drop))?;
    let mut lua = Lua::builder().module(&module).function("host", |n: i64| Ok(n + 1)).build()?;
    let resident = resident();
    let many = (0..1000).map(|_| Lua::builder().module(&module).build()).collect::<Result<Vec<_>, _>>()?;
    println!("{:<44} {:>9} KiB", "resident memory of an instance", (self::resident() - resident) / 1000 / 1024);
    drop(many);

    lua.run("function add(a, b) return a + b end; function many(n) for i = 1, n do host(i) end end")?;
    let add: Function = lua.eval("return add")?;
    each("Rust calls Lua through a handle", 20_000, || lua.call(&add, (1, 2)).map(drop))?;
    each("Rust calls Lua by name", 20_000, || lua.call("add", (1, 2)).map(drop))?;
    let begun = Instant::now();
    lua.call("many", 100_000)?;
    println!("{:<44} {:>12.2?}", "Lua calls Rust", begun.elapsed() / 100_000);

    let dir = tempfile::tempdir()?;
    let mut lua = Lua::builder().module(&module).store(DiskStore::open(dir.path().join("state"))?).build()?;
    lua.run("function fill(n, v) for i = 1, n do Memory[i] = v end end; fill(10000, 0)")?;
    for (round, count) in [1, 100, 10_000].into_iter().enumerate() {
        let begun = Instant::now();
        for by in 0..5 {
            lua.call("fill", (count, 10 * (round as i64 + 1) + by))?;
        }
        println!("{:<44} {:>12.2?}", format!("change and flush {count} keys on disk"), begun.elapsed() / 5);
    }
    drop(lua);
    let begun = Instant::now();
    let mut lua = Lua::builder().module(&module).store(DiskStore::open(dir.path().join("state"))?).build()?;
    lua.run("assert(Memory[10000] == 34)")?;
    println!("{:<44} {:>12.2?}", "open a state and load 10,000 keys", begun.elapsed());
    Ok(())
}

fn each<E>(what: &str, count: u32, mut action: impl FnMut() -> Result<(), E>) -> Result<Duration, E> {
    let begun = Instant::now();
    for _ in 0..count {
        action()?;
    }
    let took = begun.elapsed() / count;
    println!("{what:<44} {took:>12.2?}");
    Ok(took)
}

fn resident() -> usize {
    let status = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    status.split(' ').nth(1).and_then(|pages| pages.parse::<usize>().ok()).unwrap_or(0) * 4096
}
