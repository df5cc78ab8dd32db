//! State files: a whole state in one file, the same for the Rust crate and the npm package (docs/state-file.md).

use std::collections::HashSet;
use std::fs::{self, File};
use std::io::Write;
use std::path::Path;

use crate::{Change, Store, StoreError};

const SIGNATURE: [u8; 8] = [0x8d, 0x4d, 0x57, 0x53, 0x0d, 0x0a, 0x1a, 0x0a];
const HEADER: usize = 40;
const FORMAT: u16 = 1;
const COMPRESSED: u16 = 1;

/// How hard the body is compressed, from 0 to 10.
const EFFORT: u8 = 6;

/// What is wrong with the bytes of a state file. Nothing has been changed then.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected {expected} at byte {at} of a state file, found {found}")]
pub struct StateFileError {
    /// What should be there
    pub expected: &'static str,
    /// What is there
    pub found: String,
    /// Where: a byte of the file up to 40, then of the body, decompressed
    pub at: usize,
}

/// A state on its way from one store to another: all tables with their entries, in order, and the application's version of
/// it. `moonwright` in a browser or in Node exports and imports the same (`exportState`, `importState`).
///
/// ```
/// use moonwright_store::{Change, MemoryStore, StateFile, Store};
///
/// let mut store = MemoryStore::new();
/// store.commit(&[Change::Set { table: 1, key: b"k".to_vec(), value: b"v".to_vec() }])?;
/// let bytes = StateFile::of(&store, 7)?.to_bytes();
///
/// let mut other = MemoryStore::new();
/// let state = StateFile::parse(&bytes)?;
/// assert_eq!(state.version(), 7);
/// state.put_into(&mut other)?;
/// assert_eq!(other.get(1, b"k")?, Some(b"v".to_vec()));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StateFile {
    version: u32,
    tables: Vec<(u32, Entries)>,
}

/// Keys and values in order of insertion.
type Entries = Vec<(Vec<u8>, Vec<u8>)>;

impl StateFile {
    /// The state in a store. Instances over it have to be flushed before, and are better gone.
    ///
    /// # Errors
    /// Where the store cannot be read.
    pub fn of(store: &(impl Store + ?Sized), version: u32) -> Result<Self, StoreError> {
        let mut tables = Vec::new();
        for table in store.tables()? {
            let mut entries = Vec::new();
            for key in store.keys(table)? {
                let value = store.get(table, &key)?;
                let gone = || StoreError::Failed(format!("a key of table {table} went while it was read").into());
                entries.push((key, value.ok_or_else(gone)?));
            }
            if !entries.is_empty() {
                tables.push((table, entries));
            }
        }
        Ok(Self { version, tables })
    }

    /// The version that the application gave the state.
    pub fn version(&self) -> u32 {
        self.version
    }

    /// Puts the state into a store, in place of all that is there, as one transaction.
    ///
    /// # Errors
    /// Where the store fails; it is as it was then.
    pub fn put_into(&self, store: &mut (impl Store + ?Sized)) -> Result<(), StoreError> {
        let mut changes: Vec<Change> = store.tables()?.into_iter().map(|table| Change::Drop { table }).collect();
        for (table, entries) in &self.tables {
            changes.extend(entries.iter().map(|(key, value)| Change::Set {
                table: *table,
                key: key.clone(),
                value: value.clone(),
            }));
        }
        store.commit(&changes)
    }

    /// The bytes of a file, compressed.
    pub fn to_bytes(&self) -> Vec<u8> {
        let body = self.body();
        let compressed = miniz_oxide::deflate::compress_to_vec(&body, EFFORT);
        // What does not get smaller stays readable.
        if compressed.len() < body.len() {
            file(self.version, COMPRESSED, &compressed, body.len())
        } else {
            file(self.version, 0, &body, body.len())
        }
    }

    /// The bytes of a file, as they are: for a file that goes into an archive which compresses it, or under version control.
    pub fn to_bytes_uncompressed(&self) -> Vec<u8> {
        let body = self.body();
        file(self.version, 0, &body, body.len())
    }

