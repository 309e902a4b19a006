//! Energy per unit of work across all stored sessions. Only what may be compared shares a line: the same
//! unit, workload, model file and scope. Estimated and measured are different scopes. The example is left out.

use super::interval;
use super::session::{outcome_kind, short};
use crate::wire::{OverviewLine, OverviewPoint};
use std::collections::BTreeMap;
use wattsmith_tuner::domain::Scope;
use wattsmith_tuner::{Digest, Listed};

/// The lines, those with the newest session first.
pub fn overview(sessions: &[Listed]) -> Vec<OverviewLine> {
    let mut lines: BTreeMap<(&str, &str, Scope), OverviewLine> = BTreeMap::new();
    let mut oldest_first: Vec<&Digest> = sessions
        .iter()
        .filter_map(|one| match one {
            // What was measured elsewhere stands beside nothing of this machine.
            Listed::Session(digest) => (!digest.example).then_some(&**digest),
            Listed::Unreadable { .. } => None,
        })
        .collect();
    oldest_first.sort_by(|one, other| one.created_at.cmp(&other.created_at));
    for digest in oldest_first {
        let (Some(scope), Some(point)) = (digest.scope, point(digest)) else {
            continue;
        };
        lines
            .entry((&digest.workload_hash, &digest.model_sha256, scope))
            .or_insert_with(|| OverviewLine {
                label: format!(
                    "{} {} · {} · {}",
                    digest.model,
                    digest.quantisation,
                    digest.workload,
                    scope.label()
                ),
                unit: digest.unit.noun().to_owned(),
                estimated: scope == Scope::Estimated,
                points: Vec::new(),
            })
            .points
            .push(point);
    }
    let mut lines: Vec<OverviewLine> = lines.into_values().collect();
    let newest = |line: &OverviewLine| line.points.last().map(|point| point.created_at.clone());
    lines.sort_by_key(|line| std::cmp::Reverse(newest(line)));
    lines
}

fn point(digest: &Digest) -> Option<OverviewPoint> {
    Some(OverviewPoint {
        session_id: digest.id.0.clone(),
        name: digest.name.clone(),
        created_at: digest.created_at.clone(),
        default_interval: interval(digest.default.as_ref()?),
        best_interval: digest.best.as_ref().map(interval),
        verdict: outcome_kind(digest.outcome.kind),
        outcome: short(&digest.outcome),
        imported: digest.imported,
        advisor: digest.advisor.label().to_owned(),
        engine: digest.engine.clone(),
        machine: digest.machine.clone(),
        model: format!("{} {}", digest.model, digest.quantisation)
            .trim_end()
            .to_owned(),
        work: digest.workload.clone(),
        work_hash: digest.workload_hash.clone(),
        scope: digest.scope.map_or("", |scope| scope.label()).to_owned(),
        settings: digest.settings.clone(),
        track: digest.track.clone(),
    })
}
