//! Quantiles of the distributions used here, or nothing where they have none.

use statrs::distribution::{ContinuousCDF, FisherSnedecor, StudentsT};

/// The `p`-quantile of Student's t with `df` degrees of freedom (which may be fractional).
pub(crate) fn student(p: f64, df: f64) -> Option<f64> {
    if !(p > 0.0 && p < 1.0) {
        return None;
    }
    let t = StudentsT::new(0.0, 1.0, df).ok()?.inverse_cdf(p);
    t.is_finite().then_some(t)
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
            (0.9, 0.0),
            (0.9, -1.0),
            (0.9, f64::NAN),
        ] {
            assert_eq!(student(p, df), None, "{p} {df}");
        }
    }
}
