//! Runs Binaryen's optimiser, wasm-opt: the crate, or a program given by its path.
//!
//! The linker's output is what single C files compile to; wasm-opt sees the whole module, knows its shape on the wire, and
//! takes a tenth off. It is told which features it may use, never "all": it would otherwise put instructions into the
//! module that its hosts refuse. It may not assume that traps never happen: overrunning the C stack must trap.

use std::path::{Path, PathBuf};
use std::process::Command;

use thiserror::Error;
use wasm_opt::OptimizationOptions;

use super::debug_validate;
use crate::features::{Feature, FeatureSet};
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
    /// A wasm-opt program to run in place of the crate.
    pub wasm_opt: Option<PathBuf>,
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
    /// Binaryen can't read modules that use this feature.
    #[error("Binaryen cannot read modules with the feature {}; leave the optimiser out", .0.name())]
    Feature(Feature),
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
    // Binaryen trusts its input: what is invalid must not reach it.
    let invalid = |error| OptimiseError::Invalid { error, features: options.features.clone() };
    options.features.validate(wasm).map_err(invalid)?;
    let folder = tempfile::tempdir().map_err(OptimiseError::Temporary)?;
    let (input, output) = (folder.path().join("in.wasm"), folder.path().join("out.wasm"));
    std::fs::write(&input, wasm).map_err(OptimiseError::Temporary)?;
    match &options.wasm_opt {
        None => run_crate(&input, &output, options)?,
        Some(program) => run_program(program, &input, &output, options)?,
    }
    let optimised = std::fs::read(&output).map_err(OptimiseError::Temporary)?;
    options.features.validate(&optimised).map_err(OptimiseError::Output)?;
    debug_validate("optimise", &optimised);
    Ok(optimised)
}

fn run_crate(input: &Path, output: &Path, options: &OptimiseOptions) -> Result<(), OptimiseError> {
    let mut binaryen = match options.goal {
        Goal::Size => OptimizationOptions::new_optimize_for_size_aggressively(),
        Goal::Speed => OptimizationOptions::new_opt_level_4(),
    };
    binaryen.mvp_features_only().debug_info(options.keep_names);
    for feature in options.features.to_binaryen().map_err(OptimiseError::Feature)? {
        binaryen.enable_feature(feature);
    }
    Ok(binaryen.run(input, output)?)
}

fn run_program(program: &Path, input: &Path, output: &Path, options: &OptimiseOptions) -> Result<(), OptimiseError> {
    check_version(program)?;
    let flags = options.features.to_binaryen_flags().map_err(OptimiseError::Feature)?;
    let mut command = Command::new(program);
    command.arg(input).arg("-o").arg(output).args(flags).args(level_flags(options.goal));
    if options.keep_names {
        command.arg("--debuginfo");
    }
    let result = command.output().map_err(|source| OptimiseError::Start { path: program.into(), source })?;
    if result.status.success() {
        return Ok(());
    }
    let message = String::from_utf8_lossy(&result.stderr).trim().to_owned();
    Err(OptimiseError::Program { path: program.into(), status: result.status, message })
}

/// The program's flags for what the crate's options say in [`run_crate`].
fn level_flags(goal: Goal) -> &'static [&'static str] {
    match goal {
        Goal::Size => &["-Oz"],
        Goal::Speed => &["-O4"],
    }
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
