//! The application in the module: its bytecode as a C file, stripped where that is asked for.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::{AppError, Chunk, verify};
use crate::recipe::LuaVersion;
use crate::symbols::{self, Symbols};
use crate::{digest, output_file};

/// The C file with an application's bytecode.
const C_FILE: &str = "application_data.c";

/// An application that is ready to be linked.
pub struct Embedded {
    /// The C file, as `lua-src/application/application.h` declares what is in it.
    pub c_file: PathBuf,
    /// What turns its tracebacks back, if it is stripped.
    pub symbols: Option<Symbols>,
    /// What it is.
    pub facts: Application,
}

/// An application in a module.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Application {
    /// How many files it has.
    pub files: usize,
    /// Bytes of its bytecode in the module.
    pub bytecode: u64,
    /// Bytes that stripping took out; none if it is not stripped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stripped: Option<u64>,
}

/// Verifies `chunks`, the main one first, strips them if `strip` says so, and writes the C file below `work`.
///
/// # Errors
/// When a chunk is refused, or the file can't be written.
pub fn embed(chunks: Vec<Chunk>, version: LuaVersion, strip: bool, work: &Path) -> Result<Embedded, AppError> {
    verify(&chunks, version)?;
    let bytes = |chunks: &[Chunk]| chunks.iter().map(|chunk| chunk.bytecode.len() as u64).sum::<u64>();
    let whole = bytes(&chunks);
    let (chunks, symbols) = if strip { stripped(chunks, version)? } else { (chunks, None) };
    let bytecode = bytes(&chunks);
    let text = c_source(&chunks);
    let c_file = work.join("application").join(digest::sha256(text.as_bytes())).join(C_FILE);
    if !c_file.exists() {
        output_file::write(&c_file, text.as_bytes())?;
    }
    let facts = Application { files: chunks.len(), bytecode, stripped: strip.then(|| whole.saturating_sub(bytecode)) };
    Ok(Embedded { c_file, symbols, facts })
}

fn stripped(chunks: Vec<Chunk>, version: LuaVersion) -> Result<(Vec<Chunk>, Option<Symbols>), AppError> {
    let strip = |chunk: Chunk| {
        let (bytecode, symbols) = symbols::strip(version, &chunk.bytecode, &chunk.path.to_string_lossy())?;
        Ok((Chunk { bytecode, ..chunk }, symbols))
    };
    let both = chunks.into_iter().map(strip).collect::<Result<Vec<_>, AppError>>()?;
    let (chunks, symbols) = both.into_iter().unzip();
    Ok((chunks, Some(Symbols::new(symbols))))
}

fn c_source(chunks: &[Chunk]) -> String {
    let mut source = "#include \"application/application.h\"\n".to_owned();
    let mut modules = String::new();
    for (number, chunk) in chunks.iter().enumerate() {
        let bytes: Vec<String> = chunk.bytecode.iter().map(u8::to_string).collect();
        source += &format!("static const unsigned char module{number}[] = {{{}}};\n", bytes.join(","));
        // Bytes, since a name may have any.
        let name: Vec<String> = chunk.module.bytes().chain([0]).map(|byte| (byte as i8).to_string()).collect();
        source += &format!("static const char name{number}[] = {{{}}};\n", name.join(","));
        modules += &format!("{{name{number}, module{number}, {}}},", chunk.bytecode.len());
    }
    source
        + &format!(
            "const mw_Module mw_application[] = {{{modules}}};\nconst size_t mw_napplication = {};\n",
            chunks.len()
        )
}
