//! The compiler's DWARF, with the addresses of a later module.
//!
//! Addresses in DWARF are often distances from others, and code between two places grows or shrinks; so every distance is worked
//! out anew from its two ends.

use gimli::write::{
    Address, AttributeValue, ConvertLineSequenceEnd, ConvertUnit, ConvertUnitEntry, Dwarf, Location, LocationList,
    Range, RangeList,
};
use gimli::{constants, read};

use super::lines::{self, Reader};
use super::{Alignment, DebugInfoError, Section, dwarf_sections};

/// What stands for the address of code that is no more, as the linker writes it.
const GONE: u64 = 0xffff_ffff;

/// The DWARF sections of `linked`, for the module that `alignment` leads to.
///
/// # Errors
/// When they are malformed or can't be written.
pub fn relocate(linked: &[u8], alignment: &Alignment) -> Result<Vec<Section>, DebugInfoError> {
    let from = lines::dwarf(linked)?;
    let mut dwarf = Dwarf::new();
    let mut convert = dwarf.convert(&from)?;
    while let Some((mut unit, root)) = convert.read_unit()? {
        line_program(&mut unit, alignment)?;
        let id = unit.unit.root();
        attributes(&mut unit, id, &root, alignment)?;
        let mut entry = root;
        while let Some(id) = unit.read_entry(&mut entry)? {
            if id.is_none() {
                continue;
            }
            let id = unit.add_entry(id, &entry);
            attributes(&mut unit, id, &entry, alignment)?;
        }
    }
    dwarf_sections(&mut dwarf)
}

fn line_program(unit: &mut ConvertUnit<'_, Reader<'_>>, alignment: &Alignment) -> Result<(), DebugInfoError> {
    let Some(mut program) = unit.read_line_program(None, None)? else { return Ok(()) };
    while let Some(sequence) = program.read_sequence()? {
        let Some(start) = sequence.start else { continue };
        let Some(moved) = alignment.to(start) else { continue };
        program.begin_sequence(Some(Address::Constant(moved)));
        let distance = |offset: u64| alignment.to(start + offset).map(|address| address.saturating_sub(moved));
        let mut last = 0;
        for mut row in sequence.rows {
            let Some(offset) = distance(row.address_offset) else { continue };
            last = offset.max(last);
            row.address_offset = last;
            program.generate_row(row);
        }
        let end = match sequence.end {
            ConvertLineSequenceEnd::Length(length) => distance(length),
            ConvertLineSequenceEnd::Address(address) => alignment.to(address).and_then(|end| end.checked_sub(moved)),
        };
        program.end_sequence(end.unwrap_or(last).max(last));
    }
    let (program, files) = program.program();
    unit.set_line_program(program, files);
    Ok(())
}

fn attributes<'a>(
    unit: &mut ConvertUnit<'_, Reader<'a>>,
    id: gimli::write::UnitEntryId,
    entry: &ConvertUnitEntry<'_, Reader<'a>>,
    alignment: &Alignment,
) -> Result<(), DebugInfoError> {
    let convert = |address: u64| Some(Address::Constant(to(alignment, address)));
    let low = match entry.attr_value(constants::DW_AT_low_pc) {
        Some(read::AttributeValue::Addr(low)) => Some(low),
        Some(read::AttributeValue::DebugAddrIndex(index)) => Some(entry.read_unit.address(index)?),
        _ => None,
    };
    for attribute in &entry.attrs {
        let value = match (attribute.name(), low, attribute.udata_value()) {
            (constants::DW_AT_high_pc, Some(low), Some(length)) => {
                let ends = alignment.to(low).zip(alignment.to(low + length));
                AttributeValue::Udata(ends.map_or(0, |(start, end)| end.saturating_sub(start)))
            }
            _ => value(unit, entry, attribute, alignment, &convert)?,
        };
        unit.unit.get_mut(id).set(attribute.name(), value);
    }
    Ok(())
}

/// The place that an address of the linked module has now.
fn to(alignment: &Alignment, address: u64) -> u64 {
    // 0 is where ranges count from.
    if address == 0 { 0 } else { alignment.to(address).unwrap_or(GONE) }
}

fn value<'a>(
    unit: &mut ConvertUnit<'_, Reader<'a>>,
    entry: &ConvertUnitEntry<'_, Reader<'a>>,
    attribute: &read::Attribute<Reader<'a>>,
    alignment: &Alignment,
    convert: &dyn Fn(u64) -> Option<Address>,
) -> Result<AttributeValue, DebugInfoError> {
    let source = entry.read_unit;
    let range = |range: gimli::Range| {
        let (begin, end) = (alignment.to(range.begin)?, alignment.to(range.end)?);
        (begin < end).then_some((Address::Constant(begin), Address::Constant(end)))
    };
    if let Some(offset) = source.attr_ranges_offset(attribute.value())? {
        let mut ranges = Vec::new();
        let mut reading = source.ranges(offset)?;
        while let Some(found) = reading.next()? {
            ranges.extend(range(found).map(|(begin, end)| Range::StartEnd { begin, end }));
        }
        return Ok(AttributeValue::RangeListRef(unit.unit.ranges.add(RangeList(ranges))));
    }
    if let Some(offset) = source.attr_locations_offset(attribute.value())? {
        let mut locations = Vec::new();
        let mut reading = source.locations(offset)?;
        while let Some(found) = reading.next()? {
            let Some((begin, end)) = range(found.range) else { continue };
            let data = unit.convert_expression(source, found.data, convert)?;
            locations.push(Location::StartEnd { begin, end, data });
        }
        return Ok(AttributeValue::LocationListRef(unit.unit.locations.add(LocationList(locations))));
    }
    Ok(unit.convert_attribute_value(source, attribute, convert)?)
}
