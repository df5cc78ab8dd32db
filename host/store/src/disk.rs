//! Stored tables on disk, in one file of the embedded database redb.

use std::path::Path;

use redb::{Database, DatabaseError, ReadableDatabase, ReadableTable, TableDefinition};

use crate::{Change, Store, StoreError};

/// (table, key) to the number that the key got when it came (u64, little-endian) and the value.
const ENTRIES: TableDefinition<'_, (u32, &[u8]), &[u8]> = TableDefinition::new("entries");
/// Number of keys of each table that has some.
const COUNTS: TableDefinition<'_, u32, u64> = TableDefinition::new("counts");
/// The format, and the number for the next key.
const META: TableDefinition<'_, &str, u64> = TableDefinition::new("moonwright");

const FORMAT: &str = "format";
const NEXT: &str = "next";
const VERSION: u64 = 1;

/// A store on disk. A flush is one transaction: a process killed at any moment leaves the last committed one. The file is
/// locked while it is open: a second writer gets [`StoreError::InUse`].
pub struct DiskStore {
    database: Database,
}

impl DiskStore {
    /// Opens the state at `path`, one file, or makes an empty one there.
    ///
    /// # Errors
    /// Where somebody else has it open, it is no state of this crate, or the disk fails.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, StoreError> {
        let name = || path.as_ref().display().to_string();
        let open = |reason: String| StoreError::Open { name: name(), reason };
        let database = Database::create(path.as_ref()).map_err(|error| match error {
            DatabaseError::DatabaseAlreadyOpen => StoreError::InUse { name: name() },
            other => open(other.to_string()),
        })?;
        let version = prepare(&database).map_err(|error| open(error.to_string()))?;
        if version != VERSION {
            return Err(open(format!("expected format {VERSION}, found {version}; open it with a newer release")));
        }
        Ok(Self { database })
    }
}

/// Makes the tables of a new file and gives the format.
fn prepare(database: &Database) -> Result<u64, redb::Error> {
    let transaction = database.begin_write()?;
    let version = {
        let mut meta = transaction.open_table(META)?;
        let found = meta.get(FORMAT)?.map(|version| version.value());
        if found.is_none() {
            meta.insert(FORMAT, VERSION)?;
            transaction.open_table(ENTRIES)?;
            transaction.open_table(COUNTS)?;
        }
        found
    };
    match version {
        Some(version) => {
            transaction.abort()?;
            Ok(version)
        }
        None => {
            transaction.commit()?;
            Ok(VERSION)
        }
    }
}

fn failed(error: impl Into<redb::Error>) -> StoreError {
    StoreError::Failed(Box::new(error.into()))
}

impl DiskStore {
    fn read(&self, table: u32, key: &[u8]) -> Result<Option<Vec<u8>>, redb::Error> {
        let entries = self.database.begin_read()?.open_table(ENTRIES)?;
        Ok(entries.get((table, key))?.map(|value| value.value().get(8..).unwrap_or_default().to_vec()))
    }

    fn read_keys(&self, table: u32) -> Result<Vec<Vec<u8>>, redb::Error> {
        let entries = self.database.begin_read()?.open_table(ENTRIES)?;
        let mut keys = Vec::new();
        for entry in entries.range((table, &[][..])..)? {
            let (key, value) = entry?;
            let (of, key) = key.value();
            if of != table {
                break;
            }
            keys.push((number(value.value()), key.to_vec()));
        }
        keys.sort_unstable_by_key(|(number, _)| *number);
        Ok(keys.into_iter().map(|(_, key)| key).collect())
    }

    fn read_len(&self, table: u32) -> Result<u64, redb::Error> {
        let counts = self.database.begin_read()?.open_table(COUNTS)?;
        Ok(counts.get(table)?.map_or(0, |count| count.value()))
    }

    fn read_tables(&self) -> Result<Vec<u32>, redb::Error> {
        let counts = self.database.begin_read()?.open_table(COUNTS)?;
        let mut tables = Vec::new();
        for entry in counts.iter()? {
            tables.push(entry?.0.value());
        }
        Ok(tables)
    }

    fn write(&self, changes: &[Change]) -> Result<(), redb::Error> {
        let transaction = self.database.begin_write()?;
        {
            let mut entries = transaction.open_table(ENTRIES)?;
            let mut counts = transaction.open_table(COUNTS)?;
            let mut meta = transaction.open_table(META)?;
            let mut next = meta.get(NEXT)?.map_or(0, |next| next.value());
            let mut grown: std::collections::BTreeMap<u32, i64> = std::collections::BTreeMap::new();
            let mut stored = Vec::new();
            for change in changes {
                match change {
                    Change::Set { table, key, value } => {
                        let old = entries.get((*table, &key[..]))?.map(|old| number(old.value()));
                        stored.clear();
                        stored.extend(old.unwrap_or(next).to_le_bytes());
                        stored.extend(value);
                        if old.is_none() {
                            next += 1;
                            *grown.entry(*table).or_default() += 1;
                        }
                        entries.insert((*table, &key[..]), &stored[..])?;
                    }
                    Change::Delete { table, key } => {
                        if entries.remove((*table, &key[..]))?.is_some() {
                            *grown.entry(*table).or_default() -= 1;
                        }
                    }
                    Change::Drop { table } => {
                        match table.checked_add(1) {
                            Some(end) => entries.retain_in((*table, &[][..])..(end, &[][..]), |_, _| false)?,
                            None => entries.retain_in((*table, &[][..]).., |_, _| false)?,
                        }
                        counts.remove(*table)?;
                        grown.remove(table);
                    }
                }
            }
            for (table, by) in grown {
                let count = counts.get(table)?.map_or(0, |count| count.value()).saturating_add_signed(by);
                if count == 0 {
                    counts.remove(table)?;
                } else {
                    counts.insert(table, count)?;
                }
            }
            meta.insert(NEXT, next)?;
        }
        transaction.commit()?;
        Ok(())
    }
}

fn number(stored: &[u8]) -> u64 {
    stored.first_chunk().map_or(0, |number| u64::from_le_bytes(*number))
}

impl Store for DiskStore {
    fn get(&self, table: u32, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        self.read(table, key).map_err(failed)
    }

    fn keys(&self, table: u32) -> Result<Vec<Vec<u8>>, StoreError> {
        self.read_keys(table).map_err(failed)
    }

    fn len(&self, table: u32) -> Result<u64, StoreError> {
        self.read_len(table).map_err(failed)
    }

    fn tables(&self) -> Result<Vec<u32>, StoreError> {
        self.read_tables().map_err(failed)
    }

    fn commit(&mut self, changes: &[Change]) -> Result<(), StoreError> {
        self.write(changes).map_err(failed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_writer_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("state");
        let first = DiskStore::open(&path).unwrap();
        assert!(matches!(DiskStore::open(&path), Err(StoreError::InUse { .. })));
        drop(first);
        DiskStore::open(&path).unwrap();
    }

    #[test]
    fn what_is_no_state_is_refused_and_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("state");
        std::fs::write(&path, "somebody's notes").unwrap();
        assert!(matches!(DiskStore::open(&path), Err(StoreError::Open { .. })));
        assert_eq!(std::fs::read(&path).unwrap(), b"somebody's notes");
    }
}
