//! Lines that a program prints together, told apart from those before and after by the pause between.

use crate::outside::number::on_line;
use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// Lines further apart than this were printed one after the other.
pub(super) const PAUSE: Duration = Duration::from_millis(20);
/// Lines without a pause for longer than this come from a program that prints without end, so each is
/// a value by itself, and a pause now and then is the machine's.
const WITHOUT_END: Duration = Duration::from_millis(150);
/// Lines that are kept of one burst; more are only counted.
const KEPT: usize = 1024;
/// Pauses that are remembered.
const PAUSES: usize = 16;
/// How much longer than others a pause between rounds is.
const LONGER: f64 = 4.0;
/// Rounds alike that are no chance.
const ROUNDS: usize = 3;

/// Lines that came together.
#[derive(Debug, Clone)]
pub(super) struct Burst {
    /// The line without numbers that the program began with.
    pub(super) above: Option<String>,
    pub(super) lines: Vec<String>,
    begun: Instant,
    last: Instant,
    endless: bool,
    /// Between lines that did not come together, the newest last.
    pauses: VecDeque<Duration>,
}

impl Burst {
    pub(super) fn new(above: Option<String>, at: Instant) -> Self {
        Self {
            above,
            lines: Vec::new(),
            begun: at,
            last: at,
            endless: false,
            pauses: VecDeque::new(),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// Whether it is one of a program's that never pauses.
    pub(super) fn is_endless(&self) -> bool {
        self.endless
    }

    /// How long ago its last line came.
    pub(super) fn age(&self) -> Duration {
        self.last.elapsed()
    }

    /// Takes a line that came at `at`.
    pub(super) fn take(&mut self, line: String, at: Instant) {
        let apart = at.saturating_duration_since(self.last);
        if apart > PAUSE {
            if !self.is_empty() {
                self.pauses.push_back(apart);
                if self.pauses.len() > PAUSES {
                    self.pauses.pop_front();
                }
            }
            self.begun = at;
            self.lines.clear();
        }
        self.last = at;
        self.endless |= at.saturating_duration_since(self.begun) > WITHOUT_END;
        if self.endless {
            self.lines.clear();
        }
        if self.lines.len() < KEPT {
            self.lines.push(line);
        }
    }

    /// How many lines come in each round, where they come in rounds: a short pause between them, a
    /// long one behind the last.
    pub(super) fn rounds(&self) -> Option<usize> {
        if self.endless {
            return None;
        }
        let mut sorted: Vec<f64> = self.pauses.iter().map(Duration::as_secs_f64).collect();
        sorted.sort_by(f64::total_cmp);
        let leap = sorted.windows(2).rfind(|pair| pair[1] > pair[0] * LONGER)?;
        let is_long = |pause: &Duration| pause.as_secs_f64() >= leap[1];
        // What came before the first long pause may be part of a round.
        let rest = self
            .pauses
            .iter()
            .skip_while(|pause| !is_long(pause))
            .skip(1);
        let mut rounds = Vec::new();
        let mut lines = 1;
        for pause in rest {
            match is_long(pause) {
                true => rounds.push(std::mem::replace(&mut lines, 1)),
                false => lines += 1,
            }
        }
        let first = *rounds.first()?;
        let alike = rounds.len() >= ROUNDS && rounds.iter().all(|round| *round == first);
        (alike && first > 1).then_some(first)
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

    fn taken(times_ms: impl IntoIterator<Item = u64>) -> Burst {
        let begin = Instant::now();
        let mut burst = Burst::new(None, begin);
        for ms in times_ms {
            burst.take(ms.to_string(), begin + Duration::from_millis(ms));
        }
        burst
    }

    #[test]
    fn lines_belong_together_until_a_pause() {
        assert_eq!(taken([0, 1]).lines, ["0", "1"]);
        assert_eq!(taken([0, 1, 1000]).lines, ["1000"]);
        assert_eq!(taken([0, 1, 1000, 1001]).lines, ["1000", "1001"]);
        assert_eq!(taken([0, 100, 200]).lines, ["200"]);
    }

    #[test]
    fn a_program_that_never_pauses_prints_single_values_even_behind_a_hitch() {
        assert_eq!(taken(0..500).lines, ["499"]);
        let hitch = (0..500).chain([560, 561, 562]);
        assert_eq!(taken(hitch).lines, ["562"]);
        assert!(taken(0..500).is_endless());
    }

    #[test]
    fn lines_that_come_in_rounds_are_seen_by_their_pauses() {
        // One board after the other, 40 ms each, once a second.
        let rounds =
            |boards: u64| (0..8).flat_map(move |s| (0..boards).map(move |b| s * 1000 + b * 40));
        assert_eq!(taken(rounds(2)).rounds(), Some(2));
        assert_eq!(taken(rounds(3)).rounds(), Some(3));
        assert_eq!(taken(rounds(1)).rounds(), None);
        // A steady program on a machine with hitches.
        let hitches = [0, 100, 200, 390, 400, 500, 600, 790, 800, 900, 1000, 1100];
        assert_eq!(taken(hitches).rounds(), None);
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
