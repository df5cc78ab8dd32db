//! `post` over modules that others built: what npm packages come with, and what the C compiler makes of tests/post/own.c. Each is
//! run before and after, the packages by their own loaders.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use rayon::prelude::*;
use serde::Serialize;

use super::tally::Tally;
use super::{Session, TOOLCHAIN, announce, programs, selected};
use crate::command::build::Builder;
use crate::command::npm;
use crate::output_file;
use crate::pass::optimise::Goal;
use crate::post::{self, PostOptions, Posted};
use crate::progress::Terminal;
use crate::recipe::{LuaVersion, Profile, Recipe, ToolchainChoice, Unwind};
use crate::toolchain::{self, Program, Toolchain};

/// The folder of the test programs, and of what they pin.
const FOLDER: &str = "tests/post";

/// The programs in tests/post/smoke and the modules that they load.
const PACKAGES: [(&str, &[&str]); 9] = [
    ("wasmoon", &["wasmoon/dist/glue.wasm"]),
    ("lua-wasm-bindings", &["lua-wasm-bindings/dist/glue/glue-lua-5.4.7.wasm"]),
    ("source-map", &["source-map/lib/mappings.wasm"]),
    (
        "web-tree-sitter",
        &["web-tree-sitter/web-tree-sitter.wasm", "@tree-sitter-grammars/tree-sitter-lua/tree-sitter-lua.wasm"],
    ),
    ("vscode-oniguruma", &["vscode-oniguruma/release/onig.wasm"]),
    ("sh-syntax", &["sh-syntax/main.wasm"]),
    ("argon2-browser", &["argon2-browser/dist/argon2.wasm"]),
    ("lz4-wasm-nodejs", &["lz4-wasm-nodejs/lz4_wasm_nodejs_bg.wasm"]),
    ("zstd-wasm", &["@bokuweb/zstd-wasm/dist/common/zstd.wasm"]),
];

/// How own.c is compiled: what is said of it, the compiler's flags, the linker's.
const COMPILED: [(&str, &[&str], &[&str]); 3] = [
    ("zig -O0 -g, with names and DWARF", &["-O0", "-g"], &[]),
    ("zig -O2, with names and relocations", &["-O2"], &["--emit-relocs"]),
    ("zig -Os, stripped", &["-Os"], &["--strip-all"]),
];

/// Programs for WASI, as Zig compiles them with all that it has: the source, zig's role, the arguments, a function that has its name.
const PROGRAMS: [(&str, &str, &[&str], &str); 2] = [
    ("wasi.c", "cc", &["-target", "wasm32-wasi", "-O1", "-g", "-fno-sanitize=undefined"], "printf_core"),
    ("wasi.zig", "build-exe", &["-target", "wasm32-wasi", "-O", "ReleaseSafe"], "heap.WasmAllocator.alloc"),
];

/// What the test program reads.
#[derive(Serialize)]
struct Index {
    packages: BTreeMap<&'static str, BTreeMap<&'static str, PathBuf>>,
    modules: Vec<Compiled>,
    /// Programs for WASI.
    programs: Vec<Compiled>,
    /// unwind.c with legacy exceptions.
    unwound: PathBuf,
}

#[derive(Serialize)]
struct Compiled {
    name: &'static str,
    before: PathBuf,
    after: PathBuf,
}

/// Post-processes everything into `target/moonwright/posted` and runs tests/post/post.test.mjs.
///
/// # Errors
/// Where packages can't be installed, the compiler fails, a module can't be post-processed, or node can't be started.
pub fn run(session: &Session) -> Result<Tally> {
    announce("post-processing of modules that others built");
    let installed = npm::install(&session.root, FOLDER, session.offline, "cargo xtask test")?;
    let folder = session.root.join("target/moonwright/posted");

    let files: Vec<(&str, &str)> =
        PACKAGES.iter().flat_map(|(name, files)| files.iter().map(|file| (*name, *file))).collect();
    let posted = files
        .par_iter()
        .map(|(_, file)| {
            let options = PostOptions { goal: Some(Goal::Size), ..PostOptions::default() };
            post_file(&installed.join("node_modules").join(file), &folder.join(file.replace('/', "-")), &options)
        })
        .collect::<Result<Vec<PathBuf>>>()?;
    let mut packages: BTreeMap<_, BTreeMap<_, _>> = BTreeMap::new();
    for ((name, file), posted) in files.into_iter().zip(posted) {
        packages.entry(name).or_default().insert(file, posted);
    }
    let mut tally = Tally::default();
    let toolchain = toolchain(session)?;
    let index = Index {
        packages,
        modules: compiled(session, &toolchain, &folder)?,
        programs: wasi_programs(session, &toolchain, &folder, &mut tally)?,
        unwound: unwound(session, &toolchain, &folder, &installed, &mut tally)?,
    };
    output_file::write(&folder.join("index.json"), &serde_json::to_vec_pretty(&index)?)?;

    let mut command = Command::new("node");
    command.current_dir(session.root.join(FOLDER)).args(["--test", "--test-timeout=120000"]);
    command.arg(format!("--test-reporter={}", session.root.join("tests/node/reporter.mjs").display()));
    command.arg("--test-reporter-destination=stdout");
    if let Some(filter) = &session.filter {
        command.arg(format!("--test-name-pattern={}", super::node::escape(filter)));
    }
    command.arg("post.test.mjs").env("MOONWRIGHT_POSTED", &folder).env("MOONWRIGHT_PACKAGES", &installed);
    tally += &programs::run(command, "tests of post")?;
    tally += &mutants(session, &folder, &installed)?;
    Ok(tally)
}

