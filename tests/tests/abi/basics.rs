//! `init`, `compute`, the I/O buffer, chunk names, the seed, memory.

use anyhow::{Result, ensure};
use moonwright_tests::{Built, Case, Host, HostOptions, LuaVersion, Value, cases};

use crate::support::{contains, integer, same, text, value};

pub const CASES: [Case; 20] = cases![
    abi_version_is_1,
    init_twice_gives_0_and_keeps_the_state,
    one_plus_one,
    the_lua_version_is_the_one_asked_for,
    globals_last_from_one_compute_to_the_next,
    an_empty_chunk_returns_nothing,
    a_chunk_need_not_stand_at_the_start_of_the_buffer,
    a_chunk_with_a_zero_byte,
    binary_chunks_are_refused,
    without_a_name_a_chunk_is_named_by_its_text,
    a_chunk_name_serves_one_chunk,
    the_buffer_is_at_least_64_kib,
    reserve_buffer_grows_and_never_shrinks,
    reserve_buffer_without_memory_changes_nothing,
    memory_stats_are_three_words,
    run_gc_frees_what_nothing_reaches,
    the_same_seed_gives_the_same_random_numbers,
    without_a_seed_the_time_is_the_seed,
    the_clock_is_the_hosts,
    a_hundred_thousand_computes_do_not_grow,
];

fn abi_version_is_1(built: &Built) -> Result<()> {
    let version: i32 = Host::new(built)?.call("abi_version", ())?;
    same("abi_version", &version, &1)
}

fn init_twice_gives_0_and_keeps_the_state(built: &Built) -> Result<()> {
    let mut host = Host::bare(built)?;
    same("first init", &host.init()?, &0)?;
    host.run("kept = 7")?;
    same("second init", &host.init()?, &0)?;
    same("kept", &integer(&mut host, "return kept")?, &7)
}

fn one_plus_one(built: &Built) -> Result<()> {
    let record = Host::new(built)?.run("return 1+1")?;
    same("output", &record.output_text(), &String::new())?;
    same("values", &record.values, &vec![Value::Integer(2)])
}

fn the_lua_version_is_the_one_asked_for(built: &Built) -> Result<()> {
    let expected = match built.lua {
        LuaVersion::V54 => "Lua 5.4",
        LuaVersion::V55 => "Lua 5.5",
    };
    same("_VERSION", &text(&mut Host::new(built)?, "return _VERSION")?, &expected.to_owned())
}

fn globals_last_from_one_compute_to_the_next(built: &Built) -> Result<()> {
    let mut host = Host::new(built)?;
    host.run("function next_one() n = (n or 0) + 1 return n end")?;
    host.run("next_one() local n = 50")?;
    same("n", &integer(&mut host, "return next_one()")?, &2)
}

fn an_empty_chunk_returns_nothing(built: &Built) -> Result<()> {
    let mut host = Host::new(built)?;
    same("record of nothing", &host.compute_status(b"")?, &4)?;
    for chunk in ["", " \n\t", "-- only a comment", "return", ";;"] {
        same(chunk, &host.run(chunk)?.values, &Vec::new())?;
    }
    Ok(())
}

fn a_chunk_need_not_stand_at_the_start_of_the_buffer(built: &Built) -> Result<()> {
    let mut host = Host::new(built)?;
    let at = host.put(b"garbage! return 'inner' garbage!")?;
    let status: i32 = host.call("compute", (at + 9, 14u32))?;
    same("record length", &status, &(4 + 1 + 4 + 5))?;
    same("its last bytes", &host.buffer(14)?[9..].to_vec(), &b"inner".to_vec())
}

fn a_chunk_with_a_zero_byte(built: &Built) -> Result<()> {
    let record = Host::new(built)?.run(b"return '\0', #'a\0b'")?;
    same("values", &record.values, &vec![Value::String(vec![0]), Value::Integer(3)])
}

fn binary_chunks_are_refused(built: &Built) -> Result<()> {
    let mut host = Host::new(built)?;
    let Value::String(binary) = value(&mut host, "return string.dump(function() return 1 end)")? else {
        anyhow::bail!("string.dump gives a string")
    };
    ensure!(binary.starts_with(b"\x1bLua"), "expected bytecode, found {binary:?}");
    let error = host.run_failing(&binary)?;
    same("kind", &error.kind.as_str(), &"syntax")?;
    contains("message", &error.message_text(), "attempt to load a binary chunk")?;
    same("the instance goes on", &integer(&mut host, "return 3")?, &3)
}

