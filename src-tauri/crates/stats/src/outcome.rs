//! What a session came to, in the words that terminal, window and report share. Nothing else makes
//! them, so that two sentences about one verdict cannot disagree.
//!
//! The verdict is about one trial, the subject: the confirmed one, else the best. Fresh repeats stand
//! above what the search saw of it, whatever they decided.

use crate::sequential::Rule;
use crate::{Analysis, decide, said};
use serde::{Deserialize, Serialize};
use wattsmith_domain::{
    Confirmation, Decision, Interval, Purpose, SessionRecord, Threshold, Trial, TrialId, Verdict,
};

/// Kinds of outcomes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OutcomeKind {
    /// No trial is complete, or none keeps the constraints.
    Nothing,
    /// One window of the best is all there is: it shows no error.
    OneWindow,
    /// The default alone was measured.
    DefaultOnly,
    /// Others were measured; none is expected to cost less than the default.
    NoSaving,
    /// Others were measured, all of them before the machine changed.
    NothingComparable,
    /// The best that keeps the constraints certainly costs more than the default.
    Worse,
    /// Less was seen in the search, outside the noise; no fresh repeats were measured.
    NotConfirmed,
    /// Fresh repeats were begun and are not finished.
    Unfinished,
    /// Inside the noise, or not decided by fresh repeats.
    NotDecided,
    /// The answer changes with coefficients that nobody measured.
    DependsOnEstimate,
    /// Fresh repeats are below a goal in joules, but not certainly below the default.
    GoalReached,
    /// Fresh repeats are below the default, but not certainly below the goal.
    Less,
    /// Fresh repeats are below the goal and below the default.
    Confirmed,
}

impl OutcomeKind {
    /// The word for it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Nothing => "nothing measured yet",
            Self::OneWindow => "one window only",
            Self::DefaultOnly => "only the default measured",
            Self::NoSaving => "nothing better yet",
            Self::NothingComparable => "the machine changed",
            Self::Worse => "worse",
            Self::NotConfirmed => "not confirmed",
            Self::Unfinished => "confirmation not finished",
            Self::NotDecided => "not decided",
            Self::DependsOnEstimate => "depends on the estimate",
            Self::GoalReached => "goal reached, saving not decided",
            Self::Less => "less, goal not decided",
            Self::Confirmed => "confirmed",
        }
    }

    /// Name in JSON.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Nothing => "nothing",
            Self::OneWindow => "one-window",
            Self::DefaultOnly => "default-only",
            Self::NoSaving => "no-saving",
            Self::NothingComparable => "nothing-comparable",
            Self::Worse => "worse",
            Self::NotConfirmed => "not-confirmed",
            Self::Unfinished => "unfinished",
            Self::NotDecided => "not-decided",
            Self::DependsOnEstimate => "depends-on-estimate",
            Self::GoalReached => "goal-reached",
            Self::Less => "less",
            Self::Confirmed => "confirmed",
        }
    }

    /// What a confirmation came to; none while it goes on. Whoever speaks of a confirmation takes its
    /// word from here, so that the last words of its session cannot be others.
    #[must_use]
    pub fn of_confirmation(confirmation: &Confirmation) -> Option<Self> {
        Some(match confirmation.decision? {
            Decision::Below if saves(confirmation) => Self::Confirmed,
            Decision::Below => Self::GoalReached,
            Decision::NotDecided if saves(confirmation) => Self::Less,
            Decision::NotDecided => Self::NotDecided,
            Decision::DependsOnEstimate => Self::DependsOnEstimate,
        })
    }

    /// Whether fresh repeats decided that less is needed than by the default.
    #[must_use]
    pub fn saves(self) -> bool {
        matches!(self, Self::Confirmed | Self::Less)
    }

    /// Whether fresh repeats decided anything for good: that the goal was reached, or that less is needed
    /// than by the default.
    #[must_use]
    pub fn is_certain(self) -> bool {
        self.is_confirmed() || self.saves()
    }

    /// Whether fresh repeats decided that the goal was reached.
    #[must_use]
    pub fn is_confirmed(self) -> bool {
        matches!(self, Self::Confirmed | Self::GoalReached)
    }
}

/// What a session came to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    /// In kind.
    pub kind: OutcomeKind,
    /// The trial that it is about; none where it is about none beside the default.
    pub trial: Option<TrialId>,
    /// That trial's number.
    pub number: u32,
    /// Its J/unit over the default's: from fresh repeats where they were measured, else of the search.
    pub ratio: Option<Interval>,
    /// Pairs of fresh repeats behind the ratio; none where it is the search's.
    pub pairs: Option<u32>,
    /// Complete trials beside the default that may be compared.
    pub others: u32,
    /// Complete trials from before the machine changed.
    pub stale: u32,
}

