//! Reads a chunk into functions. Nothing is allocated that the bytes that are left could not fill.

use std::ops::Range;

use crate::reader::{Reader, TRUNCATED};
use crate::{Error, Part, Version};

/// How deeply functions may nest.
const MAX_DEPTH: usize = 200;

/// A function's header and counts take so many bytes at least.
const LEAST_FUNCTION: usize = 14;

/// Flag of 5.5 that a chunk in memory may have; the interpreter ignores it in files.
const FIXED: u8 = 4;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Constant<'a> {
    /// nil, false or true, by its tag.
    Other(u8),
    /// As the chunk has it.
    Integer(u64),
    Float([u8; 8]),
    ShortString(&'a [u8]),
    LongString(&'a [u8]),
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Upvalue {
    pub(crate) in_stack: u8,
    pub(crate) index: u8,
    pub(crate) kind: u8,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Local {
    pub(crate) named: bool,
    pub(crate) start: i32,
    pub(crate) end: i32,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Function<'a> {
    /// The chunk's name, where the function has one of its own.
    pub(crate) source: Option<&'a [u8]>,
    pub(crate) line: i32,
    pub(crate) last_line: i32,
    pub(crate) parameters: u8,
    /// 5.4: whether there are variable arguments; 5.5: how.
    pub(crate) flags: u8,
    pub(crate) registers: u8,
    pub(crate) code: Vec<u32>,
    pub(crate) constants: Vec<Constant<'a>>,
    pub(crate) upvalues: Vec<Upvalue>,
    pub(crate) functions: Vec<Function<'a>>,
    pub(crate) lines: Vec<i8>,
    /// Instruction and line.
    pub(crate) absolute_lines: Vec<(i32, i32)>,
    pub(crate) locals: Vec<Local>,
}

/// Reads all functions of a chunk; what follows them is left alone, as Lua does.
pub(crate) fn read(version: Version, bytes: &[u8]) -> Result<Function<'_>, Error> {
    main(&mut Reader::new(version, bytes), version)
}

/// Where the parts of all functions of a chunk are.
pub(crate) fn parts(version: Version, bytes: &[u8]) -> Result<Vec<(Part, Range<usize>)>, Error> {
    let mut reader = Reader::new(version, bytes);
    main(&mut reader, version)?;
    Ok(reader.parts)
}

fn main<'a>(reader: &mut Reader<'a>, version: Version) -> Result<Function<'a>, Error> {
    header(version, reader)?;
    let upvalues = reader.byte()?;
    let main = function(version, reader, 1)?;
    if main.upvalues.len() != usize::from(upvalues) {
        return Err(Error::Chunk("corrupted chunk"));
    }
    Ok(main)
}

/// What every chunk of a version begins with.
pub(crate) fn header_bytes(version: Version) -> Vec<u8> {
    let mut header = b"\x1bLua".to_vec();
    header.extend([version.byte(), 0]);
    header.extend(b"\x19\x93\r\n\x1a\n");
    match version {
        Version::Lua54 => {
            header.extend([4, 8, 8]);
            header.extend(0x5678i64.to_le_bytes());
            header.extend(370.5f64.to_le_bytes());
        }
        Version::Lua55 => {
            header.push(4);
            header.extend((-0x5678i32).to_le_bytes());
            header.push(4);
            header.extend(0x1234_5678u32.to_le_bytes());
            header.push(8);
            header.extend((-0x5678i64).to_le_bytes());
            header.push(8);
            header.extend((-370.5f64).to_le_bytes());
        }
    }
    header
}

fn expect(reader: &mut Reader<'_>, bytes: &[u8], reason: &'static str) -> Result<(), Error> {
    if reader.take(bytes.len())? == bytes { Ok(()) } else { Err(Error::Chunk(reason)) }
}

fn header(version: Version, reader: &mut Reader<'_>) -> Result<(), Error> {
    expect(reader, b"\x1b", "not a binary chunk")?;
    expect(reader, b"Lua", "not a binary chunk")?;
    let made_by = reader.byte()?;
    if made_by != version.byte() {
        return Err(Error::Version { major: made_by >> 4, minor: made_by & 15, expected: version });
    }
    expect(reader, &[0], "format mismatch")?;
    expect(reader, b"\x19\x93\r\n\x1a\n", "corrupted chunk")?;
    match version {
        Version::Lua54 => {
            expect(reader, &[4], "Instruction size mismatch")?;
            expect(reader, &[8], "lua_Integer size mismatch")?;
            expect(reader, &[8], "lua_Number size mismatch")?;
            expect(reader, &0x5678i64.to_le_bytes(), "integer format mismatch")?;
            expect(reader, &370.5f64.to_le_bytes(), "float format mismatch")
        }
        Version::Lua55 => {
            expect(reader, &[4], "int size mismatch")?;
            expect(reader, &(-0x5678i32).to_le_bytes(), "int format mismatch")?;
            expect(reader, &[4], "instruction size mismatch")?;
            expect(reader, &0x1234_5678u32.to_le_bytes(), "instruction format mismatch")?;
            expect(reader, &[8], "Lua integer size mismatch")?;
            expect(reader, &(-0x5678i64).to_le_bytes(), "Lua integer format mismatch")?;
            expect(reader, &[8], "Lua number size mismatch")?;
            expect(reader, &(-370.5f64).to_le_bytes(), "Lua number format mismatch")
        }
    }
}

