//! Compiled modules on disk.

use std::fs::{self, File};
use std::hash::{Hash, Hasher};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::error::Error;

/// A folder of compiled modules.
#[derive(Clone, Debug)]
pub(super) struct Cache {
    folder: PathBuf,
}

/// Bytes in front of the code in a file: its SHA-256.
const CHECKSUM: usize = 32;

impl Cache {
    pub(super) fn new(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// The module, from the folder or compiled now, and then kept there where that is possible.
    pub(super) fn module(
        &self,
        engine: &wasmtime::Engine,
        hash: &[u8; 32],
        wasm: &[u8],
    ) -> Result<wasmtime::Module, Error> {
        let path = self.folder.join(name(engine, hash));
        if let Ok(user) = self.user()
            && let Some(code) = read(&path, user)
        {
            // SAFETY: `deserialize` runs what it is given, so that must come from `serialize`. Nobody but this user can have
            // written the file or put it into the folder, it is whole, and its name says that it was made by this version of
            // the engine with these settings. What other programs of the same user do is their business (see
            // `EngineBuilder::cache`); they could change this program as well.
            match unsafe { wasmtime::Module::deserialize(engine, &code) } {
                Ok(module) => return Ok(module),
                // The engine's own look at the versions in the file. It is compiled anew.
                Err(_) => drop(fs::remove_file(&path)),
            }
        }
        let module = wasmtime::Module::from_binary(engine, wasm).map_err(Error::module)?;
        let code = module.serialize().map_err(Error::module)?;
        // A full or read-only disk is no reason not to run: the next start is slow again, that is all.
        drop(self.write(&path, &code));
        Ok(module)
    }

    fn write(&self, path: &Path, code: &[u8]) -> io::Result<()> {
        self.user()?;
        let new = path.with_extension(own_name("new"));
        let written = (|| {
            let mut file = create(&new)?;
            file.write_all(&Sha256::digest(code))?;
            file.write_all(code)?;
            file.sync_all()?;
            fs::rename(&new, path)
        })();
        if written.is_err() {
            drop(fs::remove_file(&new));
        }
        written
    }

    /// Makes sure that the folder is there and that only its owner can change it, and gives the user that this process
    /// runs as.
    #[cfg(unix)]
    fn user(&self) -> io::Result<u32> {
        use std::os::unix::fs::{DirBuilderExt, MetadataExt};
        fs::DirBuilder::new().recursive(true).mode(0o700).create(&self.folder)?;
        // What this process makes belongs to its user; the standard library has no other way to ask.
        let probe = self.folder.join(own_name("probe"));
        let user = create(&probe)?.metadata()?.uid();
        fs::remove_file(&probe)?;
        let folder = fs::metadata(&self.folder)?;
        if folder.uid() == user && folder.mode() & 0o022 == 0 {
            Ok(user)
        } else {
            Err(io::Error::new(io::ErrorKind::PermissionDenied, "others may write to the folder"))
        }
    }

    #[cfg(not(unix))]
    fn user(&self) -> io::Result<u32> {
        fs::create_dir_all(&self.folder)?;
        Ok(0)
    }
}

/// A name that no other thread or living process uses.
fn own_name(what: &str) -> String {
    format!("{what}-{}-{:?}", std::process::id(), std::thread::current().id())
}

/// The file's name: what was compiled, by which version of the engine, with which settings, for which processor.
fn name(engine: &wasmtime::Engine, hash: &[u8; 32]) -> String {
    struct Digests(Sha256);
    impl Hasher for Digests {
        fn write(&mut self, bytes: &[u8]) {
            self.0.update(bytes);
        }
        fn finish(&self) -> u64 {
            0
        }
    }
    let mut digest = Digests(Sha256::new());
    digest.write(hash);
    engine.precompile_compatibility_hash().hash(&mut digest);
    let digest: [u8; 32] = digest.0.finalize().into();
    digest.iter().map(|byte| format!("{byte:02x}")).collect::<String>() + ".compiled"
}

/// The code in a file, if it belongs to `user`, nobody else may write to it, and it is whole.
fn read(path: &Path, user: u32) -> Option<Vec<u8>> {
    let file = File::open(path).ok()?;
    let metadata = file.metadata().ok()?;
    if !metadata.is_file() || !own(&metadata, user) {
        return None;
    }
    let mut bytes = Vec::with_capacity(usize::try_from(metadata.len()).ok()?);
    io::Read::read_to_end(&mut &file, &mut bytes).ok()?;
    if bytes.len() < CHECKSUM {
        return None;
    }
    let code = bytes.split_off(CHECKSUM);
    (Sha256::digest(&code)[..] == bytes[..]).then_some(code)
}

#[cfg(unix)]
fn own(metadata: &fs::Metadata, user: u32) -> bool {
    use std::os::unix::fs::MetadataExt;
    metadata.uid() == user && metadata.mode() & 0o022 == 0
}

#[cfg(not(unix))]
fn own(_: &fs::Metadata, _: u32) -> bool {
    true
}

/// Makes a file for its owner only, in the place of one that a process of the same number left.
fn create(path: &Path) -> io::Result<File> {
    let mut options = File::options();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            fs::remove_file(path)?;
            options.open(path)
        }
        result => result,
    }
}
