//! The machine, its models, and what can be chosen for a new session.

use crate::wire::{
    ConnectionDraft, EngineView, MachineView, ModelView, NewSessionOptions, RunningView,
    SessionDraft, UnfitModelView, WorkloadView,
};
use std::path::PathBuf;
use wattsmith_tuner::domain::{Advisor, Arrivals, Constraints, Workload};
use wattsmith_tuner::{
    Found, KnownServer, ModelEntry, ModelForm, ModelShelf, OtherModel, Place, SessionPlan, Tuner,
    TunerError, UnfitFile, WorkSize, gpu_knobs,
};

/// The machine and its sensors.
pub fn machine(tuner: &Tuner) -> MachineView {
    let machine = tuner.machine();
    let meter = tuner.meter();
    let measured = meter.is_measured();
    MachineView {
        os: machine.os.clone(),
        kernel: machine.kernel.clone(),
        cpu: machine.cpu.clone(),
        physical_cores: machine.physical_cores,
        logical_cores: machine.logical_cores,
        usable_cores: machine.cores_in_words(),
        memory_gib: machine.memory_bytes as f64 / f64::from(1 << 30),
        gpus: machine.gpus.clone(),
        virtual_machine: machine.virtual_machine.clone(),
        sensors: machine.sensors.iter().map(super::doctor::sensor).collect(),
        measured,
        scope: meter.scope().label().to_owned(),
        sensor_error: meter.sensor_error(),
        sentence: if measured {
            format!(
                "Measured: {} ({}).",
                meter.scope().label(),
                meter.source_label()
            )
        } else {
            "No power sensor answers here, so joules are estimated from CPU time.".to_owned()
        },
    }
}

/// A model file.
pub fn model(model: &ModelEntry) -> ModelView {
    ModelView {
        name: model.name.clone(),
        path: model.path.display().to_string(),
        quantisation: model.quantisation.clone(),
        weights: model.weights.clone(),
        megabytes: model.bytes as f64 / 1e6,
        parts: u32::try_from(model.parts).unwrap_or(u32::MAX),
        context_limit: model
            .context_limit
            .and_then(|limit| u32::try_from(limit).ok()),
        chats: model.chats,
    }
}

fn unfit(file: &UnfitFile) -> UnfitModelView {
    UnfitModelView {
        name: file.name.clone(),
        path: file.path.display().to_string(),
        megabytes: file.bytes as f64 / 1e6,
        reason: file.reason.clone(),
    }
}

/// The models to choose from; the one used last may lie anywhere.
pub fn with_usual(mut models: Vec<ModelEntry>, usual: Option<&ModelEntry>) -> Vec<ModelEntry> {
    if let Some(usual) = usual
        && models.iter().all(|model| model.path != usual.path)
    {
        models.push(usual.clone());
    }
    models
}

/// Those that can be talked to.
pub fn advisors(models: &[ModelEntry]) -> Vec<ModelView> {
    let chats = models.iter().filter(|model| model.chats);
    chats.map(model).collect()
}

/// A workload in a line.
pub fn workload(workload: &Workload) -> WorkloadView {
    with_short_form(workload, None)
}

/// The same, and its short form in another.
fn with_short_form(workload: &Workload, quick: Option<&Workload>) -> WorkloadView {
    let summary = |one: &Workload| {
        format!(
            "{} requests · {} · {}",
            one.requests,
            one.arrivals.in_words(one.concurrency),
            one.each()
        )
    };
    WorkloadView {
        name: workload.name.clone(),
        summary: summary(workload),
        quick_summary: summary(quick.unwrap_or(workload)),
    }
}

fn running(found: &Found) -> RunningView {
    RunningView {
        url: found.url.clone(),
        version: found.version.clone(),
        model: found.model.clone(),
        trouble: match &found.place {
            Place::Here { .. } => String::new(),
            Place::Elsewhere { host } => format!("it runs on {host}"),
            Place::NotKnown { why } => format!("where it works is not known: {why}"),
        },
    }
}

/// Models of the chosen server's kind, and the one that stands chosen.
fn of_its_kind(
    form: ModelForm,
    shelf: &ModelShelf,
    ggufs: &[ModelEntry],
    target: Option<&ModelEntry>,
) -> (Vec<ModelView>, String) {
    if form == ModelForm::Gguf {
        let path = target.map(|model| model.path.display().to_string());
        return (ggufs.iter().map(model).collect(), path.unwrap_or_default());
    }
    let others: Vec<_> = shelf.others(form).iter().map(other).collect();
    let first = others.first().map(|one| one.path.clone());
    (others, first.unwrap_or_default())
}

fn other(one: &OtherModel) -> ModelView {
    ModelView {
        name: one.name.clone(),
        path: one.path.clone(),
        quantisation: String::new(),
        weights: String::new(),
        megabytes: one.bytes as f64 / 1e6,
        parts: 1,
        context_limit: None,
        chats: true,
    }
}

fn engine(known: &KnownServer) -> EngineView {
    EngineView {
        name: known.name.clone(),
        unit: if known.pictures { "image" } else { "token" }.to_owned(),
        problem: known.program.as_ref().err().cloned().unwrap_or_default(),
    }
}