fn without_a_name_a_chunk_is_named_by_its_text(built: &Built) -> Result<()> {
    let mut host = Host::new(built)?;
    let error = host.run_failing("error('x')")?;
    same("one line", &error.message_text(), &"[string \"error('x')\"]:1: x".to_owned())?;
    let error = host.run_failing("\nerror('y')")?;
    same("only its first line", &error.message_text(), &"[string \"...\"]:2: y".to_owned())?;
    same(
        "source",
        &text(&mut host, "return debug.getinfo(1, 'S').source")?,
        &"return debug.getinfo(1, 'S').source".to_owned(),
    )
}

fn a_chunk_name_serves_one_chunk(built: &Built) -> Result<()> {
    let mut host = Host::new(built)?;
    host.set_chunk_name("@main.lua")?;
    let error = host.run_failing("\n\nerror('x')")?;
    same("a file", &error.message_text(), &"main.lua:3: x".to_owned())?;
    let error = host.run_failing("error('x')")?;
    same("the next chunk", &error.message_text(), &"[string \"error('x')\"]:1: x".to_owned())?;
    host.set_chunk_name("=prompt")?;
    let error = host.run_failing("x x")?;
    same("a syntax error", &error.message_text(), &"prompt:1: syntax error near 'x'".to_owned())?;
    host.set_chunk_name("=one")?;
    host.set_chunk_name("=two")?;
    same("the last name wins", &host.run_failing("error('x')")?.message_text(), &"two:1: x".to_owned())?;
    host.set_chunk_name("@first.lua")?;
    host.run("function f() error('late') end")?;
    let error = host.run_failing("f()")?;
    same("a function keeps its name", &error.message_text(), &"first.lua:1: late".to_owned())
}

fn the_buffer_is_at_least_64_kib(built: &Built) -> Result<()> {
    let mut host = Host::new(built)?;
    let at: u32 = host.call("get_buffer_ptr", ())?;
    let size: u32 = host.call("get_buffer_size", ())?;
    ensure!(at != 0 && size >= 65_536, "expected at least 65,536 bytes, found {size} at {at}");
    host.read(at, size)?;
    Ok(())
}

fn reserve_buffer_grows_and_never_shrinks(built: &Built) -> Result<()> {
    let mut host = Host::new(built)?;
    let size: u32 = host.call("get_buffer_size", ())?;
    let same_place: u32 = host.call("reserve_buffer", 10u32)?;
    same("asking for less", &same_place, &host.call("get_buffer_ptr", ())?)?;
    same("size after asking for less", &host.call::<_, u32>("get_buffer_size", ())?, &size)?;
    let at: u32 = host.call("reserve_buffer", 3_000_001u32)?;
    same("address", &at, &host.call("get_buffer_ptr", ())?)?;
    let grown: u32 = host.call("get_buffer_size", ())?;
    ensure!(grown >= 3_000_001, "expected at least 3,000,001 bytes, found {grown}");
    let chunk = format!("return #'{}'", "x".repeat(2_999_000));
    same("a chunk of 3 MB", &integer(&mut host, &chunk)?, &2_999_000)
}

fn reserve_buffer_without_memory_changes_nothing(built: &Built) -> Result<()> {
    let options = HostOptions { max_memory: Some(4 << 20), ..HostOptions::default() };
    let mut host = Host::initialised(built, options)?;
    let before: (u32, u32) = (host.call("get_buffer_ptr", ())?, host.call("get_buffer_size", ())?);
    for length in [64 << 20, u32::MAX, u32::MAX - 7, i32::MAX.unsigned_abs()] {
        same("no memory", &host.call::<_, u32>("reserve_buffer", length)?, &0)?;
    }
    let after: (u32, u32) = (host.call("get_buffer_ptr", ())?, host.call("get_buffer_size", ())?);
    same("the buffer", &after, &before)?;
    same("the instance goes on", &integer(&mut host, "return 3")?, &3)
}

fn memory_stats_are_three_words(built: &Built) -> Result<()> {
    let mut host = Host::new(built)?;
    let stats = host.memory_stats()?;
    same("buffer", &stats.buffer, &host.call("get_buffer_size", ())?)?;
    same("pages", &u64::from(stats.pages), &host.pages())?;
    let counted = integer(&mut host, "return math.floor(collectgarbage('count') * 1024)")?;
    let used = i64::from(host.memory_stats()?.used);
    ensure!((used - counted).abs() < 16_384, "expected about the {counted} bytes that Lua counts, found {used}");
    host.run_gc()?;
    let before = host.memory_stats()?.used;
    host.run("big = string.rep('x', 1000000)")?;
    let more = host.memory_stats()?.used;
    ensure!(more >= before + 1_000_000, "expected 1,000,000 bytes more than {before}, found {more}");
    Ok(())
}

