//! Reads bytes, numbers and strings of a chunk, never past its end.

use std::ops::Range;

use crate::{Error, Part, Version};

/// The longest string that is a short one, which is what names of fields have to be.
const MAX_SHORT: usize = 40;

pub(crate) const TRUNCATED: Error = Error::Chunk("truncated chunk");

/// A string.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Text<'a>(pub(crate) &'a [u8]);

impl Text<'_> {
    /// Whether the interpreter makes a short string of it.
    pub(crate) fn is_short(self) -> bool {
        self.0.len() <= MAX_SHORT
    }
}

pub(crate) struct Reader<'a> {
    version: Version,
    bytes: &'a [u8],
    at: usize,
    /// Bytes that functions still to come will need.
    pub(crate) due: usize,
    /// Strings so far (5.5 refers to them by number).
    strings: Vec<Text<'a>>,
    /// Where parts of functions are.
    pub(crate) parts: Vec<(Part, Range<usize>)>,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(version: Version, bytes: &'a [u8]) -> Self {
        Self { version, bytes, at: 0, due: 0, strings: Vec::new(), parts: Vec::new() }
    }

    pub(crate) fn at(&self) -> usize {
        self.at
    }

    /// Notes that what was read since `from` is such a part.
    pub(crate) fn note(&mut self, part: Part, from: usize) {
        self.parts.push((part, from..self.at));
    }

    fn left(&self) -> usize {
        self.bytes.len() - self.at
    }

    pub(crate) fn take(&mut self, count: usize) -> Result<&'a [u8], Error> {
        let taken = self.bytes.get(self.at..).and_then(|rest| rest.get(..count)).ok_or(TRUNCATED)?;
        self.at += count;
        Ok(taken)
    }

    pub(crate) fn array<const N: usize>(&mut self) -> Result<[u8; N], Error> {
        let mut array = [0; N];
        array.copy_from_slice(self.take(N)?);
        Ok(array)
    }

    pub(crate) fn byte(&mut self) -> Result<u8, Error> {
        Ok(self.array::<1>()?[0])
    }

    /// A number of any length, most significant bits first.
    pub(crate) fn varint(&mut self, limit: u64) -> Result<u64, Error> {
        let limit = limit >> 7;
        let mut value = 0u64;
        loop {
            let byte = self.byte()?;
            let (over, last) = match self.version {
                Version::Lua54 => (value >= limit, byte & 0x80 != 0),
                Version::Lua55 => (value > limit, byte & 0x80 == 0),
            };
            if over {
                return Err(Error::Chunk("integer overflow"));
            }
            value = value << 7 | u64::from(byte & 0x7f);
            if last {
                return Ok(value);
            }
        }
    }

    /// A C `int` that is not negative.
    pub(crate) fn int(&mut self) -> Result<i32, Error> {
        let value = self.varint(i32::MAX.unsigned_abs().into())?;
        i32::try_from(value).map_err(|_| Error::Chunk("integer overflow"))
    }

    /// The count of items of at least `size` bytes each, which have to be there.
    pub(crate) fn count(&mut self, size: usize) -> Result<usize, Error> {
        let count = usize::try_from(self.int()?).map_err(|_| TRUNCATED)?;
        match self.left().checked_sub(self.due) {
            Some(free) if count <= free / size => Ok(count),
            _ => Err(TRUNCATED),
        }
    }

    /// Skips to a multiple of `to` (5.5 only).
    pub(crate) fn align(&mut self, to: usize) -> Result<(), Error> {
        self.take(self.at.next_multiple_of(to) - self.at).map(|_| ())
    }

    /// A string, or none.
    pub(crate) fn string(&mut self) -> Result<Option<Text<'a>>, Error> {
        match self.version {
            Version::Lua54 => {
                let size = self.varint(u64::MAX)?;
                let Some(size) = size.checked_sub(1) else { return Ok(None) };
                let size = usize::try_from(size).map_err(|_| TRUNCATED)?;
                Ok(Some(Text(self.take(size)?)))
            }
            Version::Lua55 => {
                let size = self.varint(i64::MAX.unsigned_abs())?;
                let Some(size) = size.checked_sub(1) else { return self.earlier() };
                let size = usize::try_from(size).map_err(|_| TRUNCATED)?;
                if size >= self.left() {
                    return Err(TRUNCATED);
                }
                let text = Text(self.take(size)?);
                if self.byte()? != 0 {
                    return Err(Error::Chunk("string without its end"));
                }
                self.strings.push(text);
                Ok(Some(text))
            }
        }
    }

    /// A string that came before, by its number from 1; 0 is none.
    fn earlier(&mut self) -> Result<Option<Text<'a>>, Error> {
        let Some(index) = self.varint(u64::MAX)?.checked_sub(1) else { return Ok(None) };
        let text = usize::try_from(index).ok().and_then(|index| self.strings.get(index));
        text.copied().map(Some).ok_or(Error::Chunk("invalid string index"))
    }
}
