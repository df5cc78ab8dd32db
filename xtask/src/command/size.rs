//! `cargo xtask size`: where a module's bytes are, and what changed.

use anyhow::{Context, Result};

use super::{Outcome, npm, print, project_root};
use crate::cli::{SizeArgs, SizeBy, SizeFormat};
use crate::output_file;
use crate::report::size::{self, Style};
use crate::report::{markdown, number, table, treemap};
use crate::size_report::{By, SizeReport};

/// The folder that pins the charting library.
const CHART: &str = "xtask/chart";

/// The library's file for pages, in its package.
const LIBRARY: &str = "node_modules/d3-hierarchy/dist/d3-hierarchy.min.js";

/// Prints the report of any core module, or writes it to a file.
pub fn run(args: &SizeArgs) -> Result<Outcome> {
    let report = SizeReport::read(&args.file)?;
    let old = args.diff.as_deref().map(SizeReport::read).transpose()?;
    let text = render(args, &report, old.as_ref())?;
    match &args.out {
        Some(path) => output_file::write(path, text.as_bytes())?,
        None => print(&text)?,
    }
    Ok(Outcome::Done)
}

fn render(args: &SizeArgs, report: &SizeReport, old: Option<&SizeReport>) -> Result<String> {
    let by = match args.by {
        SizeBy::Section => By::Section,
        SizeBy::Module => By::Module,
        SizeBy::Function => By::Function,
    };
    let total = report.total.raw;
    Ok(match (args.format, old) {
        (SizeFormat::Html, _) => html(args, report, old)?,
        (SizeFormat::Csv, None) => size::csv(&report.rows(by)),
        (SizeFormat::Csv, Some(old)) => size::csv_changes(&report.changes(old, by)),
        (SizeFormat::Json, None) => serde_json::to_string_pretty(report)?,
        (SizeFormat::Json, Some(old)) => serde_json::to_string_pretty(&serde_json::json!({
            "before": old.total,
            "after": report.total,
            "changes": report.changes(old, by),
        }))?,
        (SizeFormat::Table, None) if by == By::Section => table::sections(&report.sections, report.total),
        (SizeFormat::Markdown, None) if by == By::Section => markdown::sections(&report.sections, report.total),
        (SizeFormat::Table, None) => size::rows(&report.rows(by), total, args.top, Style::Table),
        (SizeFormat::Markdown, None) => size::rows(&report.rows(by), total, args.top, Style::Markdown),
        (format, Some(old)) => {
            let style = if format == SizeFormat::Markdown { Style::Markdown } else { Style::Table };
            size::changes(&report.changes(old, by), old.total.raw, total, args.top, style)
        }
    })
}

fn html(args: &SizeArgs, report: &SizeReport, old: Option<&SizeReport>) -> Result<String> {
    let root = project_root()?;
    let installed = npm::install(&root, CHART, args.offline, "cargo xtask size --format html")?;
    let path = installed.join(LIBRARY);
    let library = std::fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let name = args.file.file_name().unwrap_or_default().to_string_lossy();
    let title = format!("{name}: {} bytes", number::bytes(report.total.raw));
    Ok(treemap::render(&title, report, old, &library)?)
}
