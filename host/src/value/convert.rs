//! Rust values from and to Lua values.

use std::collections::{BTreeMap, HashMap};
use std::hash::Hash;

use super::{Table, Value, Values};
use crate::handle::{Function, Handle};
use crate::host::HostValue;

/// A Lua value is not what was wanted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConversionError {
    /// It has another type.
    #[error("expected {expected}, found {found}")]
    Type {
        /// What was wanted
        expected: &'static str,
        /// What it is
        found: String,
    },
    /// A number does not fit.
    #[error("expected {expected}, found {found}, which does not fit")]
    Range {
        /// What was wanted
        expected: &'static str,
        /// The number
        found: String,
    },
    /// A string is no UTF-8.
    #[error("expected UTF-8, found a string with the byte {byte:#04x} at {at}; take it as Vec<u8>")]
    Utf8 {
        /// The byte
        byte: u8,
        /// Where it is, from 0
        at: usize,
    },
    /// One of several values is wrong.
    #[error("value {number}: {error}")]
    Value {
        /// Which one, from 1
        number: usize,
        /// What is wrong
        error: Box<ConversionError>,
    },
    /// What stands inside a table is wrong.
    #[error("{path}: {error}")]
    At {
        /// Where it stands, from the outermost table: `.list[2]`
        path: String,
        /// What is wrong
        error: Box<ConversionError>,
    },
    /// What serde, or a type that implements its traits, says.
    #[error("{0}")]
    Other(String),
}

/// What can be made a Lua value.
pub trait IntoValue {
    /// The Lua value.
    fn into_value(self) -> Value;
}

/// What can be made of a Lua value.
pub trait FromValue: Sized {
    /// The Rust value.
    ///
    /// # Errors
    /// Where `value` is of another type or does not fit.
    fn from_value(value: Value) -> Result<Self, ConversionError>;
}

/// What can be made several Lua values: one value, or a tuple of them.
pub trait IntoValues {
    /// The Lua values.
    fn into_values(self) -> Values;
}

/// What can be made of several Lua values: one value, or a tuple of them.
pub trait FromValues: Sized {
    /// The Rust value. Missing values are `nil`, surplus ones are dropped.
    ///
    /// # Errors
    /// Where a value is of another type or does not fit.
    fn from_values(values: Values) -> Result<Self, ConversionError>;
}

impl ConversionError {
    pub(crate) fn expected(expected: &'static str, found: &Value) -> Self {
        let found = match found {
            Value::Bool(b) => format!("the boolean {b}"),
            Value::Integer(n) => format!("the integer {n}"),
            Value::Float(n) => format!("the float {n}"),
            other => other.type_name().to_owned(),
        };
        Self::Type { expected, found }
    }

    /// Puts a step in front of the path.
    #[cfg(feature = "serde")]
    pub(crate) fn at(self, step: String) -> Self {
        match self {
            Self::At { path, error } => Self::At { path: step + &path, error },
            error => Self::At { path: step, error: Box::new(error) },
        }
    }

    #[cfg(feature = "serde")]
    pub(crate) fn nil(holder: &str) -> Self {
        Self::Type { expected: "a value", found: format!("nil, which {holder} cannot hold") }
    }
}

/// `From`/`TryFrom`, the standard library's own, beside this crate's traits.
macro_rules! both_ways {
    ($type:ty, |$in:ident| $into:expr, |$out:ident| $from:expr) => {
        impl IntoValue for $type {
            fn into_value(self) -> Value {
                let $in = self;
                $into
            }
        }

        impl FromValue for $type {
            fn from_value($out: Value) -> Result<Self, ConversionError> {
                $from
            }
        }

        impl From<$type> for Value {
            fn from(value: $type) -> Self {
                value.into_value()
            }
        }

        impl TryFrom<Value> for $type {
            type Error = ConversionError;

            fn try_from(value: Value) -> Result<Self, ConversionError> {
                Self::from_value(value)
            }
        }
    };
}

