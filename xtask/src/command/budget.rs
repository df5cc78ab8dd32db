//! `cargo xtask budget`: holds modules against their size budgets.

use std::path::Path;

use anyhow::{Context, Result, bail};

use super::build::Builder;
use super::{Outcome, package, print, project_root};
use crate::budget::{self, Budgets, ScriptVerdict, Verdict};
use crate::cli::{BudgetArgs, Format};
use crate::interface::Interface;
use crate::pass::strip::{self, StripOptions};
use crate::recipe::Recipe;
use crate::report::{Report, markdown, table};
use crate::script;
use crate::section::Weight;
use crate::size_report::{self, SizeReport};

/// The file of the npm package that pages load.
const ENTRY: &str = "index.js";

/// Checks the module that was given, or builds and checks every profile that is shipped, and the npm package's JavaScript.
pub fn run(args: &BudgetArgs) -> Result<Outcome> {
    let root = project_root()?;
    let budgets = budget::read(&root.join(&args.budgets))?;
    let (verdicts, scripts) = match &args.file {
        Some(file) => (vec![check_file(file, args, &budgets)?], None),
        None => (build_and_check(&root, &budgets, args.offline)?, Some(check_scripts(&root, &budgets, args.offline)?)),
    };
    let what = |verdict: &ScriptVerdict| format!("JavaScript of the npm package: {}", verdict.javascript.join(", "));
    print(&match args.format {
        Format::Json => {
            let mut all = verdicts.iter().map(serde_json::to_value).collect::<Result<Vec<_>, _>>()?;
            all.extend(scripts.iter().map(serde_json::to_value).collect::<Result<Vec<_>, _>>()?);
            serde_json::to_string_pretty(&all)?
        }
        Format::Markdown => {
            let modules = verdicts.iter().map(markdown::budget);
            let scripts = scripts.iter().map(|verdict| markdown::checks(&what(verdict), &verdict.checks));
            modules.chain(scripts).collect::<Vec<_>>().join("\n")
        }
        Format::Table => {
            let modules = verdicts.iter().map(|verdict| {
                format!("Lua {}, profile {}\n{}", verdict.lua, verdict.profile, table::verdict(verdict))
            });
            let scripts =
                scripts.iter().map(|verdict| format!("{}\n{}", what(verdict), table::checks(&verdict.checks)));
            modules.chain(scripts).collect::<Vec<_>>().join("\n")
        }
    })?;
    let over = verdicts.iter().any(Verdict::over) || scripts.is_some_and(|verdict| verdict.over());
    Ok(if over { Outcome::CheckFailed } else { Outcome::Done })
}

/// Builds the npm package and checks what a page loads of its JavaScript.
fn check_scripts(root: &Path, budgets: &Budgets, offline: bool) -> Result<ScriptVerdict> {
    package::build_scripts(root, offline, "cargo xtask budget")?;
    Ok(budgets.check_scripts(&script::load(&root.join("web/dist"), ENTRY)?))
}

fn check_file(file: &Path, args: &BudgetArgs, budgets: &Budgets) -> Result<Verdict> {
    let wasm = std::fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
    Interface::read(&wasm).with_context(|| format!("cannot weigh {}", file.display()))?;
    let (lua, profile) = match (args.lua, args.profile) {
        (Some(lua), Some(profile)) => (lua, profile),
        (lua, profile) => {
            let report = report_beside(file)?;
            (lua.unwrap_or(report.lua), profile.unwrap_or(report.profile))
        }
    };
    let report = SizeReport::read(file)?;
    // What only a debugger reads is part of no budget.
    let has_dwarf = report.sections.iter().any(|section| section.name.starts_with("custom \".debug_"));
    let weight = match has_dwarf {
        true => Weight::of(&strip::run(&wasm, &StripOptions { keep_names: true, keep_unknown: true })?.wasm)?,
        false => report.total,
    };
    let mut verdict = budgets.check(lua, profile, &budgets.of(lua, profile), weight, &report.items);
    if let Some(old) = &args.diff {
        verdict.grown = budget::grown(&report, &SizeReport::read(old)?);
    }
    Ok(verdict)
}

/// The report in the module's folder.
fn report_beside(file: &Path) -> Result<Report> {
    let path = file.with_file_name(size_report::BESIDE);
    let Ok(text) = std::fs::read_to_string(&path) else {
        let file = file.display();
        bail!("no report at {} says what {file} is; name it with --lua and --profile", path.display());
    };
    serde_json::from_str(&text).with_context(|| format!("{} is no size report", path.display()))
}

/// Builds and checks every module that has a budget.
fn build_and_check(root: &Path, budgets: &Budgets, offline: bool) -> Result<Vec<Verdict>> {
    let builder = Builder::new(root, offline);
    let shipped = budgets.lua.iter().flat_map(|(lua, profiles)| profiles.keys().map(move |profile| (*lua, *profile)));
    shipped
        .map(|(lua, profile)| {
            Ok(builder
                .build(&Recipe { lua, profile, budget: Some(budgets.of(lua, profile)), ..Recipe::default() })?
                .report
                .budget)
        })
        .collect()
}
