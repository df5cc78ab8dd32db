//! `cargo xtask build`: a recipe in, `out/lua.wasm` and its reports out.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::{Outcome, print, project_root};
use crate::cli::{BuildArgs, Format};
use crate::output_file;
use crate::pipeline::{self, Beside, Built, DEBUG_MODULE, MODULE, SOURCE_MAP, Setting};
use crate::progress::Terminal;
use crate::recipe::{self, ExportEdits, Recipe, Unwind};
use crate::report::{markdown, table};
use crate::symbols;

/// The contract that the npm package needs.
pub const PACKAGE_CONTRACT: &str = "bridge";

/// Builds and writes the module with its reports; a module over its budget is written too, but is a failed check.
pub fn run(args: &BuildArgs) -> Result<Outcome> {
    let root = project_root()?;
    let mut recipe = find_recipe(&root, args.recipe.as_deref())?;
    args.overrides.apply(&mut recipe);
    let out = root.join(&recipe.out);
    output_file::check_folder(&out)?;
    let built = Builder::new(&root, args.offline).build(&recipe)?;

    let json = built.report.to_json()?;
    write_module(&out, &built.wasm, &built.beside)?;
    output_file::write(&out.join("size-report.json"), json.as_bytes())?;
    output_file::write(&out.join("size-report.md"), markdown::render(&built.report).as_bytes())?;

    if serves_package(&recipe) {
        put_into_package(&root, &built)?;
    }

    print(&match args.format {
        Format::Json => json,
        Format::Markdown => markdown::render(&built.report),
        Format::Table => format!("{}\n\n{}", table::render(&built.report), out.join(MODULE).display()),
    })?;
    Ok(if built.report.budget.over() { Outcome::CheckFailed } else { Outcome::Done })
}

fn find_recipe(root: &Path, named: Option<&Path>) -> Result<Recipe> {
    let default = root.join(recipe::DEFAULT_FILE);
    match named {
        Some(path) => Ok(recipe::read(path)?),
        None if default.exists() => Ok(recipe::read(&default)?),
        None => Ok(Recipe::default()),
    }
}

/// Whether the npm package can use the module wherever it runs.
fn serves_package(recipe: &Recipe) -> bool {
    recipe.contracts.iter().any(|name| name == PACKAGE_CONTRACT)
        && recipe.exports == ExportEdits::default()
        && recipe.unwind == Unwind::Legacy
}

/// Puts the module where the npm package finds it.
///
/// # Errors
/// When the folder can't be written to.
pub fn put_into_package(root: &Path, built: &Built) -> Result<()> {
    // Symbols stay at home: what lies there is published.
    let beside = built.beside.iter().filter(|file| file.name != symbols::FILE);
    write_module(&root.join("web/dist"), &built.wasm, beside)
}

/// Writes the module and the files that belong beside it, and removes those of an earlier one.
fn write_module<'a>(folder: &Path, wasm: &[u8], beside: impl IntoIterator<Item = &'a Beside>) -> Result<()> {
    for name in [SOURCE_MAP, DEBUG_MODULE, symbols::FILE] {
        match std::fs::remove_file(folder.join(name)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(error).with_context(|| format!("cannot remove {}", folder.join(name).display()));
            }
            _ => {}
        }
    }
    for file in beside {
        output_file::write(&folder.join(&file.name), &file.bytes)?;
    }
    Ok(output_file::write(&folder.join(MODULE), wasm)?)
}

/// Runs the pipeline with progress on the terminal; the commands that need modules share it.
pub struct Builder {
    root: PathBuf,
    offline: bool,
}

impl Builder {
    /// A builder for the checkout at `root`; `offline` forbids it the network.
    pub fn new(root: &Path, offline: bool) -> Builder {
        Builder { root: root.to_owned(), offline }
    }

    /// Builds what `recipe` says.
    ///
    /// # Errors
    /// Whatever stops the pipeline; nothing is written to `recipe.out`.
    pub fn build(&self, recipe: &Recipe) -> Result<Built> {
        self.build_without(None, recipe)
    }

    /// The linked module of `recipe`, before all passes.
    ///
    /// # Errors
    /// As for [`Builder::build`].
    pub fn link(&self, recipe: &Recipe) -> Result<Vec<u8>> {
        let progress = Terminal::new();
        let setting = Setting { root: &self.root, offline: self.offline, progress: &progress, without: None };
        let linked = pipeline::link(&setting, recipe)?;
        progress.finish();
        Ok(linked)
    }

    /// Builds what `recipe` says from sources that do not open `library`.
    ///
    /// # Errors
    /// As for [`Builder::build`], and where there is no such library.
    pub fn build_without(&self, library: Option<&str>, recipe: &Recipe) -> Result<Built> {
        let progress = Terminal::new();
        let setting = Setting { root: &self.root, offline: self.offline, progress: &progress, without: library };
        let built = pipeline::build(&setting, recipe).with_context(|| {
            format!("cannot build Lua {} (profile {}, {} exceptions)", recipe.lua, recipe.profile, recipe.unwind)
        })?;
        progress.finish();
        Ok(built)
    }
}
