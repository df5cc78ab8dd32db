//! Stage 3, link: all objects and the C library to one module, with names, and with exports still to come.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::digest::{Digest, sha256};
use crate::output_file::{self, WriteError};
use crate::toolchain::{Program, Toolchain};

/// The C stack, which lies below all data, so that overrunning it traps and overwrites nothing.
///
/// Lua limits how deep C calls nest (`LUAI_MAXCCALLS`, 200), so that a Lua program meets the limit, an error, long before the
/// stack's end: the deepest that programs got, nested `string.format` and `string.gsub` calls with a buffer each, was 195 kB.
///
/// 64 KiB short of 1 MiB leave room for all data below that, where its addresses take a byte less in code (2 kB in profile `size`).
pub const STACK_BYTES: u32 = 960 * 1024;

/// Why there is no module.
#[derive(Debug, Error)]
pub enum LinkError {
    /// The linker can't be started.
    #[error("cannot start the linker {}", linker.display())]
    Start {
        /// The linker.
        linker: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// The linker found errors.
    #[error("cannot link the module\n{diagnostics}")]
    Failed {
        /// What the linker printed.
        diagnostics: String,
    },
    /// The linker's result can't be read.
    #[error("cannot read the linked module {}", path.display())]
    Read {
        /// The linker's output.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// The module or the map can't be written.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// The folder for temporary files can't be made.
    #[error("cannot write the folder {}", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
}

/// How to link. The encoding of exceptions makes no difference here, so all of them share one linked module.
#[derive(Clone, Debug, Default)]
pub struct LinkOptions {
    /// Keep debug sections. Without them the linker also writes every index in as few bytes as it takes.
    pub debug: bool,
    /// The most that memory may grow to, in bytes (a multiple of 65,536); without it the only limit is the host's.
    pub max_memory: Option<u64>,
    /// Keep relocations and the symbol table, which say what uses what, and every index in five bytes.
    pub relocations: bool,
    /// Where to write a map of what came from which object.
    pub map: Option<PathBuf>,
}

/// Links `objects`, in their order, and after them `archives` to the module `out`, and gives its bytes. It exports its memory and
/// nothing else yet; functions are kept if they are marked `used` or something that is kept reaches them.
///
/// A module that is there already is used again if it was linked from the same content with the same options: profile `size`
/// optimises at link time, which takes seconds.
///
/// # Errors
/// When a symbol is missing or defined twice, signatures differ, an object is malformed, or a file can't be written.
pub fn link(
    toolchain: &Toolchain,
    objects: &[PathBuf],
    archives: &[PathBuf],
    options: &LinkOptions,
    out: &Path,
) -> Result<Vec<u8>, LinkError> {
    let key = key(toolchain, objects, archives, options)?;
    if let Some(module) = linked_before(&key, options, out) {
        return Ok(module);
    }
    let parent = match out.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let folder = |source| LinkError::Folder { path: parent.to_owned(), source };
    std::fs::create_dir_all(parent).map_err(folder)?;
    let scratch = tempfile::Builder::new().prefix(".link-").tempdir_in(parent).map_err(folder)?;
    let linked = scratch.path().join("linked.wasm");
    let map = scratch.path().join("linked.map");
    run(&toolchain.linker, objects, archives, options, &linked, &map)?;
    let module = read(&linked)?;
    let map = options.map.as_ref().map(|target| Ok::<_, LinkError>((target, read(&map)?))).transpose()?;
    if let Some((target, map)) = &map {
        output_file::write(target, map)?;
    }
    output_file::write(out, &module)?;
    let stamp = stamp(&key, &module, map.as_ref().map(|(_, map)| map.as_slice()));
    output_file::write(&stamp_path(out), stamp.as_bytes())?;
    Ok(module)
}

fn read(path: &Path) -> Result<Vec<u8>, LinkError> {
    std::fs::read(path).map_err(|source| LinkError::Read { path: path.to_owned(), source })
}

/// A hash over all that makes the module what it is.
fn key(
    toolchain: &Toolchain,
    objects: &[PathBuf],
    archives: &[PathBuf],
    options: &LinkOptions,
) -> Result<String, LinkError> {
    let mut digest = Digest::new();
    digest.part("toolchain", &toolchain.id);
    arguments(options).iter().for_each(|argument| digest.part("argument", argument));
    for path in objects.iter().chain(archives) {
        digest.part("input", read(path)?);
    }
    Ok(digest.hex())
}

/// Where a module's stamp stands.
fn stamp_path(out: &Path) -> PathBuf {
    out.with_extension("stamp")
}

/// What stands beside a finished module: its key, and hashes that show whether it and its map are whole.
fn stamp(key: &str, module: &[u8], map: Option<&[u8]>) -> String {
    format!("{key}\n{}\n{}\n", sha256(module), map.map_or("no map".to_owned(), sha256))
}

/// The module that an earlier call linked under `key`, if it and the map that is asked for are still there, whole.
fn linked_before(key: &str, options: &LinkOptions, out: &Path) -> Option<Vec<u8>> {
    let found = std::fs::read_to_string(stamp_path(out)).ok()?;
    if !found.starts_with(key) {
        return None;
    }
    let module = std::fs::read(out).ok()?;
    let map = match &options.map {
        Some(path) => Some(std::fs::read(path).ok()?),
        None => None,
    };
    (found == stamp(key, &module, map.as_deref())).then_some(module)
}

/// The linker's arguments that name no file.
fn arguments(options: &LinkOptions) -> Vec<String> {
    let mut arguments: Vec<String> =
        ["--no-entry", "--stack-first", "--gc-sections", "--build-id=none", "--error-limit=0", "--fatal-warnings"]
            .map(String::from)
            .into();
    // Level 2 merges the tails of strings, which level 1 does not.
    arguments.extend(["-O2".into(), "-z".into(), format!("stack-size={STACK_BYTES}")]);
    if !options.debug {
        // The linker refuses to compress relocations that debug sections point at.
        arguments.push("--strip-debug".into());
    }
    if options.relocations {
        arguments.push("--emit-relocs".into());
    } else if !options.debug {
        arguments.push("--compress-relocations".into());
    }
    if let Some(bytes) = options.max_memory {
        arguments.push(format!("--max-memory={bytes}"));
    }
    arguments
}

fn run(
    linker: &Program,
    objects: &[PathBuf],
    archives: &[PathBuf],
    options: &LinkOptions,
    linked: &Path,
    map: &Path,
) -> Result<(), LinkError> {
    let mut command = linker.command();
    command.args(arguments(options));
    if options.map.is_some() {
        let mut flag = OsString::from("--Map=");
        flag.push(map);
        command.arg(flag);
    }
    command.args(objects).args(archives).arg("-o").arg(linked);
    let output = command.output().map_err(|source| LinkError::Start { linker: linker.path.clone(), source })?;
    if output.status.success() {
        return Ok(());
    }
    let mut diagnostics = String::from_utf8_lossy(&output.stderr).trim_end().to_owned();
    if diagnostics.is_empty() {
        diagnostics = format!("the linker ended with {} and printed nothing", output.status);
    }
    Err(LinkError::Failed { diagnostics })
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    /// A stand-in for wasm-ld that writes its arguments as module and map, and a line per call to `log`; it misses a symbol if
    /// an object is called `bad.o`.
    fn toolchain(dir: &Path) -> Toolchain {
        let linker = dir.join("wasm-ld");
        let script = format!(
            "#!/bin/sh\nall=\"$*\"\necho linked >> {}\nwhile [ $# -gt 0 ]; do case \"$1\" in -o) output=$2;; \
             --Map=*) echo map > \"${{1#--Map=}}\";; \
             */bad.o) echo 'wasm-ld: error: bad.o: undefined symbol: lost' >&2; exit 1;; esac; shift; done\n\
             echo \"$all\" > \"$output\"\n",
            dir.join("log").display()
        );
        std::fs::write(&linker, script).unwrap();
        std::fs::set_permissions(&linker, std::fs::Permissions::from_mode(0o755)).unwrap();
        Toolchain::stand_in(Path::new("clang"), &linker)
    }

    fn run(dir: &Path, objects: &[&str], options: &LinkOptions) -> Result<String, LinkError> {
        let input = |name: &&str| {
            let path = dir.join(name);
            if !path.exists() {
                std::fs::write(&path, name).unwrap();
            }
            path
        };
        let objects: Vec<PathBuf> = objects.iter().map(input).collect();
        let bytes = link(&toolchain(dir), &objects, &[input(&"libc.a")], options, &dir.join("out/lua.wasm"))?;
        assert_eq!(std::fs::read(dir.join("out/lua.wasm")).unwrap(), bytes);
        Ok(String::from_utf8(bytes).unwrap().replace(&format!("{}/", dir.display()), ""))
    }

    fn times_linked(dir: &Path) -> usize {
        std::fs::read_to_string(dir.join("log")).unwrap_or_default().lines().count()
    }

    #[test]
    fn the_stack_lies_first_and_objects_come_before_archives() {
        let dir = tempfile::tempdir().unwrap();
        let line = run(dir.path(), &["b.o", "a.o"], &LinkOptions::default()).unwrap();
        for part in
            ["--stack-first", "-z stack-size=983040", "--no-entry", "--compress-relocations", "b.o a.o libc.a -o"]
        {
            assert!(line.contains(part), "{part} in {line}");
        }
        assert!(!line.contains("--max-memory") && !line.contains("--Map"), "{line}");
    }

    #[test]
    fn options_become_arguments() {
        let dir = tempfile::tempdir().unwrap();
        let map = dir.path().join("out/lua.map");
        let options = LinkOptions { debug: true, max_memory: Some(65536), relocations: true, map: Some(map.clone()) };
        let line = run(dir.path(), &["a.o"], &options).unwrap();
        assert!(line.contains("--max-memory=65536") && line.contains("--emit-relocs"), "{line}");
        assert!(!line.contains("--strip-debug") && !line.contains("--compress-relocations"), "{line}");
        assert_eq!(std::fs::read_to_string(map).unwrap(), "map\n");
    }

    #[test]
    fn the_same_input_is_linked_once_and_damage_is_noticed() {
        let dir = tempfile::tempdir().unwrap();
        let map = dir.path().join("lua.map");
        let options = LinkOptions { map: Some(map.clone()), ..LinkOptions::default() };
        let mut expected = 0;
        let mut links_again = |again: bool, options: &LinkOptions, what: &str| {
            expected += usize::from(again);
            run(dir.path(), &["a.o"], options).unwrap();
            assert_eq!(times_linked(dir.path()), expected, "{what}");
        };
        links_again(true, &options, "nothing is there");
        links_again(false, &options, "nothing changed");
        std::fs::write(dir.path().join("a.o"), "changed").unwrap();
        links_again(true, &options, "an object changed");
        std::fs::write(dir.path().join("libc.a"), "changed").unwrap();
        links_again(true, &options, "the C library changed");
        std::fs::write(dir.path().join("out/lua.wasm"), "damaged").unwrap();
        links_again(true, &options, "the module was damaged");
        std::fs::remove_file(&map).unwrap();
        links_again(true, &options, "the map is gone");
        links_again(true, &LinkOptions { debug: true, ..options.clone() }, "another option");
    }

    #[test]
    fn a_failure_shows_what_the_linker_says_and_leaves_the_old_module() {
        let dir = tempfile::tempdir().unwrap();
        run(dir.path(), &["a.o"], &LinkOptions::default()).unwrap();
        let good = std::fs::read(dir.path().join("out/lua.wasm")).unwrap();
        let error = run(dir.path(), &["bad.o"], &LinkOptions::default()).unwrap_err().to_string();
        assert!(error.contains("undefined symbol: lost"), "{error}");
        assert_eq!(std::fs::read(dir.path().join("out/lua.wasm")).unwrap(), good);
        assert_eq!(std::fs::read_dir(dir.path().join("out")).unwrap().count(), 2, "nothing temporary is left");
    }
}
