//! Values of bridge records (docs/bridge.md), written and read.

use std::collections::HashMap;
use std::sync::Arc;

use crate::handle::{Handle, HandleKind, Released};
use crate::host::HostValues;
use crate::value::{Table, Value};

/// How deep tables by value may nest. Rust code that walks values (to drop, compare or convert them) recurses.
pub(crate) const MAX_DEPTH: usize = 256;

/// Values cannot be written, or what the module wrote cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CodecError {
    /// A handle came from another instance.
    #[error("expected a handle of this instance, found one of another; pass the table by value")]
    ForeignHandle,
    /// Tables nest too deep.
    #[error("expected tables nested at most {MAX_DEPTH} deep by value, found deeper ones; ask for handles (TableMode)")]
    TooDeep,
    /// A table contains itself.
    #[error("expected a tree of tables by value, found one that contains itself; ask for handles (TableMode)")]
    Cycle,
    /// The record is too long for 32-bit lengths.
    #[error("expected values of less than 4 GiB in all")]
    TooLong,
    /// The module's bytes break the contract.
    #[error("expected {expected} at byte {at} of a record, found {found}")]
    Damaged {
        /// What should be there
        expected: &'static str,
        /// What is there
        found: String,
        /// Where, from 0
        at: usize,
    },
}

/// Encoded values, and the host values among them.
#[derive(Debug, Default)]
pub(crate) struct Encoded {
    pub(crate) bytes: Vec<u8>,
    pub(crate) hosts: Vec<u32>,
}

/// Writes values.
pub(crate) struct Encoder<'a> {
    out: Encoded,
    tables: HashMap<usize, u32>,
    hosts: &'a mut HostValues,
    instance: &'a Arc<Released>,
}

impl<'a> Encoder<'a> {
    pub(crate) fn encode(
        values: &[Value],
        hosts: &'a mut HostValues,
        instance: &'a Arc<Released>,
    ) -> Result<Encoded, CodecError> {
        let mut encoder = Self { out: Encoded::default(), tables: HashMap::new(), hosts, instance };
        let done = values
            .iter()
            .try_for_each(|value| encoder.value(value, 0))
            .and_then(|()| u32::try_from(encoder.out.bytes.len()).map_err(|_| CodecError::TooLong));
        if let Err(error) = done {
            // Forgets those that only this record would have sent.
            for id in encoder.out.hosts {
                encoder.hosts.release(id, 0);
            }
            return Err(error);
        }
        Ok(encoder.out)
    }

    fn value(&mut self, value: &Value, depth: usize) -> Result<(), CodecError> {
        let out = &mut self.out.bytes;
        match value {
            Value::Nil => out.push(0x00),
            Value::Bool(b) => out.extend([0x01, u8::from(*b)]),
            Value::Integer(n) => {
                out.push(0x02);
                out.extend(n.to_le_bytes());
            }
            Value::Float(n) => {
                out.push(0x03);
                out.extend(n.to_le_bytes());
            }
            Value::String(bytes) => {
                out.push(0x04);
                self.bytes(bytes)?;
            }
            Value::Table(table) => self.table(table, depth)?,
            Value::Handle(handle) => {
                let id = handle.id_in(self.instance).ok_or(CodecError::ForeignHandle)?;
                out.extend([0x40, handle.kind().number()]);
                out.extend(id.to_le_bytes());
            }
            Value::Host(host) => {
                let id = self.hosts.id(host);
                self.out.hosts.push(id);
                out.push(0x41);
                out.extend(id.to_le_bytes());
                // Tables come to functions by value, but as handles where they have a metatable.
                out.push(if host.type_name() == "function" { 0x05 } else { 0x04 });
                self.bytes(host.name().as_bytes())?;
            }
        }
        Ok(())
    }

    fn table(&mut self, table: &Table, depth: usize) -> Result<(), CodecError> {
        if let Some(number) = self.tables.get(&table.identity()) {
            self.out.bytes.push(0x0a);
            self.out.bytes.extend(number.to_le_bytes());
            return Ok(());
        }
        if depth == MAX_DEPTH {
            return Err(CodecError::TooDeep);
        }
        let number = u32::try_from(self.tables.len()).map_err(|_| CodecError::TooLong)?;
        self.tables.insert(table.identity(), number);
        self.out.bytes.push(0x08);
        self.out.bytes.extend(u32::try_from(table.len()).map_err(|_| CodecError::TooLong)?.to_le_bytes());
        for (key, value) in table.entries() {
            self.value(key, depth + 1)?;
            self.value(value, depth + 1)?;
        }
        Ok(())
    }

    fn bytes(&mut self, bytes: &[u8]) -> Result<(), CodecError> {
        let length = u32::try_from(bytes.len()).map_err(|_| CodecError::TooLong)?;
        self.out.bytes.extend(length.to_le_bytes());
        self.out.bytes.extend(bytes);
        Ok(())
    }
}

/// Reads a record.
pub(crate) struct Decoder<'a> {
    record: &'a [u8],
    at: usize,
    /// Tables so far; `None` while their entries are being read.
    tables: Vec<Option<Table>>,
    /// Why well-formed values cannot be taken. The record is read to its end even so: every handle in it counts.
    refused: Option<CodecError>,
    hosts: &'a HostValues,
    instance: &'a Arc<Released>,
}

impl<'a> Decoder<'a> {
    pub(crate) fn new(record: &'a [u8], hosts: &'a HostValues, instance: &'a Arc<Released>) -> Self {
        Self { record, at: 0, tables: Vec::new(), refused: None, hosts, instance }
    }

    pub(crate) fn at_end(&self) -> bool {
        self.at == self.record.len()
    }

