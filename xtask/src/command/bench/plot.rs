//! Plots of the programs' times, as SVG.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow};
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::engine::{FENGARI, NATIVE, SIZE, SPEED, WASMOON};
use super::figures::{Figures, HOSTS, Time};
use super::machine::Host;
use crate::output_file;

const WIDTH: u32 = 900;
/// Above the bars: the title and what the colours mean.
const HEAD: u32 = 64;
/// Below them: the axis.
const FOOT: u32 = 50;
/// A bar's height.
const BAR: u32 = 7;
/// For the benchmarks' names.
const NAMES: u32 = 160;

/// The engines' colours, distinct to those who see fewer colours, too.
const COLOURS: [(&str, RGBColor); 4] = [
    (SPEED, RGBColor(0, 90, 181)),
    (SIZE, RGBColor(86, 180, 233)),
    (WASMOON, RGBColor(220, 120, 0)),
    (FENGARI, RGBColor(120, 120, 120)),
];

/// Writes a plot for each host and time: how many times as long as native Lua each engine takes. Gives the files.
///
/// # Errors
/// Where the folder cannot be written.
pub fn write(folder: &Path, figures: &Figures) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for (host, engines) in HOSTS {
        for time in [Time::Cold, Time::Warm] {
            let bars = bars(figures, host, engines, time);
            if bars.is_empty() {
                continue;
            }
            let title = format!("Times on {host}, {}, as multiples of native Lua's", time.name());
            let svg = draw(&title, &bars).map_err(|error| anyhow!("cannot draw {title:?}: {error}"))?;
            let path = folder.join(format!("programs-{}-{}.svg", host.to_string().to_lowercase(), time.name()));
            output_file::write(&path, svg.as_bytes()).with_context(|| format!("cannot write {}", path.display()))?;
            files.push(path);
        }
    }
    Ok(files)
}

/// A benchmark's bars: colour and multiple.
type Group = (&'static str, Vec<(RGBColor, f64)>);

fn bars(figures: &Figures, host: Host, engines: &[&str], time: Time) -> Vec<Group> {
    let group = |name| -> Group {
        let shown = COLOURS.iter().filter(|(engine, _)| engines.contains(engine));
        (
            name,
            shown
                .filter_map(|(engine, colour)| Some((*colour, figures.ratio(name, (engine, NATIVE), host, time)?)))
                .collect(),
        )
    };
    // Native Lua has no module to compile: there is nothing to be a multiple of.
    let names = figures.benchmarks().into_iter().filter(|name| *name != super::programs::STARTUP);
    names.map(group).filter(|(_, bars)| !bars.is_empty()).collect()
}

/// One below the other, on a logarithmic axis.
fn draw(title: &str, groups: &[Group]) -> Result<String, Box<dyn std::error::Error>> {
    let per_group = groups.iter().map(|(_, bars)| bars.len()).max().unwrap_or(0) as u32;
    let height = HEAD + FOOT + groups.len() as u32 * (per_group * BAR + BAR);
    let ratios = || groups.iter().flat_map(|(_, bars)| bars.iter().map(|(_, ratio)| *ratio));
    let least = ratios().fold(0.5, f64::min) * 0.9;
    let most = ratios().fold(2.0, f64::max) * 1.1;
    let mut svg = String::new();
    {
        let root = SVGBackend::with_string(&mut svg, (WIDTH, height)).into_drawing_area();
        root.fill(&WHITE)?;
        let black = |size: u32, horizontal: HPos| {
            ("sans-serif", size).into_font().color(&BLACK).pos(Pos::new(horizontal, VPos::Center))
        };
        root.draw(&Text::new(title.to_owned(), (NAMES as i32, 20), black(18, HPos::Left)))?;
        let (_, body) = root.split_vertically(HEAD);
        let mut chart = ChartBuilder::on(&body)
            .margin(10)
            .x_label_area_size(30)
            .margin_left(NAMES as i32)
            .build_cartesian_2d((least..most).log_scale(), 0.0..groups.len() as f64)?;
        chart
            .configure_mesh()
            .disable_y_mesh()
            .disable_y_axis()
            .x_labels(12)
            .x_label_formatter(&|value| format!("{value}"))
            .light_line_style(RGBColor(235, 235, 235))
            .label_style(("sans-serif", 12))
            .draw()?;
        let share = 1.0 / f64::from(per_group + 1);
        for (number, (name, bars)) in groups.iter().enumerate() {
            let top = (groups.len() - number) as f64;
            for (bar, (colour, ratio)) in bars.iter().enumerate() {
                let upper = top - share * (bar as f64 + 0.5);
                let corners = [(1.0, upper), (*ratio, upper - share)];
                chart.draw_series([Rectangle::new(corners, colour.filled())])?;
            }
            let (_, y) = chart.backend_coord(&(1.0, top - 0.5));
            root.draw(&Text::new(*name, (NAMES as i32 - 8, y), black(12, HPos::Right)))?;
        }
        chart.draw_series([PathElement::new([(1.0, 0.0), (1.0, groups.len() as f64)], BLACK)])?;
        let shown = COLOURS
            .iter()
            .filter(|(_, colour)| groups.iter().any(|(_, bars)| bars.iter().any(|(one, _)| one == colour)));
        for (number, (engine, colour)) in shown.enumerate() {
            let (x, y) = (NAMES as i32 + 110 * number as i32, 40);
            root.draw(&Rectangle::new([(x, y), (x + 12, y + 12)], colour.filled()))?;
            root.draw(&Text::new((*engine).to_owned(), (x + 18, y + 6), black(13, HPos::Left)))?;
        }
        root.present()?;
    }
    Ok(svg)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plot_has_every_name_and_bar() {
        let groups = [("fib", vec![(COLOURS[0].1, 1.5), (COLOURS[2].1, 3.0)]), ("loop", vec![(COLOURS[0].1, 0.5)])];
        let svg = draw("Times", &groups).unwrap();
        for text in ["Times", "fib", "loop", SPEED, WASMOON] {
            assert!(svg.lines().any(|line| line.trim() == text), "{text}: {svg}");
        }
        assert!(!svg.contains(FENGARI), "{svg}");
        assert_eq!(svg.matches("fill=\"#005AB5\"").count(), 3, "two bars and the legend");
    }
}
