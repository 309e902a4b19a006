//! How good predictions were: what was foretold of trials beside what they showed.
//!
//! What came is held against what was foretold, never the other way round. The typical miss is the median of
//! |measured/foretold − 1|: one wild guess says little of the others. Whether they lean to one side is a
//! t-test of the mean of ln(measured/foretold), at 95 %. Beside it stands what somebody would have missed by
//! who says every time that nothing changes: as much as that is no knowledge.

use crate::{Analysis, CONFIDENCE, TrialAnalysis, interval, said};
use wattsmith_domain::{Interval, Proposal, SessionRecord, Trial, TrialId};

/// Fewer predictions than this are told one by one, and lean nowhere.
const LEAST: usize = 3;

/// One prediction and what came.
#[derive(Debug, Clone, PartialEq)]
pub struct Foretold {
    /// Of which trial.
    pub trial: TrialId,
    /// Its number.
    pub number: u32,
    /// J/unit that were foretold.
    pub predicted: f64,
    /// J/unit that the trial showed.
    pub measured: f64,
    /// Whether what was foretold lies in the trial's 95 % interval; none where it has none.
    pub inside: Option<bool>,
}

impl Foretold {
    /// Of a trial, where something was foretold of it and something measured.
    fn of(trial: &Trial, own: &TrialAnalysis) -> Option<Self> {
        let predicted = own.predicted.filter(|one| one.is_finite() && *one > 0.0)?;
        let seen = own.joules_per_unit;
        Some(Self {
            trial: trial.id.clone(),
            number: trial.number,
            predicted,
            measured: own.mean?,
            inside: seen.map(|seen| (seen.low..=seen.high).contains(&predicted)),
        })
    }

    /// Measured over foretold.
    #[must_use]
    pub fn ratio(&self) -> f64 {
        self.measured / self.predicted
    }

    /// What came: `6.1 % more than predicted`.
    #[must_use]
    pub fn words(&self) -> String {
        said::than_predicted(self.ratio())
    }
}

/// What a trial showed against what was predicted of it, in words; none where either is missing. Window,
/// terminal, report and feedback all say this.
#[must_use]
pub fn than_predicted(trial: &Trial, own: &TrialAnalysis) -> Option<String> {
    Foretold::of(trial, own).map(|one| one.words())
}

/// All predictions of somebody that came to a figure.
#[derive(Debug, Clone, PartialEq)]
pub struct TrackRecord {
    /// In the order of the trials; at least one.
    pub each: Vec<Foretold>,
    /// The typical miss as a fraction.
    pub miss: f64,
    /// The same of saying every time what the default shows; none without a default.
    pub unchanged: Option<f64>,
    /// Mean ratio of measured to foretold, 95 %; none for fewer than three.
    pub lean: Option<Interval>,
}

impl TrackRecord {
    /// The predictions of those proposals that are meant. What was measured before the machine changed, or
    /// beside others, tells nothing of them. None where no prediction came to a figure.
    #[must_use]
    pub fn of(
        record: &SessionRecord,
        analysis: &Analysis,
        is_meant: impl Fn(&Proposal) -> bool,
    ) -> Option<Self> {
        let proposal = |trial: &Trial| {
            let mut proposals = record.proposals.iter();
            proposals.find(|one| Some(&one.id) == trial.proposal.as_ref())
        };
        let trials = record.trials.iter().zip(&analysis.trials);
        let each: Vec<Foretold> = trials
            .filter(|(trial, own)| trial.is_complete() && !own.stale && !own.too_busy)
            .filter(|(trial, _)| proposal(trial).is_some_and(&is_meant))
            .filter_map(|(trial, own)| Foretold::of(trial, own))
            .collect();
        let ratios: Vec<f64> = each.iter().map(Foretold::ratio).collect();
        let unchanged = analysis.default.and_then(|default| {
            let each = each.iter().map(|one| one.measured / default.mean);
            typical(&each.collect::<Vec<f64>>())
        });
        Some(Self {
            miss: typical(&ratios)?,
            unchanged,
            lean: match ratios.len() >= LEAST {
                true => interval(&ratios, None, CONFIDENCE),
                false => None,
            },
            each,
        })
    }

    /// In whole sentences.
    #[must_use]
    pub fn words(&self) -> String {
        if let [only] = &self.each[..] {
            return format!("One prediction: {}.", only.words());
        }
        let mut words = format!(
            "{} predictions, typically {} off.",
            self.each.len(),
            said::size(1.0 + self.miss)
        );
        if let Some(unchanged) = self.unchanged {
            let size = said::size(1.0 + unchanged);
            let nearer = unchanged < self.miss && size != said::size(1.0 + self.miss);
            words += &match nearer {
                true => format!(
                    " Saying “as the default” every time would have been nearer: {size} off."
                ),
                false => {
                    format!(" Saying “as the default” every time would have been {size} off.")
                }
            };
        }
        if let Some(lean) = self.lean {
            if lean.low > 1.0 {
                words += " They promise too much: what came needed more.";
            } else if lean.high < 1.0 {
                words += " They promise too little: what came needed less.";
            }
        }
        words
    }
}

/// The median of |ratio − 1|; none for none.
fn typical(ratios: &[f64]) -> Option<f64> {
    let mut misses: Vec<f64> = ratios.iter().map(|ratio| (ratio - 1.0).abs()).collect();
    misses.sort_by(f64::total_cmp);
    let middle = misses.len() / 2;
    let median = match misses.len() % 2 {
        1 => *misses.get(middle)?,
        _ => (misses.get(middle.checked_sub(1)?)? + misses.get(middle)?) / 2.0,
    };
    median.is_finite().then_some(median)
}
