//! `cargo xtask bench programs`: our modules beside wasmoon, fengari and native Lua, on node, Chromium and wasmtime, each program
//! in a fresh process or page, taking turns.

use anyhow::{Result, bail};

use super::engine::{Engine, Engines, Mode, Sample};
use super::figures::Figures;
use super::machine::{Host, Machine};
use crate::cli::BenchArgs;
use crate::progress::{Progress, Terminal};

/// A program of `bench/lua`.
#[derive(Clone, Copy, Debug)]
pub struct Program {
    /// Its file's name.
    pub name: &'static str,
    /// How it is driven.
    pub mode: Mode,
}

/// The benchmark whose cold run is the start-up: everything until the first chunk has run.
pub const STARTUP: &str = "startup";
/// The one that does more work in our modules than elsewhere, where `Memory` is a table as any other.
pub const MEMORY: &str = "memory";

/// The programs, in the order of the tables.
pub const PROGRAMS: [Program; 28] = [
    run(STARTUP),
    run("fib"),
    run("loop"),
    run("loop_integer"),
    run("loop_float"),
    run("nbody"),
    run("spectral_norm"),
    run("matrix"),
    run("sort"),
    run("sort_comparator"),
    run("string_build"),
    run("patterns"),
    run("format"),
    run("strings"),
    run("closures"),
    run("methods"),
    run("coroutine_switch"),
    run("generators"),
    run("pcall"),
    run("pcall_error"),
    run("pcall_error_million"),
    run("table_insert"),
    run("tables"),
    run("garbage_short"),
    run("garbage_long"),
    run(MEMORY),
    Program { name: "lua_calls_host", mode: Mode::LuaCallsHost },
    Program { name: "host_calls_lua", mode: Mode::HostCallsLua },
];

const fn run(name: &'static str) -> Program {
    Program { name, mode: Mode::Run }
}

/// What a program came to in an engine.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The program.
    pub program: Program,
    /// The engine.
    pub engine: &'static str,
    /// Its host.
    pub host: Host,
    /// One for each process or page.
    pub samples: Vec<Sample>,
    /// Why there are no more of them.
    pub skipped: Option<String>,
}

/// Measures the programs that `args` names.
///
/// # Errors
/// Where something cannot be built or run, or engines come to different results.
pub fn measure(machine: &Machine, args: &BenchArgs) -> Result<Figures> {
    let chosen: Vec<Program> = PROGRAMS
        .into_iter()
        .filter(|program| args.only.is_empty() || args.only.iter().any(|name| program.name.contains(name.as_str())))
        .collect();
    if chosen.is_empty() {
        bail!("no benchmark has such a name; there are {}", PROGRAMS.map(|program| program.name).join(", "));
    }
    let mut engines = Engines::prepare(machine)?;
    let mut outcomes: Vec<Outcome> = Vec::new();
    for &program in &chosen {
        outcomes.extend(engines.all().iter().map(|engine: &Engine| Outcome {
            program,
            engine: engine.name,
            host: engine.host,
            samples: Vec::new(),
            skipped: None,
        }));
    }
    let rounds = args.runs.unwrap_or(if machine.quick { 1 } else { 5 });
    let progress = Terminal::new();
    progress.stage("Measuring");
    progress.length(u64::from(rounds) * outcomes.len() as u64);
    // Round by round, engine by engine: what disturbs the machine for a while disturbs them all alike.
    for round in 0..rounds {
        for number in 0..outcomes.len() {
            let at = number % engines.all().len();
            let slow = engines.all()[at].is_slow();
            if outcomes[number].skipped.is_none() && !(slow && round > 0) {
                let late_before = slow.then(|| skipped_before(&outcomes, number)).flatten();
                let outcome = &mut outcomes[number];
                match late_before {
                    Some(why) => outcome.skipped = Some(why),
                    None => match engines.run(at, outcome.program.name, outcome.program.mode)? {
                        Some(sample) => outcome.samples.push(sample),
                        None => {
                            outcome.skipped = Some(format!("takes more than {} s", engines.all()[at].limit().as_secs()))
                        }
                    },
                }
            }
            progress.advance(1);
        }
    }
    progress.finish();
    for program in &chosen {
        same_results(program.name, &mut outcomes)?;
    }
    Ok(Figures::new(engines.descriptions.clone(), rounds, outcomes))
}

/// Why the same engine was skipped on another host: it would take its time in vain again.
fn skipped_before(outcomes: &[Outcome], number: usize) -> Option<String> {
    let this = &outcomes[number];
    let same = |one: &&Outcome| one.program.name == this.program.name && one.engine == this.engine;
    let before = outcomes.iter().filter(same).find(|one| one.skipped.is_some())?;
    Some(format!("not tried: it {} on {}", before.skipped.as_deref().unwrap_or_default(), before.host))
}

/// A benchmark counts only where every engine did the same work. Who has other numbers than Lua 5.4 has (fengari's integers
/// have 32 bits) is left out where that shows.
fn same_results(program: &str, outcomes: &mut [Outcome]) -> Result<()> {
    let mut expected: Option<String> = None;
    for outcome in outcomes.iter_mut().filter(|outcome| outcome.program.name == program) {
        for sample in &outcome.samples {
            let expected = expected.get_or_insert_with(|| sample.result.clone());
            if sample.result == *expected {
                continue;
            }
            if outcome.engine != super::engine::FENGARI {
                let (engine, host) = (outcome.engine, outcome.host);
                bail!("{program}: expected the result {expected:?}, found {:?} in {engine} on {host}", sample.result);
            }
            outcome.skipped = Some("comes to another result".to_owned());
            break;
        }
        if outcome.skipped.is_some() {
            outcome.samples.clear();
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(engine: &'static str, result: &str) -> Outcome {
        let samples = vec![Sample { startup: 1.0, runs: vec![1.0], result: result.to_owned() }];
        Outcome { program: PROGRAMS[1], engine, host: Host::Node, samples, skipped: None }
    }

    #[test]
    fn engines_that_disagree_are_an_error_and_fengari_is_left_out() {
        let mut agree = [outcome("native", "1"), outcome("speed", "1"), outcome("fengari", "2")];
        same_results("fib", &mut agree).unwrap();
        assert!(agree[1].skipped.is_none() && agree[1].samples.len() == 1);
        assert_eq!(agree[2].skipped.as_deref(), Some("comes to another result"));
        assert!(agree[2].samples.is_empty());
        let error = same_results("fib", &mut [outcome("native", "1"), outcome("speed", "2")]).unwrap_err();
        assert_eq!(error.to_string(), "fib: expected the result \"1\", found \"2\" in speed on node");
    }

    #[test]
    fn what_was_skipped_on_one_host_is_not_tried_on_the_next() {
        let mut all = [outcome("fengari", "1"), outcome("speed", "1"), outcome("fengari", "1")];
        assert_eq!(skipped_before(&all, 2), None);
        all[0].skipped = Some("takes more than 5 s".to_owned());
        assert_eq!(skipped_before(&all, 2).as_deref(), Some("not tried: it takes more than 5 s on node"));
        assert_eq!(skipped_before(&all, 1), None);
    }
}
