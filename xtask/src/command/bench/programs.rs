//! `cargo xtask bench programs`: our modules beside wasmoon and native Lua, each run in a fresh process, taking turns.

use anyhow::{Result, bail};

use super::engine::{Engines, Sample};
use super::figures::Figures;
use super::machine::Machine;
use crate::cli::BenchArgs;
use crate::progress::{Progress, Terminal};

/// The Lua programs of `bench/lua`, in the order of the table.
const PROGRAMS: [&str; 25] = [
    "startup",
    "fib",
    "loop",
    "loop_integer",
    "loop_float",
    "nbody",
    "spectral_norm",
    "matrix",
    "sort",
    "sort_comparator",
    "string_build",
    "patterns",
    "format",
    "strings",
    "closures",
    "methods",
    "coroutine_switch",
    "generators",
    "pcall",
    "pcall_error",
    "table_insert",
    "tables",
    "garbage_short",
    "garbage_long",
    "memory",
];

/// Measures the programs that `args` names.
///
/// # Errors
/// Where something cannot be built or run, or engines come to different results.
pub fn measure(machine: &Machine, args: &BenchArgs) -> Result<Figures> {
    let chosen: Vec<&str> = PROGRAMS
        .into_iter()
        .filter(|program| args.only.is_empty() || args.only.iter().any(|name| program.contains(name.as_str())))
        .collect();
    if chosen.is_empty() {
        bail!("no benchmark has such a name; there are {}", PROGRAMS.join(", "));
    }
    let root = &machine.root;
    let engines = Engines::prepare(root, machine.offline)?;

    let runs = args.runs.unwrap_or(if machine.quick { 1 } else { 5 });
    let progress = Terminal::new();
    progress.stage("Measuring");
    progress.length(u64::from(runs) * (chosen.len() * engines.all().len()) as u64);
    let mut samples: Vec<(&str, usize, Sample)> = Vec::new();
    // Round by round, engine by engine: what disturbs the machine for a while disturbs them all alike.
    for _ in 0..runs {
        for program in &chosen {
            for (number, engine) in engines.all().iter().enumerate() {
                samples.push((program, number, engine.run(&root.join("bench/lua").join(format!("{program}.lua")))?));
                progress.advance(1);
            }
        }
    }
    progress.finish();
    for program in &chosen {
        same_results(program, &samples)?;
    }
    Ok(Figures::new(&chosen, &engines, &samples))
}

/// A benchmark counts only where every engine did the same work.
fn same_results(program: &str, samples: &[(&str, usize, Sample)]) -> Result<()> {
    let mut results = samples.iter().filter(|(name, ..)| *name == program).map(|(.., sample)| &sample.result);
    if let Some(first) = results.next()
        && let Some(other) = results.find(|result| *result != first)
    {
        bail!("{program}: the engines disagree: {first:?} and {other:?}");
    }
    Ok(())
}
