//! How good the predictions were of everybody who made some.

use super::item::advisor;
use crate::wire::{ForetoldTrial, ForetoldView};
use std::collections::BTreeMap;
use wattsmith_tuner::domain::{Proposal, SessionRecord};
use wattsmith_tuner::stats::{Analysis, Foretold, TrackRecord, said};

/// By who made them, those first who were first to.
pub(super) fn foretold(record: &SessionRecord, analysis: &Analysis) -> Vec<ForetoldView> {
    let by: BTreeMap<&str, String> = record
        .proposals
        .iter()
        .filter(|one| one.predicted_joules_per_unit.is_some())
        .map(|one| (one.id.0.as_str(), advisor(record, one)))
        .collect();
    let mut all: Vec<&String> = Vec::new();
    // Identities are in order of time.
    for who in by.values() {
        if !all.contains(&who) {
            all.push(who);
        }
    }
    let of = |who: &String| {
        let is_theirs = |one: &Proposal| by.get(one.id.0.as_str()) == Some(who);
        let track = TrackRecord::of(record, analysis, is_theirs)?;
        Some(ForetoldView {
            who: who.clone(),
            text: track.words(),
            each: track.each.iter().map(trial).collect(),
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
