//! Post-processing of a module that somebody else built: strip, exports, optimiser, exception encoding.
//!
//! The passes are those of the pipeline; what differs is that nothing is known about the module. So its features are read off it,
//! a pass that can't handle it is left out with a note that says so, and at the end the result is held against the input: it is
//! valid under the same features, and every export that was not asked to go is there with its type.

use std::collections::BTreeMap;
use std::path::PathBuf;

use rayon::prelude::*;
use serde::Serialize;
use thiserror::Error;
use wasmparser::{Validator, WasmFeatures};

use crate::attribution::{Item, OwnNames};
use crate::features::{Feature, FeatureSet};
use crate::interface::{Interface, ItemType, ReadError};
use crate::pass::conventions::{IMPORT_MODULE, THROW, TRY, UNWIND_EXPORTS};
use crate::pass::exports::{ExportError, ExportOptions, ExportSummary};
use crate::pass::optimise::{Goal, OptimiseError, OptimiseOptions};
use crate::pass::prune::{PruneError, PruneOptions};
use crate::pass::strip::StripOptions;
use crate::pass::unwind::UnwindError;
use crate::pass::{self, debug_validate};
use crate::recipe::Unwind;
use crate::report::Stage;
use crate::section::{self, Section, SectionError, Weight};
use crate::{attribution, digest};

/// What is to be done with the module.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PostOptions {
    /// Libraries and functions of a Lua module to leave out; it must be linked with relocations.
    pub drop: Vec<String>,
    /// Changes of the export table.
    pub exports: ExportOptions,
    /// Keep the section `name`.
    pub keep_names: bool,
    /// What to optimise for. `None`: leave the optimiser out.
    pub goal: Option<Goal>,
    /// A wasm-opt program in place of the built-in Binaryen.
    pub wasm_opt: Option<PathBuf>,
    /// The encoding that exceptions are to have. `None`: as it is.
    pub unwind: Option<Unwind>,
}

/// The finished module, and what was done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Posted {
    /// The module.
    #[serde(skip)]
    pub wasm: Vec<u8>,
    /// Its SHA-256, hexadecimal.
    pub sha256: String,
    /// What it weighs.
    pub total: Weight,
    /// What it weighed at first (`input`) and after each stage that was run.
    pub stages: Vec<Stage>,
    /// Stages that were left out, and why; sections that were removed.
    pub notes: Vec<String>,
    /// The features that the finished module uses. `None`: some that this toolchain does not know.
    pub features: Option<Vec<&'static str>>,
    /// Changes of the export table.
    pub exports: ExportSummary,
    /// Imports that went since nothing uses them, as `module.name`.
    pub unused_imports: Vec<String>,
    /// The finished module's sections, in file order.
    pub sections: Vec<Section>,
    /// What its bytes are part of, by the names that the input had.
    pub items: Vec<Item>,
}

