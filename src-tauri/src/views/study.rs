//! Landscapes and studies.

use super::{connection, model, providers, workload};
use crate::wire::{
    ArmView, BegunLine, ConnectionDraft, LandscapeFacts, LandscapeKind, LandscapeView, LiveOptions,
    LiveWork, MeanView, RandomCheckView, StudyArmView, StudyComparisonView, StudyDraft, StudyLine,
    StudyOptions, StudyView, WaitView,
};
use wattsmith_tuner::domain::{Constraints, WorkUnit};
use wattsmith_tuner::search::{Landscape, Summary};
use wattsmith_tuner::{
    BegunStudy, FRESH, KeptStudy, ListedLandscape, LiveRequest, SessionPlan, StudyComparison,
    StudyHead, StudyRequest, StudyResult, StudyWait, Tuner, TunerError, arm_names, asks_a_chat,
    can_remember, workloads,
};

/// As on the command line.
const SEEDS: u32 = 100;
const BUDGET: u32 = 20;
const REPEATS: u32 = 3;
const BELOW_PERCENT: f64 = 10.0;
/// The same on the engine itself.
const LIVE_ARMS: [&str; 3] = ["surrogate", "tpe", "sobol"];
const LIVE_SEEDS: u32 = 3;
const LIVE_BUDGET: u32 = 8;
/// What the numeric arms are held against, unless the person says otherwise.
const FIRST: &str = "surrogate";

/// What can be chosen for a study.
///
/// # Errors
/// The landscapes cannot be listed.
pub async fn study_options(tuner: &Tuner) -> Result<StudyOptions, TunerError> {
    let landscapes: Vec<LandscapeView> = tuner.landscapes().await?.iter().map(landscape).collect();
    let advisor = tuner.default_advisor_model().await;
    let live = live_options(tuner).await;
    let mut arms: Vec<ArmView> = arm_names()
        .into_iter()
        .map(|name| ArmView {
            asks: asks_a_chat(&name),
            remembers: can_remember(&name),
            name,
        })
        .collect();
    arms.sort_by_key(|arm| (arm.asks, arm.name != FIRST));
    Ok(StudyOptions {
        live,
        draft: StudyDraft {
            live: None,
            landscape: landscapes
                .iter()
                .find(|one| one.facts.is_some())
                .map(|one| one.id.clone())
                .unwrap_or_default(),
            arms: arms
                .iter()
                .filter(|arm| !arm.asks)
                .map(|arm| arm.name.clone())
                .collect(),
            seeds: SEEDS,
            budget: BUDGET,
            repeats: REPEATS,
            below_percent: BELOW_PERCENT,
            min_tokens_per_second: None,
            max_time_to_first_token_s: None,
            remember: false,
            connection: ConnectionDraft {
                kind: if advisor.is_some() { "local" } else { "openai" }.to_owned(),
                model: advisor
                    .map(|model| model.path.display().to_string())
                    .unwrap_or_default(),
                base_url: String::new(),
                price_in: None,
                price_out: None,
                spending_cap: None,
            },
            agreed: false,
        },
        landscapes,
        folder: tuner.paths().landscapes().display().to_string(),
        arms,
        advisor_models: super::machine::advisors(&tuner.models().await),
        providers: providers(),
    })
}

/// None where there is no model to run.
async fn live_options(tuner: &Tuner) -> Option<LiveOptions> {
    let usual = tuner.default_model().await;
    let models = super::machine::with_usual(tuner.models().await, usual.as_ref());
    if models.is_empty() {
        return None;
    }
    Some(LiveOptions {
        work: LiveWork {
            model_path: usual.map_or_else(String::new, |usual| usual.path.display().to_string()),
            workload: SessionPlan::default().workload,
        },
        models: models.iter().map(model).collect(),
        workloads: workloads().iter().map(workload).collect(),
        arms: LIVE_ARMS.map(str::to_owned).to_vec(),
        seeds: LIVE_SEEDS,
        budget: LIVE_BUDGET,
        fresh: FRESH,
    })
}

