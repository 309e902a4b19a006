//! What `tune` tells while it goes on: trials, proposals and confirmations, each once.

use crate::progress::json_line;
use crate::trial::{figures, show};
use serde_json::json;
use std::collections::HashSet;
use wattsmith_tuner::chat::settings;
use wattsmith_tuner::domain::{ExchangeOutcome, SessionRecord, TrialId, TrialState};
use wattsmith_tuner::stats::{Analysis, DefaultCheck};
use wattsmith_tuner::{TrackRecord, fallbacks, forecast_words, foreseen, words};

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
            // One that was broken off goes on, and is told again when it is complete.
            let broken_off = matches!(trial.state, TrialState::Discarded { .. });
            let key = format!("trial {} {broken_off}", trial.id);
            if finished && self.seen.insert(key) {
                if json {
                    json_line(&figures(record, analysis, trial));
                } else {
                    show(record, analysis, trial);
                }
            }
        }
        self.warnings(record, json);
        self.machine(record, analysis, json);
        if json {
            self.failed_requests(record);
        }
        self.fallbacks(record, json);
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
                say!("  {}", proposal.marked_reason());
            }
            if let Some(predicted) = proposal.predicted_joules_per_unit {
                let unit = record.session.workload.unit.noun();
                say!("  It expects {} J/{unit}.", words::figure(predicted));
            }
        }
        for confirmation in &record.confirmations {
            if confirmation.decision.is_none() || !self.seen.insert(confirmation.id.0.clone()) {
                continue;
            }
            if json {
                json_line(&json!({"event": "confirmation", "confirmation": confirmation}));
            } else {
                say!("  {}", words::confirmation(confirmation));
                for line in words::discarded(&confirmation.discarded) {
                    say!("  note: {line}");
                }
            }
        }
    }

    /// Tells of every request to a chat model that gave nothing, whether or not the next one did.
    fn failed_requests(&mut self, record: &SessionRecord) {
        for one in &record.exchanges {
            let (kind, reason) = match &one.outcome {
                ExchangeOutcome::Failed { error } => ("failed", error.as_str()),
                ExchangeOutcome::Refused { reason } => ("refused", reason.as_str()),
                ExchangeOutcome::Cancelled => ("cancelled", ""),
                _ => continue,
            };
            if self.seen.insert(format!("request {}", one.id)) {
                json_line(&json!({
                    "event": "request-failed",
                    "exchange": one.id,
                    "connection": one.connection,
                    "kind": kind,
                    "reason": reason,
                }));
            }
        }
    }

    /// Tells what the chat model failed at, and what is taken instead.
    fn fallbacks(&mut self, record: &SessionRecord, json: bool) {
        for one in fallbacks(record) {
            if !self.seen.insert(format!("fallback {}", one.exchange)) {
                continue;
            }
            if json {
                json_line(&json!({
                    "event": "fallback",
                    "exchange": one.exchange,
                    "proposal": one.proposal,
                    "failed": one.failed,
                    "instead": one.instead,
                }));
                continue;
            }
            let end = if one.failed.ends_with(['.', '!', '?']) {
                ""
            } else {
                "."
            };
            say!(
                "  note: {}{end} Taken instead: {}; --session with another --connection goes on by that.",
                one.failed,
                one.instead
            );
        }
    }

    /// Tells of what went wrong beside the trials, each once.
    fn warnings(&mut self, record: &SessionRecord, json: bool) {
        for warning in &record.session.warnings {
            if !self.seen.insert(format!("warning {}", warning.text)) {
                continue;
            }
            if json {
                json_line(&json!({"event": "warning", "warning": warning}));
            } else {
                say!("  note: {}", warning.text);
            }
        }
    }

    /// Tells of a busy machine at the start, and of one that changed.
    fn machine(&mut self, record: &SessionRecord, analysis: &Analysis, json: bool) {
        let load = record
            .session
            .load
            .as_ref()
            .filter(|one| one.choice.is_some());
        if let Some(load) = load
            && !record.trials.is_empty()
            && self.seen.insert("load".to_owned())
        {
            if json {
                json_line(&json!({"event": "busy", "load": load, "text": load.words()}));
            } else {
                say!("  note: {}", load.words());
            }
        }
        for (at, text) in words::changes(record, analysis).into_iter().enumerate() {
            // By its place: how many trials it left behind may still change.
            if !self.seen.insert(format!("change {at}")) {
                continue;
            }
            if json {
                json_line(&json!({"event": "machine-changed", "text": text}));
            } else {
                say!("\n{text}");
            }
        }
    }

    /// Tells, once for each window of it, why the default is measured again.
    pub(crate) fn check(&mut self, record: &SessionRecord, check: DefaultCheck, json: bool) {
        let windows = record.default_trial().map_or(0, |one| one.repeats.len());
        if !json && self.seen.insert(format!("check {windows}")) {
            say!("  note: {}", check.words());
        }
    }

    /// Tells, once, what a session is expected to take.
    pub(crate) fn session_forecast(
        &mut self,
        record: &SessionRecord,
        track: &TrackRecord,
        json: bool,
    ) {
        let Some(forecast) = record.session.forecast.filter(|_| record.trials.is_empty()) else {
            return;
        };
        if !self.seen.insert("forecast".to_owned()) {
            return;
        }
        match json {
            true => json_line(&json!({
                "event": "forecast",
                "of": "session",
                "forecast": forecast,
                "track_record": {
                    "of": track.of,
                    "seconds": track.seconds,
                    "joules": track.joules,
                },
            })),
            false => say!(
                "All of its measuring is expected to take {}. {}",
                forecast_words(&forecast),
                track.words()
            ),
        }
    }

    /// Tells what the trial that begins now is expected to take.
    pub(crate) fn trial_forecast(&mut self, record: &SessionRecord, json: bool) {
        let Some(forecast) = foreseen(record) else {
            return;
        };
        match json {
            true => json_line(&json!({ "event": "forecast", "of": "trial", "forecast": forecast })),
            false => say!(
                "  This trial is expected to take {}.",
                forecast_words(&forecast)
            ),
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
