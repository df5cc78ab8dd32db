//! What a build made: its recipe, the size after each stage, sections, exports, and whether it keeps its budget.

use serde::{Deserialize, Serialize};

use crate::app::{Application, Kept};
use crate::attribution::Item;
use crate::budget::Verdict;
use crate::recipe::{LuaVersion, Profile, Unwind};
use crate::section::{Section, Weight};
use crate::symbols;

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
    /// The application in the module, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub application: Option<Application>,
    /// The state in the module, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preload: Option<Preload>,
    /// The finished module's exported functions, in file order.
    pub exports: Vec<String>,
    /// The finished module's imports as `module.name`, in file order.
    pub imports: Vec<String>,
    /// Held against `ci/size-budget.toml`.
    pub budget: Verdict,
}

/// A state of Lua in a module.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Preload {
    /// Up to where the application has run: the function that the start calls, as `file:line`. Without an application the libraries are
    /// open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
    /// What it adds to the module.
    pub cost: Weight,
}

impl Preload {
    /// The name of the stage that adds it.
    pub const STAGE: &str = "preload";

    /// The state that one of these stages has added, if one has.
    pub fn of(stages: &[Stage], until: Option<String>) -> Option<Preload> {
        let place = stages.iter().position(|stage| stage.name == Preload::STAGE)?;
        let (before, after) = (stages.get(place.checked_sub(1)?)?.weight, stages[place].weight);
        let cost = Weight {
            raw: after.raw.saturating_sub(before.raw),
            gzip: after.gzip.saturating_sub(before.gzip),
            brotli: after.brotli.saturating_sub(before.brotli),
        };
        Some(Preload { until, cost })
    }
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

/// What is in the module beside Lua, a line each.
fn notes(report: &Report) -> Vec<String> {
    let mut notes = Vec::new();
    if let Some(Application { files, bytecode, stripped }) = &report.application {
        let (bytecode, files) =
            (number::bytes(*bytecode), if *files == 1 { "1 file" } else { &format!("{files} files") });
        let rest = stripped.map_or(String::new(), |less| {
            format!(
                ", stripped of {}; `cargo xtask symbolize --symbols {}` turns its tracebacks back",
                number::bytes(less),
                symbols::FILE
            )
        });
        notes.push(format!("application: {files}, {bytecode} bytes of bytecode{rest}"));
    }
    if let Some(Preload { until, cost }) = &report.preload {
        notes.push(format!(
            "preload: {}, for {} bytes, {} with brotli",
            until.as_ref().map_or("the libraries are open".to_owned(), |until| format!("run up to {until}")),
            number::bytes(cost.raw),
            number::bytes(cost.brotli)
        ));
    }
    notes
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
        application: Some(Application { files: 2, bytecode: 5_000, stripped: Some(2_500) }),
        preload: Some(Preload { until: Some("main.lua:7".into()), cost: weight(30_000) }),
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
