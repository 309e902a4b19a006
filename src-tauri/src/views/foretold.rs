//! How good the predictions were of everybody who made some.

use super::item::advisor;
use crate::wire::{ForetoldTrial, ForetoldView};
use wattsmith_tuner::domain::SessionRecord;
use wattsmith_tuner::stats::{Analysis, Foretold, TrackRecord, said};

/// By who made them, those first who were first to.
pub(super) fn foretold(record: &SessionRecord, analysis: &Analysis) -> Vec<ForetoldView> {
    let mut all: Vec<String> = Vec::new();
    for proposal in &record.proposals {
        let who = advisor(record, proposal);
        if !all.contains(&who) {
            all.push(who);
        }
    }
    let of = |who: String| {
        let track = TrackRecord::of(record, analysis, |one| advisor(record, one) == who)?;
        Some(ForetoldView {
            text: track.words(),
            each: track.each.iter().map(trial).collect(),
            who,
        })
    };
    all.into_iter().filter_map(of).collect()
}

fn trial(one: &Foretold) -> ForetoldTrial {
    ForetoldTrial {
        trial_id: one.trial.0.clone(),
        number: one.number,
        predicted: said::number(one.predicted),
        measured: said::number(one.measured),
        off: one.words(),
        inside: one.inside,
    }
}
