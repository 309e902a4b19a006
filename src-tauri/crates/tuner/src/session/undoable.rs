//! What is offered once a winner is confirmed: to undo each of its changes by itself. Worked out from the record
//! alone, as what comes next is.

use crate::measuring::undo::UNDO_MINUTES;
use crate::session::next::trials_used;
use crate::session::outlook::Outlooks;
use wattsmith_domain::{SessionRecord, Trial, TrialState};
use wattsmith_stats::Analysis;

/// Pairs of a change that usually decide it, where it is worth something; the most are 20.
const USUAL_PAIRS: f64 = 8.0;
/// What undoing is expected to take where no window tells: one minute.
const UNKNOWN_S: f64 = 60.0;

/// What undoing is going to be, begun or gone on with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UndoOffer {
    /// Number of the winner's trial.
    pub trial: u32,
    /// Changes that are not decided; 0 where the simpler settings alone wait to be confirmed.
    pub changes: u32,
    /// Minutes that usually decide them.
    pub minutes: u32,
    /// Whether some of it is done.
    pub begun: bool,
}

impl UndoOffer {
    /// None without a confirmed winner of several changes (a single one is what the confirmation was about), and
    /// once everything is known.
    #[must_use]
    pub fn of(record: &SessionRecord, analysis: &Analysis) -> Option<Self> {
        // A winner of elsewhere was confirmed on another machine.
        if record.session.example || record.session.imported_at.is_some() {
            return None;
        }
        let winner = winner(record, analysis)?;
        let open = match &record.undoing {
            Some(undoing) => {
                let open = undoing.changes.iter().filter(|one| one.verdict.is_none());
                open.count()
            }
            None => {
                let default = record.session.space.default_configuration();
                let changes = winner
                    .configuration
                    .changes_from(&default, &record.session.space);
                Some(changes.len()).filter(|all| *all > 1)?
            }
        };
        if open == 0 && !simpler_waits(record, winner) {
            return None;
        }
        Some(Self {
            trial: winner.number,
            changes: u32::try_from(open).unwrap_or(u32::MAX),
            minutes: minutes(record, open),
            begun: record.undoing.is_some(),
        })
    }
}

/// The confirmed winner: the one whose changes are being undone, else the best confirmed.
pub(crate) fn winner<'a>(record: &'a SessionRecord, analysis: &Analysis) -> Option<&'a Trial> {
    let begun = record.undoing.as_ref().map(|one| &one.trial);
    let confirmed = analysis.confirmed.as_ref().map(|(id, _)| id);
    record.trial(begun.or(confirmed)?)
}

/// Whether there are simpler settings that nothing fresh was decided about.
fn simpler_waits(record: &SessionRecord, winner: &Trial) -> bool {
    let Some(undoing) = &record.undoing else {
        return false;
    };
    let settings = undoing.simpler(&winner.configuration);
    if settings.is_none_or(|one| record.session.space.check(&one).is_err()) {
        return false;
    }
    let trial = undoing.simpler.as_ref().and_then(|id| record.trial(id));
    // Settings that cannot run are no simpler ones.
    if trial.is_some_and(|one| matches!(one.state, TrialState::Failed { .. })) {
        return false;
    }
    let decided = |trial: &Trial| {
        let mut of_it = record
            .confirmations
            .iter()
            .filter(|one| one.trial == trial.id);
        of_it.any(|one| one.decision.is_some())
    };
    !trial.is_some_and(decided)
}

fn minutes(record: &SessionRecord, changes: usize) -> u32 {
    let window = Outlooks::of(record, trials_used(record)).window;
    let window_s = window.map_or(UNKNOWN_S, |one| one.seconds.1);
    let minutes = 2.0 * USUAL_PAIRS * changes as f64 * window_s / 60.0;
    (minutes.ceil() as u32).clamp(*UNDO_MINUTES.start(), *UNDO_MINUTES.end())
}

#[cfg(test)]
mod tests {
    use super::*;
    use wattsmith_domain::{Configuration, UndoVerdict, Undoing, UndoneChange};
    use wattsmith_testkit::fixtures;

    fn offer(record: &SessionRecord) -> Option<UndoOffer> {
        UndoOffer::of(record, &Analysis::of(record))
    }

    /// What was undone of the winner of a record, with one verdict for each change.
    fn undone(
        record: &SessionRecord,
        verdict: impl Fn(usize) -> Option<UndoVerdict>,
    ) -> SessionRecord {
        let analysis = Analysis::of(record);
        let winner = winner(record, &analysis).unwrap();
        let default = record.session.space.default_configuration();
        let changed = |name: &str| winner.configuration.get(name) != default.get(name);
        let names = default.iter().map(|(name, _)| name.to_owned());
        let change = |(at, name): (usize, String)| UndoneChange {
            changed: winner.configuration.get(&name).unwrap().clone(),
            default: default.get(&name).unwrap().clone(),
            name,
            undone: Vec::new(),
            winner: Vec::new(),
            cost: None,
            verdict: verdict(at),
            why: None,
        };
        let undoing = Undoing {
            session: record.session.id.clone(),
            trial: winner.id.clone(),
            allowed_s: 60.0,
            spread: None,
            changes: names
                .filter(|name| changed(name))
                .enumerate()
                .map(change)
                .collect(),
            simpler: None,
            created_at: "2026-01-15T11:00:00Z".to_owned(),
        };
        SessionRecord {
            undoing: Some(undoing),
            ..record.clone()
        }
    }

    #[test]
    fn only_a_confirmed_winner_of_several_changes_is_offered_to_be_undone() {
        assert_eq!(offer(&fixtures::measured()), None);
        let mut record = fixtures::confirmed();
        let found = offer(&record).unwrap();
        assert!(found.changes > 1 && !found.begun, "{found:?}");
        assert!(found.minutes >= 1);
        let default = record.session.space.default_configuration();
        let winner = record.confirmations.last().unwrap().trial.clone();
        let trial = record
            .trials
            .iter_mut()
            .find(|one| one.id == winner)
            .unwrap();
        let changes = trial
            .configuration
            .changes_from(&default, &record.session.space);
        let mut single: Configuration = default.clone();
        let name = &changes[0].name;
        single.set(name, trial.configuration.get(name).unwrap().clone());
        trial.configuration = single;
        assert_eq!(offer(&record), None, "the confirmation was about it");
        let mut elsewhere = fixtures::confirmed();
        elsewhere.session.imported_at = Some("2026-01-16T09:00:00Z".to_owned());
        assert_eq!(offer(&elsewhere), None, "it was confirmed elsewhere");
    }

    #[test]
    fn what_was_begun_is_offered_until_it_is_known_and_then_the_simpler_settings() {
        let record = fixtures::confirmed();
        let open = offer(&undone(&record, |at| {
            (at == 0).then_some(UndoVerdict::Earns)
        }))
        .unwrap();
        assert!(
            open.begun && open.changes == offer(&record).unwrap().changes - 1,
            "{open:?}"
        );
        let all_earn = undone(&record, |_| Some(UndoVerdict::Earns));
        assert_eq!(offer(&all_earn), None);
        let simpler = undone(&record, |at| {
            Some(match at {
                0 => UndoVerdict::Dropped,
                _ => UndoVerdict::Earns,
            })
        });
        let waits = offer(&simpler).unwrap();
        assert_eq!((waits.changes, waits.minutes), (0, 1));
    }
}
