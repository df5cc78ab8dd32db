//! `cargo xtask budget`: holds modules against their size budgets.

use std::path::Path;

use anyhow::{Context, Result, bail};

use super::build::Builder;
use super::{Outcome, print, project_root};
use crate::budget::{self, Budgets, Verdict};
use crate::cli::{BudgetArgs, Format};
use crate::interface::Interface;
use crate::recipe::Recipe;
use crate::report::{Report, markdown, table};
use crate::section::Weight;

/// Checks the module that was given, or builds and checks every profile that is shipped.
pub fn run(args: &BudgetArgs) -> Result<Outcome> {
    let root = project_root()?;
    let budgets = budget::read(&root.join(&args.budgets))?;
    let verdicts = match &args.file {
        Some(file) => vec![check_file(file, args, &budgets)?],
        None => build_and_check(&root, &budgets, args.offline)?,
    };
    let each = |render: fn(&Verdict) -> String| verdicts.iter().map(render).collect::<Vec<_>>().join("\n");
    print(&match args.format {
        Format::Json => serde_json::to_string_pretty(&verdicts)?,
        Format::Markdown => each(markdown::budget),
        Format::Table => {
            each(|verdict| format!("Lua {}, profile {}\n{}", verdict.lua, verdict.profile, table::verdict(verdict)))
        }
    })?;
    Ok(if verdicts.iter().any(Verdict::over) { Outcome::CheckFailed } else { Outcome::Done })
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
    let weight = Weight::of(&wasm).with_context(|| format!("cannot compress {}", file.display()))?;
    Ok(budgets.check(lua, profile, budgets.of(lua, profile), weight))
}

/// The report in the module's folder.
fn report_beside(file: &Path) -> Result<Report> {
    let path = file.with_file_name("size-report.json");
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
