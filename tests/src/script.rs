//! The programs of `tests/persist`: sections of one program, each in a fresh instance over the same stored tables.
//! `tests/persist/README.md` says what their comments mean.

use anyhow::{Context, Result, bail, ensure};

use crate::module::LuaVersion;
use crate::program::{Program, programs, text};
use crate::store::{Faults, Tables};

/// What can run a program's sections: a host of the module.
pub trait Subject {
    /// An instance.
    type Instance;

    /// An instance over these tables.
    ///
    /// # Errors
    /// Where there can't be one.
    fn begin(&self, tables: &Tables) -> Result<Self::Instance>;

    /// Runs a chunk of this name and stores what it changed. Gives how that failed, if it did.
    ///
    /// # Errors
    /// Where what the host found breaks the contract.
    fn run(&self, instance: &mut Self::Instance, chunk: &str, text: &str) -> Result<Option<Failed>>;

    /// Drops stored tables that nothing reaches.
    ///
    /// # Errors
    /// Where that fails.
    fn collect(&self, instance: &mut Self::Instance) -> Result<()>;
}

/// How a chunk failed.
#[derive(Clone, Debug)]
pub struct Failed {
    /// The message
    pub message: String,
    /// The error's kind, as the contract calls it
    pub kind: String,
    /// The stack
    pub traceback: String,
}

/// All programs.
///
/// # Errors
/// Where they cannot be read, or one has a comment that is no directive.
pub fn scripts() -> Result<Vec<Script>> {
    programs("persist")?.iter().map(Script::parse).collect()
}

/// A program: what holds for all of it, and its sections.
#[derive(Clone, Debug, Default)]
pub struct Script {
    /// The file's name
    pub name: String,
    lua: Option<String>,
    with: Option<(String, String)>,
    seeds: Option<u64>,
    sections: Vec<Section>,
}

/// One instance's share of a program.
#[derive(Clone, Debug, Default)]
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

    /// Whether the program is for this Lua version.
    pub fn runs_in(&self, lua: LuaVersion) -> bool {
        self.lua.as_ref().is_none_or(|only| *only == lua.to_string())
    }

    /// Runs the program.
    ///
    /// # Errors
    /// Where a section does not do what it should.
    pub fn run(&self, subject: &impl Subject) -> Result<()> {
        let Some(seeds) = self.seeds else { return self.run_sections(subject, None) };
        (1..=seeds).try_for_each(|seed| self.run_sections(subject, Some(seed)).with_context(|| format!("seed {seed}")))
    }

    fn run_sections(&self, subject: &impl Subject, seed: Option<u64>) -> Result<()> {
        let tables = Tables::new();
        let mut turn = Turn { seed, ..Turn::default() };
        let mut sections = (1..).zip(&self.sections).peekable();
        while let Some((number, section)) = sections.next() {
            let witness = sections.next_if(|(_, next)| next.witness);
            for _ in 0..section.repeat {
                let mut instance = self.begin(subject, &tables)?;
                for _ in 0..section.steps {
                    turn.number += 1;
                    turn.stored = self.step(subject, &mut instance, &tables, number, section, turn)?;
                    if let Some((number, section)) = witness {
                        let copy = Tables::from_snapshot(tables.snapshot());
                        self.step(subject, &mut self.begin(subject, &copy)?, &copy, number, section, turn)?;
                    }
                }
            }
        }
        Ok(())
    }

    /// An instance over these tables, in which the program's companion has run.
    fn begin<S: Subject>(&self, subject: &S, tables: &Tables) -> Result<S::Instance> {
        let mut instance = subject.begin(tables)?;
        if let Some((name, text)) = &self.with
            && let Some(failed) = subject.run(&mut instance, &format!("@{name}"), text)?
        {
            bail!("{name}: {}", failed.message);
        }
        Ok(instance)
    }

    /// Runs a section's text once; gives whether it succeeded, which it need not where it may fail.
    fn step<S: Subject>(
        &self,
        subject: &S,
        instance: &mut S::Instance,
        tables: &Tables,
        number: u64,
        section: &Section,
        turn: Turn,
    ) -> Result<bool> {
        let chunk = format!("@{}#{number}", self.name);
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
        let outcome = subject.run(instance, &chunk, &text);
        tables.set_faults(Faults::None);
        let stored = section.check(outcome?.as_ref()).with_context(|| format!("{chunk}, turn {}", turn.number))?;
        if section.collect {
            subject.collect(instance)?;
        }
        Ok(stored)
    }
}

impl Section {
    fn new() -> Self {
        Self { repeat: 1, steps: 1, ..Self::default() }
    }

    /// Holds what a step ended with to what the section says; gives whether it succeeded.
    fn check(&self, outcome: Option<&Failed>) -> Result<bool> {
        match (outcome, self.may_fail.as_ref().or(self.expect_error.as_ref())) {
            (None, Some(wanted)) if self.may_fail.is_none() => {
                bail!("expected an error with {wanted:?}, it succeeded")
            }
            (None, _) => Ok(true),
            (Some(Failed { message, kind, .. }), Some(wanted)) => {
                ensure!(message.contains(wanted), "expected an error with {wanted:?}, found {message:?}");
                if let Some(expected) = &self.expect_kind {
                    ensure!(kind == expected, "expected kind {expected}, found {kind}");
                }
                Ok(false)
            }
            (Some(Failed { message, kind, traceback }), None) => bail!("{kind} error: {message}\n{traceback}"),
        }
    }
}

/// Two numbers.
fn pair(value: &str) -> Result<(u64, u64)> {
    let (first, second) = value.split_once(' ').context("expected two numbers")?;
    Ok((first.trim().parse()?, second.trim().parse()?))
}
