//! A configuration against the default, during the search.

use crate::CONFIDENCE;
use crate::interval::{Pooled, geometric_mean, ratio};
use wattsmith_domain::{Comparison, Interval, Repeat, Scope, Verdict};

/// Beyond so many further repeats of each side nobody would wait for a verdict.
const MOST_MORE_REPEATS: u32 = 200;

/// Compares a candidate's repeats with the default's, at 95 % confidence.
///
/// - Better or worse only where the whole interval of the ratio lies on one side of 1.
/// - Otherwise not decided, with the seconds that as many further repeats of both would take as the
///   interval needs to come clear of 1, if the present ratio is the true one. Their cost is what
///   the repeats so far took with loading and warm-up. None where [`MOST_MORE_REPEATS`] of each
///   would not do.
/// - An estimate is decided only where the same holds at both ends of its plausible coefficients.
///
/// This is one look at data that chose itself, so it guides the search and never ends it: that is
/// for [`look`](crate::look()). `None` where there is no interval yet, or where the two sides do
/// not cover the same scope.
#[must_use]
pub fn compare(
    candidate: &[Repeat],
    default: &[Repeat],
    pooled: Option<Pooled>,
) -> Option<Comparison> {
    common_scope(candidate.iter().chain(default))?;
    let views = Views::of(candidate, default, pooled)?;
    let centre = views.centre.side();
    let verdict = match &views.ends {
        None => decided(centre).unwrap_or_else(|| Verdict::NotDecided {
            seconds_more: views.centre.seconds_more(candidate, default),
        }),
        Some([low, high]) => {
            let (low_side, high_side) = (low.side(), high.side());
            if centre != Side::Open && low_side == centre && high_side == centre {
                decided(centre).unwrap_or(Verdict::DependsOnEstimate)
            } else if [centre, low_side, high_side] == [Side::Open; 3]
                || (centre == Side::Open && low.leans() == high.leans())
            {
                // The slowest of the three to come clear decides, and none may lean the other way.
                let needs = [&views.centre, low, high];
                let seconds_more = (low.leans() == high.leans())
                    .then(|| {
                        needs
                            .iter()
                            .map(|view| view.seconds_more(candidate, default))
                            .try_fold(0.0, |most: f64, need| need.map(|need| most.max(need)))
                    })
                    .flatten();
                Verdict::NotDecided { seconds_more }
            } else {
                Verdict::DependsOnEstimate
            }
        }
    };
    Some(Comparison {
        ratio: views.centre.ratio,
        verdict,
    })
}

/// The scope that all repeats share; figures of different scope are never compared.
pub(crate) fn common_scope<'a>(repeats: impl IntoIterator<Item = &'a Repeat>) -> Option<Scope> {
    let mut scopes = repeats.into_iter().map(|repeat| repeat.energy.scope);
    let first = scopes.next()?;
    scopes.all(|scope| scope == first).then_some(first)
}

pub(crate) fn gross(repeats: &[Repeat]) -> Vec<f64> {
    repeats.iter().map(Repeat::joules_per_unit).collect()
}

/// J/unit at both ends of the estimate's coefficients, where every repeat is an estimate.
pub(crate) fn ends(repeats: &[Repeat]) -> Option<[Vec<f64>; 2]> {
    let pairs: Option<Vec<(f64, f64)>> = repeats.iter().map(Repeat::estimate_ends).collect();
    let (low, high) = pairs?.into_iter().unzip();
    Some([low, high])
}

/// On which side of the other a configuration lies.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Side {
    Less,
    More,
    Open,
}

fn decided(side: Side) -> Option<Verdict> {
    match side {
        Side::Less => Some(Verdict::Better),
        Side::More => Some(Verdict::Worse),
        Side::Open => None,
    }
}

/// The side on which the whole interval lies at `confidence`; for estimates only where both ends
/// agree. None where it is open.
pub(crate) fn clear_side(
    candidate: &[Repeat],
    other: &[Repeat],
    pooled: Pooled,
    confidence: f64,
) -> Option<Side> {
    let side = |candidate: &[f64], other: &[f64]| {
        ratio(candidate, other, Some(pooled), confidence).map(|ratio| side(&ratio))
    };
    let centre = side(&gross(candidate), &gross(other))?;
    let agree = match (ends(candidate), ends(other)) {
        (Some(own), Some(others)) => own
            .iter()
            .zip(&others)
            .all(|(own, other)| side(own, other) == Some(centre)),
        _ => true,
    };
    (agree && centre != Side::Open).then_some(centre)
}

