//! State files: what the npm package exported opens here, functions included. tests/state/README.md says how they are made.

mod common;

use std::path::PathBuf;

use common::builder;
use moonwright::{Lua, MemoryStore, StateFile, Store, compressed};

/// The version that the application gives the state.
const VERSION: u32 = 7;

fn path(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../tests/state").join(name)
}

fn run(lua: &mut Lua, name: &str) -> String {
    lua.eval(std::fs::read(path(name)).unwrap()).unwrap()
}

#[test]
fn a_state_of_the_npm_package_opens_and_goes_back() {
    let module = common::module("5.4");
    for (name, version) in [("npm.mwstate", 0), ("chromium.mwstate", 0), ("crate.mwstate", VERSION)] {
        let file = StateFile::read(path(name)).unwrap();
        assert_eq!(file.version(), version);
        let mut store = MemoryStore::new();
        file.put_into(&mut store).unwrap();
        assert_eq!(StateFile::parse(&StateFile::of(&store, version).unwrap().to_bytes()).unwrap(), file);
        let mut lua = builder(&module).store(store.clone()).build().unwrap();
        assert_eq!(run(&mut lua, "check.lua"), "ok");
        drop(lua);
        assert_ne!(StateFile::of(&store, version).unwrap(), file, "the counter went on");
    }
}

#[test]
fn what_is_exported_here_is_what_the_npm_package_is_tested_with() {
    let module = common::module("5.4");
    let store = MemoryStore::new();
    let mut lua = builder(&module).store(store.clone()).seed(1).build().unwrap();
    lua.run_named("@make.lua", std::fs::read(path("make.lua")).unwrap()).unwrap();
    drop(lua);
    let file = StateFile::of(&store, VERSION).unwrap();
    if std::env::var_os("MOONWRIGHT_MAKE_STATE").is_some() {
        file.write(path("crate.mwstate")).unwrap();
    }
    let kept = StateFile::read(path("crate.mwstate")).unwrap();
    let (mut before, mut after) = (MemoryStore::new(), MemoryStore::new());
    kept.put_into(&mut before).unwrap();
    file.put_into(&mut after).unwrap();
    assert_eq!(before.tables().unwrap(), after.tables().unwrap());
    assert_eq!(before.len(1).unwrap(), after.len(1).unwrap());
}

/// What needs keys is in the tests of the crate moonwright-store.
#[test]
fn what_was_stored_compressed_opens_and_is_there_again() {
    let module = common::module("5.4");
    for writer in ["npm", "chromium", "crate"] {
        let mut store = MemoryStore::new();
        StateFile::read(path(&format!("layers/{writer}-compressed.mwstate"))).unwrap().put_into(&mut store).unwrap();
        let mut lua = builder(&module).store(compressed(store.clone())).build().unwrap();
        assert_eq!(run(&mut lua, "check.lua"), "ok", "{writer}");
        lua.run("Memory.long = ('long '):rep(1000)").unwrap();
        drop(lua);
        let key = b"\x04\x04\0\0\0long";
        assert!(store.get(1, key).unwrap().is_some_and(|stored| stored.len() < 100), "{writer}");
        let mut lua = builder(&module).store(compressed(store)).build().unwrap();
        assert_eq!(lua.eval::<i64>("return #Memory.long").unwrap(), 5000, "{writer}");
    }
}
