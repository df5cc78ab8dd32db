//! What an application written in Lua can reach of the standard libraries, so that the rest can be left out.
//!
//! Its files are compiled by the module that is being built ([`crate::machine`]), and what the bytecode does with the globals table, with
//! libraries and with names is followed from instruction to instruction ([`flow`]). The answer is on the safe side: `string.rep` keeps that
//! function, and so does `local s = string` with `s.rep`; a table that goes where it can't be followed keeps its library whole, and where
//! code can reach what no instruction names (`_G[x]`, `load`, `require` of something else), everything stays. What stays is told with the
//! line that keeps it.

use std::path::{Path, PathBuf};

use moonwright_bytecode::Prototype;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::machine::{Machine, MachineError};
use crate::output_file::WriteError;
use crate::recipe::LuaVersion;
use crate::symbols::{self, SymbolsError};

mod embed;
mod files;
mod flow;
mod used;

pub use embed::{Application, Embedded, embed};
pub use files::{AppFile, FilesError, files};

/// The basic library's name among the libraries.
pub const BASIC: &str = "_G";

/// A library and its functions, as the module registers them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Library {
    /// Its name; [`BASIC`] for the basic functions.
    pub name: String,
    /// The names of its functions.
    pub functions: Vec<String>,
}

/// Something of the libraries that stays, and the first place that keeps it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    /// `string.rep`, `print`, all of `string`, or `everything`.
    pub what: String,
    /// The file, as it was named.
    pub file: PathBuf,
    /// The line; 0 where the bytecode does not tell it.
    pub line: u32,
    /// Why more stays than is named there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}

/// What an application reaches.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reach {
    /// What can be left out, as the option `drop` names it: libraries, then functions of others.
    pub drop: Vec<String>,
    /// What stays, in the order in which it was found.
    pub kept: Vec<Kept>,
}

/// Why an application can't be looked at.
#[derive(Debug, Error)]
pub enum AppError {
    /// Its files.
    #[error(transparent)]
    Files(#[from] FilesError),
    /// The module that is to compile it does not run.
    #[error("cannot run the module that compiles the application")]
    Machine(#[from] MachineError),
    /// A file is no Lua. Lua's message starts with file and line.
    #[error("{0}")]
    Syntax(String),
    /// The compiled chunk is refused.
    #[error("{}: the compiled chunk is not right: {error}", path.display())]
    Chunk {
        /// The file.
        path: PathBuf,
        /// What the verifier says.
        error: moonwright_bytecode::Error,
    },
    /// It can't be stripped.
    #[error(transparent)]
    Strip(#[from] SymbolsError),
    /// What goes to the C compiler can't be written.
    #[error(transparent)]
    Write(#[from] WriteError),
}

/// A compiled file of an application.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chunk {
    /// What `require` calls it.
    pub module: String,
    /// Where its text is.
    pub path: PathBuf,
    /// The bytecode, with its debug information.
    pub bytecode: Vec<u8>,
}

/// Compiles `files` with `linked`, a linked module with names.
///
/// # Errors
/// When the module can't be run, or a file is no Lua.
pub fn compile(files: &[AppFile], linked: &[u8]) -> Result<Vec<Chunk>, AppError> {
    let mut machine = Machine::start(linked)?;
    files.iter().map(|file| compile_file(&mut machine, file)).collect()
}

fn compile_file(machine: &mut Machine, file: &AppFile) -> Result<Chunk, AppError> {
    let name = format!("@{}", file.path.display());
    let bytecode = machine.compile(&file.text, name.as_bytes())?.map_err(AppError::Syntax)?;
    Ok(Chunk { module: file.module.clone(), path: file.path.clone(), bytecode })
}

/// What the application of these chunks, the main one first, reaches of `libraries`, which is what the module has.
///
/// # Errors
/// When a chunk is refused.
pub fn reach(chunks: &[Chunk], version: LuaVersion, libraries: &[Library]) -> Result<Reach, AppError> {
    let modules = chunks.iter().map(|chunk| chunk.module.as_str()).collect();
    let mut used = used::Used::new(libraries, modules);
    for chunk in chunks {
        let main = read(chunk, version)?;
        used.file(&chunk.path);
        flow::main(main, &mut used);
    }
    Ok(used.reach())
}

/// Holds the chunks against the rules for bytecode.
///
/// # Errors
/// When a chunk is refused.
pub fn verify(chunks: &[Chunk], version: LuaVersion) -> Result<(), AppError> {
    chunks.iter().try_for_each(|chunk| read(chunk, version).map(|_| ()))
}

fn read(chunk: &Chunk, version: LuaVersion) -> Result<Prototype<'_>, AppError> {
    Prototype::read(symbols::version(version), &chunk.bytecode)
        .map_err(|error| AppError::Chunk { path: chunk.path.clone(), error })
}

/// A place as messages name it.
pub fn place(file: &Path, line: u32) -> String {
    format!("{}:{line}", file.display())
}
