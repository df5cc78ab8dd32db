//! Limits of memory, recursion and instructions: each ends as a Lua error, and the instance goes on.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use moonwright_tests::{Built, Case, ErrorRecord, Host, HostOptions, Outcome, cases};

use crate::support::{contains, integer, same, text};

pub const CASES: [Case; 17] = cases![
    recursion_200_000_deep,
    endless_recursion_is_a_lua_error,
    recursion_through_c_is_a_lua_error,
    deep_source_is_a_syntax_error,
    endless_concatenation_hits_the_heap_limit,
    a_heap_limit_can_be_caught,
    a_heap_limit_counts_output_and_buffer,
    the_engines_memory_limit_is_a_lua_error,
    one_huge_request_is_a_lua_error,
    without_a_limit_the_heap_is_free_again,
    nothing_in_a_script_stops_the_instruction_limit,
    library_loops_are_charged,
    work_on_stored_tables_is_charged,
    a_huge_count_of_nothing_ends_soon,
    the_instruction_limit_counts_anew_for_each_call,
    the_instruction_limit_leaves_the_instance_usable,
    instructions_below_the_limit_are_free,
];

fn recursion_200_000_deep(built: &Built) -> Result<()> {
    let mut host = Host::new(built)?;
    let chunk = "local function depth(n) if n == 0 then return 0 end return 1 + depth(n - 1) end return depth(200000)";
    same("200,000 frames", &integer(&mut host, chunk)?, &200_000)?;
    // LUAI_MAXSTACK is a million slots, of which this function takes more than five a call.
    let error = host.run_failing(
        "local function deep(n) if n == 0 then return 0 end local a, b, c = n, n, n return a + b + c + deep(n - 1) end
         return deep(200000)",
    )?;
    same("kind", &error.kind.as_str(), &"runtime")?;
    contains("message", &error.message_text(), "stack overflow")?;
    same("the instance goes on", &integer(&mut host, "return 3")?, &3)
}

fn endless_recursion_is_a_lua_error(built: &Built) -> Result<()> {
    let mut host = Host::new(built)?;
    for chunk in [
        "local function f() return 1 + f() end f()",
        "local t = setmetatable({}, {}) getmetatable(t).__index = function(t, k) return t[k] .. '' end return t.x",
        "local function f() return pcall(f), error('x') end return f(), error('end')",
    ] {
        let error = host.run_failing(chunk)?;
        same(chunk, &error.kind.as_str(), &"runtime")?;
        ensure!(!error.traceback.is_empty() && error.traceback.len() < 20_000, "found {}", error.traceback_text());
    }
    for _ in 0..3 {
        host.run("local function f() return 1 + f() end assert(not pcall(f))")?;
    }
    Ok(())
}

fn recursion_through_c_is_a_lua_error(built: &Built) -> Result<()> {
    let mut host = Host::new(built)?;
    for chunk in [
        "local function f(s) return (string.gsub(s, '.', f)) end f('x')",
        "local function f() table.sort({3, 2, 1}, f) end f()",
        "local function f() return tostring(setmetatable({}, {__tostring = f})) end f()",
        "local function f() return coroutine.wrap(f)() end f()",
        "local function f() return assert(load(f)) end f()",
        "local t = {} for i = 1, 100000 do t = setmetatable({}, {__index = t}) end return t.x",
        "local function f(...) return select('#', table.unpack({...}, 1, 100)), f(...) + 1 end f(1)",
        "local t = setmetatable({}, {__concat = function(a, b) return a .. b end}) return t .. t",
        "local function f() for k in pairs(setmetatable({}, {__pairs = f})) do end end f()",
    ] {
        let error = host.run_failing(chunk)?;
        same(chunk, &error.kind.as_str(), &"runtime")?;
    }
    same("the instance goes on", &integer(&mut host, "return 3")?, &3)
}

fn deep_source_is_a_syntax_error(built: &Built) -> Result<()> {
    let mut host = Host::new(built)?;
    for (open, close) in
        [("(", ")"), ("{", "}"), ("function() return ", " end"), ("- ", ""), ("not ", ""), ("2^", ""), ("'x'..", "")]
    {
        let chunk = format!("return {}1{}", open.repeat(100_000), close.repeat(100_000));
        nested_too_deeply(open, &host.run_failing(&chunk)?)?;
    }
    for statement in ["do ", "while true do ", "if x then ", "for i = 1, 2 do ", "repeat "] {
        nested_too_deeply(statement, &host.run_failing(statement.repeat(100_000))?)?;
    }
    Ok(())
}

/// Upstream raises most of these as "C stack overflow", which is a runtime error even while compiling.
fn nested_too_deeply(what: &str, error: &ErrorRecord) -> Result<()> {
    let message = error.message_text();
    ensure!(["syntax", "runtime"].contains(&error.kind.as_str()), "{what}: found {error:?}");
    ensure!(message.contains("overflow") || message.contains("too many"), "{what}: found {message:?}");
    Ok(())
}

