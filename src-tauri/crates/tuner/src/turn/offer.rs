//! What an LLM may choose from in one turn: nothing in particular, a handful of sensible settings for
//! a small model, the short list of the surrogate for `guided`, or what a landscape holds.

use crate::session::next::{spent, trials_used};
use crate::session::words;
use crate::turn::prompt;
use crate::turn::proposals::{context, observations};
use std::collections::BTreeSet;
use wattsmith_chat::{Choice, Expected, ParsedReply, ReplyForm, settings};
use wattsmith_domain::{
    Advisor, Configuration, Connection, ParameterSpace, Session, SessionRecord,
};
use wattsmith_search::{
    Candidate, LEAST_RISK, MOST_ENTRIES, OFFERED_SHARE, Pool, Surrogate, shortlist,
};
use wattsmith_stats::Analysis;

/// Entries that a small local model may choose from.
const SHORTLIST: usize = 8;
/// Least promise of what such a model may choose from the surrogate's list, as a share of the first
/// entry's: it chooses for reasons of its own, so that any choice has to be about as good.
const SMALL_MODEL_SHARE: f64 = 0.8;

/// What stands between the surrogate's reason and a small model's own.
pub(crate) const IN_ITS_WORDS: &str = "In the chat model's words: ";

/// What may be chosen. Derived from the record, so a prompt shown twice shows the same.
#[derive(Debug, Clone, Default)]
pub(crate) struct Offer {
    /// Untried valid configurations; empty where the choice is free.
    pub entries: Vec<Configuration>,
    /// What the surrogate expects of each; empty where it was not asked.
    pub expected: Vec<Candidate>,
    /// Whether something else may be argued for.
    pub open: bool,
}

impl Offer {
    /// For the next proposal of a session, out of `pool`.
    pub fn of(record: &SessionRecord, analysis: &Analysis, pool: &Pool) -> Self {
        let session = &record.session;
        let local = is_small(session);
        let spent = spent(record);
        if session.advisor == Advisor::Guided {
            let mut expected = surrogate(record, pool).shortlist(&spent, MOST_ENTRIES);
            if local {
                expected.retain(|one| one.promise >= SMALL_MODEL_SHARE);
            }
            return Self {
                entries: expected
                    .iter()
                    .map(|one| one.configuration.clone())
                    .collect(),
                expected,
                // A small model chooses better than it invents, and a landscape hardly ever holds
                // what somebody invents.
                open: !local && !pool.is_listed(),
            };
        }
        let seed = session.seed.wrapping_add(u64::from(trials_used(record)));
        if !local {
            return Self {
                entries: pool.left(&spent, seed).unwrap_or_default(),
                ..Self::default()
            };
        }
        Self {
            entries: shortlist(
                pool,
                &prompt::base(record, analysis),
                &spent,
                SHORTLIST,
                seed,
            ),
            ..Self::default()
        }
    }

    /// What a reply may hold.
    pub fn form(&self) -> ReplyForm<'_> {
        ReplyForm::of(&self.entries, self.open)
    }

    /// The entries as a prompt shows them.
    pub fn choices(&self, space: &ParameterSpace) -> Vec<Choice> {
        let mut choices = Choice::number(&self.entries, space);
        // A prompt is read by the token: what was said of one entry is not said again of the next.
        let mut said = BTreeSet::new();
        for (choice, own) in choices.iter_mut().zip(&self.expected) {
            let new = !own.because.is_empty() && said.insert(own.because.as_str());
            choice.expected = Some(Expected {
                joules: own.expected,
                low: own.low,
                high: own.high,
                promise_percent: own.promise * 100.0,
                risk_percent: (own.risk >= LEAST_RISK).then_some(own.risk * 100.0),
                because: new.then(|| own.because.clone()),
            });
        }
        choices
    }

    /// Holds what was chosen to the measure of the short list, where there is one: what somebody
    /// brings instead of an entry has to promise at least [`OFFERED_SHARE`] of the first one's gain.
    /// What the reply leaves unsaid, expectation and reason, is the surrogate's; and a small model's
    /// reason stands behind the surrogate's, since it is often no more than words.
    ///
    /// # Errors
    /// What to tell the LLM.
    pub fn allow(
        &self,
        record: &SessionRecord,
        pool: &Pool,
        mut parsed: ParsedReply,
    ) -> Result<ParsedReply, String> {
        wattsmith_fail_points::fail_point!("tuner::offer::allowed", "fail point".to_owned());
        let Some(first) = self.expected.first() else {
            return Ok(parsed);
        };
        let chosen = &parsed.configuration;
        let entry = self
            .expected
            .iter()
            .find(|one| one.configuration == *chosen);
        let own = match entry {
            Some(entry) => entry.clone(),
            None => surrogate(record, pool)
                .judge(chosen, &spent(record))
                .ok_or("it was tried already; propose something untried")?,
        };
        if entry.is_none() && own.promise < OFFERED_SHARE {
            let space = &record.session.space;
            return Err(format!(
                "{} promises too little: the model of the trials expects {} J of it ({} to {}), and \
                 {} of {}. Choose an entry of the list, or argue for something nearer to the best",
                settings(chosen, space),
                words::figure(own.expected),
                words::figure(own.low),
                words::figure(own.high),
                words::figure(first.expected),
                settings(&first.configuration, space),
            ));
        }
        parsed.predicted = parsed.predicted.or(Some(own.expected));
        if parsed.reason.is_empty() {
            parsed.reason = own.reason;
        } else if is_small(&record.session) {
            parsed.reason = format!("{} {IN_ITS_WORDS}{}", own.reason, parsed.reason);
        }
        Ok(parsed)
    }
}

/// Whether a small model is asked: a local one has to fit beside what is tuned.
pub(crate) fn is_small(session: &Session) -> bool {
    matches!(session.connection, Some(Connection::Local { .. }))
}

/// The surrogate, told all that the record teaches.
pub(crate) fn surrogate(record: &SessionRecord, pool: &Pool) -> Surrogate {
    let mut surrogate = Surrogate::new(pool, context(record), record.session.seed);
    for one in observations(record) {
        wattsmith_search::NumericAdvisor::tell(&mut surrogate, one);
    }
    surrogate
}

#[cfg(test)]
mod tests {
    use super::*;
    use wattsmith_testkit::fixtures;

    #[test]
    fn a_small_models_reason_stands_behind_the_one_with_figures() {
        let mut record = fixtures::measured();
        record.session.advisor = Advisor::Guided;
        let pool = Pool::from(&record.session.space);
        let reason = |record: &SessionRecord| {
            let offer = Offer::of(record, &Analysis::of(record), &pool);
            let first = offer.expected[0].clone();
            let parsed = ParsedReply {
                configuration: first.configuration,
                choice: Some(1),
                reason: "It saves 100 %.".to_owned(),
                knob_reasons: Default::default(),
                predicted: None,
            };
            let allowed = offer.allow(record, &pool, parsed).unwrap();
            (first.reason, allowed.reason)
        };
        record.session.connection = Some(Connection::Local {
            model: "small.gguf".to_owned(),
        });
        let (figures, said) = reason(&record);
        assert_eq!(
            said,
            format!("{figures} In the chat model's words: It saves 100 %.")
        );
        record.session.connection = Some(Connection::Paste);
        assert_eq!(reason(&record).1, "It saves 100 %.");
    }
}
