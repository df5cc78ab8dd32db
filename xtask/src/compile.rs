//! Stage 2, compile: every C file to an object file, in parallel, each only once (see [`crate::object_cache`]).
//!
//! The `cc` crate turns profile, target and warnings into clang's arguments. It does not run the compiler, because it can't
//! start zig in its role `cc` and would compile into its own layout of files.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use rayon::prelude::*;
use thiserror::Error;

use crate::compile_level::level;
use crate::object_cache::{KeyBase, ObjectCache};
use crate::output_file::WriteError;
use crate::progress::Progress;
use crate::recipe::{LuaVersion, Profile};
use crate::toolchain::Toolchain;
use crate::upstream::Prepared;

/// The folder that debug information and `__FILE__` name in place of this machine's: the same bytes in every checkout.
pub const VIRTUAL_ROOT: &str = "/moonwright";

/// Why there are no objects.
#[derive(Debug, Error)]
pub enum CompileError {
    /// A source file or folder can't be read.
    #[error("cannot read {}", path.display())]
    Read {
        /// The file or folder.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// The compiler's arguments can't be worked out.
    #[error("cannot work out the arguments for {}", compiler.display())]
    Arguments {
        /// The compiler.
        compiler: PathBuf,
        /// What the `cc` crate says.
        source: cc::Error,
    },
    /// The compiler can't be started.
    #[error("cannot start the compiler {}", compiler.display())]
    Start {
        /// The compiler.
        compiler: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// The compiler found errors.
    #[error("cannot compile {}{}\n{diagnostics}", file.display(), and_others(others))]
    Failed {
        /// The first file that failed, in the order of the sources.
        file: PathBuf,
        /// The other files that failed.
        others: Vec<String>,
        /// What the compiler printed about the first.
        diagnostics: String,
    },
    /// An object can't be stored.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// The cache's folder can't be made.
    #[error("cannot write the folder {}", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
}

fn and_others(others: &[String]) -> String {
    match others.len() {
        0 => String::new(),
        _ => format!(" (nor {})", others.join(", ")),
    }
}

/// The part of the runtime that stores what `Memory` reaches. The interpreter is another one with it, so that all C files see
/// the macro `MW_PERSIST`.
pub const PERSIST: &str = "persist";

/// What LLVM's `-Oz` leaves on, or reckons with, that makes WebAssembly larger. Together they take 3,096 B (1.5 %) off profile `size`,
/// 1,293 with brotli:
/// - calls count for more there than they are: inlining only what gets clearly smaller by it takes 1,290 B;
/// - loops that are rewritten to count by addresses take more locals and constants (1,068 B);
/// - so do loads done early on one path because another has done them (683 B).
const FOR_SIZE: [&str; 3] = ["-inline-threshold=-30", "-disable-lsr", "-enable-load-pre=0"];

/// What to compile.
#[derive(Clone, Debug)]
pub struct CompilePlan<'a> {
    /// The Lua version, which the C files see as `MW_LUA`.
    pub version: LuaVersion,
    /// What to optimise for.
    pub profile: Profile,
    /// Upstream's patched sources.
    pub upstream: &'a Prepared,
    /// The folder of the runtime's C files and headers, `lua-src`; `config.h` in it is included first everywhere.
    pub runtime: PathBuf,
    /// Folders below `runtime` whose C files are compiled, too: what only some contracts need.
    pub parts: Vec<String>,
    /// Write debug information (profile `dev` always does).
    pub debug: bool,
    /// C files beside those of the folders: what the build itself has made. Their names decide nothing.
    pub generated: Vec<PathBuf>,
    /// The folder of the object cache.
    pub cache: PathBuf,
}

impl<'a> CompilePlan<'a> {
    /// Everything in its usual place below the project's folder `root`.
    pub fn new(root: &Path, upstream: &'a Prepared, version: LuaVersion, profile: Profile) -> CompilePlan<'a> {
        CompilePlan {
            version,
            profile,
            upstream,
            runtime: root.join("lua-src"),
            parts: Vec::new(),
            debug: profile == Profile::Dev,
            generated: Vec::new(),
            cache: root.join("target/moonwright/objects"),
        }
    }
}

/// A C file on its way to an object.
struct Unit {
    path: PathBuf,
    /// File name without `.c`.
    stem: String,
    ours: bool,
}

/// What decides a file's arguments beside the profile: whether it is the runtime's, and its optimisation level.
type Mode = (bool, &'static str);

impl Unit {
    fn mode(&self, profile: Profile) -> Mode {
        (self.ours, level(profile, &self.stem))
    }
}

/// Compiles all C files of `plan` that the cache does not have yet and gives all objects: upstream's in the order of
/// their names, then the runtime's.
///
/// # Errors
/// When a file can't be read or written, the compiler can't be started, or it finds errors (or, in the runtime's files, warnings).
pub fn compile_all(
    toolchain: &Toolchain,
    plan: &CompilePlan<'_>,
    progress: &dyn Progress,
) -> Result<Vec<PathBuf>, CompileError> {
    // Prefix maps compare paths as the compiler sees them, and it does not see relative ones as they were given.
    let absolute =
        |path: &Path| std::path::absolute(path).map_err(|source| CompileError::Read { path: path.to_owned(), source });
    let upstream = Prepared {
        folder: absolute(&plan.upstream.folder)?,
        sources: plan.upstream.sources.iter().map(|path| absolute(path)).collect::<Result<_, _>>()?,
        patches: plan.upstream.patches.clone(),
    };
    let plan = &CompilePlan { upstream: &upstream, runtime: absolute(&plan.runtime)?, ..plan.clone() };
    let units = units(plan)?;
    let cache = ObjectCache::new(&plan.cache);
    let headers = headers(plan)?;
    let mut modes = BTreeMap::new();
    for mode in units.iter().map(|unit| unit.mode(plan.profile)) {
        if let Entry::Vacant(entry) = modes.entry(mode) {
            let arguments = arguments(toolchain, plan, mode)?;
            let mut base = KeyBase::new(&toolchain.id, &arguments);
            headers.iter().for_each(|(name, content)| base.header(name, content));
            entry.insert((arguments, base));
        }
    }
    let mut objects = vec![PathBuf::new(); units.len()];
    let mut missing = Vec::new();
    for (index, unit) in units.iter().enumerate() {
        let content = read(&unit.path)?;
        let (arguments, base) = &modes[&unit.mode(plan.profile)];
        let key = base.key(&unit.stem, &content);
        match cache.find(&key, &unit.stem) {
            Some(object) => objects[index] = object,
            None => missing.push((index, unit, key, arguments)),
        }
    }
    if missing.is_empty() {
        return Ok(objects);
    }

    progress.stage(&format!("Compiling Lua {} ({})", plan.version, plan.profile));
    progress.length(missing.len() as u64);
    let folder = |source| CompileError::Folder { path: plan.cache.clone(), source };
    std::fs::create_dir_all(&plan.cache).map_err(folder)?;
    let scratch = tempfile::Builder::new().prefix(".compile-").tempdir_in(absolute(&plan.cache)?).map_err(folder)?;
    let compiled: Vec<Result<(usize, PathBuf), CompileError>> = missing
        .par_iter()
        .map(|(index, unit, key, arguments)| {
            // The index keeps a file of ours apart from one of upstream's with the same name.
            let output = scratch.path().join(format!("{index}.o"));
            compile(toolchain, plan, arguments, &unit.path, &output)?;
            let object = cache.store(key, &unit.stem, &read(&output)?)?;
            progress.advance(1);
            Ok((*index, object))
        })
        .collect();
    let mut failures = Vec::new();
    for result in compiled {
        match result {
            Ok((index, object)) => objects[index] = object,
            Err(error) => failures.push(error),
        }
    }
    cache.trim();
    match first_failure(failures) {
        Some(error) => Err(error),
        None => Ok(objects),
    }
}

/// The error to report of several: the first, which names the other files that failed too.
fn first_failure(failures: Vec<CompileError>) -> Option<CompileError> {
    let mut failures = failures.into_iter();
    let mut first = failures.next()?;
    if let CompileError::Failed { others, .. } = &mut first {
        others.extend(failures.filter_map(|failure| match failure {
            CompileError::Failed { file, .. } => Some(file.file_name()?.to_string_lossy().into_owned()),
            _ => None,
        }));
    }
    Some(first)
}

fn read(path: &Path) -> Result<Vec<u8>, CompileError> {
    std::fs::read(path).map_err(|source| CompileError::Read { path: path.to_owned(), source })
}

/// The files of a folder whose names end in one of `endings`, sorted by name.
fn files(folder: &Path, endings: &[&str]) -> Result<Vec<(String, PathBuf)>, CompileError> {
    let fail = |source| CompileError::Read { path: folder.to_owned(), source };
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(fail)? {
        let path = entry.map_err(fail)?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if endings.iter().any(|ending| name.ends_with(ending)) {
            found.push((name, path));
        }
    }
    found.sort();
    Ok(found)
}

/// The C files of a folder, sorted by name.
///
/// # Errors
/// When the folder can't be read.
pub fn sources(folder: &Path) -> Result<Vec<PathBuf>, CompileError> {
    Ok(files(folder, &[".c"])?.into_iter().map(|(_, path)| path).collect())
}

fn units(plan: &CompilePlan<'_>) -> Result<Vec<Unit>, CompileError> {
    let unit = |path: PathBuf, ours| {
        let stem = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        Unit { path, stem, ours }
    };
    let upstream = plan.upstream.sources.iter().map(|path| unit(path.clone(), false));
    let mut ours = files(&plan.runtime, &[".c"])?;
    for part in &plan.parts {
        ours.extend(files(&plan.runtime.join(part), &[".c"])?);
    }
    let generated = plan.generated.iter().map(|path| unit(path.clone(), true));
    Ok(upstream.chain(ours.into_iter().map(|(_, path)| unit(path, true))).chain(generated).collect())
}

/// Every header that a source can include, by the folder's role and its name.
fn headers(plan: &CompilePlan<'_>) -> Result<BTreeMap<String, Vec<u8>>, CompileError> {
    let mut headers = BTreeMap::new();
    for (role, folder) in [("lua", &plan.upstream.folder), ("lua-src", &plan.runtime)] {
        for (name, path) in files(folder, &[".h", ".inc", ".def"])? {
            headers.insert(format!("{role}/{name}"), read(&path)?);
        }
    }
    for part in &plan.parts {
        for (name, path) in files(&plan.runtime.join(part), &[".h"])? {
            headers.insert(format!("lua-src/{part}/{name}"), read(&path)?);
        }
    }
    Ok(headers)
}

/// The arguments that name no folder of this machine, for the files of one mode.
fn arguments(toolchain: &Toolchain, plan: &CompilePlan<'_>, (ours, level): Mode) -> Result<Vec<String>, CompileError> {
    let mut build = cc::Build::new();
    build
        // Prints nothing and takes nothing from the environment: neither a cargo build script's variables nor CFLAGS.
        .cargo_metadata(false)
        .cargo_warnings(false)
        .cargo_output(false)
        .inherit_rustflags(false)
        .set_envs_snapshot(toolchain.compiler.environment())
        .compiler(&toolchain.compiler.path)
        .target(toolchain.target)
        // Only of importance to how `cc` would choose a compiler.
        .host("x86_64-unknown-linux-gnu")
        .opt_level_str(level)
        .debug(plan.debug)
        // Means nothing in WebAssembly, and `cc` would start the compiler to ask whether it knows the flag.
        .force_frame_pointer(false)
        .std("c11")
        .define("MW_LUA", plan.version.number().to_string().as_str())
        // Upstream's files are not ours to keep free of warnings.
        .warnings(ours)
        .extra_warnings(ours)
        .warnings_into_errors(ours)
        .flags(&toolchain.flags);
    if plan.parts.iter().any(|part| part == PERSIST) {
        build.define("MW_PERSIST", None);
    }
    if toolchain.level_needs_xclang {
        // `zig cc` knows three levels only and takes -Oz for -Os, -O1 and -O3 for -O2.
        build.flag("-Xclang").flag(format!("-O{level}"));
    }
    match plan.profile {
        // Said either way: zig derives both from the level, clang neither.
        Profile::Dev => build.flag("-UNDEBUG"),
        Profile::Size | Profile::Speed => build.flag("-DNDEBUG"),
    };
    if !plan.debug {
        build.flag("-g0");
    }
    if plan.profile == Profile::Size {
        // A switch in place of the interpreter's jump table takes 4 kB off. (Optimising at link time, -flto, adds 4: it inlines
        // across files.) The C library's mathematical functions would add 24.
        build.flag("-DLUA_USE_JUMPTABLE=0").flag("-DMW_SMALL");
    }
    if level == "3" {
        // Unrolled loops are 6 kB more to load and 2 kB more to compile before the first chunk, and programs run no faster.
        build.flag("-fno-unroll-loops");
    }
    if level == "z" {
        for option in FOR_SIZE {
            build.flag("-mllvm").flag(option);
        }
    }
    let tool = build
        .try_get_compiler()
        .map_err(|source| CompileError::Arguments { compiler: toolchain.compiler.path.clone(), source })?;
    Ok(tool.args().iter().map(|argument| argument.to_string_lossy().into_owned()).collect())
}

/// The folders that sources are in, and what each is called below [`VIRTUAL_ROOT`].
fn roles<'a>(toolchain: &'a Toolchain, plan: &'a CompilePlan<'_>) -> [(&'a PathBuf, &'static str); 3] {
    [(&plan.runtime, "lua-src"), (&plan.upstream.folder, "lua"), (&toolchain.headers, "toolchain")]
}

/// The text of a source file by its path in debug information; `None` for files that are not here, such as the C library's.
pub fn source_text(toolchain: &Toolchain, plan: &CompilePlan<'_>, path: &str) -> Option<String> {
    let rest = path.strip_prefix(VIRTUAL_ROOT)?.strip_prefix('/')?;
    let found = roles(toolchain, plan).into_iter().find_map(|(folder, role)| {
        let name = rest.strip_prefix(role)?.strip_prefix('/')?;
        Some(folder.join(name))
    });
    std::fs::read_to_string(found?).ok()
}

/// The arguments that name folders: what they point at enters the cache's keys by content.
fn path_arguments(toolchain: &Toolchain, plan: &CompilePlan<'_>) -> Vec<OsString> {
    let mut arguments: Vec<OsString> = toolchain.path_flags.iter().map(OsString::from).collect();
    arguments.extend(["-include".into(), plan.runtime.join("config.h").into()]);
    for folder in [&plan.runtime, &plan.upstream.folder] {
        arguments.extend(["-I".into(), folder.into()]);
    }
    for (folder, role) in roles(toolchain, plan) {
        let mut map = OsString::from("-ffile-prefix-map=");
        map.push(folder);
        map.push(format!("={VIRTUAL_ROOT}/{role}"));
        arguments.push(map);
    }
    arguments.push(format!("-fdebug-compilation-dir={VIRTUAL_ROOT}").into());
    arguments
}

fn compile(
    toolchain: &Toolchain,
    plan: &CompilePlan<'_>,
    arguments: &[String],
    source: &Path,
    output: &Path,
) -> Result<(), CompileError> {
    let mut command = toolchain.compiler.command();
    // zig writes paths below the working folder relative to it, where the prefix maps don't find them: so work beside them all.
    command.current_dir(output.parent().unwrap_or(Path::new(".")));
    command.args(arguments).args(path_arguments(toolchain, plan)).arg("-c").arg(source).arg("-o").arg(output);
    let result =
        command.output().map_err(|source| CompileError::Start { compiler: toolchain.compiler.path.clone(), source })?;
    if result.status.success() {
        return Ok(());
    }
    let mut diagnostics = String::from_utf8_lossy(&result.stderr).trim_end().to_owned();
    if diagnostics.is_empty() {
        diagnostics = format!("the compiler ended with {} and printed nothing", result.status);
    }
    Err(CompileError::Failed { file: source.to_owned(), others: Vec::new(), diagnostics })
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::PermissionsExt;
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::*;
    use crate::progress::Silent;

    /// A project with two files of upstream's and one of ours, and a stand-in for clang that makes an "object" of its arguments and
    /// the source, writes a line per compilation to `log`, and finds an error in every source that says `error`.
    struct Project {
        dir: tempfile::TempDir,
        upstream: Prepared,
        toolchain: Toolchain,
    }

    impl Project {
        fn new() -> Project {
            let dir = tempfile::tempdir().unwrap();
            let folder = dir.path().join("upstream");
            let runtime = dir.path().join("lua-src");
            std::fs::create_dir_all(&folder).unwrap();
            std::fs::create_dir_all(&runtime).unwrap();
            std::fs::write(folder.join("lua.h"), "").unwrap();
            std::fs::write(runtime.join("config.h"), "").unwrap();
            std::fs::write(runtime.join("abi.c"), "ours").unwrap();
            let sources: Vec<_> = ["lapi.c", "lvm.c"].iter().map(|name| folder.join(name)).collect();
            sources.iter().for_each(|path| std::fs::write(path, "upstream").unwrap());
            let compiler = dir.path().join("clang");
            let script = format!(
                "#!/bin/sh\nall=\"$*\"\nwhile [ $# -gt 0 ]; do case \"$1\" in -c) source=$2;; -o) output=$2;; esac; shift; done\n\
                 [ -n \"$output\" ] || exit 1\necho \"$source\" >> {log}\n\
                 if grep -q error \"$source\"; then echo \"$source:1:1: error: it says so\" >&2; exit 1; fi\n\
                 {{ echo \"$all\"; cat \"$source\"; }} > \"$output\"\n",
                log = dir.path().join("log").display()
            );
            std::fs::write(&compiler, script).unwrap();
            std::fs::set_permissions(&compiler, std::fs::Permissions::from_mode(0o755)).unwrap();
            let toolchain = Toolchain::stand_in(&compiler, Path::new("wasm-ld"));
            Project { dir, upstream: Prepared { folder, sources, patches: Vec::new() }, toolchain }
        }

        fn compile(&self, profile: Profile) -> Result<Vec<PathBuf>, CompileError> {
            let plan = CompilePlan {
                version: LuaVersion::V54,
                profile,
                upstream: &self.upstream,
                runtime: self.dir.path().join("lua-src"),
                parts: Vec::new(),
                debug: profile == Profile::Dev,
                generated: Vec::new(),
                cache: self.dir.path().join("objects"),
            };
            compile_all(&self.toolchain, &plan, &Silent)
        }

        /// How many files were compiled since the last call.
        fn compiled(&self) -> usize {
            let log = self.dir.path().join("log");
            let lines = std::fs::read_to_string(&log).unwrap_or_default().lines().count();
            std::fs::write(&log, "").unwrap();
            lines
        }

        fn write(&self, name: &str, text: &str) {
            std::fs::write(self.dir.path().join(name), text).unwrap();
        }
    }

    #[test]
    fn only_what_changed_is_compiled() {
        let project = Project::new();
        let objects = project.compile(Profile::Size).unwrap();
        let names: Vec<_> = objects.iter().map(|path| path.file_name().unwrap().to_str().unwrap().to_owned()).collect();
        assert_eq!(names, ["lapi.o", "lvm.o", "abi.o"]);
        assert_eq!(project.compiled(), 3);

        assert_eq!(project.compile(Profile::Size).unwrap(), objects);
        assert_eq!(project.compiled(), 0, "nothing changed");

        project.write("upstream/lvm.c", "upstream, patched");
        let changed = project.compile(Profile::Size).unwrap();
        assert_eq!(project.compiled(), 1);
        assert_eq!((&changed[0], &changed[2]), (&objects[0], &objects[2]));
        assert_ne!(changed[1], objects[1]);

        for header in ["upstream/lua.h", "lua-src/config.h"] {
            project.write(header, "int new;");
            project.compile(Profile::Size).unwrap();
            assert_eq!(project.compiled(), 3, "{header} changed");
        }
        project.compile(Profile::Dev).unwrap();
        assert_eq!(project.compiled(), 3, "another profile");

        project.write("upstream/lvm.c", "upstream");
        project.write("upstream/lua.h", "");
        project.write("lua-src/config.h", "");
        assert_eq!(project.compile(Profile::Size).unwrap(), objects);
        assert_eq!(project.compiled(), 0, "all of it was compiled before");
    }

    #[test]
    fn arguments_follow_profile_and_side() {
        let project = Project::new();
        let text = |object: &Path| std::fs::read_to_string(object).unwrap();
        let size = project.compile(Profile::Size).unwrap();
        for argument in
            ["-Oz", "--target=wasm32-wasi", "-std=c11", "-DMW_LUA=54", "-DNDEBUG", "-g0", "-w", "-DLUA_USE_JUMPTABLE=0"]
        {
            assert!(text(&size[0]).contains(argument), "{argument} in {}", text(&size[0]));
        }
        assert!(text(&size[0]).contains("-mllvm -disable-lsr"), "{}", text(&size[0]));
        for argument in ["-Wall", "-Wextra", "-Werror", "/moonwright/lua-src"] {
            assert!(text(&size[2]).contains(argument), "{argument} in {}", text(&size[2]));
        }
        let speed = project.compile(Profile::Speed).unwrap();
        assert!(text(&speed[0]).contains("-O3") && !text(&speed[0]).contains("JUMPTABLE"));
        assert!(text(&speed[0]).contains("-fno-unroll-loops"), "{}", text(&speed[0]));
        assert!(text(&speed[2]).contains("-Oz"), "abi.c is not among the hot files");
        let dev = project.compile(Profile::Dev).unwrap();
        assert!(text(&dev[0]).contains("-O1") && text(&dev[0]).contains(" -g ") && text(&dev[0]).contains("-UNDEBUG"));
    }

    #[test]
    fn diagnostics_come_once_and_name_every_bad_file() {
        let project = Project::new();
        project.write("upstream/lapi.c", "error");
        project.write("lua-src/abi.c", "error");
        let error = project.compile(Profile::Size).unwrap_err().to_string();
        assert!(error.starts_with("cannot compile ") && error.contains("lapi.c (nor abi.c)\n"), "{error}");
        assert_eq!(error.matches("it says so").count(), 1, "{error}");
        project.compiled();
        project.write("upstream/lapi.c", "mended");
        project.write("lua-src/abi.c", "mended");
        project.compile(Profile::Size).unwrap();
        assert_eq!(project.compiled(), 2, "the good file was kept");
        let leftovers = std::fs::read_dir(project.dir.path().join("objects")).unwrap();
        assert!(leftovers.flatten().all(|entry| !entry.file_name().to_string_lossy().starts_with('.')));
    }

    /// Counts steps.
    #[derive(Default)]
    struct Counting {
        length: AtomicU64,
        advanced: AtomicU64,
    }

    impl Progress for Counting {
        fn stage(&self, _text: &str) {}
        fn length(&self, units: u64) {
            self.length.store(units, Ordering::Relaxed);
        }
        fn advance(&self, units: u64) {
            self.advanced.fetch_add(units, Ordering::Relaxed);
        }
        fn note(&self, _text: &str) {}
    }

    #[test]
    fn progress_counts_the_files_that_are_compiled() {
        let project = Project::new();
        project.compile(Profile::Size).unwrap();
        project.write("upstream/lvm.c", "changed");
        let counting = Counting::default();
        let plan = CompilePlan {
            version: LuaVersion::V54,
            profile: Profile::Size,
            upstream: &project.upstream,
            runtime: project.dir.path().join("lua-src"),
            parts: Vec::new(),
            debug: false,
            generated: Vec::new(),
            cache: project.dir.path().join("objects"),
        };
        compile_all(&project.toolchain, &plan, &counting).unwrap();
        assert_eq!((counting.length.into_inner(), counting.advanced.into_inner()), (1, 1));
    }
}
