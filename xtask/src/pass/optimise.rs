//! Runs Binaryen's optimiser, wasm-opt: the crate, or a program given by its path.
//!
//! The linker's output is what single C files compile to; wasm-opt sees the whole module, knows its shape on the wire, and
//! takes 8 % off. It is told which features it may use, never "all": it would otherwise put instructions into the
//! module that its hosts refuse. It may not assume that traps never happen: overrunning the C stack must trap.
//!
//! What is run was chosen by measurement, on Lua 5.4.9 with all libraries. Optimising for size gives the fastest code too:
//! of a module compiled with -O2, six benchmarks took 0.92 of the time of wasm-opt's -O2 in V8's baseline compiler and
//! 0.93 in its optimising one, at 271,040 B instead of 276,476; -O3 and -O4 came out at 0.95 to 1.0. Untangling the
//! control flow first (flatten, rereloop) made that 0.90 and 0.92, at 268,946 B.

use std::path::{Path, PathBuf};
use std::process::Command;

use thiserror::Error;
use wasm_opt::{OptimizationOptions, Pass};
use wasmparser::{ElementItems, ElementKind, Operator, Parser, Payload, TypeRef};

use super::debug_validate;
use crate::features::{BASE, Feature, FeatureSet};
use crate::interface::ReadError;

/// What to optimise for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Goal {
    /// Fewest bytes.
    Size,
    /// Fastest code.
    Speed,
}

/// How to optimise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OptimiseOptions {
    /// What for.
    pub goal: Goal,
    /// What the module may use.
    pub features: FeatureSet,
    /// Keep the names of functions.
    pub keep_names: bool,
    /// The module never reads or writes the first 1024 bytes of its memory but by overrunning its C stack, as one linked
    /// with `--stack-first` does. Additions then fold into the offsets of loads and stores, which saves 0.3 %.
    pub low_memory_unused: bool,
    /// The host puts no functions into the module's tables. Binaryen's analysis of values then knows all that a `call_indirect`
    /// can reach; it does so whether or not a table is exported, and cuts off calls of what a host puts there.
    pub tables_are_closed: bool,
    /// A wasm-opt program to run in place of the crate.
    pub wasm_opt: Option<PathBuf>,
    /// Afterwards translate legacy exceptions to the standard encoding. Only a program can, of version 118 or newer.
    pub translate_to_standard: bool,
}

impl OptimiseOptions {
    /// The features that the result may use.
    pub fn features_after(&self) -> FeatureSet {
        if self.translate_to_standard { self.features.clone().translated_to_standard() } else { self.features.clone() }
    }
}

/// The oldest wasm-opt program that is known to give what the crate gives; the crate's own version.
const OLDEST_VERSION: u32 = 116;

