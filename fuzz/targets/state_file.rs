//! Any bytes as a state file: an error, or a state that is the same after being written and read.

#![no_main]

use libfuzzer_sys::fuzz_target;
use moonwright_store::StateFile;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(state) = StateFile::parse(bytes) {
        assert_eq!(StateFile::parse(&state.to_bytes()).expect("its own file"), state);
    }
});
