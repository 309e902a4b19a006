//! Readings over time, kept in chunks, and what a window cuts straight out of them.
//!
//! A series never grows without bound and never allocates for a single reading: readings fill a chunk
//! that was made beforehand, a full chunk is handed on, and when the most chunks are kept the oldest
//! becomes the next to fill. `ticks`, `gauge` and `boxcar` make joules of a series; the plain
//! interpolation here serves CPU time, which the kernel counts without gaps.

use std::collections::VecDeque;
use std::time::Duration;
use wattsmith_domain::{MonotonicNs, Seconds};

/// A reading and when it was taken.
pub(crate) type Point = (MonotonicNs, f64);

/// Readings in a chunk: 16 KiB.
pub(crate) const CHUNK: usize = 1024;
/// Chunks kept, 4.6 MiB: eight hours at ten readings a second, two at forty. A window that reaches
/// further back is not covered, which is an error and not a figure.
const MOST_CHUNKS: usize = 288;

/// Time stamps ascending (equal ones allowed), values finite.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Series {
    /// All full but the last.
    chunks: VecDeque<Vec<Point>>,
}

impl Default for Series {
    fn default() -> Self {
        let mut chunks = VecDeque::with_capacity(MOST_CHUNKS);
        chunks.push_back(Vec::with_capacity(CHUNK));
        Self { chunks }
    }
}

/// Why a window cannot be cut out.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Hole {
    /// It reaches beyond the first or the last sample.
    NotCovered,
    /// No sample for this long.
    Gap(Seconds),
}

impl Series {
    /// Adds a reading; the chunk that it completed, if it did. One that is no finite number, or that
    /// lies before the last one, is dropped: it leaves a gap, which is seen, instead of a wrong
    /// figure, which is not.
    pub(crate) fn push(&mut self, at: MonotonicNs, value: f64) -> Option<&[Point]> {
        let in_order = self.last().is_none_or(|(last, _)| last <= at);
        if !value.is_finite() || !in_order {
            return None;
        }
        if self.chunks.back().is_none_or(|chunk| chunk.len() == CHUNK) {
            let fresh = self.fresh();
            self.chunks.push_back(fresh);
        }
        let chunk = self.chunks.back_mut()?;
        chunk.push((at, value));
        (chunk.len() == CHUNK).then_some(chunk.as_slice())
    }

    /// An empty chunk: the oldest one, where as many as may be are in use.
    fn fresh(&mut self) -> Vec<Point> {
        let oldest = match self.chunks.len() {
            MOST_CHUNKS.. => self.chunks.pop_front(),
            _ => None,
        };
        let mut chunk = oldest.unwrap_or_else(|| Vec::with_capacity(CHUNK));
        chunk.clear();
        chunk
    }

    /// The readings that fill no chunk yet.
    pub(crate) fn rest(&self) -> &[Point] {
        match self.chunks.back() {
            Some(chunk) if chunk.len() < CHUNK => chunk,
            _ => &[],
        }
    }

    pub(crate) fn len(&self) -> usize {
        let last = self.chunks.back().map_or(0, Vec::len);
        self.chunks.len().saturating_sub(1) * CHUNK + last
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub(crate) fn get(&self, index: usize) -> Option<Point> {
        self.chunks.get(index / CHUNK)?.get(index % CHUNK).copied()
    }

    pub(crate) fn last(&self) -> Option<Point> {
        self.chunks.back().and_then(|chunk| chunk.last()).copied()
    }

    pub(crate) fn points(&self) -> impl Iterator<Item = Point> + Clone + '_ {
        self.chunks.iter().flatten().copied()
    }

