//! A study as a page for a person who was not there.

use super::SaidWords;
use super::result::{Mean, StudyResult, Time};
use wattsmith_report::{ReportError, StudyCurve, StudyPage, StudyTable, study_html};

pub(super) fn html(study: &StudyResult) -> Result<String, ReportError> {
    let summary = &study.summary;
    let (label, caution) = match (study.synthetic, study.measured) {
        (true, _) => (
            "INVENTED",
            "The landscape is invented, for tests. It says nothing about any engine.",
        ),
        (false, true) => (
            "",
            "The joules were read from a sensor. What holds here holds for this machine, model and \
             workload.",
        ),
        (false, false) => (
            "ESTIMATED",
            "The joules are estimated from time and busy cores. That shows how the methods search \
             such a space; it does not show how much energy is saved.",
        ),
    };
    let page = StudyPage {
        title: study.landscape.clone(),
        label: label.to_owned(),
        facts: vec![
            study.model.clone(),
            study.workload.clone(),
            study.machine.clone(),
            format!("source: {}", study.source),
            match study.live {
                true => format!("live: {} configurations measured", summary.configurations),
                false => format!("{} configurations", summary.configurations),
            },
            format!("{} within 5 % of the best", summary.good),
            format!("default at place {}", summary.default_rank),
            format!("noise {:.1} % a window", study.noise.log_sd * 100.0),
            format!("{} seeds", study.seeds),
        ]
        .into_iter()
        .chain(study.llm.iter().map(|llm| format!("LLM: {llm}")))
        .collect(),
        caution: caution.to_owned(),
        unit: format!("J/{}", study.unit.noun()),
        rate: study.unit.rate().to_owned(),
        curves: study
            .arms
            .iter()
            .map(|arm| StudyCurve {
                name: arm.name.clone(),
                points: arm
                    .truth
                    .iter()
                    .map(|one| (one.mean, one.low, one.high))
                    .collect(),
            })
            .collect(),
        levels: vec![
            (summary.best_joules_per_unit, "best".to_owned()),
            (summary.default_joules_per_unit, "default".to_owned()),
        ],
        cloud: study.cloud.clone(),
        tables: vec![arms(study), comparisons(study)],
        method: method(study),
    };
    study_html(&page)
}

fn arms(study: &StudyResult) -> StudyTable {
    let time = |one: &Time| {
        let median = one
            .median
            .map_or_else(|| "not reached".to_owned(), |median| format!("{median:.0}"));
        format!(
            "{median} · {:.1} ({}/{})",
            one.restricted_mean, one.reached, study.seeds
        )
    };
    let columns = [
        "method".to_owned(),
        "to within 5 % of the best".to_owned(),
        format!("to {} % below the default", study.below_percent),
        format!("final J/{}, mean ± SD", study.unit.noun()),
        "95 % interval".to_owned(),
        "attainable saving after 5".to_owned(),
        "false stops".to_owned(),
        format!("prompts to {} % below", study.below_percent),
        "prompts a run".to_owned(),
    ];
    StudyTable {
        title: "Methods".to_owned(),
        note: "Trials after the default: median by Kaplan and Meier · mean, where runs that never \
               got there count as the whole budget (runs that got there / all). A false stop is a \
               run whose own figures showed the goal reached though the truth had not; a session \
               confirms before it says so. Prompts count retries, too."
            .to_owned(),
        columns: columns.to_vec(),
        rows: study
            .arms
            .iter()
            .map(|arm| {
                let last = arm.truth.last();
                let word = |of: &dyn Fn(&Mean) -> String| last.map_or_else(String::new, of);
                vec![
                    arm.name.clone(),
                    time(&arm.to_good),
                    time(&arm.to_goal),
                    word(&|one| format!("{:.4} ± {:.4}", one.mean, one.sd)),
                    word(&|one| format!("{:.4} to {:.4}", one.low, one.high)),
                    arm.early_share.map_or_else(
                        || "–".to_owned(),
                        |one| format!("{:.0} %", one.mean * 100.0),
                    ),
                    arm.false_stops.to_string(),
                    if arm.prompts > 0.0 {
                        time(&arm.asks_to_goal)
                    } else {
                        "none".to_owned()
                    },
                    format!("{:.1}", arm.prompts),
                ]
            })
            .collect(),
    }
}