fn function<'a>(version: Version, reader: &mut Reader<'a>, depth: usize) -> Result<Function<'a>, Error> {
    if depth > MAX_DEPTH {
        return Err(Error::Chunk("functions nest too deeply"));
    }
    let source = if version == Version::Lua54 { reader.string()? } else { None };
    let from = reader.at();
    let line = reader.int()?;
    let last_line = reader.int()?;
    let [parameters, flags, registers] = reader.array()?;
    let flags = if version == Version::Lua55 { flags & !FIXED } else { flags };
    reader.note(Part::Head, from);
    let source = source.map(|text| text.0);
    let mut function = Function { source, line, last_line, parameters, flags, registers, ..Function::default() };

    let count = reader.count(4)?;
    if version == Version::Lua55 {
        reader.align(4)?;
    }
    let from = reader.at();
    let code = reader.take(count.checked_mul(4).ok_or(TRUNCATED)?)?;
    function.code = code.as_chunks::<4>().0.iter().map(|bytes| u32::from_le_bytes(*bytes)).collect();

    reader.note(Part::Code, from);
    let from = reader.at();
    for _ in 0..reader.count(1)? {
        function.constants.push(constant(version, reader)?);
    }
    reader.note(Part::Constants, from);
    let from = reader.at();
    for _ in 0..reader.count(3)? {
        let [in_stack, index, kind] = reader.array()?;
        function.upvalues.push(Upvalue { in_stack, index, kind });
    }
    reader.note(Part::Upvalues, from);
    let count = reader.count(LEAST_FUNCTION)?;
    reader.due += count * LEAST_FUNCTION;
    for _ in 0..count {
        reader.due -= LEAST_FUNCTION;
        function.functions.push(self::function(version, reader, depth + 1)?);
    }
    if version == Version::Lua55 {
        function.source = reader.string()?.map(|text| text.0);
    }
    let from = reader.at();
    debug(version, reader, &mut function)?;
    reader.note(Part::Debug, from);
    Ok(function)
}

fn constant<'a>(version: Version, reader: &mut Reader<'a>) -> Result<Constant<'a>, Error> {
    Ok(match reader.byte()? {
        tag @ (0 | 1 | 17) => Constant::Other(tag), // nil, false, true
        3 => Constant::Integer(match version {
            Version::Lua54 => u64::from_le_bytes(reader.array()?),
            Version::Lua55 => reader.varint(u64::MAX)?,
        }),
        19 => Constant::Float(reader.array()?),
        4 | 20 => match reader.string()? {
            Some(text) if text.is_short() => Constant::ShortString(text.0),
            Some(text) => Constant::LongString(text.0),
            None => return Err(Error::Chunk("bad format for constant string")),
        },
        _ => return Err(Error::Chunk("invalid constant")),
    })
}

fn debug(version: Version, reader: &mut Reader<'_>, function: &mut Function<'_>) -> Result<(), Error> {
    let count = reader.count(1)?;
    function.lines = reader.take(count)?.iter().map(|byte| byte.cast_signed()).collect();
    match version {
        Version::Lua54 => {
            for _ in 0..reader.count(2)? {
                function.absolute_lines.push((reader.int()?, reader.int()?));
            }
        }
        Version::Lua55 => {
            let count = reader.count(8)?;
            if count > 0 {
                reader.align(4)?;
            }
            for _ in 0..count {
                function
                    .absolute_lines
                    .push((i32::from_le_bytes(reader.array()?), i32::from_le_bytes(reader.array()?)));
            }
        }
    }
    let least = if version == Version::Lua54 { 3 } else { 4 };
    for _ in 0..reader.count(least)? {
        let named = reader.string()?.is_some();
        function.locals.push(Local { named, start: reader.int()?, end: reader.int()? });
    }
    if reader.int()? != 0 {
        for _ in 0..function.upvalues.len() {
            reader.string()?;
        }
    }
    Ok(())
}
