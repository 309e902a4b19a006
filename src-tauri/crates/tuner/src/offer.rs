//! What an LLM may choose from in one turn: nothing in particular, a handful of sensible settings for
//! a small model, or the short list of the surrogate for `guided`.

use crate::next::{spent, trials_used};
use crate::prompt;
use crate::proposals::{context, observations};
use wattsmith_chat::{Choice, Expected, ParsedReply, ReplyForm, settings};
use wattsmith_domain::{Advisor, Configuration, Connection, ParameterSpace, SessionRecord};
use wattsmith_search::{Candidate, MOST_ENTRIES, OFFERED_SHARE, Pool, Surrogate, shortlist};
use wattsmith_stats::Analysis;

/// Entries that a small local model may choose from.
const SHORTLIST: usize = 8;

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
        let local = matches!(session.connection, Some(Connection::Local { .. }));
        let spent = spent(record);
        if session.advisor == Advisor::Guided {
            let expected = surrogate(record, pool).shortlist(&spent, MOST_ENTRIES);
            return Self {
                entries: expected
                    .iter()
                    .map(|one| one.configuration.clone())
                    .collect(),
                expected,
                // A small model chooses better than it invents.
                open: !local,
            };
        }
        if !local {
            return Self::default();
        }
        let seed = session
            .seed
            .wrapping_add(u64::from(trials_used(record)));
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
        for (choice, own) in choices.iter_mut().zip(&self.expected) {
            choice.expected = Some(Expected {
                joules: own.expected,
                low: own.low,
                high: own.high,
                reason: own.reason.clone(),
            });
        }
        choices
    }

    /// Holds what was chosen to the measure of the short list, where there is one: what somebody
    /// brings instead of an entry has to promise at least [`OFFERED_SHARE`] of the first one's gain.
    ///
    /// # Errors
    /// What to tell the LLM.
    pub fn allow(
        &self,
        record: &SessionRecord,
        pool: &Pool,
        parsed: ParsedReply,
    ) -> Result<ParsedReply, String> {
        if self.expected.is_empty() || self.entries.contains(&parsed.configuration) {
            return Ok(parsed);
        }
        let own = surrogate(record, pool).judge(&parsed.configuration, &spent(record));
        match own {
            Some(own) if own.promise < OFFERED_SHARE => Err(format!(
                "{} promises too little: the model of the trials expects {:.3} J ({:.3} to {:.3}) of \
                 it. Choose an entry of the list, or argue for something nearer to the best",
                settings(&parsed.configuration, &record.session.space),
                own.expected,
                own.low,
                own.high,
            )),
            _ => Ok(parsed),
        }
    }
}

/// The surrogate, told all that the record teaches.
pub(crate) fn surrogate(record: &SessionRecord, pool: &Pool) -> Surrogate {
    let mut surrogate = Surrogate::new(pool, context(record), record.session.seed);
    for one in observations(record) {
        wattsmith_search::NumericAdvisor::tell(&mut surrogate, one);
    }
    surrogate
}
