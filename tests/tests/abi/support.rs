//! Helpers that the groups share.

use anyhow::{Result, ensure};
use moonwright_tests::{Host, Value};

/// Fails with both values where they differ.
pub fn same<T: PartialEq + std::fmt::Debug>(what: &str, found: &T, expected: &T) -> Result<()> {
    ensure!(found == expected, "{what}: expected {expected:?}, found {found:?}");
    Ok(())
}

/// Fails unless `text` contains `part`.
pub fn contains(what: &str, text: &str, part: &str) -> Result<()> {
    ensure!(text.contains(part), "{what}: expected {part:?} somewhere in {text:?}");
    Ok(())
}

/// The one value that a chunk returns.
pub fn value(host: &mut Host, chunk: &str) -> Result<Value> {
    let mut record = host.run(chunk)?;
    ensure!(record.values.len() == 1, "expected one value, found {:?}", record.values);
    Ok(record.values.remove(0))
}

/// The one integer that a chunk returns.
pub fn integer(host: &mut Host, chunk: &str) -> Result<i64> {
    match value(host, chunk)? {
        Value::Integer(integer) => Ok(integer),
        other => anyhow::bail!("expected an integer from {chunk:?}, found {other:?}"),
    }
}

/// The one string that a chunk returns.
pub fn text(host: &mut Host, chunk: &str) -> Result<String> {
    match value(host, chunk)? {
        Value::String(bytes) => Ok(String::from_utf8_lossy(&bytes).into_owned()),
        other => anyhow::bail!("expected a string from {chunk:?}, found {other:?}"),
    }
}
