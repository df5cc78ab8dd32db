//! `cargo xtask bench startup`: where the milliseconds of a start go, step by step, each measurement in a process of its own; what a state
//! in the module (`--preload`) saves of them; and what wasmoon takes in the same run. On this machine's node and on the one that
//! `tests/node` pins.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

use super::machine::Machine;
use super::sheet::{Sheet, Target};
use super::spread::Spread;
use crate::command::npm;
use crate::recipe::{Profile, Recipe, Unwind};
use crate::report::number::bytes;

/// The command to type where npm packages are missing.
const RETRY: &str = "cargo xtask bench startup";

/// The most milliseconds that a start may take.
const MOST: f64 = 4.0;

/// The most that it may take of wasmoon's.
const MOST_OF_WASMOON: f64 = 0.25;

/// The steps of a start, in their order, as the host's program names them.
const STEPS: [&str; 5] = ["read", "compile", "instantiate", "init", "first chunk"];

/// Those of wasmoon's, which does all but the last in one.
const STEPS_OF_WASMOON: [&str; 2] = ["start", "first chunk"];

/// The rows: what a row is, and the steps whose sum it shows.
const ROWS: [(&str, &[&str]); 10] = [
    ("read the file", &["read"]),
    ("compile", &["compile"]),
    ("- validate, in a process of its own", &["validate"]),
    ("- compile the same imports without any code", &["compile, bare"]),
    ("instantiate", &["instantiate"]),
    ("init", &["init"]),
    ("- once compiled", &["run init"]),
    ("the first chunk", &["first chunk"]),
    ("- once compiled", &["run first chunk"]),
    ("all of it", &STEPS),
];

/// Milliseconds of steps, one for each process.
type Times = BTreeMap<String, Vec<f64>>;

/// What one node measured, as the host's program prints it.
#[derive(Debug, Deserialize)]
struct Printed {
    node: String,
    wasmoon: Times,
    modules: BTreeMap<String, Measured>,
}

/// What one module measured.
#[derive(Debug, Serialize, Deserialize)]
struct Measured {
    steps: Times,
    compiled: Compiled,
}

/// What the engine's baseline compiler compiled for `init` and the first chunk.
#[derive(Debug, Serialize, Deserialize)]
struct Compiled {
    functions: u32,
    bytes: u32,
}

/// The sum of some steps over the processes.
fn sum(times: &Times, steps: &[&str]) -> Result<Spread> {
    let mut sums: Vec<f64> = Vec::new();
    for step in steps {
        let times = times.get(*step).with_context(|| format!("expected the step {step}, found none"))?;
        sums.resize(times.len(), 0.0);
        sums.iter_mut().zip(times).for_each(|(sum, time)| *sum += time);
    }
    Spread::over(sums).with_context(|| format!("{}: no measurements", steps.join(", ")))
}

/// A module in the table.
#[derive(Debug, Serialize)]
struct Column {
    name: String,
    bytes: usize,
    measured: Measured,
}

/// A node, and what was measured on it.
#[derive(Debug, Serialize)]
struct Host {
    /// Its version.
    node: String,
    /// The encoding of the modules.
    unwind: Unwind,
    columns: Vec<Column>,
    wasmoon: Times,
}

/// A start held against its targets: medians, milliseconds.
#[derive(Clone, Debug, Serialize)]
struct Verdict {
    module: String,
    node: String,
    found: f64,
    pass: bool,
    wasmoon: f64,
    ratio: f64,
    ratio_pass: bool,
}

/// All results.
#[derive(Debug, Serialize)]
pub struct Startup {
    hosts: Vec<Host>,
    verdicts: Vec<Verdict>,
    #[serde(skip)]
    sheets: Vec<Sheet>,
}

