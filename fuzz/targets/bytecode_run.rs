//! Any bytes as a chunk in a built module: verdict and message are the crate's, and what is accepted runs without a trap.

#![no_main]

use std::sync::OnceLock;

use libfuzzer_sys::fuzz_target;
use moonwright::{Error, Limits, Lua, Module, Value};
use moonwright_bytecode::{Version, verify};

fn module() -> &'static Module {
    static MODULE: OnceLock<Module> = OnceLock::new();
    MODULE.get_or_init(|| {
        let path = std::env::var("MOONWRIGHT_MODULE").expect("MOONWRIGHT_MODULE names a module");
        Module::from_file(path).expect("a module of the contract bridge in the standard encoding")
    })
}

fuzz_target!(|bytes: &[u8]| {
    let limits = Limits::none().heap(32 << 20).instructions(20_000);
    let mut lua = Lua::builder().module(module().clone()).limits(limits).build().expect("an instance");
    let version = match lua.eval::<String>("return _VERSION").expect("a version").as_str() {
        "Lua 5.4" => Version::Lua54,
        _ => Version::Lua55,
    };
    let chunk = [b"\x1b", bytes].concat(); // else it is text
    let loaded = lua.call("load", (Value::String(chunk.clone()), "=fuzz", "b"));
    let loaded = match loaded {
        Err(Error::Lua(_)) => return, // out of memory, or of instructions
        other => other.expect("no trap"),
    };
    match verify(version, &chunk) {
        Ok(_) => {
            let Value::Handle(function) = &loaded[0] else { panic!("the crate accepts, the module not: {loaded:?}") };
            let function = function.clone();
            let result = lua.set("f", Value::Handle(function)).and_then(|()| lua.run("return pcall(f, 1, {}, 'x')"));
            assert!(matches!(result, Ok(_) | Err(Error::Lua(_))), "{result:?}");
            assert_eq!(lua.eval::<i64>("return 6 * 7").expect("the instance lives"), 42);
        }
        Err(error) => {
            let expected = format!("fuzz: bad binary format ({error})");
            assert_eq!(loaded[1], Value::String(expected.into_bytes()));
        }
    }
});
