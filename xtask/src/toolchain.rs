//! Finds the C compiler, the linker and the C library, and installs the default ones.
//!
//! The default is a pinned zig, so that everybody's build has the same bytes; `system` and `wasi-sdk` take clang from the
//! machine. All three are a clang with lld and wasi-libc behind different command lines.

mod clang;
mod lock;
mod pip;
mod program;
mod zig;
mod zig_libc;

use std::path::{Path, PathBuf};

use thiserror::Error;

pub use program::Program;

use crate::progress::Progress;
use crate::recipe::ToolchainChoice;

/// The variable that puts the toolchain elsewhere than `target/toolchain`, for instance where several checkouts share it.
pub const FOLDER_VARIABLE: &str = "MOONWRIGHT_TOOLCHAIN_DIR";

/// WebAssembly features that every object file may use, as LLVM calls them: what node 20, wasmtime, browsers and
/// interpreters all run. Counted from nothing (`mvp`), since a compiler's default grows with its version.
const FEATURES: &[&str] = &["bulk-memory", "mutable-globals", "nontrapping-fptoint", "sign-ext"];

/// Why there is no toolchain.
#[derive(Debug, Error)]
pub enum ToolchainError {
    /// Something is missing on this machine.
    #[error("cannot find {what}; {remedy}")]
    Missing {
        /// What was looked for, and where.
        what: String,
        /// What to do about it.
        remedy: String,
    },
    /// The toolchain is not installed and may not be downloaded.
    #[error(
        "the C toolchain (ziglang {version}) is not installed in {} and --offline forbids to download it; \
         run `cargo xtask setup` once while online", folder.display()
    )]
    Offline {
        /// The pinned version.
        version: &'static str,
        /// Where it would be.
        folder: PathBuf,
    },
    /// A program can't be started.
    #[error("cannot start `{program}`")]
    Start {
        /// The command line.
        program: String,
        /// What the system says.
        source: std::io::Error,
    },
    /// A program failed.
    #[error("`{program}` failed ({status}): {message}")]
    Failed {
        /// The command line.
        program: String,
        /// How it ended.
        status: String,
        /// What it printed on standard error.
        message: String,
    },
    /// pip failed.
    #[error("cannot install ziglang {version} with pip: {message}\n{remedy}")]
    Pip {
        /// The pinned version.
        version: &'static str,
        /// What pip printed.
        message: String,
        /// What to do about it.
        remedy: String,
    },
    /// A program printed something else than expected.
    #[error("{what}: expected {expected}, found {found}; {remedy}")]
    Unexpected {
        /// What was looked at.
        what: String,
        /// What it should be.
        expected: String,
        /// What it is.
        found: String,
        /// What to do about it.
        remedy: String,
    },
    /// The toolchain's folder can't be changed.
    #[error("cannot write {}", path.display())]
    Write {
        /// The file or folder.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// A file of the toolchain can't be read.
    #[error("cannot read {}", path.display())]
    Read {
        /// The file or folder.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
}

/// Which build of the C library to link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LibcVariant {
    /// Optimised for few bytes.
    Size,
    /// Optimised for speed.
    Speed,
}

/// A compiler, a linker and a C library that fit together.
#[derive(Clone, Debug)]
pub struct Toolchain {
    /// Names everything that can change an object file or a module: it enters cache keys and reports.
    pub id: String,
    /// Compiles a C file with clang's arguments.
    pub compiler: Program,
    /// The compiler's name for the target.
    pub target: &'static str,
    /// Arguments that every compilation needs, without any path of this machine.
    pub flags: Vec<String>,
    /// Arguments that every compilation needs and that hold paths; what they point at is covered by `id`.
    pub path_flags: Vec<String>,
    /// Whether the compiler takes the optimisation level only as `-Xclang -Ox`.
    pub level_needs_xclang: bool,
    /// The folder that debug information would name for the compiler's own headers.
    pub headers: PathBuf,
    /// Links with wasm-ld's arguments.
    pub linker: Program,
    libc: Libc,
}

/// Where the archives come from.
#[derive(Clone, Debug)]
enum Libc {
    /// They are here.
    Archives(Vec<PathBuf>),
    /// zig builds them when they are first asked for.
    Zig(zig::Installation),
}

impl Toolchain {
    /// The archives to link after the objects, in order. zig's are built here at the first call for a variant, which takes
    /// about 20 seconds.
    ///
    /// # Errors
    /// When building or reading them fails.
    pub fn archives(&self, variant: LibcVariant, progress: &dyn Progress) -> Result<Vec<PathBuf>, ToolchainError> {
        match &self.libc {
            Libc::Archives(archives) => Ok(archives.clone()),
            Libc::Zig(installation) => zig_libc::archives(installation, variant, progress),
        }
    }
}

#[cfg(test)]
impl Toolchain {
    /// A toolchain of two given programs, without a C library.
    pub fn stand_in(compiler: &Path, linker: &Path) -> Toolchain {
        Toolchain {
            id: "stand-in".into(),
            compiler: Program::new(compiler),
            target: "wasm32-wasi",
            flags: Vec::new(),
            path_flags: Vec::new(),
            level_needs_xclang: false,
            headers: PathBuf::from("/headers"),
            linker: Program::new(linker),
            libc: Libc::Archives(Vec::new()),
        }
    }
}

/// Where the default toolchain is installed: what `MOONWRIGHT_TOOLCHAIN_DIR` says, else `target/toolchain` in `root`. The path
/// is absolute, since programs in it are started from other folders.
pub fn folder(root: &Path) -> PathBuf {
    let folder = match std::env::var_os(FOLDER_VARIABLE) {
        Some(folder) if !folder.is_empty() => folder.into(),
        _ => root.join("target/toolchain"),
    };
    std::path::absolute(&folder).unwrap_or(folder)
}

/// Finds the chosen toolchain. The default one is installed where it is missing or damaged, which takes the network (93 MB),
/// unless `offline`. `root` is the project's folder.
///
/// # Errors
/// When something is missing, with what to do about it, or an installation fails; what was there before is then untouched.
pub fn locate(
    choice: ToolchainChoice,
    root: &Path,
    offline: bool,
    progress: &dyn Progress,
) -> Result<Toolchain, ToolchainError> {
    match choice {
        ToolchainChoice::Zig => {
            let python = pip::Python::default();
            Ok(zig::install(&folder(root), &python, offline, progress)?.toolchain())
        }
        ToolchainChoice::System => clang::system(),
        ToolchainChoice::WasiSdk => clang::wasi_sdk(),
    }
}

/// Installs everything that builds with the chosen toolchain will want: the compiler and both builds of the C library.
///
/// # Errors
/// As for [`locate`].
pub fn setup(
    choice: ToolchainChoice,
    root: &Path,
    offline: bool,
    progress: &dyn Progress,
) -> Result<Toolchain, ToolchainError> {
    let toolchain = locate(choice, root, offline, progress)?;
    toolchain.archives(LibcVariant::Speed, progress)?;
    toolchain.archives(LibcVariant::Size, progress)?;
    Ok(toolchain)
}
