//! SHA-256 over lists of named parts: the one way in which content becomes a name or a cache key here.

use std::fmt::Write;

use sha2::{Digest as _, Sha256};

/// A running hash over named parts. A part can't pass for two others, since each is preceded by its length.
#[derive(Clone, Default)]
pub struct Digest {
    state: Sha256,
}

impl Digest {
    /// The hash over nothing yet.
    pub fn new() -> Digest {
        Digest::default()
    }

    /// Adds a part: its name, a zero byte, the content's length (u64, little-endian), the content.
    pub fn part(&mut self, name: &str, content: impl AsRef<[u8]>) {
        let content = content.as_ref();
        self.state.update(name);
        self.state.update([0]);
        self.state.update((content.len() as u64).to_le_bytes());
        self.state.update(content);
    }

    /// The hash of all parts so far, 64 lower-case hexadecimal digits.
    pub fn hex(&self) -> String {
        hex(&self.state.clone().finalize())
    }
}

/// The plain SHA-256 of `content`, 64 lower-case hexadecimal digits, as `sha256sum` prints it.
pub fn sha256(content: &[u8]) -> String {
    hex(Sha256::digest(content).as_slice())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
        // Writing to a string can't fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_do_not_run_into_each_other() {
        let hash = |parts: &[(&str, &str)]| {
            let mut digest = Digest::new();
            parts.iter().for_each(|(name, content)| digest.part(name, content));
            digest.hex()
        };
        assert_ne!(hash(&[("a", "bc")]), hash(&[("a", "b"), ("c", "")]));
        assert_ne!(hash(&[("a", "b"), ("c", "d")]), hash(&[("c", "d"), ("a", "b")]));
        assert_eq!(hash(&[]), sha256(b""));
        assert_eq!(hash(&[]), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    }
}
