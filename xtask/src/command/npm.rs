//! Installs npm packages that a folder of the checkout pins, below `target/`.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};

use crate::digest::Digest;
use crate::output_file;

/// The files that say what to install.
const PINS: [&str; 3] = ["package.json", "package-lock.json", ".npmrc"];

/// The file that an installation leaves when it is complete: a hash over [`PINS`].
const STAMP: &str = "installed";

/// Makes sure that the packages that `folder` (`tests/node`) pins are installed, and gives the folder with their
/// `node_modules`. The checkout itself stays clean. `retry` is the command that an offline user has to type once.
///
/// # Errors
/// Where a package is missing and `offline` forbids the network, or where npm is missing or fails.
pub fn install(root: &Path, folder: &str, offline: bool, retry: &str) -> Result<PathBuf> {
    let from = root.join(folder);
    let to = root.join("target/moonwright/npm").join(folder);
    let mut pins = Vec::new();
    for name in PINS {
        let path = from.join(name);
        pins.push((name, std::fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?));
    }
    let mut stamp = Digest::new();
    for (name, content) in &pins {
        stamp.part(name, content);
    }
    let stamp = stamp.hex();
    let installed = std::fs::read_to_string(to.join(STAMP)).is_ok_and(|found| found == stamp);
    if installed {
        return Ok(to);
    }
    if offline {
        bail!("the npm packages of {folder} are not installed; run `{retry}` once without --offline");
    }
    eprintln!("installing the npm packages that {folder}/package-lock.json pins");
    for (name, bytes) in &pins {
        output_file::write(&to.join(name), bytes)?;
    }
    let status = Command::new(if cfg!(windows) { "npm.cmd" } else { "npm" })
        .current_dir(&to)
        .args(["ci", "--no-audit", "--no-fund", "--loglevel=error"])
        .status()
        .context("cannot run npm, which comes with Node; install Node 20 or later")?;
    ensure!(status.success(), "`npm ci` in {} failed: {status}", to.display());
    output_file::write(&to.join(STAMP), stamp.as_bytes())?;
    Ok(to)
}
