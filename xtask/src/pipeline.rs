//! From a recipe to a finished module, one stage after the other.
//!
//! The order is not free: exports are rewritten while function names are still there, before the strip, and unwinding comes after the
//! optimiser, so that one run of that serves every encoding and Binaryen never meets exceptions.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::app::{Application, Embedded, Kept};
use crate::attribution::{Item, Numbered, Origins, OwnNames};
use crate::budget::Budget;
use crate::compile::CompilePlan;
use crate::contract::{self, Contract};
use crate::debug_info::{self, DebugInfo, DebugInfoError, Trace};
use crate::features::FeatureSet;
use crate::interface::{Interface, ReadError};
use crate::link::LinkOptions;
use crate::linked::Linked;
use crate::machine::MachineError;
use crate::pass::optimise::{OptimiseOptions, Optimised};
use crate::pass::prune::PruneOptions;
use crate::pass::strip::StripOptions;
use crate::pass::validate::ValidateOptions;
use crate::progress::Progress;
use crate::provenance::{Provenance, ProvenanceError, Sources};
use crate::recipe::{Profile, Recipe};
use crate::report::{self, Preload, Report, Stage};
use crate::section::{self, Section, Weight};
use crate::symbols::{self, Symbols, SymbolsError};
use crate::toolchain::{LibcVariant, Toolchain};
use crate::upstream::Upstream;
use crate::{
    app, attribution, budget, compile, digest, machine, module_cache, optimised_cache, output_file, pass, toolchain,
    upstream,
};

mod options;

use options::{contracts, export_options, optimise_options, other_exports, parts};

/// Where and how builds run.
pub struct Setting<'a> {
    /// The checkout.
    pub root: &'a Path,
    /// Never touch the network.
    pub offline: bool,
    /// Who hears what is being done.
    pub progress: &'a dyn Progress,
    /// A library that upstream's sources are not to open: what pruning it is measured against.
    pub without: Option<&'a str>,
}

/// The name of a built module's file.
pub const MODULE: &str = "lua.wasm";
/// The name of its source map.
pub const SOURCE_MAP: &str = "lua.wasm.map";
/// The name of the file with its names and DWARF, where the module itself is not to have them.
pub const DEBUG_MODULE: &str = "lua.debug.wasm";

/// The stage that adds what debuggers read.
const DEBUG_STAGE: &str = "debug";

/// A finished module.
pub struct Built {
    /// The module.
    pub wasm: Vec<u8>,
    /// The files that debuggers read beside it, if any.
    pub beside: Vec<Beside>,
    /// What it is and weighs.
    pub report: Report,
}

