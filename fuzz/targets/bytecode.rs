//! Any bytes as a chunk: the verifier gives an answer.

#![no_main]

use libfuzzer_sys::fuzz_target;
use moonwright_bytecode::{Version, verify};

fuzz_target!(|bytes: &[u8]| {
    let accepted = [Version::Lua54, Version::Lua55].map(|version| verify(version, bytes).is_ok());
    assert!(accepted != [true, true], "a chunk has one version");
});
