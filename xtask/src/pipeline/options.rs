//! What a recipe asks of the stages: contracts, and the passes' options.

use std::collections::BTreeSet;

use super::PipelineError;
use crate::compile::PERSIST;
use crate::contract::{self, Contract};
use crate::features::FeatureSet;
use crate::pass;
use crate::pass::exports::ExportOptions;
use crate::pass::optimise::{Goal, OptimiseOptions};
use crate::recipe::{Profile, Recipe, Unwind};
use crate::upstream::{BYTECODE_STAND_INS, COMPILER_STAND_INS, StandIn};

/// The recipe's contracts, with that of the unwinding host where there is one.
pub(super) fn contracts(recipe: &Recipe) -> Result<Vec<Contract>, PipelineError> {
    let host = (recipe.unwind == Unwind::Host).then_some("unwind-host");
    let binary = recipe.no_compiler.then_some("bytecode");
    let application = recipe.embed.then_some("application");
    recipe
        .contracts
        .iter()
        .map(String::as_str)
        .chain(binary)
        .chain(application)
        .chain(host)
        .map(|name| Ok(contract::load(name)?))
        .collect()
}

/// The folders of the runtime that these contracts need beside `lua-src` itself.
pub(super) fn parts(contracts: &[Contract]) -> Vec<String> {
    let parts: BTreeSet<&String> = contracts.iter().flat_map(|contract| &contract.parts).collect();
    parts.into_iter().cloned().collect()
}

/// Refuses `no-bytecode` where something needs bytecode: stored functions, an application in the module, a module without a compiler.
pub(super) fn check_bytecode(recipe: &Recipe) -> Result<(), PipelineError> {
    if !recipe.no_bytecode {
        return Ok(());
    }
    let stores = parts(&contracts(recipe)?).iter().any(|part| part == PERSIST);
    let exports = recipe.contracts.iter().any(|name| name == "bytecode");
    let (needs, remedy) = if exports {
        ("`compute_binary`", " or --contract bytecode")
    } else if recipe.no_compiler {
        ("no compiler either", " or --no-compiler")
    } else if recipe.embed {
        ("an application in it", " or --embed")
    } else if stores {
        ("functions under `Memory`", ", or build --contract core")
    } else {
        return Ok(());
    };
    Err(PipelineError::Bytecode { needs, remedy })
}

/// The functions that others take the place of, by names.
pub(super) fn stand_ins(recipe: &Recipe) -> Vec<(String, String)> {
    let compiler = if recipe.no_compiler { &COMPILER_STAND_INS[..] } else { &[] };
    let bytecode = if recipe.no_bytecode { &BYTECODE_STAND_INS[..] } else { &[] };
    let names = |pair: &StandIn| (pair.function.to_owned(), pair.stand_in.to_owned());
    compiler.iter().chain(bytecode).map(names).collect()
}

/// What the export pass is to do.
pub(super) fn export_options(contracts: &[Contract], recipe: &Recipe) -> ExportOptions {
    let promised = contracts.iter().flat_map(|contract| &contract.exports).map(|export| export.name.clone());
    // wasm-opt must know these two to be in use, and the unwind pass takes the export away again.
    let until_unwind = pass::conventions::UNWIND_EXPORTS.iter().map(|name| (*name).to_owned());
    let mut add: Vec<String> = promised.chain(until_unwind).chain(recipe.exports.add.iter().cloned()).collect();
    let mut seen = BTreeSet::new();
    add.retain(|name| seen.insert(name.clone()));
    ExportOptions {
        add,
        rename: recipe.exports.rename.clone(),
        hide: recipe.exports.hide.clone(),
        only_named: true,
        memory: true,
    }
}

/// The exports that the recipe asks for beside the contracts, as the finished module names them.
pub(super) fn other_exports(recipe: &Recipe) -> Vec<String> {
    let renamed = |name: &String| recipe.exports.rename.get(name).unwrap_or(name).clone();
    let memory = std::iter::once("memory".to_owned());
    recipe.exports.add.iter().map(renamed).chain(recipe.exports.rename.values().cloned()).chain(memory).collect()
}

/// None in profile `dev`, whose code is to look like the source.
pub(super) fn optimise_options(recipe: &Recipe) -> Option<OptimiseOptions> {
    let goal = match recipe.profile {
        Profile::Size => Goal::Size,
        Profile::Speed => Goal::Speed,
        Profile::Dev => return None,
    };
    Some(OptimiseOptions {
        goal,
        features: FeatureSet::base(),
        // The numbers that tell where a function comes from.
        keep_names: true,
        // The linker puts the C stack first, so only overrunning it reaches the lowest bytes.
        low_memory_unused: true,
        tables_are_closed: true,
        wasm_opt: recipe.wasm_opt.clone(),
        translate_to_standard: false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_module_without_bytecode_has_nothing_that_needs_it() {
        let core = Recipe { contracts: vec!["core".into()], no_bytecode: true, ..Recipe::default() };
        assert!(check_bytecode(&core).is_ok());
        let also = |name: &str| vec!["core".to_owned(), name.to_owned()];
        let refused = [
            (Recipe { contracts: also("full"), ..core.clone() }, "Memory"),
            (Recipe { contracts: also("bytecode"), ..core.clone() }, "compute_binary"),
            (Recipe { no_compiler: true, ..core.clone() }, "--no-compiler"),
            (Recipe { embed: true, ..core }, "--embed"),
        ];
        for (recipe, named) in refused {
            let error = check_bytecode(&recipe).unwrap_err().to_string();
            assert!(error.contains(named), "{error}");
        }
    }
}
