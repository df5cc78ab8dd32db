//! State that outlives instances, and processes that are killed.

mod common;

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use common::{builder, each};
use moonwright::{Change, DiskStore, Error, ErrorKind, FlushMode, MemoryStore, Store, StoreError, Value};

/// Set in a child process: where it writes, and under which Lua version.
const CHILD: &str = "MOONWRIGHT_CRASH_CHILD";
/// How often a writing process is killed, for each Lua version.
const KILLS: &str = "MOONWRIGHT_KILLS";

#[test]
fn data_and_functions_come_back() {
    each(|module| {
        let dir = tempfile::tempdir().unwrap();
        let open = || {
            let store = DiskStore::open(dir.path().join("state")).unwrap();
            builder(module).store(store).function("host", |n: i64| Ok(n * 2)).build().unwrap()
        };
        let mut lua = open();
        lua.run(
            "local n = 0\n\
             Memory.counter = function() n = n + 1; return n end\n\
             Memory.list = {3, 1, 2, name = 'x'}; Memory.same = Memory.list; Memory.host = host",
        )
        .unwrap();
        assert_eq!(lua.eval::<i64>("Memory.counter(); return Memory.counter()").unwrap(), 2);
        drop(lua);
        let mut lua = open();
        assert_eq!(lua.eval::<i64>("return Memory.counter()").unwrap(), 3);
        assert_eq!(
            lua.eval::<(bool, String, i64)>("return Memory.list == Memory.same, Memory.list.name, Memory.host(4)")
                .unwrap(),
            (true, "x".to_owned(), 8)
        );
        let error = lua.run("Memory.c = coroutine.running()").unwrap_err();
        assert_eq!(error.kind(), Some(ErrorKind::Persist));
    });
}

#[test]
fn a_call_is_one_transaction_unless_flushes_are_manual() {
    each(|module| {
        let store = MemoryStore::new();
        let mut lua = builder(module).store(store.clone()).flush(FlushMode::Manual).build().unwrap();
        lua.run("Memory.a = 1").unwrap();
        assert_eq!(store.tables().unwrap(), [0u32; 0]);
        assert!(lua.flush().unwrap().changes > 0);
        assert_eq!(store.len(1).unwrap(), 1);
        assert_eq!(lua.flush().unwrap().changes, 0);
        lua.set_flush_mode(FlushMode::EachCall);
        assert!(lua.run("Memory.b = 2; error('after')").is_err());
        assert_eq!(store.len(1).unwrap(), 2, "what a failed chunk changed is stored");
    });
}

/// A store that fails when told to.
#[derive(Clone, Default)]
struct Failing {
    inner: MemoryStore,
    reads: std::sync::Arc<std::sync::atomic::AtomicBool>,
    writes: std::sync::Arc<std::sync::atomic::AtomicBool>,
}

impl Failing {
    fn check(&self, fails: &std::sync::atomic::AtomicBool) -> Result<(), StoreError> {
        if fails.load(std::sync::atomic::Ordering::Relaxed) {
            return Err(StoreError::Failed("told to".into()));
        }
        Ok(())
    }
}

impl Store for Failing {
    fn get(&self, table: u32, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        self.check(&self.reads)?;
        self.inner.get(table, key)
    }
    fn keys(&self, table: u32) -> Result<Vec<Vec<u8>>, StoreError> {
        self.check(&self.reads)?;
        self.inner.keys(table)
    }
    fn len(&self, table: u32) -> Result<u64, StoreError> {
        self.check(&self.reads)?;
        self.inner.len(table)
    }
    fn tables(&self) -> Result<Vec<u32>, StoreError> {
        self.inner.tables()
    }
    fn commit(&mut self, changes: &[Change]) -> Result<(), StoreError> {
        self.check(&self.writes)?;
        self.inner.commit(changes)
    }
}

#[test]
fn a_store_that_fails_loses_nothing() {
    use std::sync::atomic::Ordering::Relaxed;
    each(|module| {
        let store = Failing::default();
        let mut lua = builder(module).store(store.clone()).build().unwrap();
        lua.run("Memory.n = 1; Memory.deep = {x = 1}").unwrap();
        store.writes.store(true, Relaxed);
        assert!(matches!(lua.run("Memory.n = 2"), Err(Error::Store(_))));
        assert_eq!(lua.get("Memory.n").map_err(|error| error.to_string()), Err("the store failed: told to".to_owned()));
        store.writes.store(false, Relaxed);
        lua.run("Memory.m = 3").unwrap();
        drop(lua);

        let mut lua = builder(module).store(store.clone()).build().unwrap();
        assert_eq!(lua.eval::<(i64, i64)>("return Memory.n, Memory.m").unwrap(), (2, 3));
        store.reads.store(true, Relaxed);
        let error = lua.run("Memory.deep.x = (Memory.deep.x or 0) + 1").unwrap_err();
        assert!(matches!(error, Error::Store(_)), "what cannot be read is not taken for missing: {error:?}");
        assert!(matches!(lua.run("return 1"), Err(Error::Ended(_))));
        store.reads.store(false, Relaxed);
        let mut lua = builder(module).store(store).build().unwrap();
        assert_eq!(lua.get("Memory.deep.x").unwrap(), Value::Integer(1));
    });
}

fn cached(dir: &std::path::Path, version: &str) -> moonwright::Module {
    let engine = moonwright::Engine::builder().cache(dir.join("cache")).build().unwrap();
    engine.module(common::wasm(version)).unwrap()
}

