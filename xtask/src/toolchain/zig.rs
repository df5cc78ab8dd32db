//! The default toolchain: a pinned `ziglang` from PyPI in a folder of its own.
//!
//! An installation is put together beside its place and renamed into it, with a stamp written last. Whoever finds no stamp, or one
//! that does not fit what is there, installs again; so an interrupted or damaged installation heals itself.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::pip::{self, Python, Wheel};
use super::program::{self, Program};
use super::{FEATURES, Libc, Toolchain, ToolchainError, lock};
use crate::progress::Progress;

/// The pinned version.
pub const VERSION: &str = "0.15.2";

/// The wheels of that version: system and architecture as Rust calls them, SHA-256, size.
const WHEELS: &[(&str, &str, &str, u64)] = &[
    ("linux", "x86_64", "806316453d1ede7174ed3fefb8e5348154629089c3bb5fe812dfd0e172fac130", 93_508_126),
    ("linux", "aarch64", "edc0aa60ec964a4cf462d40f68d7de242ddf37fd9a80f2afaee6397059463230", 90_542_084),
    ("macos", "x86_64", "47af4f85e3e59bd672126cc026d3a01b516cad24b9a9ea075abfe8532f4c6bc1", 97_049_112),
    ("macos", "aarch64", "acae2a9ce67ed249ad68d42c21bc73b5f9d51a33ba5ea42f609f78683e8d9bb7", 92_993_702),
    ("windows", "x86_64", "ca80dc9c70dbdfdd9ee51d000de3501a95d33d9782ab9ab9b56f700484ebcd83", 94_052_409),
    ("windows", "aarch64", "a81ebfc61e1b7aa43a33add23f93b98954d757434f894eb21bd40b176b6688aa", 89_688_080),
];

/// What stands beside a finished installation.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Stamp {
    version: String,
    /// The length of the executable: a cheap look at whether it is whole.
    executable_bytes: u64,
}

/// A finished installation.
#[derive(Clone, Debug)]
pub struct Installation {
    /// The folder that holds everything of the toolchain.
    pub folder: PathBuf,
}

impl Installation {
    /// Where this version is installed.
    fn site(&self) -> PathBuf {
        self.folder.join(format!("ziglang-{VERSION}"))
    }

    fn stamp_path(site: &Path) -> PathBuf {
        site.join("moonwright-stamp.toml")
    }

    fn executable(site: &Path) -> PathBuf {
        site.join("ziglang").join(format!("zig{}", std::env::consts::EXE_SUFFIX))
    }

    /// Where zig keeps what it builds; nothing of it goes to the user's home.
    pub fn cache(&self) -> PathBuf {
        self.folder.join("cache")
    }

    /// zig in one of its roles, such as `cc`.
    pub fn zig(&self, role: &'static str) -> Program {
        let cache = self.cache().into_os_string();
        Program {
            path: Installation::executable(&self.site()),
            role: vec![role],
            env: vec![("ZIG_GLOBAL_CACHE_DIR", cache.clone()), ("ZIG_LOCAL_CACHE_DIR", cache)],
        }
    }

    /// The features in zig's way of writing them.
    pub fn cpu_flag() -> String {
        let features = FEATURES.iter().map(|feature| format!("+{}", feature.replace('-', "_"))).collect::<String>();
        format!("-mcpu=mvp{features}")
    }

    /// How builds use this installation.
    pub fn toolchain(self) -> Toolchain {
        Toolchain {
            id: format!("ziglang {VERSION}"),
            compiler: self.zig("cc"),
            target: "wasm32-wasi",
            flags: vec![Installation::cpu_flag()],
            path_flags: Vec::new(),
            level_needs_xclang: true,
            headers: self.site().join("ziglang/lib"),
            linker: self.zig("wasm-ld"),
            libc: Libc::Zig(self),
        }
    }

    /// Whether the installation is there and whole as far as a quick look tells.
    fn is_whole(&self) -> bool {
        let site = self.site();
        let Ok(text) = std::fs::read_to_string(Installation::stamp_path(&site)) else { return false };
        let Ok(stamp) = toml::from_str::<Stamp>(&text) else { return false };
        let length = std::fs::metadata(Installation::executable(&site)).map(|metadata| metadata.len());
        let headers =
            site.join("ziglang/lib/include/stddef.h").is_file() && site.join("ziglang/lib/libc/wasi").is_dir();
        stamp.version == VERSION && length.is_ok_and(|length| length == stamp.executable_bytes) && headers
    }
}

