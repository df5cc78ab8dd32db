//! Compiles C for this machine, with the machine's own compiler.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use rayon::prelude::*;

use crate::digest::Digest;
use crate::output_file;

/// A program to be made from C files.
pub struct Program<'a> {
    /// Where the program goes; objects and a stamp are kept beside it.
    pub path: &'a Path,
    /// The C and C++ files.
    pub sources: Vec<PathBuf>,
    /// Folders whose headers count for whether the program is up to date.
    pub headers: Vec<PathBuf>,
    /// The sources include C files of those folders, too.
    pub includes_c: bool,
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

/// Makes the program unless it is up to date. Objects are kept by content, so programs that share files share them.
///
/// # Errors
/// Where a file cannot be read, or the compiler finds errors.
pub fn build(program: &Program<'_>) -> Result<()> {
    let objects = program.path.with_file_name("objects");
    std::fs::create_dir_all(&objects).with_context(|| format!("cannot make {}", objects.display()))?;
    let mut shared = Digest::new();
    shared.part("compiler", version().unwrap_or_default());
    for header in headers(program)? {
        shared.part(&header.to_string_lossy(), read(&header)?);
    }
    let compiled: Vec<PathBuf> = program
        .sources
        .par_iter()
        .map(|source| object(program, source, &objects, shared.clone()))
        .collect::<Result<_>>()?;

    let mut stamp = Digest::new();
    stamp.part("link", program.link.join("\0"));
    compiled.iter().for_each(|object| stamp.part("object", object.to_string_lossy().as_bytes()));
    let stamp = stamp.hex();
    let stamp_path = program.path.with_extension("stamp");
    if program.path.is_file() && std::fs::read_to_string(&stamp_path).is_ok_and(|found| found == stamp) {
        return Ok(());
    }
    run(Command::new(compiler()).args(&compiled).args(&program.link).arg("-o").arg(program.path), program.path)?;
    output_file::write(&stamp_path, stamp.as_bytes())?;
    Ok(())
}

/// The object of a source, compiled where there is none for this content, these headers and these arguments.
fn object(program: &Program<'_>, source: &Path, objects: &Path, mut key: Digest) -> Result<PathBuf> {
    let cxx = source.extension().is_some_and(|extension| extension == "cpp");
    let arguments = if cxx { &program.compile_cxx } else { &program.compile };
    key.part("arguments", arguments.join("\0"));
    key.part(&source.to_string_lossy(), read(source)?);
    let stem = source.file_stem().unwrap_or_default().to_string_lossy();
    let object = objects.join(format!("{stem}-{}.o", &key.hex()[..16]));
    if !object.is_file() {
        let staged = tempfile::Builder::new().prefix(".object-").tempdir_in(objects)?;
        let fresh = staged.path().join("fresh.o");
        run(Command::new(compiler()).args(arguments).arg("-c").arg(source).arg("-o").arg(&fresh), source)?;
        std::fs::rename(&fresh, &object).with_context(|| format!("cannot write {}", object.display()))?;
    }
    Ok(object)
}

/// Runs the compiler to make something of or into `what`.
fn run(command: &mut Command, what: &Path) -> Result<()> {
    let output = command.output().with_context(|| format!("cannot run {}", compiler()))?;
    let diagnostics = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{} failed on {}\n{}", compiler(), what.display(), diagnostics.trim_end());
    Ok(())
}

fn read(path: &Path) -> Result<Vec<u8>> {
    std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))
}

/// What the sources may include: some of the tests include C files.
fn headers(program: &Program<'_>) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for folder in &program.headers {
        for entry in std::fs::read_dir(folder).with_context(|| format!("cannot list {}", folder.display()))? {
            let path = entry?.path();
            let counts = |known: &str| path.extension().is_some_and(|extension| extension == known);
            if counts("h") || (program.includes_c && counts("c")) {
                files.push(path);
            }
        }
    }
    files.sort();
    Ok(files)
}