impl Outcome {
    /// Works it out from the record and its analysis.
    #[must_use]
    pub fn of(record: &SessionRecord, analysis: &Analysis) -> Self {
        let complete = || {
            let trials = record.trials.iter().zip(&analysis.trials);
            trials.filter(|(one, _)| one.is_complete() && one.purpose != Purpose::Default)
        };
        let count = |stale: bool| {
            let some = complete().filter(|(_, own)| own.stale == stale);
            u32::try_from(some.count()).unwrap_or(u32::MAX)
        };
        let mut outcome = Self {
            kind: OutcomeKind::Nothing,
            trial: None,
            number: 0,
            ratio: None,
            pairs: None,
            others: count(false),
            stale: count(true),
        };
        if let Some((id, ratio)) = &analysis.confirmed {
            let own = analysis.trial(id).and_then(|own| own.judged);
            outcome.kind = own.map_or(OutcomeKind::GoalReached, |judged| judged.kind);
            outcome.about(record.trial(id));
            outcome.ratio = Some(*ratio);
            outcome.pairs = own.map(|judged| judged.pairs);
            return outcome;
        }
        let best = analysis.best.as_ref();
        let Some((trial, own)) = best.and_then(|id| Some((record.trial(id)?, analysis.trial(id)?)))
        else {
            return outcome;
        };
        if trial.purpose == Purpose::Default {
            outcome.kind = match (outcome.others, outcome.stale) {
                (0, 0) => OutcomeKind::DefaultOnly,
                (0, _) => OutcomeKind::NothingComparable,
                _ => OutcomeKind::NoSaving,
            };
            return outcome;
        }
        outcome.about(Some(trial));
        outcome.ratio = own.comparison.map(|comparison| comparison.ratio);
        if let Some(judged) = own.judged {
            outcome.kind = judged.kind;
            outcome.ratio = judged.ratio.or(outcome.ratio);
            outcome.pairs = judged.ratio.map(|_| judged.pairs);
        } else if let Some(open) = unfinished(record, trial) {
            outcome.kind = OutcomeKind::Unfinished;
            let pairs = open.best.len().min(open.default.len());
            outcome.pairs = Some(u32::try_from(pairs).unwrap_or(u32::MAX));
            outcome.ratio = open.ratio;
        } else {
            outcome.kind = match own.comparison.map(|comparison| comparison.verdict) {
                None => OutcomeKind::OneWindow,
                Some(Verdict::Reference) => OutcomeKind::NoSaving,
                Some(Verdict::Better) => OutcomeKind::NotConfirmed,
                Some(Verdict::Worse) => OutcomeKind::Worse,
                Some(Verdict::NotDecided { .. }) => OutcomeKind::NotDecided,
                Some(Verdict::DependsOnEstimate) => OutcomeKind::DependsOnEstimate,
            };
        }
        // Another trial would be the best at the other end: nothing is said of this one, unless fresh
        // repeats of it said something, which stands above that.
        let searched = own.judged.is_none() && outcome.kind != OutcomeKind::Unfinished;
        if analysis.best_depends_on_estimate && searched && outcome.kind != OutcomeKind::OneWindow {
            outcome.kind = OutcomeKind::DependsOnEstimate;
        }
        outcome
    }

    /// Where the settings that this is about are not those of the lowest figure: why, in a whole sentence.
    #[must_use]
    pub fn beside_lowest(&self, record: &SessionRecord, analysis: &Analysis) -> Option<String> {
        let (best, lowest) = (analysis.best.as_ref()?, analysis.lowest.as_ref()?);
        let is_best = match self.kind {
            OutcomeKind::NoSaving => record.default_trial().is_some_and(|one| one.id == *best),
            _ => self.trial.as_ref() == Some(best),
        };
        if best == lowest || !is_best {
            return None;
        }
        let (own, other) = (analysis.trial(best)?, analysis.trial(lowest)?);
        let unit = record.session.workload.unit.noun();
        let subject = match self.kind {
            OutcomeKind::NoSaving => "the default".to_owned(),
            _ => format!("trial {}", own.number),
        };
        Some(format!(
            "Trial {} showed the lowest figure, {} J/{unit}. By a model of all trials {subject} is \
             expected to need less, {} against {} J/{unit}: the lowest of several figures is low by \
             luck as well.",
            other.number,
            said::number(other.mean?),
            said::number(own.expected?),
            said::number(other.expected?),
        ))
    }

    fn about(&mut self, trial: Option<&Trial>) {
        self.trial = trial.map(|one| one.id.clone());
        self.number = trial.map_or(0, |one| one.number);
    }

