//! From samples to medians, ratios and the table.

use std::fmt::Write;

use anyhow::Result;

use comfy_table::{CellAlignment, Table, presets};
use serde::Serialize;

use super::engine::{Engines, NATIVE, Sample, WASMOON};

/// Everything that was measured.
#[derive(Debug, Serialize)]
pub struct Figures {
    engines: Vec<String>,
    rows: Vec<Row>,
}

/// One program in one engine.
#[derive(Debug, Serialize)]
struct Row {
    benchmark: String,
    engine: String,
    cold: Spread,
    warm: Spread,
}

/// Milliseconds over all processes.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
struct Spread {
    median: f64,
    least: f64,
    most: f64,
}

impl Spread {
    fn over(mut times: Vec<f64>) -> Spread {
        times.sort_by(f64::total_cmp);
        let middle = times.len() / 2;
        let median = match times.len() {
            0 => f64::NAN,
            n if n % 2 == 0 => f64::midpoint(times[middle - 1], times[middle]),
            _ => times[middle],
        };
        Spread {
            median,
            least: times.first().copied().unwrap_or(f64::NAN),
            most: times.last().copied().unwrap_or(f64::NAN),
        }
    }

    /// How far the farthest run is from the median, in hundredths of it.
    fn percent(self) -> f64 {
        100.0 * (self.most - self.median).max(self.median - self.least) / self.median
    }
}

/// The benchmark whose cold run is the start-up: everything until the first chunk has run.
const STARTUP: &str = "startup";

impl Figures {
    /// The figures of `programs`, from samples by program and engine.
    pub fn new(programs: &[&str], engines: &Engines, samples: &[(&str, usize, Sample)]) -> Figures {
        let mut rows = Vec::new();
        for program in programs {
            for (number, engine) in engines.all().iter().enumerate() {
                let of = |time: &dyn Fn(&Sample) -> f64| {
                    let matching = samples.iter().filter(|(name, index, _)| name == program && *index == number);
                    Spread::over(matching.map(|(.., sample)| time(sample)).collect())
                };
                let first = |sample: &Sample| sample.runs.first().copied().unwrap_or(f64::NAN);
                let last = |sample: &Sample| sample.runs.last().copied().unwrap_or(f64::NAN);
                let cold = of(&|sample| first(sample) + if *program == STARTUP { sample.startup } else { 0.0 });
                rows.push(Row {
                    benchmark: (*program).to_owned(),
                    engine: engine.name.to_owned(),
                    cold,
                    warm: of(&last),
                });
            }
        }
        Figures { engines: engines.descriptions.clone(), rows }
    }

    /// Everything, for programs.
    ///
    /// # Errors
    /// Where a figure is no number that JSON has.
    pub fn to_json(&self) -> Result<String> {
        Ok(serde_json::to_string_pretty(self)?)
    }

    fn row(&self, benchmark: &str, engine: &str) -> Option<&Row> {
        self.rows.iter().find(|row| row.benchmark == benchmark && row.engine == engine)
    }

    /// The tables and the figures that have a target, for people.
    pub fn to_text(&self) -> String {
        let mut text = self.engines.join("\n");
        text.push_str(
            "\n\nCold: the first run in a fresh process (start-up: compile, instantiate, init, first chunk)\n",
        );
        text.push_str(&self.table(|row| Some(row.cold)));
        text.push_str("\n\nWarm: the third run in the same process\n");
        text.push_str(&self.table(|row| (row.benchmark != STARTUP).then_some(row.warm)));
        text.push_str("\n\n");
        for target in &TARGETS {
            if let Some(line) = self.target_line(target) {
                text.push_str(&line);
            }
        }
        text
    }

    /// A line for each benchmark that has such a time.
    fn table(&self, time: impl Fn(&Row) -> Option<Spread>) -> String {
        let mut table = Table::new();
        table.load_style(presets::NOTHING).set_header([
            "benchmark",
            "native ms",
            "wasmoon ms",
            "speed ms",
            "size ms",
            "speed/native",
            "size/native",
            "speed/wasmoon",
            "size/wasmoon",
            "spread",
        ]);
        table.column_iter_mut().skip(1).for_each(|column| column.set_cell_alignment(CellAlignment::Right));
        let rows = self.rows.iter().filter(|row| time(row).is_some());
        let mut names: Vec<&str> = rows.map(|row| row.benchmark.as_str()).collect();
        names.dedup();
        for name in names {
            let median = |engine| self.row(name, engine).and_then(&time).map_or(f64::NAN, |spread| spread.median);
            let ratio = |ours, theirs| format!("{:.2}", median(ours) / median(theirs));
            let spread =
                self.rows.iter().filter(|row| row.benchmark == name).filter_map(|row| Some(time(row)?.percent()));
            let mut cells = vec![name.to_owned()];
            cells.extend([NATIVE, WASMOON, "speed", "size"].map(|engine| milliseconds(median(engine))));
            cells.extend(
                [("speed", NATIVE), ("size", NATIVE), ("speed", WASMOON), ("size", WASMOON)].map(|(a, b)| ratio(a, b)),
            );
            cells.push(format!("±{:.0} %", spread.fold(0.0, f64::max)));
            table.add_row(cells);
        }
        table.to_string()
    }

    fn target_line(&self, target: &Target) -> Option<String> {
        let ours = self.row(target.benchmark, "speed")?.cold.median;
        let theirs = self.row(target.benchmark, target.peer)?.cold.median;
        let ratio = ours / theirs;
        let verdict = if ratio <= target.most { "met" } else { "missed" };
        let mut line = String::new();
        // Writing to a String cannot fail.
        let _ = writeln!(
            line,
            "{}: {ratio:.2} times {} (target: at most {}, {verdict})",
            target.what, target.peer, target.most
        );
        Some(line)
    }
}

/// A figure of profile `speed` that is to stay below a multiple of a peer's.
struct Target {
    what: &'static str,
    benchmark: &'static str,
    peer: &'static str,
    most: f64,
}

const TARGETS: [Target; 3] = [
    Target { what: "1,000,000 coroutine switches, cold", benchmark: "coroutine_switch", peer: NATIVE, most: 3.0 },
    Target { what: "fib(32), cold", benchmark: "fib", peer: WASMOON, most: 0.6 },
    Target { what: "start-up", benchmark: STARTUP, peer: WASMOON, most: 0.25 },
];

fn milliseconds(time: f64) -> String {
    if time < 10.0 { format!("{time:.2}") } else { format!("{time:.0}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_stands_in_the_middle() {
        let spread = Spread::over(vec![3.0, 1.0, 2.0]);
        assert_eq!(spread, Spread { median: 2.0, least: 1.0, most: 3.0 });
        assert_eq!(spread.percent(), 50.0);
        assert_eq!(Spread::over(vec![4.0, 1.0, 3.0, 2.0]).median, 2.5);
    }

    #[test]
    fn short_times_keep_their_digits() {
        assert_eq!(milliseconds(1.234), "1.23");
        assert_eq!(milliseconds(1234.5), "1234");
    }
}
