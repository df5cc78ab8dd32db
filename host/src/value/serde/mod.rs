//! Rust types from and to Lua values by way of serde.

mod de;
mod impls;
mod ser;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{ConversionError, FromValue, Value};

/// The Lua value of anything that serde can serialise.
///
/// Structs and maps are tables, sequences and tuples are tables with the keys 1, 2, 3 …, `None` and `()` are nil (so such a
/// field is no entry; of type `()` it needs `#[serde(default)]`), an enum's variant is its name or a table with the name as its only key.
///
/// ```
/// #[derive(serde::Serialize, serde::Deserialize, Debug, PartialEq)]
/// struct Point { x: f64, y: f64, tags: Vec<String> }
///
/// let point = Point { x: 1.0, y: 2.5, tags: vec!["a".into()] };
/// let value = moonwright::to_value(&point)?;
/// assert_eq!(moonwright::from_value::<Point>(value)?, point);
/// # Ok::<(), moonwright::ConversionError>(())
/// ```
///
/// # Errors
/// Where an integer does not fit into 64 bits, a sequence has nil in it, a map has nil or not-a-number as a key, or the type's
/// own `Serialize` fails. The message names the place.
pub fn to_value<T: Serialize + ?Sized>(from: &T) -> Result<Value, ConversionError> {
    from.serialize(ser::ToValue)
}

/// What serde can make of a Lua value, the other way round.
///
/// Where the type does not say what it wants (`serde_json::Value`, say), a table with the keys 1 to n is a sequence, and any
/// other, also an empty one, a map.
///
/// # Errors
/// Where the value is not what `T` wants, or holds what is no data: functions, userdata and whatever else came as a handle.
/// The message names the place.
pub fn from_value<T: DeserializeOwned>(from: Value) -> Result<T, ConversionError> {
    T::deserialize(de::FromLua(from))
}

/// A type of serde's where a Lua value is wanted: as an argument of a host function, or in [`crate::Lua::eval`].
///
/// ```
/// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/common/example.rs"));
/// # use moonwright::{Lua, Serde};
/// #[derive(serde::Serialize, serde::Deserialize)]
/// struct User { name: String, age: u8 }
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let _folder = in_a_folder();
/// let mut lua = Lua::builder()
///     .module("lua.wasm")
///     .function("older", |Serde(mut user): Serde<User>| { user.age += 1; Ok(moonwright::to_value(&user)?) })
///     .build()?;
/// let Serde(user) = lua.eval::<Serde<User>>("return older{name = 'Ada', age = 36}")?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Serde<T>(pub T);

impl<T: DeserializeOwned> FromValue for Serde<T> {
    fn from_value(value: Value) -> Result<Self, ConversionError> {
        from_value(value).map(Self)
    }
}

impl serde::ser::Error for ConversionError {
    fn custom<T: std::fmt::Display>(message: T) -> Self {
        Self::Other(message.to_string())
    }
}

impl serde::de::Error for ConversionError {
    fn custom<T: std::fmt::Display>(message: T) -> Self {
        Self::Other(message.to_string())
    }
}

