//! Stores over other stores, in which each value stands as a layer has encoded it. docs/store-layers.md has the formats.

use crate::{Change, Store, StoreError};

/// What encoded values begin with: which layer's they are, and the version of its format.
pub(crate) const STORED: u8 = 0xe0;
pub(crate) const DEFLATED: u8 = 0xe1;
#[cfg(feature = "crypto")]
pub(crate) const AUTHENTICATED: u8 = 0xe2;
#[cfg(feature = "crypto")]
pub(crate) const ENCRYPTED: u8 = 0xe3;
pub(crate) const VERSION: u8 = 1;

/// What a layer makes of a value. Table and key are there so that no value can stand in for another one.
///
/// [`Layered`] puts one over a store; a layer of your own works there too.
pub trait Layer: Send {
    /// What is stored for `value`.
    ///
    /// # Errors
    /// Where it cannot be encoded; nothing is committed then.
    fn encode(&self, table: u32, key: &[u8], value: Vec<u8>) -> Result<Vec<u8>, LayerError>;

    /// The value, of what is stored.
    ///
    /// # Errors
    /// Where that is not what `encode` made under this table and key.
    fn decode(&self, table: u32, key: &[u8], stored: Vec<u8>) -> Result<Vec<u8>, LayerError>;
}

/// Any layer in a box is a layer.
impl Layer for Box<dyn Layer> {
    fn encode(&self, table: u32, key: &[u8], value: Vec<u8>) -> Result<Vec<u8>, LayerError> {
        (**self).encode(table, key, value)
    }

    fn decode(&self, table: u32, key: &[u8], stored: Vec<u8>) -> Result<Vec<u8>, LayerError> {
        (**self).decode(table, key, stored)
    }
}

/// What is wrong with a value that a layer has to encode or decode.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LayerError {
    /// The value is another layer's, or none's.
    #[error("it is not {expected}: it begins with {found}")]
    Kind {
        /// What it should be
        expected: &'static str,
        /// What it begins with
        found: String,
    },
    /// A newer release wrote it.
    #[error("version {found} of {kind} values is unknown here; this release reads version {VERSION}")]
    Version {
        /// Whose format
        kind: &'static str,
        /// Its version
        found: u8,
    },
    /// There are too few bytes.
    #[error("it is truncated: it has {found} bytes, and {kind} values at least {least}")]
    Truncated {
        /// What it should be
        kind: &'static str,
        /// How many are expected
        least: usize,
        /// How many there are
        found: usize,
    },
    /// Its bytes are not those that were stored.
    #[error("{0}")]
    Damaged(String),
    /// The layer cannot work here.
    #[error("{0}")]
    Failed(String),
}

/// A store whose values a layer encodes.
#[derive(Debug)]
pub struct Layered<S, L> {
    store: S,
    layer: L,
}

impl<S: Store, L: Layer> Layered<S, L> {
    /// Puts `layer` over `store`.
    pub fn new(store: S, layer: L) -> Self {
        Self { store, layer }
    }

    /// The store below.
    pub fn into_inner(self) -> S {
        self.store
    }
}

impl<S: Store, L: Layer> Store for Layered<S, L> {
    fn get(&self, table: u32, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        let Some(stored) = self.store.get(table, key)? else { return Ok(None) };
        self.layer.decode(table, key, stored).map(Some).map_err(|error| entry_error(table, key, error))
    }

    fn keys(&self, table: u32) -> Result<Vec<Vec<u8>>, StoreError> {
        self.store.keys(table)
    }

    fn len(&self, table: u32) -> Result<u64, StoreError> {
        self.store.len(table)
    }

    fn tables(&self) -> Result<Vec<u32>, StoreError> {
        self.store.tables()
    }

    fn commit(&mut self, changes: &[Change]) -> Result<(), StoreError> {
        let encode = |change: &Change| match change {
            Change::Set { table, key, value } => {
                let value = self.layer.encode(*table, key, value.clone());
                let value = value.map_err(|error| entry_error(*table, key, error))?;
                Ok(Change::Set { table: *table, key: key.clone(), value })
            }
            other => Ok(other.clone()),
        };
        let changes: Vec<Change> = changes.iter().map(encode).collect::<Result<_, StoreError>>()?;
        self.store.commit(&changes)
    }
}

fn entry_error(table: u32, key: &[u8], source: LayerError) -> StoreError {
    StoreError::Entry { table, key: key_text(key), source }
}

/// A key for people: a string as such, any other in hexadecimal.
fn key_text(key: &[u8]) -> String {
    match key {
        [4, a, b, c, d, text @ ..] if u32::from_le_bytes([*a, *b, *c, *d]) as usize == text.len() => {
            format!("{:?}", String::from_utf8_lossy(text))
        }
        [] => "(empty)".to_owned(),
        _ => key.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(" "),
    }
}

/// What follows tag and version.
pub(crate) fn contents<'a>(
    stored: &'a [u8],
    tag: u8,
    kind: &'static str,
    least: usize,
) -> Result<&'a [u8], LayerError> {
    match stored {
        [found, ..] if *found != tag => Err(LayerError::Kind { expected: kind, found: found.to_string() }),
        [] => Err(LayerError::Kind { expected: kind, found: "nothing".to_owned() }),
        [_, version, ..] if *version != VERSION => Err(LayerError::Version { kind, found: *version }),
        [_, _, rest @ ..] if rest.len() >= least => Ok(rest),
        _ => Err(LayerError::Truncated { kind, least: 2 + least, found: stored.len() }),
    }
}
