//! Stores whose values can't be changed, or not be read either, without a key.

use aes_gcm::aead::{Aead, Payload};
use aes_gcm::{Aes256Gcm, KeyInit, Nonce};
use hmac::{Hmac, Mac};
use sha2::Sha256;

use crate::Store;
use crate::layer::{AUTHENTICATED, ENCRYPTED, Layer, LayerError, Layered, VERSION, contents};

const MAC: usize = 32;
const NONCE: usize = 12;
const TAG: usize = 16;

/// Adds an authentication code (HMAC-SHA-256) to each value.
pub struct Authentication(Hmac<Sha256>);

/// Encrypts each value, and authenticates it (AES-256-GCM).
pub struct Encryption(Aes256Gcm);

/// `store`, with an authentication code of each value: what was changed by somebody without the key, or stands under another key
/// than the one it was stored under, is an error when it is read. `key` should be random; a password has to go through a
/// function that derives keys first.
pub fn authenticated<S: Store>(store: S, key: &[u8; 32]) -> Layered<S, Authentication> {
    Layered::new(store, Authentication::new(key))
}

/// `store`, with its values encrypted, and authenticated as [`authenticated`] does. Keys of entries, their order and the sizes of values
/// stay visible. `key` should be random; nonces are, so a key should not write more than 2^32 values.
pub fn encrypted<S: Store>(store: S, key: &[u8; 32]) -> Layered<S, Encryption> {
    Layered::new(store, Encryption::new(key))
}

impl Authentication {
    /// The layer with a key.
    pub fn new(key: &[u8; 32]) -> Self {
        // A key shorter than the hash's block counts as one with zeros behind it.
        let mut block = [0; 64];
        block[..key.len()].copy_from_slice(key);
        Self(<Hmac<Sha256> as KeyInit>::new(&block.into()))
    }

    /// What an authentication code is of.
    fn mac(&self, table: u32, key: &[u8], value: &[u8]) -> Hmac<Sha256> {
        let length = u32::try_from(key.len()).unwrap_or(u32::MAX); // keys come from a module with 32-bit addresses
        let mut mac = self.0.clone();
        mac.update(&[AUTHENTICATED, VERSION]);
        mac.update(&table.to_le_bytes());
        mac.update(&length.to_le_bytes());
        mac.update(key);
        mac.update(value);
        mac
    }
}

impl Layer for Authentication {
    fn encode(&self, table: u32, key: &[u8], value: Vec<u8>) -> Result<Vec<u8>, LayerError> {
        let mac = self.mac(table, key, &value).finalize().into_bytes();
        Ok([&[AUTHENTICATED, VERSION], mac.as_slice(), &value].concat())
    }

    fn decode(&self, table: u32, key: &[u8], stored: Vec<u8>) -> Result<Vec<u8>, LayerError> {
        let rest = contents(&stored, AUTHENTICATED, "authenticated", MAC)?;
        let (code, value) = rest.split_at(MAC);
        self.mac(table, key, value).verify_slice(code).map_err(|_| {
            let how = "its authentication code does not fit: it was stored with another key, or changed";
            LayerError::Damaged(how.to_owned())
        })?;
        Ok(value.to_vec())
    }
}

impl Encryption {
    /// The layer with a key.
    pub fn new(key: &[u8; 32]) -> Self {
        Self(Aes256Gcm::new(key.into()))
    }
}

/// What is authenticated beside the value.
fn associated(table: u32, key: &[u8]) -> Vec<u8> {
    [&[ENCRYPTED, VERSION], table.to_le_bytes().as_slice(), key].concat()
}

impl Layer for Encryption {
    fn encode(&self, table: u32, key: &[u8], value: Vec<u8>) -> Result<Vec<u8>, LayerError> {
        let failed = |how: String| LayerError::Failed(how);
        let mut nonce = [0; NONCE];
        getrandom::fill(&mut nonce).map_err(|error| failed(format!("there are no random numbers: {error}")))?;
        let payload = Payload { msg: &value, aad: &associated(table, key) };
        let cipher = self.0.encrypt(Nonce::from_slice(&nonce), payload);
        let cipher = cipher.map_err(|_| failed(format!("a value of {} bytes can't be encrypted", value.len())))?;
        Ok([&[ENCRYPTED, VERSION], nonce.as_slice(), &cipher].concat())
    }

    fn decode(&self, table: u32, key: &[u8], stored: Vec<u8>) -> Result<Vec<u8>, LayerError> {
        let rest = contents(&stored, ENCRYPTED, "encrypted", NONCE + TAG)?;
        let (nonce, cipher) = rest.split_at(NONCE);
        let payload = Payload { msg: cipher, aad: &associated(table, key) };
        self.0.decrypt(Nonce::from_slice(nonce), payload).map_err(|_| {
            LayerError::Damaged("it can't be decrypted: it was stored with another key, or changed".to_owned())
        })
    }
}
