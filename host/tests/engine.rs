//! Engines: the cache of compiled modules, pools, and what instances leave behind.

mod common;

use std::fs;
use std::path::Path;
use std::time::Instant;

use common::{builder, resident, wasm};
use moonwright::{Engine, Lua, Pool};

fn version(engine: &Engine, wasm: &[u8]) -> String {
    let module = engine.module(wasm).unwrap();
    Lua::builder().module(module).build().unwrap().eval("return _VERSION").unwrap()
}

fn cached(folder: &Path) -> Engine {
    Engine::builder().cache(folder).build().unwrap()
}

fn files(folder: &Path) -> Vec<std::path::PathBuf> {
    fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect()
}

#[cfg(unix)]
fn permit(path: &Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
#[cfg(unix)]
fn the_cache_takes_what_is_whole_and_what_nobody_else_could_write() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("cache");
    let (old, new) = (wasm("5.4"), wasm("5.5"));
    assert_eq!(version(&cached(&folder), &old), "Lua 5.4");
    assert_eq!(fs::metadata(&folder).unwrap().permissions().mode() & 0o777, 0o700);
    let file = files(&folder).pop().unwrap();
    assert_eq!(files(&folder).len(), 1, "nothing else is left there");
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);

    // What is in the file is what runs: the other module's code under this one's name shows it.
    let other = dir.path().join("other");
    assert_eq!(version(&cached(&other), &new), "Lua 5.5");
    let right = fs::read(&file).unwrap();
    let wrong = fs::read(files(&other).pop().unwrap()).unwrap();
    fs::write(&file, &wrong).unwrap();
    assert_eq!(version(&cached(&folder), &old), "Lua 5.5", "the file was read");

    permit(&file, 0o620);
    assert_eq!(version(&cached(&folder), &old), "Lua 5.4", "a file that others can write is not read");
    assert_eq!(fs::read(&file).unwrap(), right, "but replaced");
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);

    fs::write(&file, &wrong).unwrap();
    permit(&folder, 0o777);
    assert_eq!(version(&cached(&folder), &old), "Lua 5.4", "nor one in a folder that others can write");
    assert_eq!(fs::read(&file).unwrap(), wrong, "and nothing is put there");
    permit(&folder, 0o700);

    for damage in [&right[..right.len() - 1], &right[..10], b"", &[&right[..5000], b"x", &right[5001..]].concat()] {
        fs::write(&file, damage).unwrap();
        assert_eq!(version(&cached(&folder), &old), "Lua 5.4", "a damaged file is not read");
        assert_eq!(fs::read(&file).unwrap(), right, "but replaced");
    }
    // The settings are part of the name.
    let pooled = Engine::builder().cache(&folder).pool(Pool::instances(20_000).memory(1 << 24)).build().unwrap();
    assert_eq!(version(&pooled, &old), "Lua 5.4");
    assert_eq!(files(&folder).len(), 2);

    let nowhere = dir.path().join("file");
    fs::write(&nowhere, "").unwrap();
    assert_eq!(version(&cached(&nowhere), &old), "Lua 5.4", "a cache that cannot be is no reason not to run");
}

#[test]
fn starting_from_the_cache_is_much_faster() {
    let dir = tempfile::tempdir().unwrap();
    let wasm = wasm("5.4");
    let start = || {
        let begun = Instant::now();
        assert_eq!(version(&cached(dir.path()), &wasm), "Lua 5.4");
        begun.elapsed()
    };
    let cold = start();
    let warm = (0..5).map(|_| start()).min().unwrap();
    eprintln!("engine, module, instance and a first chunk: {cold:.1?} compiled, {warm:.1?} from the cache");
    assert!(warm * 5 < cold, "{warm:?} from the cache, {cold:?} without");
}

#[test]
fn a_thousand_instances_of_a_pool_are_alive_at_once() {
    for lua in ["5.4", "5.5"] {
        let engine = Engine::builder().pool(Pool::instances(1000)).build().unwrap();
        let module = engine.module(wasm(lua)).unwrap();
        let start = |n: i64| {
            let mut lua = builder(&module).function("n", move |()| Ok(n)).build().unwrap();
            lua.run("x = n()").unwrap();
            lua
        };
        drop(start(0));
        let before = resident();
        let mut all: Vec<Lua> = (0..1000).map(start).collect();
        let each = (resident() - before) / all.len();
        eprintln!("Lua {lua}: {} KiB resident for each of {} instances", each / 1024, all.len());
        assert!((50 << 10..600 << 10).contains(&each), "an instance takes {each} bytes");
        let error = builder(&module).build().unwrap_err();
        assert!(error.to_string().contains("pool is full"), "{error}");
        for (n, lua) in all.iter_mut().enumerate() {
            assert_eq!(lua.eval::<usize>("return x").unwrap(), n, "each has its own state");
        }
        drop(all);
        drop(start(1));
        // What they held is given back.
        let left = resident().saturating_sub(before);
        assert!(left < 32 << 20, "{left} bytes stay after 1000 instances");
    }
}

#[test]
fn ten_thousand_instances_leave_no_memory_behind() {
    let pooled = Engine::builder().pool(Pool::instances(10)).build().unwrap();
    for module in [common::module("5.4"), pooled.module(wasm("5.5")).unwrap()] {
        let run = |count| {
            for _ in 0..count {
                let mut lua = builder(&module).function("f", |n: i64| Ok(n + 1)).build().unwrap();
                assert_eq!(lua.eval::<i64>("Memory.n = f(1); return Memory.n").unwrap(), 2);
            }
        };
        run(200);
        let before = resident();
        run(5_000);
        let grown = resident().saturating_sub(before);
        // Fifty instances, of 5,000.
        assert!(grown < 16 << 20, "5,000 instances left {grown} bytes");
    }
}

#[test]
#[cfg(feature = "wasmi")]
fn modules_for_the_other_engine_are_refused_with_the_remedy() {
    let interpreter = Engine::builder().interpreter().build().unwrap();
    let error = interpreter.module(wasm("5.4")).unwrap_err();
    assert!(error.to_string().contains("`--unwind host`"), "{error}");
    let error = moonwright::Module::new(common::bytes("5.4", "host")).unwrap_err();
    assert!(error.to_string().contains("`--unwind standard`"), "{error}");
}
