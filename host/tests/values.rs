//! Values, calls both ways and errors.

mod common;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use common::{builder, each};
use moonwright::{
    BoxError, Capture, Context, Error, ErrorKind, Function, Handle, HandleKind, HostObject, HostValue, Module, Raise,
    Table, TableMode, Value, Values,
};

#[test]
fn results_come_as_they_are() {
    each(|module| {
        let mut lua = builder(module).build().unwrap();
        let values = lua.run("return nil, true, 1, 1.0, 'a\\0\\xff', {10, 20, x = {}}").unwrap();
        assert_eq!(values.len(), 6);
        assert_eq!(values[0], Value::Nil);
        assert_eq!(values[1], Value::Bool(true));
        assert_eq!(values[2], Value::Integer(1));
        assert_eq!(values[3], Value::Float(1.0));
        assert_eq!(values[4], Value::from(&b"a\0\xff"[..]));
        let Value::Table(table) = &values[5] else { panic!("{:?}", values[5]) };
        assert_eq!(table.get(2), Some(&Value::Integer(20)));
        assert_eq!(table.get("x"), Some(&Value::Table(Table::new())));
        assert_eq!(lua.eval::<(i64, String)>("return 42, 'x'").unwrap(), (42, "x".to_owned()));
    });
}

#[test]
fn values_go_there_and_back() {
    each(|module| {
        let mut lua = builder(module).build().unwrap();
        lua.run("function same(...) return ... end").unwrap();
        let inner = Table::sequence(["a", "b"]);
        let mut outer = Table::new();
        outer.set("left", inner.clone());
        outer.set("right", inner);
        outer.set(2.5, i64::MIN);
        let sent = Values(vec![
            Value::Nil,
            Value::Bool(false),
            Value::Integer(i64::MAX),
            Value::Float(-0.0),
            Value::from(&b"\0\xff"[..]),
            Value::Table(outer),
        ]);
        let back = lua.call("same", sent.clone()).unwrap();
        assert_eq!(back.len(), sent.len());
        assert_eq!(back.0[..5], sent.0[..5]);
        let Value::Table(table) = &back[5] else { panic!("{:?}", back[5]) };
        for key in ["left", "right"] {
            assert_eq!(table.get(key), Some(&Value::Table(Table::sequence(["a", "b"]))));
        }
        assert_eq!(table.get(2.5), Some(&Value::Integer(i64::MIN)));
    });
}

#[test]
fn globals_have_paths() {
    each(|module| {
        let mut lua = builder(module).global("config", Table::from_iter([("port", 80)])).build().unwrap();
        assert_eq!(lua.get("config.port").unwrap(), Value::Integer(80));
        lua.set("config.port", 81).unwrap();
        assert_eq!(lua.eval::<i64>("return config.port").unwrap(), 81);
        assert_eq!(lua.get("nothing").unwrap(), Value::Nil);
        let error = lua.get("nothing.at.all").unwrap_err();
        assert_eq!(error.kind(), Some(ErrorKind::Runtime), "{error}");
        assert_eq!(lua.call("string.rep", ("ab", 2)).unwrap().to::<String>().unwrap(), "abab");
        assert!(lua.call("nothing", ()).unwrap_err().to_string().contains("nothing (nil)"));
    });
}

#[test]
fn functions_are_held_for_as_long_as_their_handles() {
    each(|module| {
        let mut lua = builder(module).build().unwrap();
        let before = lua.memory_use().unwrap().handles;
        let counter: Function = lua.eval("local n = 0; return function(by) n = n + by; return n end").unwrap();
        let same = counter.clone();
        assert_eq!(lua.call(&counter, 2).unwrap().to::<i64>().unwrap(), 2);
        drop(counter);
        assert_eq!(lua.call(&same, 3).unwrap().to::<i64>().unwrap(), 5);
        assert_eq!(lua.memory_use().unwrap().handles, before + 1);
        drop(same);
        assert_eq!(lua.memory_use().unwrap().handles, before);

        let mut other = builder(module).build().unwrap();
        let foreign: Function = other.eval("return print").unwrap();
        assert!(matches!(lua.call(&foreign, ()), Err(Error::Codec(_))));
    });
}

