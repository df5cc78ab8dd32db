//! From samples to medians, ratios and the tables.

use serde::Serialize;

use super::engine::{FENGARI, Mode, NATIVE, SIZE, SPEED, Sample, WASMOON};
use super::machine::Host;
use super::programs::{MEMORY, Outcome, Program, STARTUP};
use super::sheet::{Sheet, Target};
use super::spread::{Spread, geometric_mean};

/// Everything that was measured.
#[derive(Debug, Serialize)]
pub struct Figures {
    engines: Vec<String>,
    rounds: u32,
    rows: Vec<Row>,
}

/// One program in one engine.
#[derive(Debug, Serialize)]
pub struct Row {
    /// The program.
    pub benchmark: &'static str,
    /// The engine.
    pub engine: &'static str,
    /// Where it ran.
    pub host: Host,
    cold: Option<Spread>,
    warm: Option<Spread>,
    /// Why there are no figures.
    skipped: Option<String>,
    /// What they are made of.
    samples: Vec<Sample>,
    /// Whether it is a program of Lua alone, like for like in all engines: one for the means.
    #[serde(skip)]
    comparable: bool,
}

/// The first run in a process, or the last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Time {
    /// The first.
    Cold,
    /// The last.
    Warm,
}

impl Time {
    /// As file names and tables have it.
    pub fn name(self) -> &'static str {
        match self {
            Time::Cold => "cold",
            Time::Warm => "warm",
        }
    }
}

impl Row {
    /// The figures for a time.
    pub fn time(&self, time: Time) -> Option<Spread> {
        match time {
            Time::Cold => self.cold,
            Time::Warm => self.warm,
        }
    }
}

/// The hosts that run modules, each with the engines that it has.
pub const HOSTS: [(Host, &[&str]); 3] = [
    (Host::Node, &[WASMOON, FENGARI, SPEED, SIZE]),
    (Host::Chromium, &[WASMOON, FENGARI, SPEED, SIZE]),
    (Host::Wasmtime, &[SPEED, SIZE]),
];

/// What is compared with what.
const COMPARED: [(&str, &str); 6] =
    [(SPEED, NATIVE), (SIZE, NATIVE), (SPEED, WASMOON), (SIZE, WASMOON), (SPEED, FENGARI), (SIZE, SPEED)];

impl Figures {
    /// The figures of what was measured in so many rounds.
    pub fn new(engines: Vec<String>, rounds: u32, outcomes: Vec<Outcome>) -> Figures {
        Figures { engines, rounds, rows: outcomes.into_iter().map(row).collect() }
    }

