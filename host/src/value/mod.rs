//! Lua values in Rust.

mod convert;
#[cfg(feature = "serde")]
mod serde;
mod table;

#[cfg(feature = "serde")]
pub use self::serde::{Serde, from_value, to_value};
pub use convert::{ConversionError, FromValue, FromValues, IntoValue, IntoValues};
pub use table::Table;

use crate::handle::Handle;
use crate::host::HostValue;

/// A Lua value.
///
/// Tables come by value, in the order of `next`, or as a [`Handle`] (see [`crate::TableMode`]); functions, userdata and
/// threads always come as handles. Strings are bytes, as in Lua: no encoding is promised.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Value {
    /// `nil`
    #[default]
    Nil,
    /// A boolean
    Bool(bool),
    /// A number of subtype integer
    Integer(i64),
    /// A number of subtype float: `1.0` is not `1`
    Float(f64),
    /// A string
    String(Vec<u8>),
    /// A copy of a table
    Table(Table),
    /// A value that stays in Lua
    Handle(Handle),
    /// A value of the host
    Host(HostValue),
}

impl Value {
    /// What Lua's `type` calls it.
    pub fn type_name(&self) -> &'static str {
        match self {
            Self::Nil => "nil",
            Self::Bool(_) => "boolean",
            Self::Integer(_) | Self::Float(_) => "number",
            Self::String(_) => "string",
            Self::Table(_) => "table",
            Self::Handle(handle) => handle.kind().type_name(),
            Self::Host(host) => host.type_name(),
        }
    }

    /// The string's text, with what is no UTF-8 replaced; `None` for all but strings.
    pub fn text(&self) -> Option<std::borrow::Cow<'_, str>> {
        match self {
            Self::String(bytes) => Some(String::from_utf8_lossy(bytes)),
            _ => None,
        }
    }

    /// Whether it is `nil`.
    pub fn is_nil(&self) -> bool {
        matches!(self, Self::Nil)
    }
}

/// Several values: arguments or results.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Values(pub Vec<Value>);

impl Values {
    /// The values as `T`: one value, or a tuple of them. Missing ones are `nil`, as in Lua; surplus ones are dropped.
    ///
    /// # Errors
    /// Where a value is not what `T` wants.
    pub fn to<T: FromValues>(self) -> Result<T, ConversionError> {
        T::from_values(self)
    }

    /// The first value, `nil` if there is none.
    pub fn first(self) -> Value {
        self.0.into_iter().next().unwrap_or_default()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// One after the other.
    pub fn iter(&self) -> std::slice::Iter<'_, Value> {
        self.0.iter()
    }
}

impl std::ops::Index<usize> for Values {
    type Output = Value;

    fn index(&self, at: usize) -> &Value {
        static NIL: Value = Value::Nil;
        self.0.get(at).unwrap_or(&NIL)
    }
}

impl IntoIterator for Values {
    type Item = Value;
    type IntoIter = std::vec::IntoIter<Value>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<'a> IntoIterator for &'a Values {
    type Item = &'a Value;
    type IntoIter = std::slice::Iter<'a, Value>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}

impl FromIterator<Value> for Values {
    fn from_iter<I: IntoIterator<Item = Value>>(values: I) -> Self {
        Self(values.into_iter().collect())
    }
}
