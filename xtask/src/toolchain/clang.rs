//! The toolchains that the machine has: clang, wasm-ld and wasi-libc from its packages, or a wasi-sdk.

use std::path::{Path, PathBuf};

use super::program::{self, Program};
use super::{FEATURES, Libc, Toolchain, ToolchainError};
use crate::digest::Digest;

/// clang's versions that are looked for by name, newest first, after plain `clang`.
const VERSIONS: std::ops::RangeInclusive<u32> = 15..=24;

/// The folders below a system root's `include` and `lib` that wasi-libc may stand in, newest name first.
const TRIPLES: &[&str] = &["wasm32-wasip1", "wasm32-wasi"];

/// What brings everything on Debian and Ubuntu.
const PACKAGES: &str = "`apt-get install clang-19 lld-19 wasi-libc libclang-rt-19-dev-wasm32` on Debian and Ubuntu";

/// What else there is to do.
const ALTERNATIVE: &str = "or leave out `--toolchain system` and have the pinned toolchain installed";

/// The variable that names the folder of wasi-libc, as other tools read it too.
const SYSROOT_VARIABLE: &str = "WASI_SYSROOT";

/// The variable that names the folder of a wasi-sdk.
const SDK_VARIABLE: &str = "WASI_SDK_PATH";

/// clang and wasm-ld from `PATH` (or the `rust-lld` that comes with rustc) and wasi-libc from `WASI_SYSROOT` or `/usr`.
///
/// # Errors
/// When one of them is missing; the message says which, where it was looked for and how to install it.
pub fn system() -> Result<Toolchain, ToolchainError> {
    let names = std::iter::once("clang".to_owned()).chain(VERSIONS.rev().map(|version| format!("clang-{version}")));
    // Some clangs (Apple's) know no WebAssembly.
    let compiler = names
        .filter_map(|name| program::on_path(&[name]))
        .map(Program::new)
        .find(|clang| prints(clang, "--print-targets").is_ok_and(|targets| targets.contains("wasm32")))
        .ok_or_else(|| ToolchainError::Missing {
            what: "a clang for wasm32 (looked for clang and clang-N in PATH)".into(),
            remedy: format!("install one ({PACKAGES}), {ALTERNATIVE}"),
        })?;
    let linker = system_linker(&compiler).ok_or_else(|| ToolchainError::Missing {
        what: "wasm-ld (looked beside clang, in PATH and in rustc's folder)".into(),
        remedy: format!("install it ({PACKAGES}), {ALTERNATIVE}"),
    })?;
    let sysroot = std::env::var_os(SYSROOT_VARIABLE).filter(|path| !path.is_empty()).map(PathBuf::from);
    let remedy = match &sysroot {
        Some(_) => format!("check the variable {SYSROOT_VARIABLE}"),
        None => format!("install it ({PACKAGES}), set {SYSROOT_VARIABLE} to its folder, {ALTERNATIVE}"),
    };
    assemble(compiler, linker, &sysroot.unwrap_or_else(|| "/usr".into()), &remedy)
}

/// The wasi-sdk that `WASI_SDK_PATH` points at.
///
/// # Errors
/// When the variable is not set or parts of the kit are missing.
pub fn wasi_sdk() -> Result<Toolchain, ToolchainError> {
    match std::env::var_os(SDK_VARIABLE).filter(|path| !path.is_empty()) {
        Some(folder) => wasi_sdk_in(Path::new(&folder)),
        None => Err(ToolchainError::Missing {
            what: format!("a wasi-sdk: the variable {SDK_VARIABLE} is not set"),
            remedy: format!("set {SDK_VARIABLE} to the folder that holds its bin/ and share/"),
        }),
    }
}

fn wasi_sdk_in(folder: &Path) -> Result<Toolchain, ToolchainError> {
    let remedy = format!("check the variable {SDK_VARIABLE}: it names the folder with bin/ and share/");
    let tool = |name: &str| {
        let path = folder.join("bin").join(name);
        program::executable(&path)
            .map(Program::new)
            .ok_or_else(|| ToolchainError::Missing { what: path.display().to_string(), remedy: remedy.clone() })
    };
    assemble(tool("clang")?, tool("wasm-ld")?, &folder.join("share/wasi-sysroot"), &remedy)
}

/// wasm-ld of clang's own version if possible, since the two agree on what is in an object file.
fn system_linker(clang: &Program) -> Option<Program> {
    let real = std::fs::canonicalize(&clang.path).unwrap_or_else(|_| clang.path.clone());
    let beside = real.parent().and_then(|folder| program::executable(&folder.join("wasm-ld")));
    let versioned = clang
        .path
        .file_name()
        .and_then(|name| name.to_str()?.strip_prefix("clang-"))
        .map(|version| format!("wasm-ld-{version}"));
    let names: Vec<String> = versioned
        .into_iter()
        .chain(["wasm-ld".to_owned()])
        .chain(VERSIONS.rev().map(|version| format!("wasm-ld-{version}")))
        .collect();
    beside.or_else(|| program::on_path(&names)).map(Program::new).or_else(rust_lld)
}

/// The linker that comes with rustc.
fn rust_lld() -> Option<Program> {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let sysroot = prints(&Program::new(rustc), "--print=sysroot").ok()?;
    let targets = std::fs::read_dir(Path::new(&sysroot).join("lib/rustlib")).ok()?;
    let mut found: Vec<PathBuf> =
        targets.flatten().filter_map(|entry| program::executable(&entry.path().join("bin/rust-lld"))).collect();
    found.sort();
    let path = found.into_iter().next()?;
    Some(Program { role: vec!["-flavor", "wasm"], ..Program::new(path) })
}