/// Why the module could not be optimised.
#[derive(Debug, Error)]
pub enum OptimiseError {
    /// It is not valid under the features that it may use.
    #[error("{error}\nallowed features: {features}")]
    Invalid {
        /// What is wrong first.
        error: ReadError,
        /// The features.
        features: FeatureSet,
    },
    /// It can't be taken apart.
    #[error(transparent)]
    Unreadable(ReadError),
    /// Binaryen can't read modules that use this feature.
    #[error("the built-in Binaryen {OLDEST_VERSION} cannot read modules with the feature {}; a newer wasm-opt can (--wasm-opt PATH)", .0.name())]
    Feature(Feature),
    /// The crate can't translate.
    #[error(
        "the built-in Binaryen {OLDEST_VERSION} cannot translate exceptions; a newer wasm-opt can (--wasm-opt PATH)"
    )]
    Translate,
    /// An element segment lies outside its table, so no host can instantiate the module.
    #[error("element segment {segment} (entries {start} to {end}) lies outside its table of {entries} entries")]
    Segment {
        /// Its index.
        segment: usize,
        /// Where it starts in the table.
        start: u64,
        /// Where it ends.
        end: u64,
        /// The size of the table at the start.
        entries: u64,
    },
    /// The crate failed.
    #[error("wasm-opt failed")]
    Binaryen(#[from] wasm_opt::OptimizationError),
    /// The temporary folder for its input and output failed: the crate and the program know files only.
    #[error("cannot use a temporary folder for wasm-opt")]
    Temporary(#[source] std::io::Error),
    /// The program can't be started.
    #[error("cannot run {path}; --wasm-opt takes the path of Binaryen's program wasm-opt")]
    Start {
        /// The program.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// The program is not wasm-opt, or too old.
    #[error("{path}: expected wasm-opt version {OLDEST_VERSION} or newer, found {found}")]
    Version {
        /// The program.
        path: PathBuf,
        /// What it says to `--version`.
        found: String,
    },
    /// The program failed.
    #[error("{path} failed ({status}): {message}")]
    Program {
        /// The program.
        path: PathBuf,
        /// How it ended.
        status: std::process::ExitStatus,
        /// What it printed.
        message: String,
    },
    /// What came out is not valid under the features: a defect of wasm-opt.
    #[error("wasm-opt made an invalid module: {0}")]
    Output(ReadError),
}

/// Optimises `wasm`. The same input gives the same bytes.
///
/// # Errors
/// When `wasm` is not valid under the features, or the optimiser fails.
pub fn run(wasm: &[u8], options: &OptimiseOptions) -> Result<Vec<u8>, OptimiseError> {
    Ok(run_with_map(wasm, None, options)?.wasm)
}

/// An optimised module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Optimised {
    /// The module.
    pub wasm: Vec<u8>,
    /// Its source map, if the input had one.
    pub map: Option<Vec<u8>>,
}

/// Optimises `wasm` together with its source map. Some passes leave alone what is of different places, which costs 0.3 %.
///
/// # Errors
/// As for [`run`].
pub fn run_with_map(wasm: &[u8], map: Option<&[u8]>, options: &OptimiseOptions) -> Result<Optimised, OptimiseError> {
    // Binaryen trusts its input: what is invalid must not reach it.
    let invalid = |error| OptimiseError::Invalid { error, features: options.features.clone() };
    options.features.validate(wasm).map_err(invalid)?;
    check_segments(wasm)?;
    let folder = tempfile::tempdir().map_err(OptimiseError::Temporary)?;
    let files = |name: &str| Files {
        wasm: folder.path().join(format!("{name}.wasm")),
        map: map.map(|_| folder.path().join(format!("{name}.wasm.map"))),
    };
    let (input, output) = (files("in"), files("out"));
    std::fs::write(&input.wasm, wasm).map_err(OptimiseError::Temporary)?;
    if let (Some(path), Some(map)) = (&input.map, map) {
        std::fs::write(path, map).map_err(OptimiseError::Temporary)?;
    }
    match &options.wasm_opt {
        None => run_crate(&input, &output, options)?,
        Some(program) => run_program(program, &input, &output, options)?,
    }
    let optimised = std::fs::read(&output.wasm).map_err(OptimiseError::Temporary)?;
    options.features_after().validate(&optimised).map_err(OptimiseError::Output)?;
    debug_validate("optimise", &optimised);
    let map = output.map.map(std::fs::read).transpose().map_err(OptimiseError::Temporary)?;
    Ok(Optimised { wasm: optimised, map })
}

/// A module on disk, with its source map where there is one: Binaryen knows files only.
struct Files {
    wasm: PathBuf,
    map: Option<PathBuf>,
}

/// Binaryen lays the function table out in memory, at whatever offset a segment names: one that lies outside its table can
/// cost all of the memory there is, and with it the process.
fn check_segments(wasm: &[u8]) -> Result<(), OptimiseError> {
    let unreadable = |error: wasmparser::BinaryReaderError| OptimiseError::Unreadable(error.into());
    let mut tables: Vec<u64> = vec![];
    for payload in Parser::new(0).parse_all(wasm) {
        match payload.map_err(unreadable)? {
            Payload::ImportSection(section) => {
                for import in section.into_imports() {
                    if let TypeRef::Table(table) = import.map_err(unreadable)?.ty {
                        tables.push(table.initial);
                    }
                }
            }
            Payload::TableSection(section) => {
                for table in section {
                    tables.push(table.map_err(unreadable)?.ty.initial);
                }
            }
            Payload::ElementSection(section) => {
                for (segment, element) in section.into_iter().enumerate() {
                    let element = element.map_err(unreadable)?;
                    let ElementKind::Active { table_index, offset_expr } = element.kind else { continue };
                    let start = match offset_expr.get_operators_reader().read().map_err(unreadable)? {
                        Operator::I32Const { value } => u64::from(value as u32),
                        Operator::I64Const { value } => value as u64,
                        _ => continue,
                    };
                    let count = match element.items {
                        ElementItems::Functions(items) => items.count(),
                        ElementItems::Expressions(_, items) => items.count(),
                    };
                    let end = start.saturating_add(count.into());
                    let entries = tables.get(table_index.unwrap_or(0) as usize).copied().unwrap_or(0);
                    if end > entries {
                        return Err(OptimiseError::Segment { segment, start, end, entries });
                    }
                }
            }
            _ => {}
        }
    }
    Ok(())
}

/// One run of wasm-opt over the module.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Round {
    /// Takes the control flow apart and puts it together anew: the compiler's is shaped by the source.
    Restructure,
    /// The default passes at `-Oz`.
    Shrink,
    /// The same, then what follows from which values can reach a place, and what that makes possible.
    ShrinkByValues,
    /// Legacy exceptions become standard ones.
    Translate,
}

