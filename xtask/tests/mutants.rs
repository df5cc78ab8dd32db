//! Damaged modules: every pass gives an error or a valid module, never a panic.
//!
//! The mutants come by a fixed seed from the golden fixtures, and from real modules that `cargo xtask test --only post` names, so that
//! a failure is the same on every machine; the message names the module and the mutant's number.

use std::cell::Cell;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::time::{Duration, Instant};

use commands::is_valid;
use xtask::contract;
use xtask::features::FeatureSet;
use xtask::inspect::inspect;
use xtask::interface::Interface;
use xtask::pass::exports::{self, ExportOptions};
use xtask::pass::optimise::{self, Goal, OptimiseOptions};
use xtask::pass::strip::{self, StripOptions};
use xtask::pass::unwind;
use xtask::pass::validate::{self, ValidateOptions};
use xtask::recipe::Unwind;
use xtask::section;

mod commands;

/// Mutants of each fixture. Most are invalid at once; about one in ten gets through to the passes proper.
const MUTANTS: u64 = 200;

/// Mutants of each fixture for the optimiser, which takes milliseconds for one that is valid.
const OPTIMISED_MUTANTS: u64 = 100;

/// Mutants that go through all that the commands for modules do.
const MUTATED_FILES: u64 = 5_000;

/// Mutants of real modules, all together, unless [`REAL_MUTANTS_VARIABLE`] says how many.
const REAL_MUTANTS: usize = 1_000;
const REAL_MUTANTS_VARIABLE: &str = "MOONWRIGHT_MODULE_MUTANTS";

/// The real modules' files, as PATH lists folders.
const REAL_MODULES: &str = "MOONWRIGHT_MODULES_TO_MUTATE";

/// Every so manieth valid mutant of a real module is optimised, which takes seconds.
const REAL_OPTIMISED: usize = 30;

/// Every so manieth is weighed as well.
const REAL_WEIGHED: usize = 25;

/// How long the commands may take for one, on a machine with other work to do.
const SLOWEST: Duration = Duration::from_secs(60);

/// How much memory the whole run may take: the optimiser's, for several tests at once, is the most of it.
const MOST_MEMORY: u64 = 1_000_000_000;

/// xorshift64*: small, and good enough to pick bytes.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit.max(1) as u64) as usize
    }
}

fn mutate(wasm: &[u8], random: &mut Random) -> Vec<u8> {
    let mut mutant = wasm.to_vec();
    for _ in 0..=random.below(3) {
        let place = place(&mutant, random);
        let end = place + random.below((mutant.len() - place).min(16));
        match random.below(8) {
            7 => mutant = shuffled(&mutant, random),
            0 => mutant.truncate(place),
            1 => drop(mutant.drain(place..end)),
            2 => {
                let copy = mutant[place..end].to_vec();
                let target = random.below(mutant.len());
                mutant.splice(target..target, copy);
            }
            3 => {
                if let Some(byte) = mutant.get_mut(place) {
                    *byte = [0x00, 0x01, 0x7f, 0x80, 0xff, 0x0b][random.below(6)];
                }
            }
            _ => {
                if let Some(byte) = mutant.get_mut(place) {
                    *byte ^= 1 << random.below(8);
                }
            }
        }
    }
    mutant
}

/// A place in the module: any, or one in a section that is as likely as each other. Of a large module nearly all is code.
fn place(wasm: &[u8], random: &mut Random) -> usize {
    let ranges = if random.below(2) == 0 { section::ranges(wasm).unwrap_or_default() } else { vec![] };
    let section = random.below(ranges.len());
    // What counts the entries comes first.
    let most = if random.below(2) == 0 { 8 } else { usize::MAX };
    match ranges.get(section) {
        Some((_, range)) => range.start + random.below(range.len().min(most)),
        None => random.below(wasm.len()),
    }
}

