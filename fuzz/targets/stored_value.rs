//! Any bytes as a stored value: reading it gives a value or an error, and other keys stay as they are.

#![no_main]

use std::sync::OnceLock;

use libfuzzer_sys::fuzz_target;
use moonwright::{Change, Error, Limits, Lua, MemoryStore, Module, Store};

fn module() -> &'static Module {
    static MODULE: OnceLock<Module> = OnceLock::new();
    MODULE.get_or_init(|| {
        let path = std::env::var("MOONWRIGHT_MODULE").expect("MOONWRIGHT_MODULE names a module");
        Module::from_file(path).expect("a module of the contract bridge in the standard encoding")
    })
}

fuzz_target!(|bytes: &[u8]| {
    let mut store = MemoryStore::new();
    let key = |name: u8| vec![4, 1, 0, 0, 0, name];
    let number = [2, 7, 0, 0, 0, 0, 0, 0, 0];
    let entries = [(b'a', bytes.to_vec()), (b'b', number.to_vec())];
    let changes: Vec<Change> =
        entries.into_iter().map(|(name, value)| Change::Set { table: 1, key: key(name), value }).collect();
    store.commit(&changes).expect("a store in memory");
    let limits = Limits::none().heap(32 << 20).instructions(100_000);
    let mut lua = Lua::builder().module(module().clone()).store(store).limits(limits).build().expect("an instance");
    let read = lua.run("local ok, a = pcall(function () return Memory.a end) if type(a) == 'function' then pcall(a) end");
    assert!(matches!(read, Ok(_) | Err(Error::Lua(_))), "{read:?}");
    assert_eq!(lua.eval::<i64>("return Memory.b").expect("the other key"), 7);
});
