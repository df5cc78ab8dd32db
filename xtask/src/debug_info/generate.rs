//! DWARF for code that the optimiser made anew: functions with their names, and lines.

use std::collections::BTreeMap;

use gimli::write::{
    Address, AttributeValue, DirectoryId, Dwarf, FileId, LineProgram, LineString, Range, RangeList, Unit,
};
use gimli::{Encoding, Format, LineEncoding, constants};

use super::{Bodies, DebugInfoError, Lines, Section, dwarf_sections};

/// Version 4: every reader of WebAssembly's DWARF knows it.
const ENCODING: Encoding = Encoding { format: Format::Dwarf32, version: 4, address_size: 4 };

/// The DWARF sections of a module with these bodies, this line table and these names of functions, by index. `name` stands for the
/// compilation unit.
///
/// # Errors
/// When it can't be written.
pub fn generate(
    bodies: &Bodies,
    lines: &Lines,
    names: &BTreeMap<u32, String>,
    name: &str,
) -> Result<Vec<Section>, DebugInfoError> {
    let mut dwarf = Dwarf::new();
    let string = |text: &str| LineString::String(text.as_bytes().to_vec());
    let mut program = LineProgram::new(ENCODING, LineEncoding::default(), string("/"), None, string(name), None);
    let folder = program.default_directory();
    let files = files(&mut program, folder, &lines.files);

    let mut rows = lines.rows.iter().peekable();
    for body in &bodies.bodies {
        while rows.next_if(|row| row.address < body.start).is_some() {}
        let mut open = false;
        while let Some(row) = rows.next_if(|row| row.address < body.end) {
            let Some(place) = row.place else { continue };
            if !open {
                program.begin_sequence(Some(Address::Constant(body.start.into())));
                open = true;
            }
            let next = program.row();
            next.address_offset = u64::from(row.address - body.start);
            next.file = files[place.file as usize];
            next.line = place.line.into();
            next.column = place.column.into();
            program.generate_row();
        }
        if open {
            program.end_sequence(u64::from(body.end - body.start));
        }
    }

    let unit = dwarf.units.add(Unit::new(ENCODING, program));
    let unit = dwarf.units.get_mut(unit);
    let range = |start: u32, end: u32| Range::StartEnd {
        begin: Address::Constant(start.into()),
        end: Address::Constant(end.into()),
    };
    let all = bodies.bodies.iter().map(|body| range(body.start, body.end)).collect();
    let ranges = unit.ranges.add(RangeList(all));
    let root = unit.root();
    let entry = unit.get_mut(root);
    entry.set(constants::DW_AT_name, AttributeValue::String(name.into()));
    entry.set(constants::DW_AT_language, AttributeValue::Language(constants::DW_LANG_C11));
    entry.set(constants::DW_AT_low_pc, AttributeValue::Address(Address::Constant(0)));
    entry.set(constants::DW_AT_ranges, AttributeValue::RangeListRef(ranges));
    for (index, body) in (bodies.imported..).zip(&bodies.bodies) {
        let Some(name) = names.get(&index) else { continue };
        let function = unit.add(root, constants::DW_TAG_subprogram);
        let entry = unit.get_mut(function);
        entry.set(constants::DW_AT_name, AttributeValue::String(name.as_bytes().into()));
        entry.set(constants::DW_AT_low_pc, AttributeValue::Address(Address::Constant(body.start.into())));
        entry.set(constants::DW_AT_high_pc, AttributeValue::Data4(body.end - body.start));
    }
    dwarf_sections(&mut dwarf)
}

fn files(program: &mut LineProgram, root: DirectoryId, paths: &[String]) -> Vec<FileId> {
    let file = |path: &String| {
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
        let folder = match folder {
            "" => root,
            folder => program.add_directory(LineString::String(folder.into())),
        };
        program.add_file(LineString::String(name.into()), folder, None)
    };
    paths.iter().map(file).collect()
}
