//! Programs that tests need and this machine's system provides: found, or installed from Debian's packages where this user may.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

/// A program of the system.
pub struct SystemProgram {
    /// What a person calls it.
    pub title: &'static str,
    /// Names under which systems install it.
    pub names: &'static [&'static str],
    /// Debian's packages that have it.
    pub packages: &'static [&'static str],
    /// What else helps who has none, as the end of a sentence; may be empty.
    pub otherwise: &'static str,
}

impl SystemProgram {
    /// Its path, if it is installed.
    pub fn installed(&self) -> Option<PathBuf> {
        self.names.iter().find_map(|name| on_path(name))
    }

    /// Its path; installs it where there is none, this user may, and `offline` does not forbid it.
    ///
    /// # Errors
    /// Where there is none: the message has the command to type.
    pub fn find(&self, offline: bool) -> Result<PathBuf> {
        if let Some(path) = self.installed() {
            return Ok(path);
        }
        let (title, packages) = (self.title, self.packages.join(" "));
        let apt = on_path("apt-get");
        let by_hand = match &apt {
            Some(_) => format!("type `apt-get update && apt-get install {packages}` as root{}", self.otherwise),
            None => format!("install it{}", self.otherwise),
        };
        let Some(apt) = apt.filter(|_| !offline && is_root()) else {
            bail!("there is no {title} on this machine: {by_hand}");
        };
        eprintln!("installing {title}: apt-get install {packages}");
        let install: Vec<&str> =
            ["install", "--yes", "--no-install-recommends"].iter().chain(self.packages).copied().collect();
        for arguments in [&["update"][..], &install] {
            run_apt(&apt, arguments).with_context(|| format!("there is no {title} on this machine: {by_hand}"))?;
        }
        self.installed().with_context(|| {
            format!("apt-get has installed {packages}, but there is none of {}", self.names.join(", "))
        })
    }
}

fn run_apt(apt: &Path, arguments: &[&str]) -> Result<()> {
    let output = Command::new(apt)
        .args(arguments)
        .env("DEBIAN_FRONTEND", "noninteractive")
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("cannot run {}", apt.display()))?;
    if !output.status.success() {
        eprint!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        bail!("`apt-get {}` failed ({})", arguments.join(" "), output.status);
    }
    Ok(())
}

fn on_path(name: &str) -> Option<PathBuf> {
    std::env::split_paths(&std::env::var_os("PATH")?).map(|folder| folder.join(name)).find(|path| path.is_file())
}

/// Whether this process may install: `id` knows on every system that has apt-get.
fn is_root() -> bool {
    Command::new("id").arg("-u").output().is_ok_and(|output| output.stdout.trim_ascii() == b"0")
}
