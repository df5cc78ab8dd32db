//! `cargo xtask bench crate`: what the Rust crate costs, in a build with optimisation.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

use super::machine::Machine;
use super::sheet::Sheet;
use super::spread::Spread;
use crate::command::build::PACKAGE_CONTRACT;
use crate::recipe::{Recipe, Unwind};

/// What is measured, as the host names it, what it means, and the unit.
const FIGURES: [(&str, &str, &str); 11] = [
    ("compile", "compile the module", "ms"),
    ("instantiate", "instantiate, init, drop", "µs"),
    ("resident", "resident memory of an instance", "KiB"),
    ("call_handle", "Rust calls Lua through a handle", "ns"),
    ("call_name", "Rust calls Lua by name", "ns"),
    ("call_host", "Lua calls Rust", "ns"),
    ("flush_1", "change and flush 1 key on disk", "ms"),
    ("flush_100", "change and flush 100 keys on disk", "ms"),
    ("flush_10000", "change and flush 10,000 keys on disk", "ms"),
    ("open", "open a state on disk", "ms"),
    ("load", "load 10,000 keys from it", "ms"),
];

/// All figures.
#[derive(Debug, Serialize, Deserialize)]
pub struct Costs {
    figures: BTreeMap<String, Spread>,
}

impl Costs {
    /// Builds the module and the host, and measures.
    ///
    /// # Errors
    /// Where something cannot be built or run.
    pub fn measure(machine: &Machine) -> Result<Costs> {
        let recipe = Recipe { unwind: Unwind::Standard, contracts: vec![PACKAGE_CONTRACT.into()], ..Recipe::default() };
        let module = machine.module("bridge-standard", &recipe)?;
        let mut command = machine.wasmtime()?;
        command.arg("crate").arg(module.path).arg(if machine.quick { "2" } else { "7" });
        let measured: BTreeMap<String, Vec<f64>> = machine.run(command, "the crate")?;
        let figures = measured.into_iter().map(|(name, samples)| {
            let spread = Spread::over(samples).with_context(|| format!("{name}: no measurements"))?;
            Ok((name, spread))
        });
        let figures = figures.collect::<Result<BTreeMap<_, _>>>()?;
        for (name, ..) in FIGURES {
            anyhow::ensure!(figures.contains_key(name), "expected the figure {name}, found none");
        }
        Ok(Costs { figures })
    }

    /// The table.
    pub fn sheets(&self) -> Vec<Sheet> {
        let mut sheet = Sheet::new("The Rust crate on wasmtime", &["what", "median", "unit", "spread"]);
        for (name, what, unit) in FIGURES {
            if let Some(spread) = self.figures.get(name) {
                let digits = if spread.median < 10.0 { 2 } else { 0 };
                let median = format!("{:.digits$}", spread.median);
                sheet.rows.push(vec![what.to_owned(), median, unit.to_owned(), format!("±{:.0} %", spread.percent())]);
            }
        }
        vec![sheet]
    }
}
