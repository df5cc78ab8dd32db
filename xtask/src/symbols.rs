//! Symbols: what turns the tracebacks of a stripped application, and of a module, back into files and lines.
//!
//! A stripped chunk shows its id and a position, `app#1a2b3c4d:57:`, wherever Lua shows a chunk's name and a line
//! (`moonwright_bytecode::strip`). The id is made of the chunk itself, so that the symbols of another build are not mistaken for its own.

use std::path::{Path, PathBuf};

use moonwright_bytecode::{Positions, Version};
use serde::{Deserialize, Serialize};
use sourcemap::SourceMap;
use thiserror::Error;

use crate::digest;
use crate::recipe::LuaVersion;

/// The name of the file beside a module whose application is stripped.
pub const FILE: &str = "app.symbols.json";

/// Version of the file's layout.
pub const FORMAT: u32 = 1;

/// What every id begins with.
const ID: &str = "app#";
/// Hexadecimal digits of an id.
const ID_DIGITS: usize = 8;

/// The symbols of an application, a JSON file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Symbols {
    /// [`FORMAT`] of the toolchain that wrote it.
    pub format: u32,
    /// One for each of its chunks.
    pub chunks: Vec<ChunkSymbols>,
}

/// The symbols of a chunk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChunkSymbols {
    /// What its tracebacks show in place of a file.
    pub id: String,
    /// The file that it was compiled from, and what its positions stand for.
    #[serde(flatten)]
    pub positions: Positions,
}

/// Why symbols can't be made or read.
#[derive(Debug, Error)]
pub enum SymbolsError {
    /// The bytes are no chunk that the verifier accepts.
    #[error("cannot strip {source_name}: {error}")]
    Chunk {
        /// The chunk's name.
        source_name: String,
        /// What the verifier says.
        error: moonwright_bytecode::Error,
    },
    /// They can't be written.
    #[error("cannot write symbols")]
    Write(#[source] serde_json::Error),
    /// The file can't be read.
    #[error("cannot read the symbols {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// The file holds something else.
    #[error("{}: expected symbols as a build writes them (format {FORMAT}), found {found}", path.display())]
    Format {
        /// The file.
        path: PathBuf,
        /// What it holds.
        found: String,
    },
}

/// The version as the verifier names it.
pub fn version(lua: LuaVersion) -> Version {
    match lua {
        LuaVersion::V54 => Version::Lua54,
        LuaVersion::V55 => Version::Lua55,
    }
}

/// Strips `chunk`, which Lua compiled from the file `source`, so that its tracebacks can be turned back.
///
/// # Errors
/// When the verifier refuses the chunk.
pub fn strip(lua: LuaVersion, chunk: &[u8], source: &str) -> Result<(Vec<u8>, ChunkSymbols), SymbolsError> {
    let version = version(lua);
    let id = format!("{ID}{}", &digest::sha256(&[source.as_bytes(), b"\0", chunk].concat())[..ID_DIGITS]);
    let stripped = moonwright_bytecode::strip(version, chunk, Some(&format!("={id}")))
        .map_err(|error| SymbolsError::Chunk { source_name: source.to_owned(), error })?;
    let positions = Positions { source: source.to_owned(), ..stripped.positions };
    Ok((stripped.chunk, ChunkSymbols { id, positions }))
}

/// A text with files and lines in it, and what could not be turned into any.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Symbolized {
    /// The text.
    pub text: String,
    /// Ids that no symbols are there for, and positions that they lack, each once.
    pub unknown: Vec<String>,
}

impl Symbols {
    /// Symbols of these chunks.
    pub fn new(chunks: Vec<ChunkSymbols>) -> Symbols {
        Symbols { format: FORMAT, chunks }
    }

    /// Reads a file.
    ///
    /// # Errors
    /// When it can't be read or is something else.
    pub fn read(path: &Path) -> Result<Symbols, SymbolsError> {
        let bytes = std::fs::read(path).map_err(|source| SymbolsError::Read { path: path.into(), source })?;
        let format = |found| SymbolsError::Format { path: path.into(), found };
        let symbols: Symbols = serde_json::from_slice(&bytes).map_err(|error| format(error.to_string()))?;
        if symbols.format == FORMAT { Ok(symbols) } else { Err(format(format!("format {}", symbols.format))) }
    }

    /// The file's content.
    ///
    /// # Errors
    /// When it can't be serialised, which its types rule out.
    pub fn to_json(&self) -> Result<Vec<u8>, SymbolsError> {
        serde_json::to_vec(self).map_err(SymbolsError::Write)
    }