    fn body(&self) -> Vec<u8> {
        let mut body = Vec::new();
        put_length(&mut body, self.tables.len());
        for (table, entries) in &self.tables {
            body.extend(table.to_le_bytes());
            put_length(&mut body, entries.len());
            for (key, value) in entries {
                for bytes in [key, value] {
                    put_length(&mut body, bytes.len());
                    body.extend(bytes);
                }
            }
        }
        body
    }

    /// Reads the bytes of a file.
    ///
    /// # Errors
    /// Where they are no state file, one of a newer release, or damaged.
    pub fn parse(bytes: &[u8]) -> Result<Self, StateFileError> {
        let header: &[u8; HEADER] = bytes
            .first_chunk()
            .ok_or_else(|| wrong("a header of 40 bytes", format!("a file of {} bytes", bytes.len()), 0))?;
        if header[..8] != SIGNATURE {
            return Err(wrong("the signature of a state file", format!("{:02x?}", &header[..8]), 0));
        }
        let format = u16::from_le_bytes([header[8], header[9]]);
        if format != FORMAT {
            return Err(wrong("format 1 (a newer release reads newer ones)", format!("format {format}"), 8));
        }
        check_crc("the header's checksum", &header[..36], four(header, 36), 36)?;
        let flags = u16::from_le_bytes([header[10], header[11]]);
        if flags & !COMPRESSED != 0 {
            return Err(wrong("no flags but bit 0", format!("flags {flags:#06x}"), 10));
        }
        let body = &bytes[HEADER..];
        let (stored, length) = (eight(header, 16), eight(header, 24));
        if stored != body.len() as u64 {
            return Err(wrong("the body's length", format!("{stored}, and a body of {}", body.len()), 16));
        }
        check_crc("the body's checksum", body, four(header, 32), 32)?;
        let wrong_length = |found: String| wrong("the body's length when it is decompressed", found, 24);
        let version = four(header, 12);
        if flags & COMPRESSED == 0 {
            if length != stored {
                return Err(wrong_length(format!("{length}, and a body of {stored} that is not compressed")));
            }
            return Ok(Self { version, tables: Reader { body, at: 0 }.tables()? });
        }
        let limit = usize::try_from(length).map_err(|_| wrong_length(format!("{length}, more than memory")))?;
        // Stops there: a small file can claim to be huge, and be it.
        let body = miniz_oxide::inflate::decompress_to_vec_with_limit(body, limit)
            .map_err(|error| wrong("deflated bytes", error.to_string(), HEADER))?;
        if body.len() != limit {
            return Err(wrong_length(format!("{length}, and {} bytes", body.len())));
        }
        Ok(Self { version, tables: Reader { body: &body, at: 0 }.tables()? })
    }

    /// Reads a file.
    ///
    /// # Errors
    /// Where it cannot be read, and as [`StateFile::parse`].
    pub fn read(path: impl AsRef<Path>) -> Result<Self, StoreError> {
        let path = path.as_ref();
        let open = |reason: String| StoreError::Open { name: path.display().to_string(), reason };
        let bytes = fs::read(path).map_err(|error| open(error.to_string()))?;
        Self::parse(&bytes).map_err(|error| open(error.to_string()))
    }

    /// Writes a file: beside it first, then it takes its place.
    ///
    /// # Errors
    /// Where it cannot be written; what was there is as it was.
    pub fn write(&self, path: impl AsRef<Path>) -> Result<(), StoreError> {
        let path = path.as_ref();
        let mut new = path.as_os_str().to_owned();
        new.push(".new");
        let new = Path::new(&new);
        let written = File::create(new).and_then(|mut file| {
            file.write_all(&self.to_bytes())?;
            file.sync_all()
        });
        written.and_then(|()| fs::rename(new, path)).map_err(|error| {
            // The error is why; a file that is left is ignored and overwritten.
            drop(fs::remove_file(new));
            StoreError::Failed(format!("cannot write {}: {error}", path.display()).into())
        })
    }
}