#[test]
fn tables_can_stay_in_lua() {
    each(|module| {
        let mut lua = builder(module).build().unwrap();
        let point: Handle = lua.eval("return setmetatable({x = 1}, {__len = function() return 7 end})").unwrap();
        assert_eq!(point.kind(), HandleKind::Table);
        lua.set_index(&point, "y", 2).unwrap();
        assert_eq!(lua.index(&point, "y").unwrap(), Value::Integer(2));
        assert_eq!(lua.length(&point).unwrap(), Value::Integer(7));
        assert_eq!(lua.copy(&point).unwrap().len(), 2);
        let made = lua.handle(Table::sequence([1, 2, 3])).unwrap();
        assert_eq!(lua.length(&made).unwrap(), Value::Integer(3));
        lua.set_table_mode(TableMode::Handles);
        assert!(matches!(lua.run("return {}").unwrap()[0], Value::Handle(_)));

        lua.set_table_mode(TableMode::Values);
        let error = lua.run("local t = {}; t.t = t; t.f = print; return t").unwrap_err();
        assert!(error.to_string().contains("contains itself"), "{error}");
        let error = lua.run("local t = {}; for i = 1, 1e5 do t = {t, print} end; return t").unwrap_err();
        assert!(error.to_string().contains("nested"), "{error}");
        drop((point, made));
        assert_eq!(lua.memory_use().unwrap().handles, 0, "handles in records that were refused count, too");
    });
}

#[test]
fn errors_say_what_where_and_how_it_came_there() {
    each(|module| {
        let output = Capture::new();
        let mut lua = builder(module).output(output.clone()).build().unwrap();
        let error =
            lua.run_named("@main.lua", "print('before')\nlocal function f() error('odd') end\nf()").unwrap_err();
        let error = error.as_lua().unwrap();
        assert_eq!(error.kind, ErrorKind::Runtime);
        assert_eq!(error.message, "main.lua:2: odd");
        assert_eq!((error.chunk.as_deref(), error.line), (Some("main.lua"), Some(2)));
        assert!(error.traceback.contains("main.lua:3"), "{}", error.traceback);
        assert_eq!(error.output, b"before\n");
        assert_eq!(output.take(), b"before\n");

        let error = lua.run("return 1 +").unwrap_err();
        assert_eq!(error.kind(), Some(ErrorKind::Syntax));
        assert!(error.as_lua().unwrap().incomplete);
        let error = lua.run("error({code = 7})").unwrap_err();
        let Some(Value::Table(value)) = &error.as_lua().unwrap().value else { panic!("{error:?}") };
        assert_eq!(value.get("code"), Some(&Value::Integer(7)));
        assert_eq!(lua.eval::<i64>("return 1").unwrap(), 1, "an error leaves the instance ready");
    });
}

#[test]
fn modules_come_from_the_host() {
    each(|module| {
        let mut lua = builder(module)
            .add_module("given", "return {n = 1}")
            .loader(|name| Ok((name == "asked").then(|| "return {n = 2}".to_owned())))
            .build()
            .unwrap();
        assert_eq!(lua.eval::<i64>("return require 'given'.n + require 'asked'.n").unwrap(), 3);
        assert!(lua.run("require 'missing'").unwrap_err().to_string().contains("missing"));
        assert_eq!(lua.add_module("bad", "return +").unwrap_err().kind(), Some(ErrorKind::Syntax));
    });
}

#[derive(Debug, thiserror::Error)]
#[error("the disk is full")]
struct DiskFull;

#[test]
fn host_functions_take_give_and_fail() {
    each(|module| {
        let mut lua = builder(module)
            .function("add", |(a, b): (i64, i64)| Ok(a + b))
            .function("fail", |()| -> Result<(), BoxError> { Err(DiskFull.into()) })
            .function("raise", |value: Value| -> Result<(), BoxError> { Err(Raise::value(value).into()) })
            .function("blame", |()| -> Result<(), BoxError> { Err(Raise::at_caller("your fault").into()) })
            .build()
            .unwrap();
        assert_eq!(lua.eval::<i64>("return add(1, add(2, 3))").unwrap(), 6);
        assert_eq!(lua.call("add", (40, 2)).unwrap().to::<i64>().unwrap(), 42);
        assert_eq!(lua.eval::<String>("return type(add)").unwrap(), "function");

        let error = lua.run("fail()").unwrap_err();
        assert_eq!(error.to_string(), "the disk is full");
        let source = std::error::Error::source(error.as_lua().unwrap()).unwrap();
        assert!(source.downcast_ref::<DiskFull>().is_some());
        assert_eq!(lua.eval::<String>("return tostring(select(2, pcall(fail)))").unwrap(), "the disk is full");

        assert_eq!(lua.eval::<i64>("local ok, e = pcall(raise, {7}); return e[1]").unwrap(), 7);
        let error = lua.run_named("=here", "\nblame()").unwrap_err();
        assert_eq!(error.to_string(), "here:2: your fault");
        let error = lua.run_named("=here", "add(1, 'x')").unwrap_err();
        assert_eq!(error.to_string(), "here:1: bad arguments: value 2: expected an integer, found string");
    });
}

