//! The command line's grammar; what each command does stands in `command/`.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::recipe::{LuaVersion, Profile, Recipe, ToolchainChoice, Unwind};

/// Builds Lua into small, fast WebAssembly modules.
#[derive(Debug, Parser)]
#[command(
    name = "cargo xtask",
    bin_name = "cargo xtask",
    version,
    about,
    after_help = "Exit status: 0 done, 1 a check failed, 2 wrong usage or broken input.",
    arg_required_else_help = true
)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Build a Lua module: compile, link, rewrite, optimise, validate, report
    Build(BuildArgs),
    /// Strip, optimise and rewrite a module that somebody else built
    Post(PostArgs),
    /// Show a module's exports with their signatures, and hold them against a contract
    InspectExports(InspectExportsArgs),
    /// Show where a module's bytes are, and what changed: by section, library, function
    Size(SizeArgs),
    /// Check modules against ci/size-budget.toml
    Budget(BudgetArgs),
    /// Turn tracebacks of a stripped application, and stack traces of a module, back into files and lines
    Symbolize(SymbolizeArgs),
    /// Install the C toolchain now (a build does it by itself)
    Setup(SetupArgs),
    /// Run a Lua program in a built module, or a prompt
    Run(RunArgs),
    /// Show the demo pages on a local port: playground, proof, stress, test harness, size
    Serve(ServeArgs),
    /// Run all tests: Rust, Lua under wasmtime, node and Chromium, checks
    Test(TestArgs),
    /// Measure speed against wasmoon and native Lua side by side, and what persistence and the Rust crate cost
    Bench(BenchArgs),
}

/// Arguments of `build`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  cargo xtask build                            out/lua.wasm: Lua 5.4, for speed, legacy exceptions
  cargo xtask build --profile size --lua 5.5   the smallest module with Lua 5.5
  cargo xtask build --unwind standard          for wasmtime
  cargo xtask build --app main.lua --app 'lib/*.lua' --embed --no-compiler
                                               a program as one file
  cargo xtask build my-app.toml --offline      what a recipe says, without touching the network")]
pub struct BuildArgs {
    /// Recipe to build [default: moonwright.toml in the project's root if it is there, else the built-in defaults]
    pub recipe: Option<PathBuf>,
    /// What overrides the recipe.
    #[command(flatten)]
    pub overrides: RecipeOverrides,
    /// Never touch the network; fail with the command to type if something is missing
    #[arg(long)]
    pub offline: bool,
    /// How to print the report
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    pub format: Format,
}