fn wrong(expected: &'static str, found: String, at: usize) -> StateFileError {
    StateFileError { expected, found, at }
}

fn check_crc(what: &'static str, bytes: &[u8], expected: u32, at: usize) -> Result<(), StateFileError> {
    let crc = crc32fast::hash(bytes);
    if crc == expected { Ok(()) } else { Err(wrong(what, format!("{expected:08x}, and bytes of {crc:08x}"), at)) }
}

fn four(header: &[u8; HEADER], at: usize) -> u32 {
    header[at..].first_chunk().map_or(0, |bytes| u32::from_le_bytes(*bytes))
}

fn eight(header: &[u8; HEADER], at: usize) -> u64 {
    header[at..].first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes))
}

/// Counts and lengths come from a module with 32-bit addresses.
fn put_length(body: &mut Vec<u8>, length: usize) {
    body.extend(u32::try_from(length).unwrap_or(u32::MAX).to_le_bytes());
}

fn file(version: u32, flags: u16, body: &[u8], length: usize) -> Vec<u8> {
    let mut file = Vec::with_capacity(HEADER + body.len());
    file.extend(SIGNATURE);
    file.extend(FORMAT.to_le_bytes());
    file.extend(flags.to_le_bytes());
    file.extend(version.to_le_bytes());
    file.extend((body.len() as u64).to_le_bytes());
    file.extend((length as u64).to_le_bytes());
    file.extend(crc32fast::hash(body).to_le_bytes());
    file.extend(crc32fast::hash(&file).to_le_bytes());
    file.extend(body);
    file
}