/// The module with two of its sections swapped.
fn shuffled(wasm: &[u8], random: &mut Random) -> Vec<u8> {
    let Ok(ranges) = section::ranges(wasm) else { return wasm.to_vec() };
    let mut parts: Vec<&[u8]> = ranges.into_iter().map(|(_, range)| &wasm[range]).collect();
    if parts.len() > 2 {
        // The first is the header.
        let (one, other) = (1 + random.below(parts.len() - 1), 1 + random.below(parts.len() - 1));
        parts.swap(one, other);
    }
    parts.concat()
}

/// Every golden fixture, by name.
fn fixtures() -> Vec<(String, Vec<u8>)> {
    commands::fixtures(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/wat"))
}

/// Runs `check` on so many mutants of every fixture; gives how many of them were valid modules.
fn for_each_mutant(count: u64, check: impl Fn(&[u8])) -> usize {
    let valid = Cell::new(0);
    for_each_mutant_of(&fixtures(), count, |mutant| {
        valid.set(valid.get() + usize::from(is_valid(mutant)));
        check(mutant);
    });
    valid.get()
}

/// Runs `check` on so many mutants of each module.
fn for_each_mutant_of(modules: &[(String, Vec<u8>)], count: u64, check: impl Fn(&[u8])) {
    for (name, wasm) in modules {
        for number in 0..count {
            let seed = 0x9e37_79b9_7f4a_7c15_u64.wrapping_mul(number + 1) ^ wasm.len() as u64;
            let mutant = mutate(wasm, &mut Random(seed));
            if catch_unwind(AssertUnwindSafe(|| check(&mutant))).is_err() {
                let bytes = if mutant.len() < 1_000 { format!(": {mutant:02x?}") } else { String::new() };
                panic!("mutant {number} of {name} makes a pass panic{bytes}");
            }
        }
    }
}

/// Runs every pass but the optimiser; what one gives for a valid module is valid.
fn run_passes(wasm: &[u8]) {
    let was_valid = is_valid(wasm);
    let check = |pass: &str, result: &[u8]| assert!(!was_valid || is_valid(result), "{pass} gave an invalid module");
    if let Ok(interface) = Interface::read(wasm) {
        let inspection = inspect(&interface, &contract::load("full").unwrap());
        assert!(!inspection.verdict().is_empty());
    }
    for keep_names in [false, true] {
        if let Ok(stripped) = strip::run(wasm, &StripOptions { keep_names, keep_unknown: keep_names }) {
            check("strip", &stripped.wasm);
        }
    }
    for name in ["init", "compute", "__stack_pointer", "__indirect_function_table", "f"] {
        let options = ExportOptions { add: vec![name.to_owned()], ..ExportOptions::default() };
        if let Ok(exported) = exports::run(wasm, &options) {
            check("exports", &exported.wasm);
        }
    }
    if let Ok(exported) = exports::run(wasm, &ExportOptions { only_named: true, ..ExportOptions::default() }) {
        check("exports", &exported.wasm);
    }
    for encoding in [Unwind::Legacy, Unwind::Standard, Unwind::Host] {
        if let Ok(unwound) = unwind::run(wasm, encoding, encoding == Unwind::Standard) {
            check("unwind", &unwound.wasm);
        }
    }
    let contracts = vec![contract::load("core").unwrap()];
    _ = validate::run(wasm, &ValidateOptions { features: FeatureSet::base(), contracts, other_exports: Some(vec![]) });
    _ = FeatureSet::detect(wasm);
}

#[test]
fn no_mutant_makes_a_pass_panic() {
    let valid = for_each_mutant(MUTANTS, run_passes);
    assert!(valid > 100, "only {valid} mutants were valid modules: the test does not reach the passes");
}

/// The most memory that this process ever had, in bytes, where the system tells.
fn peak_memory() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()? * 1024)
}

/// What came of mutants.
#[derive(Default)]
struct Counts {
    mutants: Cell<u64>,
    /// Of which `post` made a module.
    modules: Cell<u64>,
    slowest: Cell<Duration>,
}

