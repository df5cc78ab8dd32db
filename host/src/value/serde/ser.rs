//! Makes Lua values of what serde walks through.

use serde::ser::{
    Serialize, SerializeMap, SerializeSeq, SerializeStruct, SerializeStructVariant, SerializeTuple,
    SerializeTupleStruct, SerializeTupleVariant, Serializer,
};

use super::super::{ConversionError, Table, Value};
use super::step;

/// Makes a Lua value.
pub(super) struct ToValue;

macro_rules! plain {
    ($($method:ident: $type:ty),*) => {$(
        fn $method(self, value: $type) -> Result<Value, ConversionError> {
            Ok(Value::from(value))
        }
    )*};
}

macro_rules! wide {
    ($($method:ident: $type:ty),*) => {$(
        fn $method(self, value: $type) -> Result<Value, ConversionError> {
            i64::try_from(value).map(Value::Integer).map_err(|_| ConversionError::Range {
                expected: "a 64-bit integer",
                found: value.to_string(),
            })
        }
    )*};
}

impl Serializer for ToValue {
    type Ok = Value;
    type Error = ConversionError;
    type SerializeSeq = Sequence;
    type SerializeTuple = Sequence;
    type SerializeTupleStruct = Sequence;
    type SerializeTupleVariant = Sequence;
    type SerializeMap = Entries;
    type SerializeStruct = Entries;
    type SerializeStructVariant = Entries;

    plain!(serialize_bool: bool, serialize_i8: i8, serialize_i16: i16, serialize_i32: i32, serialize_i64: i64,
        serialize_u8: u8, serialize_u16: u16, serialize_u32: u32, serialize_f32: f32, serialize_f64: f64,
        serialize_str: &str, serialize_bytes: &[u8], serialize_char: char);
    wide!(serialize_u64: u64, serialize_i128: i128, serialize_u128: u128);

    fn serialize_none(self) -> Result<Value, ConversionError> {
        Ok(Value::Nil)
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<Value, ConversionError> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<Value, ConversionError> {
        Ok(Value::Nil)
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<Value, ConversionError> {
        Ok(Value::Nil)
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Result<Value, ConversionError> {
        Ok(Value::from(variant))
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<Value, ConversionError> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<Value, ConversionError> {
        let value = value.serialize(self).map_err(|error| error.at(format!(".{variant}")))?;
        named(variant, value)
    }

    fn serialize_seq(self, len: Option<usize>) -> Result<Sequence, ConversionError> {
        Ok(Sequence::new(None, len.unwrap_or(0)))
    }

    fn serialize_tuple(self, len: usize) -> Result<Sequence, ConversionError> {
        Ok(Sequence::new(None, len))
    }

    fn serialize_tuple_struct(self, _: &'static str, len: usize) -> Result<Sequence, ConversionError> {
        Ok(Sequence::new(None, len))
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        len: usize,
    ) -> Result<Sequence, ConversionError> {
        Ok(Sequence::new(Some(variant), len))
    }

    fn serialize_map(self, len: Option<usize>) -> Result<Entries, ConversionError> {
        Ok(Entries::new(None, len.unwrap_or(0)))
    }

    fn serialize_struct(self, _: &'static str, len: usize) -> Result<Entries, ConversionError> {
        Ok(Entries::new(None, len))
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        len: usize,
    ) -> Result<Entries, ConversionError> {
        Ok(Entries::new(Some(variant), len))
    }
}

/// `{variant = value}`; a variant without a value would be no variant at all.
fn named(variant: &'static str, value: Value) -> Result<Value, ConversionError> {
    if value.is_nil() {
        return Err(ConversionError::nil("a variant").at(format!(".{variant}")));
    }
    Ok(Value::Table(Table::from_entries(vec![(Value::from(variant), value)])))
}

fn wrapped(variant: Option<&'static str>, entries: Vec<(Value, Value)>) -> Result<Value, ConversionError> {
    let table = Value::Table(Table::from_entries(entries));
    variant.map_or(Ok(table.clone()), |variant| named(variant, table))
}

/// What a length that a type claims may reserve in advance.
const RESERVED: usize = 1024;

/// A table with the keys 1, 2, 3 … on its way.
pub(super) struct Sequence {
    variant: Option<&'static str>,
    entries: Vec<(Value, Value)>,
    next: i64,
}

impl Sequence {
    fn new(variant: Option<&'static str>, len: usize) -> Self {
        Self { variant, entries: Vec::with_capacity(len.min(RESERVED)), next: 1 }
    }

    fn push<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), ConversionError> {
        let at = |error: ConversionError| error.at(step(&Value::Integer(self.next)));
        let value = value.serialize(ToValue).map_err(at)?;
        if value.is_nil() {
            return Err(at(ConversionError::nil("a sequence")));
        }
        self.entries.push((Value::Integer(self.next), value));
        self.next += 1;
        Ok(())
    }
}

/// A table with any keys on its way.
pub(super) struct Entries {
    variant: Option<&'static str>,
    entries: Vec<(Value, Value)>,
    key: Value,
}

impl Entries {
    fn new(variant: Option<&'static str>, len: usize) -> Self {
        Self { variant, entries: Vec::with_capacity(len.min(RESERVED)), key: Value::Nil }
    }

    fn push<T: Serialize + ?Sized>(&mut self, key: Value, value: &T) -> Result<(), ConversionError> {
        let value = value.serialize(ToValue).map_err(|error| error.at(step(&key)))?;
        if !value.is_nil() {
            self.entries.push((key, value));
        }
        Ok(())
    }
}

macro_rules! sequences {
    ($($trait:ident $method:ident),*) => {$(
        impl $trait for Sequence {
            type Ok = Value;
            type Error = ConversionError;

            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), ConversionError> {
                self.push(value)
            }

            fn end(self) -> Result<Value, ConversionError> {
                wrapped(self.variant, self.entries)
            }
        }
    )*};
}

sequences!(SerializeSeq serialize_element, SerializeTuple serialize_element, SerializeTupleStruct serialize_field,
    SerializeTupleVariant serialize_field);

macro_rules! structs {
    ($($trait:ident),*) => {$(
        impl $trait for Entries {
            type Ok = Value;
            type Error = ConversionError;

            fn serialize_field<T: Serialize + ?Sized>(
                &mut self,
                key: &'static str,
                value: &T,
            ) -> Result<(), ConversionError> {
                self.push(Value::from(key), value)
            }

            fn end(self) -> Result<Value, ConversionError> {
                wrapped(self.variant, self.entries)
            }
        }
    )*};
}

structs!(SerializeStruct, SerializeStructVariant);

impl SerializeMap for Entries {
    type Ok = Value;
    type Error = ConversionError;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), ConversionError> {
        self.key = match key.serialize(ToValue)? {
            Value::Nil => return Err(ConversionError::Other("expected a key, found nil".to_owned())),
            Value::Float(n) if n.is_nan() => {
                return Err(ConversionError::Other("expected a key, found a float that is not a number".to_owned()));
            }
            Value::Table(_) => {
                return Err(ConversionError::Other(
                    "expected a key, found a table, which no other table would equal".to_owned(),
                ));
            }
            key => key,
        };
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), ConversionError> {
        let key = std::mem::take(&mut self.key);
        self.push(key, value)
    }

    fn end(self) -> Result<Value, ConversionError> {
        wrapped(self.variant, self.entries)
    }
}
