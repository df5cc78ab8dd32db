//! Stage 1, sources: finds upstream Lua in the crate `lua-src`, holds it against the pinned hash, copies it with our patches.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use cargo_metadata::MetadataCommand;
use serde::Deserialize;
use thiserror::Error;

use crate::digest::Digest;
use crate::output_file::{self, WriteError};
use crate::patch::{self, PatchError};
use crate::recipe::LuaVersion;

/// The crate that carries upstream's sources.
const CRATE: &str = "lua-src";

/// Upstream's files that are no part of a module: the runtime in `lua-src/` has its own `io` and `os` libraries, the
/// rest are programs and upstream's test harness.
const NOT_COMPILED: &[&str] = &["lua.c", "luac.c", "onelua.c", "liolib.c", "loslib.c", "ltests.c"];

/// Why upstream's sources can't be had.
#[derive(Debug, Error)]
pub enum UpstreamError {
    /// A file or folder can't be read.
    #[error("cannot read {}", path.display())]
    Read {
        /// What was to be read.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// `upstream.toml` or `Cargo.lock` is malformed or lacks something.
    #[error("{}: {message}", path.display())]
    Pin {
        /// The file.
        path: PathBuf,
        /// What was expected and found.
        message: String,
    },
    /// cargo does not tell where the crate is.
    #[error("cannot find the crate `{CRATE}`, which carries upstream Lua; {remedy}")]
    Locate {
        /// What to do about it.
        remedy: String,
        /// What cargo says.
        source: cargo_metadata::Error,
    },
    /// The crate's sources are not those that were pinned.
    #[error(
        "upstream Lua {version} in {} is not what lua-src/upstream.toml pins: expected SHA-256 {expected}, found {found}; \
         if `{CRATE}` was updated on purpose, review the change and the patches, then put the new hash there, else delete \
         that crate's folder and build again, so that cargo fetches it anew", folder.display()
    )]
    Mismatch {
        /// The Lua version.
        version: LuaVersion,
        /// The folder with the sources.
        folder: PathBuf,
        /// The pinned hash.
        expected: String,
        /// The sources' hash.
        found: String,
    },
    /// A source file is not UTF-8.
    #[error("{}: expected UTF-8 text", path.display())]
    Text {
        /// The file.
        path: PathBuf,
    },
    /// A patch is bad or does not apply.
    #[error(transparent)]
    Patch(#[from] PatchError),
    /// The copy can't be written.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// The finished copy can't be moved into place.
    #[error("cannot put upstream's sources into {}", path.display())]
    Place {
        /// Where the copy goes.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
}

/// Upstream's sources of one version, as the crate has them; their hash is the pinned one.
#[derive(Clone, Debug)]
pub struct Upstream {
    /// The version.
    pub version: LuaVersion,
    /// The release within the version, such as `5.4.9`: what the folder is named for.
    pub release: String,
    /// The SHA-256 that `upstream.toml` pins.
    pub sha256: String,
    /// Text by file name.
    files: BTreeMap<String, String>,
}

/// Upstream's sources with the patches applied, on disk.
#[derive(Clone, Debug)]
pub struct Prepared {
    /// The folder with all of upstream's files.
    pub folder: PathBuf,
    /// The C files in it that belong into a module, sorted.
    pub sources: Vec<PathBuf>,
    /// The names of the patches that were applied, in order.
    pub patches: Vec<String>,
}

/// What `upstream.toml` says of a version.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Pin {
    folder: String,
    sha256: String,
}

/// Finds the sources of `version` in the crate `lua-src` of the version that `Cargo.lock` names, reads them and checks their hash
/// against `lua-src/upstream.toml`. `root` is the project's folder. With `offline` cargo does not use the network, which it
/// otherwise does only where the crate is not there yet.
///
/// # Errors
/// When cargo can't find the crate, a file can't be read, or the hash is another.
pub fn locate(root: &Path, version: LuaVersion, offline: bool) -> Result<Upstream, UpstreamError> {
    let pin = read_pin(&root.join("lua-src/upstream.toml"), version)?;
    let folder = crate_folder(root, offline)?.join(&pin.folder);
    read(version, &pin, &folder)
}

