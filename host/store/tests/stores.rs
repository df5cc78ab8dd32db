//! What every store must do, over each that there is.

use std::collections::HashMap;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::{Arc, Mutex};

use libtest_mimic::{Arguments, Trial};
#[cfg(feature = "redb")]
use moonwright_store::DiskStore;
use moonwright_store::{Change, MemoryStore, Store, StoreError};

/// Opens a state of a name again and again. What it opened before has been dropped by then.
type Open = Box<dyn Fn(&str) -> Result<Box<dyn Store>, StoreError> + Send + Sync>;

/// A test, given what opens stores, and whether two can be open at once.
type Test = fn(&Open);

const TESTS: &[(&str, Test)] = &[
    ("an_empty_state", an_empty_state),
    ("keys_keep_their_order", keys_keep_their_order),
    ("any_bytes", any_bytes),
    ("many_entries", many_entries),
    ("changes_that_come_again_do_no_harm", changes_that_come_again_do_no_harm),
    ("random_batches_do_what_they_do_in_memory", random_batches_do_what_they_do_in_memory),
    ("states_of_other_names_are_others", states_of_other_names_are_others),
    ("two_writers_lose_nothing", two_writers_lose_nothing),
    ("writers_that_race_lose_nothing", writers_that_race_lose_nothing),
];

fn set(table: u32, key: impl AsRef<[u8]>, value: impl AsRef<[u8]>) -> Change {
    Change::Set { table, key: key.as_ref().to_vec(), value: value.as_ref().to_vec() }
}

fn delete(table: u32, key: impl AsRef<[u8]>) -> Change {
    Change::Delete { table, key: key.as_ref().to_vec() }
}

fn keys(store: &dyn Store, table: u32) -> Vec<String> {
    let keys = store.keys(table).unwrap();
    assert_eq!(store.len(table).unwrap(), keys.len() as u64);
    keys.into_iter().map(|key| String::from_utf8_lossy(&key).into_owned()).collect()
}

fn an_empty_state(open: &Open) {
    let mut store = open("empty").unwrap();
    assert_eq!(store.tables().unwrap(), [0u32; 0]);
    assert_eq!(store.get(1, b"k").unwrap(), None);
    assert_eq!((store.len(7).unwrap(), store.keys(7).unwrap()), (0, vec![]));
    store.commit(&[]).unwrap();
    store.commit(&[delete(1, "k"), Change::Drop { table: 9 }]).unwrap();
    assert_eq!(store.tables().unwrap(), [0u32; 0]);
}

fn keys_keep_their_order(open: &Open) {
    let mut store = open("order").unwrap();
    store.commit(&[set(1, "b", "1"), set(1, "a", "2"), set(1, "c", "3"), set(2, "x", "")]).unwrap();
    store.commit(&[set(1, "a", "4"), delete(1, "b"), set(1, "b", "5"), set(1, "0", "6")]).unwrap();
    assert_eq!(keys(&*store, 1), ["a", "c", "b", "0"]);
    drop(store);
    let mut store = open("order").unwrap();
    assert_eq!(keys(&*store, 1), ["a", "c", "b", "0"]);
    assert_eq!(store.get(1, b"a").unwrap(), Some(b"4".to_vec()));
    assert_eq!(store.get(2, b"x").unwrap(), Some(vec![]), "an empty value is a value");
    assert_eq!(store.tables().unwrap(), [1, 2]);
    store.commit(&[Change::Drop { table: 1 }, set(1, "z", "7"), delete(2, "x")]).unwrap();
    assert_eq!((keys(&*store, 1), store.tables().unwrap()), (vec!["z".to_owned()], vec![1]));
    store.commit(&[set(1, "y", "8"), Change::Drop { table: 1 }]).unwrap();
    assert_eq!((store.get(1, b"y").unwrap(), store.tables().unwrap()), (None, vec![]));
}

fn any_bytes(open: &Open) {
    let mut store = open("bytes").unwrap();
    let all: Vec<u8> = (0..=255).collect();
    let large = all.repeat(1 << 13);
    let changes = [set(0, "", "nothing"), set(0, "\0", ""), set(u32::MAX, &all, &large), set(u32::MAX, [0xff], [0])];
    store.commit(&changes).unwrap();
    drop(store);
    let store = open("bytes").unwrap();
    assert_eq!(store.get(0, b"").unwrap(), Some(b"nothing".to_vec()));
    assert_eq!(store.get(u32::MAX, &all).unwrap(), Some(large));
    assert_eq!(store.keys(0).unwrap(), [b"".to_vec(), b"\0".to_vec()]);
    assert_eq!(store.keys(u32::MAX).unwrap(), [all, vec![0xff]]);
    assert_eq!(store.tables().unwrap(), [0, u32::MAX]);
}

