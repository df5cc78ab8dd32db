//! A store whose large values are compressed.

use crate::Store;
use crate::layer::{DEFLATED, Layer, LayerError, Layered, STORED, VERSION, contents};

/// How hard values are compressed, from 0 to 10.
const EFFORT: u8 = 6;

/// Bytes of a value before what is compressed: tag, version, length, checksum.
const HEAD: usize = 10;

/// Compresses values (deflate) where that makes them smaller. Others stay as they are, so a state from before the layer is read too.
#[derive(Clone, Copy, Debug)]
pub struct Compression {
    threshold: usize,
}

impl Compression {
    /// Leaves values of fewer bytes than `threshold` as they are; by default those of fewer than 256.
    pub fn from(threshold: usize) -> Self {
        Self { threshold }
    }
}

impl Default for Compression {
    fn default() -> Self {
        Self { threshold: 256 }
    }
}

/// `store`, with its large values compressed.
///
/// ```
/// use moonwright_store::{Change, MemoryStore, Store, compressed};
///
/// let below = MemoryStore::new();
/// let mut store = compressed(below.clone());
/// store.commit(&[Change::Set { table: 1, key: b"k".to_vec(), value: vec![7; 5000] }])?;
/// assert_eq!(store.get(1, b"k")?, Some(vec![7; 5000]));
/// assert!(below.get(1, b"k")?.is_some_and(|stored| stored.len() < 50));
/// # Ok::<(), moonwright_store::StoreError>(())
/// ```
pub fn compressed<S: Store>(store: S) -> Layered<S, Compression> {
    Layered::new(store, Compression::default())
}

impl Layer for Compression {
    fn encode(&self, _table: u32, _key: &[u8], value: Vec<u8>) -> Result<Vec<u8>, LayerError> {
        if value.len() >= self.threshold {
            let small = miniz_oxide::deflate::compress_to_vec(&value, EFFORT);
            if small.len() + HEAD < value.len() {
                return record(DEFLATED, &value, &small);
            }
        }
        // What looks like this layer's values has to be told from them.
        match value.first() {
            Some(&(STORED | DEFLATED)) => record(STORED, &value, &value),
            _ => Ok(value),
        }
    }

    fn decode(&self, _table: u32, _key: &[u8], stored: Vec<u8>) -> Result<Vec<u8>, LayerError> {
        let tag = match stored.first() {
            Some(tag @ &(STORED | DEFLATED)) => *tag,
            _ => return Ok(stored),
        };
        let wrong = |how: String| LayerError::Damaged(how);
        let rest = contents(&stored, tag, "compressed", HEAD - 2)?;
        let Some(([l0, l1, l2, l3, s0, s1, s2, s3], body)) = rest.split_first_chunk() else {
            return Err(wrong("it is truncated".to_owned()));
        };
        let length = u32::from_le_bytes([*l0, *l1, *l2, *l3]) as usize;
        let sum = u32::from_le_bytes([*s0, *s1, *s2, *s3]);
        let value = if tag == STORED {
            body.to_vec()
        } else {
            // Stops there: a small value can claim to be huge, and be it.
            miniz_oxide::inflate::decompress_to_vec_with_limit(body, length)
                .map_err(|error| wrong(format!("it can't be decompressed to {length} bytes: {error}")))?
        };
        if value.len() != length {
            return Err(wrong(format!("it has {} instead of {length} bytes", value.len())));
        }
        if crc32fast::hash(&value) != sum {
            return Err(wrong("its checksum does not fit".to_owned()));
        }
        Ok(value)
    }
}

fn record(tag: u8, value: &[u8], body: &[u8]) -> Result<Vec<u8>, LayerError> {
    let length = u32::try_from(value.len())
        .map_err(|_| LayerError::Failed(format!("it has {} bytes, more than 2^32 - 1", value.len())))?;
    let mut whole = Vec::with_capacity(HEAD + body.len());
    whole.extend([tag, VERSION]);
    whole.extend(length.to_le_bytes());
    whole.extend(crc32fast::hash(value).to_le_bytes());
    whole.extend(body);
    Ok(whole)
}
