//! The contract of ABI.md, sentence by sentence, against every module.

mod basics;
mod bytecode;
mod edges;
mod errors;
mod limits;
mod records;
mod support;
mod unwind;

use anyhow::Result;
use libtest_mimic::Arguments;
use moonwright_tests::case::trials;

fn main() -> Result<()> {
    let arguments = Arguments::from_args();
    let mut all = Vec::new();
    all.extend(trials("basics", &basics::CASES));
    all.extend(trials("bytecode", &bytecode::CASES));
    all.extend(trials("records", &records::CASES));
    all.extend(trials("errors", &errors::CASES));
    all.extend(trials("limits", &limits::CASES));
    all.extend(trials("edges", &edges::CASES));
    all.extend(trials("unwind", &unwind::CASES));
    libtest_mimic::run(&arguments, all).exit()
}