impl Startup {
    /// Builds the modules and measures them, and wasmoon, in turns: in node, and in the pinned node where there is one for this platform.
    ///
    /// # Errors
    /// Where something cannot be built, installed or run.
    pub fn measure(machine: &Machine) -> Result<Startup> {
        let processes = if machine.quick { 5 } else { 20 };
        // The oldest node that the package runs in has the legacy encoding only; the pinned one runs what is to come.
        let mut nodes = vec![(PathBuf::from("node"), Unwind::Legacy)];
        nodes.extend(npm::pinned_node(&machine.root, machine.offline, RETRY)?.map(|node| (node, Unwind::Standard)));
        let packages = npm::install(&machine.root, "bench", machine.offline, RETRY)?.join("node_modules");
        let mut hosts = Vec::new();
        for (node, unwind) in nodes {
            hosts.push(Host::measure(machine, &node, unwind, &packages, processes)?);
        }
        let verdicts = hosts.iter().map(Host::verdicts).collect::<Result<Vec<_>>>()?.concat();
        let mut sheets = hosts.iter().map(|host| host.sheet(processes)).collect::<Result<Vec<_>>>()?;
        sheets.push(targets(processes, &verdicts));
        Ok(Startup { hosts, verdicts, sheets })
    }

    /// The tables.
    pub fn sheets(&self) -> Vec<Sheet> {
        self.sheets.clone()
    }
}

impl Host {
    fn measure(machine: &Machine, node: &Path, unwind: Unwind, packages: &Path, processes: u32) -> Result<Host> {
        let mut command = machine.node_at(node, "startup.mjs");
        command.arg(processes.to_string()).arg(packages);
        let mut modules = Vec::new();
        for profile in [Profile::Speed, Profile::Size] {
            for preload in [false, true] {
                let name = format!("{profile}{}", if preload { ", preload" } else { "" });
                let recipe = Recipe { profile, preload, unwind, ..Recipe::default() };
                let module = machine.module(&format!("startup-{unwind}-{}", name.replace(", ", "-")), &recipe)?;
                command.arg(format!("{name}={}", module.path.display()));
                modules.push((name, module.bytes));
            }
        }
        let Printed { node, wasmoon, modules: mut all } = machine.run(command, "the start of the modules")?;
        let column = |(name, bytes): (String, usize)| {
            let measured = all.remove(&name).with_context(|| format!("expected the module {name}, found none"))?;
            Ok(Column { name, bytes, measured })
        };
        let columns = modules.into_iter().map(column).collect::<Result<Vec<_>>>()?;
        Ok(Host { node: node.trim_start_matches('v').to_owned(), unwind, columns, wasmoon })
    }

    fn verdicts(&self) -> Result<Vec<Verdict>> {
        let wasmoon = sum(&self.wasmoon, &STEPS_OF_WASMOON).context("wasmoon")?.median;
        let verdict = |column: &Column| {
            let found = sum(&column.measured.steps, &STEPS).with_context(|| column.name.clone())?.median;
            Ok(Verdict {
                module: column.name.clone(),
                node: self.node.clone(),
                found,
                pass: Target::most(MOST, 2).met(found),
                wasmoon,
                ratio: found / wasmoon,
                ratio_pass: Target::most(MOST_OF_WASMOON, 2).met(found / wasmoon),
            })
        };
        self.columns.iter().map(verdict).collect()
    }

    fn sheet(&self, processes: u32) -> Result<Sheet> {
        let header = [vec!["step"], self.columns.iter().map(|column| column.name.as_str()).collect()].concat();
        let Host { node, unwind, .. } = self;
        let title =
            format!("Start-up in node {node}, {unwind} exceptions, milliseconds (the least of {processes} processes)");
        let mut sheet = Sheet::new(title, &header);
        let mut row = |what: &str, cell: &dyn Fn(&Column) -> Result<String>| {
            let cells = self.columns.iter().map(|column| cell(column).with_context(|| column.name.clone()));
            sheet.rows.push([Ok(what.to_owned())].into_iter().chain(cells).collect::<Result<_>>()?);
            anyhow::Ok(())
        };
        for (what, steps) in ROWS {
            row(what, &|column| Ok(format!("{:.2}", sum(&column.measured.steps, steps)?.least)))?;
        }
        row("functions compiled by the end of the first chunk", &|column| {
            Ok(column.measured.compiled.functions.to_string())
        })?;
        row("bytes of them", &|column| Ok(bytes(column.measured.compiled.bytes.into())))?;
        row("bytes of the module", &|column| Ok(bytes(column.bytes as u64)))?;
        Ok(sheet)
    }
}

