//! Takes debug information out of a chunk, and keeps apart what turns its tracebacks back into files and lines.
//!
//! A chunk that `string.dump(f, true)` stripped says `?` and no line, so that nobody can tell where its errors are from. One that
//! [`strip`] stripped says its name and a *position*: each function and each instruction of the chunk has one, counted from the
//! first to the last. To Lua these are line numbers like any other, so tracebacks, `error` and `debug.getinfo` show them, in every
//! interpreter; [`Positions`] says what they stand for. All differences between such "lines" are 1, which compresses to
//! next to nothing.

use std::collections::HashMap;

use crate::chunk::{self, Constant, Function};
use crate::function::{ABSOLUTE, LINES_APART};
use crate::{Error, Version, verify};

/// A stripped chunk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stripped {
    /// The chunk.
    pub chunk: Vec<u8>,
    /// What its positions stand for; empty if it was stripped without a name.
    pub positions: Positions,
}

/// What the positions of a chunk stand for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Positions {
    /// The name that the chunk had, without the mark in front (`@`, `=`).
    pub source: String,
    /// Its functions, the main function first, in the order of their positions.
    pub functions: Vec<FunctionPositions>,
}

/// The positions of a function.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct FunctionPositions {
    /// The function's own position; its instructions have those that follow. 0: the main function.
    pub first: u32,
    /// Where it is defined in its source; 0: the main function.
    pub line: u32,
    /// The line of each instruction; empty if the chunk had none.
    pub lines: Vec<u32>,
}

impl Positions {
    /// The line that a position stands for: that of an instruction, or of a function's definition. `None`: the chunk has no such
    /// position, or had no lines.
    pub fn line(&self, position: u32) -> Option<u32> {
        let next = self.functions.partition_point(|function| function.first <= position);
        let function = &self.functions[next.checked_sub(1)?];
        match (position - function.first).checked_sub(1) {
            None => Some(function.line),
            Some(instruction) => function.lines.get(instruction as usize).copied(),
        }
    }
}

/// Strips `chunk`, which `version` of Lua made. With a `name` (as Lua takes one: `=app`, `@file`) its functions keep that, and
/// positions; without, the result is what `string.dump(f, true)` gives.
///
/// # Errors
/// When [`verify`] refuses the chunk.
pub fn strip(version: Version, chunk: &[u8], name: Option<&str>) -> Result<Stripped, Error> {
    verify(version, chunk)?;
    let main = chunk::read(version, chunk)?;
    let mut writer = Writer {
        version,
        bytes: chunk::header_bytes(version),
        strings: HashMap::new(),
        name: name.map(str::as_bytes),
        positions: Positions::default(),
        next: 0,
    };
    if let (Some(_), Some(source)) = (name, main.source) {
        let marked = source.strip_prefix(b"@").or(source.strip_prefix(b"="));
        writer.positions.source = String::from_utf8_lossy(marked.unwrap_or(source)).into_owned();
    }
    writer.bytes.push(main.upvalues.len() as u8);
    writer.function(&main, true);
    Ok(Stripped { chunk: writer.bytes, positions: writer.positions })
}

/// The lines of a function's instructions.
fn lines(function: &Function<'_>) -> Vec<u32> {
    let mut line = function.line;
    let mut absolute = function.absolute_lines.iter();
    let next = |difference: &i8| {
        line = match absolute.as_slice().first() {
            Some(&(_, there)) if *difference == ABSOLUTE => {
                absolute.next();
                there
            }
            // A chunk by hand may say anything.
            _ => line.saturating_add(i32::from(*difference)),
        };
        u32::try_from(line).unwrap_or(0)
    };
    function.lines.iter().map(next).collect()
}

struct Writer<'a> {
    version: Version,
    bytes: Vec<u8>,
    /// Numbers of the strings so far (5.5).
    strings: HashMap<Vec<u8>, u64>,
    name: Option<&'a [u8]>,
    positions: Positions,
    /// The position that nothing has yet.
    next: u32,
}

