//! `cargo xtask bench`: our modules beside wasmoon and native Lua, each run in a fresh process, taking turns.

mod engine;
mod figures;

use anyhow::{Result, bail};

use super::{Outcome, project_root};
use crate::cli::BenchArgs;
use crate::progress::{Progress, Terminal};
use engine::{Engines, Sample};
use figures::Figures;

/// The Lua programs of `bench/lua`, in the order of the table.
const PROGRAMS: [&str; 9] =
    ["startup", "fib", "loop", "nbody", "coroutine_switch", "pcall_error", "methods", "tables", "strings"];

/// Measures and prints; the figures are a report, not a check.
pub fn run(args: &BenchArgs) -> Result<Outcome> {
    let root = project_root()?;
    let chosen: Vec<&str> = PROGRAMS
        .into_iter()
        .filter(|program| args.names.is_empty() || args.names.iter().any(|name| program.contains(name.as_str())))
        .collect();
    if chosen.is_empty() {
        bail!("no benchmark has such a name; there are {}", PROGRAMS.join(", "));
    }
    let engines = Engines::prepare(&root, args.offline)?;

    let progress = Terminal::new();
    progress.stage("Measuring");
    progress.length(u64::from(args.runs) * (chosen.len() * engines.all().len()) as u64);
    let mut samples: Vec<(&str, usize, Sample)> = Vec::new();
    // Round by round, engine by engine: what disturbs the machine for a while disturbs them all alike.
    for _ in 0..args.runs {
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

    let figures = Figures::new(&chosen, &engines, &samples);
    if args.json {
        println!("{}", figures.to_json()?);
    } else {
        print!("{}", figures.to_text());
    }
    Ok(Outcome::Done)
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
