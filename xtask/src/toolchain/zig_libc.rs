//! zig's wasi-libc as archives of our own: built by zig at the first use, found in the command line that it links with, copied.
//!
//! Linking from there needs neither zig's linker driver, which refuses most of wasm-ld's options, nor its start-up code.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::program::checked_output;
use super::zig::{self, Installation, VERSION};
use super::{LibcVariant, ToolchainError, lock};
use crate::digest::Digest;
use crate::output_file;
use crate::progress::Progress;

/// The archives that a program needs, in link order: wasi-libc, the parts of it that zig wrote itself, and what the
/// compiler's code calls (128-bit arithmetic).
const ARCHIVES: &[&str] = &["libc.a", "libzigc.a", "libcompiler_rt.a"];

const STAMP: &str = "stamp.toml";

/// How folders of builds under way are named.
const SCRATCH: &str = ".libc-";

/// Written last into a folder of archives.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Stamp {
    /// The arguments that chose how the archives were built.
    flags: Vec<String>,
    /// SHA-256 over all archives.
    sha256: String,
}

/// zig's arguments for a variant. It builds its libraries the way the program is built that it links.
fn flags(variant: LibcVariant) -> Vec<String> {
    let level = match variant {
        LibcVariant::Size => "-Oz",
        LibcVariant::Speed => "-O3",
    };
    vec!["--target=wasm32-wasi".into(), level.into(), Installation::cpu_flag()]
}

/// Gives the archives of `variant`, after building them where they are missing or damaged.
///
/// # Errors
/// When zig fails, prints no paths of archives, or the copies can't be written.
pub fn archives(
    installation: &Installation,
    variant: LibcVariant,
    progress: &dyn Progress,
) -> Result<Vec<PathBuf>, ToolchainError> {
    let name = match variant {
        LibcVariant::Size => "size",
        LibcVariant::Speed => "speed",
    };
    let folder = installation.folder.join(format!("libc-{VERSION}-{name}"));
    let flags = flags(variant);
    let archives: Vec<PathBuf> = ARCHIVES.iter().map(|name| folder.join(name)).collect();
    if is_whole(&folder, &flags, &archives) {
        return Ok(archives);
    }
    let _lock = lock::acquire(&installation.folder, progress)?;
    if is_whole(&folder, &flags, &archives) {
        return Ok(archives);
    }
    progress.stage(&format!("Building the C library for {name} (once, about 20 seconds)"));
    let built = build(installation, &flags)?;
    let write = |error: output_file::WriteError| ToolchainError::Write { path: error.path, source: error.source };
    // Without its stamp a folder counts as absent, so the copies can be made in place.
    let stamp_path = folder.join(STAMP);
    match std::fs::remove_file(&stamp_path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            return Err(ToolchainError::Write { path: stamp_path, source: error });
        }
        _ => {}
    }
    for (from, to) in built.iter().zip(&archives) {
        let content = std::fs::read(from).map_err(|source| ToolchainError::Read { path: from.clone(), source })?;
        output_file::write(to, &content).map_err(write)?;
    }
    let stamp = Stamp { flags, sha256: hash(&archives)? };
    let text = toml::to_string(&stamp).expect("plain fields always make TOML");
    output_file::write(&stamp_path, text.as_bytes()).map_err(write)?;
    Ok(archives)
}

fn is_whole(folder: &Path, flags: &[String], archives: &[PathBuf]) -> bool {
    let Ok(text) = std::fs::read_to_string(folder.join(STAMP)) else { return false };
    let Ok(stamp) = toml::from_str::<Stamp>(&text) else { return false };
    stamp.flags == flags && hash(archives).is_ok_and(|hash| hash == stamp.sha256)
}

fn hash(archives: &[PathBuf]) -> Result<String, ToolchainError> {
    let mut digest = Digest::new();
    for (name, path) in ARCHIVES.iter().zip(archives) {
        digest.part(name, std::fs::read(path).map_err(|source| ToolchainError::Read { path: path.clone(), source })?);
    }
    Ok(digest.hex())
}

/// Under the lock, has zig link a program of one function and tells where the archives stand that it linked.
fn build(installation: &Installation, flags: &[String]) -> Result<Vec<PathBuf>, ToolchainError> {
    let fail = |source| ToolchainError::Write { path: installation.folder.clone(), source };
    zig::remove_leftovers(&installation.folder, SCRATCH)?;
    let scratch = tempfile::Builder::new().prefix(SCRATCH).tempdir_in(&installation.folder).map_err(fail)?;
    std::fs::write(scratch.path().join("probe.c"), "int probe (void) { return 0; }\n").map_err(fail)?;
    let mut command = installation.zig("cc").command();
    command.current_dir(scratch.path()).args(flags);
    command.args(["-mexec-model=reactor", "-Wl,--no-entry", "--verbose", "probe.c", "-o", "probe.wasm"]);
    let output = checked_output(command)?;
    let log = String::from_utf8_lossy(&output.stderr).into_owned() + &String::from_utf8_lossy(&output.stdout);
    linked_archives(&log, &installation.cache()).map_err(|missing| ToolchainError::Unexpected {
        what: "zig's link command".into(),
        expected: format!("the path of {missing}"),
        found: "none".into(),
        remedy: format!("this is made for ziglang {VERSION}; was its folder changed?"),
    })
}

/// The paths of `ARCHIVES` in the last wasm-ld command of `log`; they stand below `cache`, which may have spaces in its name.
fn linked_archives(log: &str, cache: &Path) -> Result<Vec<PathBuf>, &'static str> {
    let line = log.lines().rfind(|line| line.starts_with("wasm-ld ")).unwrap_or_default();
    let prefix = cache.to_string_lossy().into_owned();
    ARCHIVES
        .iter()
        .map(|&name| {
            line.match_indices(&prefix)
                .map(|(at, _)| &line[at + prefix.len()..])
                .filter_map(|rest| Some(&rest[..rest.find(".a")? + 2]))
                // The line has no quotes: what runs on into the next path began at a file that is no archive.
                .filter(|rest| !rest.contains(&prefix))
                .map(|rest| PathBuf::from(format!("{prefix}{rest}")))
                .find(|path| path.file_name().is_some_and(|found| found == name))
                .ok_or(name)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn archives_are_found_below_a_folder_with_spaces() {
        let log = "ar rcs /my cache/o/1/libc.a\nwasm-ld -s -o x.wasm /my cache/o/0/crt1-reactor.o /my cache/o/1/libc.a \
                   /my cache/o/2/libzigc.a probe.o /my cache/o/3/libcompiler_rt.a\n";
        let found = linked_archives(log, Path::new("/my cache")).unwrap();
        let expected = ["/my cache/o/1/libc.a", "/my cache/o/2/libzigc.a", "/my cache/o/3/libcompiler_rt.a"];
        assert_eq!(found, expected.map(PathBuf::from));
        assert_eq!(linked_archives("wasm-ld /my cache/o/1/libc.a", Path::new("/my cache")), Err("libzigc.a"));
        assert_eq!(linked_archives("", Path::new("/my cache")), Err("libc.a"));
    }
}