    /// Such as `confirmed: 20.2 % less than the default`, or
    /// `depends on the estimate: 11 fresh pairs showed 11.6 % less than the default`; without a full
    /// stop.
    #[must_use]
    pub fn words(&self) -> String {
        let word = self.kind.word();
        match self.detail() {
            Some(detail) => format!("{word}: {detail}"),
            None => word.to_owned(),
        }
    }

    /// What stands behind the word, such as `11 fresh pairs showed 11.6 % less than the default`; none
    /// where the word says it all.
    #[must_use]
    pub fn detail(&self) -> Option<String> {
        match self.kind {
            OutcomeKind::Nothing
            | OutcomeKind::OneWindow
            | OutcomeKind::DefaultOnly
            | OutcomeKind::NoSaving => None,
            OutcomeKind::NothingComparable => {
                Some("nothing was measured since that could be compared".to_owned())
            }
            OutcomeKind::Confirmed | OutcomeKind::Worse => Some(self.change()),
            OutcomeKind::Less => Some(match (self.seen(), self.ratio) {
                (Some(seen), Some(ratio)) => format!("{seen}, at least {}", said::size(ratio.high)),
                _ => self.change(),
            }),
            _ => self.seen(),
        }
    }

    /// What was seen, and where: `11 fresh pairs showed 11.6 % less than the default`.
    fn seen(&self) -> Option<String> {
        match (self.pairs, self.ratio) {
            (Some(pairs), Some(_)) => {
                let pairs = match pairs {
                    1 => "one fresh pair".to_owned(),
                    many => format!("{many} fresh pairs"),
                };
                Some(format!("{pairs} showed {}", self.change()))
            }
            (Some(pairs), None) => Some(match pairs {
                0 => "no fresh pair yet".to_owned(),
                1 => "one fresh pair so far".to_owned(),
                many => format!("{many} fresh pairs so far"),
            }),
            (None, Some(_)) => {
                let noise = match self.kind {
                    OutcomeKind::NotConfirmed => ", outside the noise",
                    OutcomeKind::NotDecided => ", inside the noise",
                    _ => "",
                };
                Some(format!("{} in the search{noise}", self.change()))
            }
            (None, None) => None,
        }
    }

    /// `20.2 % less than the default`.
    fn change(&self) -> String {
        let ratio = self.ratio.map_or(1.0, |ratio| ratio.mean);
        format!("{} than the default", said::less_or_more(ratio))
    }

    /// Why no more than that may be said, in a whole sentence about the trial; empty where it is not
    /// about one.
    #[must_use]
    pub fn why(&self) -> &'static str {
        match self.kind {
            OutcomeKind::Confirmed => {
                "Fresh repeats of it and of the default have confirmed that it is below the goal."
            }
            OutcomeKind::GoalReached => {
                "Fresh repeats of it and of the default put it below the goal, but not certainly \
                 below the default."
            }
            OutcomeKind::Less => {
                "Fresh repeats of it and of the default put it certainly below the default, but not \
                 certainly below the goal."
            }
            OutcomeKind::NotDecided if self.pairs.is_some() => {
                "Fresh repeats of it and of the default did not confirm the goal."
            }
            OutcomeKind::NotDecided => "What was seen of it lies inside the noise.",
            OutcomeKind::DependsOnEstimate => {
                "No power sensor was read, and within the plausible idle and busy watts of a \
                 machine like this the answer changes."
            }
            OutcomeKind::Unfinished => "Its confirmation by fresh repeats was not finished.",
            OutcomeKind::NotConfirmed => {
                "No fresh repeats confirmed it, and the best of several trials always looks \
                 somewhat better than it is."
            }
            OutcomeKind::OneWindow => "One window alone shows no error.",
            OutcomeKind::Worse => {
                "It is the best that keeps the constraints, and it certainly needs more energy than \
                 the default."
            }
            OutcomeKind::NothingComparable => {
                "The machine changed while the session ran, and nothing beside the default has been \
                 measured since."
            }
            OutcomeKind::Nothing | OutcomeKind::DefaultOnly | OutcomeKind::NoSaving => "",
        }
    }
}

/// The confirmation of a trial that was begun and not finished.
fn unfinished<'a>(record: &'a SessionRecord, trial: &Trial) -> Option<&'a Confirmation> {
    let confirmations = record.confirmations.iter().rev();
    let mut own = confirmations.filter(|one| one.trial == trial.id);
    own.find(|one| one.decision.is_none())
}

/// Whether a confirmation's own repeats show any saving at all: at both ends of an estimate's
/// coefficients too.
fn saves(confirmation: &Confirmation) -> bool {
    let any = Threshold::PercentBelowDefault { percent: 1e-9 };
    decide(
        &confirmation.best,
        &confirmation.default,
        any,
        confirmation.alpha,
        Rule::of(confirmation).known(confirmation).as_ref(),
    )
    .is_some_and(|(_, decision)| decision == Decision::Below)
}