/// How a key stands in a path: `.name`, `[1]`.
fn step(key: &Value) -> String {
    match key {
        Value::String(_) => {
            let text = key.text().unwrap_or_default();
            let name = text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
            if name { format!(".{text}") } else { format!("[{text:?}]") }
        }
        Value::Integer(n) => format!("[{n}]"),
        Value::Float(n) => format!("[{n}]"),
        Value::Bool(b) => format!("[{b}]"),
        other => format!("[{}]", other.type_name()),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde::{Deserialize, Serialize};

    use super::super::Table;
    use super::*;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    enum Shape {
        Unit,
        Newtype(i64),
        Pair(u8, String),
        Fields { a: Option<f32>, b: char },
    }

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct All {
        flag: bool,
        small: i8,
        large: u64,
        float: f64,
        text: String,
        none: Option<i64>,
        some: Option<i64>,
        #[serde(default)]
        unit: (),
        list: Vec<Shape>,
        map: BTreeMap<i64, (bool, f64)>,
        nested: Box<Option<All>>,
    }

    fn all(nested: Option<All>) -> All {
        All {
            flag: true,
            small: -7,
            large: i64::MAX as u64,
            float: 1.0,
            text: "ä\0".to_owned(),
            none: None,
            some: Some(3),
            unit: (),
            list: vec![
                Shape::Unit,
                Shape::Newtype(-1),
                Shape::Pair(2, "x".to_owned()),
                Shape::Fields { a: None, b: 'ß' },
                Shape::Fields { a: Some(0.5), b: 'b' },
            ],
            map: [(5, (false, 0.5)), (-1, (true, f64::INFINITY))].into(),
            nested: Box::new(nested),
        }
    }

    #[test]
    fn what_goes_in_comes_out() {
        let before = all(Some(all(None)));
        let value = to_value(&before).unwrap();
        let Value::Table(table) = &value else { panic!("{value:?}") };
        assert_eq!(table.get("float"), Some(&Value::Float(1.0)), "a float stays a float");
        assert_eq!(table.get("none"), None);
        assert_eq!(from_value::<All>(value).unwrap(), before);
    }

    #[test]
    fn json_comes_back_as_it_was() {
        let json: serde_json::Value =
            serde_json::from_str(r#"{"a": [1, 2.5, {"b": "c", "d": [true]}], "empty": {}}"#).unwrap();
        let value = to_value(&json).unwrap();
        assert_eq!(from_value::<serde_json::Value>(value.clone()).unwrap(), json);
        assert_eq!(serde_json::to_value(&value).unwrap(), json, "a Value serialises by itself");
        assert_eq!(serde_json::from_value::<Value>(json).unwrap(), value, "and deserialises");
    }

    #[test]
    fn what_lua_cannot_hold_is_refused_with_its_place() {
        let message = |error: ConversionError| error.to_string();
        assert_eq!(
            to_value(&[("k", u64::MAX)]).map_err(message),
            Err("[1][2]: expected a 64-bit integer, found 18446744073709551615, which does not fit".to_owned())
        );
        let holes = BTreeMap::from([("list", vec![Some(1), None])]);
        assert_eq!(
            to_value(&holes).map_err(message),
            Err(".list[2]: expected a value, found nil, which a sequence cannot hold".to_owned())
        );
        assert!(to_value(&BTreeMap::from([(None::<i64>, 1)])).is_err());
    }

    #[test]
    fn what_is_wanted_and_found_is_said_with_its_place() {
        let user = Value::Table([("list", Table::sequence([Value::from(1), Value::from("x")]))].into_iter().collect());
        let error = from_value::<BTreeMap<String, Vec<u8>>>(user).unwrap_err();
        assert_eq!(error.to_string(), ".list[2]: invalid type: string \"x\", expected u8");
        let holes = Value::Table([(1, 1), (3, 3)].into_iter().collect());
        let error = from_value::<Vec<u8>>(holes).unwrap_err();
        assert_eq!(error.to_string(), "expected a sequence, found a table with other keys than 1 to 2");
        let error = from_value::<Shape>(Value::from("Circle")).unwrap_err();
        assert!(error.to_string().contains("unknown variant `Circle`"), "{error}");
        assert_eq!(from_value::<u8>(Value::Float(7.0)), Ok(7), "as Lua takes it");
        assert!(from_value::<u8>(Value::Float(7.5)).is_err());
        assert_eq!(from_value::<f32>(Value::Integer(2)), Ok(2.0));
        assert_eq!(from_value::<Vec<u8>>(Value::Table(Table::new())), Ok(vec![]));
    }

    #[test]
    fn strings_that_are_no_text_are_bytes() {
        #[derive(Debug, PartialEq)]
        struct Raw(Vec<u8>);
        impl<'de> Deserialize<'de> for Raw {
            fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                struct Visitor;
                impl serde::de::Visitor<'_> for Visitor {
                    type Value = Raw;
                    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        f.write_str("bytes")
                    }
                    fn visit_bytes<E>(self, bytes: &[u8]) -> Result<Raw, E> {
                        Ok(Raw(bytes.to_vec()))
                    }
                }
                from.deserialize_byte_buf(Visitor)
            }
        }
        let value = Value::from(&b"a\xff"[..]);
        assert_eq!(from_value::<Raw>(value.clone()), Ok(Raw(b"a\xff".to_vec())));
        assert_eq!(from_value::<Value>(value.clone()), Ok(value.clone()));
        assert_eq!(to_value(&value), Ok(value.clone()));
        assert!(from_value::<String>(value).is_err());
    }
}
