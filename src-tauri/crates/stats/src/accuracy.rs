//! How far one window's joules may be from the truth: the sensor's gain and the window's cut together.

use statrs::distribution::{Continuous, ContinuousCDF, Normal};

/// Below this share of the gain error the random error no longer shows.
const NEGLIGIBLE: f64 = 1e-6;
/// Halvings of the bracket; enough for every digit of a double.
const HALVINGS: u32 = 60;

/// How far a figure lies from the truth with `confidence` (0 to 1, exclusive) at most, as a fraction h
/// of the truth, which then lies between figure/(1 + h) and figure/(1 − h): of the sum of a gain error that may lie anywhere within ±`sensor_error` and a normal
/// error with standard deviation `window_error`, both fractions and not negative.
///
/// Where the sensor alone counts, 95 % of ±5 % is ±4.75 %. This is the trust in one figure in joules;
/// two figures from the same sensor share its gain, so comparisons leave `sensor_error` out.
#[must_use]
pub fn accuracy(sensor_error: f64, window_error: f64, confidence: f64) -> f64 {
    if window_error <= NEGLIGIBLE * sensor_error {
        return sensor_error * confidence;
    }
    let normal = Normal::standard();
    // Without a gain error this is the normal quantile; the limit is taken instead of divided by 0.
    let gain = sensor_error.max(NEGLIGIBLE * window_error);
    let (mut low, mut high) = (0.0, gain + 10.0 * window_error);
    for _ in 0..HALVINGS {
        let middle = f64::midpoint(low, high);
        if within(&normal, gain, window_error, middle) < confidence {
            low = middle;
        } else {
            high = middle;
        }
    }
    high
}

/// P(|U + N| ≤ h) for U uniform on ±a and N normal with deviation σ. With G(x) = x·Φ(x) + φ(x), an
/// antiderivative of Φ, p = (h + a)/σ and m = (h − a)/σ, it is σ/2a · (2·G(p) − p − 2·G(m) + m).
fn within(normal: &Normal, a: f64, sigma: f64, h: f64) -> f64 {
    let g = |x: f64| x * normal.cdf(x) + normal.pdf(x);
    let (p, m) = ((h + a) / sigma, (h - a) / sigma);
    sigma / (2.0 * a) * (2.0 * g(p) - p - 2.0 * g(m) + m)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn one_error_alone_gives_its_own_quantile() {
        assert!((accuracy(0.05, 0.0, 0.95) - 0.0475).abs() < 1e-12);
        assert!((accuracy(0.0, 0.01, 0.95) - 0.0196).abs() < 1e-5);
        assert_eq!(accuracy(0.0, 0.0, 0.95), 0.0);
    }

    #[test]
    fn the_interval_holds_as_much_as_it_says() {
        // Counted over a fine grid of both errors, independently of the formula.
        let (gain, sigma) = (0.05, 0.02);
        let half = accuracy(gain, sigma, 0.95);
        let normal = Normal::standard();
        let grid = 2000;
        let held: f64 = (0..grid)
            .map(|step| gain * (2.0 * (f64::from(step) + 0.5) / f64::from(grid) - 1.0))
            .map(|u| normal.cdf((half - u) / sigma) - normal.cdf((-half - u) / sigma))
            .sum();
        assert!((held / f64::from(grid) - 0.95).abs() < 1e-5, "{held}");
    }

    proptest! {
        #[test]
        fn more_error_never_gives_a_narrower_interval(
            gain in 0.0..0.2_f64,
            sigma in 0.0..0.2_f64,
            more in 0.0..0.1_f64,
        ) {
            let half = accuracy(gain, sigma, 0.95);
            prop_assert!(accuracy(gain + more, sigma, 0.95) >= half - 1e-9);
            prop_assert!(accuracy(gain, sigma + more, 0.95) >= half - 1e-9);
            prop_assert!(half >= (0.95 * gain).max(1.9 * sigma) - 1e-9);
        }
    }
}
