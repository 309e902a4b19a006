//! The view model: everything a report says, already in words.

mod best;
mod certainty;
mod conversation;
mod cost;
mod gain;
mod lead;
pub(crate) mod memory;
mod pictures;
mod provenance;
mod trials;

use crate::chart::{self, EnergyChart, SpeedChart};
use crate::format;
use crate::options::ReportOptions;
use serde::Serialize;
use wattsmith_domain::{Scope, SessionRecord, StartLoad, Trial, Warning};
use wattsmith_stats::{Analysis, said};

pub(crate) use best::Best;
pub(crate) use certainty::{Certainty, Tone};
pub(crate) use conversation::Turn;
pub(crate) use cost::Cost;
pub(crate) use gain::Gain;
pub(crate) use lead::LeadFigure;
pub use pictures::PictureFiles;
use pictures::Pictures;
pub(crate) use provenance::Provenance;
pub(crate) use trials::{ConfirmationRow, TrialRow};

/// A whole report.
#[derive(Debug, Serialize)]
pub(crate) struct View {
    pub title: String,
    /// One line: engine, model, workload, date.
    pub subtitle: Vec<String>,
    pub figures: Figures,
    pub certainty: Certainty,
    pub lead: Vec<LeadFigure>,
    pub gain: Option<Gain>,
    pub best: Option<Best>,
    pub cost: Option<Cost>,
    pub trials: Vec<TrialRow>,
    pub confirmations: Vec<ConfirmationRow>,
    /// What undoing each change of the winner showed, in sentences.
    pub undone: Vec<String>,
    pub energy_chart: Option<EnergyChart>,
    pub speed_chart: Option<SpeedChart>,
    pub knobs: Vec<Knob>,
    pub pictures: Option<Pictures>,
    pub method: Vec<String>,
    pub constraints: Vec<String>,
    pub provenance: Provenance,
    pub conversation: Vec<Turn>,
    /// Whether any trial has a net figure, and whether any is an estimate: columns appear only then.
    pub has_net: bool,
    pub has_ends: bool,
}

/// What every figure of the session is labelled with.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Figures {
    /// `J/token`, or `J/token, estimated`.
    pub unit: String,
    /// `J/token` alone.
    pub short_unit: String,
    /// `token`.
    pub noun: &'static str,
    /// `tokens/s`.
    pub rate: &'static str,
    /// What a request waits for: `first token`.
    pub awaited: &'static str,
    /// What settings can change: `answers`.
    pub results: &'static str,
    pub estimated: bool,
    /// `Measured`, `ESTIMATED`, or that there is none yet.
    pub label: &'static str,
    /// Such as `nvml-counter · GPU board`.
    pub source: String,
    /// Both errors and the scope, one sentence each.
    pub notes: Vec<String>,
}

/// How much a knob mattered.
#[derive(Debug, Serialize)]
pub(crate) struct Knob {
    pub name: String,
    /// Width of its bar, per cent.
    pub width: f64,
    pub share: String,
}

/// Shortest window of a figure that others should rely on, seconds.
const LEAST_REPORTED_S: f64 = 30.0;

impl View {
    pub(crate) fn of(record: &SessionRecord, options: &ReportOptions) -> Self {
        let analysis = Analysis::of(record);
        let figures = Figures::of(record, &analysis);
        let certainty = Certainty::of(record, &analysis, &figures);
        let trials = trials::rows(record, &analysis, &figures);
        Self {
            title: record.session.name.clone(),
            subtitle: subtitle(record),
            lead: lead::figures(record, &analysis, &figures),
            gain: Gain::of(record, &analysis, &figures, &options.settings),
            best: Best::of(record, &analysis, &certainty),
            cost: (!record.trials.is_empty())
                .then(|| Cost::of(record, &analysis, &certainty, &figures)),
            confirmations: trials::confirmations(record, &figures),
            undone: crate::undone::undone_lines(record),
            energy_chart: chart::energy(record, &analysis, &figures),
            speed_chart: chart::speed(record, &analysis, &figures),
            knobs: knobs(&analysis),
            pictures: Pictures::of(record, &figures, &options.pictures),
            method: provenance::method(record),
            constraints: provenance::constraints(record),
            provenance: Provenance::of(record),
            conversation: conversation::turns(record, &analysis, &figures),
            has_net: trials.iter().any(|trial| trial.net.is_some()),
            has_ends: trials.iter().any(|trial| trial.ends.is_some()),
            trials,
            certainty,
            figures,
        }
    }
}

