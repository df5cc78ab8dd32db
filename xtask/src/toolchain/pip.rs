//! Fetches and unpacks one hash-pinned wheel with pip, the package client that a machine with Python has anyway.
//!
//! pip's own settings (index, proxy, certificates) apply. Its progress bar is for people only, so the download is
//! followed by the size of its temporary files.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use super::ToolchainError;
use super::program;
use super::zig::VERSION;
use crate::progress::Progress;

/// Settings that would make pip install somewhere else than told.
const KEPT_FROM_PIP: &[&str] =
    &["PIP_TARGET", "PIP_PREFIX", "PIP_ROOT", "PIP_USER", "PIP_REQUIRE_VIRTUALENV", "PIP_DRY_RUN"];

/// How often the size of a download is looked at.
const LOOK: Duration = Duration::from_millis(100);

/// The Python that runs pip.
#[derive(Clone, Debug)]
pub struct Python {
    /// Names of programs to look for in `PATH`, or paths, best first.
    pub candidates: Vec<String>,
}

impl Default for Python {
    fn default() -> Self {
        Python { candidates: vec!["python3".into(), "python".into()] }
    }
}

/// A wheel, pinned.
#[derive(Clone, Debug)]
pub struct Wheel {
    /// A line of a requirements file, with hashes.
    pub requirement: String,
    /// The download's size, for progress.
    pub bytes: u64,
}

/// Downloads `wheel` and unpacks it to the new folder `site`. `scratch` is an existing folder for everything temporary.
///
/// # Errors
/// When there is no Python or no pip, the download fails or has another hash, or unpacking fails.
pub fn install(
    python: &Python,
    wheel: &Wheel,
    scratch: &Path,
    site: &Path,
    progress: &dyn Progress,
) -> Result<(), ToolchainError> {
    let python = find(python)?;
    let requirements = scratch.join("requirements.txt");
    let wheels = scratch.join("wheels");
    let temporary = scratch.join("tmp");
    for folder in [&wheels, &temporary] {
        std::fs::create_dir_all(folder).map_err(|source| ToolchainError::Write { path: folder.clone(), source })?;
    }
    std::fs::write(&requirements, &wheel.requirement)
        .map_err(|source| ToolchainError::Write { path: requirements.clone(), source })?;

    progress.stage(&format!("Downloading the C toolchain (ziglang {VERSION})"));
    progress.length(wheel.bytes);
    let mut download = pip(&python, &temporary, "download");
    download.args(["--no-deps", "--no-cache-dir", "--only-binary=:all:", "--require-hashes", "--progress-bar", "off"]);
    download.arg("--requirement").arg(&requirements).arg("--dest").arg(&wheels);
    let mut seen = 0;
    run(download, || {
        let size = (folder_bytes(&wheels) + folder_bytes(&temporary)).min(wheel.bytes);
        progress.advance(size.saturating_sub(seen));
        seen = seen.max(size);
    })?;

    progress.stage("Unpacking the C toolchain");
    let mut unpack = pip(&python, &temporary, "install");
    unpack.args(["--no-index", "--no-deps", "--no-compile", "--no-warn-script-location", "--require-hashes"]);
    unpack.arg("--find-links").arg(&wheels).arg("--requirement").arg(&requirements).arg("--target").arg(site);
    run(unpack, || {})
}

/// The first candidate that has pip.
fn find(python: &Python) -> Result<PathBuf, ToolchainError> {
    let mut without_pip = None;
    for candidate in &python.candidates {
        let path = match Path::new(candidate).is_absolute() {
            true => Some(PathBuf::from(candidate)),
            false => program::on_path(std::slice::from_ref(candidate)),
        };
        let Some(path) = path else { continue };
        let mut command = Command::new(&path);
        command.args(["-m", "pip", "--version"]).stdin(Stdio::null());
        match program::checked_output(command) {
            Ok(_) => return Ok(path),
            Err(error) => without_pip = Some((path, error)),
        }
    }
    let remedy = "the default C toolchain is installed with it; or build with `--toolchain system`";
    Err(match without_pip {
        Some((path, error)) => ToolchainError::Missing {
            what: format!("pip for {} ({error})", path.display()),
            remedy: format!(
                "install pip (`apt-get install python3-pip` on Debian and Ubuntu, `python3 -m ensurepip` elsewhere): {remedy}"
            ),
        },
        None => ToolchainError::Missing {
            what: format!("Python 3 (looked for {} in PATH)", python.candidates.join(", ")),
            remedy: format!(
                "install Python 3 with pip (`apt-get install python3 python3-pip` on Debian and Ubuntu): {remedy}"
            ),
        },
    })
}

fn pip(python: &Path, temporary: &Path, action: &str) -> Command {
    let mut command = Command::new(python);
    command.args(["-m", "pip", action, "--disable-pip-version-check"]).stdin(Stdio::null());
    for name in KEPT_FROM_PIP {
        command.env_remove(name);
    }
    for name in ["TMPDIR", "TEMP", "TMP"] {
        command.env(name, temporary);
    }
    command
}

/// Runs `command` to its end and calls `look` all along.
fn run(mut command: Command, mut look: impl FnMut()) -> Result<(), ToolchainError> {
    let line = program::display(&command);
    let start = |source| ToolchainError::Start { program: line.clone(), source };
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().map_err(start)?;
    let mut pipe = child.stderr.take();
    // Read beside the waiting: a full pipe would stop pip.
    let reader = std::thread::spawn(move || {
        let mut text = Vec::new();
        if let Some(pipe) = &mut pipe {
            // What can't be read is missing from the error message only.
            let _ = pipe.read_to_end(&mut text);
        }
        String::from_utf8_lossy(&text).into_owned()
    });
    let status = loop {
        match child.try_wait().map_err(start)? {
            Some(status) => break status,
            None => std::thread::sleep(LOOK),
        }
        look();
    };
    look();
    let message = reader.join().unwrap_or_default();
    if status.success() {
        return Ok(());
    }
    let message = message.trim().to_owned();
    let remedy = if message.contains("DO NOT MATCH THE HASHES") {
        "what pip was given is not the pinned file: check pip's index and mirror settings; nothing of it was installed"
    } else {
        "is the network there? pip's own settings (index, proxy, certificates) apply; try again, or build with `--toolchain system`"
    };
    Err(ToolchainError::Pip { version: VERSION, message, remedy: remedy.into() })
}

/// The bytes of all files below `folder`; files that vanish meanwhile count as nothing.
fn folder_bytes(folder: &Path) -> u64 {
    let Ok(entries) = std::fs::read_dir(folder) else { return 0 };
    entries
        .flatten()
        .map(|entry| match entry.metadata() {
            Ok(metadata) if metadata.is_dir() => folder_bytes(&entry.path()),
            Ok(metadata) => metadata.len(),
            Err(_) => 0,
        })
        .sum()
}
