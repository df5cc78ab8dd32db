//! Any bytes as an image of a stored table: `deserialize_table` refuses it, or it is read and touched without harm.

#![no_main]

use libfuzzer_sys::fuzz_target;
use moonwright_tests::fuzz;

fuzz_target!(|bytes: &[u8]| fuzz::image(fuzz::module(), bytes));
