//! Gives Lua values to what serde builds.

use serde::de::value::StringDeserializer;
use serde::de::{
    DeserializeSeed, Deserializer, EnumAccess, IntoDeserializer, MapAccess, SeqAccess, VariantAccess, Visitor,
};

use super::super::convert::integer;
use super::super::{ConversionError, Table, Value};
use super::step;

/// A Lua value that gives itself away.
pub(super) struct FromLua(pub(super) Value);

type Result<T> = std::result::Result<T, ConversionError>;

/// Numbers are taken as Lua takes them: a float with an integer value where an integer is wanted.
macro_rules! integers {
    ($($method:ident),*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
            match self.0 {
                Value::Float(_) => visitor.visit_i64(integer(&self.0, "an integer")?),
                _ => self.deserialize_any(visitor),
            }
        }
    )*};
}

impl<'de> Deserializer<'de> for FromLua {
    type Error = ConversionError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        match self.0 {
            Value::Nil => visitor.visit_unit(),
            Value::Bool(b) => visitor.visit_bool(b),
            Value::Integer(n) => visitor.visit_i64(n),
            Value::Float(n) => visitor.visit_f64(n),
            Value::String(bytes) => match String::from_utf8(bytes) {
                Ok(text) => visitor.visit_string(text),
                Err(error) => visitor.visit_byte_buf(error.into_bytes()),
            },
            Value::Table(table) if !table.is_empty() && table.as_sequence().is_some() => sequence(&table, visitor),
            Value::Table(table) => visitor.visit_map(Entries::new(&table)),
            other @ (Value::Handle(_) | Value::Host(_)) => Err(ConversionError::expected(
                "data (a table with a metatable comes as a handle; ask for tables by value, or call `Lua::copy`)",
                &other,
            )),
        }
    }

    integers!(
        deserialize_i8,
        deserialize_i16,
        deserialize_i32,
        deserialize_i64,
        deserialize_i128,
        deserialize_u8,
        deserialize_u16,
        deserialize_u32,
        deserialize_u64,
        deserialize_u128
    );

    fn deserialize_bytes<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        self.deserialize_byte_buf(visitor)
    }

    fn deserialize_byte_buf<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        match self.0 {
            Value::String(bytes) => visitor.visit_byte_buf(bytes),
            _ => self.deserialize_any(visitor),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        if self.0.is_nil() { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        match self.0 {
            Value::Table(table) => sequence(&table, visitor),
            _ => self.deserialize_any(visitor),
        }
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(self, _: &'static str, _: usize, visitor: V) -> Result<V::Value> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        match self.0 {
            Value::Table(table) => visitor.visit_map(Entries::new(&table)),
            _ => self.deserialize_any(visitor),
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value> {
        self.deserialize_map(visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value> {
        match &self.0 {
            Value::String(_) => visitor.visit_enum(Variant { name: self.0, value: None }),
            Value::Table(table) if table.len() == 1 => {
                let (name, value) = table.entries()[0].clone();
                visitor.visit_enum(Variant { name, value: Some(value) })
            }
            Value::Table(table) => Err(ConversionError::Type {
                expected: "a variant (its name, or a table with that as its only key)",
                found: format!("a table with {} keys", table.len()),
            }),
            other => Err(ConversionError::expected("a variant's name", other)),
        }
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        visitor.visit_unit()
    }

    serde::forward_to_deserialize_any! { bool f32 f64 char str string unit unit_struct identifier }
}

impl IntoDeserializer<'_, ConversionError> for FromLua {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

fn sequence<'de, V: Visitor<'de>>(table: &Table, visitor: V) -> Result<V::Value> {
    let Some(values) = table.as_sequence() else {
        let found = format!("a table with other keys than 1 to {}", table.len());
        return Err(ConversionError::Type { expected: "a sequence", found });
    };
    let values: Vec<Value> = values.into_iter().cloned().collect();
    visitor.visit_seq(Sequence { values: values.into_iter(), at: 0 })
}

struct Sequence {
    values: std::vec::IntoIter<Value>,
    at: i64,
}

impl<'de> SeqAccess<'de> for Sequence {
    type Error = ConversionError;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>> {
        let Some(value) = self.values.next() else { return Ok(None) };
        self.at += 1;
        let element = seed.deserialize(FromLua(value));
        element.map(Some).map_err(|error| error.at(step(&Value::Integer(self.at))))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.values.len())
    }
}

struct Entries {
    entries: std::vec::IntoIter<(Value, Value)>,
    entry: (Value, Value),
}

impl Entries {
    fn new(table: &Table) -> Self {
        Self { entries: table.entries().to_vec().into_iter(), entry: Default::default() }
    }
}

impl<'de> MapAccess<'de> for Entries {
    type Error = ConversionError;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>> {
        let Some(entry) = self.entries.next() else { return Ok(None) };
        self.entry = entry;
        let key = self.entry.0.clone();
        seed.deserialize(FromLua(key)).map(Some).map_err(|error| error.at(step(&self.entry.0)))
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value> {
        let (key, value) = std::mem::take(&mut self.entry);
        seed.deserialize(FromLua(value)).map_err(|error| error.at(step(&key)))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.entries.len())
    }
}

struct Variant {
    name: Value,
    value: Option<Value>,
}

impl<'de> EnumAccess<'de> for Variant {
    type Error = ConversionError;
    type Variant = Payload;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Payload)> {
        let name = self.name.text().map(std::borrow::Cow::into_owned);
        let name = name.ok_or_else(|| ConversionError::expected("a variant's name", &self.name))?;
        let payload = Payload { step: step(&self.name), value: self.value };
        let name: StringDeserializer<ConversionError> = name.into_deserializer();
        Ok((seed.deserialize(name)?, payload))
    }
}

/// What a variant holds.
struct Payload {
    step: String,
    value: Option<Value>,
}

impl Payload {
    fn take(self) -> Result<(FromLua, String)> {
        match self.value {
            Some(value) => Ok((FromLua(value), self.step)),
            None => Err(ConversionError::Type {
                expected: "a table with the variant's name as its only key",
                found: format!("the name {} without a value", self.step.trim_start_matches('.')),
            }),
        }
    }
}

impl<'de> VariantAccess<'de> for Payload {
    type Error = ConversionError;

    fn unit_variant(self) -> Result<()> {
        match self.value {
            None => Ok(()),
            Some(value) => Err(ConversionError::expected("no value", &value).at(self.step)),
        }
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value> {
        let (value, step) = self.take()?;
        seed.deserialize(value).map_err(|error| error.at(step))
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value> {
        let (value, step) = self.take()?;
        value.deserialize_seq(visitor).map_err(|error| error.at(step))
    }

    fn struct_variant<V: Visitor<'de>>(self, _: &'static [&'static str], visitor: V) -> Result<V::Value> {
        let (value, step) = self.take()?;
        value.deserialize_map(visitor).map_err(|error| error.at(step))
    }
}
