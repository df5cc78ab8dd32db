//! A table of results, for the terminal and for the documentation.

use std::fmt::Write;

use comfy_table::{CellAlignment, Table, presets};
use serde::Serialize;

/// A table with a title; the first column names the row, the others hold figures.
#[derive(Clone, Debug, Serialize)]
pub struct Sheet {
    /// What it shows.
    pub title: String,
    /// The columns' names.
    pub header: Vec<String>,
    /// The cells.
    pub rows: Vec<Vec<String>>,
    /// What has to be known to read it; a paragraph each.
    pub notes: Vec<String>,
}

impl Sheet {
    /// An empty table.
    pub fn new(title: impl Into<String>, header: &[&str]) -> Sheet {
        let header = header.iter().map(|name| (*name).to_owned()).collect();
        Sheet { title: title.into(), header, rows: Vec::new(), notes: Vec::new() }
    }

    /// For people at a terminal.
    pub fn to_text(&self) -> String {
        let mut table = Table::new();
        table.load_style(presets::NOTHING).set_header(&self.header).add_rows(&self.rows);
        table.column_iter_mut().skip(1).for_each(|column| column.set_cell_alignment(CellAlignment::Right));
        let mut text = format!("{}\n{table}\n", self.title);
        for note in &self.notes {
            // Writing to a String cannot fail.
            let _ = writeln!(text, "  {note}");
        }
        text
    }

    /// For the documentation.
    pub fn to_markdown(&self) -> String {
        let line = |cells: &[String]| format!("| {} |\n", cells.join(" | "));
        let mut text = format!("{}:\n\n{}|---|", self.title, line(&self.header));
        text.push_str(&"--:|".repeat(self.header.len().saturating_sub(1)));
        text.push('\n');
        for row in &self.rows {
            // Writing to a String cannot fail.
            let _ = write!(text, "{}", line(row));
        }
        for note in &self.notes {
            let _ = write!(text, "\n{note}\n");
        }
        text
    }
}

/// What a figure is to be.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Target {
    /// The most that it may be.
    pub most: f64,
    /// Digits behind the point that are shown.
    pub digits: usize,
}

impl Target {
    /// At most so much, shown with so many digits.
    pub fn most(most: f64, digits: usize) -> Target {
        Target { most, digits }
    }

    /// The cells `target` and `result`.
    pub fn cells(self, found: f64) -> [String; 2] {
        [format!("≤ {:.*}", self.digits, self.most), (if self.met(found) { "pass" } else { "MISS" }).to_owned()]
    }

    /// Whether a figure is as it is to be.
    pub fn met(self, found: f64) -> bool {
        found <= self.most
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sheet_becomes_markdown() {
        let mut sheet = Sheet::new("Times", &["what", "ms"]);
        sheet.rows.push(vec!["a".to_owned(), "1".to_owned()]);
        sheet.notes.push("Measured.".to_owned());
        assert_eq!(sheet.to_markdown(), "Times:\n\n| what | ms |\n|---|--:|\n| a | 1 |\n\nMeasured.\n");
    }

    #[test]
    fn what_is_no_number_meets_no_target() {
        assert_eq!(Target::most(2.0, 0).cells(2.0), ["≤ 2", "pass"]);
        assert_eq!(Target::most(2.0, 1).cells(2.1), ["≤ 2.0", "MISS"]);
        assert!(!Target::most(2.0, 1).met(f64::NAN));
    }
}
