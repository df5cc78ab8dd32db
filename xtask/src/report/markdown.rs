//! A report for a pull request.

use std::fmt::Write;

use super::number::{bytes, difference, share};
use super::{Report, Stage, notes};
use crate::budget::{Check, Growth, Verdict};
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
    text.push_str(&stages(&report.stages));
    let _ = write!(text, "\n{}", sections(&report.sections, report.total));
    for note in notes(report) {
        let _ = write!(text, "\n{note}\n");
    }
    text
}

/// The module's weight after each stage, with the change that the stage made.
pub fn stages(stages: &[Stage]) -> String {
    let mut text = String::from("| stage | raw | change | gzip | brotli |\n|---|--:|--:|--:|--:|\n");
    let mut before = None;
    for stage in stages {
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
    let what = format!("Lua {}, profile {}", verdict.lua, verdict.profile);
    checks(&what, &verdict.checks) + &grown(&verdict.grown)
}

/// The same for the checks of `what`.
pub fn checks(what: &str, checks: &[Check]) -> String {
    let over = checks.iter().any(Check::over);
    let headline = if over { "**Over budget.**" } else { "Within budget." };
    let mut text = format!("{headline} ({what})\n\n| size | bytes | budget | used |\n|---|--:|--:|--:|\n");
    for check in checks {
        let mark = if check.over() {
            let back = check.remedy().map(|(change, saved)| format!("; `{change}` takes back {}", bytes(saved)));
            format!("**over by {}**{}", bytes(check.actual - check.limit), back.unwrap_or_default())
        } else {
            share(check.actual, check.limit)
        };
        let _ = writeln!(text, "| {} | {} | {} | {mark} |", check.what, bytes(check.actual), bytes(check.limit));
    }
    text
}

/// What grew, with the change of the recipe that takes it back.
fn grown(grown: &[Growth]) -> String {
    if grown.is_empty() {
        return String::new();
    }
    let mut text =
        String::from("\n| grew | of | before | after | change | taken back by |\n|---|---|--:|--:|--:|---|\n");
    for growth in grown {
        let back = growth.remedy.as_ref().map(|(change, saved)| format!("`{change}`, {} bytes", bytes(*saved)));
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} | {} | {} |",
            growth.module,
            growth.group,
            bytes(growth.before),
            bytes(growth.after),
            difference(growth.before, growth.after),
            back.unwrap_or_default()
        );
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