fn many_entries(open: &Open) {
    let mut store = open("many").unwrap();
    let key = |n: u32| (n ^ 0x2a5).to_string();
    store.commit(&(0..20_000).map(|n| set(5, key(n), [n as u8; 10])).collect::<Vec<_>>()).unwrap();
    assert_eq!(keys(&*store, 5), (0..20_000).map(key).collect::<Vec<_>>());
}

fn changes_that_come_again_do_no_harm(open: &Open) {
    let mut store = open("again").unwrap();
    store.commit(&[set(1, "a", "1"), set(1, "b", "1"), set(2, "x", "1")]).unwrap();
    let changes = [delete(1, "a"), set(1, "c", "2"), set(1, "a", "2"), Change::Drop { table: 2 }, set(2, "y", "2")];
    for _ in 0..2 {
        store.commit(&changes).unwrap();
        assert_eq!(
            (keys(&*store, 1), keys(&*store, 2)),
            (["b", "c", "a"].map(str::to_owned).to_vec(), vec!["y".into()])
        );
    }
}

fn random_batches_do_what_they_do_in_memory(open: &Open) {
    let mut state = 7u64;
    let mut random = |below: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % below
    };
    let mut memory = MemoryStore::new();
    for _ in 0..20 {
        let mut store = open("random").unwrap();
        let batch: Vec<Change> = (0..random(30))
            .map(|_| {
                let table = [0, 1, u32::MAX][random(3) as usize];
                let key = vec![random(9) as u8; random(3) as usize];
                match random(12) {
                    0 => Change::Drop { table },
                    1..4 => Change::Delete { table, key },
                    n => Change::Set { table, key, value: vec![n as u8; n as usize - 4] },
                }
            })
            .collect();
        store.commit(&batch).unwrap();
        memory.commit(&batch).unwrap();
        assert_eq!(store.tables().unwrap(), memory.tables().unwrap());
        for table in [0, 1, u32::MAX] {
            let keys = store.keys(table).unwrap();
            assert_eq!(keys, memory.keys(table).unwrap());
            assert_eq!(store.len(table).unwrap(), keys.len() as u64);
            for key in keys {
                assert_eq!(store.get(table, &key).unwrap(), memory.get(table, &key).unwrap());
            }
        }
    }
}

fn states_of_other_names_are_others(open: &Open) {
    open("one").unwrap().commit(&[set(1, "k", "one")]).unwrap();
    open("on").unwrap().commit(&[set(1, "k", "on")]).unwrap();
    assert_eq!(open("one").unwrap().get(1, b"k").unwrap(), Some(b"one".to_vec()));
    assert_eq!(open("{o}:ne*\n").unwrap().get(1, b"k").unwrap(), None);
}

/// Either the second cannot open the state, or the first to write wins and the other one is told, at each operation.
fn two_writers_lose_nothing(open: &Open) {
    let mut first = open("two").unwrap();
    first.commit(&[set(1, "n", "0")]).unwrap();
    let mut second = match open("two") {
        Err(StoreError::InUse { .. }) => return,
        other => other.unwrap(),
    };
    assert_eq!(second.get(1, b"n").unwrap(), Some(b"0".to_vec()));
    first.commit(&[set(1, "n", "1")]).unwrap();
    first.commit(&[set(1, "n", "2")]).unwrap();
    fn conflict<T: std::fmt::Debug>(result: Result<T, StoreError>) {
        assert!(matches!(result, Err(StoreError::Conflict { .. })), "{result:?}");
    }
    conflict(second.commit(&[set(1, "n", "3"), set(1, "lost", "")]));
    conflict(second.get(1, b"n"));
    conflict(second.keys(1));
    conflict(second.len(1));
    conflict(second.tables());
    assert_eq!(first.get(1, b"n").unwrap(), Some(b"2".to_vec()));
    assert_eq!(keys(&*first, 1), ["n"]);
    let mut third = open("two").unwrap();
    third.commit(&[set(1, "n", "4")]).unwrap();
    conflict(first.commit(&[]));
}

/// Several threads count up; each reads, adds one and commits, and does it again when it is told that another one was first.
fn writers_that_race_lose_nothing(open: &Open) {
    const WRITERS: u64 = 4;
    const EACH: u64 = 25;
    let count = |store: &dyn Store| -> Result<u64, StoreError> {
        Ok(store.get(1, b"n")?.map_or(0, |n| u64::from_le_bytes(n.try_into().unwrap())))
    };
    let add = || -> Result<(), StoreError> {
        let mut store = open("race")?;
        let n = count(&*store)?;
        std::thread::yield_now();
        store.commit(&[set(1, "n", (n + 1).to_le_bytes()), set(2, n.to_string(), "")])
    };
    std::thread::scope(|scope| {
        for _ in 0..WRITERS {
            scope.spawn(|| {
                for _ in 0..EACH {
                    while let Err(error) = add() {
                        let expected = matches!(error, StoreError::Conflict { .. } | StoreError::InUse { .. });
                        assert!(expected, "{error}");
                        std::thread::yield_now();
                    }
                }
            });
        }
    });
    let store = open("race").unwrap();
    assert_eq!(count(&*store).unwrap(), WRITERS * EACH);
    assert_eq!(keys(&*store, 2), (0..WRITERS * EACH).map(|n| n.to_string()).collect::<Vec<_>>());
}

