//! The machine, its models, and what can be chosen for a new session.

use crate::wire::{
    ConnectionDraft, MachineView, ModelView, NewSessionOptions, SessionDraft, UnfitModelView,
    WorkloadView,
};
use std::path::PathBuf;
use wattsmith_tuner::domain::{Advisor, Constraints, Workload};
use wattsmith_tuner::{
    About, ModelEntry, SessionPlan, Tuner, TunerError, UnfitFile, gpu_knobs, shipped, workloads,
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
    let summary = |one: &Workload| {
        format!(
            "{} requests · {} at once · {} tokens out",
            one.requests, one.concurrency, one.output_tokens
        )
    };
    let quick = format!("{}-quick", workload.name);
    let quick = workloads().into_iter().find(|one| one.name == quick);
    WorkloadView {
        name: workload.name.clone(),
        summary: summary(workload),
        quick_summary: summary(quick.as_ref().unwrap_or(workload)),
    }
}

/// What can be chosen for a new session, with a good first choice filled in.
pub async fn options(tuner: &Tuner) -> NewSessionOptions {
    let shelf = tuner.model_shelf().await;
    let target = tuner.default_model().await;
    let models = with_usual(shelf.models, target.as_ref());
    let advisor = tuner.default_advisor_model().await;
    let plan = SessionPlan::default();
    let parameters: Vec<_> = shipped()
        .space(&About::machine(&tuner.machine()))
        .parameters
        .iter()
        .map(super::parameter)
        .collect();
    let engine = tuner.paths().shipped_engine();
    NewSessionOptions {
        engine: engine
            .as_ref()
            .map(|_| shipped().name().to_owned())
            .unwrap_or_default(),
        engine_problem: engine.err().unwrap_or_default(),
        models: models.iter().map(model).collect(),
        unfit_models: shelf.unfit.iter().map(unfit).collect(),
        advisor_models: advisors(&models),
        providers: super::providers(),
        workloads: workloads()
            .iter()
            .filter(|one| !one.name.ends_with("-quick"))
            .map(workload)
            .collect(),
        draft: SessionDraft {
            name: String::new(),
            model_path: target
                .map(|model| model.path.display().to_string())
                .unwrap_or_default(),
            workload: plan.workload,
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
            tuned: wattsmith_tuner::USUAL_PARAMETERS
                .iter()
                .filter(|usual| parameters.iter().any(|one| one.name == **usual))
                .map(|&name| name.to_owned())
                .collect(),
            tune_gpu: plan.tune_gpu,
            budget: plan.budget,
            repeats: plan.repeats,
            adaptive: plan.adaptive,
            quick: plan.quick,
            memory: plan.memory,
            start: Vec::new(),
        },
        parameters,
        gpu_parameters: gpu_knobs(&tuner.machine())
            .iter()
            .map(super::parameter)
            .collect(),
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
        Ok(Self {
            name: draft.name,
            model: (!draft.model_path.is_empty()).then(|| PathBuf::from(draft.model_path)),
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
