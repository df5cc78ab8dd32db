//! A report for people at a terminal.

use std::collections::BTreeMap;

use comfy_table::{Cell, CellAlignment, Table, presets};

use super::number::{bytes, difference, share};
use super::{Report, Stage, notes};
use crate::app::{self, Kept};
use crate::budget::{Check, Verdict};
use crate::section::{Section, Weight};

/// The whole report: stages, sections, total and budget.
pub fn render(report: &Report) -> String {
    format!(
        "Lua {}, profile {}, {} exceptions, {}\n\n{}\n\n{}\n\n{}{}{}",
        report.upstream,
        report.profile,
        report.unwind,
        report.compiler,
        stages(&report.stages),
        sections(&report.sections, report.total),
        verdict(&report.budget),
        kept(&report.kept),
        notes(report).iter().map(|note| format!("\n{note}")).collect::<String>(),
    )
}

/// What the application keeps, a line for each library, and then each place that keeps more than it names.
fn kept(kept: &[Kept]) -> String {
    let mut lines = String::new();
    let (more, named): (Vec<&Kept>, Vec<&Kept>) = kept.iter().partition(|kept| kept.why.is_some());
    let mut libraries: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for kept in named {
        let (library, function) = kept.what.split_once('.').unwrap_or(("basic functions", &kept.what));
        let place = app::place(&kept.file, kept.line);
        libraries.entry(library).or_default().push(format!("{function} ({place})"));
    }
    for (library, functions) in libraries {
        lines += &format!("\nkeeps of {library}: {}", functions.join(", "));
    }
    for kept in more {
        let why = kept.why.as_deref().unwrap_or_default();
        lines += &format!("\n{}: keeps {}: {why}", app::place(&kept.file, kept.line), kept.what);
    }
    lines
}

/// The module's weight after each stage, with the change that the stage made.
pub fn stages(stages: &[Stage]) -> String {
    let mut table = new_table();
    table.set_header(figures(&["stage", "raw", "change", "gzip", "brotli"]));
    let mut before = None;
    for stage in stages {
        let change = before.map_or(String::new(), |before| difference(before, stage.weight.raw));
        table.add_row(figures(&[
            &stage.name,
            &bytes(stage.weight.raw),
            &change,
            &bytes(stage.weight.gzip),
            &bytes(stage.weight.brotli),
        ]));
        before = Some(stage.weight.raw);
    }
    table.trim_fmt()
}

/// Sections with their share of the file, and the total. Sections compress better together, so theirs don't add up to it.
pub fn sections(sections: &[Section], total: Weight) -> String {
    let mut table = new_table();
    table.set_header(figures(&["section", "raw", "share", "gzip", "brotli"]));
    let mut add = |name: &str, weight: Weight| {
        table.add_row(figures(&[
            name,
            &bytes(weight.raw),
            &share(weight.raw, total.raw),
            &bytes(weight.gzip),
            &bytes(weight.brotli),
        ]));
    };
    for section in sections {
        add(&section.name, section.weight);
    }
    add("total", total);
    table.trim_fmt()
}

/// One line an encoding: within budget or over it.
pub fn verdict(verdict: &Verdict) -> String {
    let grown = verdict.grown.iter().map(|growth| {
        let back = growth.remedy.as_ref().map(|(change, saved)| format!("; {change} takes back {}", bytes(*saved)));
        let by = difference(growth.before, growth.after);
        format!(
            "grew: {} ({}) by {by} to {}{}",
            growth.module,
            growth.group,
            bytes(growth.after),
            back.unwrap_or_default()
        )
    });
    std::iter::once(checks(&verdict.checks)).chain(grown).collect::<Vec<_>>().join("\n")
}

/// One line a limit: within budget or over it.
pub fn checks(checks: &[Check]) -> String {
    let line = |check: &Check| {
        let back = check.remedy().map(|(change, saved)| format!("; {change} takes back {}", bytes(saved)));
        let state = match check.over() {
            true => format!("over by {}{}", bytes(check.actual - check.limit), back.unwrap_or_default()),
            false => "ok".to_owned(),
        };
        format!(
            "budget {:17} {:>9} of {:>9} ({})  {state}",
            check.what,
            bytes(check.actual),
            bytes(check.limit),
            share(check.actual, check.limit)
        )
    };
    checks.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// A table without lines.
pub(super) fn new_table() -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table
}

/// The first column holds names, the others figures.
fn figures(texts: &[&str]) -> Vec<Cell> {
    row(texts, 1)
}

/// The first `words` columns are aligned as text, the others as figures.
pub(super) fn row<T: AsRef<str>>(texts: &[T], words: usize) -> Vec<Cell> {
    let align = |place: usize| if place < words { CellAlignment::Left } else { CellAlignment::Right };
    let cell = |(place, text): (usize, &T)| Cell::new(text.as_ref()).set_alignment(align(place));
    texts.iter().enumerate().map(cell).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stages_show_what_each_changed() {
        let text = stages(&super::super::example().stages);
        assert!(text.contains("240,000") && text.contains("-80,000"), "{text}");
    }

    #[test]
    fn the_total_is_the_last_row() {
        let report = super::super::example();
        let text = sections(&report.sections, report.total);
        assert!(text.lines().last().unwrap().contains("160,000"), "{text}");
    }
}
