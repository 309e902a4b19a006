//! Joules from an energy counter, aligned to its ticks.
//!
//! A counter is brought up to date every P milliseconds (20 to 100 on NVIDIA boards) and holds its
//! value in between, so a reading is right for the tick before it and not for when it was taken. Only
//! readings that show a new value are used. Its tick lies after the last reading of the old value,
//! and no more than P before the first of the new one; the middle of that bracket is its stamp.
//! Between two ticks energy is read linearly. What stays open is half a bracket at each edge of the
//! window, and how power ran between the two ticks around it.

use crate::cut::{Cut, bridge, seconds};
use crate::series::{Hole, Series};
use std::time::Duration;
use wattsmith_domain::{MonotonicNs, PowerSample, Watts};

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
        let later = (here..self.series.len())
            .filter_map(|index| self.tick(index))
            .find(|tick| tick.stamp() > at);
        let left = earlier.next();
        match (left, later) {
            (Some(left), Some(right)) => between(&left, &right, at, wobble),
            (Some(left), None) => match earlier.find(|tick| tick.stamp() < left.stamp()) {
                Some(before) => beyond(&before, &left, at, wobble),
                None => Cut {
                    joules: left.joules,
                    variance: 0.0,
                },
            },
            // Only where a first reading came after the edge, which is not covered.
            (None, Some(tick)) => Cut {
                joules: tick.joules,
                variance: 0.0,
            },
            (None, None) => Cut {
                joules: 0.0,
                variance: 0.0,
            },
        }
    }
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
