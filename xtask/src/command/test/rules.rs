//! The repository's own rules: what must not stand in it.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

use super::Session;
use super::tally::Tally;

/// The largest file that may be committed: sources and fixtures are small, and what is built is not committed.
const LARGEST: u64 = 300_000;

/// Registry hosts, in halves so that this file does not name them. Which registry serves a package is the business of
/// whoever builds; lock files pin it by checksum.
const HOSTS: [(&str, &str); 7] = [
    ("registry.npmjs", "org"),
    ("registry.yarnpkg", "com"),
    ("pythonhosted", "org"),
    ("pypi", "org"),
    ("static.crates", "io"),
    ("index.crates", "io"),
    ("unpkg", "com"),
];

/// Checks every committed file.
///
/// # Errors
/// Where git or a file cannot be read.
pub fn run(session: &Session) -> Result<Tally> {
    let mut tally = Tally::default();
    let listed = Command::new("git").current_dir(&session.root).args(["ls-files", "-z"]).output();
    let names = match listed {
        Ok(output) if output.status.success() => output.stdout,
        _ => {
            tally.cannot_run(session.ci, "repository rules: git does not list the files");
            return Ok(tally);
        }
    };
    let hosts: Vec<String> = HOSTS.iter().map(|(name, domain)| format!("{name}.{domain}")).collect();
    let mut large = Vec::new();
    let mut named = Vec::new();
    for name in names.split(|byte| *byte == 0).filter(|name| !name.is_empty()) {
        let name = String::from_utf8_lossy(name);
        let path = session.root.join(&*name);
        if !path.is_file() {
            continue; // deleted in the working tree, or a submodule
        }
        let bytes = std::fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
        if bytes.len() as u64 > LARGEST {
            large.push(format!("{name}: expected at most {LARGEST} bytes, found {}", bytes.len()));
        }
        named.extend(lines_with_host(Path::new(&*name), &bytes, &hosts));
    }
    for finding in large.iter().chain(&named) {
        println!("{finding}");
    }
    tally.check("no large file is committed", large.is_empty());
    tally.check("no file names a package registry's host", named.is_empty());
    Ok(tally)
}

fn lines_with_host(name: &Path, bytes: &[u8], hosts: &[String]) -> Vec<String> {
    let text = String::from_utf8_lossy(bytes);
    let lines = (1..).zip(text.lines());
    let hits = lines.filter_map(|(number, line)| {
        let host = hosts.iter().find(|host| line.contains(host.as_str()))?;
        Some(format!("{}:{number}: names {host}", name.display()))
    });
    hits.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_named_host_is_found_with_its_line() {
        let hosts = ["packages.example".to_owned()];
        let found = lines_with_host(Path::new("a.lock"), b"one\nfrom packages.example/x\n", &hosts);
        assert_eq!(found, ["a.lock:2: names packages.example"]);
        assert!(lines_with_host(Path::new("a.lock"), b"one\n\xFF\n", &hosts).is_empty());
    }
}