impl Counts {
    fn run(&self, mutant: &[u8], goal: Option<Goal>, weigh: bool) {
        let begun = Instant::now();
        self.modules.set(self.modules.get() + u64::from(commands::run(mutant, goal, weigh)));
        self.mutants.set(self.mutants.get() + 1);
        self.slowest.set(self.slowest.get().max(begun.elapsed()));
    }

    /// Prints the counts, and holds time and memory to their limits.
    fn finish(&self, of: &str) {
        let (mutants, modules, slowest) = (self.mutants.get(), self.modules.get(), self.slowest.get());
        println!(
            "{mutants} mutants {of} through post, inspect-exports and size: {} errors, {modules} valid modules, no panic; the slowest took {} ms, \
             memory was {} MB at most",
            mutants - modules,
            slowest.as_millis(),
            peak_memory().unwrap_or(0) / 1_000_000
        );
        assert!(slowest < SLOWEST, "one mutant took {slowest:?}");
        assert!(peak_memory().is_none_or(|bytes| bytes < MOST_MEMORY), "{:?} bytes of memory", peak_memory());
    }
}

/// `cargo test -p xtask --test mutants -- --nocapture post` prints the counts.
#[test]
fn no_mutant_is_too_much_for_post_inspect_exports_and_size() {
    let count = MUTATED_FILES.div_ceil(fixtures().len() as u64);
    let counts = Counts::default();
    let valid = for_each_mutant(count, |mutant| counts.run(mutant, None, true));
    for_each_mutant(OPTIMISED_MUTANTS / 5, |mutant| {
        if is_valid(mutant) {
            counts.run(mutant, Some(Goal::Size), true);
        }
    });
    counts.finish("of the fixtures");
    assert!(counts.mutants.get() >= MUTATED_FILES && valid > 100, "{valid} mutants were valid modules");
}

#[test]
#[ignore = "wants modules that are built and fetched: `cargo xtask test --only post` runs it"]
fn no_mutant_of_a_real_module_is_too_much() {
    let paths = std::env::var_os(REAL_MODULES).unwrap_or_else(|| panic!("{REAL_MODULES} has to list the modules"));
    let modules: Vec<(String, Vec<u8>)> = std::env::split_paths(&paths)
        .map(|path| {
            (path.display().to_string(), fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display())))
        })
        .collect();
    let asked = std::env::var(REAL_MUTANTS_VARIABLE).ok();
    let mutants = asked.map_or(REAL_MUTANTS, |text| text.parse().unwrap_or_else(|_| panic!("{text} is no number")));
    let counts = Counts::default();
    let valid = Cell::new(0);
    for_each_mutant_of(&modules, mutants.div_ceil(modules.len()) as u64, |mutant| {
        let is_valid = is_valid(mutant);
        valid.set(valid.get() + usize::from(is_valid));
        let nth = |step: usize| is_valid && valid.get() % step == 1;
        counts.run(mutant, nth(REAL_OPTIMISED).then_some(Goal::Size), nth(REAL_WEIGHED));
    });
    counts.finish(&format!("of {} real modules", modules.len()));
    assert!(valid.get() * 20 > mutants, "only {} of {mutants} mutants were valid modules", valid.get());
}

#[test]
fn no_mutant_makes_the_optimiser_fail_badly() {
    let mut valid = 0;
    valid += for_each_mutant(OPTIMISED_MUTANTS, |mutant| {
        // As a foreign module would go through: with the features that it uses.
        let Ok(features) = FeatureSet::detect(mutant) else { return };
        for goal in [Goal::Size, Goal::Speed] {
            let options = OptimiseOptions {
                goal,
                features: features.clone(),
                keep_names: true,
                low_memory_unused: true,
                tables_are_closed: true,
                wasm_opt: None,
                translate_to_standard: false,
            };
            if let Err(error) = optimise::run(mutant, &options) {
                assert!(!matches!(error, optimise::OptimiseError::Invalid { .. }), "{error}");
            }
        }
    });
    assert!(valid > 50, "only {valid} mutants were valid modules: the test does not reach Binaryen");
}