fn comparisons(study: &StudyResult) -> StudyTable {
    let ours = study.arms.first().map_or("", |arm| arm.name.as_str());
    let per_cent = |values: &[f64]| {
        let most = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        format!("{:.2} %", most * 100.0)
    };
    StudyTable {
        title: format!("{ours} against the others"),
        note: format!(
            "Regret is the true J/{} of what is recommended above the best, in per cent of the \
             default's. The bound holds for all budgets from 2 on together (95 %). Wilcoxon's \
             signed-rank tests over seeds, p after Holm's correction; the effect runs from −1 \
             (always better than the other) to 1.",
            study.unit.noun()
        ),
        columns: [
            "against",
            "greatest mean difference of regret",
            "greatest upper bound",
            "p, regret",
            "effect",
            "p, trials to within 5 %",
            "effect",
            "prompts or trials to the goal, mean difference",
            "p",
            "effect",
        ]
        .map(str::to_owned)
        .to_vec(),
        rows: study
            .comparisons
            .iter()
            .map(|one| {
                vec![
                    one.other.clone(),
                    per_cent(&one.difference),
                    per_cent(&one.upper),
                    p_value(one.p_regret_holm),
                    format!("{:.2}", one.effect_regret),
                    p_value(one.p_time_holm),
                    format!("{:.2}", one.effect_time),
                    one.asks_difference.map_or_else(String::new, |one| {
                        format!("{:+.2} ({:+.2} to {:+.2})", one.mean, one.low, one.high)
                    }),
                    p_value(one.p_asks_holm),
                    format!("{:.2}", one.effect_asks),
                ]
            })
            .collect(),
    }
}

fn p_value(p: f64) -> String {
    if p < 0.001 {
        "< 0.001".to_owned()
    } else {
        format!("{p:.3}")
    }
}

fn method(study: &StudyResult) -> Vec<String> {
    let (budget, repeats) = (study.budget, study.repeats);
    let trials = format!(
        "Every method measures the same default first and then has {budget} trials of {repeats} \
         windows each."
    );
    let told = match study.live {
        true => format!(
            "{trials} All methods take their turns together on the engine itself, in an order of its \
             own each time; what one of them measured is shown to every other that asks for it in \
             the same run."
        ),
        false => format!(
            "{trials} It sees the truth times lognormal noise with the landscape's own spread; the \
             same visit to the same configuration shows every method the same figure."
        ),
    };
    let truth = match study.live {
        true => {
            "the truth of the default and of all that was recommended at any time comes from fresh \
             repeats afterwards. The best is the best that any method found: there may be better \
             settings that nobody tried"
        }
        false => {
            "the truth of the default and of the ten best comes from fresh repeats after the sweep"
        }
    };
    let mut lines = vec![
        told,
        format!(
            "After every trial a method recommends what a model of all that it saw expects to be the \
             lowest, of what keeps the limits. What counts is the truth of that configuration; {truth}. What breaks a limit \
             counts as the worst that keeps it."
        ),
        match study.memory_from.as_slice() {
            [] => "Nobody remembers earlier sessions.".to_owned(),
            others => format!(
                "Arms with memory know the tables of other landscapes as if earlier sessions had \
                 swept them: {}. The others remember nothing.",
                others.join(", ")
            ),
        },
    ];
    if !study.notes.is_empty() {
        let all: Vec<String> = study
            .notes
            .iter()
            .map(|one| {
                format!(
                    "after trial {}: \u{201c}{}\u{201d}",
                    one.after,
                    one.text.trim()
                )
            })
            .collect();
        lines.push(format!(
            "In arms with notes a person's words stand behind the drafted feedback, the same in every run: {}.",
            all.join("; ")
        ));
    }
    lines.extend(study.said.as_ref().and_then(SaidWords::sentence));
    if let Some(most) = study.constraints.max_time_to_first_token_s {
        lines.push(format!(
            "Limit: {} within {most} s (95th percentile).",
            study.unit.awaited()
        ));
    }
    if let Some(least) = study.constraints.min_tokens_per_second {
        lines.push(format!("Limit: at least {least} {}.", study.unit.rate()));
    }
    if let Some(check) = &study.random_check {
        lines.push(format!(
            "Check on the machinery: random search first tries a setting within 5 % of the best \
             after {:.2} trials on average; by counting it has to be {:.2} ({:+.1} standard errors).",
            check.seen, check.expected, check.standard_errors
        ));
    }
    lines
}