impl Figures {
    fn of(record: &SessionRecord, analysis: &Analysis) -> Self {
        let work = record.session.workload.unit;
        let noun = work.noun();
        let short_unit = format!("J/{noun}");
        let energies: Vec<_> = windows(record).map(|repeat| &repeat.energy).collect();
        let estimated = energies.iter().any(|energy| !energy.is_measured());
        let mut notes = Vec::new();
        if let Some(pooled) = analysis.pooled {
            notes.push(format!(
                "Repeatability: one window of the same settings differs from the next by about {} \
                 (standard deviation). The intervals show this.",
                format::percent(pooled.sd)
            ));
        }
        let known = record.session.noise.as_ref();
        notes.extend(known.map(|known| said::known_noise(known, &analysis.repeatability)));
        let error = energies
            .iter()
            .map(|energy| energy.sensor_error)
            .fold(f64::NAN, f64::max);
        if error.is_finite() {
            let error = format::error(error);
            notes.push(if estimated {
                format!(
                    "Error of the estimate: {error} on every joule, in the same direction for \
                     all trials. The intervals do not show this. What is said to hold was checked \
                     at both ends of the plausible watts."
                )
            } else {
                format!(
                    "Error of the sensor: {error} on every joule, in the same direction for \
                     all trials. The intervals do not show this, and a saving in per cent does not \
                     change with it."
                )
            });
        }
        notes.extend(scope_note(
            &energies.iter().map(|e| e.scope).collect::<Vec<_>>(),
        ));
        if windows(record).any(|repeat| repeat.quick) {
            notes.push(
                "Quick session: windows were shortened on purpose, so that the figures are rougher \
                 than those of a full session."
                    .to_owned(),
            );
        }
        let shortest = windows(record)
            .map(|repeat| repeat.window.0)
            .fold(f64::INFINITY, f64::min);
        if shortest < LEAST_REPORTED_S {
            notes.push(format!(
                "Short windows: the shortest took {}. For figures that others rely on, measure \
                 windows of {LEAST_REPORTED_S:.0} s or more.",
                format::duration(shortest)
            ));
        }
        let discarded = discarded(record);
        if discarded > 0 {
            notes.push(format!(
                "{} disturbed by something outside the settings and left out of every figure; the \
                 table and the CSV file say by what. Their joules count as cost of the search.",
                match discarded {
                    1 => "1 window was".to_owned(),
                    many => format!("{many} windows were"),
                }
            ));
        }
        let undecided = record.undecided(windows(record)).is_some();
        if undecided {
            notes.push(
                "Two readers of one device contradict each other, and nobody has said yet which one \
                 stands. Until then the figures are not certain, and nothing is compared with them."
                    .to_owned(),
            );
        }
        notes.extend(analysis.changes.iter().map(|one| one.words(noun)));
        notes.extend(record.session.load.as_ref().map(StartLoad::words));
        notes.extend(memory::note(&record.session));
        notes.extend(record.session.warnings.iter().map(Warning::with_code));
        let mut sources: Vec<String> = energies
            .iter()
            .map(|energy| format!("{} · {}", energy.source(), energy.scope.label()))
            .collect();
        sources.sort();
        sources.dedup();
        Self {
            source: sources.join("; "),
            unit: if estimated {
                format!("{short_unit}, estimated")
            } else {
                short_unit.clone()
            },
            short_unit,
            noun,
            rate: work.rate(),
            awaited: work.awaited(),
            results: work.results(),
            estimated,
            label: match (energies.is_empty(), estimated) {
                (true, _) => "No figures yet",
                (false, true) => "ESTIMATED",
                (false, false) if undecided => "NOT CERTAIN",
                (false, false) => "Measured",
            },
            notes,
        }
    }
}