#[test]
fn a_conflict_is_told_and_the_work_done_again() {
    /// Notices that the state was written by somebody else.
    struct Versioned(MemoryStore, u64, std::sync::Arc<std::sync::atomic::AtomicU64>);
    impl Versioned {
        fn check(&self) -> Result<(), StoreError> {
            let found = self.2.load(std::sync::atomic::Ordering::Relaxed);
            if found == self.1 { Ok(()) } else { Err(StoreError::Conflict { name: "shared".to_owned() }) }
        }
    }
    impl Store for Versioned {
        fn get(&self, table: u32, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
            self.check()?;
            self.0.get(table, key)
        }
        fn keys(&self, table: u32) -> Result<Vec<Vec<u8>>, StoreError> {
            self.check()?;
            self.0.keys(table)
        }
        fn len(&self, table: u32) -> Result<u64, StoreError> {
            self.check()?;
            self.0.len(table)
        }
        fn tables(&self) -> Result<Vec<u32>, StoreError> {
            self.check()?;
            self.0.tables()
        }
        fn commit(&mut self, changes: &[Change]) -> Result<(), StoreError> {
            self.check()?;
            self.1 = self.2.fetch_add(1, std::sync::atomic::Ordering::Relaxed) + 1;
            self.0.commit(changes)
        }
    }
    each(|module| {
        let (store, version) = (MemoryStore::new(), std::sync::Arc::default());
        let open = || {
            let now = std::sync::atomic::AtomicU64::load(&version, std::sync::atomic::Ordering::Relaxed);
            builder(module).store(Versioned(store.clone(), now, version.clone())).build().unwrap()
        };
        const COUNT: &str = "Memory.n = (Memory.n or 0) + 1; return Memory.n";
        open().run(COUNT).unwrap();
        let (mut first, mut second) = (open(), open());
        assert_eq!(first.eval::<i64>(COUNT).unwrap(), 2);
        let error = second.run(COUNT).unwrap_err();
        assert!(matches!(error, Error::Store(StoreError::Conflict { .. })), "{error:?}");
        drop(second);
        assert_eq!(open().eval::<i64>(COUNT).unwrap(), 3);
    });
}

/// A process that writes is killed at random moments. What it said was committed is there afterwards, and each commit is
/// there as a whole. `MOONWRIGHT_KILLS=1000 cargo test -p moonwright --test persistence killed` kills more often.
#[test]
fn processes_that_are_killed_lose_nothing_committed() {
    let kills = std::env::var(KILLS).ok().and_then(|kills| kills.parse().ok()).unwrap_or(200u64);
    let program = std::env::current_exe().unwrap();
    for version in ["5.4", "5.5"] {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("state");
        // Compiled once for all of the processes.
        let module = cached(dir.path(), version);
        let (mut random, mut committed, mut torn) = (0x2545_f491_4f6c_dd1du64, 0, 0);
        for kill in 0..kills {
            let mut child = Command::new(&program)
                .args(["--exact", "crash_child", "--nocapture", "--test-threads=1"])
                .env(CHILD, format!("{version} {}", dir.path().display()))
                .stdout(Stdio::piped())
                .stderr(Stdio::null())
                .spawn()
                .unwrap();
            let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
            // From its first commit on it is writing all the time.
            let first = lines.by_ref().find(|line| line.starts_with("committed "));
            assert!(first.is_some(), "the writing process ended by itself after {kill} kills");
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            std::thread::sleep(Duration::from_micros(random % 20_000));
            child.kill().unwrap();
            child.wait().unwrap();
            let said = first.into_iter().chain(lines).filter_map(|line| line.strip_prefix("committed ")?.parse().ok());
            committed = said.fold(committed, i64::max);

            let mut lua = builder(&module).store(DiskStore::open(&path).unwrap()).build().unwrap();
            let found = lua
                .eval::<(i64, i64, i64, i64)>(
                    "local sum = 0\n\
                     for i = 1, #Memory.list do sum = sum + (Memory.list[i] == i and 1 or -1e9) end\n\
                     return Memory.n, sum, Memory.count(), Memory.log[#Memory.log]",
                )
                .unwrap();
            let (n, sum, count, last) = found;
            assert!(n >= committed, "kill {kill}: {committed} was committed, {n} is there");
            assert!(n <= committed + 1, "kill {kill}: {n} is there, and only {committed} was committed");
            assert_eq!((sum, count, last), (n, n + 1, n), "kill {kill}: half of a commit is there");
            torn += i64::from(n > committed);
            // The counter went on when it was called; the instance has stored that.
            lua.run("Memory.reset()").unwrap();
        }
        eprintln!("Lua {version}: {kills} kills, {committed} commits, {torn} killed between a commit and its report");
        assert!(committed > 0);
    }
}

/// What the test above starts and kills. Run by itself it does nothing.
#[test]
fn crash_child() {
    let Ok(child) = std::env::var(CHILD) else { return };
    let (version, dir) = child.split_once(' ').unwrap();
    let dir = std::path::Path::new(dir);
    let module = cached(dir, version);
    let mut lua = builder(&module).store(DiskStore::open(dir.join("state")).unwrap()).build().unwrap();
    lua.run(
        "if not Memory.n then\n\
           local n = 0\n\
           Memory.n, Memory.list, Memory.log = 0, {}, ext.table()\n\
           Memory.count = function() n = n + 1; return n end\n\
           Memory.reset = function() n = n - 1 end\n\
         end",
    )
    .unwrap();
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(60) {
        let n = lua
            .eval::<i64>(
                "local n = Memory.count()\n\
                 Memory.n = n; Memory.list[n] = n; Memory.log[n] = n\n\
                 return n",
            )
            .unwrap();
        println!("committed {n}");
    }
}
