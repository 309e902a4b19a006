//! Joules from an energy counter, aligned to its ticks.
//!
//! A counter is brought up to date every P milliseconds (20 to 100 on NVIDIA boards) and holds its
//! value in between, so a reading is right for the tick before it and not for when it was taken. Only
//! readings that show a new value are used. Its tick lies after the last reading of the old value,
//! and no more than P before the first of the new one; the middle of that bracket is its stamp.
//! Between two ticks energy is read linearly, or along the step that power took between them where the
//! ticks around show it. What stays open is half a bracket at each edge of the window, and how power
//! ran between the two ticks around it.

use crate::cut::{Cut, bridge, seconds};
use crate::series::{Hole, Series};
use std::time::Duration;
use wattsmith_domain::{MonotonicNs, PowerSample, Watts};

/// Standard deviations beyond which two powers differ.
const SURELY: f64 = 3.0;

/// When a counter took a new value, seconds from the window's beginning.
#[derive(Debug, Clone, Copy)]
struct Tick {
    early: f64,
    late: f64,
    joules: f64,
}

impl Tick {
    fn stamp(&self) -> f64 {
        f64::midpoint(self.early, self.late)
    }

    /// Of a stamp that may lie anywhere in its bracket.
    fn stamp_variance(&self) -> f64 {
        (self.late - self.early).powi(2) / 12.0
    }
}

/// A series of counter readings seen from one instant.
struct Ticks<'a> {
    series: &'a Series,
    origin: MonotonicNs,
    /// Seconds between ticks. Where it is not known: the whole bracket if the counter was seen to
    /// hold its value, and no bracket if every reading was new.
    update: f64,
}

/// Joules that `series` gained from `from` to `to`.
pub(crate) fn counted(
    series: &Series,
    from: MonotonicNs,
    to: MonotonicNs,
    update: Option<Duration>,
    most: Duration,
) -> Result<Cut, Hole> {
    // What is missing around an edge is missing for the ticks as well.
    series.gained(from, to, most)?;
    let ticks = Ticks::new(series, from, to, update);
    let wobble = ticks.wobble(from, to);
    let (begin, end) = (ticks.edge(from, wobble), ticks.edge(to, wobble));
    Ok(Cut {
        joules: end.joules - begin.joules,
        variance: begin.variance + end.variance,
    })
}

/// Mean power between ticks at least `apart` from each other, at the later one: for the chart.
pub(crate) fn steps(
    series: &Series,
    update: Option<Duration>,
    apart: Duration,
) -> Vec<PowerSample> {
    let (Some((origin, _)), Some((end, _))) = (series.get(0), series.last()) else {
        return Vec::new();
    };
    let ticks = Ticks::new(series, origin, end, update);
    // A hair less, since readings that are due together come a little apart.
    let apart = apart.as_secs_f64() * 0.75;
    let mut before: Option<Tick> = None;
    let mut samples = Vec::new();
    for (index, (at, _)) in series.points().enumerate() {
        let Some(tick) = ticks.tick(index) else {
            continue;
        };
        let Some(earlier) = before else {
            before = Some(tick);
            continue;
        };
        let span = tick.stamp() - earlier.stamp();
        if span > 0.0 && span >= apart {
            samples.push(PowerSample {
                at,
                power: Watts((tick.joules - earlier.joules) / span),
            });
            before = Some(tick);
        }
    }
    samples
}

impl<'a> Ticks<'a> {
    fn new(
        series: &'a Series,
        from: MonotonicNs,
        to: MonotonicNs,
        update: Option<Duration>,
    ) -> Self {
        let holds = || {
            let values = series.between(from, to).map(|(_, value)| value);
            let next = series.between(from, to).skip(1).map(|(_, value)| value);
            values.zip(next).any(|(one, other)| one == other)
        };
        let update = match update {
            Some(update) => update.as_secs_f64(),
            None if holds() => f64::INFINITY,
            None => 0.0,
        };
        Self {
            series,
            origin: from,
            update,
        }
    }