/// Flags that override a recipe's keys, one each.
#[derive(Debug, Default, Args)]
pub struct RecipeOverrides {
    /// Lua version [default: 5.4]
    #[arg(long, value_enum, value_name = "VERSION")]
    pub lua: Option<LuaVersion>,
    /// What to optimise for [default: speed]
    #[arg(long, value_enum)]
    pub profile: Option<Profile>,
    /// How errors unwind [default: legacy, which the most hosts run]
    #[arg(long, value_enum, value_name = "ENCODING")]
    pub unwind: Option<Unwind>,
    /// Where the C compiler comes from [default: zig]
    #[arg(long, value_enum)]
    pub toolchain: Option<ToolchainChoice>,
    /// Contract to fulfil: core, full (with persistence), bridge (for the npm package and the crate), or a file; repeat for several
    /// [default: full]
    #[arg(long = "contract", value_name = "NAME")]
    pub contracts: Vec<String>,
    /// Export a function by its name; repeat for several
    #[arg(long, value_name = "NAME")]
    pub export: Vec<String>,
    /// Export under another name; repeat for several
    #[arg(long, value_name = "OLD=NEW", value_parser = rename)]
    pub rename: Vec<(String, String)>,
    /// Leave an export out; repeat for several
    #[arg(long, value_name = "NAME")]
    pub hide: Vec<String>,
    /// Keep the name section
    #[arg(long)]
    pub keep_names: bool,
    /// Put names, DWARF and a source map into files beside the module: lua.debug.wasm, lua.wasm.map. (Profile `dev` without this
    /// keeps names and DWARF in the module, and writes lua.wasm.map)
    #[arg(long)]
    pub separate_debug: bool,
    /// Leave out libraries (io,os) and functions (string.pack,dofile), as if they had never been there
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    pub drop: Vec<String>,
    /// A Lua file of the application, a pattern ('lib/*.lua') or NAME=FILE; the main file first. Of the libraries stays only what they
    /// can reach
    #[arg(long, value_name = "FILE")]
    pub app: Vec<PathBuf>,
    /// Put the application into the module, as bytecode: one file is the program
    #[arg(long)]
    pub embed: bool,
    /// Take debug information out of the embedded application [default: true in profile `size`]. What turns its tracebacks back goes into
    /// app.symbols.json beside the module (see symbolize)
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    pub strip_app: Option<bool>,
    /// Leave the compiler out: the module runs bytecode only
    #[arg(long)]
    pub no_compiler: bool,
    /// Leave out what loads, verifies and dumps bytecode: the module runs text only. For modules that store no functions (contract `core`)
    #[arg(long)]
    pub no_bytecode: bool,
    /// Put Lua's state into the module: libraries open, and the application run up to its start (the main file returns a function)
    #[arg(long)]
    pub preload: bool,
    /// Binaryen's program wasm-opt, 116 or newer, to use in place of the built-in Binaryen 116
    #[arg(long, value_name = "PATH")]
    pub wasm_opt: Option<PathBuf>,
    /// What the module may weigh, in bytes: raw=N, gzip=N or brotli=N; repeat for several [default: ci/size-budget.toml]
    #[arg(long, value_name = "KIND=BYTES", value_parser = limit)]
    pub budget: Vec<(Compression, u64)>,
    /// Folder for the module and its reports [default: out]
    #[arg(long, short, value_name = "DIR")]
    pub out: Option<PathBuf>,
}

impl RecipeOverrides {
    /// Puts the flags that were given over the recipe's keys.
    pub fn apply(&self, recipe: &mut Recipe) {
        recipe.lua = self.lua.unwrap_or(recipe.lua);
        recipe.profile = self.profile.unwrap_or(recipe.profile);
        recipe.unwind = self.unwind.unwrap_or(recipe.unwind);
        recipe.toolchain = self.toolchain.unwrap_or(recipe.toolchain);
        if !self.contracts.is_empty() {
            recipe.contracts.clone_from(&self.contracts);
        }
        recipe.exports.add.extend(self.export.iter().cloned());
        recipe.exports.rename.extend(self.rename.iter().cloned());
        recipe.exports.hide.extend(self.hide.iter().cloned());
        recipe.keep_names |= self.keep_names;
        recipe.separate_debug |= self.separate_debug;
        recipe.drop.extend(self.drop.iter().cloned());
        recipe.app.extend(self.app.iter().cloned());
        recipe.embed |= self.embed;
        recipe.strip_app = self.strip_app.or(recipe.strip_app);
        recipe.no_compiler |= self.no_compiler;
        recipe.no_bytecode |= self.no_bytecode;
        recipe.preload |= self.preload;
        if self.wasm_opt.is_some() {
            recipe.wasm_opt.clone_from(&self.wasm_opt);
        }
        for (kind, bytes) in &self.budget {
            let budget = recipe.budget.get_or_insert_default();
            let limit = match kind {
                Compression::Raw => &mut budget.raw,
                Compression::Gzip => &mut budget.gzip,
                Compression::Brotli => &mut budget.brotli,
            };
            *limit = Some(*bytes);
        }
        if let Some(out) = &self.out {
            recipe.out.clone_from(out);
        }
    }
}

/// How the bytes that a budget limits are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Compression {
    /// As they are.
    Raw,
    /// After gzip.
    Gzip,
    /// After brotli.
    Brotli,
}