/// The folder's modules that are mutated beside ours and wasmoon's: one with names and DWARF, one with what a C library has.
const MUTATED: [&str; 2] = ["own-0.wasm", "wasi.c.wasm"];

/// The test of xtask/tests/mutants.rs that wants real modules.
pub(super) const REAL_MODULES_TEST: &str = "no_mutant_of_a_real_module_is_too_much";

/// Runs xtask/tests/mutants.rs on real modules: ours, wasmoon's, and some that were compiled here.
fn mutants(session: &Session, folder: &Path, installed: &Path) -> Result<Tally> {
    announce("mutants of real modules");
    let builder = Builder::new(&session.root, session.offline);
    let ours = [
        (LuaVersion::V54, Profile::Size, Unwind::Legacy),
        (LuaVersion::V54, Profile::Speed, Unwind::Standard),
        (LuaVersion::V55, Profile::Size, Unwind::Host),
    ];
    let mut modules = vec![installed.join("node_modules").join(PACKAGES[0].1[0])];
    for (lua, profile, unwind) in ours {
        let built = builder.build(&Recipe { lua, profile, unwind, ..Recipe::default() })?;
        let path = folder.join(format!("{lua}-{profile}-{unwind}.wasm"));
        output_file::write(&path, &built.wasm)?;
        modules.push(path);
    }
    modules.extend(MUTATED.map(|name| folder.join(name)));
    let mut command = session.cargo(&["test"]);
    command.args(selected(TOOLCHAIN)).args(["--test", "mutants", "--", "--ignored", "--nocapture", REAL_MODULES_TEST]);
    command.env(MODULES_TO_MUTATE, std::env::join_paths(modules)?);
    programs::run(command, "mutants of real modules")
}

/// The environment variable by which the test gets the modules.
const MODULES_TO_MUTATE: &str = "MOONWRIGHT_MODULES_TO_MUTATE";

/// Binaryen's program in the npm package, below the installed packages.
const OPTIMISER: &str = "node_modules/binaryen/bin/wasm-opt";

/// A wasm-opt that is newer than the built-in one.
///
/// # Errors
/// Where the npm packages can't be installed.
pub(super) fn newer_optimiser(session: &Session) -> Result<PathBuf> {
    Ok(npm::install(&session.root, FOLDER, session.offline, "cargo xtask test")?.join(OPTIMISER))
}

fn toolchain(session: &Session) -> Result<Toolchain> {
    let progress = Terminal::new();
    let toolchain = toolchain::locate(ToolchainChoice::default(), &session.root, session.offline, &progress)?;
    progress.finish();
    Ok(toolchain)
}

fn post_file(from: &Path, to: &Path, options: &PostOptions) -> Result<PathBuf> {
    post_whole(from, to, options)?;
    Ok(to.to_owned())
}

/// Post-processes a file; every byte of the result must be accounted for.
fn post_whole(from: &Path, to: &Path, options: &PostOptions) -> Result<Posted> {
    let wasm = std::fs::read(from).with_context(|| format!("cannot read {}", from.display()))?;
    let posted = post::run(&wasm, options).with_context(|| format!("cannot post-process {}", from.display()))?;
    println!("{:>7} -> {:>7} bytes  {}", wasm.len(), posted.wasm.len(), from.display());
    let attributed: u64 = posted.items.iter().map(|item| item.bytes).sum();
    ensure!(attributed == posted.wasm.len() as u64, "{}: {attributed} bytes are attributed", from.display());
    output_file::write(to, &posted.wasm)?;
    Ok(posted)
}