    /// The benchmarks in their order.
    pub fn benchmarks(&self) -> Vec<&'static str> {
        let mut names: Vec<&str> = self.rows.iter().map(|row| row.benchmark).collect();
        names.dedup();
        names
    }

    /// A program in an engine on a host; native Lua is on any.
    pub fn row(&self, benchmark: &str, engine: &str, host: Host) -> Option<&Row> {
        let host = if engine == NATIVE { Host::Native } else { host };
        self.rows.iter().find(|row| row.benchmark == benchmark && row.engine == engine && row.host == host)
    }

    /// Median by median.
    pub fn ratio(&self, benchmark: &str, (ours, theirs): (&str, &str), host: Host, time: Time) -> Option<f64> {
        let median = |engine| Some(self.row(benchmark, engine, host)?.time(time)?.median);
        Some(median(ours)? / median(theirs)?)
    }

    /// Over the programs that are like for like.
    fn mean(&self, pair: (&str, &str), host: Host, time: Time) -> Option<f64> {
        let comparable = self.rows.iter().filter(|row| row.comparable && row.engine == pair.0 && row.host == host);
        geometric_mean(&comparable.filter_map(|row| self.ratio(row.benchmark, pair, host, time)).collect::<Vec<_>>())
    }

    /// The tables: means, targets, then every program on every host.
    pub fn sheets(&self) -> Vec<Sheet> {
        let mut sheets = vec![self.means(), self.targets()];
        for (host, engines) in HOSTS {
            for time in [Time::Cold, Time::Warm] {
                sheets.push(self.table(host, engines, time));
            }
        }
        let skipped = self.skipped();
        if !skipped.rows.is_empty() {
            sheets.push(skipped);
        }
        sheets
    }

    fn means(&self) -> Sheet {
        let title = format!("Geometric means of the ratios of times ({} rounds, medians)", self.rounds);
        let names = COMPARED.map(|(ours, theirs)| format!("{ours}/{theirs}"));
        let mut header = vec!["host"];
        header.extend(names.iter().map(String::as_str));
        let mut sheet = Sheet::new(title, &header);
        for (host, _) in HOSTS {
            for time in [Time::Cold, Time::Warm] {
                let mut row = vec![format!("{host}, {}", time.name())];
                row.extend(
                    COMPARED
                        .map(|pair| self.mean(pair, host, time).map_or("-".to_owned(), |mean| format!("{mean:.2}"))),
                );
                sheet.rows.push(row);
            }
        }
        sheet.notes.push(
            "Cold is the first run in a fresh process or page, warm the third. The means are over the programs of Lua alone: \
             not start-up, not calls between Lua and the host, and not `memory`, whose writes our modules note to store them, \
             while elsewhere they are writes to a table as any other."
                .to_owned(),
        );
        sheet.notes.push(format!("{}.", self.engines.join("; ")));
        sheet
    }

    fn targets(&self) -> Sheet {
        let mut sheet = Sheet::new("Targets", &["what", "on", "found", "target", ""]);
        let mut add = |what: String, host: Host, found: Option<f64>, most: f64| {
            if let Some(found) = found {
                let mut row = vec![what, host.to_string(), format!("{found:.2}")];
                row.extend(Target::most(most, 2).cells(found));
                sheet.rows.push(row);
            }
        };
        use Host::{Chromium, Node};
        use Time::{Cold, Warm};
        for (time, host, most) in [(Cold, Node, 0.5), (Cold, Chromium, 0.9), (Warm, Node, 0.9), (Warm, Chromium, 0.9)] {
            add(format!("{}, mean, speed/wasmoon", time.name()), host, self.mean((SPEED, WASMOON), host, time), most);
        }
        for (host, _) in HOSTS {
            add("warm, mean, speed/native".to_owned(), host, self.mean((SPEED, NATIVE), host, Warm), 1.3);
        }
        for (program, what) in
            [("coroutine_switch", "1,000,000 coroutine switches"), ("pcall_error_million", "1,000,000 pcall(error, i)")]
        {
            for (host, _) in HOSTS {
                for time in [Cold, Warm] {
                    let found = self.ratio(program, (SPEED, NATIVE), host, time);
                    add(format!("{what}, {}, speed/native", time.name()), host, found, 2.0);
                }
            }
        }
        add("start-up, speed/wasmoon".to_owned(), Node, self.ratio(STARTUP, (SPEED, WASMOON), Node, Cold), 0.25);
        let found = self.row(STARTUP, SPEED, Node).and_then(|row| Some(row.cold?.median));
        add("start-up, speed, ms".to_owned(), Node, found, 4.0);
        for (host, _) in HOSTS {
            for time in [Cold, Warm] {
                add(format!("{}, mean, size/speed", time.name()), host, self.mean((SIZE, SPEED), host, time), 1.25);
            }
        }
        sheet
    }

    /// A line for each benchmark that has such a time.
    fn table(&self, host: Host, engines: &[&str], time: Time) -> Sheet {
        let columns: Vec<&str> = [NATIVE].into_iter().chain(engines.iter().copied()).collect();
        let pairs: Vec<(&str, &str)> = COMPARED
            .into_iter()
            .filter(|(ours, theirs)| columns.contains(ours) && columns.contains(theirs) && *theirs != FENGARI)
            .collect();
        let mut header = vec!["benchmark".to_owned()];
        header.extend(columns.iter().map(|engine| format!("{engine} ms")));
        header.extend(pairs.iter().map(|(ours, theirs)| format!("{ours}/{theirs}")));
        header.push("spread".to_owned());
        let header: Vec<&str> = header.iter().map(String::as_str).collect();
        let title = match (host, time) {
            (_, Time::Warm) => format!("On {host}, warm"),
            (Host::Wasmtime, Time::Cold) => {
                format!("On {host}, cold (with the module from the engine's cache of compiled ones)")
            }
            (_, Time::Cold) => format!("On {host}, cold"),
        };
        let mut table = Sheet::new(title, &header);
        for name in self.benchmarks() {
            // A second start-up of the same instance is none.
            if name == STARTUP && time == Time::Warm {
                continue;
            }
            let found: Vec<Option<Spread>> =
                columns.iter().map(|engine| self.row(name, engine, host).and_then(|row| row.time(time))).collect();
            let spread = found.iter().flatten().map(|spread| spread.percent()).fold(0.0, f64::max);
            let comparable = self.rows.iter().any(|row| row.benchmark == name && row.comparable);
            let mut cells = vec![if comparable { name.to_owned() } else { format!("{name} *") }];
            cells.extend(found.iter().map(|time| time.map_or("-".to_owned(), |time| milliseconds(time.median))));
            let ratio = |pair: &(&str, &str)| self.ratio(name, *pair, host, time);
            cells.extend(pairs.iter().map(|pair| ratio(pair).map_or("-".to_owned(), |ratio| format!("{ratio:.2}"))));
            cells.push(format!("±{spread:.0} %"));
            table.rows.push(cells);
        }
        let mut means = vec!["geometric mean".to_owned()];
        means.resize(1 + columns.len(), String::new());
        let mean = |pair: &(&str, &str)| self.mean(*pair, host, time);
        means.extend(pairs.iter().map(|pair| mean(pair).map_or(String::new(), |mean| format!("{mean:.2}"))));
        means.push(String::new());
        table.rows.push(means);
        table.notes.push("\\* not in the mean".to_owned());
        table
    }

    fn skipped(&self) -> Sheet {
        let mut sheet = Sheet::new("Not measured", &["benchmark", "engine", "why"]);
        for row in &self.rows {
            if let Some(why) = &row.skipped {
                let engine = format!("{} on {}", row.engine, row.host);
                sheet.rows.push(vec![row.benchmark.to_owned(), engine, why.clone()]);
            }
        }
        sheet
    }
}

