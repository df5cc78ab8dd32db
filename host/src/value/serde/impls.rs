//! Lua values as types of serde's own: any format from and to Lua.

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::ser::{Error as _, Serialize, SerializeMap, Serializer};

use super::super::{IntoValue, Table, Value};

impl Serialize for Value {
    /// A table with the keys 1 to n is a sequence, any other, also an empty one, a map.
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Nil => to.serialize_unit(),
            Self::Bool(b) => to.serialize_bool(*b),
            Self::Integer(n) => to.serialize_i64(*n),
            Self::Float(n) => to.serialize_f64(*n),
            Self::String(bytes) => match std::str::from_utf8(bytes) {
                Ok(text) => to.serialize_str(text),
                Err(_) => to.serialize_bytes(bytes),
            },
            Self::Table(table) => table.serialize(to),
            Self::Handle(_) | Self::Host(_) => {
                Err(S::Error::custom(format!("expected data, found a {}", self.type_name())))
            }
        }
    }
}

impl Serialize for Table {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        if let Some(values) = self.as_sequence().filter(|values| !values.is_empty()) {
            return to.collect_seq(values);
        }
        let mut map = to.serialize_map(Some(self.len()))?;
        for (key, value) in self.entries() {
            map.serialize_entry(key, value)?;
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(ValueVisitor)
    }
}

struct ValueVisitor;

macro_rules! visits {
    ($($method:ident: $type:ty),*) => {$(
        fn $method<E>(self, value: $type) -> Result<Value, E> {
            Ok(value.into_value())
        }
    )*};
}

impl<'de> Visitor<'de> for ValueVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("data that Lua can hold")
    }

    visits!(visit_bool: bool, visit_i64: i64, visit_u64: u64, visit_f64: f64, visit_str: &str, visit_string: String,
        visit_bytes: &[u8], visit_byte_buf: Vec<u8>);

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Nil)
    }

    fn visit_none<E>(self) -> Result<Value, E> {
        Ok(Value::Nil)
    }

    fn visit_some<D: Deserializer<'de>>(self, from: D) -> Result<Value, D::Error> {
        Value::deserialize(from)
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, from: D) -> Result<Value, D::Error> {
        Value::deserialize(from)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut from: A) -> Result<Value, A::Error> {
        let mut entries = Vec::new();
        let mut at = 0i64;
        while let Some(value) = from.next_element::<Value>()? {
            at += 1;
            if value.is_nil() {
                let hole = super::super::ConversionError::nil("a sequence").at(format!("[{at}]"));
                return Err(serde::de::Error::custom(hole));
            }
            entries.push((Value::Integer(at), value));
        }
        Ok(Value::Table(Table::from_entries(entries)))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut from: A) -> Result<Value, A::Error> {
        let mut entries = Vec::new();
        while let Some((key, value)) = from.next_entry::<Value, Value>()? {
            if !value.is_nil() {
                entries.push((key, value));
            }
        }
        Ok(Value::Table(Table::from_entries(entries)))
    }
}
