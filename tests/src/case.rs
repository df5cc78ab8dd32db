//! Turns functions that test one module into test cases for every module.

use anyhow::Result;
use libtest_mimic::{Failed, Trial};

use crate::module::{Built, LuaVersion, Profile};

/// A test that any module must pass.
#[derive(Clone, Copy)]
pub struct Case {
    /// The name it is listed under.
    pub name: &'static str,
    /// The test; an error or a panic fails it.
    pub run: fn(&Built) -> Result<()>,
}

/// The functions named, as [`Case`]s of the same name.
#[macro_export]
macro_rules! cases {
    ($($name:ident),* $(,)?) => {
        [$($crate::Case { name: stringify!($name), run: $name }),*]
    };
}

/// One trial per case and module, named `5.4-speed::group::case`.
pub fn trials(group: &str, cases: &[Case]) -> Vec<Trial> {
    let mut trials = Vec::new();
    for lua in LuaVersion::ALL {
        for profile in Profile::ALL {
            for &Case { name, run } in cases {
                trials.push(Trial::test(format!("{lua}-{profile}::{group}::{name}"), move || {
                    failed(Built::shared(lua, profile).and_then(|built| run(&built)))
                }));
            }
        }
    }
    trials
}

/// The result of a test as the harness wants it, with the whole chain of causes.
///
/// # Errors
/// Where `result` is one.
pub fn failed(result: Result<()>) -> Result<(), Failed> {
    // The causes alone: where in the test it happened says less than the message, and hides it.
    result.map_err(|error| Failed::from(error.chain().map(ToString::to_string).collect::<Vec<_>>().join("\n  ")))
}
