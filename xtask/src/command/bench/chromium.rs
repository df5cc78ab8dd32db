//! `cargo xtask bench chromium`: what the npm package costs in a page.

use std::process::Command;

use anyhow::Result;
use serde::{Deserialize, Serialize};

use super::machine::Machine;
use super::sheet::{Sheet, Target};
use crate::command::{chromium, package};
use crate::file_server::{FileServer, Mount};

/// All results, as web/bench/chromium.mjs prints them.
#[derive(Debug, Serialize, Deserialize)]
pub struct Chromium {
    browser: String,
    figures: Vec<Figure>,
}

/// One figure: a median.
#[derive(Debug, Serialize, Deserialize)]
struct Figure {
    what: String,
    found: f64,
    /// The most that it is to be.
    target: Option<f64>,
    /// Digits behind the point that count.
    digits: usize,
}

impl Chromium {
    /// Builds the package and measures it in this machine's Chromium.
    ///
    /// # Errors
    /// Where there is no Chromium, or the package can't be built or measured.
    pub fn measure(machine: &Machine) -> Result<Chromium> {
        let browser = chromium::find(machine.offline)?;
        let web = package::build(&machine.root, machine.offline, "cargo xtask bench chromium")?;
        let mount = |prefix: &str| Mount { prefix: prefix.to_owned(), folder: web.join(prefix) };
        let server = FileServer::start(0, vec![mount("dist"), mount("bench")])?;
        let mut command = Command::new("node");
        command.arg(web.join("bench/chromium.mjs")).arg(if machine.quick { "1" } else { "5" });
        command.env(chromium::VARIABLE, browser).env("MOONWRIGHT_SERVER", server.url());
        machine.run(command, "the npm package in Chromium")
    }

    /// The tables.
    pub fn sheets(&self) -> Vec<Sheet> {
        let mut sheet =
            Sheet::new(format!("The npm package in {} (medians)", self.browser), &["what", "found", "target", ""]);
        for figure in &self.figures {
            let mut row = vec![figure.what.clone(), format!("{:.*}", figure.digits, figure.found)];
            row.extend(match figure.target {
                Some(target) => Target::most(target, 0).cells(figure.found),
                None => ["-".to_owned(), String::new()],
            });
            sheet.rows.push(row);
        }
        vec![sheet]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_stand_beside_their_targets() {
        let json = r#"{"browser": "Chromium 1", "figures": [
            {"what": "one, ms", "found": 3.456, "target": 15, "digits": 1},
            {"what": "two, bytes", "found": 211.6, "target": null, "digits": 0}]}"#;
        let measured: Chromium = serde_json::from_str(json).unwrap();
        let text = measured.sheets()[0].to_markdown();
        assert!(text.contains("| one, ms | 3.5 | ≤ 15 | pass |"), "{text}");
        assert!(text.contains("| two, bytes | 212 | - |  |"), "{text}");
    }
}
