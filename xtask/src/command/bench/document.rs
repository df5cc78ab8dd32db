//! Puts results into `docs/performance.md`, between markers.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::sheet::Sheet;
use crate::output_file;

/// The page, below the project's folder.
pub const PAGE: &str = "docs/performance.md";

/// Replaces what stands between the markers of `section` in the page by the tables and plots.
///
/// # Errors
/// Where the page or its markers are missing, or it cannot be written.
pub fn update(root: &Path, section: &str, sheets: &[Sheet], plots: &[PathBuf]) -> Result<()> {
    let path = root.join(PAGE);
    let page = std::fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let mut parts: Vec<String> = sheets.iter().map(Sheet::to_markdown).collect();
    parts.extend(plots.iter().map(|plot| image(plot)));
    let page = replace(&page, section, &parts.join("\n")).with_context(|| PAGE.to_owned())?;
    Ok(output_file::write(&path, page.as_bytes())?)
}

/// An image in the page, which stands one folder above it.
fn image(plot: &Path) -> String {
    let part = |part: Option<&std::ffi::OsStr>| part.unwrap_or_default().to_string_lossy().into_owned();
    let folder = part(plot.parent().and_then(Path::file_name));
    format!("![{}]({folder}/{})\n", part(plot.file_stem()).replace('-', ", "), part(plot.file_name()))
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
    fn a_plot_is_found_from_the_page() {
        let plot = Path::new("/a/docs/plots/programs-node-warm.svg");
        assert_eq!(image(plot), "![programs, node, warm](plots/programs-node-warm.svg)\n");
    }

    #[test]
    fn a_missing_marker_is_an_error_that_names_it() {
        assert!(replace("", "x", "").unwrap_err().to_string().contains("<!-- bench x -->"));
        assert!(replace("<!-- bench x -->", "x", "").unwrap_err().to_string().contains("end of bench x"));
    }
}
