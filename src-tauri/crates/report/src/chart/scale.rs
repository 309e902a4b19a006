//! From figures to places along an axis.

use super::{Tick, one_decimal};
use std::fmt::Write as _;

/// About how many ticks an axis gets.
const TICKS: f64 = 5.0;

/// A linear scale with round ends.
pub(crate) struct Scale {
    low: f64,
    high: f64,
    step: f64,
    from: f64,
    to: f64,
    /// Whether values outside of it are put at its ends.
    clamped: bool,
}

impl Scale {
    /// The scale on which all of `values` lie between the places `from` and `to`, with room to
    /// spare. None without a finite value.
    pub(crate) fn fit(values: impl Iterator<Item = f64>, from: f64, to: f64) -> Option<Self> {
        let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
        for value in values.filter(|value| value.is_finite()) {
            low = low.min(value);
            high = high.max(value);
        }
        if low > high {
            return None;
        }
        // A single value, or equal ones, still get an axis.
        let room = ((high - low) * 0.08)
            .max(high.abs() * 0.02)
            .max(f64::MIN_POSITIVE * 1e9);
        let step = round_step((high - low + 2.0 * room) / TICKS);
        let low = ((low - room) / step).floor() * step;
        Some(Self {
            low: if low < 0.0 { 0.0 } else { low },
            high: ((high + room) / step).ceil() * step,
            step,
            from,
            to,
            clamped: false,
        })
    }

    /// The same, with what lies outside put at its ends.
    pub(crate) fn clamped(self) -> Self {
        Self {
            clamped: true,
            ..self
        }
    }

    /// Whether `value` lies on it.
    pub(crate) fn holds(&self, value: f64) -> bool {
        (self.low..=self.high).contains(&value)
    }

    /// Where `value` lies.
    pub(crate) fn at(&self, value: f64) -> f64 {
        let share = (value - self.low) / (self.high - self.low);
        let share = if self.clamped {
            share.clamp(0.0, 1.0)
        } else {
            share
        };
        one_decimal(self.from + share * (self.to - self.from))
    }

    /// Round values from end to end.
    pub(crate) fn ticks(&self) -> Vec<Tick> {
        let decimals = (-self.step.log10().floor()).clamp(0.0, 9.0) as usize;
        let count = ((self.high - self.low) / self.step).round() as u32;
        (0..=count)
            .map(|index| self.low + f64::from(index) * self.step)
            .map(|value| Tick {
                at: self.at(value),
                label: format!("{value:.decimals$}"),
            })
            .collect()
    }
}

/// 1, 2 or 5 times a power of ten, at least `rough`.
fn round_step(rough: f64) -> f64 {
    let power = 10_f64.powf(rough.log10().floor());
    let factor = [1.0, 2.0, 5.0, 10.0]
        .into_iter()
        .find(|factor| factor * power >= rough)
        .unwrap_or(10.0);
    factor * power
}

/// Levels as a stepped path from the first point to `end`.
pub(crate) fn steps(points: impl Iterator<Item = (f64, f64)>, end: f64) -> String {
    let mut path = String::new();
    let mut level: Option<f64> = None;
    for (x, y) in points {
        match level {
            None => {
                let _ = write!(path, "M{x} {y}");
            }
            Some(before) if before != y => {
                let _ = write!(path, "H{x}V{y}");
            }
            Some(_) => {}
        }
        level = Some(y);
    }
    if level.is_some() {
        let _ = write!(path, "H{end}");
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn ticks_are_round() {
        let scale = Scale::fit([0.22, 0.34].into_iter(), 100.0, 0.0).unwrap();
        let labels: Vec<_> = scale.ticks().into_iter().map(|one| one.label).collect();
        assert_eq!(labels, ["0.20", "0.25", "0.30", "0.35"]);
        assert_eq!(scale.at(0.2), 100.0);
        assert_eq!(scale.at(0.35), 0.0);
    }

    #[test]
    fn a_level_is_drawn_where_it_changes() {
        let points = [(10.0, 50.0), (20.0, 50.0), (30.0, 70.0), (40.0, 60.0)];
        assert_eq!(steps(points.into_iter(), 99.0), "M10 50H30V70H40V60H99");
        assert_eq!(steps([].into_iter(), 99.0), "");
    }

    proptest! {
        #[test]
        fn every_value_lies_inside(
            values in proptest::collection::vec(1e-9_f64..1e9, 1..20),
        ) {
            let scale = Scale::fit(values.iter().copied(), 0.0, 300.0).unwrap();
            for value in values {
                prop_assert!((0.0..=300.0).contains(&scale.at(value)), "{}", value);
            }
            prop_assert!((2..=12).contains(&scale.ticks().len()));
        }
    }
}