fn scope_note(scopes: &[Scope]) -> Option<String> {
    let mut scopes = scopes.to_vec();
    scopes.sort();
    scopes.dedup();
    Some(match scopes.as_slice() {
        [] => return None,
        [Scope::GpuBoard] => "Scope: the GPU board. Processor, memory and the rest of the machine \
                              are not in these joules."
            .to_owned(),
        [Scope::GpuPackage] => {
            "Scope: the GPU's chip with what shares its package. Memory, fans and \
                                converters on its board, the processor and the rest of the machine \
                                are not in these joules."
                .to_owned()
        }
        [Scope::GpuPackageAndCpu] => {
            "Scope: the GPU's chip and the CPU package. The rest of the GPU's \
                                      board and of the machine is not in these joules."
                .to_owned()
        }
        [Scope::CpuPackage] => "Scope: the CPU package. The rest of the machine is not in these \
                                joules."
            .to_owned(),
        [Scope::GpuAndCpu] => {
            "Scope: GPU board and CPU package. The rest of the machine is not in \
                               these joules."
                .to_owned()
        }
        [Scope::Wall] => "Scope: the whole machine at the wall.".to_owned(),
        [Scope::Estimated] => "Scope: the whole machine, worked out from CPU time. No sensor was \
                               read."
            .to_owned(),
        [one] => format!("Scope: {}.", one.label()),
        many => format!(
            "Scope: it changed during the session ({}). Figures of different scope are not \
             compared.",
            many.iter()
                .map(|scope| scope.label())
                .collect::<Vec<_>>()
                .join("; ")
        ),
    })
}

fn discarded(record: &SessionRecord) -> usize {
    let trials = record.trials.iter().map(|one| one.discarded.len());
    let confirmations = record.confirmations.iter().map(|one| one.discarded.len());
    trials.chain(confirmations).sum()
}

fn windows(record: &SessionRecord) -> impl Iterator<Item = &wattsmith_domain::Repeat> {
    record
        .trials
        .iter()
        .flat_map(|trial| &trial.repeats)
        .chain(record.confirmations.iter().flat_map(|one| &one.best))
        .chain(record.confirmations.iter().flat_map(|one| &one.default))
}

fn subtitle(record: &SessionRecord) -> Vec<String> {
    let session = &record.session;
    let work = &session.workload;
    let mut parts = vec![
        session.engine.name.clone(),
        format!("{} {}", session.model.name, session.model.honest_label())
            .trim_end()
            .to_owned(),
        format!(
            "{} workload: {} requests, {}, {}",
            work.name,
            work.requests,
            work.arrivals.in_words(work.concurrency),
            work.each()
        ),
        format!("goal: {}", session.objective.threshold),
        format::moment(&session.created_at),
    ];
    if let Some(ending) = &session.ending {
        parts.push(ending.label().to_owned());
    }
    parts
}

fn knobs(analysis: &Analysis) -> Vec<Knob> {
    if analysis.importance.iter().all(|one| one.share.is_none()) {
        return Vec::new();
    }
    analysis
        .importance
        .iter()
        .map(|one| Knob {
            name: one.name.clone(),
            width: one
                .share
                .map_or(0.0, |share| (share * 100.0).clamp(0.0, 100.0).round()),
            share: one
                .share
                .map_or("inside the noise".to_owned(), format::percent),
        })
        .collect()
}

/// `parallel 4 → 8, threads 8 → 4`, against the default.
fn changes(record: &SessionRecord, trial: &Trial) -> Vec<String> {
    let space = &record.session.space;
    trial
        .configuration
        .changes_from(&space.default_configuration(), space)
        .iter()
        .map(ToString::to_string)
        .collect()
}
