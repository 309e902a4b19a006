//! Quantiles of the distributions used here, or nothing where they have none.

use statrs::distribution::{ChiSquared, ContinuousCDF, FisherSnedecor, StudentsT};

/// Beyond so many degrees of freedom t is the normal distribution to four digits, and the series
/// behind the quantile no longer ends.
const MOST_DF: f64 = 1e4;
/// How near to certainty a bound may be asked for; beyond it the series loses its digits.
pub(crate) const LEAST_TAIL: f64 = 1e-6;

/// The `p`-quantile of Student's t with `df` degrees of freedom, which may be fractional but must be
/// at least 1.
pub(crate) fn student(p: f64, df: f64) -> Option<f64> {
    // A hair below the limit, for what rounding does to a tail on its way here.
    let reachable = p.min(1.0 - p) > 0.999 * LEAST_TAIL;
    if !reachable || df.is_nan() || df < 1.0 {
        return None;
    }
    let df = df.min(MOST_DF);
    let t = StudentsT::new(0.0, 1.0, df).ok()?.inverse_cdf(p);
    t.is_finite().then_some(t)
}

/// Chance that a standard normal number exceeds `z`.
pub(crate) fn normal_tail(z: f64) -> f64 {
    0.5 * statrs::function::erf::erfc(z / std::f64::consts::SQRT_2)
}

/// The half-width factor of a two-sided interval: the (1 + confidence) / 2 quantile.
pub(crate) fn two_sided(confidence: f64, df: f64) -> Option<f64> {
    if !(confidence > 0.0 && confidence < 1.0) {
        return None;
    }
    student(0.5 + confidence / 2.0, df)
}

/// Chance that F with these degrees of freedom exceeds `f`.
pub(crate) fn f_tail(f: f64, between: f64, within: f64) -> Option<f64> {
    let tail = FisherSnedecor::new(between, within).ok()?.sf(f);
    tail.is_finite().then_some(tail)
}

/// The `p`-quantile of χ² with `df` degrees of freedom, which may be fractional.
pub(crate) fn chi_squared(p: f64, df: f64) -> Option<f64> {
    let quantile = ChiSquared::new(df).ok()?.inverse_cdf(p);
    (quantile.is_finite() && quantile > 0.0).then_some(quantile)
}

/// The `p`-quantile of F with these degrees of freedom.
pub(crate) fn f_quantile(p: f64, between: f64, within: f64) -> Option<f64> {
    let quantile = FisherSnedecor::new(between, within).ok()?.inverse_cdf(p);
    quantile.is_finite().then_some(quantile)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn t_quantiles_agree_with_printed_tables() {
        for (p, df, table) in [
            (0.975, 1.0, 12.706),
            (0.975, 4.0, 2.776),
            (0.975, 30.0, 2.042),
            (0.99, 4.0, 3.747),
            (0.985, 9.0, 2.574),
            (0.975, 1000.0, 1.962),
        ] {
            let t = student(p, df).unwrap();
            assert!((t - table).abs() < 1e-3, "t({p}, {df}) = {t}, not {table}");
            assert!((student(1.0 - p, df).unwrap() + t).abs() < 1e-9);
        }
    }

    #[test]
    fn the_normal_tail_agrees_with_printed_tables() {
        for (z, tail) in [
            (0.0, 0.5),
            (1.645, 0.049_98),
            (1.96, 0.024_998),
            (3.0, 0.001_35),
        ] {
            assert!((normal_tail(z) - tail).abs() < 1e-5, "{z}");
            assert!((normal_tail(z) + normal_tail(-z) - 1.0).abs() < 1e-12);
        }
    }

    #[test]
    fn every_quantile_within_the_limits_is_found_and_is_one() {
        for df in (0..=80).map(|step| 10_f64.powf(f64::from(step) / 20.0)) {
            let t = StudentsT::new(0.0, 1.0, df).unwrap();
            for tail in (1..=24).map(|step| 10_f64.powf(-f64::from(step) / 4.0)) {
                let found = student(1.0 - tail, df).unwrap();
                let off = (t.sf(found) / tail - 1.0).abs();
                assert!(off < 1e-6, "{tail} {df}: {found}");
            }
        }
        assert_eq!(student(0.975, 1e300), student(0.975, MOST_DF));
    }

    #[test]
    fn the_f_tail_agrees_with_printed_tables() {
        for (f, between, within) in [(5.318, 1.0, 8.0), (3.326, 5.0, 10.0)] {
            assert!((f_tail(f, between, within).unwrap() - 0.05).abs() < 1e-4);
        }
    }

    #[test]
    fn what_has_no_quantile_gives_none() {
        for (p, df) in [
            (0.0, 3.0),
            (1.0, 3.0),
            (f64::NAN, 3.0),
            (1.0 - 1e-12, 3.0),
            (0.9, 0.0),
            (0.9, 0.9),
            (0.9, -1.0),
            (0.9, f64::NAN),
        ] {
            assert_eq!(student(p, df), None, "{p} {df}");
        }
    }

    #[test]
    fn chi_squared_and_f_agree_with_printed_tables() {
        for (p, df, table) in [
            (0.025, 2.0, 0.0506),
            (0.975, 2.0, 7.378),
            (0.95, 10.0, 18.307),
        ] {
            let chi = chi_squared(p, df).unwrap();
            assert!((chi / table - 1.0).abs() < 1e-3, "{p} {df}: {chi}");
        }
        let f = f_quantile(0.975, 2.0, 6.0).unwrap();
        assert!((f - 7.26).abs() < 0.01, "{f}");
    }
}