fn read_pin(path: &Path, version: LuaVersion) -> Result<Pin, UpstreamError> {
    let text = read_text(path)?;
    let mut pins: BTreeMap<String, Pin> = toml::from_str(&text)
        .map_err(|error| UpstreamError::Pin { path: path.into(), message: error.to_string().trim_end().into() })?;
    pins.remove(version.as_str()).ok_or_else(|| UpstreamError::Pin {
        path: path.into(),
        message: format!("expected a table [\"{version}\"] with `folder` and `sha256`, found none"),
    })
}

fn read_text(path: &Path) -> Result<String, UpstreamError> {
    std::fs::read_to_string(path).map_err(|source| UpstreamError::Read { path: path.into(), source })
}

/// Asks cargo where it keeps `lua-src`.
///
/// The question is put by a manifest of its own in `target/`, with that one dependency: metadata of the whole workspace would
/// make cargo download everything that the tests depend on, wasmtime included, and fail offline where only the toolchain was built.
fn crate_folder(root: &Path, offline: bool) -> Result<PathBuf, UpstreamError> {
    let lock_path = root.join("Cargo.lock");
    let lock = read_text(&lock_path)?;
    let version = locked_version(&lock).ok_or_else(|| UpstreamError::Pin {
        path: lock_path,
        message: format!("expected a package `{CRATE}`, found none"),
    })?;
    let folder = root.join("target/moonwright/upstream");
    let manifest = format!(
        "[package]\nname = \"moonwright-upstream\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[lib]\npath = \"lib.rs\"\n\n\
         [dependencies]\n{CRATE} = \"={version}\"\n\n[workspace]\n"
    );
    let manifest_path = folder.join("Cargo.toml");
    if std::fs::read_to_string(&manifest_path).is_ok_and(|old| old == manifest) {
        // Once cargo has cut the lock file down to what this manifest needs, asking again takes a third of the time.
    } else {
        output_file::write(&folder.join("lib.rs"), b"")?;
        output_file::write(&folder.join("Cargo.lock"), lock.as_bytes())?;
        output_file::write(&manifest_path, manifest.as_bytes())?;
    }
    let mut command = MetadataCommand::new();
    command.current_dir(&folder);
    if offline {
        command.other_options(["--offline".to_owned()]);
    }
    let metadata = command.exec().map_err(|source| UpstreamError::Locate {
        remedy: match offline {
            true => "it is not on this machine yet: run `cargo fetch` while online".into(),
            false => "is the network there? Offline, a machine that built this project once needs `--offline`".into(),
        },
        source,
    })?;
    metadata
        .packages
        .iter()
        .find(|package| package.name.as_str() == CRATE)
        .and_then(|package| package.manifest_path.parent())
        .map(|folder| folder.as_std_path().to_owned())
        .ok_or_else(|| UpstreamError::Pin { path: manifest_path, message: format!("cargo's answer lacks `{CRATE}`") })
}

/// The version of `lua-src` in a lock file's text.
fn locked_version(lock: &str) -> Option<String> {
    let table: toml::Table = lock.parse().ok()?;
    let packages = table.get("package")?.as_array()?;
    let package = packages.iter().find(|package| package.get("name").and_then(|name| name.as_str()) == Some(CRATE))?;
    Some(package.get("version")?.as_str()?.to_owned())
}

