//! Compiles C for this machine, with the machine's own compiler.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use rayon::prelude::*;

use crate::digest::Digest;
use crate::output_file;

/// A program to be made from C files.
pub struct Program<'a> {
    /// Where the program goes; objects and a stamp stand beside it.
    pub path: &'a Path,
    /// The C and C++ files.
    pub sources: Vec<PathBuf>,
    /// Folders whose headers count for whether the program is up to date.
    pub headers: Vec<PathBuf>,
    /// Arguments for each C file.
    pub compile: Vec<String>,
    /// Arguments for each C++ file.
    pub compile_cxx: Vec<String>,
    /// Arguments behind the objects.
    pub link: Vec<String>,
}

/// The machine's C compiler: what `CC` says, else `cc`.
pub fn compiler() -> String {
    std::env::var("CC").unwrap_or_else(|_| "cc".to_owned())
}

/// What the compiler calls itself; `None` if there is none.
pub fn version() -> Option<String> {
    let output = Command::new(compiler()).arg("--version").output().ok()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    output.status.success().then(|| text.lines().next().unwrap_or_default().to_owned())
}

/// Whether the compiler makes running programs with these arguments (a sanitizer may be missing).
///
/// # Errors
/// Where the probe cannot be written.
pub fn accepts(arguments: &[String]) -> Result<bool> {
    let folder = tempfile::tempdir().context("cannot make a temporary folder")?;
    let source = folder.path().join("probe.c");
    let program = folder.path().join("probe");
    std::fs::write(&source, "int main (void) { return 0; }\n").context("cannot write a probe")?;
    let built = Command::new(compiler()).args(arguments).arg(&source).arg("-o").arg(&program).output();
    let runs = || Command::new(&program).output().is_ok_and(|output| output.status.success());
    Ok(built.is_ok_and(|output| output.status.success()) && runs())
}

/// Makes the program unless it is up to date.
///
/// # Errors
/// Where a file cannot be read, or the compiler finds errors.
pub fn build(program: &Program<'_>) -> Result<()> {
    let stamp = stamp(program)?;
    let stamp_path = program.path.with_extension("stamp");
    if program.path.is_file() && std::fs::read_to_string(&stamp_path).is_ok_and(|found| found == stamp) {
        return Ok(());
    }
    let objects = program.path.with_extension("objects");
    std::fs::create_dir_all(&objects).with_context(|| format!("cannot make {}", objects.display()))?;
    let compiled: Result<Vec<PathBuf>> = program
        .sources
        .par_iter()
        .enumerate()
        .map(|(number, source)| {
            // Numbered, since two folders may have files of one name.
            let object = objects.join(format!("{number}.o"));
            let cxx = source.extension().is_some_and(|extension| extension == "cpp");
            let arguments = if cxx { &program.compile_cxx } else { &program.compile };
            run(Command::new(compiler()).args(arguments).arg("-c").arg(source).arg("-o").arg(&object))?;
            Ok(object)
        })
        .collect();
    run(Command::new(compiler()).args(compiled?).args(&program.link).arg("-o").arg(program.path))?;
    output_file::write(&stamp_path, stamp.as_bytes())?;
    Ok(())
}

fn run(command: &mut Command) -> Result<()> {
    let output = command.output().with_context(|| format!("cannot run {}", compiler()))?;
    ensure!(output.status.success(), "{command:?} failed:\n{}", String::from_utf8_lossy(&output.stderr));
    Ok(())
}

fn stamp(program: &Program<'_>) -> Result<String> {
    let mut digest = Digest::new();
    digest.part("compiler", version().unwrap_or_default());
    digest.part("compile", program.compile.join("\0"));
    digest.part("compile C++", program.compile_cxx.join("\0"));
    digest.part("link", program.link.join("\0"));
    let mut files = program.sources.clone();
    for folder in &program.headers {
        for entry in std::fs::read_dir(folder).with_context(|| format!("cannot list {}", folder.display()))? {
            files.push(entry?.path());
        }
    }
    files.retain(|path| {
        path.extension().is_some_and(|extension| ["c", "h", "cpp"].iter().any(|known| extension == *known))
    });
    files.sort();
    files.dedup();
    for path in files {
        digest.part(
            &path.to_string_lossy(),
            std::fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?,
        );
    }
    Ok(digest.hex())
}
