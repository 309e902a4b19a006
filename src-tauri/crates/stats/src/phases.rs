//! Prompt processing and generation apart: how a window's energy divides between the two phases when
//! only the sum was measured and the engine tells when each request was in which.
//!
//! Over a slice of time let x be the share of the requests at work that were in prefill. Power is
//! taken as a mixture, P = A·x + B·(1 − x), with A the power when all requests prefill and B when all
//! decode; both are found by least squares over all slices. The energy of a slice is then divided as
//! A·x to B·(1 − x), so that both parts add up to what was measured. Nothing is said where the phases
//! cannot be told apart: when x hardly varies, A or B has a standard error above 20 %. Residuals of
//! neighbouring slices go together, so their variance is widened by (1 + r)/(1 − r), with r the
//! correlation of neighbours.

/// A slice of time within a window.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Slice {
    /// Joules over seconds, at least 0.
    pub watts: f64,
    /// Length, seconds.
    pub seconds: f64,
    /// Requests in prefill, mean over the slice.
    pub prefilling: f64,
    /// Requests in decode, mean over the slice.
    pub decoding: f64,
}

/// Slices below which no line is laid through them.
const LEAST_SLICES: usize = 20;
/// Standard error of A and of B as a fraction of each.
const MOST_ERROR: f64 = 0.2;
/// Correlation of neighbouring residuals that is taken at most; beyond it nothing is independent.
const MOST_CORRELATION: f64 = 0.95;

/// Part of the energy that went into prefill, 0 to 1. `None` where the slices do not tell.
#[must_use]
pub fn prefill_share(slices: &[Slice]) -> Option<f64> {
    let busy: Vec<(f64, &Slice)> = slices
        .iter()
        .filter(|slice| slice.prefilling + slice.decoding > 0.0 && slice.watts.is_finite())
        .map(|slice| {
            let all = slice.prefilling + slice.decoding;
            (slice.prefilling / all, slice)
        })
        .collect();
    if busy.len() < LEAST_SLICES {
        return None;
    }
    let (prefill, decode) = fit(&busy)?;
    let (mut part, mut whole) = (0.0, 0.0);
    for (x, slice) in busy {
        let (a, b) = (prefill * x, decode * (1.0 - x));
        let joules = slice.watts * slice.seconds;
        part += joules * a / (a + b);
        whole += joules;
    }
    (whole > 0.0).then(|| part / whole)
}

/// A and B, where both are positive and known well enough.
fn fit(busy: &[(f64, &Slice)]) -> Option<(f64, f64)> {
    let sum = |term: &dyn Fn(f64, f64) -> f64| -> f64 {
        busy.iter().map(|(x, slice)| term(*x, slice.watts)).sum()
    };
    let xx = sum(&|x, _| x * x);
    let xy = sum(&|x, _| x * (1.0 - x));
    let yy = sum(&|x, _| (1.0 - x) * (1.0 - x));
    let (xp, yp) = (sum(&|x, p| x * p), sum(&|x, p| (1.0 - x) * p));
    let determinant = xx * yy - xy * xy;
    if determinant <= 1e-9 * (xx + yy).powi(2) {
        return None;
    }
    let a = (yy * xp - xy * yp) / determinant;
    let b = (xx * yp - xy * xp) / determinant;
    let residuals: Vec<f64> = busy
        .iter()
        .map(|(x, slice)| slice.watts - a * x - b * (1.0 - x))
        .collect();
    let squares: f64 = residuals.iter().map(|one| one * one).sum();
    let products: f64 = residuals.windows(2).map(|pair| pair[0] * pair[1]).sum();
    let together = if squares > 0.0 {
        (products / squares).clamp(0.0, MOST_CORRELATION)
    } else {
        0.0
    };
    let widened = (1.0 + together) / (1.0 - together);
    let variance = squares / (busy.len() - 2) as f64 * widened;
    let error_a = (variance * yy / determinant).sqrt();
    let error_b = (variance * xx / determinant).sqrt();
    let known = a > 0.0 && b > 0.0 && error_a <= MOST_ERROR * a && error_b <= MOST_ERROR * b;
    known.then_some((a, b))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Requests one after the other: prefill for `prefill` slices at 300 W, decode for `decode` at
    /// 200 W, with a disturbance that is the same for the same slice.
    fn one_by_one(prefill: usize, decode: usize, rounds: usize, disturbance: f64) -> Vec<Slice> {
        let cycle = (0..prefill).map(|_| 1.0).chain((0..decode).map(|_| 0.0));
        let all = std::iter::repeat_n(cycle.collect::<Vec<f64>>(), rounds).flatten();
        all.enumerate()
            .map(|(index, x)| Slice {
                watts: 200.0 + 100.0 * x + disturbance * (index as f64 * 2.4).sin(),
                seconds: 0.2,
                prefilling: x,
                decoding: 1.0 - x,
            })
            .collect()
    }

    #[test]
    fn phases_that_take_turns_are_divided_as_they_were_drawn() {
        let slices = one_by_one(2, 8, 10, 10.0);
        let truth = 2.0 * 300.0 / (2.0 * 300.0 + 8.0 * 200.0);
        let share = prefill_share(&slices).unwrap();
        assert!((share - truth).abs() < 0.01, "{share} instead of {truth}");
    }

    #[test]
    fn slices_that_hold_some_of_both_are_divided_too() {
        // Prefill takes a tenth to a half of every slice; no slice is pure.
        let slices: Vec<Slice> = (0..60)
            .map(|index| {
                let x = 0.1 + 0.4 * f64::from(index % 5) / 4.0;
                Slice {
                    watts: 300.0 * x + 200.0 * (1.0 - x),
                    seconds: 0.2,
                    prefilling: 4.0 * x,
                    decoding: 4.0 * (1.0 - x),
                }
            })
            .collect();
        let truth = 300.0 * 0.3 / (300.0 * 0.3 + 200.0 * 0.7);
        let share = prefill_share(&slices).unwrap();
        assert!((share - truth).abs() < 1e-9, "{share} instead of {truth}");
    }

    #[test]
    fn nothing_is_said_where_phases_cannot_be_told_apart() {
        // The same mixture all the time.
        let same = Slice {
            watts: 230.0,
            seconds: 0.2,
            prefilling: 1.0,
            decoding: 3.0,
        };
        assert_eq!(prefill_share(&[same; 100]), None);
        // Too few, or too noisy.
        assert_eq!(prefill_share(&one_by_one(1, 4, 3, 0.0)), None);
        assert_eq!(prefill_share(&one_by_one(1, 40, 2, 900.0)), None);
        assert_eq!(prefill_share(&[]), None);
    }
}
