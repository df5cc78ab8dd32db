//! Limits: each ends a script with an error, and the instance goes on.

mod common;

use std::time::{Duration, Instant};

use common::{builder, each};
use moonwright::{ErrorKind, Interrupt, Limits, Lua};

/// Runs what must be ended by a limit, then what must still work.
fn ended(lua: &mut Lua, code: &str, kinds: &[ErrorKind]) {
    let begun = Instant::now();
    let error = lua.run(code).expect_err(code);
    let kind = error.kind();
    assert!(kind.is_some_and(|kind| kinds.contains(&kind)), "{code}: {error:?}");
    assert!(begun.elapsed() < Duration::from_secs(20), "{code} took {:?}", begun.elapsed());
    assert_eq!(lua.eval::<i64>("return 6 * 7").unwrap(), 42, "after {code}");
}

#[test]
fn endless_loops_and_patterns() {
    each(|module| {
        let mut lua = builder(module).limits(Limits::none().instructions(2_000_000)).build().unwrap();
        for code in [
            "while true do end",
            "while true do pcall(function() while true do end end) end",
            "return ('a'):rep(40):find(('a-'):rep(40) .. 'b')",
            "table.concat(setmetatable({}, {__len = function() return 1e15 end, __index = function() return '' end}))",
            "coroutine.wrap(function() while true do end end)()",
            "setmetatable({}, {__gc = function() while true do end end}); collectgarbage()",
        ] {
            ended(&mut lua, code, &[ErrorKind::Limit]);
        }
    });
}

#[test]
fn a_deadline() {
    each(|module| {
        let mut lua = builder(module).limits(Limits::none().time(Duration::from_millis(100))).build().unwrap();
        let begun = Instant::now();
        ended(&mut lua, "while true do pcall(error) end", &[ErrorKind::Limit]);
        assert!(begun.elapsed() >= Duration::from_millis(100));
        std::thread::sleep(Duration::from_millis(150));
        assert_eq!(lua.eval::<i64>("return 1").unwrap(), 1, "each call has a deadline of its own");
    });
}

#[test]
fn a_slow_host_function_is_no_reason_to_end_the_instance() {
    each(|module| {
        let mut lua = builder(module)
            .limits(Limits::none().time(Duration::from_millis(50)))
            .function("slow", |()| {
                std::thread::sleep(Duration::from_millis(1300));
                Ok(())
            })
            .build()
            .unwrap();
        ended(&mut lua, "slow(); while true do end", &[ErrorKind::Limit]);
    });
}

#[test]
fn endless_allocation() {
    each(|module| {
        let mut lua = builder(module).output(std::io::sink()).limits(Limits::none().heap(8 << 20)).build().unwrap();
        for code in [
            "local t = {}; while true do t[#t + 1] = {} end",
            "local s = 'x'; while true do s = s .. s end",
            "while true do print(('x'):rep(1000)) end",
            "local t = {}; while true do t[#t + 1] = coroutine.create(print) end",
        ] {
            ended(&mut lua, code, &[ErrorKind::Memory]);
        }
        lua.collect_garbage().unwrap();
        assert!(lua.memory_use().unwrap().linear < 20 << 20);
        let error = lua.call("type", vec![b'x'; 16 << 20]).unwrap_err();
        assert_eq!(error.kind(), Some(ErrorKind::Memory), "{error}");
    });
}

#[test]
fn endless_recursion() {
    each(|module| {
        // The limit is for those that branch: they come back from the innermost call to try again.
        let mut lua = builder(module).limits(Limits::none().instructions(20_000_000)).build().unwrap();
        for code in [
            "local function f() return 1 + f() end; f()",
            "local function f() pcall(f); f() end; f()",
            "local t = setmetatable({}, {__index = function(t, k) return t[k + 1] end}); return t[1]",
            "local t = setmetatable({}, {}); getmetatable(t).__index = t; return t.x",
            "local function f() string.gsub('a', 'a', f) end; f()",
            "local function f() table.sort({1, 2, 3}, function() f() end) end; f()",
            "local function f() coroutine.wrap(f)() end; f()",
            "f = load('f()'); f()",
            "return load(('('):rep(1e5) .. '1' .. (')'):rep(1e5))()",
            "return load('return ' .. ('{'):rep(1e5) .. ('}'):rep(1e5))()",
            "return load(('do '):rep(1e5) .. ('end '):rep(1e5))()",
            "return assert(load('return ' .. ('a..'):rep(1e5) .. 'a'))()",
            "return ('x'):rep(300000):find(('(.-)'):rep(31) .. ('.?'):rep(300000) .. 'y')",
            "local function f(e) error(setmetatable({}, {__tostring = function() f() end})) end; xpcall(f, f); f()",
            "local s = setmetatable({}, {__tostring = function(s) return tostring(s) end}); tostring(s)",
            "local s = setmetatable({}, {__concat = function(a, b) return a .. b end}); return s .. s",
            "local m = {}; m.__eq = function(a, b) return a == b end; return setmetatable({}, m) == setmetatable({}, m)",
            "local t = setmetatable({}, {__close = function() error('x') end}); local function f() local x <close> = t; return 1 + f() end; f()",
            "require = function() end; local function f() return table.concat(setmetatable({}, {__len = f})) end; f()",
        ] {
            ended(&mut lua, code, &[ErrorKind::Runtime, ErrorKind::Memory, ErrorKind::Limit]);
        }
    });
}

/// Errors are objects on the engine's own heap: they must be collected.
#[test]
fn any_number_of_errors() {
    each(|module| {
        let mut lua = builder(module).build().unwrap();
        lua.run("for i = 1, 3e6 do pcall(error) end").unwrap();
    });
}

#[test]
fn an_interrupt() {
    each(|module| {
        let interrupt = Interrupt::new();
        let mut lua = builder(module).interrupt(&interrupt).build().unwrap();
        for code in ["while true do end", "while true do pcall(function() while true do end end) end"] {
            let other = interrupt.clone();
            let thread = std::thread::spawn(move || {
                std::thread::sleep(Duration::from_millis(100));
                other.interrupt();
            });
            ended(&mut lua, code, &[ErrorKind::Limit]);
            thread.join().unwrap();
        }
    });
}
