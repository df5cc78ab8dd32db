//! A report for a pull request.

use std::fmt::Write;

use super::Report;
use super::number::{bytes, difference, share};
use crate::budget::{Check, Verdict};
use crate::section::{Section, Weight};

/// The whole report.
pub fn render(report: &Report) -> String {
    let mut text = format!(
        "### Lua {} as WebAssembly: {} bytes, {} with brotli\n\nProfile `{}`, {} exceptions, {}, SHA-256 `{}`.\n\n",
        report.upstream,
        bytes(report.total.raw),
        bytes(report.total.brotli),
        report.profile,
        report.unwind,
        report.compiler,
        report.sha256
    );
    // Writing to a String can't fail.
    let _ = writeln!(text, "{}", budget(&report.budget));
    let _ = writeln!(text, "| stage | raw | change | gzip | brotli |\n|---|--:|--:|--:|--:|");
    let mut before = None;
    for stage in &report.stages {
        let change = before.map_or(String::new(), |before| difference(before, stage.weight.raw));
        let weight = stage.weight;
        let _ = writeln!(
            text,
            "| {} | {} | {change} | {} | {} |",
            stage.name,
            bytes(weight.raw),
            bytes(weight.gzip),
            bytes(weight.brotli)
        );
        before = Some(weight.raw);
    }
    let _ = write!(text, "\n{}", sections(&report.sections, report.total));
    text
}

/// Sections with their share of the file.
pub fn sections(sections: &[Section], total: Weight) -> String {
    let mut text = String::from("| section | raw | share | gzip | brotli |\n|---|--:|--:|--:|--:|\n");
    let mut add = |name: &str, weight: Weight| {
        let _ = writeln!(
            text,
            "| {name} | {} | {} | {} | {} |",
            bytes(weight.raw),
            share(weight.raw, total.raw),
            bytes(weight.gzip),
            bytes(weight.brotli)
        );
    };
    for section in sections {
        add(&section.name, section.weight);
    }
    add("total", total);
    text
}

/// The checks of a budget as a table with a verdict above.
pub fn budget(verdict: &Verdict) -> String {
    checks(&format!("Lua {}, profile {}", verdict.lua, verdict.profile), &verdict.checks)
}

/// The same for the checks of `what`.
pub fn checks(what: &str, checks: &[Check]) -> String {
    let over = checks.iter().any(Check::over);
    let headline = if over { "**Over budget.**" } else { "Within budget." };
    let mut text = format!("{headline} ({what})\n\n| size | bytes | budget | used |\n|---|--:|--:|--:|\n");
    for check in checks {
        let mark = if check.over() {
            format!("**over by {}**", bytes(check.actual - check.limit))
        } else {
            share(check.actual, check.limit)
        };
        let _ = writeln!(text, "| {} | {} | {} | {mark} |", check.what, bytes(check.actual), bytes(check.limit));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_table_row_has_as_many_cells_as_its_header() {
        let text = render(&super::super::example());
        for block in text.split("\n\n").filter(|block| block.starts_with('|')) {
            let cells = block.lines().next().unwrap().matches('|').count();
            assert!(block.lines().all(|line| line.matches('|').count() == cells), "{block}");
        }
        assert!(text.contains("| code | 150,000 | 93.8 % |"), "{text}");
    }
}
