//! How far a download is, how fast, and how long to go.

use std::collections::VecDeque;
use std::time::Duration;
use tokio::time::Instant;

/// The rate is that of the last seconds: a line that was slow at first is not held against it for ever.
const LOOKED_BACK: Duration = Duration::from_secs(10);
/// Less than this says nothing about a rate.
const SHORTEST: Duration = Duration::from_millis(500);
/// Between two marks.
const MARK_EVERY: Duration = Duration::from_millis(100);

/// What a download is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Bytes come.
    Fetching,
    /// The connection was cut and is taken up again in a moment.
    Waiting,
    /// The hash of what is there is worked out.
    Checking,
}

/// How far a download is.
#[derive(Debug, Clone, PartialEq)]
pub struct Progress {
    /// What it does.
    pub stage: Stage,
    /// The file's name.
    pub name: String,
    /// Bytes that are there, or that were checked.
    pub bytes: u64,
    /// Bytes of all of it, where the server says.
    pub total: Option<u64>,
    /// Bytes per second of the last seconds, while bytes come.
    pub rate: Option<f64>,
    /// Seconds to go at that rate.
    pub seconds_left: Option<f64>,
    /// Why it waits; empty where it does not.
    pub note: String,
}

/// Marks of the last seconds.
#[derive(Debug, Default)]
pub(crate) struct Pace(VecDeque<(Instant, u64)>);

impl Pace {
    /// So many bytes are there at this instant; whether it is worth telling.
    pub(crate) fn mark(&mut self, now: Instant, bytes: u64) -> bool {
        if let Some((last, _)) = self.0.back()
            && now.duration_since(*last) < MARK_EVERY
        {
            return false;
        }
        while self.0.len() > 1
            && let Some((first, _)) = self.0.front()
            && now.duration_since(*first) > LOOKED_BACK
        {
            self.0.pop_front();
        }
        self.0.push_back((now, bytes));
        true
    }

    /// Bytes per second.
    pub(crate) fn rate(&self) -> Option<f64> {
        let ((first, from), (last, to)) = (self.0.front()?, self.0.back()?);
        let span = last.duration_since(*first);
        (span >= SHORTEST).then(|| to.saturating_sub(*from) as f64 / span.as_secs_f64())
    }

    /// Seconds until all of it is there.
    pub(crate) fn seconds_left(&self, bytes: u64, total: Option<u64>) -> Option<f64> {
        let rate = self.rate().filter(|rate| *rate > 0.0)?;
        Some(total?.saturating_sub(bytes) as f64 / rate)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_is_that_of_the_last_seconds() {
        let start = Instant::now();
        let mut pace = Pace::default();
        let mut bytes = 0;
        // 1 kB/s for a minute, then 1 MB/s.
        for tenth in 0..800_u64 {
            bytes += if tenth < 600 { 100 } else { 100_000 };
            pace.mark(start + Duration::from_millis(100 * tenth), bytes);
        }
        let rate = pace.rate().unwrap();
        assert!((rate - 1e6).abs() < 1e4, "{rate}");
        let left = pace.seconds_left(bytes, Some(bytes + 30_000_000)).unwrap();
        assert!((left - 30.0).abs() < 1.0, "{left}");
        assert_eq!(pace.seconds_left(bytes, None), None);
    }

    #[test]
    fn nothing_is_promised_from_an_instant_and_not_every_byte_is_told() {
        let start = Instant::now();
        let mut pace = Pace::default();
        assert!(pace.mark(start, 0));
        assert!(!pace.mark(start + Duration::from_millis(10), 1_000_000));
        assert_eq!(pace.rate(), None);
        assert!(pace.mark(start + Duration::from_secs(1), 1_000_000));
        assert_eq!(pace.rate(), Some(1e6));
    }
}
