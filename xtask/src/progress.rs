//! Says what long work is doing, to whoever listens.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use console::style;
use indicatif::{ProgressBar, ProgressStyle};

/// A listener to the progress of long work. Stages follow each other; one may have a length.
pub trait Progress: Sync {
    /// A new stage begins, which `text` names ("Compiling Lua 5.4"); the stage before it is done.
    fn stage(&self, text: &str);
    /// The stage consists of `units` steps (files, bytes).
    fn length(&self, units: u64);
    /// So many more steps are done.
    fn advance(&self, units: u64);
    /// A remark that stays visible ("another build is installing the toolchain; waiting").
    fn note(&self, text: &str);
}

/// Listens to nothing.
pub struct Silent;

impl Progress for Silent {
    fn stage(&self, _text: &str) {}
    fn length(&self, _units: u64) {}
    fn advance(&self, _units: u64) {}
    fn note(&self, _text: &str) {}
}

/// A line per stage on standard error: a live bar on a terminal, plain lines for stages that take long elsewhere.
pub struct Terminal {
    state: Mutex<Option<Stage>>,
    live: bool,
}

struct Stage {
    bar: ProgressBar,
    text: String,
    begun: Instant,
}

/// A stage shorter than this leaves no line behind, so that an unchanged build stays quiet.
const WORTH_A_LINE: Duration = Duration::from_millis(200);

impl Terminal {
    /// Listens for standard error.
    pub fn new() -> Terminal {
        Terminal { state: Mutex::new(None), live: console::Term::stderr().is_term() }
    }

    /// The last stage is done.
    pub fn finish(&self) {
        self.replace(None);
    }

    fn replace(&self, next: Option<Stage>) {
        // A panic elsewhere must not hide its own message behind a poisoned lock.
        let mut state = self.state.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        if let Some(stage) = std::mem::replace(&mut *state, next) {
            stage.bar.finish_and_clear();
            let took = stage.begun.elapsed();
            if took >= WORTH_A_LINE {
                eprintln!("{:>8} {}", style(format!("{:.1} s", took.as_secs_f64())).for_stderr().dim(), stage.text);
            }
        }
    }

    fn with_bar(&self, act: impl FnOnce(&ProgressBar)) {
        if let Some(stage) = &*self.state.lock().unwrap_or_else(|poisoned| poisoned.into_inner()) {
            act(&stage.bar);
        }
    }
}

impl Default for Terminal {
    fn default() -> Self {
        Terminal::new()
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        self.finish();
    }
}

/// A bar's look; the templates are constants, so a wrong one shows at the first build.
fn look(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar()).progress_chars("=> ")
}

impl Progress for Terminal {
    fn stage(&self, text: &str) {
        let bar = if self.live { ProgressBar::new_spinner() } else { ProgressBar::hidden() };
        bar.set_style(look("{spinner} {wide_msg} {elapsed}"));
        bar.set_message(text.to_owned());
        bar.enable_steady_tick(Duration::from_millis(120));
        self.replace(Some(Stage { bar, text: text.to_owned(), begun: Instant::now() }));
    }

    fn length(&self, units: u64) {
        self.with_bar(|bar| {
            // Downloads count bytes, compilations files: a stage of a million units or more counts bytes.
            let count = if units >= 1_000_000 { "{bytes}/{total_bytes} {bytes_per_sec}" } else { "{pos}/{len}" };
            bar.set_style(look(&format!("{{spinner}} {{msg}} [{{wide_bar}}] {count} {{elapsed}}")));
            bar.set_length(units);
        });
    }

    fn advance(&self, units: u64) {
        self.with_bar(|bar| bar.inc(units));
    }

    fn note(&self, text: &str) {
        if self.live {
            self.with_bar(|bar| bar.println(text));
        } else {
            eprintln!("{:>8} {text}", "");
        }
    }
}
