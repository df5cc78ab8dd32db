//! Rows and changes of a size report as a table for people, as Markdown, as CSV.

use std::fmt::Write;

use super::number::{bytes, difference, share};
use super::table::{new_table, row};
use crate::size_report::{Change, Key, Row};

/// How rows are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// Columns for a terminal.
    Table,
    /// A table in Markdown.
    Markdown,
}

/// Rows with their share of `total`; those beyond `top` as one row, then the total.
pub fn rows(rows: &[Row], total: u64, top: usize, style: Style) -> String {
    let mut lines: Vec<Vec<String>> =
        rows.iter().take(top).map(|row| line(&row.key, [bytes(row.bytes), share(row.bytes, total)])).collect();
    if let Some(rest) = rows.get(top..).filter(|rest| !rest.is_empty()) {
        let sum = rest.iter().map(|row| row.bytes).sum();
        lines.push(vec![
            format!("and {} more", rest.len()),
            String::new(),
            String::new(),
            bytes(sum),
            share(sum, total),
        ]);
    }
    lines.push(vec!["total".into(), String::new(), String::new(), bytes(total), share(total, total)]);
    write(&["part", "of", "section", "bytes", "share"], lines, style)
}

/// Changes, those beyond `top` as one row, then the whole module's.
pub fn changes(changes: &[Change], before: u64, after: u64, top: usize, style: Style) -> String {
    let figures = |before: u64, after: u64| {
        let show = |count: u64| if count == 0 { "–".to_owned() } else { bytes(count) };
        [show(before), show(after), difference(before, after)]
    };
    let mut lines: Vec<Vec<String>> =
        changes.iter().take(top).map(|change| line(&change.key, figures(change.before, change.after))).collect();
    let last = |name: String, before, after| {
        let mut cells = vec![name, String::new(), String::new()];
        cells.extend(figures(before, after));
        cells
    };
    if let Some(rest) = changes.get(top..).filter(|rest| !rest.is_empty()) {
        let sum = |of: fn(&Change) -> u64| rest.iter().map(of).sum();
        lines.push(last(format!("and {} more", rest.len()), sum(|c| c.before), sum(|c| c.after)));
    }
    lines.push(last("total".into(), before, after));
    write(&["part", "of", "section", "before", "after", "change"], lines, style)
}

/// Name, what it is part of, section, then figures.
fn line<const N: usize>(key: &Key, figures: [String; N]) -> Vec<String> {
    let of =
        |group: &str, module: &str| if module.is_empty() { group.to_owned() } else { format!("{group}, {module}") };
    let (name, of) = match (key.name.as_str(), key.module.as_str()) {
        ("", "") => (key.section.clone(), String::new()),
        ("", module) => (module.to_owned(), key.group.clone()),
        (name, module) => (name.to_owned(), of(&key.group, module)),
    };
    let section = if name == key.section { String::new() } else { key.section.clone() };
    let mut cells = vec![name, of, section];
    cells.extend(figures);
    cells
}

fn write(header: &[&str], lines: Vec<Vec<String>>, style: Style) -> String {
    // Columns in which nothing stands are left out.
    let used: Vec<usize> =
        (0..header.len()).filter(|column| lines.iter().any(|line| !line[*column].is_empty())).collect();
    let pick = |cells: &[String]| used.iter().map(|column| cells[*column].clone()).collect::<Vec<_>>();
    let header = pick(&header.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>());
    let words = used.iter().filter(|column| **column < 3).count();
    match style {
        Style::Table => {
            let mut table = new_table();
            table.set_header(row(&header, words));
            lines.iter().for_each(|line| _ = table.add_row(row(&pick(line), words)));
            table.trim_fmt()
        }
        Style::Markdown => {
            let rule: String = (0..used.len()).map(|place| if place < words { "---|" } else { "--:|" }).collect();
            let mut text = format!("| {} |\n|{rule}\n", header.join(" | "));
            for line in lines {
                let cells: Vec<String> = pick(&line).iter().map(|cell| cell.replace('|', "\\|")).collect();
                // Writing to a String can't fail.
                let _ = writeln!(text, "| {} |", cells.join(" | "));
            }
            text
        }
    }
}

/// Rows as CSV (RFC 4180), with a header line.
pub fn csv(rows: &[Row]) -> String {
    let lines = rows.iter().map(|row| (&row.key, vec![row.bytes.to_string()]));
    to_csv("group,module,name,section,bytes", lines)
}

/// Changes as CSV, with a header line.
pub fn csv_changes(changes: &[Change]) -> String {
    let lines = changes.iter().map(|change| {
        let by = change.after as i128 - change.before as i128;
        (&change.key, vec![change.before.to_string(), change.after.to_string(), by.to_string()])
    });
    to_csv("group,module,name,section,before,after,change", lines)
}

fn to_csv<'a>(header: &str, lines: impl Iterator<Item = (&'a Key, Vec<String>)>) -> String {
    let mut text = format!("{header}\r\n");
    for (key, figures) in lines {
        let quote = |cell: &String| {
            if cell.contains([',', '"', '\n', '\r']) {
                format!("\"{}\"", cell.replace('"', "\"\""))
            } else {
                cell.clone()
            }
        };
        let mut cells: Vec<String> = [&key.group, &key.module, &key.name, &key.section].map(quote).into();
        cells.extend(figures);
        let _ = write!(text, "{}\r\n", cells.join(","));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn example() -> Vec<Row> {
        let key = |name: &str| Key { group: "g".into(), module: "m".into(), name: name.into(), section: "code".into() };
        vec![
            Row { key: key("big, \"so\""), bytes: 1_500 },
            Row { key: key("a|b"), bytes: 300 },
            Row { key: key("c"), bytes: 200 },
        ]
    }

    #[test]
    fn what_is_beyond_the_top_is_one_row_and_the_total_the_last() {
        let text = rows(&example(), 2_000, 1, Style::Markdown);
        assert_eq!(
            text,
            "| part | of | section | bytes | share |\n|---|---|---|--:|--:|\n| big, \"so\" | g, m | code | 1,500 | 75.0 % |\n\
             | and 2 more |  |  | 500 | 25.0 % |\n| total |  |  | 2,000 | 100.0 % |\n"
        );
        assert!(rows(&example(), 2_000, 9, Style::Markdown).contains("a\\|b"));
        assert!(rows(&example(), 2_000, 9, Style::Table).lines().last().unwrap().contains("100.0 %"));
    }

    #[test]
    fn csv_quotes_what_needs_it() {
        let text = csv(&example());
        assert!(text.starts_with("group,module,name,section,bytes\r\ng,m,\"big, \"\"so\"\"\",code,1500\r\n"), "{text}");
    }

    #[test]
    fn changes_show_what_is_new() {
        let key = Key { section: "code".into(), ..Key::default() };
        let text = changes(&[Change { key, before: 0, after: 1_000 }], 500, 1_500, 10, Style::Markdown);
        assert!(
            text.contains("| code | – | 1,000 | +1,000 |") && text.contains("| total | 500 | 1,500 | +1,000 |"),
            "{text}"
        );
    }
}