/// Gives the installation in `folder`, after installing it where it is missing or damaged.
///
/// # Errors
/// When it is not there and `offline`, when this system has no wheel, or when downloading or unpacking fails.
pub fn install(
    folder: &Path,
    python: &Python,
    offline: bool,
    progress: &dyn Progress,
) -> Result<Installation, ToolchainError> {
    let installation = Installation { folder: folder.to_owned() };
    if installation.is_whole() {
        return Ok(installation);
    }
    if offline {
        return Err(ToolchainError::Offline { version: VERSION, folder: folder.to_owned() });
    }
    let wheel = wheel()?;
    let _lock = lock::acquire(folder, progress)?;
    // Another build may have installed it while this one waited.
    if installation.is_whole() {
        return Ok(installation);
    }
    let site = installation.site();
    if site.exists() {
        progress.note("the installed C toolchain is damaged or incomplete; installing it again");
    }
    remove_leftovers(folder, SCRATCH)?;
    let scratch = tempfile::Builder::new()
        .prefix(SCRATCH)
        .tempdir_in(folder)
        .map_err(|source| ToolchainError::Write { path: folder.to_owned(), source })?;
    let staged = scratch.path().join("site");
    pip::install(python, &wheel, scratch.path(), &staged, progress)?;
    finish(&staged)?;
    remove(&site)?;
    std::fs::rename(&staged, &site).map_err(|source| ToolchainError::Write { path: site, source })?;
    Ok(installation)
}

/// How folders of installations under way are named.
const SCRATCH: &str = ".install-";

/// Removes the folders with that prefix, which interrupted builds left. Only to be called under the lock, when none of
/// them is still in use.
pub fn remove_leftovers(folder: &Path, prefix: &str) -> Result<(), ToolchainError> {
    let fail = |source| ToolchainError::Read { path: folder.to_owned(), source };
    for entry in std::fs::read_dir(folder).map_err(fail)? {
        let entry = entry.map_err(fail)?;
        if entry.file_name().to_string_lossy().starts_with(prefix) {
            remove(&entry.path())?;
        }
    }
    Ok(())
}

fn remove(folder: &Path) -> Result<(), ToolchainError> {
    match std::fs::remove_dir_all(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(ToolchainError::Write { path: folder.to_owned(), source: error })
        }
        _ => Ok(()),
    }
}

/// Checks that what pip unpacked runs and is the pinned version, then stamps it.
fn finish(site: &Path) -> Result<(), ToolchainError> {
    let executable = Installation::executable(site);
    let output = Program::new(&executable).output(&["version"])?;
    let found = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    if found != VERSION {
        return Err(ToolchainError::Unexpected {
            what: program::display(&std::process::Command::new(&executable)),
            expected: format!("version {VERSION}"),
            found,
            remedy: "check pip's index and mirror settings".into(),
        });
    }
    let executable_bytes =
        std::fs::metadata(&executable).map_err(|source| ToolchainError::Read { path: executable, source })?.len();
    let path = Installation::stamp_path(site);
    let stamp = Stamp { version: VERSION.into(), executable_bytes };
    let text = toml::to_string(&stamp).expect("two plain fields always make TOML");
    std::fs::write(&path, text).map_err(|source| ToolchainError::Write { path, source })
}

/// The requirement with the hashes of all wheels, of which pip picks this system's.
fn wheel() -> Result<Wheel, ToolchainError> {
    let (os, arch) = (std::env::consts::OS, std::env::consts::ARCH);
    let (.., bytes) =
        WHEELS.iter().find(|wheel| (wheel.0, wheel.1) == (os, arch)).ok_or_else(|| ToolchainError::Missing {
            what: format!("a pinned ziglang wheel for {os} on {arch}"),
            remedy: "build with `--toolchain system`, which takes clang from this machine".into(),
        })?;
    let hashes = WHEELS.iter().map(|wheel| format!(" --hash=sha256:{}", wheel.2)).collect::<String>();
    Ok(Wheel { requirement: format!("ziglang=={VERSION}{hashes}\n"), bytes: *bytes })
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;
    use crate::progress::Silent;

    /// A stand-in for Python whose pip "downloads" a file and "installs" a zig that only knows its version. It writes a line per
    /// download to `log`.
    fn fake_python(dir: &Path, behaviour: &str) -> Python {
        let path = dir.join("python3");
        let script = format!(
            r#"#!/bin/sh
log={log}
behaviour={behaviour}
action=$3
while [ $# -gt 0 ]; do
  case "$1" in --dest) dest=$2;; --target) target=$2;; --requirement) requirement=$2;; esac
  shift
done
case "$action" in
  --version) [ $behaviour != nopip ] || {{ echo 'No module named pip' >&2; exit 1; }};;
  download)
    grep -q -- '--hash=sha256:' "$requirement" || exit 3
    echo download >> "$log"
    [ $behaviour != mismatch ] || {{ echo 'THESE PACKAGES DO NOT MATCH THE HASHES' >&2; exit 1; }}
    echo wheel > "$dest/ziglang.whl";;
  install)
    mkdir -p "$target/ziglang/lib/include" "$target/ziglang/lib/libc/wasi"
    [ $behaviour != die ] || {{ kill -9 $$; }}
    touch "$target/ziglang/lib/include/stddef.h"
    printf '#!/bin/sh\necho {VERSION}\n' > "$target/ziglang/zig"
    chmod +x "$target/ziglang/zig";;
