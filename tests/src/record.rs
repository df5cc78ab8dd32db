//! Reads the records that a module writes, and refuses whatever ABI.md does not allow in them.

use thiserror::Error;

/// Why bytes are no record. Offsets count from the record's first byte.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum RecordError {
    /// The record ends inside a value.
    #[error("at byte {at}: expected {wanted} more bytes for {what}, found {left}")]
    Short {
        /// Where the missing bytes should start.
        at: usize,
        /// What is being read.
        what: &'static str,
        /// Its length.
        wanted: usize,
        /// What is left.
        left: usize,
    },
    /// A tag that has no place in this kind of record.
    #[error("at byte {at}: tag 0x{tag:02X} has no place here")]
    Tag {
        /// Where the tag stands.
        at: usize,
        /// The tag.
        tag: u8,
    },
    /// A boolean that is neither 0 nor 1.
    #[error("at byte {at}: expected a boolean of 0 or 1, found {found}")]
    Boolean {
        /// Where it stands.
        at: usize,
        /// Its value.
        found: u8,
    },
    /// A reference to a table that has not come yet.
    #[error("at byte {at}: refers to table {index}, but only {seen} came before")]
    Seen {
        /// Where the reference stands.
        at: usize,
        /// Which table it names.
        index: u32,
        /// How many came before.
        seen: usize,
    },
    /// A key that a Lua table cannot have.
    #[error("at byte {at}: a table key is {what}")]
    Key {
        /// Where the key stands.
        at: usize,
        /// What it is.
        what: &'static str,
    },
    /// Bytes behind the end.
    #[error("at byte {at}: {left} bytes are left over")]
    Trailing {
        /// Where the record ends.
        at: usize,
        /// How many bytes follow.
        left: usize,
    },
    /// An error record that is not one table with the fields it must have.
    #[error("error record: {0}")]
    Shape(String),
}

/// A decoded value.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// 0x00
    Nil,
    /// 0x01
    Boolean(bool),
    /// 0x02
    Integer(i64),
    /// 0x03
    Float(f64),
    /// 0x04
    String(Vec<u8>),
    /// 0x05, its bytecode
    LuaFunction(Vec<u8>),
    /// 0x06, its index
    CFunction(u16),
    /// 0x08 and 0x0A: the n-th table of the record
    Table(usize),
    /// 0x09, its `tostring`
    Opaque(Vec<u8>),
}

impl Value {
    /// A string value.
    pub fn str(text: &str) -> Self {
        Self::String(text.as_bytes().to_vec())
    }

    /// The text of a string value, with what is no UTF-8 replaced.
    pub fn as_text(&self) -> Option<String> {
        match self {
            Self::String(bytes) => Some(String::from_utf8_lossy(bytes).into_owned()),
            _ => None,
        }
    }
}

/// The entries of one table by value, in the order in which they were written.
pub type Entries = Vec<(Value, Value)>;

/// What `compute` leaves when the chunk succeeded.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ResultRecord {
    /// What the chunk printed.
    pub output: Vec<u8>,
    /// What it returned.
    pub values: Vec<Value>,
    /// The tables that [`Value::Table`] counts.
    pub tables: Vec<Entries>,
}

impl ResultRecord {
    /// Reads a whole record.
    ///
    /// # Errors
    /// Where the bytes are anything but one result record.
    pub fn decode(bytes: &[u8]) -> Result<Self, RecordError> {
        let mut reader = Reader { bytes, at: 0, tables: Vec::new() };
        let output = reader.sized("the output")?.to_vec();
        let mut values = Vec::new();
        while reader.at < bytes.len() {
            values.push(reader.value()?);
        }
        Ok(Self { output, values, tables: reader.tables })
    }

    /// What the chunk printed, with what is no UTF-8 replaced.
    pub fn output_text(&self) -> String {
        String::from_utf8_lossy(&self.output).into_owned()
    }

    /// The value under a string key of the `table`-th table.
    pub fn field(&self, table: usize, key: &str) -> Option<&Value> {
        field(self.tables.get(table)?, key)
    }
}

