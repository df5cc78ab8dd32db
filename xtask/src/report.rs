//! What a build made: its recipe, the size after each stage, sections, exports, and whether it keeps its budget.

use serde::{Deserialize, Serialize};

use crate::app::Kept;
use crate::attribution::Item;
use crate::budget::Verdict;
use crate::recipe::{LuaVersion, Profile, Unwind};
use crate::section::{Section, Weight};

pub mod markdown;
pub mod number;
pub mod size;
pub mod table;
pub mod treemap;

/// Version of the JSON report's layout; it grows when a key changes its meaning or goes.
pub const FORMAT: u32 = 1;

/// The report of one build. It depends on the input alone, not on the machine or the time, so that equal builds have equal reports.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// [`FORMAT`] of the toolchain that wrote it.
    pub format: u32,
    /// Lua version in the module.
    pub lua: LuaVersion,
    /// Upstream's release, such as `5.4.9`.
    pub upstream: String,
    /// Profile.
    pub profile: Profile,
    /// Unwind encoding.
    pub unwind: Unwind,
    /// C compiler with its version.
    pub compiler: String,
    /// SHA-256 of the module, hexadecimal.
    pub sha256: String,
    /// What the finished module weighs.
    pub total: Weight,
    /// The module's weight after each stage of the pipeline, in order.
    pub stages: Vec<Stage>,
    /// The finished module's sections, in file order.
    pub sections: Vec<Section>,
    /// What the finished module's bytes are part of; they add up to it.
    #[serde(default)]
    pub items: Vec<Item>,
    /// What the application keeps of the libraries, and which line does.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub kept: Vec<Kept>,
    /// The finished module's exported functions, in file order.
    pub exports: Vec<String>,
    /// The finished module's imports as `module.name`, in file order.
    pub imports: Vec<String>,
    /// Held against `ci/size-budget.toml`.
    pub budget: Verdict,
}

/// A stage of the pipeline that changed the module.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stage {
    /// `link`, `prune`, `exports`, `preload`, `strip`, `optimise`, `unwind`.
    pub name: String,
    /// What the module weighs after it.
    #[serde(flatten)]
    pub weight: Weight,
}

impl Report {
    /// The report as JSON with a final newline.
    ///
    /// # Errors
    /// When it can't be serialised, which its types rule out.
    pub fn to_json(&self) -> Result<String, serde_json::Error> {
        let mut text = serde_json::to_string_pretty(self)?;
        text.push('\n');
        Ok(text)
    }
}

#[cfg(test)]
pub(crate) fn example() -> Report {
    let weight = |raw| Weight { raw, gzip: raw / 2, brotli: raw * 2 / 5 };
    Report {
        format: FORMAT,
        lua: LuaVersion::V54,
        upstream: "5.4.9".into(),
        profile: Profile::Size,
        unwind: Unwind::Legacy,
        compiler: "zig 0.15.2".into(),
        sha256: "0".repeat(64),
        total: weight(160_000),
        stages: vec![
            Stage { name: "link".into(), weight: weight(240_000) },
            Stage { name: "unwind".into(), weight: weight(160_000) },
        ],
        sections: vec![
            Section { name: "header".into(), weight: weight(8) },
            Section { name: "code".into(), weight: weight(150_000) },
            Section { name: "data".into(), weight: weight(9_992) },
        ],
        items: vec![],
        kept: vec![],
        exports: vec!["init".into(), "compute".into()],
        imports: vec!["env.js_time_now".into()],
        budget: crate::budget::Budgets { ceiling: 1_000_000, ..Default::default() }.check(
            LuaVersion::V54,
            Profile::Size,
            &Default::default(),
            weight(160_000),
            &[],
        ),
    }
}
