//! The compiler's line table: which line of C each place in the linked module is from.

use std::borrow::Cow;

use gimli::{AttributeValue, Dwarf, EndianSlice, LittleEndian};
use wasmparser::{Parser, Payload};

use super::{Alignment, Bodies, DebugInfoError};

/// How `gimli` reads sections that are in memory.
pub(super) type Reader<'a> = EndianSlice<'a, LittleEndian>;

/// A place in a source file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// Its place in [`Lines::files`].
    pub file: u32,
    /// From 1.
    pub line: u32,
    /// From 1; 0: not known.
    pub column: u32,
}

/// From this address on, up to the next row's, code is of this place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    /// From the start of the code section's content.
    pub address: u32,
    /// `None`: of no place that is known.
    pub place: Option<Place>,
}

/// A module's line table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lines {
    /// Paths of source files, as the compiler names them.
    pub files: Vec<String>,
    /// Ascending by address, one for each.
    pub rows: Vec<Row>,
}

/// The DWARF sections of a module.
pub(super) fn dwarf(wasm: &[u8]) -> Result<Dwarf<Reader<'_>>, DebugInfoError> {
    let mut sections = std::collections::BTreeMap::new();
    for payload in Parser::new(0).parse_all(wasm) {
        if let Payload::CustomSection(section) = payload? {
            sections.insert(section.name().to_owned(), section.data());
        }
    }
    Dwarf::load(|id| Ok(EndianSlice::new(sections.get(id.name()).copied().unwrap_or_default(), LittleEndian)))
}

impl Lines {
    /// Reads the line tables of `wasm`; a module without debug information has no rows.
    ///
    /// # Errors
    /// When they are malformed.
    pub fn read(wasm: &[u8]) -> Result<Lines, DebugInfoError> {
        let bodies = Bodies::read(wasm)?.bodies;
        let in_code = |address: u64| {
            let next = bodies.partition_point(|body| u64::from(body.start) <= address);
            next.checked_sub(1).is_some_and(|place| address <= u64::from(bodies[place].end))
        };
        let dwarf = dwarf(wasm)?;
        let mut files: Vec<String> = Vec::new();
        let mut rows = Vec::new();
        let mut units = dwarf.units();
        while let Some(header) = units.next()? {
            let unit = dwarf.unit(header)?;
            let Some(program) = unit.line_program.clone() else { continue };
            let mut known = std::collections::BTreeMap::new();
            let mut reading = program.rows();
            while let Some((header, row)) = reading.next_row()? {
                // What the linker left out stands at an address that no module has.
                if !in_code(row.address()) {
                    continue;
                }
                let mut place = None;
                if !row.end_sequence() {
                    // Line 0 is code of the compiler's own, which goes on being the line's before.
                    let Some(line) = row.line() else { continue };
                    let file = match known.get(&row.file_index()) {
                        Some(file) => *file,
                        None => {
                            let path = path(&dwarf, &unit, header, row.file_index())?;
                            let file = files.iter().position(|file| *file == path).unwrap_or(files.len());
                            if file == files.len() {
                                files.push(path);
                            }
                            known.insert(row.file_index(), file as u32);
                            file as u32
                        }
                    };
                    let column = match row.column() {
                        gimli::ColumnType::LeftEdge => 0,
                        gimli::ColumnType::Column(column) => u32::try_from(column.get()).unwrap_or(0),
                    };
                    place = Some(Place { file, line: u32::try_from(line.get()).unwrap_or(u32::MAX), column });
                }
                rows.push(Row { address: row.address() as u32, place });
            }
        }
        Ok(Lines { files, rows: sorted(rows) })
    }

    /// The table of a later module.
    pub fn moved(&self, alignment: &Alignment) -> Lines {
        let row = |row: &Row| Some(Row { address: alignment.to(row.address.into())? as u32, place: row.place });
        Lines { files: self.files.clone(), rows: sorted(self.rows.iter().filter_map(row).collect()) }
    }

    /// Where the code at an address is from.
    pub fn find(&self, address: u32) -> Option<Place> {
        let next = self.rows.partition_point(|row| row.address <= address);
        self.rows[next.checked_sub(1)?].place
    }
}

/// Ascending by address; of several rows at one the last holds, but the end of a function never against the start of another.
pub(super) fn sorted(mut rows: Vec<Row>) -> Vec<Row> {
    rows.sort_by_key(|row| (row.address, row.place.is_some()));
    let mut kept: Vec<Row> = Vec::with_capacity(rows.len());
    for row in rows {
        match kept.last_mut() {
            Some(last) if last.address == row.address => *last = row,
            _ => kept.push(row),
        }
    }
    kept
}

/// A file's path: its own, in its folder, in the folder that was compiled in.
fn path(
    dwarf: &Dwarf<Reader<'_>>,
    unit: &gimli::Unit<Reader<'_>>,
    header: &gimli::LineProgramHeader<Reader<'_>>,
    index: u64,
) -> Result<String, DebugInfoError> {
    let text = |value: AttributeValue<Reader<'_>>| -> Result<String, DebugInfoError> {
        Ok(dwarf.attr_string(unit, value)?.to_string_lossy().into_owned())
    };
    let Some(file) = header.file(index) else { return Ok(format!("file {index}")) };
    let mut path = text(file.path_name())?;
    if !path.starts_with('/')
        && let Some(folder) = file.directory(header)
    {
        path = format!("{}/{path}", text(folder)?);
    }
    if !path.starts_with('/')
        && let Some(folder) = unit.comp_dir
    {
        let folder: Cow<'_, str> = folder.to_string_lossy();
        path = format!("{folder}/{path}");
    }
    Ok(path)
}
