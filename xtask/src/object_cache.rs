//! Object files by the hash of all that went into them, so that nothing is compiled twice.

use std::path::{Path, PathBuf};

use crate::cache_folder;
use crate::digest::Digest;
use crate::output_file::{self, WriteError};

/// Changes when entries made by older code must not be used any more.
const FORMAT: &str = "moonwright object 1";

/// How much the folder may hold; the objects of one Lua version and profile are 1 MB, with their line tables 4.
const LIMIT: u64 = 100_000_000;

/// A folder of object files.
#[derive(Clone, Debug)]
pub struct ObjectCache {
    folder: PathBuf,
}

/// The name of an object file: a hash over everything that can change its bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key(String);

/// What all objects of a build have in common; file names and contents are added per object.
#[derive(Clone)]
pub struct KeyBase(Digest);

impl KeyBase {
    /// Starts from the compiler's identity and its arguments, which must not name folders of this machine.
    pub fn new(compiler: &str, arguments: &[String]) -> KeyBase {
        let mut digest = Digest::new();
        digest.part("format", FORMAT);
        digest.part("compiler", compiler);
        arguments.iter().for_each(|argument| digest.part("argument", argument));
        KeyBase(digest)
    }

    /// Adds a header that the sources may include, by the name they include it by.
    pub fn header(&mut self, name: &str, content: &[u8]) {
        self.0.part("header", name);
        self.0.part("content", content);
    }

    /// The key of the object that this source file compiles to.
    pub fn key(&self, name: &str, content: &[u8]) -> Key {
        let mut digest = self.0.clone();
        digest.part("source", name);
        digest.part("content", content);
        Key(digest.hex())
    }
}

impl ObjectCache {
    /// The cache in `folder`, which need not exist.
    pub fn new(folder: &Path) -> ObjectCache {
        ObjectCache { folder: folder.to_owned() }
    }

    /// Where the object of that key is or will be; `stem` names its source file and shows up in link maps.
    pub fn path(&self, key: &Key, stem: &str) -> PathBuf {
        self.folder.join(&key.0).join(format!("{stem}.o"))
    }

    /// The object if it is there.
    pub fn find(&self, key: &Key, stem: &str) -> Option<PathBuf> {
        let path = self.path(key, stem);
        // A machine that lost power can keep a file's name and lose its content.
        let whole = std::fs::metadata(&path).is_ok_and(|metadata| metadata.is_file() && metadata.len() > 0);
        if whole {
            cache_folder::touch(&path);
        }
        whole.then_some(path)
    }

    /// Removes the objects that were longest not used while there are too many.
    pub fn trim(&self) {
        cache_folder::trim(&self.folder, LIMIT);
    }

    /// Stores an object; it appears whole or not at all.
    ///
    /// # Errors
    /// When the cache's folder can't be written.
    pub fn store(&self, key: &Key, stem: &str, object: &[u8]) -> Result<PathBuf, WriteError> {
        let path = self.path(key, stem);
        output_file::write(&path, object)?;
        Ok(path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_ingredient_changes_the_key() {
        let base = |compiler: &str, argument: &str, header: &str| {
            let mut base = KeyBase::new(compiler, &[argument.to_owned()]);
            base.header("lua.h", header.as_bytes());
            base
        };
        let key = base("zig 1", "-Oz", "x").key("lvm.c", b"int");
        assert_eq!(key, base("zig 1", "-Oz", "x").key("lvm.c", b"int"));
        for other in [
            base("zig 2", "-Oz", "x").key("lvm.c", b"int"),
            base("zig 1", "-O3", "x").key("lvm.c", b"int"),
            base("zig 1", "-Oz", "y").key("lvm.c", b"int"),
            base("zig 1", "-Oz", "x").key("lvn.c", b"int"),
            base("zig 1", "-Oz", "x").key("lvm.c", b"inu"),
        ] {
            assert_ne!(key, other);
        }
    }

    #[test]
    fn what_was_stored_is_found() {
        let dir = tempfile::tempdir().unwrap();
        let cache = ObjectCache::new(&dir.path().join("objects"));
        let key = KeyBase::new("zig", &[]).key("lvm.c", b"");
        assert_eq!(cache.find(&key, "lvm"), None);
        let path = cache.store(&key, "lvm", b"object").unwrap();
        assert_eq!(cache.find(&key, "lvm"), Some(path.clone()));
        assert_eq!(std::fs::read(&path).unwrap(), b"object");
        std::fs::write(&path, "").unwrap();
        assert_eq!(cache.find(&key, "lvm"), None, "an emptied object is no object");
    }
}
