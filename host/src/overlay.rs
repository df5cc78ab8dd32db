//! Changes on their way to a store: what an instance has handed over since the last commit, over what is stored.

use std::collections::{BTreeMap, HashMap};

use moonwright_store::{Change, Store, StoreError};

/// A store and what is not yet committed to it.
pub(crate) struct Overlay {
    store: Box<dyn Store>,
    changes: Vec<Change>,
    tables: HashMap<u32, Pending>,
}

/// The changes of one table.
#[derive(Default)]
struct Pending {
    /// What is stored no longer counts.
    dropped: bool,
    /// The last change of each key, as an index of `changes`.
    last: HashMap<Vec<u8>, usize>,
    /// All of its changes, in order.
    order: Vec<usize>,
    /// Number of keys, once somebody has asked.
    len: Option<u64>,
}

impl Overlay {
    pub(crate) fn new(store: Box<dyn Store>) -> Self {
        Self { store, changes: Vec::new(), tables: HashMap::new() }
    }

    pub(crate) fn get(&self, table: u32, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        if let Some(pending) = self.tables.get(&table) {
            if let Some(&at) = pending.last.get(key) {
                return Ok(match &self.changes[at] {
                    Change::Set { value, .. } => Some(value.clone()),
                    Change::Delete { .. } | Change::Drop { .. } => None,
                });
            }
            if pending.dropped {
                return Ok(None);
            }
        }
        self.store.get(table, key)
    }

    pub(crate) fn set(&mut self, table: u32, key: &[u8], value: &[u8]) -> Result<(), StoreError> {
        self.change(table, key, Some(value.to_vec()))
    }

    pub(crate) fn delete(&mut self, table: u32, key: &[u8]) -> Result<(), StoreError> {
        self.change(table, key, None)
    }

    pub(crate) fn drop_table(&mut self, table: u32) {
        self.changes.push(Change::Drop { table });
        self.tables.insert(table, Pending { dropped: true, len: Some(0), ..Pending::default() });
    }

    pub(crate) fn keys(&self, table: u32) -> Result<Vec<Vec<u8>>, StoreError> {
        let Some(pending) = self.tables.get(&table) else { return self.store.keys(table) };
        let stored = if pending.dropped { Vec::new() } else { self.store.keys(table)? };
        let mut places: HashMap<&[u8], usize> = HashMap::with_capacity(stored.len());
        let mut keys: BTreeMap<usize, &[u8]> = BTreeMap::new();
        for (place, key) in stored.iter().enumerate() {
            places.insert(key, place);
            keys.insert(place, key);
        }
        let mut next = stored.len();
        for &at in &pending.order {
            match &self.changes[at] {
                Change::Set { key, .. } => {
                    places.entry(key).or_insert_with(|| {
                        keys.insert(next, key);
                        next += 1;
                        next - 1
                    });
                }
                Change::Delete { key, .. } => {
                    if let Some(place) = places.remove(key.as_slice()) {
                        keys.remove(&place);
                    }
                }
                Change::Drop { .. } => {}
            }
        }
        Ok(keys.into_values().map(<[u8]>::to_vec).collect())
    }

    pub(crate) fn len(&mut self, table: u32) -> Result<u64, StoreError> {
        let Some(pending) = self.tables.get(&table) else { return self.store.len(table) };
        if let Some(len) = pending.len {
            return Ok(len);
        }
        let mut len = if pending.dropped { 0 } else { self.store.len(table)? };
        for (key, &at) in &pending.last {
            let stored = !pending.dropped && self.store.get(table, key)?.is_some();
            let there = matches!(self.changes[at], Change::Set { .. });
            len = len + u64::from(there) - u64::from(stored);
        }
        if let Some(pending) = self.tables.get_mut(&table) {
            pending.len = Some(len);
        }
        Ok(len)
    }

    pub(crate) fn pending(&self) -> usize {
        self.changes.len()
    }

    /// Hands all changes to the store. Where it fails they stay, and go with the next commit.
    pub(crate) fn commit(&mut self) -> Result<usize, StoreError> {
        let count = self.changes.len();
        if count > 0 {
            self.store.commit(&self.changes)?;
            self.changes.clear();
            self.tables.clear();
        }
        Ok(count)
    }

    fn change(&mut self, table: u32, key: &[u8], value: Option<Vec<u8>>) -> Result<(), StoreError> {
        let counted = self.tables.get(&table).is_some_and(|pending| pending.len.is_some());
        let was_there = counted && self.get(table, key)?.is_some();
        let pending = self.tables.entry(table).or_default();
        if let Some(len) = &mut pending.len {
            *len = *len + u64::from(value.is_some()) - u64::from(was_there);
        }
        // A key that is set again keeps its place, and one that is deleted has none: either takes the place of the last
        // change. Only what is set after it was deleted comes last.
        if let Some(&at) = pending.last.get(key) {
            match (&mut self.changes[at], value) {
                (Change::Set { value: old, .. }, Some(value)) => {
                    *old = value;
                    return Ok(());
                }
                (change @ Change::Set { .. }, None) => {
                    *change = Change::Delete { table, key: key.to_vec() };
                    return Ok(());
                }
                (_, None) => return Ok(()),
                (_, value @ Some(_)) => {
                    self.push(table, key, value);
                    return Ok(());
                }
            }
        }
        self.push(table, key, value);
        Ok(())
    }

    fn push(&mut self, table: u32, key: &[u8], value: Option<Vec<u8>>) {
        let (at, key) = (self.changes.len(), key.to_vec());
        let pending = self.tables.entry(table).or_default();
        pending.last.insert(key.clone(), at);
        pending.order.push(at);
        self.changes.push(match value {
            Some(value) => Change::Set { table, key, value },
            None => Change::Delete { table, key },
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use moonwright_store::MemoryStore;

    /// The same random changes, with commits at random places and with none, give the same tables in the same order.
    #[test]
    fn commits_do_not_show() {
        for seed in 0..200u64 {
            let mut state = seed;
            let mut random = |below: u64| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                (state >> 33) % below
            };
            let [mut often, mut never] = [(); 2].map(|()| Overlay::new(Box::new(MemoryStore::new())));
            for _ in 0..60 {
                let (table, key) = (random(2) as u32, [random(5) as u8]);
                let what = random(10);
                for overlay in [&mut often, &mut never] {
                    match what {
                        0..5 => overlay.set(table, &key, &[what as u8]).unwrap(),
                        5..8 => overlay.delete(table, &key).unwrap(),
                        8 => assert_eq!(overlay.len(table).unwrap(), overlay.keys(table).unwrap().len() as u64),
                        _ if key[0] == 0 => overlay.drop_table(table),
                        _ => {}
                    }
                }
                if random(4) == 0 {
                    often.commit().unwrap();
                }
                for table in 0..2 {
                    let keys = often.keys(table).unwrap();
                    assert_eq!(keys, never.keys(table).unwrap(), "seed {seed}");
                    assert_eq!(often.len(table).unwrap(), keys.len() as u64, "seed {seed}");
                    for key in keys {
                        assert_eq!(often.get(table, &key).unwrap(), never.get(table, &key).unwrap(), "seed {seed}");
                    }
                }
            }
            never.commit().unwrap();
            often.commit().unwrap();
            assert_eq!(often.store.keys(0).unwrap(), never.store.keys(0).unwrap(), "seed {seed}");
            assert_eq!(often.store.tables().unwrap(), never.store.tables().unwrap(), "seed {seed}");
        }
    }
}
