//! What earlier sessions teach a new one: a prior for the search, and a paragraph in the prompt.
//!
//! It is gathered once, when a session is created, and kept in it. Only ratios travel: a
//! configuration's J/unit over that of the default beside it, never joules of another machine or
//! scope.

use crate::error::TunerError;
use crate::machine::models::blocking;
use crate::session::memory_quality::{quality, worth};
use crate::tuner::{Tuner, now};
use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use wattsmith_chat::settings;
use wattsmith_domain::{
    Configuration, EarlierPoint, EarlierSession, Engine, Machine, Memory, Model, ParameterSpace,
    Scope, Session, SessionId, SessionRecord, Workload,
};
use wattsmith_search::{Landscape, PriorPoint};
use wattsmith_stats::{Analysis, Basis};

/// Sessions that are remembered.
const MOST_SESSIONS: usize = 8;
/// Sentences in a prompt about each of them.
const MOST_SENTENCES: usize = 3;
/// What another processor, model or workload takes from the weight of what was seen with it.
const OTHER_PROCESSOR: f64 = 0.5;
const OTHER_MODEL: f64 = 0.5;
const OTHER_WORKLOAD: f64 = 0.5;
/// Factor in file size up to which another model is like this one.
const SIMILAR_SIZE: f64 = 4.0;
/// Ratios nearer to 1 than this are not worth a sentence.
const WORTH_TELLING: f64 = 0.03;

impl Tuner {
    /// What earlier sessions would teach this one.
    pub(crate) async fn remembered(
        &self,
        session: &Session,
        earlier: Arc<Vec<SessionRecord>>,
    ) -> Result<Memory, TunerError> {
        let (session, scope) = (session.clone(), self.meter().scope());
        blocking(move || recall(&session, scope, earlier.iter())).await
    }

    /// Sessions that may teach a later one: those since the memory was last cleared, without the example,
    /// which knows nothing of this machine.
    pub(crate) async fn teaching(&self) -> Result<Arc<Vec<SessionRecord>>, TunerError> {
        let mut records = self.store.records().await?;
        let since = self.cleared_at().await?;
        records.retain(|one| !one.session.example && one.session.created_at > since);
        Ok(Arc::new(records))
    }

    /// Takes what earlier sessions taught out of a session: its next proposals stand on its own
    /// trials alone.
    ///
    /// # Errors
    /// There is no such session, or it cannot be stored.
    pub async fn forget(&self, session: &SessionId) -> Result<(), TunerError> {
        self.change(session, |session| session.memory = Memory::default())
            .await
    }

    /// Clears the memory: no session from before this moment teaches a later one. The sessions
    /// themselves stay.
    ///
    /// # Errors
    /// The data folder cannot be written.
    pub async fn clear_memory(&self) -> Result<(), TunerError> {
        let path = self.cleared_file();
        blocking(move || {
            wattsmith_files::keep(&path, now().as_bytes()).map_err(|source| {
                TunerError::io(format!("cannot write {}", path.display()), source)
            })
        })
        .await?
    }

    fn cleared_file(&self) -> PathBuf {
        self.paths.data.join("memory-cleared-at")
    }

    /// When the memory was last cleared; empty where it never was.
    async fn cleared_at(&self) -> Result<String, TunerError> {
        let path = self.cleared_file();
        blocking(move || match std::fs::read_to_string(&path) {
            Ok(text) => Ok(text.trim().to_owned()),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(String::new()),
            Err(source) => Err(TunerError::io(
                format!("cannot read {}", path.display()),
                source,
            )),
        })
        .await?
    }
}

/// What `records` teach `session`, whose joules will cover `scope`.
fn recall<'a>(
    session: &Session,
    scope: Scope,
    records: impl Iterator<Item = &'a SessionRecord>,
) -> Memory {
    let mut found: Vec<(EarlierSession, Vec<EarlierPoint>)> = records
        .filter(|record| record.session.id != session.id)
        .filter(|record| scope_of(record) == Some(scope))
        .filter_map(|record| {
            let (likeness, differs) = likeness(&session.into(), &(&record.session).into())?;
            let basis = Basis::of(record);
            let points = points(&session.space, &basis);
            let (quality, doubts) = quality(&basis);
            let weight = likeness * quality;
            let earlier = EarlierSession {
                doubts,
                id: record.session.id.clone(),
                name: record.session.name.clone(),
                model: record.session.model.name.clone(),
                differs,
                weight,
            };
            (!points.is_empty()).then_some((earlier, points))
        })
        .collect();
    // Of equals the newest; identities are in order of time.
    found.sort_by_key(|(one, _)| Reverse(((one.weight * 1000.0) as u64, one.id.clone())));
    found.truncate(MOST_SESSIONS);
    let (sessions, points): (Vec<_>, Vec<_>) = found.into_iter().unzip();
    Memory {
        sessions,
        points: points.into_iter().flatten().collect(),
    }
}

