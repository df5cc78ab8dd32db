//! Gives functions names that say which they were, so that what the optimiser makes of them can be traced back.
//!
//! ```wat
//! (func $luaV_execute ...) (func $error ...) (func $error ...)
//! (func $0 ...) (func $1 ...) (func $2 ...)
//! ```
//!
//! Names of C functions are not unique, and the optimiser makes its own for those that lack one, by their indices. With the
//! indices as names it does what it does without any, and keeps them with the functions while it drops, merges and sorts these.

use std::collections::BTreeMap;

use wasm_encoder::{NameMap, NameSection};

use super::{debug_validate, for_each_section};
use crate::interface::{Interface, ReadError};

/// Names every function of `wasm` by its index; a name section that is there goes.
///
/// # Errors
/// When `wasm` is no valid module.
pub fn number(wasm: &[u8]) -> Result<Vec<u8>, ReadError> {
    let count = Interface::read(wasm)?.function_count;
    let names = (0..count).map(|index| (index, index.to_string())).collect();
    rename(wasm, &names)
}

/// Gives the functions of `wasm` these names, by index, and no other names to anything; without any the name section goes.
///
/// # Errors
/// When `wasm` can't be split into sections.
pub fn rename(wasm: &[u8], names: &BTreeMap<u32, String>) -> Result<Vec<u8>, ReadError> {
    let mut result = wasm[..wasm.len().min(wasm_encoder::Module::HEADER.len())].to_vec();
    for_each_section(wasm, |section| {
        if section.custom != Some("name") {
            result.extend_from_slice(&wasm[section.start..section.end]);
        }
    })?;
    if !names.is_empty() {
        let mut map = NameMap::new();
        names.iter().for_each(|(index, name)| map.append(*index, name));
        let mut section = NameSection::new();
        section.functions(&map);
        let mut module = wasm_encoder::Module::new();
        module.section(&section);
        result.extend_from_slice(&module.finish()[wasm_encoder::Module::HEADER.len()..]);
    }
    debug_validate("names", &result);
    Ok(result)
}

/// The index that a function had when [`number`] named it; the optimiser adds to names where it makes several functions of one.
pub fn index(name: &str) -> Option<u32> {
    let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
    let leading = digits(name);
    if leading > 0 {
        return name[..leading].parse().ok();
    }
    let last = name.rsplit('$').next()?;
    last[..digits(last)].parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_function_is_named_by_its_index() {
        let wasm =
            wat::parse_str("(module (import \"m\" \"f\" (func $f)) (func $same) (func (@name \"same\")))").unwrap();
        let numbered = number(&wasm).unwrap();
        let names: Vec<String> = Interface::read(&numbered).unwrap().functions.into_iter().map(|f| f.name).collect();
        assert_eq!(names, ["0", "1", "2"]);
        let none = rename(&numbered, &BTreeMap::new()).unwrap();
        assert!(Interface::read(&none).unwrap().functions.is_empty());
    }

    #[test]
    fn indices_are_found_in_what_the_optimiser_makes_of_names() {
        assert_eq!(index("17"), Some(17));
        assert_eq!(index("17_2"), Some(17));
        assert_eq!(index("byn$fgfold$17"), Some(17));
        assert_eq!(index("luaV_execute"), None);
    }
}