esac
"#,
            log = dir.join("log").display(),
        );
        std::fs::write(&path, script).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        Python { candidates: vec![path.to_str().unwrap().to_owned()] }
    }

    fn downloads(dir: &Path) -> usize {
        std::fs::read_to_string(dir.join("log")).unwrap_or_default().lines().count()
    }

    fn entries(folder: &Path) -> Vec<String> {
        let mut names: Vec<_> =
            std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn an_installation_is_made_once() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("toolchain");
        let python = fake_python(dir.path(), "good");
        install(&folder, &python, false, &Silent).unwrap();
        install(&folder, &python, false, &Silent).unwrap();
        install(&folder, &python, true, &Silent).unwrap();
        assert_eq!(downloads(dir.path()), 1);
        assert_eq!(entries(&folder), ["lock", "ziglang-0.15.2"]);
    }

    #[test]
    fn a_damaged_installation_heals() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("toolchain");
        let python = fake_python(dir.path(), "good");
        let site = install(&folder, &python, false, &Silent).unwrap().site();
        let damages: [fn(&Path); 5] = [
            |site| std::fs::remove_file(Installation::stamp_path(site)).unwrap(),
            |site| std::fs::write(Installation::stamp_path(site), "version = \"0.15").unwrap(),
            |site| std::fs::write(Installation::executable(site), "#!").unwrap(),
            |site| std::fs::remove_file(Installation::executable(site)).unwrap(),
            |site| std::fs::remove_dir_all(site.join("ziglang/lib")).unwrap(),
        ];
        for (count, damage) in damages.iter().enumerate() {
            damage(&site);
            install(&folder, &python, false, &Silent).unwrap();
            assert_eq!(downloads(dir.path()), count + 2);
        }
        assert_eq!(entries(&folder), ["lock", "ziglang-0.15.2"]);
    }

    #[test]
    fn an_interrupted_installation_leaves_nothing_in_place_and_is_swept_up() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("toolchain");
        install(&folder, &fake_python(dir.path(), "die"), false, &Silent).unwrap_err();
        assert_eq!(entries(&folder), ["lock"]);
        // A build that was killed could not even remove its scratch folder.
        std::fs::create_dir_all(folder.join(".install-x/site/ziglang")).unwrap();
        install(&folder, &fake_python(dir.path(), "good"), false, &Silent).unwrap();
        assert_eq!(entries(&folder), ["lock", "ziglang-0.15.2"]);
    }

    #[test]
    fn two_builds_at_once_install_once() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("toolchain");
        let python = fake_python(dir.path(), "good");
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| install(&folder, &python, false, &Silent).unwrap());
            }
        });
        assert_eq!(downloads(dir.path()), 1);
    }

    #[test]
    fn failures_say_what_to_do() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("toolchain");
        let fail = |python: &Python, offline| install(&folder, python, offline, &Silent).unwrap_err().to_string();
        let error = fail(&fake_python(dir.path(), "good"), true);
        assert!(error.contains("--offline") && error.contains("`cargo xtask setup`"), "{error}");
        assert_eq!(downloads(dir.path()), 0, "offline downloads nothing");
        let error = fail(&fake_python(dir.path(), "mismatch"), false);
        assert!(error.contains("not the pinned file"), "{error}");
        let error = fail(&fake_python(dir.path(), "nopip"), false);
        assert!(error.contains("No module named pip") && error.contains("apt-get install python3-pip"), "{error}");
        let error = fail(&Python { candidates: vec!["no-such-python".into()] }, false);
        assert!(error.contains("no-such-python") && error.contains("apt-get install python3"), "{error}");
    }

    #[test]
    fn the_requirement_pins_every_wheel() {
        let wheel = wheel().unwrap();
        assert_eq!(wheel.requirement.matches("--hash=sha256:").count(), WHEELS.len());
        assert!(WHEELS.iter().all(|wheel| wheel.2.len() == 64));
        assert_eq!(Installation::cpu_flag(), "-mcpu=mvp+bulk_memory+mutable_globals+nontrapping_fptoint+sign_ext");
    }
}