    /// All values up to the end.
    pub(crate) fn values(&mut self) -> Result<Vec<Value>, CodecError> {
        let mut values = Vec::new();
        while !self.at_end() {
            values.push(self.value(0)?);
        }
        self.refused.take().map_or(Ok(values), Err)
    }

    pub(crate) fn value(&mut self, depth: usize) -> Result<Value, CodecError> {
        let at = self.at;
        Ok(match self.u8()? {
            0x00 => Value::Nil,
            0x01 => Value::Bool(self.u8()? != 0),
            0x02 => Value::Integer(i64::from_le_bytes(self.array()?)),
            0x03 => Value::Float(f64::from_le_bytes(self.array()?)),
            0x04 => Value::String(self.bytes()?.to_vec()),
            0x08 => Value::Table(self.table(depth)?),
            0x0a => {
                let number = self.u32()?;
                match self.tables.get(number as usize) {
                    Some(Some(table)) => Value::Table(table.clone()),
                    Some(None) => {
                        self.refused.get_or_insert(CodecError::Cycle);
                        Value::Nil
                    }
                    None => return Err(damaged("a table seen before", at, format!("number {number}"))),
                }
            }
            0x40 => {
                let (kind, id) = (self.u8()?, self.u32()?);
                let known = HandleKind::from_number(kind);
                let kind = known.ok_or_else(|| damaged("a handle's kind", at + 1, kind.to_string()))?;
                Value::Handle(Handle::new(id, kind, self.instance))
            }
            0x41 => {
                let id = self.u32()?;
                self.u8()?;
                self.bytes()?;
                let host = self.hosts.get(id);
                Value::Host(host.ok_or_else(|| damaged("a known host value", at + 1, id.to_string()))?.clone())
            }
            tag => return Err(damaged("a value's tag", at, format!("{tag:#04x}"))),
        })
    }

    pub(crate) fn u8(&mut self) -> Result<u8, CodecError> {
        Ok(self.array::<1>()?[0])
    }

    pub(crate) fn u32(&mut self) -> Result<u32, CodecError> {
        Ok(u32::from_le_bytes(self.array()?))
    }

    pub(crate) fn bytes(&mut self) -> Result<&'a [u8], CodecError> {
        let length = self.u32()?;
        self.take(length as usize)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], CodecError> {
        let mut array = [0; N];
        array.copy_from_slice(self.take(N)?);
        Ok(array)
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8], CodecError> {
        let left = &self.record[self.at..];
        let Some(bytes) = left.get(..length) else {
            return Err(damaged("more bytes", self.at, format!("{} of {length}", left.len())));
        };
        self.at += length;
        Ok(bytes)
    }

    fn table(&mut self, depth: usize) -> Result<Table, CodecError> {
        let count = self.u32()?;
        let number = self.tables.len();
        self.tables.push(None);
        if depth == MAX_DEPTH {
            self.refused.get_or_insert(CodecError::TooDeep);
            self.skip(u64::from(count) * 2)?;
            return Ok(Table::new());
        }
        let mut entries = Vec::new();
        for _ in 0..count {
            entries.push((self.value(depth + 1)?, self.value(depth + 1)?));
        }
        let table = Table::from_entries(entries);
        self.tables[number] = Some(table.clone());
        Ok(table)
    }
}

impl Decoder<'_> {
    /// Reads so many values, without recursion, and drops them.
    fn skip(&mut self, mut values: u64) -> Result<(), CodecError> {
        while values > 0 {
            values -= 1;
            if self.record.get(self.at) == Some(&0x08) {
                self.at += 1;
                values += u64::from(self.u32()?) * 2;
                self.tables.push(Some(Table::new()));
            } else {
                self.value(MAX_DEPTH)?;
            }
        }
        Ok(())
    }
}

fn damaged(expected: &'static str, at: usize, found: String) -> CodecError {
    CodecError::Damaged { expected, found, at }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn round(values: &[Value]) -> Result<Vec<Value>, CodecError> {
        let (mut hosts, instance) = (HostValues::default(), Arc::default());
        let encoded = Encoder::encode(values, &mut hosts, &instance)?;
        Decoder::new(&encoded.bytes, &hosts, &instance).values()
    }

    #[test]
    fn shared_tables_are_written_once() {
        let mut table = Table::sequence([1]);
        for _ in 0..60 {
            let inner = Value::Table(table);
            table = Table::sequence([inner.clone(), inner]);
        }
        let (mut hosts, instance) = (HostValues::default(), Arc::default());
        let encoded = Encoder::encode(&[Value::Table(table)], &mut hosts, &instance).unwrap();
        assert!(encoded.bytes.len() < 4000, "{} bytes", encoded.bytes.len());
        assert_eq!(Decoder::new(&encoded.bytes, &hosts, &instance).values().unwrap().len(), 1);
    }

    #[test]
    fn too_deep_and_damaged_records_are_refused() {
        let mut value = Value::Nil;
        for _ in 0..=MAX_DEPTH {
            value = Value::Table(Table::sequence([value]));
        }
        assert_eq!(round(&[value]), Err(CodecError::TooDeep));
        let (hosts, instance) = (HostValues::default(), Arc::default());
        for record in [
            &b"\x04\xff\xff\xff\xffx"[..],
            b"\x08\xff\xff\xff\xff",
            b"\x07",
            b"\x40\x09\0\0\0\0",
            b"\x41\x01\0\0\0\0\0\0\0\0",
        ] {
            let error = Decoder::new(record, &hosts, &instance).values().unwrap_err();
            assert!(matches!(error, CodecError::Damaged { .. }), "{error}");
        }
        let cycle = b"\x08\x01\0\0\0\x01\x01\x0a\0\0\0\0";
        assert_eq!(Decoder::new(cycle, &hosts, &instance).values(), Err(CodecError::Cycle));
    }
}
