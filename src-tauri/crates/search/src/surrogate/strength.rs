//! The kernel of a field: an effect per knob and per pair of knobs, each as strong as was fitted.

use crate::features::Knob;
use crate::gaussian::matern;

/// Length scale of one knob's effect, its levels lying between 0 and 1.
const LENGTH: f64 = 0.8;
/// Part of that effect that belongs to a level alone and says nothing about those beside it: levels
/// also act in steps, as where threads outnumber the cores.
const STEP: f64 = 0.3;
/// Two knobs of this reach are thought to interact most, and further reaching ones no more than that,
/// or the corners of the space would promise wonders.
const FULL_INTERACTION: f64 = 0.2;
/// What such two do together, as a share of what each does alone.
const TOGETHER: f64 = 0.35;
/// How freely all reaches together move from the usual, as a standard deviation of their logarithm.
const FREEDOM_OF_ALL: f64 = 1.0;
/// The same of one knob beside the others.
const FREEDOM: f64 = 0.3;

/// How far each knob reaches: what is fitted.
#[derive(Debug, Clone)]
pub(super) struct Strength(Vec<f64>);

impl Strength {
    /// `at` in standard deviations from the usual: of all knobs together, then of each.
    pub(super) fn of(usual: &[f64], at: &[f64]) -> Self {
        let all = FREEDOM_OF_ALL * at[0];
        let reaches = usual.iter().zip(&at[1..]);
        Self(
            reaches
                .map(|(usual, at)| usual * (all + FREEDOM * at).exp())
                .collect(),
        )
    }

    pub(super) fn share(&self, knob: usize, alike: f64) -> Share {
        let reach = self.0[knob];
        let paired = reach.min(FULL_INTERACTION).powi(2) * alike / FULL_INTERACTION;
        let paired = paired * TOGETHER * std::f64::consts::FRAC_1_SQRT_2;
        Share {
            alone: reach * reach * alike - paired * paired,
            paired,
        }
    }
}

/// What two levels of one knob have in common. Summed over the knobs it gives the covariance, since
/// (Σ pᵢ)² − Σ pᵢ² is twice the sum of pᵢ·pⱼ over all pairs: no need to go through them.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Share {
    alone: f64,
    paired: f64,
}

pub(super) fn covariance(shares: impl Iterator<Item = Share>) -> f64 {
    let (alone, paired) = shares.fold((0.0, 0.0), |(alone, paired), share| {
        (alone + share.alone, paired + share.paired)
    });
    alone + paired * paired
}

/// How alike two settings of a knob act, in units of its reach squared: a kernel that is 0 wherever
/// one of the two is at the default.
pub(super) fn alike(knob: &Knob, a: f64, b: f64, origin: f64) -> f64 {
    if a == origin || b == origin {
        return 0.0;
    }
    kernel(knob, a, b) - kernel(knob, a, origin) - kernel(knob, origin, b) + 1.0
}

fn kernel(knob: &Knob, one: f64, other: f64) -> f64 {
    let distance = knob.distance(one, other);
    if knob.words() > 0 {
        // Two other words share half of what sets them apart from the default.
        1.0 - 0.5 * distance
    } else {
        let same = f64::from(u8::from(one == other));
        (1.0 - STEP) * matern(distance / LENGTH) + STEP * same
    }
}
