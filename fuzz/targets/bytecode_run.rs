//! Any bytes as a chunk in a built module: verdict and message are the crate's, and what is accepted runs without a trap.

#![no_main]

use libfuzzer_sys::fuzz_target;
use moonwright_tests::fuzz;

fuzz_target!(|bytes: &[u8]| fuzz::bytecode(fuzz::module(), bytes));
