//! Puts results into `docs/performance.md`, between markers.

use std::path::Path;

use anyhow::{Context, Result};

use super::sheet::Sheet;
use crate::output_file;

/// The page, below the project's folder.
pub const PAGE: &str = "docs/performance.md";

/// Replaces what stands between the markers of `section` in the page by the tables.
///
/// # Errors
/// Where the page or its markers are missing, or it cannot be written.
pub fn update(root: &Path, section: &str, sheets: &[Sheet]) -> Result<()> {
    let path = root.join(PAGE);
    let page = std::fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let tables: Vec<String> = sheets.iter().map(Sheet::to_markdown).collect();
    let page = replace(&page, section, &tables.join("\n")).with_context(|| PAGE.to_owned())?;
    Ok(output_file::write(&path, page.as_bytes())?)
}

fn replace(page: &str, section: &str, content: &str) -> Result<String> {
    let (begin, end) = (format!("<!-- bench {section} -->"), format!("<!-- end of bench {section} -->"));
    let (before, rest) = page.split_once(&begin).with_context(|| format!("expected the line `{begin}`, found none"))?;
    let (_, after) =
        rest.split_once(&end).with_context(|| format!("expected the line `{end}` after `{begin}`, found none"))?;
    Ok(format!("{before}{begin}\n\n{content}\n{end}{after}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_between_the_markers_is_replaced() {
        let page = "a\n<!-- bench x -->\nold\n<!-- end of bench x -->\nb\n";
        let expected = "a\n<!-- bench x -->\n\nnew\n\n<!-- end of bench x -->\nb\n";
        assert_eq!(replace(page, "x", "new\n").unwrap(), expected);
        assert_eq!(replace(expected, "x", "new\n").unwrap(), expected);
    }

    #[test]
    fn a_missing_marker_is_an_error_that_names_it() {
        assert!(replace("", "x", "").unwrap_err().to_string().contains("<!-- bench x -->"));
        assert!(replace("<!-- bench x -->", "x", "").unwrap_err().to_string().contains("end of bench x"));
    }
}