/// What `program` prints when given one argument, without the last line end.
fn prints(program: &Program, argument: &str) -> Result<String, ToolchainError> {
    let output = program.output(&[argument])?;
    Ok(String::from_utf8_lossy(&output.stdout).trim_end().to_owned())
}

/// Puts a toolchain together from its parts, after a look at each.
fn assemble(compiler: Program, linker: Program, sysroot: &Path, remedy: &str) -> Result<Toolchain, ToolchainError> {
    let missing = |what: String| ToolchainError::Missing { what, remedy: remedy.to_owned() };
    let triple = TRIPLES
        .iter()
        .find(|triple| sysroot.join("lib").join(triple).join("libc.a").is_file())
        .ok_or_else(|| missing(format!("wasi-libc (lib/{}/libc.a below {})", TRIPLES.join("|"), sysroot.display())))?;
    let libc = sysroot.join("lib").join(triple).join("libc.a");
    let headers = [sysroot.join("include").join(triple), sysroot.join("include")]
        .into_iter()
        .find(|folder| folder.join("wasi/api.h").is_file())
        .ok_or_else(|| missing(format!("the headers of wasi-libc (include/{triple} below {})", sysroot.display())))?;
    let target = format!("--target={}", TARGET);
    let builtins = compiler.output(&[&target, "--rtlib=compiler-rt", "-print-libgcc-file-name"])?;
    let builtins = PathBuf::from(String::from_utf8_lossy(&builtins.stdout).trim_end());
    let builtins = find_builtins(&builtins)
        .ok_or_else(|| missing(format!("clang's run-time library for wasm32 ({})", builtins.display())))?;

    let archives = vec![libc, builtins];
    let mut digest = Digest::new();
    for path in &archives {
        let content = std::fs::read(path).map_err(|source| ToolchainError::Read { path: path.clone(), source })?;
        digest.part("archive", content);
    }
    let first_line = |text: String| text.lines().next().unwrap_or_default().to_owned();
    let id = format!(
        "{}; {}; libc {}",
        first_line(prints(&compiler, "--version")?),
        first_line(prints(&linker, "--version")?),
        &digest.hex()[..16]
    );
    let flags = std::iter::once("-mcpu=mvp".to_owned())
        .chain(FEATURES.iter().map(|feature| format!("-m{feature}")))
        // Not the machine's own headers, which clang would search in a sysroot of /usr.
        .chain(["-nostdlibinc".to_owned()])
        .collect();
    let path_flags = vec!["-isystem".to_owned(), headers.display().to_string()];
    Ok(Toolchain {
        id,
        compiler,
        target: TARGET,
        flags,
        path_flags,
        level_needs_xclang: false,
        headers,
        linker,
        libc: Libc::Archives(archives),
    })
}

/// clang's name for the target; every version that is looked for knows it.
const TARGET: &str = "wasm32-wasi";

/// The run-time library where clang says it is, or under one of the names that packagers gave it in the same place.
fn find_builtins(stated: &Path) -> Option<PathBuf> {
    if stated.is_file() {
        return Some(stated.to_owned());
    }
    let lib = stated.parent()?.parent()?;
    ["wasi", "wasip1", "wasm32-unknown-wasi", "wasm32-unknown-wasip1"]
        .iter()
        .flat_map(|folder| {
            ["libclang_rt.builtins-wasm32.a", "libclang_rt.builtins.a"].map(|name| lib.join(folder).join(name))
        })
        .find(|path| path.is_file())
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn script(path: &Path, text: &str) {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, format!("#!/bin/sh\n{text}\n")).unwrap();
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
    }

    fn touch(path: &Path) {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, "").unwrap();
    }

    #[test]
    fn a_wasi_sdk_is_found_part_by_part() {
        let dir = tempfile::tempdir().unwrap();
        let sdk = dir.path();
        let error = || wasi_sdk_in(sdk).unwrap_err().to_string();
        assert!(error().contains("bin/clang; check the variable WASI_SDK_PATH"), "{}", error());
        let builtins = sdk.join("lib/clang/20/lib/wasip1/libclang_rt.builtins-wasm32.a");
        let stated = sdk.join("lib/clang/20/lib/wasm32-unknown-wasi/libclang_rt.builtins.a");
        script(
            &sdk.join("bin/clang"),
            &format!("case \"$*\" in *print-libgcc*) echo {};; *) echo clang version 20;; esac", stated.display()),
        );
        assert!(error().contains("bin/wasm-ld"), "{}", error());
        script(&sdk.join("bin/wasm-ld"), "echo LLD 20");
        assert!(error().contains("wasi-libc (lib/wasm32-wasip1|wasm32-wasi/libc.a"), "{}", error());
        touch(&sdk.join("share/wasi-sysroot/lib/wasm32-wasip1/libc.a"));
        assert!(error().contains("headers of wasi-libc"), "{}", error());
        let headers = sdk.join("share/wasi-sysroot/include/wasm32-wasip1");
        touch(&headers.join("wasi/api.h"));
        assert!(error().contains("run-time library"), "{}", error());
        touch(&builtins);
        let toolchain = wasi_sdk_in(sdk).unwrap();
        assert!(toolchain.id.starts_with("clang version 20; LLD 20; libc "), "{}", toolchain.id);
        assert_eq!(toolchain.headers, headers);
        assert_eq!(
            toolchain.flags,
            ["-mcpu=mvp", "-mbulk-memory", "-mmutable-globals", "-mnontrapping-fptoint", "-msign-ext", "-nostdlibinc"]
        );
        assert!(matches!(toolchain.libc, Libc::Archives(archives) if archives[1] == builtins));
    }

    #[test]
    fn rustc_brings_a_linker() {
        let version = prints(&rust_lld().unwrap(), "--version").unwrap();
        assert!(version.contains("LLD"), "{version}");
    }
}
