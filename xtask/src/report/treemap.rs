//! A size report as one HTML page with a treemap; it needs nothing else, neither a network nor a server.

use crate::size_report::SizeReport;

const PAGE: &str = include_str!("../../chart/treemap.html");
const PROGRAM: &str = include_str!("../../chart/treemap.js");

/// The page. `library` is the text of d3-hierarchy, as its npm package has it for pages; `old` is what changes are shown against.
///
/// # Errors
/// When a report can't be serialised, which its types rule out.
pub fn render(
    title: &str,
    report: &SizeReport,
    old: Option<&SizeReport>,
    library: &str,
) -> Result<String, serde_json::Error> {
    let data = serde_json::json!({ "items": report.items, "before": old.map(|old| &old.items) });
    // In a script element `<` could end it, wherever it stands.
    let data = serde_json::to_string(&data)?.replace('<', "\\u003c");
    let title = title.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;");
    // Each part is put in by itself: none is searched for the others' marks.
    let mut page = String::with_capacity(PAGE.len() + data.len() + library.len());
    let mut rest = PAGE;
    while let Some((before, after)) = rest.split_once('@') {
        page.push_str(before);
        let Some((mark, after)) = after.split_once('@') else {
            page.push('@');
            rest = after;
            continue;
        };
        match mark {
            "TITLE" => page.push_str(&title),
            "LIBRARY" => page.push_str(library),
            "DATA" => page.push_str(&data),
            "PROGRAM" => page.push_str(PROGRAM),
            // An at sign of the page's own (`@media`).
            other => {
                page.push('@');
                page.push_str(other);
                rest = &rest[before.len() + 1 + other.len()..];
                continue;
            }
        }
        rest = after;
    }
    page.push_str(rest);
    Ok(page)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_is_whole_and_data_cannot_leave_its_element() {
        let wasm = wat::parse_str("(module (func $f (export \"</script>\")))").unwrap();
        let report = SizeReport::of(&wasm).unwrap();
        let page = render("a & @DATA@ <b>", &report, None, "/* library */").unwrap();
        assert!(page.contains("<title>a &amp; @DATA@ &lt;b></title>") && page.contains("/* library */"));
        assert!(page.contains("@media (prefers-color-scheme: dark)"));
        assert!(!page.contains("@PROGRAM@") && page.trim_end().ends_with("</html>"));
        assert_eq!(page.matches("</script>").count(), 3);
    }
}
