//! How much repeats vary, before a session has shown it.
//!
//! Spreads of earlier sessions are taken as draws from one distribution: s²ᵢ ~ σ²ᵢ·χ²(dᵢ)/dᵢ with σ²ᵢ
//! scaled inverse χ² of d₀ degrees of freedom about s₀². Both follow from the mean and the variance of
//! ln s²ᵢ (Smyth, *Statistical Applications in Genetics and Molecular Biology* 3, 2004, 6.2); sessions
//! that vary among themselves make d₀ small. The session's own spread s² with d degrees of freedom then is
//! (d₀s₀² + d·s²)/(d₀ + d), with d₀ + d of them: its posterior mean, and as exact under t.
//!
//! A prior may be wrong: another model, another load. So it counts for [`MOST_PRIOR_WINDOWS`] at the most, and
//! it goes where the session contradicts it. That rule was written down before any session was looked at
//! (docs/measuring.md): with F = s²/s₀², it goes where F is beyond the upper 5 % or the lower 1 % of
//! F(d, d₀). Too little doubt is worse than too much, hence the two sides.

use crate::interval::Pooled;
use crate::quantile::f_tail;
use statrs::function::gamma::digamma;
use wattsmith_domain::SpreadPrior;

/// Windows that a prior counts for at the most.
pub const MOST_PRIOR_WINDOWS: f64 = 8.0;
/// The same where too few sessions came before to see how they vary among themselves.
const FEW_SESSIONS_WINDOWS: f64 = 4.0;
/// Sessions from which on that can be seen.
const LEAST_SESSIONS: usize = 3;
/// What the recorded landscapes that come along show (5 to 11 %, Smyth's s₀ 6.8 % and d₀ 7.8), made weak:
/// they are of other machines. A standard deviation of ln J/unit and the windows that it counts for.
pub const SHIPPED_PRIOR: (f64, f64) = (0.07, 3.0);
/// The session shows more spread than the prior says, and chance would do that in so many cases.
const MORE: f64 = 0.05;
/// The session shows less.
const LESS: f64 = 0.01;

/// How much repeats vary, as far as that is known.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Repeatability {
    /// What intervals are made with; none where nothing is known.
    pub pooled: Option<Pooled>,
    /// What the session itself showed.
    pub own: Option<Pooled>,
    /// Whether the session contradicted its prior, so that the prior went.
    pub dropped: bool,
}

/// What a session showed, and what was known before.
#[must_use]
pub fn repeatability(own: Option<Pooled>, prior: Option<&SpreadPrior>) -> Repeatability {
    combined(own, prior.and_then(sound))
}

/// The same where both are spreads of one thing, whatever it is.
pub(crate) fn combined(own: Option<Pooled>, prior: Option<Pooled>) -> Repeatability {
    let alone = Repeatability {
        pooled: own,
        own,
        dropped: false,
    };
    let Some(prior) = prior else {
        return alone;
    };
    let Some(own) = own else {
        return Repeatability {
            pooled: Some(prior),
            ..alone
        };
    };
    if contradicts(own, prior) {
        return Repeatability {
            dropped: true,
            ..alone
        };
    }
    Repeatability {
        pooled: Some(joined(own, prior)),
        ..alone
    }
}

/// Both together, each by what it is worth.
pub(crate) fn joined(own: Pooled, prior: Pooled) -> Pooled {
    let df = prior.df + own.df;
    let squares = prior.df * prior.sd.powi(2) + own.df * own.sd.powi(2);
    Pooled {
        sd: (squares / df).sqrt(),
        df,
    }
}

fn sound(prior: &SpreadPrior) -> Option<Pooled> {
    let usable = prior.log_sd.is_finite() && prior.log_sd > 0.0 && prior.windows >= 1.0;
    usable.then(|| Pooled {
        sd: prior.log_sd,
        df: prior.windows.min(MOST_PRIOR_WINDOWS),
    })
}

fn contradicts(own: Pooled, prior: Pooled) -> bool {
    let f = (own.sd / prior.sd).powi(2);
    f_tail(f, own.df, prior.df).is_some_and(|above| above < MORE || 1.0 - above < LESS)
}

