//! How much the log ratio of two windows that follow each other varies: what a confirmation's pairs are made of.
//!
//! Repeats of one setting over a whole session vary by slow drift, too; two neighbours share it. So the spread of
//! pairs is taken from neighbours: of one trial's windows, each with a launch of its own, by their successive
//! differences (von Neumann, *Annals of Mathematical Statistics* 12, 1941), and of finished confirmations by their
//! ratios. Differences that share a window are correlated: those of m windows are worth
//! 2(m−1)²/(3m−4) degrees of freedom. All of them are joined as Satterthwaite (*Biometrics Bulletin* 2, 1946) does.

use super::prior::{MOST_PRIOR_WINDOWS, combined, joined};
use crate::basis::Basis;
use crate::compare::common_scope;
use crate::interval::{Logs, Pooled};
use wattsmith_domain::{Confirmation, PairSpread, Purpose, Repeat, SessionRecord};

/// Pairs that what was known before a session counts for beside the session's own: another model or load may have
/// been behind it, and a spread taken too small stops falsely.
const MOST_BEFORE: f64 = 3.0;

/// Sums of squares of the same variance, each known with so many degrees of freedom.
#[derive(Default)]
struct Sums {
    squares: f64,
    /// What the squares are expected to be, in units of the variance.
    expected: f64,
    /// Σ expected² / degrees of freedom.
    doubt: f64,
}

impl Sums {
    fn add(&mut self, squares: f64, expected: f64, df: f64) {
        self.squares += squares;
        self.expected += expected;
        self.doubt += expected * expected / df;
    }

    fn spread(&self) -> Option<Pooled> {
        let df = self.expected * self.expected / self.doubt;
        (df >= 1.0 && self.squares > 0.0).then(|| Pooled {
            sd: (self.squares / self.expected).sqrt(),
            df,
        })
    }
}

/// The spread of the log ratio of neighbours in a session, from trials and finished confirmations. `None` where
/// nothing shows it yet.
#[must_use]
pub fn adjacent_spread(record: &SessionRecord) -> Option<Pooled> {
    let basis = Basis::of(record);
    let scope = common_scope(basis.default().as_ref());
    let same = |one: &Repeat, next: &Repeat| {
        let scopes = [one, next].map(|repeat| Some(repeat.energy.scope));
        basis.era(one) == basis.era(next) && (scope.is_none() || scopes == [scope; 2])
    };
    let mut sums = Sums::default();
    for trial in &record.trials {
        let planned = record.session.repeats as usize;
        // Later windows of the default have other trials between them.
        let windows = match trial.purpose {
            Purpose::Default => &trial.repeats[..planned.min(trial.repeats.len())],
            Purpose::Proposal => &trial.repeats[..],
        };
        for run in windows.chunk_by(|one, next| !disturbed(one, next) && same(one, next)) {
            add_run(&mut sums, run);
        }
    }
    let finished = record.confirmations.iter();
    for confirmation in finished.filter(|one| one.decision.is_some() && basis.counts(one)) {
        add_pairs(&mut sums, confirmation, same);
    }
    sums.spread()
}

fn disturbed(one: &Repeat, next: &Repeat) -> bool {
    one.is_disturbed() || next.is_disturbed()
}

fn add_run(sums: &mut Sums, run: &[Repeat]) {
    let logs: Vec<f64> = run.iter().map(|one| one.joules_per_unit().ln()).collect();
    let squares: f64 = logs.windows(2).map(|two| (two[1] - two[0]).powi(2)).sum();
    let steps = logs.len() as f64 - 1.0;
    if steps >= 1.0 && squares.is_finite() {
        let df = 2.0 * steps * steps / (3.0 * steps - 1.0);
        sums.add(squares, steps, df);
    }
}

fn add_pairs(
    sums: &mut Sums,
    confirmation: &Confirmation,
    same: impl Fn(&Repeat, &Repeat) -> bool,
) {
    let pairs = confirmation.best.iter().zip(&confirmation.default);
    let ratios: Vec<f64> = pairs
        .filter(|(best, default)| !disturbed(best, default) && same(best, default))
        .map(|(best, default)| best.joules_per_unit() / default.joules_per_unit())
        .collect();
    if let Some(logs) = Logs::of(&ratios).filter(|logs| logs.n >= 2.0) {
        sums.add(logs.squares, logs.n - 1.0, logs.n - 1.0);
    }
}

/// What a confirmation that begins now takes the spread of its pairs to be: what was known before the session,
/// and what its own neighbours have shown since, joined and dropped by the same rule as repeatability
/// ([`super::repeatability`]). It counts for [`MOST_PRIOR_WINDOWS`] at the most. `None` in a session of before,
/// which knew nothing of its noise.
///
/// Where nothing is known of neighbours beforehand, they are taken to vary as windows far apart do, which is
/// too much rather than too little.
#[must_use]
pub fn pair_spread(record: &SessionRecord) -> Option<PairSpread> {
    let noise = record.session.noise.as_ref()?;
    let before = noise.pairs.unwrap_or(PairSpread {
        log_sd: noise.prior.log_sd * std::f64::consts::SQRT_2,
        windows: noise.prior.windows,
    });
    let before = PairSpread {
        windows: before.windows.min(MOST_BEFORE),
        ..before
    };
    let all = combined(adjacent_spread(record), sound(&before)).pooled?;
    Some(PairSpread {
        log_sd: all.sd,
        windows: all.df.min(MOST_PRIOR_WINDOWS),
    })
}

/// The spread of pairs by their own figures and by what was known before; none where neither tells. It goes where
/// the pairs vary by more, as a prior of repeatability does; where they vary by less it stays, since few pairs
/// that happen to be alike would else be taken at their word just then.
pub(crate) fn known_spread(own: Option<Pooled>, known: Option<&PairSpread>) -> Option<Pooled> {
    let known = known.and_then(sound);
    let less = own.zip(known).is_some_and(|(own, known)| own.sd < known.sd);
    match less {
        true => own.zip(known).map(|(own, known)| joined(own, known)),
        false => combined(own, known).pooled,
    }
}

fn sound(known: &PairSpread) -> Option<Pooled> {
    let usable = known.log_sd.is_finite() && known.log_sd > 0.0 && known.windows >= 1.0;
    usable.then(|| Pooled {
        sd: known.log_sd,
        df: known.windows.min(MOST_PRIOR_WINDOWS),
    })
}
