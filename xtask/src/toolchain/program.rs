//! A compiler or linker, and how to start it so that only what is meant reaches it.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use super::ToolchainError;

/// Variables that a program needs to run at all. Everything else stays out: `CPATH`, `CFLAGS`, `CCC_OVERRIDE_OPTIONS` and their
/// kin would change the module's bytes from one machine to the next.
const PASSED_ON: &[&str] = &[
    "PATH",
    "HOME",
    "TMPDIR",
    "TMP",
    "TEMP",
    "LD_LIBRARY_PATH",
    "DYLD_LIBRARY_PATH",
    "USERPROFILE",
    "LOCALAPPDATA",
    "APPDATA",
    "SYSTEMROOT",
    "SYSTEMDRIVE",
    "COMSPEC",
    "PATHEXT",
];

/// A program with the arguments that come before all others and its environment.
#[derive(Clone, Debug)]
pub struct Program {
    /// The executable.
    pub path: PathBuf,
    /// What selects the program's role, such as `cc` for zig.
    pub role: Vec<&'static str>,
    /// Variables beside those that are passed on.
    pub env: Vec<(&'static str, OsString)>,
}

impl Program {
    /// A program without a role and without variables of its own.
    pub fn new(path: impl Into<PathBuf>) -> Program {
        Program { path: path.into(), role: Vec::new(), env: Vec::new() }
    }

    /// The whole environment that the program gets.
    pub fn environment(&self) -> Vec<(OsString, OsString)> {
        let passed = PASSED_ON.iter().filter_map(|name| Some((OsString::from(name), std::env::var_os(name)?)));
        // Diagnostics in English, so that they read the same in every report.
        let fixed = [(OsString::from("LC_ALL"), OsString::from("C"))];
        let own = self.env.iter().map(|(name, value)| (OsString::from(name), value.clone()));
        passed.chain(fixed).chain(own).collect()
    }

    /// A command that starts the program in its role and environment; arguments can be added.
    pub fn command(&self) -> Command {
        let mut command = Command::new(&self.path);
        command.args(&self.role).env_clear().envs(self.environment()).stdin(std::process::Stdio::null());
        command
    }

    /// Runs the program with `args` to its end, for what it prints.
    ///
    /// # Errors
    /// When it can't be started or ends with another status than 0; the message has what it printed on standard error.
    pub fn output(&self, args: &[&str]) -> Result<Output, ToolchainError> {
        let mut command = self.command();
        command.args(args);
        checked_output(command)
    }
}

/// Runs `command` to its end.
///
/// # Errors
/// When it can't be started or ends with another status than 0.
pub fn checked_output(mut command: Command) -> Result<Output, ToolchainError> {
    let line = display(&command);
    let output = command.output().map_err(|source| ToolchainError::Start { program: line.clone(), source })?;
    if output.status.success() {
        Ok(output)
    } else {
        let message = String::from_utf8_lossy(&output.stderr).trim_end().to_owned();
        Err(ToolchainError::Failed { program: line, status: output.status.to_string(), message })
    }
}

/// A command as one would type it.
pub fn display(command: &Command) -> String {
    let quote = |text: &std::ffi::OsStr| {
        let text = text.to_string_lossy();
        if text.contains(' ') { format!("\"{text}\"") } else { text.into_owned() }
    };
    std::iter::once(command.get_program()).chain(command.get_args()).map(quote).collect::<Vec<_>>().join(" ")
}

/// The first of `names` that stands in a folder of `PATH`; the names are tried in their order.
pub fn on_path(names: &[String]) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    names.iter().find_map(|name| std::env::split_paths(&path).find_map(|folder| executable(&folder.join(name))))
}

/// `path` with the system's ending for executables, if there is such a file.
pub fn executable(path: &Path) -> Option<PathBuf> {
    let mut name = path.as_os_str().to_owned();
    name.push(std::env::consts::EXE_SUFFIX);
    let path = PathBuf::from(name);
    path.is_file().then_some(path)
}