/// What can be chosen for a new session with a server, with a good first choice filled in.
///
/// # Errors
/// There is no server of this name.
pub async fn options(tuner: &Tuner, name: &str) -> Result<NewSessionOptions, TunerError> {
    let choices = tuner.server_choices(name)?;
    let shelf = tuner.model_shelf().await;
    let target = tuner.default_model().await;
    let ggufs = with_usual(shelf.models.clone(), target.as_ref());
    let (models, model_path) = of_its_kind(choices.models, &shelf, &ggufs, target.as_ref());
    let advisor = tuner.default_advisor_model().await;
    let plan = SessionPlan::default();
    let work = choices.workloads.iter();
    let usual_work = work.clone().find(|(one, _)| one.name == plan.workload);
    let usual_work = usual_work.or(choices.workloads.first());
    Ok(NewSessionOptions {
        engines: tuner.known_servers().iter().map(engine).collect(),
        engine_problem: choices.missing.unwrap_or_default(),
        unit: choices.unit.noun().to_owned(),
        model_label: choices.models.label().to_owned(),
        fetches_models: choices.models == ModelForm::Gguf,
        running: tuner.running_servers().await.iter().map(running).collect(),
        models,
        unfit_models: match choices.models {
            ModelForm::Gguf => shelf.unfit.iter().map(unfit).collect(),
            _ => Vec::new(),
        },
        advisor_models: advisors(&ggufs),
        providers: super::providers(),
        draft: SessionDraft {
            name: String::new(),
            engine: choices.name.clone(),
            model_path,
            attach: String::new(),
            workload: usual_work.map_or(plan.workload, |(one, _)| one.name.clone()),
            work_file: String::new(),
            arrivals: Arrivals::default().to_string(),
            answer_tokens: None,
            advisor: if advisor.is_some() {
                Advisor::Guided
            } else {
                Advisor::Surrogate
            }
            .label()
            .to_owned(),
            connection: ConnectionDraft {
                kind: if advisor.is_some() { "local" } else { "none" }.to_owned(),
                model: advisor
                    .map(|model| model.path.display().to_string())
                    .unwrap_or_default(),
                base_url: String::new(),
                price_in: None,
                price_out: None,
                spending_cap: None,
            },
            threshold: "10%".to_owned(),
            min_tokens_per_second: None,
            max_time_to_first_token_s: None,
            quality_lock: plan.constraints.quality_lock,
            tuned: choices.usual,
            tune_gpu: plan.tune_gpu,
            budget: plan.budget,
            repeats: plan.repeats,
            adaptive: plan.adaptive,
            quick: plan.quick,
            memory: plan.memory,
            start: Vec::new(),
        },
        workloads: work
            .map(|(one, quick)| with_short_form(one, quick.as_ref()))
            .collect(),
        engine: choices.name,
        parameters: choices.parameters.iter().map(super::parameter).collect(),
        gpu_parameters: gpu_knobs(&tuner.machine())
            .iter()
            .map(super::parameter)
            .collect(),
    })
}

/// How the window calls work from a file of the person's own.
pub const OWN_FILE: &str = "own-file";

fn work_file(workload: &str, path: &str) -> Result<Option<PathBuf>, TunerError> {
    match (workload, path.trim()) {
        (OWN_FILE, "") => Err(TunerError::Invalid(
            "Name the file with your own prompts or chats, or choose other work.".to_owned(),
        )),
        (OWN_FILE, path) => Ok(Some(PathBuf::from(path))),
        _ => Ok(None),
    }
}

impl TryFrom<SessionDraft> for SessionPlan {
    type Error = TunerError;

    fn try_from(draft: SessionDraft) -> Result<Self, TunerError> {
        let positive = |value: Option<f64>, what: &str| match value {
            Some(number) if !(number.is_finite() && number > 0.0) => Err(TunerError::Invalid(
                format!("{what} must be above 0, or left empty."),
            )),
            other => Ok(other),
        };
        let choice = super::connection(&draft.connection)?;
        let attach = Some(draft.attach).filter(|address| !address.is_empty());
        let started = attach.is_none() && !draft.model_path.is_empty();
        let own = draft.workload == OWN_FILE;
        Ok(Self {
            name: draft.name,
            engine: draft.engine,
            model: started.then(|| PathBuf::from(draft.model_path)),
            attach,
            work_file: work_file(&draft.workload, &draft.work_file)?,
            size: WorkSize {
                arrivals: own
                    .then(|| draft.arrivals.parse())
                    .transpose()
                    .map_err(TunerError::Invalid)?,
                output_tokens: draft.answer_tokens.filter(|_| own),
                ..WorkSize::default()
            },
            workload: draft.workload,
            advisor: draft.advisor.parse().map_err(TunerError::Invalid)?,
            connection: choice.connection,
            price: choice.price,
            spending_cap: choice.spending_cap,
            threshold: draft.threshold.parse().map_err(TunerError::Invalid)?,
            constraints: Constraints {
                min_tokens_per_second: positive(
                    draft.min_tokens_per_second,
                    "The least tokens per second",
                )?,
                max_time_to_first_token_s: positive(
                    draft.max_time_to_first_token_s,
                    "The greatest time to first token",
                )?,
                quality_lock: draft.quality_lock,
                min_picture_likeness_db: None,
                min_same_tokens: None,
            },
            tuned: draft.tuned,
            tune_gpu: draft.tune_gpu,
            budget: draft.budget,
            repeats: draft.repeats,
            adaptive: draft.adaptive,
            quick: draft.quick,
            memory: draft.memory,
            start: crate::commands::configuration(draft.start),
            ..Self::default()
        })
    }
}