/// One trial for each test, over what `open` opens; `missing` says why there is no such store here.
fn trials(name: &str, open: Open, missing: bool) -> Vec<Trial> {
    let open = Arc::new(open);
    let trial = |(test, run): &(&str, Test)| {
        let (open, run) = (Arc::clone(&open), *run);
        Trial::test(format!("{name}::{test}"), move || {
            run(&open);
            Ok(())
        })
        .with_ignored_flag(missing)
    };
    TESTS.iter().map(trial).collect()
}

/// In memory a state is what clones share; that there is one writer at a time is up to who hands them out, as here.
fn memory() -> Open {
    struct One(MemoryStore, Arc<AtomicBool>);
    impl Drop for One {
        fn drop(&mut self) {
            self.1.store(false, SeqCst);
        }
    }
    impl Store for One {
        fn get(&self, table: u32, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
            self.0.get(table, key)
        }
        fn keys(&self, table: u32) -> Result<Vec<Vec<u8>>, StoreError> {
            self.0.keys(table)
        }
        fn len(&self, table: u32) -> Result<u64, StoreError> {
            self.0.len(table)
        }
        fn tables(&self) -> Result<Vec<u32>, StoreError> {
            self.0.tables()
        }
        fn commit(&mut self, changes: &[Change]) -> Result<(), StoreError> {
            self.0.commit(changes)
        }
    }
    let states = Mutex::new(HashMap::<String, (MemoryStore, Arc<AtomicBool>)>::new());
    Box::new(move |name| {
        let (state, used) = states.lock().unwrap().entry(name.to_owned()).or_default().clone();
        if used.swap(true, SeqCst) {
            return Err(StoreError::InUse { name: name.to_owned() });
        }
        Ok(Box::new(One(state, used)))
    })
}

/// Both kinds of layers over a store.
#[cfg(feature = "crypto")]
fn layered(open: Open) -> Open {
    use moonwright_store::{Compression, Layered, encrypted};
    Box::new(move |name| Ok(Box::new(Layered::new(encrypted(open(name)?, &[7; 32]), Compression::from(0)))))
}

#[cfg(feature = "redb")]
fn disk(folder: &Path) -> Open {
    let folder = folder.to_owned();
    Box::new(move |name| {
        let file: String = name.bytes().map(|byte| format!("{byte:02x}")).collect();
        Ok(Box::new(DiskStore::open(folder.join(file))?))
    })
}

/// A Redis server of the test's own, reached by a socket in its folder.
#[cfg(feature = "redis")]
mod server {
    use super::*;
    use std::process::{Child, Command, Stdio};
    use std::time::{Duration, Instant};

    pub struct Server(Option<Child>);

    impl Server {
        /// # Panics
        /// Where it does not start.
        pub fn start(folder: &Path) -> (Self, Open) {
            let socket = folder.join("socket");
            let child = Command::new("redis-server")
                .args(["--port", "0", "--save", "", "--appendonly", "no", "--unixsocketperm", "700", "--unixsocket"])
                .arg(&socket)
                .arg("--dir")
                .arg(folder)
                .stdout(Stdio::null())
                .spawn()
                .ok();
            let url = format!("redis+unix://{}", socket.display());
            let begun = Instant::now();
            while child.is_some() && moonwright_store::RedisStore::open(&url, "").is_err() {
                assert!(begun.elapsed() < Duration::from_secs(10), "the server does not answer");
                std::thread::sleep(Duration::from_millis(20));
            }
            (Self(child), Box::new(move |name| Ok(Box::new(moonwright_store::RedisStore::open(&url, name)?))))
        }

        pub fn missing(&self) -> bool {
            self.0.is_none()
        }
    }

    impl Drop for Server {
        fn drop(&mut self) {
            if let Some(child) = &mut self.0 {
                drop(child.kill());
                drop(child.wait());
            }
        }
    }
}

fn main() {
    let arguments = Arguments::from_args();
    let dir = tempfile::tempdir().unwrap();
    let mut all = trials("memory", memory(), false);
    #[cfg(feature = "crypto")]
    all.extend(trials("layered", layered(memory()), false));
    #[cfg(feature = "redb")]
    all.extend(trials("disk", disk(dir.path()), false));
    #[cfg(feature = "redis")]
    let server = {
        let (server, open) = server::Server::start(dir.path());
        if server.missing() {
            println!("skipped: the store on Redis (there is no redis-server; Debian's package is redis-server)");
        }
        all.extend(trials("redis", open, server.missing()));
        server
    };
    let conclusion = libtest_mimic::run(&arguments, all);
    #[cfg(feature = "redis")]
    drop(server);
    drop(dir);
    conclusion.exit();
}
