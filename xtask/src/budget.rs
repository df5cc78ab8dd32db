//! Size budgets: what a module may weigh, per profile, in `ci/size-budget.toml`.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::recipe::Profile;
use crate::section::Weight;

/// The most that one profile's module may weigh, in bytes; what is absent is not checked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Budget {
    /// Limit of the file.
    pub raw: Option<u64>,
    /// Limit after gzip.
    pub gzip: Option<u64>,
    /// Limit after brotli.
    pub brotli: Option<u64>,
}

/// All budgets.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Budgets {
    /// The size in bytes that no module may ever exceed, whatever its profile's budget says.
    pub ceiling: u64,
    /// Budget of profile `size`.
    #[serde(default)]
    pub size: Budget,
    /// Budget of profile `speed`.
    #[serde(default)]
    pub speed: Budget,
    /// Budget of profile `dev`.
    #[serde(default)]
    pub dev: Budget,
}

/// A weight held against its limit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Check {
    /// `raw`, `gzip` or `brotli`.
    pub what: String,
    /// Bytes found.
    pub actual: u64,
    /// Bytes allowed.
    pub limit: u64,
}

impl Check {
    /// Whether the limit is exceeded.
    pub fn over(&self) -> bool {
        self.actual > self.limit
    }
}

/// A module held against its profile's budget.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    /// Whose budget it was.
    pub profile: Profile,
    /// One entry a limit; the raw size is always among them, because of the ceiling.
    pub checks: Vec<Check>,
}

impl Verdict {
    /// Whether any limit is exceeded.
    pub fn over(&self) -> bool {
        self.checks.iter().any(Check::over)
    }
}

/// Why budgets can't be read.
#[derive(Debug, Error)]
pub enum BudgetError {
    /// The file can't be read.
    #[error("cannot read the budgets {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// The file is no TOML, lacks `ceiling`, or has a key that budgets don't have.
    #[error("{}: {message}", path.display())]
    Parse {
        /// The file.
        path: PathBuf,
        /// Line, column and cause.
        message: String,
    },
}

/// Reads budgets (TOML) from `path`.
///
/// # Errors
/// When the file can't be read or says something else than budgets.
pub fn read(path: &Path) -> Result<Budgets, BudgetError> {
    let text = std::fs::read_to_string(path).map_err(|source| BudgetError::Read { path: path.into(), source })?;
    toml::from_str(&text)
        .map_err(|error| BudgetError::Parse { path: path.into(), message: error.to_string().trim_end().to_owned() })
}

impl Budgets {
    /// Holds a module's weight against the budget of `profile` and the ceiling.
    pub fn check(&self, profile: Profile, weight: Weight) -> Verdict {
        let budget = match profile {
            Profile::Size => self.size,
            Profile::Speed => self.speed,
            Profile::Dev => self.dev,
        };
        let raw = budget.raw.map_or(self.ceiling, |limit| limit.min(self.ceiling));
        let limits = [
            ("raw", weight.raw, Some(raw)),
            ("gzip", weight.gzip, budget.gzip),
            ("brotli", weight.brotli, budget.brotli),
        ];
        let checks = limits
            .into_iter()
            .filter_map(|(what, actual, limit)| limit.map(|limit| Check { what: what.to_owned(), actual, limit }))
            .collect();
        Verdict { profile, checks }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn budgets(text: &str) -> Budgets {
        toml::from_str(text).unwrap()
    }

    const WEIGHT: Weight = Weight { raw: 1_000, gzip: 500, brotli: 400 };

    #[test]
    fn a_limit_that_is_met_exactly_is_kept() {
        let verdict = budgets("ceiling = 1000000\n[size]\nraw = 1000\nbrotli = 400").check(Profile::Size, WEIGHT);
        assert!(!verdict.over());
        assert_eq!(verdict.checks.len(), 2);
    }

    #[test]
    fn one_byte_more_is_over() {
        let budgets = budgets("ceiling = 1000000\n[size]\ngzip = 499");
        let verdict = budgets.check(Profile::Size, WEIGHT);
        assert!(verdict.over());
        assert!(!budgets.check(Profile::Speed, WEIGHT).over());
    }

    #[test]
    fn the_ceiling_holds_for_every_profile() {
        let budgets = budgets("ceiling = 999\n[size]\nraw = 2000");
        for profile in [Profile::Size, Profile::Speed, Profile::Dev] {
            assert!(budgets.check(profile, WEIGHT).over());
        }
    }

    #[test]
    fn unknown_keys_are_errors() {
        assert!(toml::from_str::<Budgets>("ceiling = 1\n[sise]\nraw = 1").is_err());
        assert!(toml::from_str::<Budgets>("ceiling = 1\n[size]\nzip = 1").is_err());
    }
}