impl Writer<'_> {
    fn function(&mut self, function: &Function<'_>, is_main: bool) {
        let count = function.code.len() as u32;
        let first = self.next;
        if self.version == Version::Lua54 {
            self.string(if is_main { self.name } else { None });
        }
        if self.name.is_some() {
            self.next += 1 + count;
            let line = u32::try_from(function.line).unwrap_or(0);
            self.positions.functions.push(FunctionPositions { first, line, lines: lines(function) });
            // Lua knows a main function by its line 0, which is its position.
            self.int(first);
            self.int(if is_main { 0 } else { first + count });
        } else {
            self.int(function.line.cast_unsigned());
            self.int(function.last_line.cast_unsigned());
        }
        self.bytes.extend([function.parameters, function.flags, function.registers]);
        self.int(count);
        self.align();
        function.code.iter().for_each(|instruction| self.bytes.extend(instruction.to_le_bytes()));
        self.int(function.constants.len() as u32);
        function.constants.iter().for_each(|constant| self.constant(constant));
        self.int(function.upvalues.len() as u32);
        function.upvalues.iter().for_each(|upvalue| self.bytes.extend([upvalue.in_stack, upvalue.index, upvalue.kind]));
        self.int(function.functions.len() as u32);
        function.functions.iter().for_each(|inner| self.function(inner, false));
        if self.version == Version::Lua55 {
            self.string(self.name);
        }
        match self.name {
            Some(_) => self.lines(first, count),
            None => self.bytes.extend([self.zero(), self.zero()]),
        }
        // No local variables, no names of upvalues.
        self.bytes.extend([self.zero(), self.zero()]);
    }

    /// Positions as lines: each instruction's is one more than that before. The interpreter wants an absolute one every so often.
    fn lines(&mut self, first: u32, count: u32) {
        self.int(count);
        let is_absolute = |instruction: &u32| *instruction > 0 && (*instruction as usize).is_multiple_of(LINES_APART);
        let difference = |instruction: u32| if is_absolute(&instruction) { ABSOLUTE } else { 1 };
        self.bytes.extend((0..count).map(|instruction| difference(instruction).cast_unsigned()));
        let absolute: Vec<u32> = (0..count).filter(is_absolute).collect();
        self.int(absolute.len() as u32);
        if !absolute.is_empty() {
            self.align();
        }
        for instruction in absolute {
            for number in [instruction, first + 1 + instruction] {
                match self.version {
                    Version::Lua54 => self.int(number),
                    Version::Lua55 => self.bytes.extend(number.to_le_bytes()),
                }
            }
        }
    }

    fn constant(&mut self, constant: &Constant<'_>) {
        match *constant {
            Constant::Other(tag) => self.bytes.push(tag),
            Constant::Integer(value) => {
                self.bytes.push(3);
                match self.version {
                    Version::Lua54 => self.bytes.extend(value.to_le_bytes()),
                    Version::Lua55 => self.varint(value),
                }
            }
            Constant::Float(bytes) => {
                self.bytes.push(19);
                self.bytes.extend(bytes);
            }
            Constant::ShortString(text) => {
                self.bytes.push(4);
                self.string(Some(text));
            }
            Constant::LongString(text) => {
                self.bytes.push(20);
                self.string(Some(text));
            }
        }
    }

    /// A string, or none. 5.5 writes each once, and its number wherever it comes again.
    fn string(&mut self, text: Option<&[u8]>) {
        let known = text.map(|text| (text, self.strings.get(text).copied()));
        match (self.version, known) {
            (Version::Lua54, None) => self.varint(0),
            (Version::Lua54, Some((text, _))) => {
                self.varint(text.len() as u64 + 1);
                self.bytes.extend(text);
            }
            (Version::Lua55, None) => self.bytes.extend([0, 0]),
            (Version::Lua55, Some((_, Some(number)))) => {
                self.varint(0);
                self.varint(number);
            }
            (Version::Lua55, Some((text, None))) => {
                self.varint(text.len() as u64 + 1);
                self.bytes.extend(text);
                self.bytes.push(0);
                self.strings.insert(text.to_vec(), self.strings.len() as u64 + 1);
            }
        }
    }

    fn int(&mut self, value: u32) {
        self.varint(value.into());
    }

    /// The number 0.
    fn zero(&self) -> u8 {
        if self.version == Version::Lua54 { 0x80 } else { 0 }
    }

    /// A number, most significant bits first. In 5.4 the last byte is marked, in 5.5 all others are.
    fn varint(&mut self, value: u64) {
        let count = (64 - (value | 1).leading_zeros()).div_ceil(7);
        for place in (0..count).rev() {
            let bits = (value >> (7 * place)) as u8 & 0x7f;
            let marked = (place == 0) == (self.version == Version::Lua54);
            self.bytes.push(if marked { bits | 0x80 } else { bits });
        }
    }

    /// 5.5 puts what is read in place at a multiple of four.
    fn align(&mut self) {
        if self.version == Version::Lua55 {
            self.bytes.resize(self.bytes.len().next_multiple_of(4), 0);
        }
    }
}
