//! `cargo xtask bench persistence`: what it costs that `Memory` outlives the instance.
//!
//! The same loops run on a plain table, on one under `Memory`, and in a module that has no persistence at all.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

use super::machine::{Host, Machine};
use super::sheet::{Sheet, Target};
use super::spread::Spread;
use crate::attribution::Item;
use crate::recipe::{ExportEdits, Profile, Recipe, Unwind};

/// Reads are to cost what plain reads cost; measurements on a machine that others use, too, differ by that much.
const SAME: f64 = 1.1;
/// A write of a field that exists, under `Memory`, against a plain one.
const STORED_WRITE: f64 = 3.0;
/// Writes elsewhere, against a module without persistence.
const PLAIN_WRITE: f64 = 1.08;
/// Bytes that persistence may add to a module of profile `size`.
const MODULE_BYTES: f64 = 25_000.0;
/// Bytes that the verifier of bytecode, code and data, may have of it.
const VERIFIER_BYTES: f64 = 8_000.0;

/// The exports of contract `full` that have nothing to do with persistence: the module without it gets them, too, so that
/// the difference is persistence alone.
const OTHER_EXPORTS: [&str; 6] =
    ["abi_version", "reserve_buffer", "get_last_error", "set_chunk_name", "set_limits", "set_seed"];

/// The verifier of bytecode, which loading calls: exported where it is measured by itself.
const VERIFIER: &str = "mw_verify";

/// Its files.
const VERIFIER_FILES: [&str; 2] = ["verify", "verifyflow"];

/// What one host measured, as it prints it.
#[derive(Deserialize)]
struct Measured {
    loops: Vec<MeasuredLoop>,
    figures: BTreeMap<String, Vec<f64>>,
}

/// Nanoseconds a step, one for each round.
#[derive(Deserialize)]
struct MeasuredLoop {
    name: String,
    none: Vec<f64>,
    plain: Vec<f64>,
    memory: Vec<f64>,
}

/// All results.
#[derive(Debug, Serialize, Deserialize)]
pub struct Persistence {
    loops: Vec<Loop>,
    figures: Vec<Figure>,
}

/// A loop on one host: nanoseconds a step, of the fastest round (others are slowed down by what else the machine does).
#[derive(Debug, Serialize, Deserialize)]
struct Loop {
    host: String,
    name: String,
    /// In a module without persistence.
    none: f64,
    /// On a plain table.
    plain: f64,
    /// On a table under `Memory`.
    memory: f64,
    /// What memory / plain is to be at most.
    memory_target: Option<f64>,
    /// What plain / none is to be at most.
    plain_target: f64,
}

/// Anything else.
#[derive(Debug, Serialize, Deserialize)]
struct Figure {
    host: String,
    what: String,
    found: f64,
    target: Option<f64>,
    digits: usize,
    pass: bool,
}

/// Names, as the hosts print them, what they mean, their targets and the digits that count.
const FIGURES: [(&str, &str, Option<f64>, usize); 8] = [
    ("function_bytes", "10-line function, bytes beyond its chunk's text", Some(300.0), 0),
    ("attach", "attach 10,000 keys, ms", Some(2.0), 3),
    ("read_keys", "read all 10,000 keys, ms", Some(100.0), 1),
    ("entries", "entries handed over after one change", Some(1.0), 0),
    ("objects", "20,000 objects out and in, ms", Some(50.0), 1),
    ("load", "load bytecode, verified, against its text (ratio)", Some(1.0), 2),
    ("verify_undump", "verify bytecode, against reading it without that (ratio)", None, 2),
    ("verify_load", "verify bytecode, against loading its text (ratio)", Some(1.0), 2),
];