/// What earlier sessions tell a new one: a standard deviation, and the windows that it counts for. `None`
/// where none of them has a spread.
#[must_use]
pub fn prior_of(sessions: &[Pooled]) -> Option<Pooled> {
    let usable = |one: &&Pooled| one.sd > 0.0 && one.sd.is_finite() && one.df >= 2.0;
    let seen: Vec<&Pooled> = sessions.iter().filter(usable).collect();
    let all: f64 = seen.iter().map(|one| one.df).sum();
    if seen.is_empty() {
        return None;
    }
    if seen.len() < LEAST_SESSIONS {
        let squares: f64 = seen.iter().map(|one| one.df * one.sd.powi(2)).sum();
        return Some(Pooled {
            sd: (squares / all).sqrt(),
            df: all.min(FEW_SESSIONS_WINDOWS),
        });
    }
    let n = seen.len() as f64;
    // ln s² without what chance alone takes from it.
    let levels: Vec<f64> = seen
        .iter()
        .map(|one| 2.0 * one.sd.ln() - digamma(one.df / 2.0) + (one.df / 2.0).ln())
        .collect();
    let mean = levels.iter().sum::<f64>() / n;
    let varies = levels.iter().map(|one| (one - mean).powi(2)).sum::<f64>() / (n - 1.0);
    let by_chance = seen.iter().map(|one| trigamma(one.df / 2.0)).sum::<f64>() / n;
    let half = match varies > by_chance {
        true => inverse_trigamma(varies - by_chance),
        false => f64::INFINITY,
    };
    // One that says less than a single window says nothing; the level still is the best guess.
    let df = (2.0 * half).clamp(1.0, MOST_PRIOR_WINDOWS);
    let shift = match half.is_finite() {
        true => digamma(half) - half.ln(),
        false => 0.0,
    };
    let sd = ((mean + shift) / 2.0).exp();
    sd.is_finite().then_some(Pooled { sd, df })
}

/// The derivative of the digamma function, for positive arguments.
fn trigamma(x: f64) -> f64 {
    let (mut x, mut sum) = (x, 0.0);
    while x < 8.0 {
        sum += 1.0 / (x * x);
        x += 1.0;
    }
    let square = 1.0 / (x * x);
    sum + 1.0 / x + square / 2.0 + square / x * (1.0 / 6.0 - square * (1.0 / 30.0 - square / 42.0))
}

/// Halving is enough: trigamma falls all the way.
fn inverse_trigamma(wanted: f64) -> f64 {
    let (mut low, mut high) = (1e-3, 1e6);
    for _ in 0..200 {
        let middle = f64::sqrt(low * high);
        match trigamma(middle) > wanted {
            true => low = middle,
            false => high = middle,
        }
    }
    f64::sqrt(low * high)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pooled(sd: f64, df: f64) -> Pooled {
        Pooled { sd, df }
    }

    #[test]
    fn trigamma_agrees_with_tables_and_with_its_inverse() {
        let sixth = std::f64::consts::PI.powi(2) / 6.0;
        assert!((trigamma(1.0) - sixth).abs() < 1e-9);
        assert!((trigamma(0.5) - 3.0 * sixth).abs() < 1e-9);
        for x in [0.3, 1.7, 12.0] {
            assert!((inverse_trigamma(trigamma(x)) / x - 1.0).abs() < 1e-9);
        }
    }

    #[test]
    fn the_shipped_prior_is_what_the_landscapes_show_and_weaker() {
        // Spread and degrees of freedom of the recorded landscapes; a test of the tuner holds this list
        // against the files.
        let landscapes = [
            pooled(0.1103, 210.0),
            pooled(0.0671, 210.0),
            pooled(0.0877, 210.0),
            pooled(0.0721, 188.0),
            pooled(0.0578, 17.0),
            pooled(0.0496, 35.0),
        ];
        let seen = prior_of(&landscapes).unwrap();
        assert!((seen.sd - SHIPPED_PRIOR.0).abs() < 0.005, "{seen:?}");
        assert!(SHIPPED_PRIOR.1 < seen.df / 2.0, "{seen:?}");
    }

    #[test]
    fn sessions_that_agree_count_for_eight_windows_and_a_single_one_for_four() {
        let agree =
            prior_of(&[pooled(0.05, 12.0), pooled(0.052, 9.0), pooled(0.048, 15.0)]).unwrap();
        assert_eq!(agree.df, MOST_PRIOR_WINDOWS);
        assert!((agree.sd - 0.05).abs() < 0.004);
        let apart = prior_of(&[pooled(0.02, 12.0), pooled(0.06, 9.0), pooled(0.2, 15.0)]).unwrap();
        assert!(apart.df < 3.0, "{apart:?}");
        assert_eq!(prior_of(&[pooled(0.05, 20.0)]), Some(pooled(0.05, 4.0)));
        assert_eq!(prior_of(&[pooled(0.05, 1.0)]), None);
        assert_eq!(prior_of(&[pooled(0.0, 9.0)]), None);
    }
}
