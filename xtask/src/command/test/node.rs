//! The modules in node: each encoding on the first node that has it.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result};

use super::tally::Tally;
use super::{Session, announce, modules, programs};
use crate::recipe::Unwind;

/// A node program and the encodings that it is to run.
struct Node {
    program: PathBuf,
    version: String,
    encodings: Vec<Unwind>,
}

/// Runs tests/node/*.test.mjs on this machine's node and on the pinned one.
///
/// # Errors
/// Where packages cannot be installed, modules cannot be built, or node cannot be started.
pub fn run(session: &Session) -> Result<Tally> {
    announce("node");
    let programs = std::iter::once(PathBuf::from("node")).chain(session.pinned_node()?);

    let mut tally = Tally::default();
    let mut nodes: Vec<Node> = Vec::new();
    let mut left = vec![Unwind::Legacy, Unwind::Standard, Unwind::Host];
    for program in programs {
        let Some((version, runs)) = probe(&session.root, &program)? else { continue };
        let encodings: Vec<Unwind> = left.iter().copied().filter(|encoding| runs.contains(encoding)).collect();
        left.retain(|encoding| !encodings.contains(encoding));
        if !encodings.is_empty() {
            nodes.push(Node { program, version, encodings });
        }
    }
    for encoding in left {
        tally.cannot_run(session.ci, &format!("no node on this machine runs the {encoding} encoding"));
    }

    let needed: Vec<Unwind> = nodes.iter().flat_map(|node| node.encodings.iter().copied()).collect();
    let folder = session.modules(&needed)?;
    for node in nodes {
        let encodings = node.encodings.iter().map(|encoding| encoding.as_str()).collect::<Vec<_>>().join(",");
        announce(&format!("built modules under node {} ({encodings})", node.version));
        let mut command = Command::new(&node.program);
        command.current_dir(session.root.join("tests/node"));
        command.args(["--test", "--test-reporter=./reporter.mjs", "--test-reporter-destination=stdout"]);
        if let Some(filter) = &session.filter {
            command.arg(format!("--test-name-pattern={}", escape(filter)));
        }
        command.args(test_files(&session.root.join("tests/node"))?);
        command.env(modules::VARIABLE, &folder).env("MOONWRIGHT_ENCODINGS", encodings);
        tally += &programs::run(command, &format!("tests under node {}", node.version))?;
    }
    Ok(tally)
}

/// A node's version and the encodings that it runs; `None` where there is no such program.
fn probe(root: &Path, program: &Path) -> Result<Option<(String, Vec<Unwind>)>> {
    let mut command = Command::new(program);
    command.arg(root.join("tests/node/encodings.mjs")).stderr(Stdio::inherit());
    let output = match command.output() {
        Ok(output) => output,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error).with_context(|| format!("cannot run {}", program.display())),
    };
    anyhow::ensure!(output.status.success(), "{} tests/node/encodings.mjs: {}", program.display(), output.status);
    let text = String::from_utf8(output.stdout).context("tests/node/encodings.mjs: expected text")?;
    let mut words = text.split_whitespace();
    let version = words.next().context("tests/node/encodings.mjs: expected a version, found nothing")?.to_owned();
    let all = [Unwind::Legacy, Unwind::Standard, Unwind::Host];
    let named: Vec<&str> = words.collect();
    Ok(Some((version, all.into_iter().filter(|encoding| named.contains(&encoding.as_str())).collect())))
}

/// The test programs in `folder`, by name: the shell patterns of `node --test` differ between its versions.
pub fn test_files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).with_context(|| format!("cannot list {}", folder.display()))? {
        let path = entry?.path();
        if path.to_string_lossy().ends_with(".test.mjs") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// `text` as a regular expression that matches it.
pub fn escape(text: &str) -> String {
    text.chars().flat_map(|c| (!c.is_alphanumeric() && c.is_ascii()).then_some('\\').into_iter().chain([c])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_matches_literally() {
        assert_eq!(escape("5.4-speed::a_b"), "5\\.4\\-speed\\:\\:a\\_b");
    }
}
