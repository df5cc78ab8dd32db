//! Modules of contract `core`: six functions and the memory, without errors' records, limits and stored tables.

use anyhow::{Result, ensure};
use moonwright_tests::{Built, Host, HostOptions, LuaVersion, ResultRecord, Value};

const EXPORTS: [&str; 7] =
    ["compute", "get_buffer_ptr", "get_buffer_size", "get_memory_stats", "init", "memory", "run_gc"];

/// Runs a chunk that is to succeed. ([`Host::run`] wants the error record, which such modules do not have.)
fn run(host: &mut Host, text: &str) -> Result<ResultRecord> {
    let status = host.compute_status(text.as_bytes())?;
    ensure!(status >= 0, "{text}: expected a result, found {status}");
    let bytes = host.buffer(status.unsigned_abs())?;
    Ok(ResultRecord::decode(&bytes)?)
}

/// Runs a chunk that is to fail, and gives the message.
fn run_failing(host: &mut Host, text: &str) -> Result<String> {
    let status = host.compute_status(text.as_bytes())?;
    ensure!(status < 0, "{text}: expected a failure, found {status}");
    Ok(String::from_utf8(host.buffer((-(status + 1)).unsigned_abs())?)?)
}

fn check(lua: LuaVersion) -> Result<()> {
    let built = Built::of_contract(lua, "core")?;
    let mut exports: Vec<&str> = built.module.exports().map(|export| export.name()).collect();
    exports.sort_unstable();
    ensure!(exports == EXPORTS, "expected the exports {EXPORTS:?}, found {exports:?}");
    let imports: Vec<_> = built.module.imports().map(|import| (import.module(), import.name())).collect();
    ensure!(imports == [("env", "js_time_now")], "expected the clock as the one import, found {imports:?}");

    let mut host = Host::initialised(&built, HostOptions::default())?;
    let record = run(&mut host, "print('said') return 6 * 7, _VERSION, Memory, ext")?;
    ensure!(record.output == b"said\n", "found the output {:?}", record.output);
    let version = Value::str(&format!("Lua {lua}"));
    let expected = [Value::Integer(42), version, Value::Nil, Value::Nil];
    ensure!(record.values == expected, "expected {expected:?}, found {:?}", record.values);

    let message = run_failing(&mut host, "local t = nil; return t.x")?;
    ensure!(message.contains("attempt to index a nil value (local 't')"), "found the message {message}");
    let message = run_failing(&mut host, "return +")?;
    ensure!(message.contains("unexpected symbol"), "found the message {message}");
    // A class, a coroutine, a caught error, and what a chunk leaves for the next one.
    run(
        &mut host,
        "Counter = setmetatable({}, {__call = function (class, n) return setmetatable({n = n}, class) end})
         Counter.__index = Counter
         function Counter:up () self.n = self.n + 1; return self.n end
         counter = Counter(1)
         wrapped = coroutine.wrap(function () while true do coroutine.yield(counter:up()) end end)
         assert(wrapped() == 2 and not pcall(error, 'caught'))",
    )?;
    host.run_gc()?;
    let record = run(&mut host, "return wrapped(), #string.format('%5.1f', math.pi)")?;
    let expected = [Value::Integer(3), Value::Integer(5)];
    ensure!(record.values == expected, "expected {expected:?}, found {:?}", record.values);
    ensure!(host.memory_stats()?.used > 0, "expected bytes in use, found none");
    Ok(())
}

#[test]
fn lua_5_4_fulfils_the_contract_core() -> Result<()> {
    check(LuaVersion::V54)
}

#[test]
fn lua_5_5_fulfils_the_contract_core() -> Result<()> {
    check(LuaVersion::V55)
}
