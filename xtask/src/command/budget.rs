//! `cargo xtask budget`: holds modules against their size budgets.

use std::path::Path;

use anyhow::{Context, Result, bail};

use super::build::Builder;
use super::{Outcome, print, project_root};
use crate::budget::{self, Budgets, Verdict};
use crate::cli::{BudgetArgs, Format};
use crate::recipe::{Profile, Recipe};
use crate::report::{Report, markdown, table};
use crate::section::Weight;

/// Checks the module that was given, or builds and checks every profile that is shipped.
pub fn run(args: &BudgetArgs) -> Result<Outcome> {
    let root = project_root()?;
    let budgets = budget::read(&root.join(&args.budgets))?;
    let verdicts = match &args.file {
        Some(file) => vec![check_file(file, args.profile, &budgets)?],
        None => build_and_check(&root, args.offline)?,
    };
    let each = |render: fn(&Verdict) -> String| verdicts.iter().map(render).collect::<Vec<_>>().join("\n");
    print(&match args.format {
        Format::Json => serde_json::to_string_pretty(&verdicts)?,
        Format::Markdown => each(markdown::budget),
        Format::Table => each(|verdict| format!("profile {}\n{}", verdict.profile, table::verdict(verdict))),
    })?;
    Ok(if verdicts.iter().any(Verdict::over) { Outcome::CheckFailed } else { Outcome::Done })
}

fn check_file(file: &Path, profile: Option<Profile>, budgets: &Budgets) -> Result<Verdict> {
    let wasm = std::fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
    crate::section::sections(&wasm).with_context(|| format!("cannot weigh {}", file.display()))?;
    let profile = match profile {
        Some(profile) => profile,
        None => profile_beside(file)?,
    };
    let weight = Weight::of(&wasm).with_context(|| format!("cannot compress {}", file.display()))?;
    Ok(budgets.check(profile, weight))
}

/// The profile that the report in the module's folder names.
fn profile_beside(file: &Path) -> Result<Profile> {
    let path = file.with_file_name("size-report.json");
    let Ok(text) = std::fs::read_to_string(&path) else {
        bail!("no report at {} says which profile {} is; name it with --profile", path.display(), file.display());
    };
    let report: Report =
        serde_json::from_str(&text).with_context(|| format!("{} is no size report", path.display()))?;
    Ok(report.profile)
}

fn build_and_check(root: &Path, offline: bool) -> Result<Vec<Verdict>> {
    let builder = Builder::new(root, offline);
    let shipped = [Profile::Size, Profile::Speed];
    shipped
        .into_iter()
        .map(|profile| Ok(builder.build(&Recipe { profile, ..Recipe::default() })?.report.budget))
        .collect()
}