fn endless_concatenation_hits_the_heap_limit(built: &Built) -> Result<()> {
    let mut host = Host::new(built)?;
    host.set_limits(16 << 20, 0)?;
    let error = host.run_failing("print 'before' local s = 'x' while true do s = s .. s end")?;
    same("kind", &error.kind.as_str(), &"memory")?;
    same("message", &error.message_text(), &"not enough memory".to_owned())?;
    same("output", &error.output, &b"before\n".to_vec())?;
    ensure!(host.pages() <= (24 << 20) >> 16, "expected at most 24 MiB of linear memory, found {} pages", host.pages());
    for chunk in [
        "local t = {} while true do t[#t + 1] = {} end",
        "local t = {} while true do t[#t + 1] = ('x'):rep(1000) .. #t end",
        "local s = '' while true do s = s .. ('some text'):rep(10000) end",
        "local t = {} for i = 1, math.huge do t[i] = function() return i end end",
        "local t = {} while true do t[#t + 1] = coroutine.create(print) end",
        "return string.rep('x', 1 << 30)",
        "return ('x'):rep(1 << 23):rep(100)",
        "return (('x'):rep(1 << 20):gsub('x', ('y'):rep(1 << 10)))",
        "print(('x'):rep(1 << 20)) while true do io.write(('y'):rep(1 << 16)) end",
    ] {
        let error = host.run_failing(chunk);
        let error = error.with_context(|| chunk.to_owned())?;
        same(chunk, &error.kind.as_str(), &"memory")?;
    }
    same("the instance goes on", &integer(&mut host, "return 3")?, &3)
}

fn a_heap_limit_can_be_caught(built: &Built) -> Result<()> {
    let mut host = Host::new(built)?;
    host.set_limits(8 << 20, 0)?;
    let chunk = "local ok, message = pcall(string.rep, 'x', 1 << 24) return tostring(ok) .. message";
    same("caught", &text(&mut host, chunk)?, &"falsenot enough memory".to_owned())
}

fn a_heap_limit_counts_output_and_buffer(built: &Built) -> Result<()> {
    let mut host = Host::new(built)?;
    host.set_limits(4 << 20, 0)?;
    same("a buffer over the limit", &host.call::<_, u32>("reserve_buffer", 8u32 << 20)?, &0)?;
    let error = host.run_failing("while true do print('some output') end")?;
    same("kind", &error.kind.as_str(), &"memory")?;
    ensure!(error.output.starts_with(b"some output\n"), "found {} bytes of output", error.output.len());
    Ok(())
}

fn the_engines_memory_limit_is_a_lua_error(built: &Built) -> Result<()> {
    let options = HostOptions { max_memory: Some(16 << 20), ..HostOptions::default() };
    let mut host = Host::initialised(built, options)?;
    for chunk in [
        "local t = {} while true do t[#t + 1] = {#t} end",
        "local s = 'x' while true do s = s .. s end",
        "while true do print('some output') end",
    ] {
        let error = host.run_failing(chunk)?;
        same(chunk, &error.kind.as_str(), &"memory")?;
    }
    same("the instance goes on", &integer(&mut host, "return 3")?, &3)
}

fn one_huge_request_is_a_lua_error(built: &Built) -> Result<()> {
    let mut host = Host::new(built)?;
    for chunk in [
        "return string.rep('x', math.maxinteger)",
        "return string.rep('x', 1 << 31)",
        "return string.rep('ab', (1 << 31) - 1, 'c')",
        "return table.pack(table.unpack({}, 1, 1e7))",
        "return ('x'):rep(1 << 28):rep(1 << 10)",
    ] {
        let error = host.run_failing(chunk)?;
        ensure!(["runtime", "memory"].contains(&error.kind.as_str()), "{chunk}: found {error:?}");
    }
    same("the instance goes on", &integer(&mut host, "return 3")?, &3)
}

fn without_a_limit_the_heap_is_free_again(built: &Built) -> Result<()> {
    let mut host = Host::new(built)?;
    host.set_limits(4 << 20, 0)?;
    same("kind", &host.run_failing("return #string.rep('x', 8 << 20)")?.kind.as_str(), &"memory")?;
    host.set_limits(0, 0)?;
    same("no limit", &integer(&mut host, "return #string.rep('x', 8 << 20)")?, &(8 << 20))
}

