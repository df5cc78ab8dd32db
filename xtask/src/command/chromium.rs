//! The Chromium that pages are tested and measured in: the machine's own.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail, ensure};

/// The environment variable that names a browser; the programs that drive it get the one found in it as well.
pub const VARIABLE: &str = "MOONWRIGHT_CHROMIUM";

/// Names under which systems install it.
const NAMES: [&str; 4] = ["chromium", "chromium-browser", "google-chrome-stable", "google-chrome"];

/// Where macOS has it.
const APPLICATIONS: [&str; 2] = [
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
];

/// What Debian installs; without a font, pages have no text to look at.
const INSTALL: [&str; 5] = ["install", "--yes", "--no-install-recommends", "chromium", "fonts-dejavu-core"];

/// Finds Chromium, and installs Debian's where there is none and this user may.
///
/// # Errors
/// Where there is none: the message has the command to type.
pub fn find(offline: bool) -> Result<PathBuf> {
    if let Some(path) = std::env::var_os(VARIABLE).map(PathBuf::from) {
        ensure!(path.is_file(), "{VARIABLE} names {}, and there is no such file", path.display());
        return Ok(path);
    }
    if let Some(path) = installed() {
        return Ok(path);
    }
    let apt = on_path("apt-get");
    let by_hand = match &apt {
        Some(_) => format!("type `apt-get update && apt-get {}` as root", INSTALL.join(" ")),
        None => "install Chromium or Chrome".to_owned(),
    };
    let Some(apt) = apt.filter(|_| !offline && is_root()) else {
        bail!("there is no Chromium on this machine: {by_hand}, or set {VARIABLE} to the browser's path");
    };
    eprintln!("installing Chromium: apt-get {}", INSTALL.join(" "));
    for arguments in [&["update"][..], &INSTALL] {
        let output = Command::new(&apt)
            .args(arguments)
            .env("DEBIAN_FRONTEND", "noninteractive")
            .stdin(Stdio::null())
            .output()
            .with_context(|| format!("cannot run {}", apt.display()))?;
        if !output.status.success() {
            eprint!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
            bail!("`apt-get {}` failed ({}); {by_hand}", arguments.join(" "), output.status);
        }
    }
    installed().with_context(|| format!("apt-get has installed Chromium, but not as one of {}", NAMES.join(", ")))
}

fn installed() -> Option<PathBuf> {
    let applications = APPLICATIONS.into_iter().map(PathBuf::from).find(|path| path.is_file());
    NAMES.into_iter().find_map(on_path).or(applications)
}

fn on_path(name: &str) -> Option<PathBuf> {
    std::env::split_paths(&std::env::var_os("PATH")?).map(|folder| folder.join(name)).find(|path| path.is_file())
}

/// Whether this process may install: `id` knows on every system that has apt-get.
fn is_root() -> bool {
    Command::new("id").arg("-u").output().is_ok_and(|output| output.stdout.trim_ascii() == b"0")
}
