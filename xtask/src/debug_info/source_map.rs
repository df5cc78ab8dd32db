//! Source maps of WebAssembly: one generated line, whose columns are offsets in the module's file.

use sourcemap::{SourceMap, SourceMapBuilder};

use super::{Bodies, DebugInfoError, Lines, Place, Row, Sources};

/// What a source map says of a module.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mapped {
    /// Every row, and where functions end: for debuggers.
    Whole,
    /// Only rows with a place: Binaryen 116 reads no others, and starts every function without one.
    Places,
}

/// Writes the source map of a module with these bodies and this line table. `sources` are texts of source files by their paths; those
/// that the table names are put into the map, so that a debugger needs nothing else. The folder `root` is cut off from paths.
///
/// # Errors
/// When it can't be serialised.
pub fn write_source_map(
    bodies: &Bodies,
    lines: &Lines,
    kind: Mapped,
    file: &str,
    root: Option<&str>,
    sources: &Sources,
) -> Result<Vec<u8>, DebugInfoError> {
    let mut builder = SourceMapBuilder::new(Some(file));
    for path in &lines.files {
        let within = root.and_then(|root| path.strip_prefix(root)?.strip_prefix('/'));
        let id = builder.add_source(within.unwrap_or(path));
        if let Some(text) = sources.get(path) {
            builder.set_source_contents(id, Some(text));
        }
    }
    for row in &lines.rows {
        let offset = bodies.code + row.address;
        match (row.place, kind) {
            (Some(place), _) => {
                let (line, column) = (place.line - 1, place.column.saturating_sub(1));
                builder.add_raw(0, offset, line, column, Some(place.file), None, false);
            }
            (None, Mapped::Whole) => _ = builder.add_raw(0, offset, 0, 0, None, None, false),
            (None, Mapped::Places) => {}
        }
    }
    let mut map = Vec::new();
    builder.into_sourcemap().to_writer(&mut map)?;
    Ok(map)
}

/// Reads the line table of the module `bodies` out of its source map, as Binaryen writes one: what a function says holds up to its end.
///
/// # Errors
/// When the map is malformed.
pub fn read_source_map(bodies: &Bodies, map: &[u8]) -> Result<Lines, DebugInfoError> {
    let map = SourceMap::from_slice(map)?;
    let files = map.sources().map(str::to_owned).collect();
    let mut rows: Vec<Row> = bodies.bodies.iter().map(|body| Row { address: body.start, place: None }).collect();
    for token in map.tokens() {
        let Some(address) = token.get_dst_col().checked_sub(bodies.code) else { continue };
        let place = token.has_source().then(|| Place {
            file: token.get_src_id(),
            line: token.get_src_line() + 1,
            column: token.get_src_col() + 1,
        });
        rows.push(Row { address, place });
    }
    Ok(Lines { files, rows: super::lines::sorted(rows) })
}