macro_rules! integers {
    ($($type:ty: $name:literal),*) => {$(
        both_ways!($type, |n| Value::Integer(i64::from(n)), |value| {
            let n = integer(&value, $name)?;
            <$type>::try_from(n).map_err(|_| ConversionError::Range { expected: $name, found: n.to_string() })
        });
    )*};
}

integers!(i8: "an 8-bit integer", i16: "a 16-bit integer", i32: "a 32-bit integer", i64: "an integer",
    u8: "an unsigned 8-bit integer", u16: "an unsigned 16-bit integer", u32: "an unsigned 32-bit integer");

macro_rules! wide {
    ($($type:ty: $name:literal),*) => {$(
        // As Lua's own reader does with a numeral: what is no 64-bit integer becomes a float.
        both_ways!($type, |n| i64::try_from(n).map_or(Value::Float(n as f64), Value::Integer), |value| {
            let n = integer(&value, $name)?;
            <$type>::try_from(n).map_err(|_| ConversionError::Range { expected: $name, found: n.to_string() })
        });
    )*};
}

wide!(u64: "an unsigned integer", usize: "an unsigned integer", isize: "an integer");

/// As in Lua, a float with an integer value is one where an integer is wanted.
pub(crate) fn integer(value: &Value, expected: &'static str) -> Result<i64, ConversionError> {
    match *value {
        Value::Integer(n) => Ok(n),
        // 2^63 itself is not an i64; every other bound is exact.
        Value::Float(n) if n.fract() == 0.0 && n >= i64::MIN as f64 && n < i64::MAX as f64 => Ok(n as i64),
        _ => Err(ConversionError::expected(expected, value)),
    }
}

both_ways!(bool, |b| Value::Bool(b), |value| match value {
    Value::Bool(b) => Ok(b),
    other => Err(ConversionError::expected("a boolean", &other)),
});
both_ways!(f64, |n| Value::Float(n), |value| match value {
    Value::Float(n) => Ok(n),
    Value::Integer(n) => Ok(n as f64),
    other => Err(ConversionError::expected("a number", &other)),
});
both_ways!(f32, |n| Value::Float(f64::from(n)), |value| f64::from_value(value).map(|n| n as f32));
both_ways!(Vec<u8>, |bytes| Value::String(bytes), |value| match value {
    Value::String(bytes) => Ok(bytes),
    other => Err(ConversionError::expected("a string", &other)),
});
both_ways!(String, |text| Value::String(text.into_bytes()), |value| {
    String::from_utf8(Vec::from_value(value)?).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        ConversionError::Utf8 { byte: error.as_bytes()[at], at }
    })
});
both_ways!(char, |c| Value::from(c.to_string()), |value| {
    let text = String::from_value(value)?;
    let mut chars = text.chars();
    match (chars.next(), chars.next()) {
        (Some(c), None) => Ok(c),
        _ => Err(ConversionError::Type {
            expected: "one character",
            found: format!("{} characters", text.chars().count()),
        }),
    }
});
both_ways!(Table, |table| Value::Table(table), |value| match value {
    Value::Table(table) => Ok(table),
    other => Err(ConversionError::expected("a table by value", &other)),
});
both_ways!(Handle, |handle| Value::Handle(handle), |value| match value {
    Value::Handle(handle) => Ok(handle),
    other => Err(ConversionError::expected("a handle", &other)),
});
both_ways!(Function, |function| Value::Handle(function.into()), |value| {
    Function::try_from(Handle::from_value(value)?)
});
both_ways!(HostValue, |host| Value::Host(host), |value| match value {
    Value::Host(host) => Ok(host),
    other => Err(ConversionError::expected("a value of the host", &other)),
});

impl IntoValue for Value {
    fn into_value(self) -> Value {
        self
    }
}

impl FromValue for Value {
    fn from_value(value: Value) -> Result<Self, ConversionError> {
        Ok(value)
    }
}

