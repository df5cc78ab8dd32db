//! Where stored tables live.

mod memory;
mod overlay;
#[cfg(feature = "redb")]
mod redb;

use std::time::Duration;

pub use memory::MemoryStore;
pub(crate) use overlay::Overlay;
#[cfg(feature = "redb")]
pub use redb::DiskStore;

/// A change of stored tables.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// The entry has this value. A key that was there keeps its place in the order, a new one comes last.
    Set {
        /// The table
        table: u32,
        /// The encoded key
        key: Vec<u8>,
        /// The encoded value
        value: Vec<u8>,
    },
    /// The entry is gone, if it was there at all.
    Delete {
        /// The table
        table: u32,
        /// The encoded key
        key: Vec<u8>,
    },
    /// The whole table is gone.
    Drop {
        /// The table
        table: u32,
    },
}

/// A store failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// Somebody else has it open for writing.
    #[error("the state {name} is in use by another instance or process; end that one first")]
    InUse {
        /// Which state
        name: String,
    },
    /// The files are no store, or damaged.
    #[error("cannot open the state {name}: {reason}")]
    Open {
        /// Which state
        name: String,
        /// Why
        reason: String,
    },
    /// An operation failed.
    #[error("the store failed: {0}")]
    Failed(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// Stored tables, each a map from encoded keys to encoded values that keeps the order in which keys were first set.
///
/// An instance reads what it needs and hands over all changes of a flush at once. While it is attached, only it writes.
///
/// An implementation for a server shared by many processes takes a lock when it is made, or compares a version in
/// [`Store::commit`] and fails when somebody else has written.
pub trait Store: Send {
    /// The value under `key`.
    ///
    /// # Errors
    /// Where it cannot be read. The instance ends then, rather than take data for missing.
    fn get(&self, table: u32, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError>;

    /// The keys in the order of their insertion.
    ///
    /// # Errors
    /// As [`Store::get`].
    fn keys(&self, table: u32) -> Result<Vec<Vec<u8>>, StoreError>;

    /// Number of keys.
    ///
    /// # Errors
    /// As [`Store::get`].
    fn len(&self, table: u32) -> Result<u64, StoreError>;

    /// The tables that have entries, in ascending order.
    ///
    /// # Errors
    /// As [`Store::get`].
    fn tables(&self) -> Result<Vec<u32>, StoreError>;

    /// Makes all of `changes`, in their order, as one transaction: after a crash either all or none are there.
    ///
    /// # Errors
    /// Where nothing was changed. They come again with the next flush.
    fn commit(&mut self, changes: &[Change]) -> Result<(), StoreError>;
}

/// Any store in a box is a store.
impl Store for Box<dyn Store> {
    fn get(&self, table: u32, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        (**self).get(table, key)
    }

    fn keys(&self, table: u32) -> Result<Vec<Vec<u8>>, StoreError> {
        (**self).keys(table)
    }

    fn len(&self, table: u32) -> Result<u64, StoreError> {
        (**self).len(table)
    }

    fn tables(&self) -> Result<Vec<u32>, StoreError> {
        (**self).tables()
    }

    fn commit(&mut self, changes: &[Change]) -> Result<(), StoreError> {
        (**self).commit(changes)
    }
}

/// When what changed under `Memory` is stored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FlushMode {
    /// After each outermost call, also one that failed.
    #[default]
    EachCall,
    /// In [`crate::Lua::flush`] only.
    Manual,
}

/// What a flush did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flushed {
    /// Entries set or deleted in the store.
    pub changes: usize,
    /// How long the store's transaction took.
    pub took: Duration,
}