    /// The tick that reading `index` was the first to show, if it was.
    fn tick(&self, index: usize) -> Option<Tick> {
        let (at, joules) = self.series.get(index)?;
        let late = seconds(at, self.origin);
        let earliest = late - self.update;
        let early = match index.checked_sub(1).and_then(|i| self.series.get(i)) {
            Some((_, before)) if before == joules => return None,
            Some((before, _)) => earliest.max(seconds(before, self.origin)),
            // Nothing is known of what was before the first reading.
            None if earliest.is_finite() => earliest,
            None => late,
        };
        Some(Tick {
            early,
            late,
            joules,
        })
    }

    /// Mean square difference of the mean powers of neighbouring tick intervals, square watts.
    fn wobble(&self, from: MonotonicNs, to: MonotonicNs) -> f64 {
        let (mut tick, mut power): (Option<Tick>, Option<f64>) = (None, None);
        let (mut squares, mut count) = (0.0, 0.0);
        let inside = self.series.first_at(from)..self.series.first_at(to);
        for next in inside.filter_map(|index| self.tick(index)) {
            if let Some(last) = tick {
                let span = next.stamp() - last.stamp();
                if span <= 0.0 {
                    continue;
                }
                let now = (next.joules - last.joules) / span;
                if let Some(before) = power {
                    squares += (now - before) * (now - before);
                    count += 1.0;
                }
                power = Some(now);
            }
            tick = Some(next);
        }
        if count > 0.0 { squares / count } else { 0.0 }
    }

    /// Energy at an instant that readings lie around.
    fn edge(&self, when: MonotonicNs, wobble: f64) -> Cut {
        let at = seconds(when, self.origin);
        let here = self.series.first_at(when);
        let mut earlier = (0..=here)
            .rev()
            .filter_map(|index| self.tick(index))
            .filter(|tick| tick.stamp() <= at);
        let mut later = (here..self.series.len())
            .filter_map(|index| self.tick(index))
            .filter(|tick| tick.stamp() > at);
        let (left, right) = (earlier.next(), later.next());
        let (Some(left), Some(right)) = (left, right) else {
            let before = left.and_then(|left| earlier.find(|tick| tick.stamp() < left.stamp()));
            return match (before, left.or(right)) {
                (Some(before), Some(last)) => beyond(&before, &last, at, wobble),
                (_, only) => Cut {
                    joules: only.map_or(0.0, |tick| tick.joules),
                    variance: 0.0,
                },
            };
        };
        let mut cut = between(&left, &right, at, wobble);
        let before = earlier.find(|tick| tick.stamp() < left.stamp());
        let after = later.find(|tick| tick.stamp() > right.stamp());
        if let (Some(before), Some(after)) = (before, after) {
            cut.joules += bend([&before, &left, &right, &after], at);
        }
        cut
    }
}

/// Mean power between two ticks and the standard deviation that their stamps leave.
fn power(from: &Tick, to: &Tick) -> (f64, f64) {
    let span = to.stamp() - from.stamp();
    let power = (to.joules - from.joules) / span;
    let stamps = from.stamp_variance() + to.stamp_variance();
    (power, power * stamps.sqrt() / span)
}

/// What is added to the straight line between the two ticks in the middle where the powers before and
/// after them differ beyond doubt and the mean in between lies between these: then power went from one
/// to the other at the moment that gives this mean.
fn bend([before, left, right, after]: [&Tick; 4], at: f64) -> f64 {
    let ((first, first_error), (mean, _)) = (power(before, left), power(left, right));
    let (second, second_error) = power(right, after);
    let doubt = SURELY * first_error.hypot(second_error);
    let within = (first - mean) * (mean - second) > 0.0;
    if !within || (first - second).abs() <= doubt {
        return 0.0;
    }
    let whole = right.stamp() - left.stamp();
    let part = at - left.stamp();
    let change = whole * (mean - second) / (first - second);
    let stepped = first * part.min(change) + second * (part - change).max(0.0);
    stepped - mean * part
}

