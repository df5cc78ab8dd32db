//! Where Lua's state lives, for the crate `moonwright`: the trait [`Store`], stores in memory, on disk and on a Redis server,
//! layers that compress, authenticate or encrypt what is in one, and state files. It knows nothing of engines, so that a store of your own does not have to build one.

mod compressed;
#[cfg(feature = "redb")]
mod disk;
mod layer;
mod memory;
#[cfg(feature = "redis")]
mod redis;
#[cfg(feature = "crypto")]
mod sealed;
mod state_file;

#[cfg(feature = "redis")]
pub use self::redis::RedisStore;
pub use compressed::{Compression, compressed};
#[cfg(feature = "redb")]
pub use disk::DiskStore;
pub use layer::{Layer, LayerError, Layered};
pub use memory::MemoryStore;
#[cfg(feature = "crypto")]
pub use sealed::{Authentication, Encryption, authenticated, encrypted};
pub use state_file::{StateFile, StateFileError};

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
    /// Somebody else has written the state since this store was opened. Nothing was changed.
    #[error(
        "the state {name} was written by another process since this one opened it; build an instance over it anew and do \
         the work again"
    )]
    Conflict {
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
    /// A value cannot be encoded or decoded by a layer over the store: it was changed, or the key is another one. It stays
    /// as it is.
    #[error("the entry {key} of table {table} cannot be read or stored: {source}")]
    Entry {
        /// The table
        table: u32,
        /// The entry's key, for people
        key: String,
        /// What is wrong
        source: LayerError,
    },
    /// An operation failed.
    #[error("the store failed: {0}")]
    Failed(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// Where an instance keeps its stored tables: each is a map from encoded keys to encoded values, numbered from 0, that keeps
/// the order in which keys were first set. Keys and values are any bytes, of any length, also none.
///
/// An instance reads what it needs, and hands over all changes of a flush at once. What it has not handed over yet is its
/// own matter: a store only answers for what was committed.
///
/// # To implement one
///
/// - [`Store::commit`] makes all changes or none, in their order, and returns when they are as safe as the store makes them.
///   Several changes of one key may come in one commit. Where it fails, the same changes come again with the next flush, with
///   newer ones behind them; so a commit that went through although it was reported as failed must do no harm when it comes
///   again (setting and deleting keys does none).
/// - [`Change::Set`] leaves a key that is there where it is in the order; a key that was deleted comes last when it is set
///   again.
/// - An error in reading ends the instance, since data must not be taken for missing. An error in `commit` does not.
/// - While an instance is attached, nobody else may write its tables. A store that several processes can reach either takes
///   a lock when it is opened ([`StoreError::InUse`], as the store on disk does), or notices in *each* operation that somebody
///   else has written since it was opened ([`StoreError::Conflict`], as the store on Redis does): reading half of the old
///   and half of the new state would be as bad as overwriting it.
///
/// The repository's `host/store/tests/stores.rs` holds every implementation to this.
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