macro_rules! one_way {
    ($type:ty, |$in:ident| $into:expr) => {
        impl IntoValue for $type {
            fn into_value(self) -> Value {
                let $in = self;
                $into
            }
        }

        impl From<$type> for Value {
            fn from(value: $type) -> Self {
                value.into_value()
            }
        }
    };
}

one_way!(&str, |text| Value::String(text.as_bytes().to_vec()));
one_way!(&[u8], |bytes| Value::String(bytes.to_vec()));
one_way!(&Handle, |handle| Value::Handle(handle.clone()));
one_way!(&Function, |function| Value::Handle(function.clone().into()));
one_way!(&Value, |value| value.clone());

one_way!(&String, |text| Value::String(text.as_bytes().to_vec()));
one_way!(&Vec<u8>, |bytes| Value::String(bytes.clone()));
one_way!(&Table, |table| Value::Table(table.clone()));
one_way!(&HostValue, |host| Value::Host(host.clone()));
one_way!(std::borrow::Cow<'_, str>, |text| Value::String(text.into_owned().into_bytes()));

/// Lists. `Vec<u8>` is a string, so this is no implementation for every `Vec<T>`: [`Table::sequence`] and
/// [`Table::to_vec`], or serde, do the others.
macro_rules! lists {
    ($($type:ty),*) => {$(
        both_ways!(Vec<$type>, |list| Value::Table(Table::sequence(list)), |value| Table::from_value(value)?.to_vec());
    )*};
}

lists!(bool, i32, i64, u32, u64, usize, f32, f64, String, Vec<u8>, Table);

macro_rules! maps {
    ($map:ident: $($bound:ident),*) => {
        impl<K: IntoValue, V: IntoValue> IntoValue for $map<K, V> {
            fn into_value(self) -> Value {
                Value::Table(self.into_iter().collect())
            }
        }

        impl<K: IntoValue, V: IntoValue> From<$map<K, V>> for Value {
            fn from(map: $map<K, V>) -> Self {
                map.into_value()
            }
        }

        impl<K: FromValue $(+ $bound)*, V: FromValue> FromValue for $map<K, V> {
            fn from_value(value: Value) -> Result<Self, ConversionError> {
                let table = Table::from_value(value)?;
                let entries = table.entries().iter().cloned();
                entries.map(|(key, value)| Ok((K::from_value(key)?, V::from_value(value)?))).collect()
            }
        }

        impl<K: FromValue $(+ $bound)*, V: FromValue> TryFrom<Value> for $map<K, V> {
            type Error = ConversionError;

            fn try_from(value: Value) -> Result<Self, ConversionError> {
                Self::from_value(value)
            }
        }
    };
}

maps!(HashMap: Eq, Hash);
maps!(BTreeMap: Ord);

impl<T: IntoValue> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.into_value()
    }
}

impl<T: IntoValue> IntoValue for Option<T> {
    fn into_value(self) -> Value {
        self.map_or(Value::Nil, T::into_value)
    }
}

impl<T: FromValue> FromValue for Option<T> {
    fn from_value(value: Value) -> Result<Self, ConversionError> {
        if value.is_nil() { Ok(None) } else { T::from_value(value).map(Some) }
    }
}

impl<T: IntoValue> IntoValues for T {
    fn into_values(self) -> Values {
        Values(vec![self.into_value()])
    }
}

impl<T: FromValue> FromValues for T {
    fn from_values(values: Values) -> Result<Self, ConversionError> {
        T::from_value(values.first())
    }
}

impl IntoValues for Values {
    fn into_values(self) -> Values {
        self
    }
}

impl FromValues for Values {
    fn from_values(values: Values) -> Result<Self, ConversionError> {
        Ok(values)
    }
}

impl IntoValues for Vec<Value> {
    fn into_values(self) -> Values {
        Values(self)
    }
}

impl FromValues for Vec<Value> {
    fn from_values(values: Values) -> Result<Self, ConversionError> {
        Ok(values.0)
    }
}