fn limit(text: &str) -> Result<(Compression, u64), String> {
    let parse = |(kind, bytes): (&str, &str)| {
        let bytes: u64 = bytes.replace('_', "").parse().ok()?;
        Some((Compression::from_str(kind, false).ok()?, bytes))
    };
    text.split_once('=')
        .and_then(parse)
        .ok_or_else(|| "expected raw=N, gzip=N or brotli=N, as in `raw=190000`".to_owned())
}

fn rename(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((old, new)) if !old.is_empty() && !new.is_empty() => Ok((old.to_owned(), new.to_owned())),
        _ => Err("expected OLD=NEW, as in `--rename compute=run`".to_owned()),
    }
}

/// How a report is printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people.
    #[default]
    Table,
    /// For programs.
    Json,
    /// For a pull request.
    Markdown,
}

/// What `post` optimises for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Optimise {
    /// Fewest bytes.
    #[default]
    Size,
    /// Fastest code.
    Speed,
    /// Leave the optimiser out.
    None,
}

/// Arguments of `post`.
#[derive(Debug, Args)]
#[command(after_help = "The result validates, and keeps every export that is not asked to go. A built-in stage that \
can't handle the module is left out, and the report says why.

Examples:
  cargo xtask post glue.wasm -o small.wasm                strip and optimise for size
  cargo xtask post app.wasm -o app.wasm --export step     an export by its function's name
  cargo xtask post old.wasm -o new.wasm --unwind standard --wasm-opt PATH
                                                          legacy exceptions to standard ones")]
pub struct PostArgs {
    /// The WebAssembly module: from Emscripten, wasi-sdk, Zig, TinyGo, Rust, this toolchain, ...
    pub file: PathBuf,
    /// Where to write the result; may be FILE itself
    #[arg(long, short, value_name = "OUT")]
    pub out: PathBuf,
    /// Export a function by its name in the name section; repeat for several
    #[arg(long, value_name = "NAME")]
    pub export: Vec<String>,
    /// Rename an export; repeat for several
    #[arg(long, value_name = "OLD=NEW", value_parser = rename)]
    pub rename: Vec<(String, String)>,
    /// Leave an export out; repeat for several
    #[arg(long, value_name = "NAME")]
    pub hide: Vec<String>,
    /// Of a Lua module that is linked with --emit-relocs: leave out libraries (io,os) and functions (string.pack)
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    pub drop: Vec<String>,
    /// Keep the name section
    #[arg(long)]
    pub keep_names: bool,
    /// What to optimise for
    #[arg(long, value_enum, default_value_t, value_name = "GOAL")]
    pub optimise: Optimise,
    /// Exception encoding of the result: fills in lua_try and lua_throw, or translates legacy to standard (with --wasm-opt)
    #[arg(long, value_enum, value_name = "ENCODING")]
    pub unwind: Option<Unwind>,
    /// A wasm-opt program to use in place of the built-in Binaryen 116; needed for modules with standard exceptions
    #[arg(long, value_name = "PATH")]
    pub wasm_opt: Option<PathBuf>,
    /// How to print the report
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    pub format: Format,
}

/// Arguments of `inspect-exports`.
#[derive(Debug, Args)]
#[command(
    after_help = "Exit status: 0 the contract is kept, 1 an export is missing or has another signature, 2 broken input."
)]
pub struct InspectExportsArgs {
    /// The WebAssembly module
    pub file: PathBuf,
    /// Contract to hold the module against
    #[arg(long, value_name = "NAME", default_value = "core")]
    pub contract: String,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// What `size` adds bytes up by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum SizeBy {
    /// Section, with compressed sizes.
    #[default]
    Section,
    /// Lua library or source file.
    Module,
    /// Function or piece of data.
    Function,
}

/// How `size` writes its report.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum SizeFormat {
    /// For people.
    #[default]
    Table,
    /// For programs, and for a later --diff.
    Json,
    /// For spreadsheets.
    Csv,
    /// For a pull request.
    Markdown,
    /// A page with a treemap, which works offline and on a phone.
    Html,
}

/// Arguments of `size`.
#[derive(Debug, Args)]
#[command(
    after_help = "The report that a build leaves beside its module says which library and file every byte is from. \
Of other modules the names of functions and exports tell, as far as there are any.