/// Least number of further repeats of the candidate alone, up to `most`, after which the interval of
/// its ratio to `other` would exclude 1, the present means being kept. None where they would not do.
pub(crate) fn repeats_more(
    candidate: &[Repeat],
    other: &[Repeat],
    pooled: Pooled,
    most: u32,
) -> Option<u32> {
    let other = gross(other);
    let own = gross(candidate);
    let mean = geometric_mean(&own)?;
    (0..=most).find(|more| {
        let pooled = Pooled {
            df: pooled.df + f64::from(*more),
            ..pooled
        };
        let own = vec![mean; own.len() + *more as usize];
        ratio(&own, &other, Some(pooled), CONFIDENCE)
            .is_some_and(|ratio| side(&ratio) != Side::Open)
    })
}

fn side(ratio: &Interval) -> Side {
    if ratio.high < 1.0 {
        Side::Less
    } else if ratio.low > 1.0 {
        Side::More
    } else {
        Side::Open
    }
}

/// The same comparison as stored and, for estimates, at both ends.
struct Views {
    centre: View,
    ends: Option<[View; 2]>,
}

impl Views {
    fn of(candidate: &[Repeat], default: &[Repeat], pooled: Option<Pooled>) -> Option<Self> {
        let centre = View::of(gross(candidate), gross(default), pooled)?;
        let ends = match (ends(candidate), ends(default)) {
            (Some([low, high]), Some([default_low, default_high])) => Some([
                View::of(low, default_low, pooled)?,
                View::of(high, default_high, pooled)?,
            ]),
            _ => None,
        };
        Some(Self { centre, ends })
    }
}

struct View {
    candidate: Vec<f64>,
    default: Vec<f64>,
    pooled: Option<Pooled>,
    ratio: Interval,
}

impl View {
    fn of(candidate: Vec<f64>, default: Vec<f64>, pooled: Option<Pooled>) -> Option<Self> {
        let ratio = ratio(&candidate, &default, pooled, CONFIDENCE)?;
        Some(Self {
            candidate,
            default,
            pooled,
            ratio,
        })
    }

    fn side(&self) -> Side {
        side(&self.ratio)
    }

    /// Where the ratio's mean lies, noise or not.
    fn leans(&self) -> bool {
        self.ratio.mean < 1.0
    }

    fn seconds_more(&self, candidate: &[Repeat], default: &[Repeat]) -> Option<f64> {
        let more = self.repeats_more()?;
        Some(f64::from(more) * (mean_length(candidate)? + mean_length(default)?))
    }

    /// Least number of further repeats of each side after which the interval would exclude 1, the
    /// present means being kept.
    fn repeats_more(&self) -> Option<u32> {
        let (top, bottom) = (
            geometric_mean(&self.candidate)?,
            geometric_mean(&self.default)?,
        );
        let spread = self
            .pooled
            .or_else(|| crate::pooled_log_sd(&[self.candidate.clone(), self.default.clone()]))?;
        let decides = |more: u32| {
            let wider = Pooled {
                sd: spread.sd,
                df: spread.df + 2.0 * f64::from(more),
            };
            let tops = vec![top; self.candidate.len() + more as usize];
            let bottoms = vec![bottom; self.default.len() + more as usize];
            ratio(&tops, &bottoms, Some(wider), CONFIDENCE)
                .is_some_and(|ratio| side(&ratio) != Side::Open)
        };
        if !decides(MOST_MORE_REPEATS) {
            return None;
        }
        // More repeats only ever narrow the interval, so halving finds the least number.
        let (mut short, mut enough) = (0, MOST_MORE_REPEATS);
        while short < enough {
            let middle = (short + enough) / 2;
            if decides(middle) {
                enough = middle;
            } else {
                short = middle + 1;
            }
        }
        Some(enough)
    }
}

/// Seconds that one more repeat takes: window, loading and warm-up.
fn mean_length(repeats: &[Repeat]) -> Option<f64> {
    let total: f64 = repeats
        .iter()
        .map(|repeat| repeat.window.0 + repeat.load.0 + repeat.warm_up.0)
        .sum();
    let mean = total / repeats.len() as f64;
    mean.is_finite().then_some(mean)
}
