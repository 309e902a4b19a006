//! What `tune` tells while it goes on: trials, proposals and confirmations, each once.

use crate::progress::json_line;
use crate::trial::{figures, show};
use serde_json::json;
use std::collections::HashSet;
use wattsmith_tuner::chat::settings;
use wattsmith_tuner::domain::{Confirmation, Decision, SessionRecord, TrialId, TrialState};
use wattsmith_tuner::stats::Analysis;
use wattsmith_tuner::words;

/// What has been shown already.
#[derive(Default)]
pub(crate) struct Told {
    /// Whether this run has begun a step.
    pub started: bool,
    seen: HashSet<String>,
}

impl Told {
    /// Tells of everything that is new in the record.
    pub(crate) fn news(&mut self, record: &SessionRecord, analysis: &Analysis, json: bool) {
        for trial in &record.trials {
            let finished = !matches!(trial.state, TrialState::Running | TrialState::Pending);
            if finished && self.seen.insert(trial.id.0.clone()) {
                if json {
                    json_line(&figures(record, analysis, trial));
                } else {
                    show(record, analysis, trial);
                }
            }
        }
        for proposal in &record.proposals {
            if !self.seen.insert(proposal.id.0.clone()) {
                continue;
            }
            if json {
                json_line(&json!({"event": "proposal", "proposal": proposal}));
                continue;
            }
            say!(
                "\nProposal ({}): {}",
                proposal.advisor,
                settings(&proposal.configuration, &record.session.space)
            );
            if !proposal.reason.is_empty() {
                say!("  {}", proposal.reason);
            }
            if let Some(predicted) = proposal.predicted_joules_per_unit {
                say!("  It expects {} J/token.", words::figure(predicted));
            }
        }
        for confirmation in &record.confirmations {
            let Some(decision) = confirmation.decision else {
                continue;
            };
            if !self.seen.insert(confirmation.id.0.clone()) {
                continue;
            }
            if json {
                json_line(&json!({"event": "confirmation", "confirmation": confirmation}));
            } else {
                say!("  {}", decided(confirmation, decision));
            }
        }
    }

    /// Tells, once, that a trial is about to be confirmed.
    pub(crate) fn crossing(&mut self, record: &SessionRecord, id: &TrialId, json: bool) {
        if json || !self.seen.insert(format!("crossing {id}")) {
            return;
        }
        let number = record.trial(id).map_or(0, |trial| trial.number);
        say!(
            "\nTrial {number} crosses the threshold. One crossing may be luck: fresh repeats of it \
             and of the default decide."
        );
    }
}

fn decided(confirmation: &Confirmation, decision: Decision) -> String {
    let pairs = confirmation.best.len();
    let seen = confirmation.ratio.map_or(String::new(), |ratio| {
        let saved = (1.0 - ratio.mean) * 100.0;
        let word = if saved < 0.0 { "more" } else { "less" };
        format!(" ({:.1} % {word} than the default)", saved.abs())
    });
    match decision {
        Decision::Below => format!("Confirmed by {pairs} fresh pairs{seen}: below the threshold."),
        Decision::NotDecided => format!("Not confirmed by {pairs} fresh pairs{seen}."),
        Decision::DependsOnEstimate => format!(
            "After {pairs} fresh pairs{seen} the answer depends on how much this machine draws \
             when idle, which no sensor tells: not counted as reached."
        ),
    }
}
