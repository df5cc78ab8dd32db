//! Which mutants a run is to take.

use std::ops::Range;

use anyhow::{Context, Result, ensure};

/// The environment variable that says so: how many, from 0 on, or a range of numbers (`20000..30000`), so that a long run can be
/// made in pieces.
const VARIABLE: &str = "MOONWRIGHT_MUTANTS";

/// The numbers that were asked for; the first `otherwise` ones where nothing was.
///
/// # Errors
/// Where the environment variable `MOONWRIGHT_MUTANTS` is neither a number nor a range that holds any.
pub fn asked(otherwise: u64) -> Result<Range<u64>> {
    match std::env::var(VARIABLE) {
        Ok(text) => read(&text),
        Err(_) => Ok(0..otherwise),
    }
}

fn read(text: &str) -> Result<Range<u64>> {
    let number = |part: &str| {
        part.parse()
            .with_context(|| format!("expected a number, or a range as 20000..30000, in {VARIABLE}, found {text}"))
    };
    let range = match text.split_once("..") {
        Some((from, to)) => number(from)?..number(to)?,
        None => 0..number(text)?,
    };
    ensure!(!range.is_empty(), "{VARIABLE} asks for no mutant: {text}");
    Ok(range)
}

/// A range in so many parts, none of them empty, of about the same length.
pub fn split(range: &Range<u64>, parts: u64) -> Vec<Range<u64>> {
    let count = range.end - range.start;
    let parts = parts.min(count);
    let at = |part: u64| range.start + count * part / parts;
    (0..parts).map(|part| at(part)..at(part + 1)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_count_or_a_range_is_read_and_anything_else_is_an_error() {
        assert_eq!(read("300").unwrap(), 0..300);
        assert_eq!(read("20000..30000").unwrap(), 20_000..30_000);
        for bad in ["", "0", "9..9", "9..3", "..5", "5..", "x", "1...2", "-1"] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn the_parts_of_a_range_are_the_range() {
        for (range, parts) in [(0..400, 4), (7..10, 4), (5..6, 4), (100..203, 4)] {
            let found = split(&range, parts);
            assert_eq!(found.iter().cloned().flatten().collect::<Vec<_>>(), range.collect::<Vec<_>>());
            assert!(found.len() <= 4 && found.iter().all(|part| !part.is_empty()));
        }
    }
}