/// What was run, where: of a session, or of a landscape.
struct Setting<'a> {
    engine: &'a Engine,
    machine: &'a Machine,
    model: &'a Model,
    workload: &'a Workload,
}

impl<'a> From<&'a Session> for Setting<'a> {
    fn from(session: &'a Session) -> Self {
        Self {
            engine: &session.engine,
            machine: &session.machine,
            model: &session.model,
            workload: &session.workload,
        }
    }
}

impl<'a> From<&'a Landscape> for Setting<'a> {
    fn from(landscape: &'a Landscape) -> Self {
        Self {
            engine: &landscape.engine,
            machine: &landscape.machine,
            model: &landscape.model,
            workload: &landscape.workload,
        }
    }
}

/// How much an earlier session counts for this one, and in what it differs; none where it was about
/// something else.
fn likeness(now: &Setting, earlier: &Setting) -> Option<(f64, String)> {
    let (one, other) = (now.machine, earlier.machine);
    let same_kind = now.engine.name == earlier.engine.name
        && now.workload.unit == earlier.workload.unit
        && one.usable_physical() == other.usable_physical()
        && boards(one) == boards(other);
    let sizes = [now.model.bytes, earlier.model.bytes].map(|bytes| bytes.max(1) as f64);
    let ratio = (sizes[0] / sizes[1]).max(sizes[1] / sizes[0]);
    let same_model = now.model.sha256 == earlier.model.sha256;
    if !same_kind || (!same_model && ratio > SIMILAR_SIZE) {
        return None;
    }
    let mut weight = 1.0;
    let mut differs = Vec::new();
    if one.cpu != other.cpu {
        weight *= OTHER_PROCESSOR;
        differs.push(format!("on {}", other.cpu));
    }
    if !same_model {
        weight *= OTHER_MODEL;
        differs.push(format!("with {}", earlier.model.name));
    }
    if !alike(now.workload, earlier.workload) {
        weight *= OTHER_WORKLOAD;
        differs.push(format!("the workload {}", named(earlier.workload)));
    }
    Some((weight, differs.join(", ")))
}

/// Whether the work is of one kind. Shipped work is, in whatever number of requests; a file of the person's
/// own is by its hash.
fn alike(now: &Workload, earlier: &Workload) -> bool {
    if now.own.is_some() || earlier.own.is_some() {
        return now.is_same_work(earlier);
    }
    let kind = |of: &Workload| (of.name.clone(), of.concurrency, of.prompts, of.arrivals);
    kind(now) == kind(earlier)
}

/// A workload by name; a file of the person's own with the beginning of its hash, since names of files are
/// used again.
fn named(workload: &Workload) -> String {
    match &workload.own {
        None => workload.name.clone(),
        Some(own) => format!(
            "{} (SHA-256 {}…)",
            workload.name,
            own.sha256.get(..12).unwrap_or_default()
        ),
    }
}

/// The boards by name alone: another driver is no other board.
pub(crate) fn boards(machine: &Machine) -> Vec<&str> {
    let gpus = machine.gpus.iter();
    gpus.filter_map(|gpu| gpu.split(" · ").next()).collect()
}

/// What the record measured, in the terms of `space`.
fn points(space: &ParameterSpace, basis: &Basis) -> Vec<EarlierPoint> {
    let record = basis.record();
    let there = &record.session.space;
    if !same_default(space, there) {
        return Vec::new();
    }
    let analysis = Analysis::of(record);
    // A ratio to a default that fresh windows contradicted says nothing.
    let comparable = |trial| analysis.trial(trial).filter(|own| !own.stale);
    let mean = |trial| comparable(trial).and_then(|own| own.mean);
    let Some(reference) = record
        .default_trial()
        .filter(|trial| trial.is_complete())
        .and_then(|trial| mean(&trial.id))
    else {
        return Vec::new();
    };
    record
        .trials
        .iter()
        .filter(|trial| trial.is_complete())
        .filter_map(|trial| {
            Some(EarlierPoint {
                session: record.session.id.clone(),
                configuration: translated(space, there, &trial.configuration)?,
                relative: mean(&trial.id)? / reference,
                worth: worth(&basis.windows(trial)),
            })
        })
        .collect()
}

/// Whether both mean the same by their default: a ratio to another one would say something else.
fn same_default(space: &ParameterSpace, there: &ParameterSpace) -> bool {
    let default = there.default_configuration();
    translated(space, there, &default) == Some(space.default_configuration())
}

