//! `cargo xtask post`: the passes over a module that somebody else built.

use anyhow::{Context, Result};

use super::{Outcome, print};
use crate::cli::{Format, Optimise, PostArgs};
use crate::output_file;
use crate::pass::exports::ExportOptions;
use crate::pass::optimise::Goal;
use crate::post::{self, PostOptions, Posted};
use crate::report::{markdown, table};

/// Writes the module to OUT and prints what was done.
pub fn run(args: &PostArgs) -> Result<Outcome> {
    let wasm = std::fs::read(&args.file).with_context(|| format!("cannot read {}", args.file.display()))?;
    let options = PostOptions {
        drop: args.drop.clone(),
        exports: ExportOptions {
            add: args.export.clone(),
            rename: args.rename.iter().cloned().collect(),
            hide: args.hide.clone(),
            ..ExportOptions::default()
        },
        keep_names: args.keep_names,
        goal: match args.optimise {
            Optimise::Size => Some(Goal::Size),
            Optimise::Speed => Some(Goal::Speed),
            Optimise::None => None,
        },
        wasm_opt: args.wasm_opt.clone(),
        unwind: args.unwind,
    };
    let posted = post::run(&wasm, &options).with_context(|| format!("cannot post-process {}", args.file.display()))?;
    output_file::write(&args.out, &posted.wasm)?;
    print(&match args.format {
        Format::Json => serde_json::to_string_pretty(&posted)?,
        Format::Table => text(&posted, table::stages(&posted.stages), table::sections, "\n"),
        Format::Markdown => text(&posted, markdown::stages(&posted.stages), markdown::sections, "\n- "),
    })?;
    Ok(Outcome::Done)
}

fn text(
    posted: &Posted,
    stages: String,
    sections: fn(&[crate::section::Section], crate::section::Weight) -> String,
    bullet: &str,
) -> String {
    let mut lines = posted.notes.clone();
    let summary = &posted.exports;
    lines.extend(summary.added.iter().map(|name| format!("added export {name}")));
    lines.extend(summary.renamed.iter().map(|(old, new)| format!("renamed export {old} to {new}")));
    lines.extend(summary.hidden.iter().map(|name| format!("removed export {name}")));
    lines.extend(posted.unused_imports.iter().map(|name| format!("dropped import {name}, which nothing uses")));
    lines.push(match &posted.features {
        Some(features) if features.is_empty() => "uses no feature beyond WebAssembly 1".to_owned(),
        Some(features) => format!("uses {}", features.join(", ")),
        None => "uses features that this toolchain does not know".to_owned(),
    });
    let lines: String = lines.iter().map(|line| format!("{bullet}{line}")).collect();
    format!("{stages}\n\n{}\n{lines}\n", sections(&posted.sections, posted.total).trim_end())
}