fn read(version: LuaVersion, pin: &Pin, folder: &Path) -> Result<Upstream, UpstreamError> {
    let fail = |path: &Path, source| UpstreamError::Read { path: path.into(), source };
    let mut contents = BTreeMap::new();
    for entry in std::fs::read_dir(folder).map_err(|source| fail(folder, source))? {
        let path = entry.map_err(|source| fail(folder, source))?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        contents.insert(name, std::fs::read(&path).map_err(|source| fail(&path, source))?);
    }
    let mut digest = Digest::new();
    contents.iter().for_each(|(name, content)| digest.part(name, content));
    let found = digest.hex();
    if found != pin.sha256 {
        let expected = pin.sha256.clone();
        return Err(UpstreamError::Mismatch { version, folder: folder.into(), expected, found });
    }
    let files = contents
        .into_iter()
        .map(|(name, content)| match String::from_utf8(content) {
            Ok(text) => Ok((name, text)),
            Err(_) => Err(UpstreamError::Text { path: folder.join(name) }),
        })
        .collect::<Result<_, _>>()?;
    let release = pin.folder.trim_start_matches("lua-").to_owned();
    Ok(Upstream { version, release, sha256: found, files })
}

/// Writes `upstream` with the patches of the folder `patches` applied to `<base>/<version>-<hash>`, where the hash is over upstream
/// and the patches. A copy that is there already is used again if it is what it should be, and replaced if not; the copy
/// appears whole or not at all.
///
/// # Errors
/// When a patch is bad or does not apply, or the copy can't be written.
pub fn prepare(upstream: &Upstream, patches: &Path, base: &Path) -> Result<Prepared, UpstreamError> {
    let patches = patch::load(patches)?;
    let mut digest = Digest::new();
    digest.part("upstream", &upstream.sha256);
    patches.iter().for_each(|patch| digest.part(&patch.name, &patch.text));
    let folder = base.join(format!("{}-{}", upstream.version, &digest.hex()[..16]));

    let mut files = upstream.files.clone();
    patch::apply(&patches, &mut files)?;
    if !holds(&folder, &files) {
        write_folder(base, &folder, &files)?;
    }
    let sources = files
        .keys()
        .filter(|name| name.ends_with(".c") && !NOT_COMPILED.contains(&name.as_str()))
        .map(|name| folder.join(name))
        .collect();
    Ok(Prepared { folder, sources, patches: patches.into_iter().map(|patch| patch.name).collect() })
}

/// What [`without_library`] calls the compiler, which is no library.
pub const COMPILER: &str = "compiler";

/// What [`without_library`] calls the loader of bytecode, which is none either.
pub const BYTECODE: &str = "bytecode";

/// A call that goes elsewhere in a module without one of those two.
#[derive(Clone, Copy, Debug)]
pub struct StandIn {
    /// Upstream's file that calls it.
    pub file: &'static str,
    /// The function.
    pub function: &'static str,
    /// What stands there instead.
    pub stand_in: &'static str,
}

/// What the compiler is called by, and what stands there in a module without one (`lua-src/bytecode`).
pub const COMPILER_STAND_INS: [StandIn; 2] = [
    StandIn { file: "ldo.c", function: "luaY_parser", stand_in: "mw_no_parser" },
    StandIn { file: "lstate.c", function: "luaX_init", stand_in: "mw_no_lexer" },
];

/// The same for the loader of bytecode (`lua-src/undump.c`).
pub const BYTECODE_STAND_INS: [StandIn; 1] =
    [StandIn { file: "ldo.c", function: "mw_undump", stand_in: "mw_no_undump" }];