/// What `get_last_error` leaves.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ErrorRecord {
    /// What is wrong, with position.
    pub message: Vec<u8>,
    /// The call stack at the raise.
    pub traceback: Vec<u8>,
    /// The chunk, as in the message.
    pub chunk: Option<Vec<u8>>,
    /// The line in it.
    pub line: Option<i64>,
    /// "syntax", "runtime", "memory", "limit" or "persist".
    pub kind: String,
    /// What was printed before the failure.
    pub output: Vec<u8>,
    /// More text could mend the syntax error.
    pub incomplete: bool,
    /// `output` had to be cut.
    pub truncated: bool,
}

impl ErrorRecord {
    /// Reads a whole record.
    ///
    /// # Errors
    /// Where the bytes are anything but one table by value with the fields that ABI.md lists.
    pub fn decode(bytes: &[u8]) -> Result<Self, RecordError> {
        let mut reader = Reader { bytes, at: 0, tables: Vec::new() };
        let Value::Table(0) = reader.value()? else {
            return Err(RecordError::Shape("expected one table by value".to_owned()));
        };
        if reader.at < bytes.len() {
            return Err(RecordError::Trailing { at: reader.at, left: bytes.len() - reader.at });
        }
        if reader.tables.len() != 1 {
            return Err(RecordError::Shape("expected no table inside the table".to_owned()));
        }
        let mut record = Self::default();
        let mut seen = Vec::new();
        for (key, value) in reader.tables.remove(0) {
            let Some(key) = key.as_text() else {
                return Err(RecordError::Shape(format!("expected string keys, found {key:?}")));
            };
            if seen.contains(&key) {
                return Err(RecordError::Shape(format!("the key {key} stands there twice")));
            }
            match (key.as_str(), value) {
                ("message", Value::String(text)) => record.message = text,
                ("traceback", Value::String(text)) => record.traceback = text,
                ("chunk", Value::String(text)) => record.chunk = Some(text),
                ("line", Value::Integer(line)) => record.line = Some(line),
                ("output", Value::String(text)) => record.output = text,
                ("incomplete", Value::Boolean(true)) => record.incomplete = true,
                ("truncated", Value::Boolean(true)) => record.truncated = true,
                ("kind", Value::String(kind)) => record.kind = String::from_utf8_lossy(&kind).into_owned(),
                (_, value) => {
                    return Err(RecordError::Shape(format!("expected no {key} = {value:?}")));
                }
            }
            seen.push(key);
        }
        for key in ["message", "traceback", "kind", "output"] {
            if !seen.iter().any(|found| found == key) {
                return Err(RecordError::Shape(format!("the key {key} is missing")));
            }
        }
        if !["syntax", "runtime", "memory", "limit", "persist"].contains(&record.kind.as_str()) {
            return Err(RecordError::Shape(format!("there is no kind \"{}\"", record.kind)));
        }
        Ok(record)
    }

    /// The message, with what is no UTF-8 replaced.
    pub fn message_text(&self) -> String {
        String::from_utf8_lossy(&self.message).into_owned()
    }

    /// The traceback, with what is no UTF-8 replaced.
    pub fn traceback_text(&self) -> String {
        String::from_utf8_lossy(&self.traceback).into_owned()
    }

    /// The chunk, with what is no UTF-8 replaced.
    pub fn chunk_text(&self) -> Option<String> {
        self.chunk.as_ref().map(|chunk| String::from_utf8_lossy(chunk).into_owned())
    }
}

fn field<'a>(entries: &'a Entries, key: &str) -> Option<&'a Value> {
    entries.iter().find(|(found, _)| *found == Value::str(key)).map(|(_, value)| value)
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
    tables: Vec<Entries>,
}

/// What a tag and its payload begin.
enum Item {
    Whole(Value),
    Table(u32),
}

/// A table of which entries are still to come.
struct Open {
    index: usize,
    left: u32,
    key: Option<Value>,
}