/// The rounds, in order. For size, a second time over gives another 0.2 %.
fn rounds(options: &OptimiseOptions) -> Vec<Round> {
    use Round::{Restructure, Shrink, ShrinkByValues};
    let mut rounds = match options.goal {
        Goal::Size if options.tables_are_closed => vec![Restructure, Shrink, Restructure, ShrinkByValues, Shrink],
        Goal::Size => vec![Restructure, Shrink, Restructure, Shrink],
        Goal::Speed => vec![Restructure, Shrink, Shrink],
    };
    if options.translate_to_standard {
        rounds.push(Round::Translate);
    }
    // Flattening ends the process on instructions that it does not know, all of them of later proposals.
    let known = options.features.iter().all(|feature| BASE.contains(&feature));
    rounds.into_iter().filter(|round| known || *round != Restructure).collect()
}

/// The nodes that a function may have to be inlined wherever it is called, for speed.
const INLINED: u32 = 8;

/// The same where it has one caller only. Engines compile a function when it is first called, so what is rare is better off on its own:
/// without the limit start-up in node compiles 5 % more. (For size there is none: each function costs bytes.)
const INLINED_ONCE: u32 = 30;

fn run_crate(input: &Files, output: &Files, options: &OptimiseOptions) -> Result<(), OptimiseError> {
    if options.translate_to_standard {
        return Err(OptimiseError::Translate);
    }
    let features = options.features.to_binaryen().map_err(OptimiseError::Feature)?;
    let mut from = input;
    for round in rounds(options) {
        let mut binaryen = OptimizationOptions::new_optimize_for_size_aggressively();
        binaryen.mvp_features_only().debug_info(options.keep_names).low_memory_unused(options.low_memory_unused);
        features.iter().for_each(|feature| _ = binaryen.enable_feature(*feature));
        if options.goal == Goal::Speed {
            binaryen.always_inline_max_size(INLINED).one_caller_inline_max_size(INLINED_ONCE);
        }
        match round {
            Round::Restructure => {
                _ = binaryen.add_default_passes(false).add_pass(Pass::Flatten).add_pass(Pass::Rereloop)
            }
            Round::Shrink | Round::Translate => {}
            Round::ShrinkByValues => _ = binaryen.add_pass(Pass::GufaOptimizing),
        }
        binaryen.run_with_sourcemaps(&from.wasm, from.map.as_ref(), &output.wasm, output.map.as_ref(), None::<&str>)?;
        from = output;
    }
    Ok(())
}

fn run_program(program: &Path, input: &Files, output: &Files, options: &OptimiseOptions) -> Result<(), OptimiseError> {
    check_version(program)?;
    let mut from = input;
    for round in rounds(options) {
        let flags: &[&str] = match round {
            // The levels without a leading -O: they tell the passes what for, and add none.
            Round::Restructure => &["--flatten", "--rereloop", "--optimize-level=2", "--shrink-level=2"],
            Round::Shrink => &["-Oz"],
            Round::ShrinkByValues => &["-Oz", "--gufa-optimizing"],
            Round::Translate => &["--translate-to-exnref"],
        };
        let features = if round == Round::Translate { options.features_after() } else { options.features.clone() };
        let features = features.to_binaryen_flags();
        let mut command = Command::new(program);
        command.arg(&from.wasm).arg("-o").arg(&output.wasm).args(&features).args(flags);
        if let (Some(from), Some(to)) = (&from.map, &output.map) {
            command.arg("--input-source-map").arg(from).arg("--output-source-map").arg(to);
        }
        if options.low_memory_unused {
            command.arg("--low-memory-unused");
        }
        if options.keep_names {
            command.arg("--debuginfo");
        }
        if options.goal == Goal::Speed {
            command.arg(format!("--always-inline-max-function-size={INLINED}"));
            command.arg(format!("--one-caller-inline-max-function-size={INLINED_ONCE}"));
        }
        let result = command.output().map_err(|source| OptimiseError::Start { path: program.into(), source })?;
        if !result.status.success() {
            let message = String::from_utf8_lossy(&result.stderr).trim().to_owned();
            return Err(OptimiseError::Program { path: program.into(), status: result.status, message });
        }
        from = output;
    }
    Ok(())
}