impl IntoValues for () {
    fn into_values(self) -> Values {
        Values::default()
    }
}

impl FromValues for () {
    fn from_values(_: Values) -> Result<Self, ConversionError> {
        Ok(())
    }
}

macro_rules! tuples {
    ($(($($name:ident $number:tt),+))*) => {$(
        impl<$($name: IntoValue),+> IntoValues for ($($name,)+) {
            fn into_values(self) -> Values {
                Values(vec![$(self.$number.into_value()),+])
            }
        }

        impl<$($name: FromValue),+> FromValues for ($($name,)+) {
            fn from_values(values: Values) -> Result<Self, ConversionError> {
                let mut values = values.into_iter();
                Ok(($($name::from_value(values.next().unwrap_or_default())
                    .map_err(|error| ConversionError::Value { number: $number + 1, error: Box::new(error) })?,)+))
            }
        }
    )*};
}

tuples! {
    (A 0)
    (A 0, B 1)
    (A 0, B 1, C 2)
    (A 0, B 1, C 2, D 3)
    (A 0, B 1, C 2, D 3, E 4)
    (A 0, B 1, C 2, D 3, E 4, F 5)
    (A 0, B 1, C 2, D 3, E 4, F 5, G 6)
    (A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_what_lua_would_take_them_for() {
        assert_eq!(i64::from_value(Value::Float(3.0)), Ok(3));
        assert!(i64::from_value(Value::Float(3.5)).is_err());
        assert!(i64::from_value(Value::Float(9_223_372_036_854_775_808.0)).is_err());
        assert_eq!(i64::from_value(Value::Float(-9_223_372_036_854_775_808.0)), Ok(i64::MIN));
        assert_eq!(f64::from_value(Value::Integer(2)), Ok(2.0));
        let error = u8::from_value(Value::Integer(256)).unwrap_err();
        assert_eq!(error.to_string(), "expected an unsigned 8-bit integer, found 256, which does not fit");
    }

    #[test]
    fn what_is_wider_than_lua_s_integers_becomes_a_float() {
        assert_eq!(Value::from(u64::MAX), Value::Float(18_446_744_073_709_551_615.0));
        assert_eq!(Value::from(7usize), Value::Integer(7));
        assert!(u64::from_value(Value::Integer(-1)).is_err());
    }

    #[test]
    fn lists_and_maps() {
        let list = Value::from(vec![1i64, 2, 3]);
        assert_eq!(Vec::<i64>::try_from(list.clone()), Ok(vec![1, 2, 3]));
        let error = Vec::<String>::try_from(list).unwrap_err();
        assert_eq!(error.to_string(), "value 1: expected a string, found the integer 1");
        let map = BTreeMap::from([("a".to_owned(), Some(1.5)), ("b".to_owned(), None)]);
        let value = Value::from(map);
        assert_eq!(HashMap::<String, f64>::try_from(value), Ok([("a".to_owned(), 1.5)].into()));
        assert_eq!(char::from_value(Value::from('ß')), Ok('ß'));
        assert!(char::from_value(Value::from("ab")).is_err());
    }

    #[test]
    fn tuples_are_adjusted_as_in_lua() {
        let values = (1, "x", 2.5).into_values();
        assert_eq!(values.clone().to::<(i64, String)>(), Ok((1, "x".to_owned())));
        assert_eq!(values.clone().to::<(i64, String, f64, Option<bool>)>(), Ok((1, "x".to_owned(), 2.5, None)));
        let error = values.to::<(i64, i64)>().unwrap_err();
        assert_eq!(error.to_string(), "value 2: expected an integer, found string");
    }

    #[test]
    fn a_string_that_is_no_text_says_where() {
        let error = String::from_value(Value::from(&b"ab\xff"[..])).unwrap_err();
        assert_eq!(error, ConversionError::Utf8 { byte: 0xff, at: 2 });
    }
}