#[test]
fn host_functions_call_back() {
    each(|module| {
        let mut lua = builder(module)
            .function_with("twice", |lua: &mut Context<'_>, (f, n): (Function, i64)| {
                let first = lua.call(&f, n)?.to::<i64>()?;
                Ok(lua.call(&f, first)?.to::<i64>()?)
            })
            .function_with("again", |lua: &mut Context<'_>, n: i64| {
                Ok(if n == 0 { 0 } else { lua.eval::<i64>(format!("return 1 + again({})", n - 1))? })
            })
            .build()
            .unwrap();
        assert_eq!(lua.eval::<i64>("return twice(function(n) return n * 3 end, 5)").unwrap(), 45);
        let error = lua.run("twice(function() error('inner') end, 1)").unwrap_err();
        assert!(error.to_string().ends_with("inner"), "{error}");
        assert_eq!(lua.eval::<i64>("return again(20)").unwrap(), 20);
        let error = lua.run("return again(1000000)").unwrap_err();
        assert!(error.to_string().contains("overflow"), "{error}");
        assert_eq!(lua.eval::<i64>("return again(20)").unwrap(), 20, "the instance goes on");
    });
}

struct Box2 {
    closed: Arc<AtomicUsize>,
    dropped: Arc<AtomicUsize>,
}

impl HostObject for Box2 {
    fn name(&self) -> String {
        "Box2".to_owned()
    }

    fn index(&self, _: &mut Context<'_>, key: Value) -> Result<Value, BoxError> {
        Ok(Value::from(format!("field {}", key.text().unwrap_or_default())))
    }

    fn length(&self, _: &mut Context<'_>) -> Result<Value, BoxError> {
        Ok(Value::Integer(2))
    }

    fn close(&self, _: &mut Context<'_>, _: Value) -> Result<(), BoxError> {
        self.closed.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }
}

impl Drop for Box2 {
    fn drop(&mut self) {
        self.dropped.fetch_add(1, Ordering::Relaxed);
    }
}

#[test]
fn host_objects_live_as_long_as_lua_has_them() {
    each(|module| {
        let (closed, dropped) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let object = HostValue::new(Box2 { closed: Arc::clone(&closed), dropped: Arc::clone(&dropped) });
        let mut lua = builder(module).global("box", object.clone()).build().unwrap();
        assert_eq!(lua.get("box").unwrap(), Value::Host(object));
        assert_eq!(lua.eval::<(String, i64)>("return box.x, #box").unwrap(), ("field x".to_owned(), 2));
        lua.run("do local b <close> = box end").unwrap();
        assert_eq!(closed.load(Ordering::Relaxed), 1);
        assert!(lua.run("box.x = 1").unwrap_err().to_string().contains("Box2"));
        assert_eq!(dropped.load(Ordering::Relaxed), 0);
        lua.run("box = nil").unwrap();
        lua.collect_garbage().unwrap();
        lua.collect_garbage().unwrap();
        assert_eq!(dropped.load(Ordering::Relaxed), 1);
    });
}

#[test]
fn a_panic_in_a_host_function_ends_the_instance_only() {
    each(|module| {
        let mut lua =
            builder(module).function("panic", |()| -> Result<(), BoxError> { panic!("odd") }).build().unwrap();
        let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| lua.run("pcall(panic)")));
        assert!(panicked.is_err());
        assert!(matches!(lua.run("return 1"), Err(Error::Ended(_))));
    });
}

#[test]
fn a_module_without_the_bridge_is_refused() {
    let error = Module::new(b"\0asm\x01\0\0\0").unwrap_err();
    assert!(error.to_string().contains("--contract bridge"), "{error}");
    assert!(Module::new(b"no module").is_err());
    assert!(moonwright::Lua::builder().build().is_err());
}

#[test]
fn bytecode_is_loaded_once_it_is_verified() {
    each(|module| {
        let mut lua = builder(module).build().unwrap();
        let dumped = lua.run("return string.dump(function(...) return select('#', ...) end)").unwrap();
        let Value::String(dumped) = &dumped[0] else { panic!("{:?}", dumped[0]) };
        let function = lua.load_binary("=it", dumped).unwrap();
        assert_eq!(lua.call(&function, (1, 2, 3)).unwrap()[0], Value::Integer(3));
        let error = lua.load_binary("=it", &dumped[..30]).unwrap_err().to_string();
        assert!(error.contains("truncated"), "{error}");
        let error = lua.load_binary("=it", b"return 1").unwrap_err().to_string();
        assert!(error.contains("attempt to load a text chunk"), "{error}");
        let error = lua.main(()).unwrap_err().to_string();
        assert!(error.contains("the module contains no application"), "{error}");
    });
}