fn check_version(program: &Path) -> Result<(), OptimiseError> {
    let start = |source| OptimiseError::Start { path: program.into(), source };
    let result = Command::new(program).arg("--version").output().map_err(start)?;
    let said = String::from_utf8_lossy(&result.stdout).trim().to_owned();
    match parse_version(&said) {
        Some(version) if version >= OLDEST_VERSION => Ok(()),
        _ => {
            let found = if said.is_empty() { "no version".to_owned() } else { format!("{said:?}") };
            Err(OptimiseError::Version { path: program.into(), found })
        }
    }
}

/// The number in `wasm-opt version 116 (version_116)`.
fn parse_version(said: &str) -> Option<u32> {
    let rest = said.strip_prefix("wasm-opt version ")?;
    let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    rest[..digits].parse().ok()
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    fn options(wasm_opt: Option<PathBuf>) -> OptimiseOptions {
        let (goal, features) = (Goal::Size, FeatureSet::base());
        OptimiseOptions {
            goal,
            features,
            keep_names: false,
            low_memory_unused: true,
            tables_are_closed: true,
            wasm_opt,
            translate_to_standard: false,
        }
    }

    /// A module and a folder with an executable script that stands in for wasm-opt.
    fn with_program(script: &str) -> (Vec<u8>, tempfile::TempDir, PathBuf) {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let program = folder.path().join("wasm-opt");
        std::fs::write(&program, format!("#!/bin/sh\n{script}\n")).unwrap();
        std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
        (wat::parse_str("(module (func (export \"f\")))").unwrap(), folder, program)
    }

    #[test]
    fn versions_are_read() {
        assert_eq!(parse_version("wasm-opt version 116 (version_116)"), Some(116));
        assert_eq!(parse_version("wasm-opt version 132"), Some(132));
        assert_eq!(parse_version("clang version 19"), None);
    }

    #[test]
    fn a_program_gets_the_exact_features() {
        // Copies its input, and its arguments to a file.
        let script = "[ $1 = --version ] && { echo wasm-opt version 120; exit; }; echo \"$@\" >> \"$(dirname $0)/args\"; cp $1 $3.new; mv $3.new $3";
        let (wasm, folder, program) = with_program(script);
        assert_eq!(run(&wasm, &options(Some(program))).unwrap(), wasm);
        let arguments = std::fs::read_to_string(folder.path().join("args")).unwrap();
        assert_eq!(arguments.lines().count(), 5);
        for line in arguments.lines() {
            let features = "--mvp-features --enable-mutable-globals --enable-sign-ext --enable-nontrapping-float-to-int --enable-bulk-memory";
            assert!(line.contains(features), "{line}");
            assert!(!line.contains("--all-features") && !line.contains("traps-never-happen"), "{line}");
        }
    }

    #[test]
    fn what_is_no_wasm_opt_is_refused() {
        let error = |script| {
            let (wasm, _folder, program) = with_program(script);
            run(&wasm, &options(Some(program))).unwrap_err().to_string()
        };
        assert!(
            error("echo wasm-opt version 90")
                .ends_with("expected wasm-opt version 116 or newer, found \"wasm-opt version 90\"")
        );
        assert!(error("true").ends_with("expected wasm-opt version 116 or newer, found no version"));
        let failure = error("[ $1 = --version ] && { echo wasm-opt version 120; exit; }; echo bad luck >&2; exit 3");
        assert!(failure.contains("bad luck") && failure.contains('3'), "{failure}");
        let missing = run(b"\0asm\x01\0\0\0", &options(Some("/nowhere/wasm-opt".into()))).unwrap_err().to_string();
        assert!(missing.starts_with("cannot run /nowhere/wasm-opt"), "{missing}");
    }

    #[test]
    fn a_segment_outside_its_table_is_refused() {
        let wasm = wat::parse_str("(module (table 1 funcref) (elem (i32.const -8) func $f) (func $f))").unwrap();
        let error = run(&wasm, &options(None)).unwrap_err().to_string();
        assert_eq!(error, "element segment 0 (entries 4294967288 to 4294967289) lies outside its table of 1 entries");
    }
}
