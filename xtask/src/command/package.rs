//! The npm package in `web/` and the demo pages over it, built for the commands that need them.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

use super::build::{self, Builder};
use super::npm;
use crate::digest::Digest;
use crate::output_file;
use crate::recipe::Recipe;

/// The folder that holds the demo pages when they are built: it can be put on any server of files.
const SITE: &str = "target/moonwright/site";

/// What decides the package's JavaScript, below `web/`.
const PACKAGE_SOURCES: [&str; 6] = ["src", "build.mjs", "package.json", "package-lock.json", "tsconfig.json", ".npmrc"];

/// What decides the pages beside the package.
const PAGE_SOURCES: [&str; 1] = ["demo"];

/// The file that a build leaves in what it made: a hash over what it was made from.
const STAMP: &str = ".built-from";

/// Where the demo pages are when they are built.
pub fn site_folder(root: &Path) -> PathBuf {
    root.join(SITE)
}

/// Installs what `web/` pins, and builds the package's JavaScript where that changed: for tests in `web/build`, to be shipped in
/// `web/dist`. Gives the folder `web/`. `retry` is the command that an offline user has to type once.
///
/// # Errors
/// Where packages cannot be installed, or the package cannot be built.
pub fn build_scripts(root: &Path, offline: bool, retry: &str) -> Result<PathBuf> {
    let folder = root.join("web");
    npm::install_in_place(root, "web", offline, retry)?;
    let stamp = stamp(&folder, &PACKAGE_SOURCES)?;
    // Not in `dist`, which is shipped as it is.
    let stamp_file = folder.join("build").join(STAMP);
    if !is_current(&stamp_file, &stamp) || !folder.join("dist/index.js").is_file() {
        npm_run(&folder, "build")?;
        output_file::write(&stamp_file, stamp.as_bytes())?;
    }
    Ok(folder)
}

/// As [`build_scripts`], with the module that the package ships.
///
/// # Errors
/// As for [`build_scripts`], and where the module cannot be built.
pub fn build(root: &Path, offline: bool, retry: &str) -> Result<PathBuf> {
    let folder = build_scripts(root, offline, retry)?;
    let recipe = Recipe { contracts: vec![build::PACKAGE_CONTRACT.into()], ..Recipe::default() };
    let built = Builder::new(root, offline).build(&recipe)?;
    build::put_into_package(root, &built)?;
    output_file::write(&site_folder(root).join("size-report.json"), built.report.to_json()?.as_bytes())?;
    Ok(folder)
}

/// Builds the package and the demo pages; gives the pages' folder, in which nothing else is needed.
///
/// # Errors
/// As for [`build`].
pub fn build_site(root: &Path, offline: bool, retry: &str) -> Result<PathBuf> {
    let folder = build(root, offline, retry)?;
    let site = site_folder(root);
    let mut sources = PACKAGE_SOURCES.to_vec();
    sources.extend(PAGE_SOURCES);
    let stamp = stamp(&folder, &sources)?;
    let stamp_file = site.join(STAMP);
    if !is_current(&stamp_file, &stamp) {
        npm_run(&folder, "build:demo")?;
        output_file::write(&stamp_file, stamp.as_bytes())?;
    }
    // The package lies in the site as it is shipped, module and all.
    copy_folder(&folder.join("dist"), &site.join("moonwright"))?;
    Ok(site)
}

fn npm_run(folder: &Path, script: &str) -> Result<()> {
    let status = npm::command().current_dir(folder).args(["run", "--silent", script]).status();
    let status = status.context("cannot run npm, which comes with Node; install Node 20 or later")?;
    ensure!(status.success(), "`npm run {script}` in {} failed: {status}", folder.display());
    Ok(())
}

fn is_current(stamp_file: &Path, stamp: &str) -> bool {
    std::fs::read_to_string(stamp_file).is_ok_and(|found| found == stamp)
}

/// The hash over all files of `names`, folders with all that is in them.
fn stamp(folder: &Path, names: &[&str]) -> Result<String> {
    let mut digest = Digest::new();
    for name in names {
        for path in files(&folder.join(name))? {
            let content = std::fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
            digest.part(&path.strip_prefix(folder).unwrap_or(&path).to_string_lossy(), content);
        }
    }
    Ok(digest.hex())
}

/// A file, or all files below a folder, sorted.
fn files(path: &Path) -> Result<Vec<PathBuf>> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let mut inside = Vec::new();
    for entry in std::fs::read_dir(path).with_context(|| format!("cannot list {}", path.display()))? {
        inside.push(entry?.path());
    }
    inside.sort();
    let mut found = Vec::new();
    for path in inside {
        found.extend(files(&path)?);
    }
    Ok(found)
}

/// Puts a copy of all files of `from` into `to`; what is the same already is left alone.
fn copy_folder(from: &Path, to: &Path) -> Result<()> {
    for path in files(from)? {
        let target = to.join(path.strip_prefix(from)?);
        let content = std::fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
        if std::fs::read(&target).ok().as_ref() != Some(&content) {
            output_file::write(&target, &content)?;
        }
    }
    Ok(())
}
