//! `cargo xtask inspect-exports`: a module's export table with signatures, held against a contract.

use anyhow::{Context, Result};
use comfy_table::{Cell, Color, Table, presets};

use super::{Outcome, print};
use crate::cli::InspectExportsArgs;
use crate::contract;
use crate::inspect::{Inspection, Status, inspect};
use crate::interface::Interface;

/// Prints the table and the verdict, or both as JSON.
pub fn run(args: &InspectExportsArgs) -> Result<Outcome> {
    let contract = contract::load(&args.contract)?;
    let wasm = std::fs::read(&args.file).with_context(|| format!("cannot read {}", args.file.display()))?;
    let interface = Interface::read(&wasm).with_context(|| format!("cannot inspect {}", args.file.display()))?;
    let inspection = inspect(&interface, &contract);
    let text = if args.json {
        serde_json::to_string_pretty(&inspection)?
    } else {
        format!("{}\n\n{}", table(&inspection, console::colors_enabled()).trim_fmt(), inspection.verdict())
    };
    print(&text)?;
    Ok(if inspection.ok { Outcome::Done } else { Outcome::CheckFailed })
}

fn table(inspection: &Inspection, colours: bool) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_header(["export", "found", "expected", "status"]);
    for row in &inspection.exports {
        let text = |ty: &Option<String>| ty.clone().unwrap_or_else(|| "-".to_owned());
        let mut status = Cell::new(row.status.as_str());
        if colours {
            status = match row.status {
                Status::Present => status.fg(Color::Green),
                Status::Missing | Status::Differs => status.fg(Color::Red),
                Status::Extra => status,
            };
        }
        table.add_row(vec![Cell::new(&row.name), Cell::new(text(&row.found)), Cell::new(text(&row.expected)), status]);
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_shows_what_is_there_and_what_is_not() {
        let wasm =
            wat::parse_str("(module (func (export \"init\") (result i32) i32.const 0) (func (export \"more\")))")
                .unwrap();
        let inspection = inspect(&Interface::read(&wasm).unwrap(), &contract::load("core").unwrap());
        let text = table(&inspection, false).trim_fmt();
        let row = |name: &str| {
            text.lines().find(|line| line.contains(name)).unwrap().split_whitespace().collect::<Vec<_>>().join(" ")
        };
        assert_eq!(row(" init "), "init () -> i32 () -> i32 present");
        assert_eq!(row(" run_gc "), "run_gc - () -> () missing");
        assert_eq!(row(" more "), "more () -> () - extra");
    }
}
