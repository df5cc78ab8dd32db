//! From samples to medians, ratios and the table.

use serde::Serialize;

use super::engine::{Engines, NATIVE, Sample, WASMOON};
use super::sheet::{Sheet, Target};
use super::spread::{Spread, geometric_mean};

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

/// What is compared with what, in the order of the columns.
const COMPARED: [(&str, &str); 4] = [("speed", NATIVE), ("size", NATIVE), ("speed", WASMOON), ("size", WASMOON)];

/// Where there are no measurements.
const NOTHING: Spread = Spread { median: f64::NAN, least: f64::NAN, most: f64::NAN };

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
                    Spread::over(matching.map(|(.., sample)| time(sample))).unwrap_or(NOTHING)
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

    fn row(&self, benchmark: &str, engine: &str) -> Option<&Row> {
        self.rows.iter().find(|row| row.benchmark == benchmark && row.engine == engine)
    }

    /// The tables, and the figures that have a target.
    pub fn sheets(&self) -> Vec<Sheet> {
        let mut targets = Sheet::new("Targets", &["what", "against", "ratio", "target", ""]);
        targets.rows.extend(TARGETS.iter().filter_map(|target| self.target_row(target)));
        vec![
            self.table("Cold: the first run in a fresh process", |row| Some(row.cold)),
            self.table("Warm: the third run in the same process", |row| (row.benchmark != STARTUP).then_some(row.warm)),
            targets,
        ]
    }

    /// A line for each benchmark that has such a time.
    fn table(&self, title: &str, time: impl Fn(&Row) -> Option<Spread>) -> Sheet {
        let mut table = Sheet::new(
            title,
            &[
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
            ],
        );
        let rows = self.rows.iter().filter(|row| time(row).is_some());
        let mut names: Vec<&str> = rows.map(|row| row.benchmark.as_str()).collect();
        names.dedup();
        let mut all = [const { Vec::new() }; 4];
        for name in names {
            let median = |engine| self.row(name, engine).and_then(&time).map_or(f64::NAN, |spread| spread.median);
            let spread =
                self.rows.iter().filter(|row| row.benchmark == name).filter_map(|row| Some(time(row)?.percent()));
            let mut cells = vec![name.to_owned()];
            cells.extend([NATIVE, WASMOON, "speed", "size"].map(|engine| milliseconds(median(engine))));
            for ((ours, theirs), ratios) in COMPARED.into_iter().zip(&mut all) {
                let ratio = median(ours) / median(theirs);
                ratios.push(ratio);
                cells.push(format!("{ratio:.2}"));
            }
            cells.push(format!("±{:.0} %", spread.fold(0.0, f64::max)));
            table.rows.push(cells);
        }
        let mut means = vec!["geometric mean".to_owned()];
        means.resize(5, String::new());
        means
            .extend(all.iter().map(|ratios| geometric_mean(ratios).map_or(String::new(), |mean| format!("{mean:.2}"))));
        means.push(String::new());
        table.rows.push(means);
        table
    }

    fn target_row(&self, target: &RatioTarget) -> Option<Vec<String>> {
        let ours = self.row(target.benchmark, "speed")?.cold.median;
        let theirs = self.row(target.benchmark, target.peer)?.cold.median;
        let ratio = ours / theirs;
        let [most, verdict] = Target::most(target.most, 2).cells(ratio);
        Some(vec![target.what.to_owned(), target.peer.to_owned(), format!("{ratio:.2}"), most, verdict])
    }
}

/// A figure of profile `speed` that is to stay below a multiple of a peer's.
struct RatioTarget {
    what: &'static str,
    benchmark: &'static str,
    peer: &'static str,
    most: f64,
}

const TARGETS: [RatioTarget; 3] = [
    RatioTarget { what: "1,000,000 coroutine switches, cold", benchmark: "coroutine_switch", peer: NATIVE, most: 3.0 },
    RatioTarget { what: "fib(32), cold", benchmark: "fib", peer: WASMOON, most: 0.6 },
    RatioTarget { what: "start-up", benchmark: STARTUP, peer: WASMOON, most: 0.25 },
];

fn milliseconds(time: f64) -> String {
    if time < 10.0 { format!("{time:.2}") } else { format!("{time:.0}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_times_keep_their_digits() {
        assert_eq!(milliseconds(1.234), "1.23");
        assert_eq!(milliseconds(1234.5), "1234");
    }
}