/// Each of these runs for ever, and tries to swallow what ends it.
const ENDLESS: &[&str] = &[
    "while true do end",
    "repeat local x = 1 until false",
    "for i = 1, math.huge do end",
    "for i = 1, math.maxinteger do end",
    "::again:: goto again",
    "while true do pcall(function() while true do end end) end",
    "while true do pcall(pcall, pcall, error) end",
    "local function f() return f() end f()",
    "while true do xpcall(function() while true do end end, function() while true do end end) end",
    "xpcall(error, function(m) while true do end end)",
    "setmetatable({}, {__gc = function() while true do end end}) collectgarbage() while true do end",
    "setmetatable({}, {__gc = function(o) setmetatable({}, getmetatable(o)) while true do end end}) while true do collectgarbage() end",
    "local t <close> = setmetatable({}, {__close = function() while true do end end}) while true do end",
    "while true do local co = coroutine.create(function() local t <close> = setmetatable({}, {__close = function() while true do end end}) coroutine.yield() end) coroutine.resume(co) coroutine.close(co) end",
    "while true do coroutine.resume(coroutine.create(function() while true do end end)) end",
    "local w = coroutine.wrap(function() while true do pcall(coroutine.yield) end end) while true do w() end",
    "debug.sethook() while true do debug.sethook() end",
    "debug.sethook(function() end, '', 1) while true do end",
    "debug.sethook(function() while true do end end, 'l') while true do end",
    "debug.sethook(function() while true do end end, '', 1) local x = 1 debug.sethook()",
    "local t = setmetatable({}, {__index = function(t, k) return t[k + 1] end}) while true do pcall(function() return t[1] end) end",
    "for _ in function() return 1 end do end",
    "for k in pairs(setmetatable({}, {__pairs = function() return function() return 1 end end})) do end",
    "table.sort(setmetatable({}, {__len = function() while true do end end}))",
    "while true do load('while true do end')() end",
    "load(function() while true do end end)",
    "load(function() return ' ' end)",
    "string.gsub('x', 'x', function() while true do end end)",
    "while true do local ok = pcall(function() error(setmetatable({}, {__tostring = function() while true do end end})) end) end",
    "error(setmetatable({}, {__tostring = function() while true do end end}))",
];

/// Each of these runs for a very long time in one call of a library function.
const LONG_LIBRARY_CALLS: &[&str] = &[
    "table.insert(setmetatable({}, {__len = function() return math.maxinteger - 1 end}), 1, 1)",
    "table.remove(setmetatable({}, {__len = function() return math.maxinteger - 1 end}), 1)",
    "table.move({}, 1, math.maxinteger - 1, 2)",
    "table.move(setmetatable({}, {__index = function() end, __newindex = function() end}), 1, 1 << 60, 2, {})",
    "table.concat(setmetatable({}, {__len = function() return 1 << 60 end, __index = function() return '' end}))",
    "string.find(('a'):rep(30), ('a?'):rep(30) .. ('a'):rep(30))",
    "string.find(('a'):rep(100000), ('.-'):rep(20) .. 'b')",
    "string.match(('a'):rep(10000), '(.-)(.-)(.-)(.-)b')",
    "for _ in string.gmatch(('a'):rep(100000), '.-.-.-b') do end",
    "string.gsub(('a'):rep(100000), '.-.-.-b', '')",
    "for i = 1, 1e9 do string.find(('x'):rep(100000), ('x'):rep(1000) .. 'y', 1, true) end",
    "utf8.len(('x'):rep(1e6)) for i = 1, 1e9 do utf8.len(('x'):rep(1e6)) end",
    "local t = {} for i = 1, 100000 do t[i] = i end while true do table.sort(t, function(a, b) return a > b end) end",
    "while true do next({}) end",
    "local t = {} for i = 1, 1e5 do t[i] = 1 end while true do select('#', table.unpack(t)) end",
    "local t = {} for i = 1, 1e5 do t[i] = 'x' end while true do table.concat(t) end",
    "local n = 0 while true do n = n + #string.format('%99d', n) end",
    "local s = string.rep('x', 1e6) while true do s:upper() end",
    "local s = string.rep('x', 1e6) while true do s:reverse() end",
    "local s = string.rep('x', 1e6) while true do local _ = s:byte(1, 1000) end",
    "local t = {} for i = 1, 200 do t[i] = i end while true do string.pack(('i4'):rep(200), table.unpack(t)) end",
    "while true do local t = {} for i = 1, 1e5 do t[i] = i end for i = 1, 1e5 do t[i] = nil end end",
    "while true do os.time() end",
    "while true do collectgarbage('step') end",
    "while true do string.dump(function() end) end",
];

fn each_ends(built: &Built, chunks: &[&str]) -> Result<()> {
    for chunk in chunks {
        let mut host = Host::new(built)?;
        host.set_limits(64 << 20, 200_000)?;
        let begun = Instant::now();
        let error = host.run_failing(chunk).with_context(|| (*chunk).to_owned())?;
        let took = begun.elapsed();
        same(chunk, &error.kind.as_str(), &"limit")?;
        ensure!(took < Duration::from_secs(10), "{chunk}: expected it to end soon, it took {took:?}");
        // A hook stays set, and would go on with what it does.
        if !chunk.contains("sethook(function") {
            host.set_limits(0, 0)?;
            let goes_on = integer(&mut host, "return 3").with_context(|| format!("after {chunk}"))?;
            same("the instance goes on", &goes_on, &3)?;
        }
    }
    Ok(())
}

