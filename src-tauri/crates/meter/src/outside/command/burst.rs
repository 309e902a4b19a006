//! Lines that a program prints together, told apart from those before and after by the pause between.

use crate::outside::number::on_line;
use std::time::{Duration, Instant};

/// Lines further apart than this were printed one after the other.
pub(super) const PAUSE: Duration = Duration::from_millis(20);
/// Lines without a pause for longer than this come from a program that prints without end, so each is
/// a value by itself.
const WITHOUT_END: Duration = Duration::from_millis(150);
/// Lines that are kept of one burst; more are only counted.
const KEPT: usize = 1024;

/// Lines that came together.
#[derive(Debug, Clone)]
pub(super) struct Burst {
    /// The line without numbers that the program began with.
    pub(super) above: Option<String>,
    pub(super) lines: Vec<String>,
    begun: Instant,
    last: Instant,
}

impl Burst {
    pub(super) fn new(above: Option<String>, at: Instant) -> Self {
        Self {
            above,
            lines: Vec::new(),
            begun: at,
            last: at,
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// Whether it is one of a program's that never pauses.
    pub(super) fn is_endless(&self) -> bool {
        self.last.saturating_duration_since(self.begun) > WITHOUT_END
    }

    /// How long ago its last line came.
    pub(super) fn age(&self) -> Duration {
        self.last.elapsed()
    }

    /// Takes a line that came at `at`. What has no number at the very beginning stands above them.
    pub(super) fn take(&mut self, line: String, at: Instant) {
        let apart = at.saturating_duration_since(self.last);
        let span = at.saturating_duration_since(self.begun);
        if apart > PAUSE || (span > WITHOUT_END && !self.is_empty()) {
            self.lines.clear();
            // Without a pause the next line is as single as this one.
            self.begun = match apart > PAUSE {
                true => at,
                false => self.begun,
            };
        }
        self.last = at;
        if self.lines.len() < KEPT {
            self.lines.push(line);
        }
    }
}

/// Whether a line can stand above numbers: it has none itself, and does not stand in for one.
pub(super) fn is_above(line: &str) -> bool {
    let word = line.trim().trim_matches(['[', ']']).to_lowercase();
    let missing = [
        "n/a",
        "na",
        "nan",
        "not supported",
        "unknown error",
        "error",
        "-",
    ];
    on_line(line).is_err()
        && !missing.contains(&word.as_str())
        && !word.starts_with(|letter: char| letter.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(times_ms: &[u64]) -> Vec<String> {
        let begin = Instant::now();
        let mut burst = Burst::new(None, begin);
        for ms in times_ms {
            burst.take(ms.to_string(), begin + Duration::from_millis(*ms));
        }
        burst.lines
    }

    #[test]
    fn lines_belong_together_until_a_pause() {
        assert_eq!(taken(&[0, 1]), ["0", "1"]);
        assert_eq!(taken(&[0, 1, 1000]), ["1000"]);
        assert_eq!(taken(&[0, 1, 1000, 1001]), ["1000", "1001"]);
        assert_eq!(taken(&[0, 100, 200]), ["200"]);
    }

    #[test]
    fn a_program_that_never_pauses_prints_single_values() {
        let every_ms: Vec<u64> = (0..500).collect();
        assert_eq!(taken(&every_ms), ["499"]);
    }

    #[test]
    fn a_heading_is_no_missing_value() {
        for line in ["power.draw [W]", "Leistung", "# watts"] {
            assert!(is_above(line), "{line}");
        }
        for line in ["25.4", "25.40 W", "[N/A]", "N/A", "[Not Supported]", "61,5"] {
            assert!(!is_above(line), "{line}");
        }
    }
}
