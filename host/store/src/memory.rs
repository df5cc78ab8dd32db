//! Stored tables in memory.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use indexmap::IndexMap;

use crate::{Change, Store, StoreError};

type Tables = BTreeMap<u32, IndexMap<Vec<u8>, Vec<u8>>>;

/// A store in memory. Clones share it, so that one instance can follow another; two at a time would overwrite each other.
#[derive(Clone, Debug, Default)]
pub struct MemoryStore(Arc<Mutex<Tables>>);

impl MemoryStore {
    /// An empty store.
    pub fn new() -> Self {
        Self::default()
    }

    fn lock(&self) -> MutexGuard<'_, Tables> {
        // Whoever panicked held whole entries: each change is one call.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Store for MemoryStore {
    fn get(&self, table: u32, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.lock().get(&table).and_then(|entries| entries.get(key)).cloned())
    }

    fn keys(&self, table: u32) -> Result<Vec<Vec<u8>>, StoreError> {
        Ok(self.lock().get(&table).map(|entries| entries.keys().cloned().collect()).unwrap_or_default())
    }

    fn len(&self, table: u32) -> Result<u64, StoreError> {
        Ok(self.lock().get(&table).map_or(0, |entries| entries.len() as u64))
    }

    fn tables(&self) -> Result<Vec<u32>, StoreError> {
        Ok(self.lock().keys().copied().collect())
    }

    fn commit(&mut self, changes: &[Change]) -> Result<(), StoreError> {
        let mut tables = self.lock();
        for change in changes {
            match change {
                Change::Set { table, key, value } => {
                    tables.entry(*table).or_default().insert(key.clone(), value.clone());
                }
                Change::Delete { table, key } => {
                    if let Some(entries) = tables.get_mut(table) {
                        entries.shift_remove(key);
                        if entries.is_empty() {
                            tables.remove(table);
                        }
                    }
                }
                Change::Drop { table } => {
                    tables.remove(table);
                }
            }
        }
        Ok(())
    }
}