fn nothing_in_a_script_stops_the_instruction_limit(built: &Built) -> Result<()> {
    each_ends(built, ENDLESS)
}

fn library_loops_are_charged(built: &Built) -> Result<()> {
    each_ends(built, LONG_LIBRARY_CALLS)
}

fn work_on_stored_tables_is_charged(built: &Built) -> Result<()> {
    let options = HostOptions::default();
    let tables = options.tables.clone();
    Host::initialised(built, options)?.run(
        "Memory.big = {}
         for i = 1, 3000 do Memory.big[i] = {} end
         Memory.h = ext.table()
         for i = 1, 3000 do Memory.h[i] = i end",
    )?;
    // What a chunk does beside the work on stored tables takes fewer steps than it is given.
    for (chunk, enough) in [
        ("local x = Memory.big[1]", 3000),
        ("local h = Memory.h for _ in pairs(h) do end", 6500),
        // each refusal looks for the way from Memory
        ("for i = 1, 3000 do local x = Memory.big[i] end pcall(rawset, Memory.big[3000], 1, io.stdout)", 9500),
        // and before that at all that would become reachable
        ("local t = {} for i = 1, 3000 do t[i] = {} end t.x = io.stdout pcall(rawset, Memory, 'y', t)", 3500),
    ] {
        for (limit, wanted) in [(100_000, None), (enough, Some("limit"))] {
            let options = HostOptions { tables: tables.clone(), ..HostOptions::default() };
            let mut host = Host::initialised(built, options)?;
            host.set_limits(0, limit)?;
            let outcome = host.compute(format!("{chunk} local function step() end step()"))?;
            let kind = match &outcome {
                Outcome::Done(_) => None,
                Outcome::Failed(failure) => Some(failure.record.kind.as_str()),
            };
            same(chunk, &kind, &wanted)?;
        }
    }
    Ok(())
}

fn a_huge_count_of_nothing_ends_soon(built: &Built) -> Result<()> {
    let mut host = Host::new(built)?;
    host.set_limits(64 << 20, 200_000)?;
    for chunk in ["string.rep('', 1e18)", "string.rep('', math.maxinteger)", "string.rep('', 1 << 40, '')"] {
        // Nothing is there to repeat: being done at once is as good as the limit.
        if let Outcome::Failed(failure) = host.compute(chunk).with_context(|| chunk.to_owned())? {
            same(chunk, &failure.record.kind.as_str(), &"limit")?;
        }
    }
    Ok(())
}

fn the_instruction_limit_counts_anew_for_each_call(built: &Built) -> Result<()> {
    let mut host = Host::new(built)?;
    host.set_limits(0, 1_000_000)?;
    for _ in 0..20 {
        same(
            "600,000 steps",
            &integer(&mut host, "local n = 0 for i = 1, 600000 do n = n + 1 end return n")?,
            &600_000,
        )?;
    }
    let error = host.run_failing("local n = 0 for i = 1, 1200000 do n = n + 1 end return n")?;
    same("kind", &error.kind.as_str(), &"limit")
}

fn the_instruction_limit_leaves_the_instance_usable(built: &Built) -> Result<()> {
    let mut host = Host::new(built)?;
    host.set_limits(0, 100_000)?;
    let error = host.run_failing("print 'before' x = 1\nwhile true do x = x + 1 end")?;
    same("kind", &error.kind.as_str(), &"limit")?;
    same("output", &error.output, &b"before\n".to_vec())?;
    same("line", &error.line, &Some(2))?;
    ensure!(!error.message.is_empty() && !error.traceback.is_empty(), "found {error:?}");
    ensure!(integer(&mut host, "return x")? > 1, "expected what ran to have happened");
    host.set_limits(0, 0)?;
    same("without a limit", &integer(&mut host, "local n = 0 for i = 1, 500000 do n = n + 1 end return n")?, &500_000)
}

fn instructions_below_the_limit_are_free(built: &Built) -> Result<()> {
    let mut host = Host::new(built)?;
    host.set_limits(0, 1_000_000_000_000)?;
    same("far below", &integer(&mut host, "local n = 0 for i = 1, 3000000 do n = n + 1 end return n")?, &3_000_000)?;
    host.set_limits(0, i64::MAX)?;
    same("the largest limit", &integer(&mut host, "local n = 0 for i = 1, 10000 do n = n + 1 end return n")?, &10_000)
}