/// What stopped a build.
#[derive(Debug, Error)]
pub enum PipelineError {
    /// Upstream's sources.
    #[error("cannot prepare Lua's sources")]
    Sources(#[from] upstream::UpstreamError),
    /// The C toolchain.
    #[error("cannot use the C toolchain")]
    Toolchain(#[from] toolchain::ToolchainError),
    /// The C compiler.
    #[error("cannot compile")]
    Compile(#[from] compile::CompileError),
    /// The linker.
    #[error("cannot link")]
    Link(#[from] crate::link::LinkError),
    /// The linker's map.
    #[error("cannot read the link map {}", path.display())]
    Map {
        /// The map.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// Where functions and data come from.
    #[error("cannot tell what the linked module's parts are from")]
    Provenance(#[from] ProvenanceError),
    /// A contract that is not there, or is broken.
    #[error("cannot read the contract")]
    Contract(#[from] contract::ContractError),
    /// A pass made what can't be read.
    #[error("cannot read the module")]
    Read(#[from] ReadError),
    /// Libraries and functions to leave out.
    #[error("cannot prune")]
    Prune(#[from] pass::prune::PruneError),
    /// The application.
    #[error("cannot tell what the application reaches")]
    App(#[from] app::AppError),
    /// `no-bytecode`, and something that needs it.
    #[error("a module without bytecode cannot have {needs}; leave out --no-bytecode{remedy}")]
    Bytecode {
        /// What needs it.
        needs: &'static str,
        /// The other way out.
        remedy: &'static str,
    },
    /// `embed` without an application.
    #[error("there is no application to embed; name its files with --app (in a recipe: app = [\"main.lua\"])")]
    NoApplication,
    /// `strip-app` without an application in the module.
    #[error("there is no application in the module that could be stripped; --strip-app goes with --embed")]
    NothingToStrip,
    /// The symbols.
    #[error("cannot write the application's symbols")]
    Symbols(#[from] SymbolsError),
    /// The state.
    #[error("cannot put a state into the module")]
    State(#[from] MachineError),
    /// The module with the state.
    #[error("cannot put a state into the module")]
    Preload(#[from] pass::preload::PreloadError),
    /// The export table.
    #[error("cannot rewrite the exports")]
    Exports(#[from] pass::exports::ExportError),
    /// wasm-opt.
    #[error("cannot optimise")]
    Optimise(#[from] pass::optimise::OptimiseError),
    /// `lua_try` and `lua_throw`.
    #[error("cannot fill in exception handling")]
    Unwind(#[from] pass::unwind::UnwindError),
    /// The order of functions.
    #[error("cannot put the functions into order")]
    Order(#[from] pass::order::OrderError),
    /// What debuggers read.
    #[error("cannot write debug information")]
    Debug(#[from] DebugInfoError),
    /// The finished module breaks its contract or uses a feature that was not asked for.
    #[error("the finished module is not valid")]
    Validate(#[from] pass::validate::ValidateError),
    /// The finished module could not be taken apart.
    #[error("cannot weigh the module")]
    Weigh(#[from] section::SectionError),
    /// A compressor failed.
    #[error("cannot weigh the module")]
    Compress(#[source] std::io::Error),
    /// The budgets.
    #[error("cannot check the budget")]
    Budget(#[from] budget::BudgetError),
    /// A cache entry could not be written.
    #[error("cannot write to the module cache")]
    Cache(#[from] output_file::WriteError),
}

/// Builds `recipe`.
///
/// # Errors
/// Whatever stops a stage; nothing but caches below `target/` has been written then.
pub fn build(setting: &Setting, recipe: &Recipe) -> Result<Built, PipelineError> {
    let progress = setting.progress;
    let work = setting.root.join("target/moonwright");
    if recipe.strip_app == Some(true) && !recipe.embed {
        return Err(PipelineError::NothingToStrip);
    }
    options::check_bytecode(recipe)?;
    let embedded = if recipe.embed { Some(application(setting, recipe, &work)?) } else { None };
    let c_file = embedded.as_ref().map(|embedded| embedded.c_file.clone());
    compile_and_link(setting, recipe, c_file, |compiled, source_text| {
        let Compiled { upstream, toolchain, linked, lineage } = compiled;
        let key = module_cache::key(&linked, recipe);
        let mut finished = match module_cache::read(&work, &key) {
            Some(finished) => finished,
            None => {
                let symbols = embedded.as_ref().and_then(|embedded| embedded.symbols.as_ref());
                let finished = post_process(linked, recipe, &lineage, symbols, source_text, &work, progress)?;
                module_cache::write(&work, &key, &finished)?;
                finished
            }
        };
        if let Some(symbols) = embedded.as_ref().and_then(|embedded| embedded.symbols.as_ref()) {
            finished.beside.push(Beside::new(symbols::FILE, symbols.to_json()?));
        }
        let facts = embedded.map(|embedded| embedded.facts);
        report(setting, recipe, &upstream, toolchain, finished, facts)
    })
}

/// The linked module of `recipe`, with names and relocations, as the stages after the linker get it.
///
/// # Errors
/// As for [`build`].
pub fn link(setting: &Setting, recipe: &Recipe) -> Result<Vec<u8>, PipelineError> {
    let recipe = Recipe { embed: false, ..recipe.clone() };
    compile_and_link(setting, &recipe, None, |compiled, _| Ok(compiled.linked))
}

/// The application, compiled by the module as it is without it.
fn application(setting: &Setting, recipe: &Recipe, work: &Path) -> Result<Embedded, PipelineError> {
    if recipe.app.is_empty() {
        return Err(PipelineError::NoApplication);
    }
    let chunks = app::compile(&app::files(&recipe.app).map_err(app::AppError::from)?, &link(setting, recipe)?)?;
    Ok(app::embed(chunks, recipe.lua, recipe.strips_app(), work)?)
}

/// What the stages that need sources and a toolchain give.
struct Compiled<'a> {
    upstream: Upstream,
    toolchain: &'a Toolchain,
    linked: Vec<u8>,
    lineage: Lineage,
}

/// Hands what it gives to `then`, with what finds the text of a source file that debug information names.
fn compile_and_link<T>(
    setting: &Setting,
    recipe: &Recipe,
    application: Option<PathBuf>,
    then: impl FnOnce(Compiled<'_>, &dyn Fn(&str) -> Option<String>) -> Result<T, PipelineError>,
) -> Result<T, PipelineError> {
    let progress = setting.progress;
    let work = setting.root.join("target/moonwright");

    progress.stage(&format!("Preparing Lua {}", recipe.lua));
    let upstream = upstream::locate(setting.root, recipe.lua, setting.offline)?;
    let prepared =
        upstream::prepare(&upstream, &setting.root.join("patches").join(recipe.lua.as_str()), &work.join("src"))?;
    let prepared = match setting.without {
        Some(library) => upstream::without_library(prepared, library, &work.join("src"))?,
        None => prepared,
    };
    let toolchain = toolchain::locate(recipe.toolchain, setting.root, setting.offline, progress)?;

    progress.stage(&format!("Compiling Lua {} for profile {}", recipe.lua, recipe.profile));
    let plan = CompilePlan {
        version: recipe.lua,
        profile: recipe.profile,
        upstream: &prepared,
        runtime: setting.root.join("lua-src"),
        parts: {
            let state = recipe.preload.then(|| "preload".to_owned());
            parts(&contracts(recipe)?).into_iter().chain(state).collect()
        },
        generated: application.into_iter().collect(),
        debug: recipe.has_debug_info(),
        cache: work.join("objects"),
    };
    let objects = compile::compile_all(&toolchain, &plan, progress)?;
    let variant = if recipe.profile == Profile::Size { LibcVariant::Size } else { LibcVariant::Speed };
    let archives = toolchain.archives(variant, progress)?;

    progress.stage("Linking");
    let parts: String = plan.parts.iter().map(|part| format!("-{part}")).collect();
    let dev = recipe.profile == Profile::Dev;
    let kind = match (dev, recipe.has_debug_info()) {
        (true, _) if recipe.prunes() => "-relocations",
        (false, true) => "-debug",
        _ => "",
    };
    let without = setting.without.map(|library| format!("-without-{library}")).unwrap_or_default();
    let name = format!("{}-{}{parts}{kind}{without}.wasm", recipe.lua, recipe.profile);
    let path = work.join("linked").join(name);
    let map = path.with_extension("map");
    // Relocations say what is whose, and go again with the next stage.
    let options = LinkOptions {
        debug: recipe.has_debug_info(),
        relocations: !dev || recipe.prunes(),
        map: (!dev).then(|| map.clone()),
        ..LinkOptions::default()
    };
    let linked = crate::link::link(&toolchain, &objects, &archives, &options, &path)?;
    let stem = |path: &PathBuf| path.file_stem().map(|stem| stem.to_string_lossy().into_owned());
    let mut sources = Sources { upstream: prepared.sources.iter().filter_map(stem).collect(), ..Sources::default() };
    for part in &plan.parts {
        let files = compile::sources(&plan.runtime.join(part))?;
        sources.parts.extend(files.iter().filter_map(stem).map(|stem| (stem, part.clone())));
    }
    for path in &plan.generated {
        // Whose part it is, is what its folder would say.
        sources.parts.extend(stem(path).map(|stem| (stem, "application".to_owned())));
    }
    let lineage = Lineage { map, sources };
    let text = |path: &str| compile::source_text(&toolchain, &plan, path);
    let compiled = Compiled { upstream, toolchain: &toolchain, linked, lineage };
    then(compiled, &text)
}

/// Functions that only the toolchain calls, to make a state.
const STATE_MAKERS: [&str; 2] = ["mw_preload", "mw_sleep"];

/// A finished module with its weight after each stage.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finished {
    /// The module.
    #[serde(skip)]
    pub wasm: Vec<u8>,
    /// Weights, in order.
    pub stages: Vec<Stage>,
    /// Its sections, in file order.
    pub sections: Vec<Section>,
    /// What its bytes are part of; of profile `dev`, by name alone.
    pub items: Vec<Item>,
    /// What the application keeps of the libraries, and where.
    pub kept: Vec<Kept>,
    /// Up to where the application in its state has run.
    pub until: Option<String>,
    /// The files that debuggers read beside the module.
    pub beside: Vec<Beside>,
}

/// A file that belongs beside a module.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Beside {
    /// Its name.
    pub name: String,
    /// The SHA-256 of its content, hexadecimal.
    pub sha256: String,
    /// Its content.
    #[serde(skip)]
    pub bytes: Vec<u8>,
}

impl Beside {
    fn new(name: &str, bytes: Vec<u8>) -> Beside {
        Beside { name: name.to_owned(), sha256: digest::sha256(&bytes), bytes }
    }
}

/// Where origins are read from.
struct Lineage {
    /// The linker's map.
    map: PathBuf,
    sources: Sources,
}

impl Lineage {
    fn read(&self, linked: &[u8]) -> Result<Provenance, PipelineError> {
        let map = std::fs::read(&self.map).map_err(|source| PipelineError::Map { path: self.map.clone(), source })?;
        let linked = Linked::read(linked).map_err(ProvenanceError::from)?;
        Ok(Provenance::read(&linked, &String::from_utf8_lossy(&map), &self.sources)?)
    }
}

/// The stages after the linker; they need no toolchain, and of the sources only the texts, for who wants debug information.
fn post_process(
    linked: Vec<u8>,
    recipe: &Recipe,
    lineage: &Lineage,
    symbols: Option<&Symbols>,
    source_text: &dyn Fn(&str) -> Option<String>,
    work: &Path,
    progress: &dyn Progress,
) -> Result<Finished, PipelineError> {
    let contracts = contracts(recipe)?;
    let wanted: Vec<Contract> = contracts
        .iter()
        .map(|contract| contract.clone().edited(&recipe.exports.rename, &recipe.exports.hide))
        .collect();

    progress.stage("Rewriting exports");
    let dev = recipe.profile == Profile::Dev;
    let mut provenance = if dev { None } else { Some(lineage.read(&linked)?) };
    let exports = export_options(&contracts, recipe);
    let mut stays = vec![];
    let mut kept = None;
    let pruned = if !recipe.prunes() {
        None
    } else {
        progress.stage("Pruning");
        let mut drop = recipe.drop.clone();
        if !recipe.app.is_empty() {
            let library = |(name, functions)| app::Library { name, functions };
            let libraries: Vec<_> = pass::prune::libraries(&linked)?.into_iter().map(library).collect();
            let chunks = app::compile(&app::files(&recipe.app).map_err(app::AppError::from)?, &linked)?;
            let reach = app::reach(&chunks, recipe.lua, &libraries)?;
            drop.extend(reach.drop.into_iter().filter(|name| !recipe.drop.contains(name)));
            stays = reach.kept;
        }
        let keep = exports.add.iter().cloned().chain(STATE_MAKERS.map(str::to_owned)).collect();
        if recipe.no_bytecode && !drop.iter().any(|name| name == "string") {
            drop.push("string.dump".to_owned());
        }
        let options = PruneOptions { drop, keep, replace: options::stand_ins(recipe) };
        let pruned = pass::prune::run(&linked, &options)?;
        if let Some(provenance) = &mut provenance {
            provenance.keep(&pruned.kept);
        }
        kept = Some(pruned.kept);
        Some(pruned.wasm)
    };
    let kept = kept.as_deref();
    let exported = pass::exports::run(pruned.as_ref().unwrap_or(&linked), &exports)?.wasm;
    // Written anew the linker's numbers are narrow, and zeros are gone: what the state costs is what comes on top.
    let exported = if recipe.preload { pass::preload::rewritten(&exported)? } else { exported };
    let trace = recipe.has_debug_info().then(|| Trace::new(&linked)).transpose()?;
    let mut until = None;
    let preloaded = if recipe.preload {
        progress.stage("Running Lua up to its start");
        let in_files = |text: &str| symbols.map_or(text.to_owned(), |symbols| symbols.symbolize(text).text);
        let state = machine::Machine::state(pruned.as_ref().unwrap_or(&linked)).map_err(|error| match error {
            MachineError::Application(text) => MachineError::Application(in_files(&text)),
            error => error,
        })?;
        until = state.until.as_deref().map(in_files);
        if let Some(provenance) = &mut provenance {
            provenance.add_state(state.base, state.memory.len() as u32);
        }
        Some(pass::preload::run(&exported, &state)?)
    } else {
        None
    };
    let mut stripped = pass::strip::run(
        preloaded.as_ref().unwrap_or(&exported),
        &StripOptions { keep_names: recipe.keeps_names() || dev, keep_unknown: false },
    )?
    .wasm;
    if provenance.is_some() {
        // The optimiser carries the numbers along, and its result is the same as without; they go at the end.
        stripped = pass::names::number(&stripped)?;
    }

    let optimised = match optimise_options(recipe) {
        None => None,
        Some(options) => {
            progress.stage("Optimising");
            let map = trace.as_ref().map(|trace| trace.optimiser_map(&stripped, kept)).transpose()?;
            Some(optimise(work, &stripped, map.as_deref(), &options)?)
        }
    };
    let input = optimised.as_ref().map_or(&stripped, |optimised| &optimised.wasm);
    let unwound = pass::unwind::run(input, recipe.unwind, false)?.wasm;
    // Debug information says where in the code things are, and which local is what.
    let arranges = recipe.profile == Profile::Size && trace.is_none();
    let mut arranged = if arranges {
        progress.stage("Arranging");
        pass::order::run(&pass::locals::run(&unwound)?)?
    } else {
        unwound.clone()
    };
    let origins: Box<dyn Origins> = match &provenance {
        None => Box::new(OwnNames::read(&arranged)?),
        Some(provenance) => Box::new(Numbered::read(&arranged, provenance)?),
    };
    let names = origins.names();
    if provenance.is_some() || !recipe.keeps_names() {
        let kept = if recipe.keeps_names() { names.clone() } else { BTreeMap::new() };
        arranged = pass::names::rename(&arranged, &kept)?;
    }
    let (finished, beside) = match &trace {
        None => (arranged.clone(), vec![]),
        Some(trace) => {
            progress.stage("Writing debug information");
            let info = trace.finish(&arranged, kept, optimised.as_ref(), &names, source_text, MODULE)?;
            with_debug_info(&arranged, info, recipe, &names)?
        }
    };
    let items = attribution::attribute(&finished, origins.as_ref())?;

    progress.stage("Validating and weighing");
    let options = ValidateOptions {
        features: FeatureSet::base().with_unwind(recipe.unwind),
        contracts: wanted,
        other_exports: Some(other_exports(recipe)),
    };
    pass::validate::run(&finished, &options)?;
    // What stands in a module for the passes alone is not part of its weight.
    let names = BTreeMap::new();
    let lean = |wasm: &Vec<u8>| pass::strip::run(wasm, &StripOptions { keep_names: true, keep_unknown: false });
    let (linked, exported) = (lean(&linked)?.wasm, lean(&exported)?.wasm);
    let pruned = pruned.as_ref().map(|wasm| Ok::<_, ReadError>(lean(wasm)?.wasm)).transpose()?;
    let preloaded = preloaded.as_ref().map(|wasm| Ok::<_, ReadError>(lean(wasm)?.wasm)).transpose()?;
    let unnumbered = |wasm: &Vec<u8>| pass::names::rename(wasm, &names);
    let numbers = provenance.is_some() && !recipe.keeps_names();
    let bare = |wasm: Vec<u8>| if numbers { unnumbered(&wasm) } else { Ok(wasm) };
    let unwound = bare(unwound)?;
    let (stripped, optimised) = (bare(stripped)?, optimised.map(|optimised| bare(optimised.wasm)).transpose()?);
    let made = [
        ("link", Some(&linked)),
        ("prune", pruned.as_ref()),
        ("exports", Some(&exported)),
        (Preload::STAGE, preloaded.as_ref()),
        ("strip", Some(&stripped)),
        ("optimise", optimised.as_ref()),
        ("unwind", Some(if arranges { &unwound } else { &arranged })),
        ("arrange", arranges.then_some(&arranged)),
        (DEBUG_STAGE, trace.is_some().then_some(&finished)),
    ];
    let stages = made
        .into_par_iter()
        .filter_map(|(name, wasm)| wasm.map(|wasm| (name, wasm)))
        .map(|(name, wasm)| Ok(Stage { name: name.to_owned(), weight: Weight::of(wasm)? }))
        .collect::<Result<_, _>>()
        .map_err(PipelineError::Compress)?;
    let sections = section::sections(&finished)?;
    Ok(Finished { stages, sections, items, kept: stays, until, beside, wasm: finished })
}

/// The module with its debug information, or with sections that say where that is; and the files for it.
fn with_debug_info(
    wasm: &[u8],
    info: DebugInfo,
    recipe: &Recipe,
    names: &BTreeMap<u32, String>,
) -> Result<(Vec<u8>, Vec<Beside>), PipelineError> {
    let mut sections = vec![debug_info::url_section(debug_info::SOURCE_MAP_SECTION, SOURCE_MAP)];
    let mut beside = vec![Beside::new(SOURCE_MAP, info.map)];
    if recipe.keeps_dwarf() {
        sections.extend(info.sections);
    } else {
        sections.push(debug_info::url_section(debug_info::EXTERNAL_SECTION, DEBUG_MODULE));
        let whole = debug_info::with_sections(&pass::names::rename(wasm, names)?, &info.sections);
        beside.push(Beside::new(DEBUG_MODULE, whole));
    }
    Ok((debug_info::with_sections(wasm, &sections), beside))
}

/// wasm-opt's run over a module, or what an earlier one gave: it takes most of a build's time, and encodings share it.
fn optimise(
    work: &Path,
    stripped: &[u8],
    map: Option<&[u8]>,
    options: &OptimiseOptions,
) -> Result<Optimised, PipelineError> {
    let key = optimised_cache::key(stripped, map, options);
    if let Some(optimised) = optimised_cache::read(work, &key, &options.features, map.is_some()) {
        return Ok(optimised);
    }
    let optimised = pass::optimise::run_with_map(stripped, map, options)?;
    optimised_cache::write(work, &key, &optimised)?;
    Ok(optimised)
}

fn report(
    setting: &Setting,
    recipe: &Recipe,
    upstream: &Upstream,
    toolchain: &Toolchain,
    finished: Finished,
    application: Option<Application>,
) -> Result<Built, PipelineError> {
    let interface = Interface::read(&finished.wasm)?;
    let total = finished.stages.last().map(|stage| stage.weight).unwrap_or_default();
    // What only a debugger reads is part of no budget.
    let lean =
        finished.stages.iter().rfind(|stage| stage.name != DEBUG_STAGE).map(|stage| stage.weight).unwrap_or_default();
    let budgets = budget::read(&setting.root.join("ci/size-budget.toml"))?;
    let shipped = || if recipe.is_shipped() { budgets.of(recipe.lua, recipe.profile) } else { Budget::default() };
    let budget = recipe.budget.clone().unwrap_or_else(shipped);
    let preload = Preload::of(&finished.stages, finished.until);
    let report = Report {
        format: report::FORMAT,
        lua: recipe.lua,
        upstream: upstream.release.clone(),
        profile: recipe.profile,
        unwind: recipe.unwind,
        compiler: toolchain.id.clone(),
        sha256: digest::sha256(&finished.wasm),
        total,
        stages: finished.stages,
        sections: finished.sections,
        exports: interface.exports.into_iter().map(|export| export.name).collect(),
        imports: interface.imports.into_iter().map(|import| format!("{}.{}", import.module, import.name)).collect(),
        budget: budgets.check(recipe.lua, recipe.profile, &budget, lean, &finished.items),
        items: finished.items,
        kept: finished.kept,
        application,
        preload,
    };
    Ok(Built { wasm: finished.wasm, beside: finished.beside, report })
}
