//! `cargo xtask bench startup`: where the milliseconds of a start go, and what a state in the module (`--preload`) saves of them.

use anyhow::{Result, ensure};
use serde::Serialize;

use super::machine::{Machine, Module};
use super::sheet::Sheet;
use crate::recipe::{Profile, Recipe};
use crate::report::number::bytes;

/// The steps of a start, as `bench/hosts/startup.mjs` prints them with their milliseconds.
type Steps = Vec<(String, f64)>;

/// The step that is no longer part of the start: it shows what a chunk takes once all is compiled.
const AFTERWARDS: &str = "second chunk";

/// A module and the least of each step.
#[derive(Debug, Serialize)]
struct Row {
    profile: Profile,
    preload: bool,
    bytes: usize,
    steps: Steps,
}

impl Row {
    fn sum(&self) -> f64 {
        self.steps.iter().filter(|(step, _)| step != AFTERWARDS).map(|(_, ms)| ms).sum()
    }
}

/// All figures.
#[derive(Debug, Serialize)]
pub struct Startup {
    processes: u32,
    /// Each module without a state is followed by the one with it.
    rows: Vec<Row>,
}

impl Startup {
    /// Builds the modules and starts each in fresh processes of node, taking turns.
    ///
    /// # Errors
    /// Where a module can't be built or started.
    pub fn measure(machine: &Machine) -> Result<Startup> {
        let mut modules: Vec<(Row, Module)> = Vec::new();
        for profile in [Profile::Speed, Profile::Size] {
            for preload in [false, true] {
                let name = format!("startup-{profile}{}", if preload { "-preload" } else { "" });
                let module = machine.module(&name, &Recipe { profile, preload, ..Recipe::default() })?;
                modules.push((Row { profile, preload, bytes: module.bytes, steps: vec![] }, module));
            }
        }
        let processes = if machine.quick { 6 } else { 20 };
        for _ in 0..processes {
            for (row, module) in &mut modules {
                let mut command = machine.node("startup.mjs");
                command.arg(&module.path).env("STEPS", "1");
                let steps: Steps = machine.run(command, "the start of a module")?;
                least(&mut row.steps, steps)?;
            }
        }
        Ok(Startup { processes, rows: modules.into_iter().map(|(row, _)| row).collect() })
    }

    /// The table.
    pub fn sheets(&self) -> Vec<Sheet> {
        let steps = self.rows.first().map(|row| row.steps.iter().map(|(step, _)| step.as_str()).collect());
        let steps: Vec<&str> = steps.unwrap_or_default();
        let header = [&["module", "bytes"], steps.as_slice(), &["to the first result", "saved"]].concat();
        let title = format!("Start-up on node, milliseconds (the least of {} processes)", self.processes);
        let mut sheet = Sheet::new(title, &header);
        let mut before = 0.0;
        for row in &self.rows {
            let sum = row.sum();
            let saved = if row.preload { format!("{:.2}", before - sum) } else { String::new() };
            before = sum;
            let name = format!("{}{}", row.profile, if row.preload { ", preload" } else { "" });
            let mut cells = vec![name, bytes(row.bytes as u64)];
            cells.extend(row.steps.iter().map(|(_, ms)| format!("{ms:.2}")));
            cells.extend([format!("{sum:.2}"), saved]);
            sheet.rows.push(cells);
        }
        vec![sheet]
    }
}

/// Lowers each step to what this process took, if that is less.
fn least(steps: &mut Steps, of_process: Steps) -> Result<()> {
    if steps.is_empty() {
        *steps = of_process;
        return Ok(());
    }
    ensure!(steps.len() == of_process.len(), "expected {} steps, found {}", steps.len(), of_process.len());
    for ((_, least), (_, ms)) in steps.iter_mut().zip(of_process) {
        *least = least.min(ms);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_least_of_each_step_counts_and_the_second_chunk_is_no_part_of_the_start() {
        let steps = |init, second: f64| vec![("init".to_owned(), init), (AFTERWARDS.to_owned(), second)];
        let row = |preload, times: [Steps; 2]| {
            let mut row = Row { profile: Profile::Size, preload, bytes: 1_000, steps: vec![] };
            times.into_iter().for_each(|times| least(&mut row.steps, times).unwrap());
            row
        };
        let rows =
            vec![row(false, [steps(3.0, 0.5), steps(2.0, 0.75)]), row(true, [steps(1.5, 0.5), steps(1.75, 0.5)])];
        let sheet = &Startup { processes: 2, rows }.sheets()[0];
        assert_eq!(sheet.header, ["module", "bytes", "init", AFTERWARDS, "to the first result", "saved"]);
        assert_eq!(sheet.rows[0], ["size", "1,000", "2.00", "0.50", "2.00", ""]);
        assert_eq!(sheet.rows[1], ["size, preload", "1,000", "1.50", "0.50", "1.50", "0.50"]);
        assert!(least(&mut steps(1.0, 1.0), vec![]).is_err());
    }
}
