//! The Chromium that pages are tested and measured in: the machine's own.

use std::path::{Path, PathBuf};

use anyhow::{Result, ensure};

use super::system_package::SystemProgram;

/// The environment variable that names a browser; the programs that drive it get the one found in it as well.
pub const VARIABLE: &str = "MOONWRIGHT_CHROMIUM";

/// As systems have it; without a font, pages have no text to look at.
const CHROMIUM: SystemProgram = SystemProgram {
    title: "Chromium",
    names: &["chromium", "chromium-browser", "google-chrome-stable", "google-chrome"],
    packages: &["chromium", "fonts-dejavu-core"],
    otherwise: ", or set MOONWRIGHT_CHROMIUM to the browser's path",
};

/// Where macOS has it.
const APPLICATIONS: [&str; 2] = [
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
];

/// Finds Chromium, and installs Debian's where there is none and this user may.
///
/// # Errors
/// Where there is none: the message has the command to type.
pub fn find(offline: bool) -> Result<PathBuf> {
    if let Some(path) = std::env::var_os(VARIABLE).map(PathBuf::from) {
        ensure!(path.is_file(), "{VARIABLE} names {}, and there is no such file", path.display());
        return Ok(path);
    }
    match APPLICATIONS.into_iter().map(Path::new).find(|path| path.is_file()) {
        Some(path) => Ok(path.to_owned()),
        None => CHROMIUM.find(offline),
    }
}
