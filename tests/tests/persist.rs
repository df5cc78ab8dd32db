//! Runs every `tests/persist/*.lua` in every module: sections of one program, each in a fresh instance over the same
//! stored tables. `tests/persist/README.md` says what its comments mean.

use anyhow::{Context, Result, bail, ensure};
use libtest_mimic::{Arguments, Trial};
use moonwright_tests::program::{Program, programs, text};
use moonwright_tests::{Built, Faults, Host, HostOptions, LuaVersion, Outcome, Profile, Tables, case};

fn main() -> Result<()> {
    let arguments = Arguments::from_args();
    let mut trials = Vec::new();
    for program in programs("persist")? {
        let script = Script::parse(&program)?;
        for lua in LuaVersion::ALL {
            for profile in Profile::ALL {
                if script.lua.as_ref().is_some_and(|only| *only != lua.to_string()) {
                    continue;
                }
                let script = script.clone();
                trials.push(Trial::test(format!("{lua}-{profile}::persist::{}", script.name), move || {
                    case::failed(Built::shared(lua, profile).and_then(|built| script.run(&built)))
                }));
            }
        }
    }
    libtest_mimic::run(&arguments, trials).exit()
}

/// A program: what holds for all of it, and its sections.
#[derive(Clone, Default)]
struct Script {
    name: String,
    lua: Option<String>,
    with: Option<(String, String)>,
    seeds: Option<u64>,
    sections: Vec<Section>,
}

/// One instance's share of a program.
#[derive(Clone, Default)]
struct Section {
    text: String,
    expect_error: Option<String>,
    expect_kind: Option<String>,
    fail_writes: Option<(u64, u64)>,
    may_fail: Option<String>,
    collect: bool,
    witness: bool,
    repeat: u64,
    steps: u64,
}

/// Where a program with seeds has got to.
#[derive(Clone, Copy, Default)]
struct Turn {
    seed: Option<u64>,
    number: u64,
    /// Whether the step that a witness looks at has stored all.
    stored: bool,
}

impl Script {
    fn parse(program: &Program) -> Result<Self> {
        let text = std::str::from_utf8(&program.text).with_context(|| format!("{}: expected UTF-8", program.name))?;
        let mut script = Self { name: program.name.clone(), ..Self::default() };
        let mut section = Section::new();
        for (number, line) in (1..).zip(text.lines()) {
            if let Some(directive) = line.strip_prefix("--- ") {
                if directive.starts_with("restart") {
                    script.sections.push(std::mem::replace(&mut section, Section::new()));
                    continue;
                }
                let (name, value) = directive.split_once(':').unwrap_or((directive, ""));
                script
                    .directive(&mut section, name.trim_end(), value.trim_start())
                    .with_context(|| format!("{}:{number}", program.name))?;
            }
            section.text.push_str(line);
            section.text.push('\n');
        }
        script.sections.push(section);
        Ok(script)
    }

    fn directive(&mut self, section: &mut Section, name: &str, value: &str) -> Result<()> {
        match name {
            "lua" => self.lua = Some(value.to_owned()),
            "with" => self.with = Some((value.to_owned(), text(&format!("persist/with/{value}"))?)),
            "seeds" => self.seeds = Some(pair(value).context("expected `seeds: SOME MANY`")?.0),
            "repeat" => section.repeat = value.parse()?,
            "steps" => section.steps = value.parse()?,
            "witness" => section.witness = true,
            "expect-error" => section.expect_error = Some(value.to_owned()),
            "expect-kind" => section.expect_kind = Some(value.to_owned()),
            "may-fail" => section.may_fail = Some(value.to_owned()),
            "collect" => section.collect = true,
            "fail-writes" => section.fail_writes = Some(pair(value).context("expected `fail-writes: N SEED`")?),
            other => bail!("there is no directive {other:?}"),
        }
        Ok(())
    }

    fn run(&self, built: &Built) -> Result<()> {
        let Some(seeds) = self.seeds else { return self.run_sections(built, None) };
        (1..=seeds).try_for_each(|seed| self.run_sections(built, Some(seed)).with_context(|| format!("seed {seed}")))
    }