/// A copy of prepared sources below `base` whose `linit.c` does not open `library`, or, for [`COMPILER`] and [`BYTECODE`], that do not call it: as
/// a module without it would be compiled.
///
/// # Errors
/// When there is no such library, or the copy can't be written.
pub fn without_library(prepared: Prepared, library: &str, base: &Path) -> Result<Prepared, UpstreamError> {
    const OPENERS: &str = "linit.c";
    let read = |path: PathBuf| std::fs::read_to_string(&path).map_err(|source| UpstreamError::Read { path, source });
    let mut files = BTreeMap::new();
    let entries = std::fs::read_dir(&prepared.folder)
        .map_err(|source| UpstreamError::Read { path: prepared.folder.clone(), source })?;
    for entry in entries {
        let entry = entry.map_err(|source| UpstreamError::Read { path: prepared.folder.clone(), source })?;
        files.insert(entry.file_name().to_string_lossy().into_owned(), read(entry.path())?);
    }
    let stand_ins: &[StandIn] = match library {
        COMPILER => &COMPILER_STAND_INS,
        BYTECODE => &BYTECODE_STAND_INS,
        _ => &[],
    };
    for StandIn { file, function, stand_in } in stand_ins {
        let Some(text) = files.get_mut(*file) else { continue };
        *text = format!("#define {function} {stand_in}\n{text}");
    }
    if !stand_ins.is_empty() {
        return place(&prepared, files, library, base);
    }
    let opens = format!("luaopen_{library}}}");
    let linit = files.get(OPENERS).cloned().unwrap_or_default();
    let kept: Vec<&str> = linit.lines().filter(|line| !line.contains(&opens)).collect();
    if kept.len() == linit.lines().count() {
        let message = format!("expected a line with `{opens}`, found none");
        return Err(UpstreamError::Pin { path: prepared.folder.join(OPENERS), message });
    }
    files.insert(OPENERS.to_owned(), kept.join("\n") + "\n");
    place(&prepared, files, library, base)
}

fn place(
    prepared: &Prepared,
    files: BTreeMap<String, String>,
    library: &str,
    base: &Path,
) -> Result<Prepared, UpstreamError> {
    let name = prepared.folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let folder = base.join(format!("{name}-without-{library}"));
    if !holds(&folder, &files) {
        write_folder(base, &folder, &files)?;
    }
    let sources = prepared.sources.iter().filter_map(|path| Some(folder.join(path.file_name()?))).collect();
    Ok(Prepared { folder, sources, patches: prepared.patches.clone() })
}

/// Whether `folder` holds exactly `files`.
fn holds(folder: &Path, files: &BTreeMap<String, String>) -> bool {
    std::fs::read_dir(folder).is_ok_and(|entries| entries.count() == files.len())
        && files.iter().all(|(name, text)| std::fs::read(folder.join(name)).is_ok_and(|found| found == text.as_bytes()))
}

