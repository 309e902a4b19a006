//! Energy per token across all stored sessions. Only what may be compared shares a line: the same
//! unit, workload, model file and scope. Estimated and measured are different scopes.

use super::interval;
use super::session::{outcome_kind, scope, short};
use crate::wire::{OverviewLine, OverviewPoint};
use std::collections::BTreeMap;
use wattsmith_tuner::domain::{Scope, SessionRecord};
use wattsmith_tuner::stats::{Analysis, Outcome};

/// The lines, those with the newest session first.
pub fn overview(records: &[SessionRecord]) -> Vec<OverviewLine> {
    let mut lines: BTreeMap<(String, String, Scope), OverviewLine> = BTreeMap::new();
    let mut oldest_first: Vec<&SessionRecord> = records.iter().collect();
    oldest_first.sort_by(|one, other| one.session.created_at.cmp(&other.session.created_at));
    for record in oldest_first {
        let session = &record.session;
        let (Some(scope), Some((default, point))) = (scope(record), point(record)) else {
            continue;
        };
        let key = (
            session.workload.hash.clone(),
            session.model.sha256.clone(),
            scope,
        );
        lines
            .entry(key)
            .or_insert_with(|| OverviewLine {
                label: format!(
                    "{} {} · {} · {}",
                    session.model.name,
                    session.model.quantisation,
                    session.workload.name,
                    scope.label()
                ),
                estimated: scope == Scope::Estimated,
                points: Vec::new(),
            })
            .points
            .push(OverviewPoint {
                default_interval: interval(&default),
                ..point
            });
    }
    let mut lines: Vec<OverviewLine> = lines.into_values().collect();
    let newest = |line: &OverviewLine| line.points.last().map(|point| point.created_at.clone());
    lines.sort_by_key(|line| std::cmp::Reverse(newest(line)));
    lines
}

fn point(record: &SessionRecord) -> Option<(wattsmith_tuner::domain::Interval, OverviewPoint)> {
    let analysis = Analysis::of(record);
    let default = analysis.default?;
    let outcome = Outcome::of(record, &analysis);
    // The trial that the session's outcome is about, so that figure and verdict belong together.
    let best = outcome.trial.as_ref().or(analysis.best.as_ref());
    let best = best.and_then(|best| analysis.trial(best));
    Some((
        default,
        OverviewPoint {
            session_id: record.session.id.0.clone(),
            name: record.session.name.clone(),
            created_at: record.session.created_at.clone(),
            default_interval: interval(&default),
            best_interval: best
                .and_then(|best| best.joules_per_unit.as_ref())
                .map(interval),
            verdict: outcome_kind(outcome.kind),
            outcome: short(&outcome),
            advisor: record.session.advisor.label().to_owned(),
            track: track(record, &analysis, default.mean),
        },
    ))
}

/// Best so far in per cent of the default, after the default and after each trial that may be compared.
fn track(record: &SessionRecord, analysis: &Analysis, default: f64) -> Vec<f64> {
    let mut best = 100.0_f64;
    let seen = record.trials.iter().zip(&analysis.trials);
    seen.filter(|(trial, own)| trial.is_complete() && !own.stale)
        .filter_map(|(_, own)| {
            let percent = own.mean? / default * 100.0;
            if own.violations.is_empty() {
                best = best.min(percent);
            }
            Some(best)
        })
        .collect()
}
