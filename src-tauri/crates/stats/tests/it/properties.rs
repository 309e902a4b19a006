//! What holds for any figures at all.

use crate::figures::measured;
use proptest::prelude::*;
use wattsmith_domain::{Interval, Repeat, Threshold, Verdict};
use wattsmith_stats::{Pooled, compare, decide, interval, pooled_log_sd, ratio};

fn figures() -> impl Strategy<Value = Vec<f64>> {
    prop::collection::vec(1e-3..1e3_f64, 1..8)
}

/// Anything a broken sensor or an empty window could give.
fn anything() -> impl Strategy<Value = Vec<f64>> {
    let odd = prop_oneof![
        Just(0.0),
        Just(-1.0),
        Just(f64::NAN),
        Just(f64::INFINITY),
        Just(f64::MIN_POSITIVE),
        Just(f64::MAX),
        Just(0.3),
        any::<f64>(),
    ];
    prop::collection::vec(odd, 0..8)
}

fn pooled() -> impl Strategy<Value = Option<Pooled>> {
    prop::option::of((0.0..0.5_f64, 1.0..60.0_f64).prop_map(|(sd, df)| Pooled { sd, df }))
}

fn sound(interval: Interval) -> bool {
    interval.low > 0.0
        && interval.low <= interval.mean
        && interval.mean <= interval.high
        && interval.high.is_finite()
}

fn close(one: f64, other: f64) -> bool {
    (one / other - 1.0).abs() < 1e-9
}

proptest! {
    #[test]
    fn intervals_contain_their_mean_and_more_confidence_is_wider(
        values in figures(), pooled in pooled(),
    ) {
        if let Some(wide) = interval(&values, pooled, 0.99) {
            let narrow = interval(&values, pooled, 0.9).unwrap();
            prop_assert!(sound(wide) && sound(narrow));
            prop_assert!(wide.low <= narrow.low && narrow.high <= wide.high);
        } else {
            // Too few values, or noise beyond what a float can hold.
            prop_assert!(pooled.is_none());
        }
    }

    #[test]
    fn joules_or_kilojoules_make_no_difference(
        values in figures(), reference in figures(), pooled in pooled(), scale in 1e-3..1e3_f64,
    ) {
        let scaled = |values: &[f64]| values.iter().map(|value| value * scale).collect::<Vec<_>>();
        if let (Some(one), Some(other)) =
            (interval(&values, pooled, 0.95), interval(&scaled(&values), pooled, 0.95))
        {
            prop_assert!(close(one.low * scale, other.low) && close(one.high * scale, other.high));
        }
        let plain = ratio(&values, &reference, pooled, 0.95);
        let both = ratio(&scaled(&values), &scaled(&reference), pooled, 0.95);
        match (plain, both) {
            (Some(plain), Some(both)) => prop_assert!(
                close(plain.low, both.low) && close(plain.high, both.high)
            ),
            (plain, both) => prop_assert_eq!(plain.is_some(), both.is_some()),
        }
    }

    #[test]
    fn the_order_of_repeats_and_of_the_two_sides_makes_no_difference(
        values in figures(), reference in figures(), pooled in pooled(),
    ) {
        let mut turned = values.clone();
        turned.reverse();
        let forth = ratio(&values, &reference, pooled, 0.95);
        let back = ratio(&reference, &turned, pooled, 0.95);
        match (forth, back) {
            (Some(forth), Some(back)) => {
                prop_assert!(sound(forth) && sound(back));
                prop_assert!(close(forth.mean, 1.0 / back.mean));
                prop_assert!(close(forth.low, 1.0 / back.high));
            }
            (forth, back) => prop_assert_eq!(forth.is_some(), back.is_some()),
        }
        let groups = [values.clone(), reference.clone()];
        let other_way = [reference.clone(), turned.clone()];
        match (pooled_log_sd(&groups), pooled_log_sd(&other_way)) {
            (Some(one), Some(other)) => {
                prop_assert!((one.sd - other.sd).abs() < 1e-9);
                prop_assert_eq!(one.df, other.df);
            }
            (one, other) => prop_assert_eq!(one, other),
        }
    }

    #[test]
    fn no_input_gives_a_figure_that_is_no_number(
        one in anything(), other in anything(), sd in any::<f64>(), df in any::<f64>(),
        confidence in any::<f64>(), known: bool,
    ) {
        let pooled = known.then_some(Pooled { sd, df });
        for confidence in [0.95, confidence] {
            if let Some(interval) = interval(&one, pooled, confidence) {
                prop_assert!(sound(interval), "{interval:?}");
            }
            if let Some(ratio) = ratio(&one, &other, pooled, confidence) {
                prop_assert!(sound(ratio), "{ratio:?}");
            }
        }
        if let Some(pooled) = pooled_log_sd(&[one.clone(), other.clone()]) {
            prop_assert!(pooled.sd.is_finite() && pooled.sd >= 0.0 && pooled.df >= 1.0);
        }
        let repeats = |values: &[f64]| values.iter().copied().map(measured).collect::<Vec<Repeat>>();
        let (one, other) = (repeats(&one), repeats(&other));
        if let Some(comparison) = compare(&one, &other, pooled) {
            prop_assert!(sound(comparison.ratio));
            if let Verdict::NotDecided { seconds_more: Some(seconds) } = comparison.verdict {
                prop_assert!(seconds.is_finite() && seconds >= 0.0);
            }
        }
        let threshold = Threshold::PercentBelowDefault { percent: 10.0 };
        if let Some((ratio, _)) = decide(&one, &other, threshold, confidence, None) {
            prop_assert!(sound(ratio));
        }
    }
}
