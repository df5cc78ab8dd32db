//! Counts of tests.

use std::fmt;
use std::ops::AddAssign;

/// How many tests passed, failed and could not run, with a remark on each that stands for more than itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Tests that passed.
    pub passed: u64,
    /// Tests that failed.
    pub failed: u64,
    /// Tests that could not run here.
    pub skipped: u64,
    /// What the summary says beside the counts.
    pub remarks: Vec<String>,
}

impl Tally {
    /// Counts one check and prints how it went.
    pub fn check(&mut self, what: &str, passed: bool) {
        if passed {
            println!("ok {what}");
            self.passed += 1;
        } else {
            println!("FAILED {what}");
            self.fail(format!("failed: {what}"));
        }
    }

    /// Counts one failure that the summary names.
    pub fn fail(&mut self, remark: String) {
        self.failed += 1;
        self.remarks.push(remark);
    }

    /// Counts what cannot run here: a skip, or a failure on CI.
    pub fn cannot_run(&mut self, ci: bool, why: &str) {
        if ci {
            println!("FAILED {why}");
            self.fail(format!("failed, since CI=true: {why}"));
        } else {
            println!("skipped {why}");
            self.skipped += 1;
            self.remarks.push(format!("skipped: {why}"));
        }
    }

    /// Adds the counts of a line of libtest's form, `test result: ok. 3 passed; 0 failed; 1 ignored; ...`; false if the
    /// line is another.
    pub fn add_result_line(&mut self, line: &str) -> bool {
        let Some(rest) = line.trim().strip_prefix("test result: ") else { return false };
        let count = |word: &str| -> u64 {
            let before = rest.split(word).next().filter(|before| before.len() < rest.len());
            let number = before.and_then(|before| before.split_whitespace().next_back());
            number.and_then(|number| number.parse().ok()).unwrap_or(0)
        };
        self.passed += count(" passed");
        self.failed += count(" failed");
        self.skipped += count(" ignored");
        true
    }
}

impl AddAssign<&Tally> for Tally {
    fn add_assign(&mut self, other: &Tally) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
        self.remarks.extend_from_slice(&other.remarks);
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} passed, {} failed, {} skipped", self.passed, self.failed, self.skipped)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_come_from_result_lines() {
        let mut tally = Tally::default();
        let line = "test result: FAILED. 12 passed; 3 failed; 1 ignored; 0 measured; 7 filtered out; finished in 0.1s";
        assert!(tally.add_result_line(line));
        assert!(tally.add_result_line("test result: ok. 1 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out"));
        assert!(!tally.add_result_line("running 3 tests"));
        assert_eq!(tally.to_string(), "13 passed, 3 failed, 1 skipped");
    }

    #[test]
    fn on_ci_what_cannot_run_is_a_failure() {
        let mut tally = Tally::default();
        tally.cannot_run(false, "no node");
        tally.cannot_run(true, "no node");
        assert_eq!(tally.to_string(), "0 passed, 1 failed, 1 skipped");
    }
}
