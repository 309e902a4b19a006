//! How long it takes until something happens, where some runs end before it does.

/// One run: when it happened, or when the run ended without it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Waiting {
    /// Above or equal to 0.
    pub time: f64,
    /// Whether it happened; censored otherwise.
    pub happened: bool,
}

/// One step of a survival curve.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Survival {
    /// When.
    pub time: f64,
    /// Share for which it has not happened after that.
    pub share: f64,
}

/// The product-limit estimate (Kaplan & Meier, 1958): one step per time at which it happened.
#[must_use]
pub fn kaplan_meier(runs: &[Waiting]) -> Vec<Survival> {
    let mut runs = runs.to_vec();
    runs.sort_by(|one, other| one.time.total_cmp(&other.time));
    let mut curve = Vec::new();
    let mut share = 1.0;
    let mut from = 0;
    while from < runs.len() {
        let time = runs[from].time;
        let at_risk = (runs.len() - from) as f64;
        let same: Vec<_> = runs[from..]
            .iter()
            .take_while(|one| one.time == time)
            .collect();
        let happened = same.iter().filter(|one| one.happened).count();
        if happened > 0 {
            share *= 1.0 - happened as f64 / at_risk;
            curve.push(Survival { time, share });
        }
        from += same.len();
    }
    curve
}

/// The first time by which it happened to half of all; `None` where that was not seen.
#[must_use]
pub fn median_time(curve: &[Survival]) -> Option<f64> {
    curve
        .iter()
        .find(|step| step.share <= 0.5 + 1e-12)
        .map(|step| step.time)
}

/// The mean time up to `horizon`, where longer ones count as `horizon`: the area under the curve.
#[must_use]
pub fn restricted_mean(curve: &[Survival], horizon: f64) -> f64 {
    let mut area = 0.0;
    let (mut time, mut share) = (0.0, 1.0);
    for step in curve.iter().take_while(|step| step.time < horizon) {
        area += share * (step.time - time);
        (time, share) = (step.time, step.share);
    }
    area + share * (horizon - time)
}

/// Draws without replacement until the first of `good` among `all` is expected: (N + 1) / (K + 1),
/// the mean of the negative hypergeometric distribution. `None` without a good one.
#[must_use]
pub fn expected_first_draw(all: usize, good: usize) -> Option<f64> {
    (good > 0 && good <= all).then(|| (all + 1) as f64 / (good + 1) as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn runs(all: &[(f64, bool)]) -> Vec<Waiting> {
        all.iter()
            .map(|(time, happened)| Waiting {
                time: *time,
                happened: *happened,
            })
            .collect()
    }

    #[test]
    fn a_worked_example_gives_the_textbook_curve() {
        // At 1: 5/6. At 3, one censored at 2 before: 5/6 × 3/4. At 5: × 1/2.
        let runs = runs(&[
            (1.0, true),
            (2.0, false),
            (3.0, true),
            (4.0, false),
            (5.0, true),
            (6.0, false),
        ]);
        let curve = kaplan_meier(&runs);
        let shares: Vec<f64> = curve.iter().map(|step| step.share).collect();
        for (found, wanted) in shares.iter().zip([5.0 / 6.0, 0.625, 0.3125]) {
            assert!((found - wanted).abs() < 1e-12, "{shares:?}");
        }
        assert_eq!(median_time(&curve), Some(5.0));
        let area = 1.0 + 2.0 * 5.0 / 6.0 + 2.0 * 0.625 + 0.3125;
        assert!((restricted_mean(&curve, 6.0) - area).abs() < 1e-12);
    }

    #[test]
    fn without_censoring_the_restricted_mean_is_the_mean() {
        let curve = kaplan_meier(&runs(&[(1.0, true), (2.0, true), (6.0, true)]));
        assert!((restricted_mean(&curve, 10.0) - 3.0).abs() < 1e-12);
        assert_eq!(median_time(&curve), Some(2.0));
    }

    #[test]
    fn where_it_never_happened_there_is_no_median() {
        let curve = kaplan_meier(&runs(&[(9.0, false), (9.0, false)]));
        assert!(curve.is_empty());
        assert_eq!(median_time(&curve), None);
        assert_eq!(restricted_mean(&curve, 9.0), 9.0);
    }

    #[test]
    fn the_first_good_draw_is_expected_where_counting_says() {
        // One good of three: at 1, 2 or 3 with equal chance.
        assert_eq!(expected_first_draw(3, 1), Some(2.0));
        // Two good of three: at 1 with 2/3, at 2 with 1/3.
        assert!((expected_first_draw(3, 2).unwrap() - 4.0 / 3.0).abs() < 1e-12);
        assert_eq!(expected_first_draw(3, 0), None);
    }
}
