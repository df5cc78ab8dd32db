//! Size budgets: what a module may weigh. Those of the modules that are shipped stand in `ci/size-budget.toml`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::attribution::Item;
use crate::provenance::{LIBRARY, part_group};
use crate::recipe::{LuaVersion, Profile};
use crate::section::Weight;
use crate::size_report::{By, Key, SizeReport};

/// The most that a module may weigh, in bytes; what is absent is not checked.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Budget {
    /// Limit of the file.
    pub raw: Option<u64>,
    /// Limit after gzip.
    pub gzip: Option<u64>,
    /// Limit after brotli.
    pub brotli: Option<u64>,
    /// Limits of Lua libraries by their names: code and data that are theirs.
    pub libraries: BTreeMap<String, u64>,
}

/// All budgets: those of the modules that are shipped, and the size that none may exceed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Budgets {
    /// The size in bytes that no module may ever exceed, whatever its budget says.
    pub ceiling: u64,
    /// Budgets by Lua version and profile.
    #[serde(default)]
    pub lua: BTreeMap<LuaVersion, BTreeMap<Profile, Budget>>,
    /// The npm package's JavaScript that a page loads at once, without the module.
    #[serde(default)]
    pub javascript: Budget,
}

/// A weight held against its limit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Check {
    /// `raw`, `gzip`, `brotli`, or a library as `library string`.
    pub what: String,
    /// Bytes found.
    pub actual: u64,
    /// Bytes allowed.
    pub limit: u64,
}

impl Check {
    /// What a library's entry begins with.
    const OF_LIBRARY: &str = "library ";

    /// The change of the recipe that leaves out what is over its limit, if it is a library that can go, and how many bytes that takes
    /// back.
    pub fn remedy(&self) -> Option<(String, u64)> {
        let library = self.what.strip_prefix(Check::OF_LIBRARY).filter(|_| self.over())?;
        Some((without(library)?, self.actual))
    }

    /// Whether the limit is exceeded.
    pub fn over(&self) -> bool {
        self.actual > self.limit
    }
}

/// A module held against its profile's budget.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    /// The module's Lua version.
    pub lua: LuaVersion,
    /// The module's profile.
    pub profile: Profile,
    /// One entry a limit; the raw size is always among them, because of the ceiling.
    pub checks: Vec<Check>,
    /// What grew since an earlier module, the most first; empty without one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub grown: Vec<Growth>,
}

/// A library or source file that takes more bytes than it did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Growth {
    /// Its group, such as `Lua library`.
    pub group: String,
    /// Its name.
    pub module: String,
    /// Bytes then.
    pub before: u64,
    /// Bytes now.
    pub after: u64,
    /// The change of the recipe that leaves it out, if there is one, and how many bytes that takes back.
    pub remedy: Option<(String, u64)>,
}

/// The change of a recipe that leaves `library` out; there is none for the basic library.
fn without(library: &str) -> Option<String> {
    (library != "base").then(|| format!("drop = [\"{library}\"]"))
}

/// What grew from `old` to `new`, the most first.
pub fn grown(new: &SizeReport, old: &SizeReport) -> Vec<Growth> {
    let of_group =
        |group: &str| new.items.iter().filter(|item| item.origin.group == group).map(|item| item.bytes).sum();
    let grown = new.changes(old, By::Module).into_iter().filter(|change| change.after > change.before);
    grown
        .map(|change| {
            let Key { group, module, .. } = change.key;
            let remedy = if group == LIBRARY {
                without(&module).map(|recipe| (recipe, change.after))
            } else if group == part_group("persist") {
                Some(("contracts = [\"core\"]".to_owned(), of_group(&group)))
            } else if group == part_group("bridge") {
                Some(("contracts = [\"full\"]".to_owned(), of_group(&group)))
            } else {
                None
            };
            Growth { group, module, before: change.before, after: change.after, remedy }
        })
        .collect()
}

impl Verdict {
    /// Whether any limit is exceeded.
    pub fn over(&self) -> bool {
        self.checks.iter().any(Check::over)
    }
}

/// The npm package's JavaScript held against its budget.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ScriptVerdict {
    /// The files that are loaded.
    pub javascript: Vec<String>,
    /// One entry a limit.
    pub checks: Vec<Check>,
}

impl ScriptVerdict {
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
    /// The budget of a shipped module; without one only the ceiling holds.
    pub fn of(&self, lua: LuaVersion, profile: Profile) -> Budget {
        self.lua.get(&lua).and_then(|profiles| profiles.get(&profile)).cloned().unwrap_or_default()
    }

    /// Holds a module's weight, and those of the libraries among its items, against a budget and the ceiling.
    pub fn check(&self, lua: LuaVersion, profile: Profile, budget: &Budget, weight: Weight, items: &[Item]) -> Verdict {
        let raw = budget.raw.map_or(self.ceiling, |limit| limit.min(self.ceiling));
        let mut checks = checks(weight, &Budget { raw: Some(raw), ..budget.clone() });
        for (library, limit) in &budget.libraries {
            let of_it = |item: &&Item| item.origin.group == LIBRARY && item.origin.module == *library;
            let actual = items.iter().filter(of_it).map(|item| item.bytes).sum();
            checks.push(Check { what: format!("{}{library}", Check::OF_LIBRARY), actual, limit: *limit });
        }
        Verdict { lua, profile, checks, grown: vec![] }
    }