fn write_folder(base: &Path, folder: &Path, files: &BTreeMap<String, String>) -> Result<(), UpstreamError> {
    let fail = |source| UpstreamError::Place { path: folder.into(), source };
    std::fs::create_dir_all(base).map_err(fail)?;
    let staging = tempfile::Builder::new().prefix(".copy-").tempdir_in(base).map_err(fail)?;
    for (name, text) in files {
        std::fs::write(staging.path().join(name), text).map_err(fail)?;
    }
    match std::fs::remove_dir_all(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(fail(error)),
        _ => {}
    }
    let staged = staging.keep();
    std::fs::rename(&staged, folder).or_else(|error| {
        // Nothing more than tidiness depends on this removal.
        let _ = std::fs::remove_dir_all(&staged);
        // Another build that prepared the same sources at the same time may have been first.
        if holds(folder, files) { Ok(()) } else { Err(fail(error)) }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A made-up upstream of two files, with its pin.
    fn upstream(dir: &Path) -> (Pin, Upstream) {
        std::fs::create_dir_all(dir).unwrap();
        std::fs::write(dir.join("lvm.c"), "one\ntwo\n").unwrap();
        std::fs::write(dir.join("lua.c"), "int main;\n").unwrap();
        std::fs::write(dir.join("lua.h"), "").unwrap();
        let mut pin = Pin { folder: "lua-5.4.9".into(), sha256: "0".repeat(64) };
        let Err(UpstreamError::Mismatch { found, .. }) = read(LuaVersion::V54, &pin, dir) else {
            panic!("no mismatch")
        };
        pin.sha256 = found;
        let upstream = read(LuaVersion::V54, &pin, dir).unwrap();
        (pin, upstream)
    }

    #[test]
    fn another_content_is_a_mismatch_that_says_all() {
        let dir = tempfile::tempdir().unwrap();
        let (pin, _) = upstream(dir.path());
        std::fs::write(dir.path().join("lvm.c"), "one\ntwo!\n").unwrap();
        let error = read(LuaVersion::V54, &pin, dir.path()).unwrap_err().to_string();
        for part in ["5.4", &pin.sha256, "found", "review the change", &dir.path().display().to_string()] {
            assert!(error.contains(part), "{error}");
        }
        std::fs::write(dir.path().join("lvm.c"), "one\ntwo\n").unwrap();
        std::fs::write(dir.path().join("new.c"), "").unwrap();
        assert!(matches!(read(LuaVersion::V54, &pin, dir.path()), Err(UpstreamError::Mismatch { .. })));
    }

    #[test]
    fn the_copy_is_patched_reused_and_healed() {
        let dir = tempfile::tempdir().unwrap();
        let (_, upstream) = upstream(&dir.path().join("crate"));
        assert_eq!(upstream.release, "5.4.9");
        let patches = dir.path().join("patches");
        std::fs::create_dir(&patches).unwrap();
        std::fs::write(
            patches.join("01-x.patch"),
            "why\n--- a/lvm.c\n+++ b/lvm.c\n@@ -1,2 +1,2 @@\n one\n-two\n+zwei\n",
        )
        .unwrap();
        let base = dir.path().join("src");

        let first = prepare(&upstream, &patches, &base).unwrap();
        assert_eq!(first.sources, [first.folder.join("lvm.c")], "lua.c is no part of a module");
        assert_eq!(first.patches, ["01-x.patch"]);
        assert_eq!(std::fs::read_to_string(&first.sources[0]).unwrap(), "one\nzwei\n");

        let written = std::fs::metadata(&first.sources[0]).unwrap().modified().unwrap();
        let second = prepare(&upstream, &patches, &base).unwrap();
        assert_eq!(second.folder, first.folder);
        assert_eq!(std::fs::metadata(&first.sources[0]).unwrap().modified().unwrap(), written, "copied again");

        std::fs::write(&first.sources[0], "damaged").unwrap();
        prepare(&upstream, &patches, &base).unwrap();
        assert_eq!(std::fs::read_to_string(&first.sources[0]).unwrap(), "one\nzwei\n");

        std::fs::remove_file(patches.join("01-x.patch")).unwrap();
        let unpatched = prepare(&upstream, &patches, &base).unwrap();
        assert_ne!(unpatched.folder, first.folder);
        assert_eq!(std::fs::read_dir(&base).unwrap().count(), 2, "nothing temporary is left");
    }

    #[test]
    fn a_patch_that_does_not_apply_leaves_no_copy() {
        let dir = tempfile::tempdir().unwrap();
        let (_, upstream) = upstream(&dir.path().join("crate"));
        let patches = dir.path().join("patches");
        std::fs::create_dir(&patches).unwrap();
        std::fs::write(patches.join("01-x.patch"), "why\n--- a/lvm.c\n+++ b/lvm.c\n@@ -1 +1 @@\n-three\n+drei\n")
            .unwrap();
        let error = prepare(&upstream, &patches, &dir.path().join("src")).unwrap_err().to_string();
        assert!(error.contains("01-x.patch: hunk 1 (line 1) does not apply to lvm.c"), "{error}");
        assert!(!dir.path().join("src").exists());
    }

    #[test]
    fn pins_are_read_by_version() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("upstream.toml");
        std::fs::write(&path, "['5.4']\nfolder = 'lua-5.4.9'\nsha256 = 'x'\n").unwrap();
        assert_eq!(read_pin(&path, LuaVersion::V54).unwrap().folder, "lua-5.4.9");
        let error = read_pin(&path, LuaVersion::V55).unwrap_err().to_string();
        assert!(error.contains("expected a table [\"5.5\"]"), "{error}");
        assert_eq!(locked_version("[[package]]\nname = 'lua-src'\nversion = '551.1.0'\n").as_deref(), Some("551.1.0"));
        assert_eq!(locked_version("[[package]]\nname = 'cc'\nversion = '1'\n"), None);
    }
}
