//! `cargo xtask bench startup`: where the milliseconds of a start go in node, step by step, each measurement in a process of its own, and what
//! a state in the module (`--preload`) saves of them.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

use super::machine::Machine;
use super::sheet::Sheet;
use super::spread::Spread;
use crate::recipe::{Profile, Recipe};
use crate::report::number::bytes;

/// The steps of a start, in their order, as the host's program names them.
const STEPS: [&str; 5] = ["read", "compile", "instantiate", "init", "first chunk"];

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

/// What one module measured, as the host's program prints it.
#[derive(Debug, Serialize, Deserialize)]
struct Measured {
    /// Milliseconds of each step, one for each process.
    steps: BTreeMap<String, Vec<f64>>,
    compiled: Compiled,
}

/// What the engine's baseline compiler compiled for `init` and the first chunk.
#[derive(Debug, Serialize, Deserialize)]
struct Compiled {
    functions: u32,
    bytes: u32,
}

impl Measured {
    /// The sum of some steps over the processes.
    fn sum(&self, steps: &[&str]) -> Result<Spread> {
        let mut sums: Vec<f64> = Vec::new();
        for step in steps {
            let times = self.steps.get(*step).with_context(|| format!("expected the step {step}, found none"))?;
            sums.resize(times.len(), 0.0);
            sums.iter_mut().zip(times).for_each(|(sum, time)| *sum += time);
        }
        Spread::over(sums).with_context(|| format!("{}: no measurements", steps.join(", ")))
    }
}

/// A module in the table.
#[derive(Debug, Serialize)]
struct Column {
    name: String,
    bytes: usize,
    measured: Measured,
}

/// All results.
#[derive(Debug, Serialize)]
pub struct Startup {
    columns: Vec<Column>,
    #[serde(skip)]
    sheet: Sheet,
}

impl Startup {
    /// Builds the modules and measures them in node, in turns.
    ///
    /// # Errors
    /// Where something cannot be built or run.
    pub fn measure(machine: &Machine) -> Result<Startup> {
        let processes = if machine.quick { 5 } else { 20 };
        let mut command = machine.node("startup.mjs");
        command.arg(processes.to_string());
        let mut modules = Vec::new();
        for profile in [Profile::Speed, Profile::Size] {
            for preload in [false, true] {
                let name = format!("{profile}{}", if preload { ", preload" } else { "" });
                let recipe = Recipe { profile, preload, ..Recipe::default() };
                let module = machine.module(&format!("startup-{}", name.replace(", ", "-")), &recipe)?;
                command.arg(format!("{name}={}", module.path.display()));
                modules.push((name, module.bytes));
            }
        }
        let mut all: BTreeMap<String, Measured> = machine.run(command, "the start of the modules")?;
        let column = |(name, bytes): (String, usize)| {
            let measured = all.remove(&name).with_context(|| format!("expected the module {name}, found none"))?;
            Ok(Column { name, bytes, measured })
        };
        let columns = modules.into_iter().map(column).collect::<Result<Vec<_>>>()?;
        Ok(Startup { sheet: table(processes, &columns)?, columns })
    }

    /// The table.
    pub fn sheets(&self) -> Vec<Sheet> {
        vec![self.sheet.clone()]
    }
}

fn table(processes: u32, columns: &[Column]) -> Result<Sheet> {
    let header = [vec!["step"], columns.iter().map(|column| column.name.as_str()).collect()].concat();
    let title = format!("Start-up in node, milliseconds (the least of {processes} processes)");
    let mut sheet = Sheet::new(title, &header);
    let mut row = |what: &str, cell: &dyn Fn(&Column) -> Result<String>| {
        let cells = columns.iter().map(|column| cell(column).with_context(|| column.name.clone()));
        sheet.rows.push([Ok(what.to_owned())].into_iter().chain(cells).collect::<Result<_>>()?);
        anyhow::Ok(())
    };
    for (what, steps) in ROWS {
        row(what, &|column| Ok(format!("{:.2}", column.measured.sum(steps)?.least)))?;
    }
    row("functions compiled by the end of the first chunk", &|column| {
        Ok(column.measured.compiled.functions.to_string())
    })?;
    row("bytes of them", &|column| Ok(bytes(column.measured.compiled.bytes.into())))?;
    row("bytes of the module", &|column| Ok(bytes(column.bytes as u64)))?;
    Ok(sheet)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sheet(steps: &str) -> Result<Sheet> {
        let text = format!(r#"{{"steps": {{{steps}}}, "compiled": {{"functions": 3, "bytes": 1200}}}}"#);
        let measured = serde_json::from_str(&text).unwrap();
        table(2, &[Column { name: "speed".to_owned(), bytes: 267_000, measured }])
    }

    #[test]
    fn steps_are_summed_process_by_process() {
        let steps: Vec<String> = ROWS
            .iter()
            .flat_map(|(_, steps)| steps.iter())
            .map(|step| format!(r#""{step}": {}"#, if *step == "read" { "[1.0, 9.0]" } else { "[2.0, 0.5]" }))
            .collect();
        let sheet = sheet(&steps.join(",")).unwrap();
        assert_eq!(sheet.header, ["step", "speed"]);
        assert_eq!(sheet.rows[0], ["read the file", "1.00"]);
        // 1 + 4 * 2 in one process, 9 + 4 * 0.5 in the other.
        assert_eq!(sheet.rows[9], ["all of it", "9.00"]);
        assert_eq!(sheet.rows[11], ["bytes of them", "1,200"]);
        assert_eq!(sheet.rows[12], ["bytes of the module", "267,000"]);
    }

    #[test]
    fn a_missing_step_is_an_error_that_names_it() {
        let error = sheet(r#""read": [1.0]"#).unwrap_err();
        assert_eq!(format!("{error:#}"), "speed: expected the step compile, found none");
    }
}