/// What other landscapes would teach a session on this one, as if each had been swept by an earlier
/// session. Nothing of `landscape` itself is in it, under whatever name or limits; and of several that
/// show one sweep under different limits, the first alone.
pub(crate) fn of_landscapes(landscape: &Landscape, others: &[Landscape]) -> Memory {
    let mut memory = Memory::default();
    let mut known = vec![landscape];
    for other in others {
        if known.iter().any(|one| same_measurements(one, other)) {
            continue;
        }
        let like = likeness(&landscape.into(), &other.into());
        let figures = other.figures();
        let default = other.space.default_configuration();
        let (Some((weight, differs)), Some(reference)) = (like, figures.get(&default.key())) else {
            continue;
        };
        if other.scope != landscape.scope || !same_default(&landscape.space, &other.space) {
            continue;
        }
        known.push(other);
        let id = SessionId(other.name.clone());
        memory.sessions.push(EarlierSession {
            id: id.clone(),
            name: other.name.clone(),
            model: other.model.name.clone(),
            differs,
            weight,
            doubts: String::new(),
        });
        let point = |configuration: &Configuration| {
            let own = figures.get(&configuration.key())?;
            Some(EarlierPoint {
                session: id.clone(),
                configuration: translated(&landscape.space, &other.space, configuration)?,
                relative: own.joules_per_unit / reference.joules_per_unit,
                // Swept and swept again, with its disturbed windows left out.
                worth: 1.0,
            })
        };
        let swept = other.entries.iter();
        memory
            .points
            .extend(swept.filter_map(|entry| point(&entry.configuration)));
    }
    memory
}

/// Whether one landscape's figures give the other's away: the same model at the same work, though
/// perhaps under other limits.
fn same_measurements(one: &Landscape, other: &Landscape) -> bool {
    // An invented landscape has no files to tell by.
    let known = !one.model.sha256.is_empty();
    let same_work =
        one.model.sha256 == other.model.sha256 && one.workload.hash == other.workload.hash;
    one.name == other.name || (known && same_work)
}

/// A configuration of another space in this one: what is missing on either side has to be at its
/// default.
fn translated(
    space: &ParameterSpace,
    there: &ParameterSpace,
    configuration: &Configuration,
) -> Option<Configuration> {
    let mut asked = Configuration::default();
    for parameter in &there.parameters {
        let value = configuration.get(&parameter.name)?;
        if space.get(&parameter.name).is_some() {
            asked.set(&parameter.name, value.clone());
        } else if *value != parameter.default {
            return None;
        }
    }
    space.check(&asked).ok()
}

/// What the joules of a record cover.
pub(crate) fn scope_of(record: &SessionRecord) -> Option<Scope> {
    let mut repeats = record.trials.iter().flat_map(|trial| &trial.repeats);
    repeats.next().map(|repeat| repeat.energy.scope)
}

/// The memory as the search takes it.
pub(crate) fn prior(memory: &Memory) -> Vec<PriorPoint> {
    memory
        .points
        .iter()
        .filter_map(|point| {
            let from = memory.sessions.iter().find(|one| one.id == point.session)?;
            Some(PriorPoint {
                configuration: point.configuration.clone(),
                relative: point.relative,
                weight: from.weight * point.worth,
            })
        })
        .collect()
}

/// The memory in sentences: of each session its best settings, and the worst.
pub(crate) fn sentences(session: &Session) -> Vec<String> {
    let memory = &session.memory;
    let mut told = BTreeSet::new();
    let mut sentences = Vec::new();
    for from in &memory.sessions {
        let mut own: Vec<&EarlierPoint> = memory
            .points
            .iter()
            .filter(|point| point.session == from.id)
            .filter(|point| (point.relative - 1.0).abs() >= WORTH_TELLING)
            .collect();
        own.sort_by(|one, other| one.relative.total_cmp(&other.relative));
        let worst = own.pop_if(|last| last.relative > 1.0);
        own.truncate(MOST_SENTENCES - 1);
        own.extend(worst);
        let mut place = match from.differs.as_str() {
            "" => "Earlier, with the same machine, model and workload".to_owned(),
            differs => format!("Earlier, {differs}"),
        };
        if !from.doubts.is_empty() {
            place.push_str(&format!(" (less certain: {})", from.doubts));
        }
        let said = own.iter().map(|point| {
            let percent = ((point.relative - 1.0) * 100.0).abs();
            let direction = if point.relative < 1.0 { "less" } else { "more" };
            let settings = settings(&point.configuration, &session.space);
            format!("{place}: {settings} used {percent:.0} % {direction} than the default.")
        });
        sentences.extend(said.filter(|one| told.insert(one.clone())));
    }
    sentences
}