impl Persistence {
    /// Builds the modules and measures on every host.
    ///
    /// # Errors
    /// Where something cannot be built or run.
    pub fn measure(machine: &Machine) -> Result<Persistence> {
        let recipe = |profile, unwind, with: bool| {
            let mut recipe = Recipe { profile, unwind, ..Recipe::default() };
            if !with {
                recipe.contracts = vec!["core".to_owned()];
                recipe.exports = ExportEdits {
                    add: OTHER_EXPORTS.iter().map(|name| (*name).to_owned()).collect(),
                    ..ExportEdits::default()
                };
            }
            if with && profile == Profile::Speed {
                recipe.exports.add.push(VERIFIER.to_owned());
            }
            recipe
        };
        let module = |profile, unwind, with| {
            let name = format!("{profile}-{unwind}-{}", if with { "full" } else { "core" });
            machine.module(&name, &recipe(profile, unwind, with))
        };
        let small = module(Profile::Size, Unwind::Legacy, true)?;
        let added = small.bytes as f64 - module(Profile::Size, Unwind::Legacy, false)?.bytes as f64;
        let of_verifier = |item: &&Item| VERIFIER_FILES.contains(&item.origin.module.as_str());
        let verifier: u64 = small.items.iter().filter(of_verifier).map(|item| item.bytes).sum();
        let mut all = Persistence { loops: Vec::new(), figures: Vec::new() };
        all.figure("-", "bytes that persistence adds to a module of profile size", added, Some(MODULE_BYTES), 0);
        all.figure("-", "bytes of the verifier in such a module", verifier as f64, Some(VERIFIER_BYTES), 0);
        for (host, unwind) in [(Host::Node, Unwind::Legacy), (Host::Wasmtime, Unwind::Standard)] {
            let full = module(Profile::Speed, unwind, true)?.path;
            let core = module(Profile::Speed, unwind, false)?.path;
            let mut command = if host == Host::Node {
                machine.node("persistence.mjs")
            } else {
                let mut command = machine.wasmtime()?;
                command.arg("persistence");
                command
            };
            command.arg(full).arg(core).arg(machine.root.join("bench/persistence"));
            command.arg(if machine.quick { "3" } else { "15" });
            let measured: Measured = machine.run(command, &format!("persistence in {host}"))?;
            all.add(&host.to_string(), &measured).with_context(|| format!("persistence in {host}"))?;
        }
        Ok(all)
    }

    fn figure(&mut self, host: &str, what: &str, found: f64, target: Option<f64>, digits: usize) {
        let pass = target.is_none_or(|target| Target::most(target, digits).met(found));
        self.figures.push(Figure { host: host.to_owned(), what: what.to_owned(), found, target, digits, pass });
    }

    fn add(&mut self, host: &str, measured: &Measured) -> Result<()> {
        let least = |times: &[f64]| Some(Spread::over(times.iter().copied())?.least);
        for one in &measured.loops {
            let fastest = |times: &[f64]| least(times).with_context(|| format!("{}: no measurements", one.name));
            // What is new has to be encoded and handed over some time: only what exists has a target.
            let (memory_target, plain_target) = match one.name.split(' ').next() {
                Some("read") => (Some(SAME), SAME),
                Some("write") if !one.name.contains("new") => (Some(STORED_WRITE), PLAIN_WRITE),
                _ => (None, PLAIN_WRITE),
            };
            self.loops.push(Loop {
                host: host.to_owned(),
                name: one.name.clone(),
                none: fastest(&one.none)?,
                plain: fastest(&one.plain)?,
                memory: fastest(&one.memory)?,
                memory_target,
                plain_target,
            });
        }
        let median = |name: &str| -> Result<f64> {
            let samples = measured.figures.get(name).with_context(|| format!("no figure {name}"))?;
            Ok(Spread::over(samples.iter().copied()).with_context(|| format!("{name}: no measurements"))?.median)
        };
        for (name, what, target, digits) in FIGURES {
            let found = if name == "objects" { median("out")? + median("in")? } else { median(name)? };
            self.figure(host, what, found, target, digits);
        }
        Ok(())
    }

    /// The tables.
    pub fn sheets(&self) -> Vec<Sheet> {
        let mut loops = Sheet::new(
            "Persistence, nanoseconds a step (fastest round)",
            &[
                "loop",
                "host",
                "under Memory",
                "plain",
                "no persistence",
                "Memory / plain",
                "target",
                "",
                "plain / none",
                "target",
                "",
            ],
        );
        for one in &self.loops {
            let mut row = vec![one.name.clone(), one.host.clone()];
            row.extend([one.memory, one.plain, one.none].map(|time| format!("{time:.1}")));
            let ratio = one.memory / one.plain;
            row.push(format!("{ratio:.2}"));
            row.extend(match one.memory_target {
                Some(target) => Target::most(target, 1).cells(ratio),
                None => ["-".to_owned(), String::new()],
            });
            let ratio = one.plain / one.none;
            row.push(format!("{ratio:.2}"));
            row.extend(Target::most(one.plain_target, 2).cells(ratio));
            loops.rows.push(row);
        }
        let mut figures = Sheet::new("Persistence, other costs (medians)", &["what", "host", "found", "target", ""]);
        for figure in &self.figures {
            let mut row = vec![figure.what.clone(), figure.host.clone(), format!("{:.*}", figure.digits, figure.found)];
            row.extend(match figure.target {
                Some(target) => Target::most(target, 0).cells(figure.found),
                None => ["-".to_owned(), String::new()],
            });
            figures.rows.push(row);
        }
        vec![loops, figures]
    }
}
