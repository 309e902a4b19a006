//! The first section, for a reader who measures nothing: what was gained, what was given up for it, what
//! is certain and what is not.

use super::Figures;
use super::certainty::Tone;
use crate::format;
use serde::Serialize;
use wattsmith_domain::{Interval, SessionRecord, Settings, WorkUnit};
use wattsmith_stats::{Analysis, Lead, MANY, Outcome, Standing, Worth, said};

/// Where the person enters what is missing.
const WHERE: &str = "under Settings in the window, or with the command wattsmith-cli settings set";

/// What the session is worth, in plain words.
#[derive(Debug, Serialize)]
pub(crate) struct Gain {
    pub tone: Tone,
    /// One sentence or two.
    pub says: String,
    /// Amounts by their names; the first are those of [`MANY`] answers.
    pub amounts: Vec<Amount>,
    pub given_up: Vec<String>,
    pub certain: Vec<String>,
    pub open: Vec<String>,
    /// What is not shown since nobody entered it, and where to; empty where nothing is missing.
    pub missing: String,
    pub estimated: bool,
}

/// A figure with its name.
#[derive(Debug, Serialize)]
pub(crate) struct Amount {
    pub name: String,
    pub value: String,
    /// Whether it is a saving.
    pub saved: bool,
}

impl Gain {
    /// None before anything was measured.
    pub(crate) fn of(
        record: &SessionRecord,
        analysis: &Analysis,
        figures: &Figures,
        settings: &Settings,
    ) -> Option<Self> {
        let outcome = Outcome::of(record, analysis);
        let lead = Lead::of(record, analysis, &outcome);
        let worth = Worth::of(&lead, &outcome, &record.session.workload, settings);
        worth.default?;
        Some(Self {
            tone: match worth.standing {
                Standing::Confirmed => Tone::Good,
                Standing::Seen => Tone::Open,
                Standing::None => Tone::Plain,
            },
            says: says(record, &outcome, &worth, figures, settings),
            amounts: amounts(record, &worth, figures, settings),
            given_up: match worth.standing {
                Standing::None => Vec::new(),
                _ => given_up(record, &outcome, &lead),
            },
            certain: certain(&outcome, &worth, figures),
            open: open(record, analysis, &outcome, &lead, &worth, figures),
            missing: missing(&worth, settings),
            estimated: figures.estimated,
        })
    }
}

/// `1,000 answers of 64 tokens`.
fn many(record: &SessionRecord) -> String {
    let work = &record.session.workload;
    let count = said::whole(MANY);
    match work.unit {
        WorkUnit::OutputToken => format!("{count} answers of {} tokens", work.output_tokens),
        WorkUnit::Image => format!("{count} images"),
    }
}

fn energy(joules: f64, settings: &Settings) -> String {
    said::energy(joules, settings.energy_unit).replace(' ', &format::GAP.to_string())
}

fn saved(amount: &Interval, settings: &Settings) -> String {
    format::tied(&said::saved(amount, |joules| {
        said::energy(joules, settings.energy_unit)
    }))
}

fn says(
    record: &SessionRecord,
    outcome: &Outcome,
    worth: &Worth,
    figures: &Figures,
    settings: &Settings,
) -> String {
    let many = many(record);
    let estimate = if figures.estimated { ", estimated" } else { "" };
    let default = worth.default.map_or_else(
        || format::NONE.to_owned(),
        |joules| energy(joules, settings),
    );
    let own = worth.subject.map(|joules| energy(joules, settings));
    match (worth.standing, own) {
        (Standing::Confirmed, Some(own)) => format!(
            "With the settings of trial {}, {many} take {own} instead of {default}{estimate}. Fresh \
             repeats of both have confirmed that it is less.",
            outcome.number
        ),
        (Standing::Seen, Some(own)) => format!(
            "{}: {many} took {own} with the settings of trial {} and {default} with the \
             default{estimate}, and whether less is needed is not certain.",
            format::capital(outcome.kind.word()),
            outcome.number
        ),
        _ => format!(
            "Nothing was gained that can be stated ({}). With the default settings, {many} take \
             {default}{estimate}.",
            outcome.kind.word()
        ),
    }
}

fn amounts(
    record: &SessionRecord,
    worth: &Worth,
    figures: &Figures,
    settings: &Settings,
) -> Vec<Amount> {
    let Some(gain) = worth.saved else {
        return Vec::new();
    };
    let estimate = if figures.estimated { ", estimated" } else { "" };
    let doubt = match worth.standing {
        Standing::Confirmed => "",
        _ => ", if it is confirmed",
    };
    let amount = |name: &str, value: &str, saved: bool| Amount {
        name: format!("{name}{}{estimate}", if saved { doubt } else { "" }),
        value: format::tied(value),
        saved,
    };
    let mut list = Vec::new();
    let default = worth.default.map(|joules| {
        let name = format!("{} with the default", many(record));
        amount(&name, &energy(joules, settings), false)
    });
    let own = worth.subject.map(|joules| {
        let name = "The same with these settings";
        amount(name, &energy(joules, settings), false)
    });
    list.extend(default.into_iter().chain(own));
    list.push(amount("Saved", &saved(&gain, settings), true));
    // The sum of a year where the person said how much work it has; else of as many answers.
    let mut sum = gain;
    if let (Some(year), Some(per_day)) = (worth.saved_in_a_year, settings.answers_per_day) {
        let name = format!(
            "Saved in a year at {} {} a day",
            said::whole(per_day),
            results(record.session.workload.unit)
        );
        let value = said::saved(&year, said::kilowatt_hours);
        list.push(amount(&name, &value, true));
        sum = year;
    }
    let money = Worth::money(&sum, settings);
    list.extend(money.map(|words| amount("The same in money", &words, true)));
    let carbon = Worth::carbon(&sum, settings);
    list.extend(carbon.map(|words| amount("The same in greenhouse gases", &words, true)));
    list
}