    fn run_sections(&self, built: &Built, seed: Option<u64>) -> Result<()> {
        let tables = Tables::new();
        let mut turn = Turn { seed, ..Turn::default() };
        let mut sections = (1..).zip(&self.sections).peekable();
        while let Some((number, section)) = sections.next() {
            let witness = sections.next_if(|(_, next)| next.witness);
            for _ in 0..section.repeat {
                let mut host = self.begin(built, &tables)?;
                for _ in 0..section.steps {
                    turn.number += 1;
                    turn.stored = self.step(&mut host, &tables, number, section, turn)?;
                    if let Some((number, section)) = witness {
                        let copy = Tables::from_snapshot(tables.snapshot());
                        self.step(&mut self.begin(built, &copy)?, &copy, number, section, turn)?;
                    }
                }
            }
        }
        Ok(())
    }

    /// An instance over these tables, in which the program's companion has run.
    fn begin(&self, built: &Built, tables: &Tables) -> Result<Host> {
        let mut host = Host::initialised(built, HostOptions { tables: tables.clone(), ..HostOptions::default() })?;
        if let Some((name, text)) = &self.with {
            host.set_chunk_name(&format!("@{name}"))?;
            if let Outcome::Failed(failure) = host.compute(text)? {
                bail!("{name}: {}", failure.record.message_text());
            }
        }
        Ok(host)
    }

    /// Runs a section's text once; gives whether it succeeded, which it need not where it may fail.
    fn step(&self, host: &mut Host, tables: &Tables, number: u64, section: &Section, turn: Turn) -> Result<bool> {
        let chunk = format!("@{}#{number}", self.name);
        host.set_chunk_name(&chunk)?;
        let text = match turn.seed {
            Some(seed) => {
                let Turn { number, stored, .. } = turn;
                let count = tables.snapshot().iter().filter(|(id, table)| **id != 0 && !table.is_empty()).count();
                let values = format!("local SEED, TURN, STORED, TABLES = {seed}, {number}, {stored}, {count}; ");
                values + &section.text
            }
            None => section.text.clone(),
        };
        if let Some((one_in, seed)) = section.fail_writes {
            let seed = seed + turn.seed.unwrap_or_default() * 1000 + turn.number;
            tables.set_faults(Faults::Random { seed, one_in });
        }
        let outcome = host.compute(&text);
        tables.set_faults(Faults::None);
        let stored = section.check(&outcome?).with_context(|| format!("{chunk}, turn {}", turn.number))?;
        if section.collect {
            let dropped: i32 = host.call("collect_tables", (0u32, 0u32))?;
            ensure!(dropped >= 0, "collect_tables failed: {:?}", host.last_error()?);
        }
        Ok(stored)
    }
}

impl Section {
    fn new() -> Self {
        Self { repeat: 1, steps: 1, ..Self::default() }
    }

    /// Holds what a step ended with to what the section says; gives whether it succeeded.
    fn check(&self, outcome: &Outcome) -> Result<bool> {
        match (outcome, self.may_fail.as_ref().or(self.expect_error.as_ref())) {
            (Outcome::Done(_), Some(wanted)) if self.may_fail.is_none() => {
                bail!("expected an error with {wanted:?}, it succeeded")
            }
            (Outcome::Done(_), _) => Ok(true),
            (Outcome::Failed(failure), Some(wanted)) => {
                let message = failure.record.message_text();
                ensure!(message.contains(wanted), "expected an error with {wanted:?}, found {message:?}");
                if let Some(kind) = &self.expect_kind {
                    ensure!(failure.record.kind == *kind, "expected kind {kind}, found {}", failure.record.kind);
                }
                Ok(false)
            }
            (Outcome::Failed(failure), None) => bail!(
                "{} error: {}\n{}",
                failure.record.kind,
                failure.record.message_text(),
                failure.record.traceback_text()
            ),
        }
    }
}

/// Two numbers.
fn pair(value: &str) -> Result<(u64, u64)> {
    let (first, second) = value.split_once(' ').context("expected two numbers")?;
    Ok((first.trim().parse()?, second.trim().parse()?))
}