fn landscape(listed: &ListedLandscape) -> LandscapeView {
    let file = listed.id.rsplit('/').next().unwrap_or_default().to_owned();
    let (name, trouble, facts) = match &listed.found {
        Ok((landscape, summary)) => (
            landscape.name.clone(),
            String::new(),
            Some(landscape_facts(landscape, summary)),
        ),
        Err(reason) => (file, reason.clone(), None),
    };
    LandscapeView {
        id: listed.id.clone(),
        name,
        shipped: listed.id.starts_with("shipped/"),
        trouble,
        facts,
    }
}

fn landscape_facts(landscape: &Landscape, summary: &Summary) -> LandscapeFacts {
    let (engine, machine) = (&landscape.engine, &landscape.machine);
    LandscapeFacts {
        kind: kind(landscape.synthetic, landscape.measured),
        source: landscape.source.clone(),
        machine: format!("{}, {} cores", machine.cpu, machine.physical_cores),
        model: format!("{} {}", landscape.model.name, landscape.model.quantisation)
            .trim_end()
            .to_owned(),
        workload: workload(&landscape.workload).summary,
        engine: format!("{} {}", engine.name, engine.version),
        recorded_at: landscape.recorded_at.clone(),
        noise: landscape.noise.log_sd,
        drift_percent: summary.drift_percent,
        configurations: small(summary.configurations),
        good_share: summary.good_share,
        default_rank: small(summary.default_rank),
        attainable_percent: summary.attainable_percent,
        is_hard: summary.is_hard,
        limits: limits(&landscape.constraints, landscape.workload.unit),
    }
}

fn limits(constraints: &Constraints, work: WorkUnit) -> Vec<String> {
    let least = constraints.min_tokens_per_second;
    let most = constraints.max_time_to_first_token_s;
    least
        .map(|least| format!("at least {least} {}", work.rate()))
        .into_iter()
        .chain(most.map(|most| format!("{} within {most} s", work.awaited())))
        .collect()
}

fn kind(synthetic: bool, measured: bool) -> LandscapeKind {
    match (synthetic, measured) {
        (true, _) => LandscapeKind::Invented,
        (false, true) => LandscapeKind::Measured,
        (false, false) => LandscapeKind::Estimated,
    }
}

/// A study in the list.
pub fn study_line(head: &StudyHead) -> StudyLine {
    StudyLine {
        id: head.id.clone(),
        finished_at: head.finished_at.clone(),
        landscape: head.landscape.clone(),
        live: head.live,
        kind: kind(head.synthetic, head.measured),
        arms: head.arms.iter().map(|arm| arm.name.clone()).collect(),
        llm: head.llm.clone().unwrap_or_default(),
        seeds: small(head.seeds),
        budget: head.budget,
    }
}

/// Studies that were interrupted, newest first.
///
/// # Errors
/// They or the landscapes cannot be listed.
pub async fn begun_studies(tuner: &Tuner) -> Result<Vec<BegunLine>, TunerError> {
    let landscapes = tuner.landscapes().await?;
    let name = |id: &str| {
        let listed = landscapes.iter().find(|one| one.id == id);
        let found = listed.and_then(|one| one.found.as_ref().ok());
        found.map_or_else(|| id.to_owned(), |(landscape, _)| landscape.name.clone())
    };
    let line = |begun: BegunStudy| BegunLine {
        id: begun.id,
        landscape: match &begun.request.live {
            Some(live) => live_name(live),
            None => name(&begun.request.landscape),
        },
        arms: begun.request.arms,
        replies: small(begun.replies),
        figures: begun.figures,
    };
    Ok(tuner.begun_studies().await?.into_iter().map(line).collect())
}

/// What an unfinished study on the engine is called: model and work.
fn live_name(live: &LiveRequest) -> String {
    let model = live.model.file_stem().unwrap_or_default();
    format!("{} · {}", model.to_string_lossy(), live.workload)
}

