//! `cargo xtask size`: what a module weighs, section by section.

use std::collections::BTreeMap;

use anyhow::{Context, Result};

use super::{Outcome, print};
use crate::cli::{Format, SizeArgs};
use crate::report::{markdown, table};
use crate::section::{Weight, sections};

/// Prints the sections of any core module.
pub fn run(args: &SizeArgs) -> Result<Outcome> {
    let wasm = std::fs::read(&args.file).with_context(|| format!("cannot read {}", args.file.display()))?;
    let sections = sections(&wasm).with_context(|| format!("cannot weigh {}", args.file.display()))?;
    let total = Weight::of(&wasm)?;
    print(&match args.format {
        Format::Table => table::sections(&sections, total),
        Format::Markdown => markdown::sections(&sections, total),
        Format::Json => {
            let report = BTreeMap::from([
                ("sections", serde_json::to_value(&sections)?),
                ("total", serde_json::to_value(total)?),
            ]);
            serde_json::to_string_pretty(&report)?
        }
    })?;
    Ok(Outcome::Done)
}