Examples:
  cargo xtask size out/lua.wasm --by module
  cargo xtask size out/lua.wasm --by function --diff old/size-report.json
  cargo xtask size out/lua.wasm --format html -o size.html"
)]
pub struct SizeArgs {
    /// The WebAssembly module, or the JSON report of one
    pub file: PathBuf,
    /// What to add bytes up by
    #[arg(long, value_enum, default_value_t)]
    pub by: SizeBy,
    /// Show only what changed since this module or JSON report, the largest change first
    #[arg(long, value_name = "OLD")]
    pub diff: Option<PathBuf>,
    /// How many rows a table has at most
    #[arg(long, value_name = "ROWS", default_value_t = 40)]
    pub top: usize,
    /// How to write it
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    pub format: SizeFormat,
    /// Write to this file instead of printing
    #[arg(long, short, value_name = "OUT")]
    pub out: Option<PathBuf>,
    /// Never touch the network; fail with the command to type if something is missing
    #[arg(long)]
    pub offline: bool,
}

/// Arguments of `budget`.
#[derive(Debug, Args)]
#[command(after_help = "Exit status: 0 within budget, 1 over it, 2 wrong usage or broken input.")]
pub struct BudgetArgs {
    /// The module to check [default: builds and checks all that is shipped, the npm package's JavaScript included]
    pub file: Option<PathBuf>,
    /// The profile whose budget holds for FILE [default: what the report beside FILE says]
    #[arg(long, value_enum, requires = "file")]
    pub profile: Option<Profile>,
    /// The Lua version whose budget holds for FILE [default: what the report beside FILE says]
    #[arg(long, value_enum, requires = "file")]
    pub lua: Option<LuaVersion>,
    /// Say what grew since this module or JSON report, and which change of the recipe takes it back
    #[arg(long, value_name = "OLD", requires = "file")]
    pub diff: Option<PathBuf>,
    /// The budgets
    #[arg(long, value_name = "TOML", default_value = "ci/size-budget.toml")]
    pub budgets: PathBuf,
    /// How to print the result
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    pub format: Format,
    /// Never touch the network
    #[arg(long)]
    pub offline: bool,
}

/// Arguments of `symbolize`.
#[derive(Debug, Args)]
#[command(
    arg_required_else_help = true,
    after_help = "Exit status: 0 done, 1 the text names a stripped application that no symbols are there for, 2 wrong usage or broken input.

Examples:
  cargo xtask symbolize --symbols out/app.symbols.json traceback.txt
                                                            app#1a2b3c4d:57: becomes main.lua:12:
  cargo xtask symbolize --map out/lua.wasm.map < stack.txt  wasm-function[9]:0x3f2a gets its line of C"
)]
pub struct SymbolizeArgs {
    /// The text [default: the standard input]
    pub file: Option<PathBuf>,
    /// Symbols of an application; repeat for several
    #[arg(long, value_name = "JSON")]
    pub symbols: Vec<PathBuf>,
    /// A module's source map, for stack traces of browsers, node and wasmtime
    #[arg(long, value_name = "MAP")]
    pub map: Option<PathBuf>,
}

/// Arguments of `setup`.
#[derive(Debug, Args)]
pub struct SetupArgs {
    /// Which toolchain to install or check
    #[arg(long, value_enum, default_value_t)]
    pub toolchain: ToolchainChoice,
    /// Only check; never touch the network
    #[arg(long)]
    pub offline: bool,
}

/// Arguments of `run`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  cargo xtask run                                 the prompt
  cargo xtask run --state saves game.lua easy 3   a script with arguments; Memory is kept in saves/
  cargo xtask run -- --help                       all options of the program that runs")]
pub struct RunArgs {
    /// The Lua version of the module that runs [default: 5.4]
    #[arg(long, value_enum, value_name = "VERSION")]
    pub lua: Option<LuaVersion>,
    /// Never touch the network; fail with the command to type if something is missing
    #[arg(long)]
    pub offline: bool,
    /// Options of the program that runs, the script, and its arguments
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "FILE.lua")]
    pub arguments: Vec<OsString>,
}