/// A finished study.
pub fn study(kept: &KeptStudy) -> StudyView {
    let result = &kept.result;
    let summary = &result.summary;
    StudyView {
        line: study_line(&kept.head),
        facts: facts(result),
        below_percent: result.below_percent,
        best_joules: summary.best_joules_per_unit,
        default_joules: summary.default_joules_per_unit,
        goal_joules: summary.default_joules_per_unit * (1.0 - result.below_percent / 100.0),
        arms: arms(result),
        comparisons: result.comparisons.iter().map(comparison).collect(),
        random_check: result.random_check.as_ref().map(|check| RandomCheckView {
            expected: check.expected,
            seen: check.seen,
            standard_errors: check.standard_errors,
        }),
        cloud: result.cloud.clone(),
        unit: result.unit.noun().to_owned(),
        rate: result.unit.short_rate().to_owned(),
        page: kept.html.display().to_string(),
    }
}

fn facts(result: &StudyResult) -> Vec<String> {
    let summary = &result.summary;
    let mut facts = vec![
        result.model.clone(),
        format!("workload {}", result.workload),
        result.machine.clone(),
        format!("source {}", result.source),
        match result.live {
            true => format!("live: {} configurations measured", summary.configurations),
            false => format!("{} configurations", summary.configurations),
        },
        format!("{} within 5 % of the best", summary.good),
        format!("default at place {}", summary.default_rank),
        format!("noise {:.1} % a window", result.noise.log_sd * 100.0),
        format!("{} seeds", result.seeds),
        format!("{} trials of {} windows", result.budget, result.repeats),
    ];
    facts.extend(result.llm.iter().map(|llm| format!("chat model {llm}")));
    facts.extend(limits(&result.constraints, result.unit));
    facts
}

fn arms(result: &StudyResult) -> Vec<StudyArmView> {
    let arm = |arm: &wattsmith_tuner::ArmResult| StudyArmView {
        name: arm.name.clone(),
        truth: arm
            .truth
            .iter()
            .map(|one| MeanView {
                mean: one.mean,
                low: one.low,
                high: one.high,
            })
            .collect(),
        to_good: wait(&arm.to_good),
        to_goal: wait(&arm.to_goal),
        asks_to_goal: wait(&arm.asks_to_goal),
        prompts: arm.prompts,
        early_share: arm.early_share.map(|one| one.mean),
        false_stops: small(arm.false_stops),
    };
    result.arms.iter().map(arm).collect()
}

fn wait(wait: &StudyWait) -> WaitView {
    WaitView {
        median: wait.median,
        mean: wait.restricted_mean,
        reached: small(wait.reached),
    }
}

fn comparison(one: &StudyComparison) -> StudyComparisonView {
    let greatest = |values: &[f64]| 100.0 * values.iter().copied().fold(f64::MIN, f64::max);
    StudyComparisonView {
        other: one.other.clone(),
        difference_percent: greatest(&one.difference),
        upper_percent: greatest(&one.upper),
        p_regret: one.p_regret_holm,
        effect_regret: one.effect_regret,
        p_time: one.p_time_holm,
        effect_time: one.effect_time,
        p_asks: one.p_asks_holm,
        effect_asks: one.effect_asks,
    }
}

fn small(count: impl TryInto<u32>) -> u32 {
    count.try_into().unwrap_or(u32::MAX)
}

impl TryFrom<StudyDraft> for StudyRequest {
    type Error = TunerError;

    fn try_from(draft: StudyDraft) -> Result<Self, TunerError> {
        let asks = draft.arms.iter().any(|arm| asks_a_chat(arm));
        Ok(Self {
            landscape: draft.landscape,
            live: draft.live.map(|live| LiveRequest {
                model: live.model_path.into(),
                workload: live.workload,
            }),
            arms: draft.arms,
            seeds: draft.seeds.into(),
            budget: draft.budget,
            repeats: draft.repeats,
            below_percent: draft.below_percent,
            min_tokens_per_second: draft.min_tokens_per_second,
            max_time_to_first_token_s: draft.max_time_to_first_token_s,
            remember: draft.remember,
            // A half-filled form counts only where somebody is asked.
            connection: match asks {
                true => connection(&draft.connection)?.connection,
                false => None,
            },
            agreed: draft.agreed,
        })
    }
}