fn results(unit: WorkUnit) -> &'static str {
    match unit {
        WorkUnit::OutputToken => "answers",
        WorkUnit::Image => "images",
    }
}

/// What the settings cost beside energy.
fn given_up(record: &SessionRecord, outcome: &Outcome, lead: &Lead) -> Vec<String> {
    let unit = record.session.workload.unit;
    let mut lines = Vec::new();
    if let (Some(own), Some(default)) = (&lead.subject, &lead.default) {
        let (now, before) = (own.units_per_second, default.units_per_second);
        lines.push(format::tied(&format!(
            "Speed: {} instead of {}, {}.",
            said::with_unit(now, unit.rate()),
            said::number(before),
            said::beside(now / before, "faster", "slower")
        )));
        let (now, before) = (own.waited_s.p50, default.waited_s.p50);
        lines.push(format::tied(&format!(
            "Wait for the {}, in half of the requests: {} instead of {}, {}.",
            unit.awaited(),
            said::with_unit(now, "s"),
            said::number(before),
            said::beside(now / before, "longer", "shorter")
        )));
    }
    let trial = outcome.trial.as_ref().and_then(|id| record.trial(id));
    if let Some(trial) = trial {
        let space = &record.session.space;
        let changes = trial
            .configuration
            .changes_from(&space.default_configuration(), space);
        let touching: Vec<&str> = changes
            .iter()
            .filter(|one| {
                let knob = space.get(&one.name);
                knob.is_some_and(|knob| knob.changes_output)
            })
            .map(|one| one.name.as_str())
            .collect();
        lines.push(match touching.as_slice() {
            [] => format!(
                "No setting that was changed is known to change {}.",
                unit.result()
            ),
            names => format!(
                "{} may change: {} can do that. Compare some before you keep {}.",
                format::capital(unit.results()),
                names.join(", "),
                if names.len() == 1 { "it" } else { "them" }
            ),
        });
    }
    lines
}

fn certain(outcome: &Outcome, worth: &Worth, figures: &Figures) -> Vec<String> {
    let (Standing::Confirmed, Some(ratio)) = (worth.standing, outcome.ratio) else {
        return Vec::new();
    };
    let ends = match figures.estimated {
        true => " That holds at both ends of the plausible watts, though no sensor was read.",
        false => "",
    };
    vec![format!(
        "On this machine and for this work, these settings need less energy per {} than the default: \
         {}.{ends}",
        figures.noun,
        format::range(&ratio)
    )]
}

fn open(
    record: &SessionRecord,
    analysis: &Analysis,
    outcome: &Outcome,
    lead: &Lead,
    worth: &Worth,
    figures: &Figures,
) -> Vec<String> {
    let mut lines = Vec::new();
    if worth.standing != Standing::Confirmed && !outcome.why().is_empty() {
        lines.push(outcome.why().to_owned());
    }
    lines.extend(outcome.beside_lowest(record, analysis));
    let sides = [&lead.subject, &lead.default].into_iter().flatten();
    let error = sides.map(|side| side.sensor_error).reduce(f64::max);
    if let Some(error) = error {
        let error = format::error(error);
        lines.push(match figures.estimated {
            true => format!(
                "No power sensor was read: every amount is an estimate from CPU time and may be off \
                 by {error}, all of them in the same direction."
            ),
            false => format!(
                "Every amount may be off by {error}, the error of the sensor, all of them in the same \
                 direction. The saving in per cent does not change with it."
            ),
        });
    }
    if worth.saved.is_some() {
        lines.push(format!(
            "Other machines, models and work were not measured. {} counts {}.",
            if record.session.workload.unit == WorkUnit::Image {
                "An image"
            } else {
                "An answer"
            },
            match record.session.workload.unit {
                WorkUnit::Image => "as those of this session".to_owned(),
                WorkUnit::OutputToken => format!(
                    "as {} tokens, those of this session",
                    record.session.workload.output_tokens
                ),
            }
        ));
    }
    lines
}

fn missing(worth: &Worth, settings: &Settings) -> String {
    if worth.saved.is_none() {
        return String::new();
    }
    let lacking: Vec<&str> = [
        (
            settings.price().is_none(),
            "money (price of a kWh and its currency)",
        ),
        (settings.grid_g_per_kwh.is_none(), "CO₂e (grid intensity)"),
        (
            settings.answers_per_day.is_none(),
            "a year's sum (answers a day)",
        ),
    ]
    .into_iter()
    .filter_map(|(lacks, what)| lacks.then_some(what))
    .collect();
    match lacking.as_slice() {
        [] => String::new(),
        what => format!(
            "Not shown, since nobody entered it: {}. Enter it {WHERE}.",
            what.join("; ")
        ),
    }
}