fn targets(processes: u32, verdicts: &[Verdict]) -> Sheet {
    let title =
        format!("All of a start against wasmoon's in the same run, milliseconds (medians of {processes} processes)");
    let header = ["module", "node", "found", "target", "", "wasmoon", "found/wasmoon", "target", ""];
    let mut sheet = Sheet::new(title, &header);
    for verdict in verdicts {
        let mut row = vec![verdict.module.clone(), verdict.node.clone(), format!("{:.2}", verdict.found)];
        row.extend(Target::most(MOST, 2).cells(verdict.found));
        row.extend([format!("{:.2}", verdict.wasmoon), format!("{:.2}", verdict.ratio)]);
        row.extend(Target::most(MOST_OF_WASMOON, 2).cells(verdict.ratio));
        sheet.rows.push(row);
    }
    sheet
}

#[cfg(test)]
mod tests {
    use super::*;

    fn host(steps: &str) -> Host {
        let text = format!(r#"{{"steps": {{{steps}}}, "compiled": {{"functions": 3, "bytes": 1200}}}}"#);
        let measured = serde_json::from_str(&text).unwrap();
        let wasmoon = serde_json::from_str(r#"{"start": [20.0, 18.0], "first chunk": [2.0, 2.0]}"#).unwrap();
        let columns = vec![Column { name: "speed".to_owned(), bytes: 267_000, measured }];
        Host { node: "20.1.0".to_owned(), unwind: Unwind::Legacy, columns, wasmoon }
    }

    fn all_steps(read: &str) -> String {
        let step = |step: &&str| format!(r#""{step}": {}"#, if *step == "read" { read } else { "[2.0, 0.5]" });
        ROWS.iter().flat_map(|(_, steps)| steps.iter()).map(step).collect::<Vec<_>>().join(",")
    }

    #[test]
    fn steps_are_summed_process_by_process() {
        let sheet = host(&all_steps("[1.0, 9.0]")).sheet(2).unwrap();
        assert_eq!(sheet.header, ["step", "speed"]);
        assert_eq!(sheet.rows[0], ["read the file", "1.00"]);
        // 1 + 4 * 2 in one process, 9 + 4 * 0.5 in the other.
        assert_eq!(sheet.rows[9], ["all of it", "9.00"]);
        assert_eq!(sheet.rows[11], ["bytes of them", "1,200"]);
        assert_eq!(sheet.rows[12], ["bytes of the module", "267,000"]);
    }

    #[test]
    fn medians_are_held_against_wasmoon_and_the_clock() {
        // 8 and 2 ms, beside 22 and 20 of wasmoon's.
        let verdicts = host(&all_steps("[0.0, 0.0]")).verdicts().unwrap();
        let sheet = targets(2, &verdicts);
        let expected =
            ["speed", "20.1.0", "5.00", "≤ 4.00", "MISS", "21.00", "0.24", "≤ 0.25", "pass"].map(str::to_owned);
        assert_eq!(sheet.rows, [expected.to_vec()]);
        assert!(!verdicts[0].pass && verdicts[0].ratio_pass);
    }

    #[test]
    fn a_missing_step_is_an_error_that_names_it() {
        let error = host(r#""read": [1.0]"#).sheet(1).unwrap_err();
        assert_eq!(format!("{error:#}"), "speed: expected the step compile, found none");
    }
}
