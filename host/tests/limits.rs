//! Limits: each ends a script with an error, and the instance goes on.

mod common;

use std::time::{Duration, Instant};

use common::{builder, each};
use moonwright::{Error, ErrorKind, FlushMode, Function, Interrupt, Limits, Lua, Module};

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
        let mut lua = builder(module).limits(Limits::none().instructions(500_000)).build().unwrap();
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
fn limits_hold_inside_of_host_functions() {
    each(|module| {
        for limits in [Limits::none().instructions(500_000), Limits::none().time(Duration::from_millis(100))] {
            let mut lua = builder(module)
                .limits(limits)
                .function_with("call", |lua, f: Function| Ok(lua.call(&f, ())?))
                .function_with("swallow", |lua, f: Function| Ok(lua.call(&f, ()).is_ok()))
                .build()
                .unwrap();
            for code in [
                "call(function() while true do end end)",
                "swallow(function() while true do end end); while true do end",
                "while true do swallow(function() swallow(function() while true do end end) end) end",
                "call(function() pcall(call, function() while true do pcall(error) end end); while true do end end)",
            ] {
                ended(&mut lua, code, &[ErrorKind::Limit]);
            }
        }
    });
}

/// A module that has the exports of ours, and whose `call` never ends nor looks at the clock.
fn endless() -> Vec<u8> {
    const I32: u8 = 0x7f;
    const I64: u8 = 0x7e;
    const F64: u8 = 0x7c;
    // Name, parameters, whether there is a result.
    let exports: [(&str, &[u8], bool); 15] = [
        ("call", &[I32; 4], true),
        ("init", &[], true),
        ("set_seed", &[I64], false),
        ("set_limits", &[I32, I64], false),
        ("task_start", &[I32; 4], true),
        ("task_resume", &[I32; 4], true),
        ("task_close", &[I32], true),
        ("release_handle", &[I32; 2], true),
        ("set_deadline", &[F64], false),
        ("set_slice", &[I32], false),
        ("reserve_buffer", &[I32], true),
        ("get_buffer_ptr", &[], true),
        ("set_chunk_name", &[I32; 2], false),
        ("get_memory_stats", &[I32], false),
        ("get_last_error", &[], true),
    ];
    let text = |bytes: &[u8]| [&[bytes.len() as u8], bytes].concat();
    // Lengths are LEB128; two bytes hold all that there are here.
    let section = |id: u8, items: Vec<Vec<u8>>| {
        let body = [vec![items.len() as u8], items.concat()].concat();
        [vec![id, body.len() as u8 & 0x7f | 0x80, (body.len() >> 7) as u8], body].concat()
    };
    let types = exports.iter().map(|(_, params, result)| {
        let results: &[u8] = if *result { &[I32] } else { &[] };
        [vec![0x60], text(params), text(results)].concat()
    });
    let named = exports.iter().enumerate().map(|(at, (name, ..))| [text(name.as_bytes()), vec![0, at as u8]].concat());
    let code = exports.iter().map(|(name, _, result)| {
        text(match (*name, result) {
            ("call", _) => &[0, 0x03, 0x40, 0x0c, 0, 0x0b, 0x00, 0x0b], // loop br 0 end unreachable
            ("init", _) => &[0, 0x41, 0, 0x0b],                         // i32.const 0
            (_, true) => &[0, 0x41, 8, 0x0b],
            (_, false) => &[0, 0x0b],
        })
    });
    [
        b"\0asm\x01\0\0\0".to_vec(),
        section(1, types.collect()),
        section(3, (0..15).map(|at| vec![at]).collect()),
        section(5, vec![vec![0, 1]]),
        section(7, named.chain([[text(b"memory"), vec![2, 0]].concat()]).collect()),
        section(10, code.collect()),
    ]
    .concat()
}

#[test]
fn the_engine_stops_what_does_not_stop_at_its_deadline() {
    let module = Module::new(endless()).unwrap();
    let limits = Limits::none().time(Duration::from_millis(50));
    let mut lua = builder(&module).limits(limits).flush(FlushMode::Manual).build().unwrap();
    let begun = Instant::now();
    let error = lua.run("").unwrap_err();
    assert!(matches!(error, Error::Ended(_)), "{error:?}");
    assert!((1000..5000).contains(&begun.elapsed().as_millis()), "{:?}", begun.elapsed());
    assert!(matches!(lua.run(""), Err(Error::Ended(_))));
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
        let mut lua = builder(module).limits(Limits::none().instructions(300_000)).build().unwrap();
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

/// Errors are objects on the compiler's own heap: they must be collected.
#[test]
fn any_number_of_errors() {
    for version in ["5.4", "5.5"] {
        let mut lua = builder(&common::module(version)).build().unwrap();
        lua.run("for i = 1, 3e6 do pcall(error) end").unwrap();
    }
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
