//! Verifies binary chunks of Lua 5.4 and 5.5, as `string.dump` makes them and `load` reads them.
//!
//! An interpreter runs bytecode on trust: a crafted chunk reads and writes outside of its tables. A chunk that
//! [`verify`] accepts can be loaded and run without that, and what the compilers of those versions emit is accepted. The
//! rules are those of the verifier inside of every built module (`lua-src/verify.c`), which tests hold against this one,
//! message by message.
//!
//! Verifying takes time and memory in proportion to the chunk's length, whatever is in it.
//!
//! ```
//! use moonwright_bytecode::{Error, Version, verify};
//!
//! let error = verify(Version::Lua54, b"\x1bLua\x55").unwrap_err();
//! assert_eq!(error, Error::Version { major: 5, minor: 5, expected: Version::Lua54 });
//! ```
//!
//! [`Prototype`] shows what the functions of a chunk do with values, for tools that look where one goes.

mod chunk;
mod flow;
mod function;
mod opcode;
mod prototype;
mod reader;
mod strip;

use std::ops::Range;

use thiserror::Error;

pub use opcode::Version;
pub use prototype::{Action, Capture, Key, Place, Prototype, Register, Registers, Step};
pub use strip::{FunctionPositions, Positions, Stripped, strip};

/// Why a chunk is refused.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum Error {
    /// The bytes are no chunk.
    #[error("{0}")]
    Chunk(&'static str),
    /// The chunk was made by another version of Lua.
    #[error("made by Lua {major}.{minor}, this is {expected}")]
    Version {
        /// The version that made it, before the point.
        major: u8,
        /// And behind it.
        minor: u8,
        /// The version that was to load it.
        expected: Version,
    },
    /// A function's head, constants or debug information are not right.
    #[error("function at line {line}: {reason}")]
    Function {
        /// Where the function starts in its source; 0 for a main function.
        line: i32,
        /// What is wrong.
        reason: &'static str,
    },
    /// An instruction is not right.
    #[error("function at line {line}, instruction {number}: {reason}")]
    Instruction {
        /// Where the function starts in its source; 0 for a main function.
        line: i32,
        /// The instruction's number in its function, from 1 as `luac -l` counts.
        number: usize,
        /// What is wrong.
        reason: &'static str,
    },
}

/// What a verified chunk holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Functions, the main function among them.
    pub functions: usize,
    /// Instructions of all functions together.
    pub instructions: usize,
    /// Upvalues of the main function.
    pub upvalues: usize,
}

/// Checks that `version` of Lua can load and run `chunk` without harm.
///
/// # Errors
/// [`Error`] says what is wrong with the first thing that is.
pub fn verify(version: Version, chunk: &[u8]) -> Result<Summary, Error> {
    let main = chunk::read(version, chunk)?;
    let mut summary = Summary { upvalues: main.upvalues.len(), ..Summary::default() };
    function::verify(version, &main, None, &mut summary)?;
    Ok(summary)
}

/// A part of a function in a chunk, without the functions in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Part {
    /// Lines, parameters, flags and registers.
    Head,
    /// Instructions, four bytes each.
    Code,
    /// The count of constants, and the constants.
    Constants,
    /// The count of upvalues, and three bytes for each.
    Upvalues,
    /// Lines, local variables and names of upvalues.
    Debug,
}

/// Where the parts of all functions of a chunk are, for tools that show or change chunks. It need not pass [`verify`].
///
/// # Errors
/// Where the bytes are no chunk of that version.
pub fn parts(version: Version, chunk: &[u8]) -> Result<Vec<(Part, Range<usize>)>, Error> {
    chunk::parts(version, chunk)
}

/// The version of Lua that made a chunk, by its header; `None` for other versions and for what is no chunk.
pub fn version(chunk: &[u8]) -> Option<Version> {
    match chunk {
        [0x1b, b'L', b'u', b'a', 0x54, ..] => Some(Version::Lua54),
        [0x1b, b'L', b'u', b'a', 0x55, ..] => Some(Version::Lua55),
        _ => None,
    }
}
