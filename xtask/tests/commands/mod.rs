//! What the commands for modules do with a file, for tests with damaged ones and for the fuzzer.

use std::fs;
use std::path::Path;

use wasmparser::{Validator, WasmFeatures};
use xtask::attribution::{self, OwnNames};
use xtask::contract;
use xtask::inspect::inspect;
use xtask::interface::Interface;
use xtask::pass::optimise::Goal;
use xtask::post::{self, PostError, PostOptions};
use xtask::section;
use xtask::size_report::{By, SizeReport};

/// Every golden fixture in a folder of folders, by name.
pub fn fixtures(root: &Path) -> Vec<(String, Vec<u8>)> {
    let mut paths: Vec<_> = fs::read_dir(root)
        .unwrap()
        .flat_map(|folder| fs::read_dir(folder.unwrap().path()).unwrap())
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|e| e == "wat") && !path.to_string_lossy().ends_with(".out.wat"))
        .collect();
    paths.sort();
    assert!(paths.len() > 10);
    paths
        .iter()
        .map(|path| (path.strip_prefix(root).unwrap().display().to_string(), wat::parse_file(path).unwrap()))
        .collect()
}

/// Whether it is a module at all.
pub fn is_valid(wasm: &[u8]) -> bool {
    Validator::new_with_features(WasmFeatures::all()).validate_all(wasm).is_ok()
}

/// What the commands `post`, `inspect-exports` and `size` do with a file; whether `post` gave a module. Weighing one of 200 kB takes
/// a second, and its code can be any bytes, so that of most real modules' mutants it is left out (`weigh`).
pub fn run(wasm: &[u8], goal: Option<Goal>, weigh: bool) -> bool {
    let options = PostOptions { goal, ..PostOptions::default() };
    let posted = if weigh {
        post::run(wasm, &options).map(|posted| (posted.wasm, posted.items))
    } else {
        post::process(wasm, &options).map(|processed| (processed.wasm, processed.items))
    };
    let posted = match posted {
        Ok((posted, items)) => {
            assert!(is_valid(&posted), "post gave an invalid module");
            assert_eq!(items.iter().map(|item| item.bytes).sum::<u64>(), posted.len() as u64);
            true
        }
        Err(PostError::Broken(what)) => panic!("post broke the module: {what}"),
        Err(error) => {
            assert!(!error.to_string().is_empty());
            false
        }
    };
    if let Ok(interface) = Interface::read(wasm) {
        _ = inspect(&interface, &contract::load("bridge").unwrap());
    }
    if !weigh {
        _ = section::ranges(wasm);
        _ = OwnNames::read(wasm).and_then(|names| attribution::attribute(wasm, &names));
    } else if let Ok(report) = SizeReport::of(wasm) {
        let sum = |by| report.rows(by).iter().map(|row| row.bytes).sum::<u64>();
        assert_eq!(sum(By::Section), wasm.len() as u64);
        // Only of valid modules is it known what the bytes are.
        assert!(report.items.is_empty() || sum(By::Function) == wasm.len() as u64);
    }
    posted
}