fn row(outcome: Outcome) -> Row {
    let Outcome { program: Program { name, mode }, engine, host, samples, skipped } = outcome;
    let startup = |sample: &Sample| if name == STARTUP { sample.startup } else { 0.0 };
    Row {
        benchmark: name,
        engine,
        host,
        cold: Spread::over(samples.iter().filter_map(|sample| Some(sample.cold()? + startup(sample)))),
        warm: Spread::over(samples.iter().filter_map(Sample::warm)),
        skipped,
        samples,
        comparable: mode == Mode::Run && name != STARTUP && name != MEMORY,
    }
}

fn milliseconds(time: f64) -> String {
    if time < 10.0 { format!("{time:.2}") } else { format!("{time:.0}") }
}

#[cfg(test)]
mod tests {
    use super::super::programs::PROGRAMS;
    use super::*;

    fn figures(times: &[(&str, &'static str, Host, f64)]) -> Figures {
        let outcomes = times.iter().map(|&(name, engine, host, time)| Outcome {
            program: *PROGRAMS.iter().find(|program| program.name == name).unwrap(),
            engine,
            host,
            samples: vec![Sample { startup: 1.0, runs: vec![2.0 * time, time, time], result: String::new() }],
            skipped: None,
        });
        Figures::new(Vec::new(), 1, outcomes.collect())
    }

    #[test]
    fn short_times_keep_their_digits() {
        assert_eq!(milliseconds(1.234), "1.23");
        assert_eq!(milliseconds(1234.5), "1234");
    }

    #[test]
    fn means_are_over_programs_that_are_like_for_like() {
        let figures = figures(&[
            ("fib", NATIVE, Host::Native, 10.0),
            ("fib", SPEED, Host::Node, 20.0),
            ("memory", NATIVE, Host::Native, 1.0),
            ("memory", SPEED, Host::Node, 9.0),
            ("lua_calls_host", NATIVE, Host::Native, 1.0),
            ("lua_calls_host", SPEED, Host::Node, 9.0),
        ]);
        assert_eq!(figures.mean((SPEED, NATIVE), Host::Node, Time::Warm), Some(2.0));
        assert_eq!(figures.mean((SPEED, NATIVE), Host::Chromium, Time::Warm), None);
        let table = figures.table(Host::Node, &[SPEED], Time::Warm);
        assert_eq!(table.rows[1][0], "memory *");
        assert_eq!(table.rows[1][3], "9.00");
    }

    #[test]
    fn start_up_is_everything_until_the_first_chunk_has_run() {
        let figures = figures(&[(STARTUP, SPEED, Host::Node, 1.5), (STARTUP, WASMOON, Host::Node, 7.5)]);
        let targets = figures.targets();
        assert_eq!(targets.rows[0], ["start-up, speed/wasmoon", "node", "0.25", "≤ 0.25", "pass"]);
        assert_eq!(targets.rows[1], ["start-up, speed, ms", "node", "4.00", "≤ 4.00", "pass"]);
    }
}
