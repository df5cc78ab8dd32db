//! Tables by value.

use std::sync::Arc;

use super::{ConversionError, FromValue, IntoValue, Value};

/// A copy of a Lua table: its entries in the order of `next`. Clones share the entries until one of them is changed.
///
/// Looking up the keys 1, 2, 3 … of a sequence is fast, other keys are searched for one by one.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Table(Arc<Vec<(Value, Value)>>);

impl Table {
    /// An empty table.
    pub fn new() -> Self {
        Self::default()
    }

    /// A table with the keys 1, 2, 3 …
    pub fn sequence<V: IntoValue>(values: impl IntoIterator<Item = V>) -> Self {
        (1i64..).zip(values).collect()
    }

    /// The value under `key`, `None` if there is none.
    pub fn get(&self, key: impl IntoValue) -> Option<&Value> {
        let key = key.into_value();
        self.position(&key).map(|at| &self.0[at].1)
    }

    /// Puts `value` under `key`, in the place of what was there, or at the end. A `nil` removes the entry.
    pub fn set(&mut self, key: impl IntoValue, value: impl IntoValue) {
        let (key, value) = (key.into_value(), value.into_value());
        let at = self.position(&key);
        let entries = Arc::make_mut(&mut self.0);
        match (at, value) {
            (Some(at), Value::Nil) => {
                entries.remove(at);
            }
            (Some(at), value) => entries[at].1 = value,
            (None, Value::Nil) => {}
            (None, value) => entries.push((key, value)),
        }
    }

    /// The entries.
    pub fn entries(&self) -> &[(Value, Value)] {
        &self.0
    }

    /// How many entries there are (which is not Lua's `#`).
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The values under 1 to n, if these are all the keys that there are.
    pub fn as_sequence(&self) -> Option<Vec<&Value>> {
        let mut values = vec![None; self.0.len()];
        for (key, value) in self.0.iter() {
            let Value::Integer(key) = key else { return None };
            *values.get_mut(usize::try_from(key.checked_sub(1)?).ok()?)? = Some(value);
        }
        values.into_iter().collect()
    }

    /// The values under 1 to n as `T`.
    ///
    /// # Errors
    /// Where there are other keys, or a value is not what `T` wants.
    pub fn to_vec<T: FromValue>(&self) -> Result<Vec<T>, ConversionError> {
        let values = self.as_sequence().ok_or_else(|| ConversionError::Type {
            expected: "a sequence",
            found: format!("a table with other keys than 1 to {}", self.len()),
        })?;
        let values = values.into_iter().cloned().enumerate();
        values
            .map(|(at, value)| {
                T::from_value(value).map_err(|error| ConversionError::Value { number: at + 1, error: Box::new(error) })
            })
            .collect()
    }

    pub(crate) fn from_entries(entries: Vec<(Value, Value)>) -> Self {
        Self(Arc::new(entries))
    }

    /// The same for all clones of one table, so that a record can hold it once.
    pub(crate) fn identity(&self) -> usize {
        Arc::as_ptr(&self.0) as usize
    }

    fn position(&self, key: &Value) -> Option<usize> {
        if let Value::Integer(n) = key
            && let Some(at) = n.checked_sub(1).and_then(|at| usize::try_from(at).ok())
            && self.0.get(at).is_some_and(|(there, _)| there == key)
        {
            return Some(at);
        }
        self.0.iter().position(|(there, _)| there == key)
    }
}

impl<K: IntoValue, V: IntoValue> FromIterator<(K, V)> for Table {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(entries: I) -> Self {
        let entries = entries.into_iter().map(|(key, value)| (key.into_value(), value.into_value()));
        Self::from_entries(entries.filter(|(_, value)| !value.is_nil()).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_changed_clone_leaves_the_other_alone() {
        let mut a = Table::sequence([10, 20, 30]);
        let b = a.clone();
        a.set(2, Value::Nil);
        a.set("x", "y");
        assert_eq!(b.as_sequence().map(|values| values.len()), Some(3));
        assert_eq!(a.as_sequence(), None);
        assert_eq!(a.get(3), Some(&Value::Integer(30)));
        assert_eq!(a.get("x"), Some(&Value::from("y")));
        assert_eq!(a.get(2), None);
    }
}
