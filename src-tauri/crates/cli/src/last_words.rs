//! What `tune` says when a session has ended, as text and as JSON.

use crate::trial::figures;
use serde_json::{Value, json};
use std::path::PathBuf;
use wattsmith_tuner::chat::settings;
use wattsmith_tuner::domain::{Ending, ExchangeKind, SessionRecord, Trial};
use wattsmith_tuner::stats::{Analysis, Outcome, OutcomeKind, said};
use wattsmith_tuner::words;

/// A session at its end.
pub(crate) struct LastWords<'a> {
    record: &'a SessionRecord,
    analysis: Analysis,
    outcome: Outcome,
    report: Option<PathBuf>,
}

impl<'a> LastWords<'a> {
    pub(crate) fn of(record: &'a SessionRecord, report: Option<PathBuf>) -> Self {
        let analysis = Analysis::of(record);
        Self {
            outcome: Outcome::of(record, &analysis),
            record,
            analysis,
            report,
        }
    }

    /// The trial that the outcome is about, so that settings and verdict belong together.
    fn best(&self) -> Option<&'a Trial> {
        let subject = self.outcome.trial.as_ref().or(self.analysis.best.as_ref());
        self.record.trial(subject?)
    }

    /// The `result` event.
    pub(crate) fn json(&self) -> Value {
        let (record, analysis, outcome) = (self.record, &self.analysis, &self.outcome);
        let cost = wattsmith_tuner::spent(record);
        let proposals = |kind: &ExchangeKind| *kind == ExchangeKind::Proposal;
        let prompts = record.exchanges.iter().filter(|one| proposals(&one.kind));
        json!({
            "event": "result",
            "session": record.session.id,
            "ending": record.session.ending,
            "trials": record.trials.len(),
            "prompts": prompts.count(),
            "cost": cost.map(|cost| json!({"amount": cost.amount, "estimated": cost.estimated})),
            "best": self.best().map(|trial| figures(record, analysis, trial)),
            "outcome": {
                "kind": outcome.kind.label(),
                "words": outcome.words(),
                "trial": (outcome.number > 0).then_some(outcome.number),
                "ratio": outcome.ratio,
                "fresh_pairs": outcome.pairs,
            },
            "machine_changes": words::changes(record, analysis),
            "load": record.session.load,
            "confirmed": analysis
                .confirmed
                .as_ref()
                .map(|(trial, ratio)| json!({"trial": trial, "ratio": ratio})),
            "warnings": record.session.warnings,
            "energy_spent_j": analysis.energy_spent,
            "pays_back_after_units": analysis.pays_back_after_units,
            "report": self.report,
        })
    }

    /// Lines for the terminal, without the last line break.
    pub(crate) fn text(&self) -> String {
        let (record, outcome) = (self.record, &self.outcome);
        let ending = record.session.ending.as_ref();
        let mut lines = vec![format!(
            "Ended: {}.",
            ending.map_or("not yet", Ending::label)
        )];
        if let Some(best) = self.best() {
            lines.push(format!(
                "Best settings (trial {}): {}",
                best.number,
                settings(&best.configuration, &record.session.space)
            ));
            // Whatever was picked as the best of many looks better than it is: only fresh repeats
            // count.
            lines.push(match outcome.kind.is_certain() {
                true => format!("What is certain: {}.", outcome.words()),
                false => format!("What is certain: nothing yet ({}).", outcome.words()),
            });
        }
        lines.extend(outcome.beside_lowest(record, &self.analysis));
        if outcome.kind == OutcomeKind::DependsOnEstimate {
            lines.push("A power sensor would tell.".to_owned());
        }
        let paid = self.analysis.pays_back_after_units;
        lines.push(format!(
            "The search itself cost {}{}.",
            said::joules(self.analysis.energy_spent.0),
            paid.map_or(String::new(), |units| format!(
                "; it has paid for itself after {} {}",
                said::count(units as f64),
                record.session.workload.unit.plural()
            ))
        ));
        if let Some(cost) = wattsmith_tuner::spent(record) {
            let about = if cost.estimated { "about " } else { "" };
            lines.push(format!(
                "The chat model cost {about}{:.4}, at the prices you entered.",
                cost.amount
            ));
        }
        lines.push(format!("Session {}", record.session.id));
        let report = self.report.as_ref();
        lines.extend(report.map(|report| format!("Report: {}", report.display())));
        lines.join("\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wattsmith_testkit::fixtures;
    use wattsmith_tuner::domain::Decision;

    #[test]
    fn the_last_line_says_what_was_said_of_the_confirmation_and_nothing_else() {
        for (label, record) in fixtures::every_outcome() {
            let last = LastWords::of(&record, None);
            let (text, json) = (last.text(), last.json());
            assert_eq!(json["outcome"]["kind"], label);
            let said = json["outcome"]["words"].as_str().unwrap_or_default();
            assert!(label == "nothing" || text.contains(said), "{label}: {text}");
            let Some(judged) = record.confirmations.last().and_then(|one| one.decision) else {
                continue;
            };
            let before = words::confirmation(&record.confirmations[0]).to_lowercase();
            let all = format!("{before} {}", text.to_lowercase());
            let (own, others) = match judged {
                // Below the goal, and not certainly below the default.
                Decision::Below if label == "goal-reached" => {
                    ("goal reached", ["not confirmed", "depends on the estimate"])
                }
                Decision::Below => ("confirmed", ["not confirmed", "depends on the estimate"]),
                Decision::NotDecided => ("not decided", ["not confirmed", "depends on the"]),
                Decision::DependsOnEstimate => {
                    ("depends on the estimate", ["not confirmed", "not decided"])
                }
            };
            assert!(all.contains(own), "{label}: {all}");
            for other in others {
                assert!(!all.contains(other), "{label}: {all}");
            }
        }
    }

    #[test]
    fn settings_and_verdict_are_of_one_trial() {
        // A later trial was lower still in the search, but another one is confirmed.
        let mut record = fixtures::confirmed();
        for repeat in &mut record.trials[3].repeats {
            repeat.energy.gross.0 *= 0.5;
        }
        let last = LastWords::of(&record, None);
        let text = last.text();
        assert!(text.contains("Best settings (trial 3)"), "{text}");
        assert!(
            text.contains("What is certain: confirmed: 20.2 % less"),
            "{text}"
        );
        assert_eq!(last.json()["best"]["trial"], 3);
        assert_eq!(last.json()["outcome"]["trial"], 3);
    }

    #[test]
    fn the_last_words_of_a_session_that_depends_on_the_estimate() {
        let records = fixtures::every_outcome();
        let found = records
            .iter()
            .rfind(|(label, _)| *label == "depends-on-estimate");
        let (_, record) = found.unwrap_or(&records[0]);
        insta::assert_snapshot!(LastWords::of(record, None).text(), @r"
        Ended: not yet.
        Best settings (trial 2): parallel=8
        What is certain: nothing yet (depends on the estimate: 11 fresh pairs showed 11.6 % less than the default).
        A power sensor would tell.
        The search itself cost 39.9 kJ.
        Session session-1
        ");
    }
}