/// The programs for WASI, before and after.
fn wasi_programs(session: &Session, toolchain: &Toolchain, folder: &Path, tally: &mut Tally) -> Result<Vec<Compiled>> {
    let mut programs = Vec::new();
    for (name, role, arguments, function) in PROGRAMS {
        let before = folder.join(format!("{name}.wasm"));
        let compiler = Program { role: vec![role], ..toolchain.compiler.clone() };
        let mut compile = compiler.command();
        compile.args(arguments).arg(session.root.join(FOLDER).join(name));
        // zig's own command line and clang's name the result differently.
        match role {
            "cc" => compile.arg("-o").arg(&before),
            _ => compile.arg(format!("-femit-bin={}", before.display())),
        };
        run_tool(compile.current_dir(folder))?;
        let options = PostOptions { goal: Some(Goal::Size), ..PostOptions::default() };
        let after = folder.join(format!("{name}.posted.wasm"));
        let posted = post_whole(&before, &after, &options)?;
        let removed = |section: &str| posted.notes.iter().any(|note| note.contains(&format!("section \"{section}\"")));
        tally.check(&format!("{name}: names and DWARF go"), removed("name") && removed(".debug_info"));
        let named = posted.items.iter().any(|item| item.section == "code" && item.origin.name == function);
        tally.check(&format!("{name}: {function} is accounted for by its name, though that is gone"), named);
        programs.push(Compiled { name, before, after });
    }
    Ok(programs)
}

/// own.c by the toolchain's compiler, before and after.
fn compiled(session: &Session, toolchain: &Toolchain, folder: &Path) -> Result<Vec<Compiled>> {
    let mut modules = Vec::new();
    for (place, (name, compiler, linker)) in COMPILED.into_iter().enumerate() {
        let before = folder.join(format!("own-{place}.wasm"));
        compile(session, toolchain, "own.c", compiler, linker, &before)?;
        let mut options = PostOptions { goal: Some(Goal::Size), ..PostOptions::default() };
        if name.contains("with names") {
            options.exports.rename.insert("hidden".to_owned(), "seven".to_owned());
        }
        let after = post_file(&before, &folder.join(format!("own-{place}.posted.wasm")), &options)?;
        modules.push(Compiled { name, before, after });
    }
    Ok(modules)
}

/// Compiles and links a file of tests/post.
fn compile(
    session: &Session,
    toolchain: &Toolchain,
    source: &str,
    compiler: &[&str],
    linker: &[&str],
    to: &Path,
) -> Result<()> {
    let object = to.with_extension("o");
    let mut compile = toolchain.compiler.command();
    compile.args(["-target", toolchain.target, "-nostdlib", "-fno-sanitize=undefined"]).args(compiler).arg("-c");
    run_tool(compile.arg(session.root.join(FOLDER).join(source)).arg("-o").arg(&object))?;
    let mut link = toolchain.linker.command();
    link.args(["--no-entry", "--export=__stack_pointer"]).args(linker).arg(object).arg("-o").arg(to);
    run_tool(&mut link)
}

/// unwind.c through every translation of exceptions that there is; gives the module with legacy ones, which this node runs.
fn unwound(
    session: &Session,
    toolchain: &Toolchain,
    folder: &Path,
    installed: &Path,
    tally: &mut Tally,
) -> Result<PathBuf> {
    let before = folder.join("unwind.wasm");
    compile(session, toolchain, "unwind.c", &["-O2"], &[], &before)?;
    let wasm = std::fs::read(&before).with_context(|| format!("cannot read {}", before.display()))?;
    let options = |unwind, wasm_opt| PostOptions { goal: Some(Goal::Size), unwind, wasm_opt, ..PostOptions::default() };
    let newer = Some(installed.join(OPTIMISER));
    let legacy = post::run(&wasm, &options(Some(Unwind::Legacy), None))?;
    let standard = post::run(&legacy.wasm, &options(Some(Unwind::Standard), newer.clone()))?;
    let uses = |posted: &Posted, feature| posted.features.as_ref().is_some_and(|found| found.contains(&feature));
    tally.check(
        "a newer wasm-opt translates legacy exceptions to standard ones",
        uses(&legacy, "legacy-exceptions")
            && uses(&standard, "exception-handling")
            && !uses(&standard, "legacy-exceptions"),
    );
    let optimised = |posted: &Posted| posted.stages.iter().any(|stage| stage.name == "optimise");
    let told = |posted: &Posted| posted.notes.iter().any(|note| note.contains("cannot read modules with the feature"));
    let filled = post::run(&wasm, &options(Some(Unwind::Standard), None))?;
    let skipped = post::run(&filled.wasm, &options(None, None))?;
    tally.check(
        "the built-in optimiser leaves a module with standard exceptions alone, and the report says so",
        uses(&filled, "exception-handling") && !optimised(&skipped) && told(&skipped) && skipped.wasm == filled.wasm,
    );
    let again = post::run(&filled.wasm, &options(None, newer))?;
    tally.check("a newer wasm-opt optimises it", !told(&again));
    let to = folder.join("unwind.legacy.wasm");
    output_file::write(&to, &legacy.wasm)?;
    Ok(to)
}

fn run_tool(command: &mut Command) -> Result<()> {
    let program = command.get_program().to_string_lossy().into_owned();
    let output = command.output().with_context(|| format!("cannot run {program}"))?;
    ensure!(output.status.success(), "{program} failed: {}", String::from_utf8_lossy(&output.stderr).trim_end());
    Ok(())
}