/// Arguments of `serve`.
#[derive(Debug, Args)]
pub struct ServeArgs {
    /// Port on 127.0.0.1; 0 takes any that is free
    #[arg(long, default_value_t = 8080)]
    pub port: u16,
    /// Open the pages in the browser
    #[arg(long)]
    pub open: bool,
    /// Never touch the network; fail with the command to type if something is missing
    #[arg(long)]
    pub offline: bool,
}

/// Parts of the test suite.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum TestPart {
    /// Formatting, lints and repository rules.
    Lint,
    /// The toolchain's tests.
    Toolchain,
    /// The runtime's C parts, compiled for this machine.
    Native,
    /// The built modules under wasmtime, and the Rust crate.
    Wasmtime,
    /// The built modules under node.
    Node,
    /// Modules without libraries, and what they weigh.
    Prune,
    /// `post` over modules that others built.
    Post,
    /// Source maps, DWARF, and tracebacks of stripped applications.
    Debug,
    /// The npm package on node.
    Web,
    /// The built modules, the npm package and the demo pages in Chromium.
    Browser,
}

/// Arguments of `test`.
#[derive(Debug, Args)]
#[command(after_help = "With CI=true in the environment a test that cannot run is a failure, never a skip.")]
pub struct TestArgs {
    /// Run only tests whose name contains this
    pub filter: Option<String>,
    /// Run only this part; repeat for several
    #[arg(long, value_enum, value_name = "PART")]
    pub only: Vec<TestPart>,
    /// Never touch the network; fail with the command to type if something is missing
    #[arg(long)]
    pub offline: bool,
}

/// What `bench` measures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum BenchSection {
    /// The programs of bench/lua in our modules, wasmoon, fengari and native Lua, on node, Chromium and wasmtime.
    Programs,
    /// Where the milliseconds of a start go on two versions of node, beside wasmoon's, and what `--preload` saves of them.
    Startup,
    /// Heap, peak, pages and fragmentation of programs.
    Memory,
    /// What it costs that `Memory` outlives the instance.
    Persistence,
    /// What the npm package costs in a page.
    Chromium,
    /// What the Rust crate costs: instances, calls each way, flushes.
    Crate,
}

impl BenchSection {
    /// The section's name, as the command line has it.
    pub fn name(self) -> &'static str {
        match self {
            BenchSection::Programs => "programs",
            BenchSection::Startup => "startup",
            BenchSection::Memory => "memory",
            BenchSection::Persistence => "persistence",
            BenchSection::Chromium => "chromium",
            BenchSection::Crate => "crate",
        }
    }
}

/// Arguments of `bench`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  cargo xtask bench --quick                       everything, fewer rounds
  cargo xtask bench persistence --json            one section, for programs
  cargo xtask bench programs --only fib           some programs
  cargo xtask bench programs --write              the tables in docs/performance.md, anew
  cargo xtask bench programs --plots out          plots of them")]
pub struct BenchArgs {
    /// Measure only this; repeat for several
    #[arg(value_enum, value_name = "SECTION")]
    pub sections: Vec<BenchSection>,
    /// Of the programs, only those whose name contains this; repeat for several
    #[arg(long, value_name = "NAME")]
    pub only: Vec<String>,
    /// Fewer rounds: figures for a first look
    #[arg(long)]
    pub quick: bool,
    /// Rounds of each program; the median is reported [default: 5, with --quick 1]
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=100))]
    pub runs: Option<u32>,
    /// Put plots of the programs' times into this folder, as SVG
    #[arg(long, value_name = "DIR")]
    pub plots: Option<PathBuf>,
    /// Put the tables into docs/performance.md and the plots into docs/plots; whole sections only
    #[arg(long, conflicts_with = "only")]
    pub write: bool,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
    /// Never touch the network; fail with the command to type if something is missing
    #[arg(long)]
    pub offline: bool,
}
