//! The stored tables of a host: what would be a database, kept in memory.

use std::collections::BTreeMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use indexmap::IndexMap;

/// One stored table: encoded keys and values, in the order in which the keys were first set.
pub type Table = IndexMap<Vec<u8>, Vec<u8>, Hashing>;

/// What is measured is the module, so the store is quick: nobody attacks it with keys that collide.
pub type Hashing = BuildHasherDefault<WordHasher>;

/// Hashes eight bytes at a time, by multiplication.
#[derive(Default)]
pub struct WordHasher(u64);

impl Hasher for WordHasher {
    fn write(&mut self, bytes: &[u8]) {
        for part in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..part.len()].copy_from_slice(part);
            self.write_u64(u64::from_le_bytes(word));
        }
    }

    fn write_u64(&mut self, word: u64) {
        let product = u128::from(self.0 ^ word ^ 0x9E37_79B9_7F4A_7C15) * 0xD6E8_FEB8_6659_FD93;
        self.0 = (product >> 64) as u64 ^ product as u64;
    }

    fn write_u32(&mut self, word: u32) {
        self.write_u64(word.into());
    }

    fn write_usize(&mut self, word: usize) {
        self.write_u64(word as u64);
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

/// Which writes fail, for tests of what happens when the host's store does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Faults {
    /// Every write succeeds.
    #[default]
    None,
    /// Every write fails.
    All,
    /// Writes fail at random, about one in `one_in`; the same seed fails the same writes.
    Random {
        /// Where the sequence starts.
        seed: u64,
        /// One write in so many fails.
        one_in: u64,
    },
}

/// What is stored, and how writes are to fail.
#[derive(Debug, Default)]
pub struct TablesInner {
    tables: IndexMap<u32, Table, Hashing>,
    faults: Faults,
    random: u64,
    /// Successful calls of `js_ext_table_set` so far.
    pub sets: u64,
    /// Successful calls of `js_ext_table_delete` so far.
    pub deletes: u64,
}

/// A shared handle to stored tables: clones see the same tables, and instances attached one after the other find what
/// the earlier ones left.
#[derive(Clone, Debug, Default)]
pub struct Tables(Arc<Mutex<TablesInner>>);

impl Tables {
    /// No tables at all.
    pub fn new() -> Self {
        Self::default()
    }

    /// The tables, for as long as the guard lives.
    pub fn lock(&self) -> MutexGuard<'_, TablesInner> {
        // A test that panicked half-way leaves plain data, which is still what was stored.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// From now on writes fail as `faults` says.
    pub fn set_faults(&self, faults: Faults) {
        let mut inner = self.lock();
        inner.faults = faults;
        if let Faults::Random { seed, .. } = faults {
            inner.random = seed;
        }
    }

    /// A copy of everything stored, which later writes do not touch.
    pub fn snapshot(&self) -> BTreeMap<u32, Table> {
        self.lock().tables.iter().map(|(id, table)| (*id, table.clone())).collect()
    }

    /// Tables that hold exactly `tables`.
    pub fn from_snapshot(tables: BTreeMap<u32, Table>) -> Self {
        let tables = tables.into_iter().collect();
        Self(Arc::new(Mutex::new(TablesInner { tables, ..TablesInner::default() })))
    }
}

impl TablesInner {
    /// Stores an entry; false when the write was made to fail.
    pub fn set(&mut self, id: u32, key: &[u8], value: &[u8]) -> bool {
        if self.fails() {
            return false;
        }
        self.sets += 1;
        let table = self.tables.entry(id).or_default();
        match table.get_mut(key) {
            Some(old) => value.clone_into(old),
            None => _ = table.insert(key.to_vec(), value.to_vec()),
        }
        true
    }

    /// The value under `key`.
    pub fn get(&self, id: u32, key: &[u8]) -> Option<&[u8]> {
        self.tables.get(&id)?.get(key).map(Vec::as_slice)
    }

    /// Removes an entry, which need not exist; false when the write was made to fail.
    pub fn delete(&mut self, id: u32, key: &[u8]) -> bool {
        if self.fails() {
            return false;
        }
        self.deletes += 1;
        if let Some(table) = self.tables.get_mut(&id) {
            table.shift_remove(key);
        }
        true
    }

    /// The bytes of all keys and values.
    pub fn bytes(&self) -> usize {
        self.tables.values().flatten().map(|(key, value)| key.len() + value.len()).sum()
    }

    /// Number of keys.
    pub fn len(&self, id: u32) -> usize {
        self.tables.get(&id).map_or(0, IndexMap::len)
    }

    /// Whether the table has no keys.
    pub fn is_empty(&self, id: u32) -> bool {
        self.len(id) == 0
    }

    /// The keys in insertion order.
    pub fn key_list(&self, id: u32) -> Vec<Vec<u8>> {
        self.tables.get(&id).map(|table| table.keys().cloned().collect()).unwrap_or_default()
    }

    /// The keys in insertion order, in the form that `js_ext_table_keys` writes.
    pub fn keys(&self, id: u32) -> Vec<u8> {
        let keys = || self.tables.get(&id).into_iter().flat_map(IndexMap::keys);
        let mut out = Vec::with_capacity(keys().fold(4, |size, key| size + 4 + key.len()));
        out.extend_from_slice(&(self.len(id) as u32).to_le_bytes());
        for key in keys() {
            out.extend_from_slice(&(key.len() as u32).to_le_bytes());
            out.extend_from_slice(key);
        }
        out
    }

    /// Forgets the whole table; false when the write was made to fail.
    pub fn drop_table(&mut self, id: u32) -> bool {
        if self.fails() {
            return false;
        }
        self.tables.swap_remove(&id);
        true
    }

    /// Does something that is to succeed whatever `set_faults` said: the writes of one transaction.
    pub fn without_faults(&mut self, action: impl FnOnce(&mut Self)) {
        let faults = std::mem::take(&mut self.faults);
        action(self);
        self.faults = faults;
    }

    /// Whether the next write is to fail.
    pub fn fails(&mut self) -> bool {
        match self.faults {
            Faults::None => false,
            Faults::All => true,
            Faults::Random { one_in, .. } => {
                // SplitMix64: even consecutive seeds give unrelated sequences.
                self.random = self.random.wrapping_add(0x9E37_79B9_7F4A_7C15);
                let mut z = self.random;
                z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
                z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
                (z ^ (z >> 31)).is_multiple_of(one_in.max(1))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_keep_the_order_of_first_insertion() {
        let tables = Tables::new();
        let mut inner = tables.lock();
        for key in ["b", "a", "c"] {
            assert!(inner.set(1, key.as_bytes(), b"1"));
        }
        assert!(inner.set(1, b"b", b"2"));
        assert!(inner.delete(1, b"a"));
        assert!(inner.delete(1, b"never there"));
        assert_eq!(inner.keys(1), b"\x02\0\0\0\x01\0\0\0b\x01\0\0\0c");
        assert_eq!(inner.get(1, b"b"), Some(b"2".as_slice()));
        assert_eq!(inner.get(2, b"b"), None);
    }

    #[test]
    fn random_faults_follow_the_seed() {
        let run = |seed| {
            let tables = Tables::new();
            tables.set_faults(Faults::Random { seed, one_in: 3 });
            (0..100u32).map(|n| tables.lock().set(n, b"k", b"v")).collect::<Vec<_>>()
        };
        assert_eq!(run(7), run(7));
        assert_ne!(run(7), run(8));
        let failed = run(7).iter().filter(|stored| !**stored).count();
        assert!((15..60).contains(&failed), "{failed} of 100 writes failed");
    }
}