fn run_gc_frees_what_nothing_reaches(built: &Built) -> Result<()> {
    let mut host = Host::new(built)?;
    // Tables, not long strings: in 5.5 the string buffer steps the collector although it is stopped (luaL_pushresult).
    host.run("collectgarbage('stop') for i = 1, 10000 do local t = {i, i, i, i, i, i, i, i, i, i, i, i} end")?;
    let before = host.memory_stats()?.used;
    host.run_gc()?;
    let after = host.memory_stats()?.used;
    ensure!(after + 1_000_000 <= before, "expected 1,000,000 bytes less than {before}, found {after}");
    host.run("setmetatable({}, {__gc = function() collected = true end})")?;
    host.run_gc()?;
    same("finaliser", &value(&mut host, "return collected")?, &Value::Boolean(true))
}

/// The first random numbers of an instance and the addresses and orders that hashing decides.
fn random_traits(built: &Built, seed: Option<i64>, now: f64) -> Result<Vec<Value>> {
    let mut host = Host::with_options(built, HostOptions { now: Some(now), ..HostOptions::default() })?;
    if let Some(seed) = seed {
        let () = host.call("set_seed", seed)?;
    }
    same("init", &host.init()?, &0)?;
    let record = host.run(
        "local order = {} \
         for name in pairs({a = 1, b = 1, c = 1, d = 1, e = 1, f = 1, g = 1, h = 1}) do order[#order + 1] = name end \
         return math.random(0), math.random(0), math.random(), table.concat(order)",
    )?;
    Ok(record.values)
}

fn the_same_seed_gives_the_same_random_numbers(built: &Built) -> Result<()> {
    let one = random_traits(built, Some(42), 1.0e12)?;
    same("the same seed at another time", &random_traits(built, Some(42), 1.7e12)?, &one)?;
    let other = random_traits(built, Some(43), 1.0e12)?;
    ensure!(other[..3] != one[..3], "expected other numbers from another seed, found {other:?} twice");
    let far = random_traits(built, Some(42 + (1 << 40)), 1.0e12)?;
    ensure!(far[..3] != one[..3], "expected all 64 bits of the seed to count, found {far:?} twice");
    Ok(())
}

fn without_a_seed_the_time_is_the_seed(built: &Built) -> Result<()> {
    let one = random_traits(built, None, 1.0e12)?;
    let other = random_traits(built, None, 1.0e12 + 1.0)?;
    ensure!(other[..3] != one[..3], "expected other numbers a millisecond later, found {other:?} twice");
    Ok(())
}

fn the_clock_is_the_hosts(built: &Built) -> Result<()> {
    let options = HostOptions { now: Some(1_000_000_000_999.0), ..HostOptions::default() };
    let mut host = Host::initialised(built, options)?;
    same("os.time", &integer(&mut host, "return os.time()")?, &1_000_000_000)?;
    let date = text(&mut host, "return os.date('!%Y-%m-%d %H:%M:%S')")?;
    same("os.date", &date, &"2001-09-09 01:46:40".to_owned())
}

fn a_hundred_thousand_computes_do_not_grow(built: &Built) -> Result<()> {
    let mut host = Host::new(built)?;
    let round = |host: &mut Host, n: i32| -> Result<()> {
        // A success, a failure and one with output and a table: each leaves another kind of record.
        let ran = host.compute_status(b"local t = {n = 1} print(t.n) return t, 'text'")?;
        ensure!(ran > 0, "round {n}: expected a record, found {ran}");
        let failed = host.compute_status(b"error({})")?;
        ensure!(failed < 0, "round {n}: expected a failure, found {failed}");
        ensure!(host.compute_status(b"return 1")? == 13, "round {n}");
        Ok(())
    };
    for n in 0..1_000 {
        round(&mut host, n)?;
    }
    host.run_gc()?;
    let before = host.memory_stats()?;
    for n in 0..33_000 {
        round(&mut host, n)?;
    }
    host.run_gc()?;
    let after = host.memory_stats()?;
    same("pages", &after.pages, &before.pages)?;
    same("buffer", &after.buffer, &before.buffer)?;
    ensure!(after.used <= before.used + 1_024, "expected no growth over {} bytes, found {}", before.used, after.used);
    Ok(())
}
