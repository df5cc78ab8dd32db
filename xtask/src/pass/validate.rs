//! Checks the finished module: valid under exactly the wanted features, the contract kept, no import beyond it.
//!
//! Hosts differ in what they accept, and compilers and optimisers in what they let through. A module that passes here runs
//! on every host that has the features in the list, and offers what its callers were promised.

use std::fmt;

use thiserror::Error;

use crate::contract::{self, Contract, Problem};
use crate::features::FeatureSet;
use crate::interface::{Interface, ReadError};

/// What the module is held against.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ValidateOptions {
    /// The features that it may use.
    pub features: FeatureSet,
    /// The contracts that it must keep; it may import only what they list.
    pub contracts: Vec<Contract>,
    /// Exports that were asked for beside the contracts, by name. `None`: any export is welcome.
    pub other_exports: Option<Vec<String>>,
}

/// Why the module can't be released.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ValidateError {
    /// It is not valid under the features that were asked for.
    #[error("{error}\nallowed features: {features}")]
    Invalid {
        /// What is wrong first.
        error: ReadError,
        /// The features.
        features: FeatureSet,
    },
    /// It is valid, but does not keep its contracts: everything that is wrong.
    #[error("{}", Lines(.0))]
    Contract(Vec<Problem>),
}

struct Lines<'a>(&'a [Problem]);

impl fmt::Display for Lines<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.0.iter().enumerate() {
            write!(f, "{}{problem}", if index == 0 { "" } else { "\n" })?;
        }
        Ok(())
    }
}

/// Checks `wasm`.
///
/// # Errors
/// When it is not valid under the features (what is wrong first), or does not keep the contracts (all that is wrong).
pub fn run(wasm: &[u8], options: &ValidateOptions) -> Result<(), ValidateError> {
    let invalid = |error| ValidateError::Invalid { error, features: options.features.clone() };
    options.features.validate(wasm).map_err(invalid)?;
    if options.contracts.is_empty() {
        return Ok(());
    }
    let interface = Interface::read(wasm).map_err(invalid)?;
    let mut problems = vec![];
    for contract in &options.contracts {
        // Contracts that extend one another promise some exports twice.
        let found = contract.check_exports(&interface).into_iter().filter(|problem| !problems.contains(problem));
        problems.extend(found.collect::<Vec<_>>());
    }
    problems.extend(unexpected_exports(&interface, options));
    problems.extend(contract::check_imports(&options.contracts, &interface));
    if problems.is_empty() { Ok(()) } else { Err(ValidateError::Contract(problems)) }
}

fn unexpected_exports(interface: &Interface, options: &ValidateOptions) -> Vec<Problem> {
    let Some(others) = &options.other_exports else { return vec![] };
    let promised = |name: &str| options.contracts.iter().flat_map(|c| &c.exports).any(|export| export.name == name);
    let unexpected =
        interface.exports.iter().filter(|export| !promised(&export.name) && !others.contains(&export.name));
    unexpected.map(|export| Problem::Unexpected { name: export.name.clone(), found: export.ty.clone() }).collect()
}