    /// Holds what a page loads of the package's JavaScript, each file compressed by itself, against its budget.
    pub fn check_scripts(&self, scripts: &[(String, Weight)]) -> ScriptVerdict {
        let sum = |of: fn(&Weight) -> u64| scripts.iter().map(|(_, weight)| of(weight)).sum();
        let total = Weight { raw: sum(|w| w.raw), gzip: sum(|w| w.gzip), brotli: sum(|w| w.brotli) };
        ScriptVerdict {
            javascript: scripts.iter().map(|(name, _)| name.clone()).collect(),
            checks: checks(total, &self.javascript),
        }
    }
}

fn checks(weight: Weight, budget: &Budget) -> Vec<Check> {
    let limits =
        [("raw", weight.raw, budget.raw), ("gzip", weight.gzip, budget.gzip), ("brotli", weight.brotli, budget.brotli)];
    limits
        .into_iter()
        .filter_map(|(what, actual, limit)| limit.map(|limit| Check { what: what.to_owned(), actual, limit }))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provenance::{CORE, Origin};

    fn budgets(text: &str) -> Budgets {
        toml::from_str(text).unwrap()
    }

    fn check(budgets: &Budgets, profile: Profile) -> Verdict {
        let weight = Weight { raw: 1_000, gzip: 500, brotli: 400 };
        budgets.check(LuaVersion::V54, profile, &budgets.of(LuaVersion::V54, profile), weight, &items())
    }

    fn items() -> Vec<Item> {
        let item = |section: &str, group: &str, module: &str, bytes| Item {
            section: section.into(),
            origin: Origin { group: group.into(), module: module.into(), name: "f".into() },
            bytes,
        };
        vec![item("code", LIBRARY, "string", 100), item("data", LIBRARY, "string", 20), item("code", CORE, "lvm", 500)]
    }

    #[test]
    fn a_library_has_a_budget_of_its_own() {
        let over = |limit: u64| {
            let text = format!("ceiling = 1000000\n[lua.'5.4'.size]\nlibraries = {{ string = {limit} }}");
            check(&budgets(&text), Profile::Size).over()
        };
        assert!(over(119) && !over(120));
    }

    #[test]
    fn what_grew_comes_with_what_takes_it_back() {
        let report = |items| SizeReport { sha256: String::new(), total: Weight::default(), sections: vec![], items };
        let mut old = items();
        old[0].bytes = 60;
        old[2].bytes = 499;
        let grown = grown(&report(items()), &report(old));
        let shown: Vec<_> = grown.iter().map(|g| (g.module.as_str(), g.before, g.after, g.remedy.clone())).collect();
        let drop = Some(("drop = [\"string\"]".to_owned(), 120));
        assert_eq!(shown, [("string", 80, 120, drop), ("lvm", 499, 500, None)]);
    }

    #[test]
    fn a_limit_that_is_met_exactly_is_kept() {
        let verdict = check(&budgets("ceiling = 1000000\n[lua.'5.4'.size]\nraw = 1000\nbrotli = 400"), Profile::Size);
        assert!(!verdict.over());
        assert_eq!(verdict.checks.len(), 2);
    }

    #[test]
    fn one_byte_more_is_over() {
        let budgets = budgets("ceiling = 1000000\n[lua.'5.4'.size]\ngzip = 499\n[lua.'5.5'.speed]\nraw = 1");
        assert!(check(&budgets, Profile::Size).over());
        assert!(!check(&budgets, Profile::Speed).over());
    }

    #[test]
    fn the_ceiling_holds_for_every_profile() {
        let budgets = budgets("ceiling = 999\n[lua.'5.4'.size]\nraw = 2000");
        for profile in [Profile::Size, Profile::Speed, Profile::Dev] {
            assert!(check(&budgets, profile).over());
        }
    }

    #[test]
    fn scripts_count_together() {
        let budgets = budgets("ceiling = 1\n[javascript]\ngzip = 12");
        let script = |name: &str, gzip| (name.to_owned(), Weight { raw: 100, gzip, brotli: 1 });
        assert!(!budgets.check_scripts(&[script("a.js", 5), script("b.js", 7)]).over());
        let verdict = budgets.check_scripts(&[script("a.js", 5), script("b.js", 8)]);
        assert!(verdict.over());
        assert_eq!(verdict.javascript, ["a.js", "b.js"]);
    }

    #[test]
    fn unknown_keys_are_errors() {
        for text in
            ["[lua.'5.4'.sise]\nraw = 1", "[lua.'5.4'.size]\nzip = 1", "[lua.'5.3'.size]\nraw = 1", "[size]\nraw = 1"]
        {
            assert!(toml::from_str::<Budgets>(&format!("ceiling = 1\n{text}")).is_err(), "{text}");
        }
    }
}
