//! Runs every `tests/persist/*.lua` in every module: sections of one program, each in a fresh instance over the same
//! stored tables. `tests/persist/README.md` says what its comments mean.

use anyhow::{Context, Result, bail, ensure};
use libtest_mimic::{Arguments, Trial};
use moonwright_tests::program::{Program, programs};
use moonwright_tests::{Built, Faults, Host, HostOptions, LuaVersion, Outcome, Profile, Tables, case};

fn main() -> Result<()> {
    let arguments = Arguments::from_args();
    let mut trials = Vec::new();
    for program in programs("persist")? {
        for lua in LuaVersion::ALL {
            for profile in Profile::ALL {
                let sections = sections(&program)?;
                if sections.first().and_then(|first| first.lua.clone()).is_some_and(|only| only != lua.to_string()) {
                    continue;
                }
                let name = program.name.clone();
                trials.push(Trial::test(format!("{lua}-{profile}::persist::{name}"), move || {
                    case::failed(run(lua, profile, &name, &sections))
                }));
            }
        }
    }
    libtest_mimic::run(&arguments, trials).exit()
}

/// One instance's share of a program.
#[derive(Clone, Default)]
struct Section {
    text: String,
    lua: Option<String>,
    expect_error: Option<String>,
    expect_kind: Option<String>,
    fail_writes: Option<Faults>,
    may_fail: bool,
    collect: bool,
}

fn sections(program: &Program) -> Result<Vec<Section>> {
    let text = std::str::from_utf8(&program.text).with_context(|| format!("{}: expected UTF-8", program.name))?;
    let mut sections = vec![Section::default()];
    for (number, line) in (1..).zip(text.lines()) {
        let Some(section) = sections.last_mut() else { break };
        if let Some(directive) = line.strip_prefix("--- ") {
            if directive.starts_with("restart") {
                sections.push(Section::default());
                continue;
            }
            section.directive(directive).with_context(|| format!("{}:{number}", program.name))?;
        }
        section.text.push_str(line);
        section.text.push('\n');
    }
    Ok(sections)
}

impl Section {
    fn directive(&mut self, directive: &str) -> Result<()> {
        let (name, value) = directive.split_once(':').unwrap_or((directive, ""));
        let value = value.trim_start().to_owned();
        match name.trim_end() {
            "lua" => self.lua = Some(value),
            "expect-error" => self.expect_error = Some(value),
            "expect-kind" => self.expect_kind = Some(value),
            "may-fail" => self.may_fail = true,
            "collect" => self.collect = true,
            "fail-writes" => {
                let (one_in, seed) = value.split_once(' ').context("expected `fail-writes: N SEED`")?;
                let (one_in, seed) = (one_in.trim().parse()?, seed.trim().parse()?);
                self.fail_writes = Some(Faults::Random { seed, one_in });
            }
            other => bail!("there is no directive {other:?}"),
        }
        Ok(())
    }
}

fn run(lua: LuaVersion, profile: Profile, name: &str, sections: &[Section]) -> Result<()> {
    let built = Built::shared(lua, profile)?;
    let tables = Tables::new();
    for (number, section) in (1..).zip(sections) {
        let options = HostOptions { tables: tables.clone(), ..HostOptions::default() };
        let chunk = format!("@{name}#{number}");
        run_section(&mut Host::initialised(&built, options)?, &tables, &chunk, section)
            .with_context(|| format!("section {number} of {name}"))?;
    }
    Ok(())
}

fn run_section(host: &mut Host, tables: &Tables, chunk: &str, section: &Section) -> Result<()> {
    host.set_chunk_name(chunk)?;
    tables.set_faults(section.fail_writes.unwrap_or_default());
    let outcome = host.compute(&section.text);
    tables.set_faults(Faults::None);
    match (outcome?, &section.expect_error) {
        (Outcome::Done(_), None) => {}
        (Outcome::Done(_), Some(wanted)) => bail!("expected an error with {wanted:?}, it succeeded"),
        (Outcome::Failed(failure), Some(wanted)) => {
            let message = failure.record.message_text();
            ensure!(message.contains(wanted), "expected an error with {wanted:?}, found {message:?}");
            if let Some(kind) = &section.expect_kind {
                ensure!(failure.record.kind == *kind, "expected kind {kind}, found {}", failure.record.kind);
            }
        }
        (Outcome::Failed(_), None) if section.may_fail => {}
        (Outcome::Failed(failure), None) => bail!(
            "{} error: {}\n{}",
            failure.record.kind,
            failure.record.message_text(),
            failure.record.traceback_text()
        ),
    }
    if section.collect {
        let dropped: i32 = host.call("collect_tables", (0u32, 0u32))?;
        ensure!(dropped >= 0, "collect_tables failed: {:?}", host.last_error()?);
    }
    Ok(())
}