impl<'a> Reader<'a> {
    fn take(&mut self, wanted: usize, what: &'static str) -> Result<&'a [u8], RecordError> {
        let left = self.bytes.len() - self.at;
        if wanted > left {
            return Err(RecordError::Short { at: self.at, what, wanted, left });
        }
        let taken = &self.bytes[self.at..self.at + wanted];
        self.at += wanted;
        Ok(taken)
    }

    fn fixed<const N: usize>(&mut self, what: &'static str) -> Result<[u8; N], RecordError> {
        let mut out = [0; N];
        out.copy_from_slice(self.take(N, what)?);
        Ok(out)
    }

    fn sized(&mut self, what: &'static str) -> Result<&'a [u8], RecordError> {
        let length = u32::from_le_bytes(self.fixed(what)?);
        self.take(length as usize, what)
    }

    /// One value with everything in it. Nesting is a list here, not recursion: a script can nest as deep as it likes.
    fn value(&mut self) -> Result<Value, RecordError> {
        let mut open: Vec<Open> = Vec::new();
        loop {
            let at = self.at;
            let mut value = match self.item()? {
                Item::Whole(value) => value,
                Item::Table(left) => {
                    let index = self.tables.len();
                    self.tables.push(Entries::new());
                    if left > 0 {
                        open.push(Open { index, left, key: None });
                        continue;
                    }
                    Value::Table(index)
                }
            };
            // The value belongs to the table around it, and a table that it completes is a value in its turn.
            loop {
                let Some(table) = open.last_mut() else { return Ok(value) };
                let Some(key) = table.key.take() else {
                    check_key(&value, at)?;
                    table.key = Some(value);
                    break;
                };
                self.tables[table.index].push((key, value));
                table.left -= 1;
                if table.left > 0 {
                    break;
                }
                value = Value::Table(table.index);
                open.pop();
            }
        }
    }

    fn item(&mut self) -> Result<Item, RecordError> {
        let at = self.at;
        let [tag] = self.fixed("a tag")?;
        Ok(Item::Whole(match tag {
            0x00 => Value::Nil,
            0x01 => match self.fixed("a boolean")? {
                [0] => Value::Boolean(false),
                [1] => Value::Boolean(true),
                [found] => return Err(RecordError::Boolean { at: at + 1, found }),
            },
            0x02 => Value::Integer(i64::from_le_bytes(self.fixed("an integer")?)),
            0x03 => Value::Float(f64::from_le_bytes(self.fixed("a float")?)),
            0x04 => Value::String(self.sized("a string")?.to_vec()),
            0x05 => Value::LuaFunction(self.sized("a Lua function")?.to_vec()),
            0x06 => Value::CFunction(u16::from_le_bytes(self.fixed("a C function")?)),
            0x08 => return Ok(Item::Table(u32::from_le_bytes(self.fixed("a table")?))),
            0x09 => Value::Opaque(self.sized("an opaque value")?.to_vec()),
            0x0A => {
                let index = u32::from_le_bytes(self.fixed("a table reference")?);
                if index as usize >= self.tables.len() {
                    return Err(RecordError::Seen { at, index, seen: self.tables.len() });
                }
                Value::Table(index as usize)
            }
            _ => return Err(RecordError::Tag { at, tag }),
        }))
    }
}

fn check_key(key: &Value, at: usize) -> Result<(), RecordError> {
    match key {
        Value::Nil => Err(RecordError::Key { at, what: "nil" }),
        Value::Float(float) if float.is_nan() => Err(RecordError::Key { at, what: "nan" }),
        Value::Float(float) if float.fract() == 0.0 && (-TWO_63..TWO_63).contains(float) => {
            Err(RecordError::Key { at, what: "a float with an integer value" })
        }
        _ => Ok(()),
    }
}

/// The first float that is no 64-bit integer.
const TWO_63: f64 = 9_223_372_036_854_775_808.0;

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(parts: &[&[u8]]) -> Vec<u8> {
        parts.concat()
    }

    #[test]
    fn decodes_every_tag() {
        let record = ResultRecord::decode(&bytes(&[
            b"\x02\0\0\0hi",
            b"\x00",
            b"\x01\x01",
            b"\x02\xff\xff\xff\xff\xff\xff\xff\xff",
            &[0x03],
            &1.5f64.to_le_bytes(),
            b"\x04\x01\0\0\0x",
            b"\x05\x01\0\0\0f",
            b"\x06\x02\x01",
            b"\x09\x01\0\0\0o",
        ]))
        .unwrap();
        assert_eq!(record.output, b"hi");
        assert_eq!(
            record.values,
            [
                Value::Nil,
                Value::Boolean(true),
                Value::Integer(-1),
                Value::Float(1.5),
                Value::str("x"),
                Value::LuaFunction(b"f".to_vec()),
                Value::CFunction(0x0102),
                Value::Opaque(b"o".to_vec()),
            ]
        );
    }

    #[test]
    fn tables_count_in_order_of_appearance_and_may_contain_themselves() {
        // {[true] = {} , [false] = itself}, the inner table again
        let record =
            ResultRecord::decode(b"\0\0\0\0\x08\x02\0\0\0\x01\x01\x08\0\0\0\0\x01\0\x0A\0\0\0\0\x0A\x01\0\0\0")
                .unwrap();
        assert_eq!(record.values, [Value::Table(0), Value::Table(1)]);
        assert_eq!(
            record.tables[0],
            [(Value::Boolean(true), Value::Table(1)), (Value::Boolean(false), Value::Table(0)),]
        );
        assert_eq!(record.tables[1], []);
    }

    #[test]
    fn refuses_what_is_no_record() {
        let refused = |tail: &[u8]| ResultRecord::decode(&bytes(&[&[0; 4], tail])).unwrap_err();
        assert_eq!(refused(b"\x07\x01\0\0\0"), RecordError::Tag { at: 4, tag: 7 });
        assert_eq!(refused(b"\x10"), RecordError::Tag { at: 4, tag: 0x10 });
        assert_eq!(refused(b"\x01\x02"), RecordError::Boolean { at: 5, found: 2 });
        assert_eq!(refused(b"\x0A\0\0\0\0"), RecordError::Seen { at: 4, index: 0, seen: 0 });
        assert!(matches!(refused(b"\x04\xff\xff\xff\xffx"), RecordError::Short { at: 9, left: 1, .. }));
        assert!(matches!(refused(b"\x08\xff\xff\xff\xff"), RecordError::Short { at: 9, left: 0, .. }));
        assert!(matches!(refused(b"\x08\x01\0\0\0\x00\x00"), RecordError::Key { at: 9, what: "nil" }));
        assert!(matches!(ResultRecord::decode(b"\x01\0\0\0"), Err(RecordError::Short { .. })));
    }

    #[test]
    fn nesting_costs_no_stack() {
        let depth = 1_000_000;
        let mut record = vec![0; 4];
        for _ in 0..depth {
            record.extend_from_slice(b"\x08\x01\0\0\0\x01\x01");
        }
        record.push(0x00);
        assert_eq!(ResultRecord::decode(&record).unwrap().tables.len(), depth);
    }

    fn error(fields: &[(&str, &[u8])]) -> Vec<u8> {
        let mut out = vec![0x08];
        out.extend_from_slice(&(fields.len() as u32).to_le_bytes());
        for (key, value) in fields {
            out.push(0x04);
            out.extend_from_slice(&(key.len() as u32).to_le_bytes());
            out.extend_from_slice(key.as_bytes());
            out.extend_from_slice(value);
        }
        out
    }

    #[test]
    fn error_records_have_the_listed_fields_and_no_others() {
        let empty: &[u8] = b"\x04\0\0\0\0";
        let memory: &[u8] = b"\x04\x06\0\0\0memory";
        let whole = [("message", empty), ("traceback", empty), ("kind", memory), ("output", empty)];
        assert_eq!(ErrorRecord::decode(&error(&whole)).unwrap().kind, "memory");
        assert!(ErrorRecord::decode(&error(&whole[..3])).is_err(), "a field is missing");
        let with =
            |field: (&'static str, &'static [u8])| ErrorRecord::decode(&error(&[whole.as_slice(), &[field]].concat()));
        assert!(with(("line", b"\x02\x07\0\0\0\0\0\0\0")).unwrap().line == Some(7));
        assert!(with(("line", b"\x04\x01\0\0\x007")).is_err(), "a line is an integer");
        assert!(with(("incomplete", b"\x01\0")).is_err(), "incomplete is true or absent");
        assert!(with(("extra", b"\x00")).is_err(), "there is no such field");
        assert!(with(("output", b"\x04\0\0\0\0")).is_err(), "twice");
        assert!(ErrorRecord::decode(&[error(&whole), vec![0]].concat()).is_err(), "a byte too many");
        let kind: &[u8] = b"\x04\x03\0\0\0odd";
        let odd = [("message", empty), ("traceback", empty), ("kind", kind), ("output", empty)];
        assert!(ErrorRecord::decode(&error(&odd)).is_err(), "there is no such kind");
    }
}