    /// Puts file and line in the place of every chunk's id and position in `text`; what it does not know stays.
    pub fn symbolize(&self, text: &str) -> Symbolized {
        let mut result = Symbolized::default();
        let mut rest = text;
        while let Some(at) = rest.find(ID) {
            let (before, found) = rest.split_at(at);
            result.text.push_str(before);
            let digits = found[ID.len()..].bytes().take(ID_DIGITS).take_while(u8::is_ascii_hexdigit).count();
            let (id, after) = found.split_at(ID.len() + digits);
            rest = after;
            if digits < ID_DIGITS {
                result.text.push_str(id);
                continue;
            }
            let number = after.strip_prefix(':').unwrap_or_default();
            let number = &number[..number.bytes().take_while(u8::is_ascii_digit).count()];
            let chunk = self.chunks.iter().find(|chunk| chunk.id == id);
            let line = chunk.zip(number.parse().ok()).and_then(|(chunk, position)| chunk.positions.line(position));
            let shown = match (chunk, line) {
                (Some(chunk), Some(line)) => {
                    rest = &after[1 + number.len()..];
                    format!("{}:{line}", chunk.positions.source)
                }
                (Some(chunk), None) if number.is_empty() => chunk.positions.source.clone(),
                (known, _) => {
                    let what = if known.is_some() { format!("{id}:{number}") } else { id.to_owned() };
                    if !result.unknown.contains(&what) {
                        result.unknown.push(what);
                    }
                    id.to_owned()
                }
            };
            result.text.push_str(&shown);
        }
        result.text.push_str(rest);
        result
    }
}

/// What stands before a place in a module: in stack traces of browsers and node, and of wasmtime.
const PLACES: [&str; 2] = ["]:0x", ": 0x"];

/// Puts the C file and line that `map`, a module's source map, knows behind every place in the module that a stack trace in `text`
/// names: `wasm-function[12]:0x3f2a`, or `3: 0x3f2a - lua.wasm!f`.
pub fn symbolize_module(map: &SourceMap, text: &str) -> String {
    let mut result = String::new();
    let mut rest = text;
    while let Some((at, mark)) = PLACES.iter().filter_map(|mark| Some((rest.find(mark)?, mark))).min() {
        let digits = &rest[at + mark.len()..];
        let digits = &digits[..digits.bytes().take_while(u8::is_ascii_hexdigit).count()];
        let (before, after) = rest.split_at(at + mark.len() + digits.len());
        result.push_str(before);
        rest = after;
        let offset = u32::from_str_radix(digits, 16).ok();
        let token = offset.and_then(|offset| map.lookup_token(0, offset));
        if let Some(source) = token.and_then(|token| token.get_source()) {
            let line = token.map_or(0, |token| token.get_src_line() + 1);
            result.push_str(&format!(" ({source}:{line})"));
        }
    }
    result.push_str(rest);
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `bytecode/tests/chunks/program.lua`, compiled.
    const CHUNK: &[u8] = include_bytes!("../../bytecode/tests/chunks/54.luac");

    #[test]
    fn a_position_becomes_file_and_line_and_what_is_unknown_is_told() {
        let (stripped, chunk) = strip(LuaVersion::V54, CHUNK, "src/program.lua").unwrap();
        let id = chunk.id.clone();
        assert!(stripped.windows(id.len()).any(|part| part == id.as_bytes()));
        let inner = chunk.positions.functions[1].clone();
        assert_eq!((inner.line, chunk.positions.functions[0].first), (3, 0));
        let symbols = Symbols::new(vec![chunk]);
        let text = format!("{id}:{}: oh\n\t{id}: in main chunk in <{id}:{}>, app#1234", inner.first + 1, inner.first);
        let found = symbols.symbolize(&text);
        assert_eq!(
            found.text,
            "src/program.lua:3: oh\n\tsrc/program.lua: in main chunk in <src/program.lua:3>, app#1234"
        );
        assert!(found.unknown.is_empty());
        let found = symbols.symbolize(&format!("app#00000000:5: x\napp#00000000:6: {id}:99999: y"));
        assert_eq!(found.text, format!("app#00000000:5: x\napp#00000000:6: {id}:99999: y"));
        assert_eq!(found.unknown, ["app#00000000".to_owned(), format!("{id}:99999")]);
    }

    #[test]
    fn the_id_depends_on_chunk_and_file() {
        let id = |chunk: &[u8], source| strip(LuaVersion::V54, chunk, source).unwrap().1.id;
        assert_eq!(id(CHUNK, "a.lua"), id(CHUNK, "a.lua"));
        assert_ne!(id(CHUNK, "a.lua"), id(CHUNK, "b.lua"));
        assert!(strip(LuaVersion::V55, CHUNK, "a.lua").unwrap_err().to_string().contains("a.lua"));
    }

    #[test]
    fn places_in_a_module_get_their_c_line() {
        let mut builder = sourcemap::SourceMapBuilder::new(None);
        let source = builder.add_source("lua/ldo.c");
        builder.add_raw(0, 0x100, 41, 2, Some(source), None, false);
        let map = builder.into_sourcemap();
        let text = "at f (wasm://wasm/1:wasm-function[3]:0x104)\n    0: 0x1ff - <unknown>!f\n at g [3]:0x10";
        assert_eq!(
            symbolize_module(&map, text),
            "at f (wasm://wasm/1:wasm-function[3]:0x104 (lua/ldo.c:42))\n    0: 0x1ff (lua/ldo.c:42) - <unknown>!f\n at g [3]:0x10"
        );
    }
}