struct Reader<'a> {
    body: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    fn tables(mut self) -> Result<Vec<(u32, Entries)>, StateFileError> {
        let mut tables: Vec<(u32, Entries)> = Vec::new();
        for _ in 0..self.u32()? {
            let at = self.at;
            let id = self.u32()?;
            if let Some((last, _)) = tables.last().filter(|(last, _)| *last >= id) {
                return Err(wrong("an id above the last table's", format!("{id} after {last}"), at));
            }
            let (mut entries, mut seen) = (Vec::new(), HashSet::new());
            for _ in 0..self.u32()? {
                let at = self.at;
                let key = self.bytes()?;
                if !seen.insert(key) {
                    return Err(wrong("a key that has not come before", format!("{key:02x?} again"), at));
                }
                entries.push((key.to_vec(), self.bytes()?.to_vec()));
            }
            tables.push((id, entries));
        }
        match self.body.len() - self.at {
            0 => Ok(tables),
            more => Err(wrong("the end", format!("{more} bytes more"), self.at)),
        }
    }

    fn u32(&mut self) -> Result<u32, StateFileError> {
        let bytes = self.take(4)?;
        Ok(bytes.first_chunk().map_or(0, |bytes| u32::from_le_bytes(*bytes)))
    }

    fn bytes(&mut self) -> Result<&'a [u8], StateFileError> {
        let length = self.u32()?;
        self.take(length as usize)
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8], StateFileError> {
        let left = &self.body[self.at..];
        let bytes = left.get(..length);
        let bytes = bytes.ok_or_else(|| wrong("more bytes", format!("{} of {length}", left.len()), self.at))?;
        self.at += length;
        Ok(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::MemoryStore;

    /// The example of docs/state-file.md.
    const EXAMPLE: &str = "8D 4D 57 53 0D 0A 1A 0A 01 00 00 00 07 00 00 00 32 00 00 00 00 00 00 00 \
        32 00 00 00 00 00 00 00 DC 90 38 4A AF 64 A3 1F 02 00 00 00 \
        00 00 00 00 01 00 00 00 01 00 00 00 6E 01 00 00 00 31 \
        01 00 00 00 02 00 00 00 01 00 00 00 62 02 00 00 00 78 79 01 00 00 00 61 00 00 00 00";

    fn example() -> Vec<u8> {
        EXAMPLE.split(' ').map(|byte| u8::from_str_radix(byte, 16).unwrap()).collect()
    }

    fn set(table: u32, key: &str, value: &str) -> Change {
        Change::Set { table, key: key.into(), value: value.into() }
    }

    #[test]
    fn the_example_is_read_and_written() {
        let state = StateFile::parse(&example()).unwrap();
        assert_eq!(state.to_bytes_uncompressed(), example());
        let mut store = MemoryStore::new();
        store.commit(&[set(1, "gone", ""), set(9, "gone", "")]).unwrap();
        state.put_into(&mut store).unwrap();
        assert_eq!((state.version(), store.tables().unwrap()), (7, vec![0, 1]));
        assert_eq!(store.keys(1).unwrap(), [b"b", b"a"]);
        assert_eq!(StateFile::of(&store, 7).unwrap(), state);
    }

    #[test]
    fn what_compresses_is_compressed() {
        let mut store = MemoryStore::new();
        store.commit(&[set(1, "k", &"x".repeat(10_000))]).unwrap();
        let state = StateFile::of(&store, 0).unwrap();
        let bytes = state.to_bytes();
        assert!(bytes.len() < 200, "{} bytes", bytes.len());
        assert_eq!(StateFile::parse(&bytes), Ok(state));
    }

    #[test]
    fn every_damaged_byte_is_found() {
        let mut store = MemoryStore::new();
        store.commit(&[set(1, "k", &"x".repeat(1000)), set(2, "a", "b")]).unwrap();
        let state = StateFile::of(&store, 3).unwrap();
        for bytes in [example(), state.to_bytes(), state.to_bytes_uncompressed()] {
            for at in 0..bytes.len() {
                for bit in 0..8 {
                    let mut damaged = bytes.clone();
                    damaged[at] ^= 1 << bit;
                    assert!(StateFile::parse(&damaged).is_err(), "bit {bit} of byte {at}");
                }
                assert!(StateFile::parse(&bytes[..at]).is_err(), "{at} bytes");
            }
            assert!(StateFile::parse(&[&bytes[..], b"x"].concat()).is_err());
        }
    }

    /// Checksums are right, and what they cover is not.
    #[test]
    fn hostile_bodies_are_refused() {
        let body = |words: &[u32]| words.iter().flat_map(|word| word.to_le_bytes()).collect::<Vec<u8>>();
        for words in [
            &[u32::MAX][..],
            &[1, 1, u32::MAX],
            &[1, 1, 1, u32::MAX],
            &[2, 1, 0, 1, 0],
            &[2, 5, 0, 4, 0],
            &[1, 1, 2, 0, 0, 0, 0],
            &[0, 0],
        ] {
            let body = body(words);
            let error = StateFile::parse(&file(0, 0, &body, body.len())).unwrap_err();
            assert!(error.at >= 4 || words.len() < 2, "{words:?}: {error}");
        }
        let zeros = miniz_oxide::deflate::compress_to_vec(&vec![0; 1 << 24], 6);
        assert!(StateFile::parse(&file(0, COMPRESSED, &zeros, 4)).is_err(), "more than it claims");
        assert!(StateFile::parse(&file(0, COMPRESSED, &zeros, usize::MAX)).is_err(), "less than it claims");
        assert!(StateFile::parse(&file(0, 2, &[0; 4], 4)).is_err(), "an unknown flag");
    }

    #[test]
    fn a_file_takes_the_place_of_another() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.mwstate");
        StateFile::default().write(&path).unwrap();
        let state = StateFile::parse(&example()).unwrap();
        state.write(&path).unwrap();
        assert_eq!(StateFile::read(&path).unwrap(), state);
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
        let error = StateFile::read(dir.path().join("none")).unwrap_err();
        assert!(matches!(error, StoreError::Open { .. }), "{error}");
    }
}