    /// Readings from one instant to another, both included.
    pub(crate) fn between(
        &self,
        from: MonotonicNs,
        to: MonotonicNs,
    ) -> impl Iterator<Item = Point> + '_ {
        (self.first_at(from)..)
            .map_while(|index| self.get(index))
            .take_while(move |(at, _)| *at <= to)
    }

    /// Index of the first reading at or after an instant.
    pub(crate) fn first_at(&self, when: MonotonicNs) -> usize {
        let (mut low, mut high) = (0, self.len());
        while low < high {
            let middle = usize::midpoint(low, high);
            match self.get(middle) {
                Some((at, _)) if at < when => low = middle + 1,
                _ => high = middle,
            }
        }
        low
    }

    /// What a counter gained from `from` to `to`, read linearly between the readings around each.
    /// Gaps matter only around the two edges, for a counter loses nothing while nobody looks.
    pub(crate) fn gained(
        &self,
        from: MonotonicNs,
        to: MonotonicNs,
        most: Duration,
    ) -> Result<f64, Hole> {
        Ok(self.at(to, most)? - self.at(from, most)?)
    }

    /// The integral of a gauge from `from` to `to` by trapezoids over the real time stamps, the first
    /// and last cut at the edges, in value × seconds. A gap anywhere in the window is an error: what
    /// happened in it is not known.
    pub(crate) fn integral(
        &self,
        from: MonotonicNs,
        to: MonotonicNs,
        most: Duration,
    ) -> Result<f64, Hole> {
        let (first, last) = (self.at(from, most)?, self.at(to, most)?);
        let inside = self
            .between(from, to)
            .filter(|(at, _)| from < *at && *at < to);
        let mut before = (from, first);
        let mut sum = 0.0;
        for point in inside.chain([(to, last)]) {
            let span = point.0.since(before.0);
            if span.0 > most.as_secs_f64() {
                return Err(Hole::Gap(span));
            }
            sum += span.0 * (before.1 + point.1) / 2.0;
            before = point;
        }
        Ok(sum)
    }

    /// The longest time inside the window over which the value did not change.
    pub(crate) fn longest_still(&self, from: MonotonicNs, to: MonotonicNs) -> Seconds {
        let mut longest = Seconds(0.0);
        let mut since: Option<Point> = None;
        for (at, value) in self.between(from, to) {
            match since {
                Some((begin, same)) if same == value => {
                    if at.since(begin) > longest {
                        longest = at.since(begin);
                    }
                }
                _ => since = Some((at, value)),
            }
        }
        longest
    }

    /// The value at one instant, between the samples around it.
    pub(crate) fn at(&self, when: MonotonicNs, most: Duration) -> Result<f64, Hole> {
        let after = self.first_at(when);
        let right = self.get(after).ok_or(Hole::NotCovered)?;
        if right.0 == when {
            return Ok(right.1);
        }
        let left = after
            .checked_sub(1)
            .and_then(|before| self.get(before))
            .ok_or(Hole::NotCovered)?;
        let span = right.0.since(left.0);
        if span.0 > most.as_secs_f64() {
            return Err(Hole::Gap(span));
        }
        let share = when.since(left.0) / span;
        Ok(left.1 + (right.1 - left.1) * share)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const MOST: Duration = Duration::from_millis(500);

    fn ms(ms: u64) -> MonotonicNs {
        MonotonicNs(ms * 1_000_000)
    }

    fn series(points: impl IntoIterator<Item = (u64, f64)>) -> Series {
        let mut series = Series::default();
        for (at, value) in points {
            series.push(ms(at), value);
        }
        series
    }

    #[test]
    fn edges_between_samples_are_interpolated() {
        let counter = series([(0, 100.0), (100, 110.0), (200, 130.0)]);
        assert_eq!(counter.gained(ms(50), ms(150), MOST), Ok(15.0));
        assert_eq!(counter.gained(ms(0), ms(200), MOST), Ok(30.0));
        let gauge = series([(0, 10.0), (100, 20.0), (200, 20.0)]);
        // 15 to 20 W over 50 ms, then 20 W over 50 ms.
        let joules = gauge.integral(ms(50), ms(150), MOST).unwrap();
        assert!((joules - (0.05 * 17.5 + 0.05 * 20.0)).abs() < 1e-12);
    }

    #[test]
    fn a_window_beyond_the_samples_is_not_extrapolated() {
        let one = series([(100, 1.0), (200, 2.0)]);
        assert_eq!(one.gained(ms(99), ms(200), MOST), Err(Hole::NotCovered));
        assert_eq!(one.integral(ms(100), ms(201), MOST), Err(Hole::NotCovered));
        assert_eq!(
            Series::default().gained(ms(0), ms(1), MOST),
            Err(Hole::NotCovered)
        );
    }

    #[test]
    fn a_gap_spoils_an_integral_but_a_counter_only_at_the_edges() {
        let holed = series([(0, 0.0), (100, 1.0), (900, 9.0), (1000, 10.0)]);
        let gap = Hole::Gap(Seconds(0.8));
        assert_eq!(holed.integral(ms(0), ms(1000), MOST), Err(gap));
        assert_eq!(holed.gained(ms(50), ms(950), MOST), Ok(9.0));
        assert_eq!(holed.gained(ms(50), ms(500), MOST), Err(gap));
    }

    #[test]
    fn readings_that_are_no_numbers_or_run_backwards_are_dropped() {
        let odd = series([(0, 1.0), (100, f64::NAN), (200, 3.0), (150, 9.0)]);
        assert!(odd.points().eq([(ms(0), 1.0), (ms(200), 3.0)]));
        // Two readings with one stamp are a step, not a division by zero.
        let step = series([(0, 1.0), (100, 1.0), (100, 5.0), (200, 5.0)]);
        assert_eq!(step.gained(ms(0), ms(200), MOST), Ok(4.0));
        assert!(step.integral(ms(50), ms(150), MOST).unwrap().is_finite());
    }

    #[test]
    fn memory_is_bounded_and_what_was_given_up_is_not_covered() {
        let mut series = Series::default();
        let mut handed = 0;
        let all = (MOST_CHUNKS + 3) * CHUNK + 5;
        for step in 0..all {
            if let Some(chunk) = series.push(ms(step as u64 * 100), step as f64) {
                assert_eq!(chunk[0].1, handed as f64, "chunks follow each other");
                handed += chunk.len();
            }
        }
        assert_eq!(handed + series.rest().len(), all);
        assert!(series.len() <= MOST_CHUNKS * CHUNK);
        assert_eq!(
            series.last(),
            Some((ms((all - 1) as u64 * 100), (all - 1) as f64))
        );
        assert_eq!(series.at(ms(1000), MOST), Err(Hole::NotCovered));
        let recent = ms((all - 500) as u64 * 100);
        assert_eq!(series.at(recent, MOST), Ok((all - 500) as f64));
    }

    proptest! {
        /// Straight-line power has an exact trapezoid, however irregular the sampling.
        #[test]
        fn a_ramp_integrates_exactly(
            start in 1.0..500.0_f64,
            slope in -0.4..0.4_f64,
            steps in prop::collection::vec(1_u64..400, 8..60),
            edges in (0.0..1.0_f64, 0.0..1.0_f64),
        ) {
            let mut at = 0;
            let mut power = Series::default();
            let mut energy = Series::default();
            let watts = |ms: u64| start * (1.0 + slope * ms as f64 / 24_000.0);
            let joules = |ms: f64| start * (ms + slope * ms * ms / 48_000.0) / 1000.0;
            for step in [0].iter().chain(&steps) {
                at += step;
                power.push(ms(at), watts(at));
                energy.push(ms(at), joules(at as f64));
            }
            let mut edges = [edges.0, edges.1].map(|edge| (edge * at as f64) as u64);
            edges.sort_unstable();
            let [from, to] = edges;
            let expected = joules(to as f64) - joules(from as f64);
            let integral = power.integral(ms(from), ms(to), MOST).unwrap();
            prop_assert!((integral - expected).abs() < 1e-6 * (1.0 + expected), "{integral} {expected}");
            // The counter is curved between samples, so its edges are off by the curvature at most.
            let gained = energy.gained(ms(from), ms(to), MOST).unwrap();
            prop_assert!((gained - expected).abs() < 0.01 * start * 0.4, "{gained} {expected}");
        }

        /// Cutting a window in two loses and gains nothing.
        #[test]
        fn parts_add_up_to_the_whole(
            values in prop::collection::vec(0.0..900.0_f64, 20..40),
            cut in 0_u64..1900,
        ) {
            let power = series(values.iter().enumerate().map(|(n, value)| (n as u64 * 100, *value)));
            let whole = power.integral(ms(0), ms(1900), MOST).unwrap();
            let parts = power.integral(ms(0), ms(cut), MOST).unwrap()
                + power.integral(ms(cut), ms(1900), MOST).unwrap();
            prop_assert!((whole - parts).abs() < 1e-9 * (1.0 + whole));
        }
    }
}
