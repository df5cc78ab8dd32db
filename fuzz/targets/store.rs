//! Any bytes as a store, or as one stored value: reading it gives values or errors, and other keys stay as they are.

#![no_main]

use libfuzzer_sys::fuzz_target;
use moonwright_tests::fuzz;

fuzz_target!(|bytes: &[u8]| fuzz::store(fuzz::module(), bytes));