fn between(left: &Tick, right: &Tick, at: f64, wobble: f64) -> Cut {
    let whole = right.stamp() - left.stamp();
    let part = at - left.stamp();
    let share = part / whole;
    let power = (right.joules - left.joules) / whole;
    let stamps =
        (1.0 - share).powi(2) * left.stamp_variance() + share.powi(2) * right.stamp_variance();
    Cut {
        joules: left.joules + power * part,
        variance: power * power * stamps + bridge(part, whole, wobble),
    }
}

/// No later tick was seen: power goes on as it was in the interval before.
fn beyond(before: &Tick, last: &Tick, at: f64, wobble: f64) -> Cut {
    let power = (last.joules - before.joules) / (last.stamp() - before.stamp());
    let part = at - last.stamp();
    Cut {
        joules: last.joules + power * part,
        variance: power * power * last.stamp_variance() + wobble * part * part,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const MOST: Duration = Duration::from_millis(500);

    fn at(seconds: f64) -> MonotonicNs {
        MonotonicNs((seconds * 1e9) as u64)
    }

    /// A counter that ticks every `tick` seconds from `phase` on, read every `period`.
    fn counter(energy: impl Fn(f64) -> f64, tick: f64, phase: f64, period: f64) -> Series {
        let mut series = Series::default();
        for reading in 0..(14.0 / period) as u32 {
            let when = f64::from(reading) * period;
            let ticked = ((when - phase) / tick).floor() * tick + phase;
            series.push(at(when), energy(ticked));
        }
        series
    }

    fn cut(series: &Series, from: f64, to: f64, tick: f64) -> Cut {
        let update = Some(Duration::from_secs_f64(tick));
        counted(series, at(from), at(to), update, MOST).unwrap()
    }

    #[test]
    fn a_tick_counts_from_when_it_fell_and_not_from_when_it_was_read() {
        // 200 W, then 400 W from 6 s on: energy of the second part alone.
        let energy = |t: f64| 200.0 * t + 200.0 * (t - 6.0).max(0.0);
        for phase in [0.0, 0.013, 0.05, 0.088] {
            let series = counter(energy, 0.1, phase, 0.025);
            let one = cut(&series, 6.03, 12.0, 0.1);
            // Half a bracket of 25 ms at both edges, at 400 W; unaligned it would be up to 40 J.
            assert!((one.joules - 400.0 * 5.97).abs() < 5.1, "{phase}: {one:?}");
            assert!(one.variance.sqrt() > 1.0 && one.variance.sqrt() < 12.0);
        }
    }

    #[test]
    fn a_step_between_two_ticks_is_found_again() {
        // The step at 6.04 s lies within a tick interval, and the window ends within it, too.
        let energy = |t: f64| 100.0 * t + 300.0 * (t - 6.04).max(0.0);
        let series = counter(energy, 0.1, 0.0, 0.005);
        let one = cut(&series, 2.0, 6.04, 0.1);
        // A straight line would be 7.2 J too high; the readings' brackets leave 1 J or so.
        assert!((one.joules - 404.0).abs() < 2.0, "{one:?}");
    }

    #[test]
    fn a_window_that_ends_before_the_next_tick_goes_on_as_before() {
        let mut series = Series::default();
        for (when, joules) in [(0.0, 0.0), (0.1, 10.0), (0.2, 20.0), (0.25, 20.0)] {
            series.push(at(when), joules);
        }
        let update = Some(Duration::from_millis(100));
        let one = counted(&series, at(0.0), at(0.25), update, MOST).unwrap();
        assert!((one.joules - 25.0).abs() < 1e-6, "{one:?}");
        assert!(one.variance > 0.0);
    }

    proptest! {
        /// Whatever the phases, constant power is told to half a bracket at each edge.
        #[test]
        fn constant_power_is_off_by_no_more_than_the_brackets(
            tick in 0.02..0.1_f64,
            phase in 0.0..1.0_f64,
            edges in (1.0..3.0_f64, 10.0..13.0_f64),
        ) {
            let series = counter(|t| 250.0 * t, tick, phase * tick, 0.02);
            let one = cut(&series, edges.0, edges.1, tick);
            let truth = 250.0 * (edges.1 - edges.0);
            prop_assert!((one.joules - truth).abs() <= 250.0 * 0.02 + 1e-6, "{one:?} {truth}");
        }
    }
}
