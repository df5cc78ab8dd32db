//! `cargo xtask symbolize`: tracebacks with files and lines in the place of positions.

use std::io::Read;

use anyhow::{Context, Result};
use sourcemap::SourceMap;

use super::{Outcome, print};
use crate::cli::SymbolizeArgs;
use crate::symbols::{Symbols, symbolize_module};

/// Prints the text with what the symbols know; what they should know and don't is a failed check.
pub fn run(args: &SymbolizeArgs) -> Result<Outcome> {
    let mut chunks = Vec::new();
    for path in &args.symbols {
        chunks.extend(Symbols::read(path)?.chunks);
    }
    let map = args.map.as_ref().map(|path| {
        let bytes = std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
        SourceMap::from_slice(&bytes).with_context(|| format!("{} is no source map", path.display()))
    });
    let map = map.transpose()?;
    let mut bytes = Vec::new();
    match &args.file {
        Some(path) => bytes = std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?,
        None => _ = std::io::stdin().lock().read_to_end(&mut bytes).context("cannot read the standard input")?,
    }
    let found = Symbols::new(chunks).symbolize(&String::from_utf8_lossy(&bytes));
    print(&match &map {
        Some(map) => symbolize_module(map, &found.text),
        None => found.text,
    })?;
    for what in &found.unknown {
        eprintln!("no symbols for {what}: they are in the file that was written together with that very application");
    }
    Ok(if found.unknown.is_empty() { Outcome::Done } else { Outcome::CheckFailed })
}
