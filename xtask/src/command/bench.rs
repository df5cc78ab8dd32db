//! `cargo xtask bench`: what the modules cost in time, memory and bytes, each figure beside what it is held against.

mod browser;
mod chromium;
mod costs;
mod document;
mod engine;
mod figures;
mod machine;
mod memory;
mod persistence;
mod plot;
mod programs;
mod sheet;
mod spread;
mod startup;

use anyhow::Result;

use super::{Outcome, print, project_root};
use crate::cli::{BenchArgs, BenchSection};
use chromium::Chromium;
use costs::Costs;
use machine::Machine;
use memory::Memory;
use persistence::Persistence;
use sheet::Sheet;
use startup::Startup;

/// The sections in their order.
const SECTIONS: [BenchSection; 6] = [
    BenchSection::Programs,
    BenchSection::Startup,
    BenchSection::Memory,
    BenchSection::Persistence,
    BenchSection::Chromium,
    BenchSection::Crate,
];

/// Where the documentation has its plots.
const PLOTS: &str = "docs/plots";

/// Measures and prints; the figures are a report, not a check.
pub fn run(args: &BenchArgs) -> Result<Outcome> {
    let root = project_root()?;
    let machine = Machine::new(&root, args.offline, args.quick);
    let mut json = serde_json::Map::new();
    for section in SECTIONS {
        if !args.sections.is_empty() && !args.sections.contains(&section) {
            continue;
        }
        let name = section.name();
        let mut plots = Vec::new();
        let (value, sheets) = match section {
            BenchSection::Programs => {
                let result = programs::measure(&machine, args)?;
                if let Some(folder) = &args.plots {
                    plot::write(folder, &result)?;
                }
                if args.write {
                    plots = plot::write(&root.join(PLOTS), &result)?;
                }
                (serde_json::to_value(&result)?, result.sheets())
            }
            BenchSection::Startup => {
                let result = Startup::measure(&machine)?;
                (serde_json::to_value(&result)?, result.sheets())
            }
            BenchSection::Memory => {
                let result = Memory::measure(&machine)?;
                (serde_json::to_value(&result)?, result.sheets())
            }
            BenchSection::Persistence => {
                let result = Persistence::measure(&machine)?;
                (serde_json::to_value(&result)?, result.sheets())
            }
            BenchSection::Chromium => {
                let result = Chromium::measure(&machine)?;
                (serde_json::to_value(&result)?, result.sheets())
            }
            BenchSection::Crate => {
                let result = Costs::measure(&machine)?;
                (serde_json::to_value(&result)?, result.sheets())
            }
        };
        if args.write {
            document::update(&root, name, &sheets, &plots)?;
        }
        if !args.json {
            print(&sheets.iter().map(Sheet::to_text).collect::<Vec<_>>().join("\n"))?;
        }
        json.insert(name.to_owned(), value);
    }
    if args.json {
        print(&serde_json::to_string_pretty(&json)?)?;
    }
    Ok(Outcome::Done)
}