/// Why there is no result.
#[derive(Debug, Error)]
pub enum PostError {
    /// The input is no valid module.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// Libraries and functions to leave out.
    #[error("cannot prune")]
    Prune(#[from] PruneError),
    /// The export table.
    #[error("cannot rewrite the exports")]
    Exports(#[from] ExportError),
    /// The program that `--wasm-opt` names failed.
    #[error("cannot optimise")]
    Optimise(#[from] OptimiseError),
    /// `lua_try` and `lua_throw`.
    #[error("cannot fill in exception handling")]
    Unwind(#[from] UnwindError),
    /// A translation that nothing here can do.
    #[error("cannot translate the module's {from} exceptions to {to}: {why}")]
    Translate {
        /// The encoding that it has.
        from: &'static str,
        /// The encoding that was asked for.
        to: Unwind,
        /// What is missing, and the remedy.
        why: &'static str,
    },
    /// The result is not what it must be: a defect of a pass. Nothing was written.
    #[error("the result is not the module that went in: {0}; please report this with the module")]
    Broken(String),
    /// The result can't be weighed.
    #[error("cannot weigh the module")]
    Weigh(#[from] SectionError),
}

/// The finished module before anything is weighed, which takes longer than all stages but the optimiser.
pub struct Processed {
    /// The module.
    pub wasm: Vec<u8>,
    /// What its bytes are part of, by the names that the input had.
    pub items: Vec<Item>,
    /// The module at first and after each stage.
    stages: Vec<(&'static str, Vec<u8>)>,
    notes: Vec<String>,
    exports: ExportSummary,
    unused_imports: Vec<String>,
}

/// Post-processes `wasm`, and weighs what comes out.
///
/// # Errors
/// As for [`process`].
pub fn run(wasm: &[u8], options: &PostOptions) -> Result<Posted, PostError> {
    process(wasm, options)?.weigh()
}

/// Post-processes `wasm`.
///
/// # Errors
/// When it is no valid module, the export table can't be had as asked for, exceptions can't be translated, or the wasm-opt
/// program fails. A built-in stage that can't handle the module is left out instead.
pub fn process(wasm: &[u8], options: &PostOptions) -> Result<Processed, PostError> {
    let before = Interface::read(wasm)?;
    let features = FeatureSet::detect(wasm).ok();
    // A dynamic linker fills the table that it shares with the module, and references can go anywhere.
    let shared = |ty: &ItemType| *ty == ItemType::Table;
    let tables_are_closed = !before.imports.iter().any(|import| shared(&import.ty))
        && !before.exports.iter().any(|export| shared(&export.ty))
        && features.as_ref().is_some_and(|features| !features.contains(Feature::ReferenceTypes));
    let mut work =
        Work { notes: vec![], stages: vec![], features, tables_are_closed, numbered: false, wasm: wasm.to_vec() };
    work.stage("input")?;
    let translation = translation(&before, work.features.as_ref(), options)?;

    if !options.drop.is_empty() {
        let keep = options.exports.add.iter().chain(options.exports.rename.keys()).cloned().collect();
        let pruned =
            pass::prune::run(wasm, &PruneOptions { drop: options.drop.clone(), keep, ..PruneOptions::default() })?;
        work.notes.push(format!("dropped {} functions and {} bytes of data", pruned.functions, pruned.data));
        work.step("prune", pruned.wasm)?;
    }
    let exported = pass::exports::run(&work.wasm, &options.exports)?;
    if !exported.summary.is_unchanged() {
        work.step("exports", exported.wasm)?;
    }
    // The optimiser must know what the unwind pass will use; the exports go again with the imports.
    let lent: Vec<String> = match translation {
        Translation::Fill(_) => {
            let exports = Interface::read(&work.wasm)?;
            let missing = UNWIND_EXPORTS.into_iter().filter(|name| exports.export(name).is_none());
            missing.map(str::to_owned).collect()
        }
        _ => vec![],
    };
    if !lent.is_empty() {
        let options = ExportOptions { add: lent.clone(), ..ExportOptions::default() };
        work.wasm = pass::exports::run(&work.wasm, &options)?.wasm;
    }

    let names = OwnNames::read(&work.wasm)?;
    let stripped = pass::strip::run(&work.wasm, &StripOptions { keep_names: options.keep_names, keep_unknown: true })?;
    for section in &stripped.removed {
        work.notes.push(format!("removed section {:?}, {} bytes", section.name, section.bytes));
    }
    work.step("strip", stripped.wasm)?;
    if !options.keep_names {
        work.wasm = pass::names::number(&work.wasm)?;
        work.numbered = true;
    }
    work.optimise(options, matches!(translation, Translation::ToStandard))?;

    if let Translation::Fill(unwind) = translation {
        let unwound = pass::unwind::run(&work.wasm, unwind, true)?;
        work.features = work.features.map(|features| features.with_unwind(unwind));
        let drop_lent = ExportOptions { hide: lent, ..ExportOptions::default() };
        let wasm = pass::exports::run(&unwound.wasm, &drop_lent)?.wasm;
        work.notes.push(format!("filled in {} with {unwind} exceptions", unwound.filled.join(" and ")));
        work.step("unwind", wasm)?;
    }
    let names = if work.numbered { names.after(&work.wasm)? } else { OwnNames::read(&work.wasm)? };
    work.wasm = work.bare(&work.wasm)?;
    work.numbered = false;
    work.finish(&before, options, exported.summary, &names)
}

/// What is to be done about exceptions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Translation {
    /// Nothing.
    None,
    /// Fill in the runtime's imports.
    Fill(Unwind),
    /// From legacy to standard, by a wasm-opt program.
    ToStandard,
}

fn translation(
    interface: &Interface,
    features: Option<&FeatureSet>,
    options: &PostOptions,
) -> Result<Translation, PostError> {
    let Some(to) = options.unwind else { return Ok(Translation::None) };
    let is_ours = |import: &crate::interface::Import| {
        import.module == IMPORT_MODULE && [TRY, THROW].contains(&import.name.as_str())
    };
    let open = interface.imports.iter().any(is_ours);
    let uses = |feature| features.is_some_and(|features| features.contains(feature));
    let (legacy, standard) = (uses(Feature::LegacyExceptions), uses(Feature::Exceptions));
    let fail = |from, why| Err(PostError::Translate { from, to, why });
    match to {
        Unwind::Standard if legacy && options.wasm_opt.is_none() => {
            fail("legacy", "the built-in Binaryen 116 can't; name a newer wasm-opt with --wasm-opt PATH")
        }
        Unwind::Standard if legacy && open => {
            fail("legacy", "it imports lua_try or lua_throw too; fill them in first, with --unwind legacy")
        }
        Unwind::Standard if legacy => Ok(Translation::ToStandard),
        Unwind::Legacy if standard => {
            fail("standard", "no tool translates in that direction; compile the module with legacy exceptions")
        }
        Unwind::Host if legacy => {
            fail("legacy", "a host can only serve lua_try and lua_throw; build the module with --unwind host")
        }
        Unwind::Host if standard => {
            fail("standard", "a host can only serve lua_try and lua_throw; build the module with --unwind host")
        }
        Unwind::Legacy | Unwind::Standard if open => Ok(Translation::Fill(to)),
        _ => Ok(Translation::None),
    }
}

/// The module between two stages.
struct Work {
    wasm: Vec<u8>,
    /// The features that it uses. `None`: it is valid, but under features that the table in `features.rs` lacks.
    features: Option<FeatureSet>,
    /// No host can put functions into its tables.
    tables_are_closed: bool,
    /// Its functions have their indices as names.
    numbered: bool,
    stages: Vec<(&'static str, Vec<u8>)>,
    notes: Vec<String>,
}

impl Processed {
    fn weigh(self) -> Result<Posted, PostError> {
        let weigh = |(name, wasm): &(&str, Vec<u8>)| Ok(Stage { name: (*name).to_owned(), weight: Weight::of(wasm)? });
        let stages = self.stages.par_iter().map(weigh).collect::<std::io::Result<_>>().map_err(SectionError::from)?;
        Ok(Posted {
            sha256: digest::sha256(&self.wasm),
            total: Weight::of(&self.wasm).map_err(SectionError::from)?,
            sections: section::sections(&self.wasm)?,
            features: FeatureSet::detect(&self.wasm).ok().map(|set| set.iter().map(Feature::name).collect()),
            items: self.items,
            wasm: self.wasm,
            stages,
            notes: self.notes,
            exports: self.exports,
            unused_imports: self.unused_imports,
        })
    }
}

impl Work {
    /// The module without the names that only trace its functions.
    fn bare(&self, wasm: &[u8]) -> Result<Vec<u8>, ReadError> {
        if self.numbered { pass::names::rename(wasm, &BTreeMap::new()) } else { Ok(wasm.to_vec()) }
    }

    fn stage(&mut self, name: &'static str) -> Result<(), PostError> {
        self.stages.push((name, self.bare(&self.wasm)?));
        Ok(())
    }

    fn step(&mut self, name: &'static str, wasm: Vec<u8>) -> Result<(), PostError> {
        self.wasm = wasm;
        self.stage(name)
    }

    /// Runs the optimiser, or notes why not.
    fn optimise(&mut self, options: &PostOptions, translate_to_standard: bool) -> Result<(), PostError> {
        let Some(goal) = options.goal.or(translate_to_standard.then_some(Goal::Size)) else {
            self.notes.push("not optimised, as asked for".to_owned());
            return Ok(());
        };
        let Some(features) = self.features.clone() else {
            self.notes.push("not optimised: the module uses features that this toolchain does not know".to_owned());
            return Ok(());
        };
        let options = OptimiseOptions {
            goal,
            features,
            keep_names: options.keep_names || self.numbered,
            // Who knows what a foreign module keeps in its lowest bytes.
            low_memory_unused: false,
            tables_are_closed: self.tables_are_closed,
            wasm_opt: options.wasm_opt.clone(),
            translate_to_standard,
        };
        match pass::optimise::run(&self.wasm, &options) {
            // Some are optimised already, with passes that know more about them.
            Ok(optimised) => {
                let (now, then) = (self.bare(&self.wasm)?.len(), self.bare(&optimised)?.len());
                if then >= now && !translate_to_standard {
                    self.notes.push(format!("not optimised: the module would grow from {now} to {then} bytes"));
                    return Ok(());
                }
                self.features = Some(options.features_after());
                self.step("optimise", optimised)
            }
            Err(error) if options.wasm_opt.is_none() => {
                self.notes.push(format!("not optimised: {error}"));
                Ok(())
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Holds the result against the input.
    fn finish(
        self,
        before: &Interface,
        options: &PostOptions,
        exports: ExportSummary,
        names: &OwnNames,
    ) -> Result<Processed, PostError> {
        let broken = |what: String| PostError::Broken(what);
        match &self.features {
            Some(features) => features.validate(&self.wasm).map_err(|error| broken(error.to_string()))?,
            None => {
                _ = Validator::new_with_features(WasmFeatures::all())
                    .validate_all(&self.wasm)
                    .map_err(|e| broken(e.to_string()))?
            }
        }
        debug_validate("post", &self.wasm);
        let after = Interface::read(&self.wasm)?;
        for export in before.exports.iter().filter(|export| !exports.hidden.contains(&export.name)) {
            let name = options.exports.rename.get(&export.name).unwrap_or(&export.name);
            match after.export(name) {
                None => return Err(broken(format!("export `{name}` is gone"))),
                Some(found) if found.ty != export.ty => {
                    return Err(broken(format!("export `{name}`: expected {}, found {}", export.ty, found.ty)));
                }
                Some(_) => {}
            }
        }
        let is_import = |interface: &Interface, import: &crate::interface::Import| interface.imports.contains(import);
        if let Some(import) = after.imports.iter().find(|import| !is_import(before, import)) {
            return Err(broken(format!("import `{}.{}` is new", import.module, import.name)));
        }
        let name = |import: &crate::interface::Import| format!("{}.{}", import.module, import.name);
        let unused_imports = before.imports.iter().filter(|import| !is_import(&after, import)).map(name).collect();
        Ok(Processed {
            items: attribution::attribute(&self.wasm, names)?,
            wasm: self.wasm,
            stages: self.stages,
            notes: self.notes,
            exports,
            unused_imports,
        })
    }
}
