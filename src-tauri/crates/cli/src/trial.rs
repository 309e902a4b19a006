//! `trial`: one configuration, measured. Stored like every session, so that it can be reported.

use crate::Stop;
use crate::args::TrialArgs;
use crate::progress::{Ended, Progress, last};
use crate::terminal::Terminal;
use crate::tune::answer_busy;
use serde_json::{Value, json};
use std::sync::Arc;
use wattsmith_tuner::domain::{Advisor, SessionRecord, StartLoad, Trial, TrialState, WorkUnit};
use wattsmith_tuner::stats::{Analysis, said};
use wattsmith_tuner::{SessionPlan, Step, Tuner, TunerError, cause_label, words};

pub(crate) async fn run(tuner: &Arc<Tuner>, args: TrialArgs) -> Result<(), Stop> {
    let work = &args.work;
    let terminal = Terminal::watch()?;
    let session = tuner
        .create_session(SessionPlan {
            name: "trial".to_owned(),
            model: work.what.model.clone(),
            draft: work.draft_model.clone(),
            server_chooses: work.server_chooses,
            workload: work.what.workload.clone(),
            work_file: work.what.work_file.clone(),
            size: work.what.size(),
            pictures: work.what.pictures(),
            engine: work.what.engine.clone(),
            attach: work.what.attach.clone(),
            runs_on: work.what.runs_on.clone(),
            advisor: Advisor::Sobol,
            start: work.what.start(),
            tune_gpu: args.allow_gpu_control,
            budget: 0,
            repeats: work.repeats(),
            adaptive: false,
            rerun: !work.keep_disturbed,
            busy: work.on_busy(true),
            quick: work.quick,
            ..SessionPlan::default()
        })
        .await
        .map_err(Stop::of_words)?;
    let record = loop {
        let progress = Progress::show(tuner, &session, work.json);
        let measuring = tuner.perform(&session, Step::MeasureDefault);
        let done = terminal.interruptible(tuner, &session, measuring).await;
        drop(progress);
        if !matches!(done, Ok(Ok(()))) {
            tuner.drop_if_untouched(&session).await?;
        }
        let done = done?;
        if let Err(busy @ TunerError::TooBusy { .. }) = &done
            && work.json
        {
            last(
                json!({
                    "event": "result",
                    "state": "too-busy",
                    "cause": busy.name(),
                    "message": busy.to_string(),
                }),
                Ended::Failed,
            );
        }
        done?;
        let record = tuner.record(&session).await?;
        match record.session.busy_question().map(StartLoad::found) {
            Some(load) => {
                answer_busy(tuner, &terminal, &record, &load, work.on_busy(true)).await?;
            }
            None => break record,
        }
    };
    let analysis = Analysis::of(&record);
    let trial = record
        .default_trial()
        .ok_or_else(|| Stop::Failed("the trial was not stored".to_owned()))?;
    if let TrialState::Failed {
        cause,
        message,
        fault,
    } = &trial.state
    {
        if work.json {
            last(
                json!({
                    "event": "result",
                    "state": "failed",
                    "cause": cause,
                    "message": message,
                    "fault": fault,
                    "faults": faults(trial),
                    "sensors": record.session.machine.sensors,
                }),
                Ended::Failed,
            );
        }
        return Err(Stop::Failed(format!("{}: {message}", cause_label(*cause))));
    }
    let result = figures(&record, &analysis, trial);
    if work.json {
        last(result, Ended::Complete);
    } else {
        show(&record, &analysis, trial);
        if let Some(known) = &record.session.noise {
            say!(
                "  note: {}",
                said::known_noise(known, &analysis.repeatability)
            );
        }
        if let Some(load) = &record.session.load {
            say!("  note: {}", load.words());
        }
    }
    Ok(())
}

/// A trial's figures as JSON.
pub(crate) fn figures(record: &SessionRecord, analysis: &Analysis, trial: &Trial) -> Value {
    let own = analysis.trial(&trial.id);
    let interval = own.and_then(|own| own.joules_per_unit);
    let mean = own.and_then(|own| own.mean);
    // One repeat has a mean, but nothing that tells its error.
    let joules = interval.map_or_else(
        || json!({"mean": mean, "low": null, "high": null, "n": trial.repeats.len()}),
        |one| json!(one),
    );
    let first = trial.repeats.first();
    let performance = own.and_then(|own| own.performance.as_ref());
    let units: u64 = trial.repeats.iter().map(|repeat| repeat.units.0).sum();
    let unit = record.session.workload.unit;
    let mut all = json!({
        "event": "trial",
        "session": record.session.id,
        "trial": trial.number,
        "state": trial.state,
        "configuration": trial.configuration,
        "estimate_ends": own.and_then(|own| own.ends),
        "scope": first.map(|one| one.energy.scope),
        "source": first.map(|one| one.energy.source()),
        "measured": first.is_some_and(|one| one.energy.is_measured()),
        "sensor_error": first.map(|one| one.energy.sensor_error),
        "window_error": first.map(|one| one.energy.window_error),
        "unit": unit,
        "quick": record.session.quick,
        "load": record.session.load,
        "stale": own.is_some_and(|own| own.stale),
        "engine": record.session.engine,
        "model": record.session.model,
        "workload": record.session.workload,
        "comparison": own.and_then(|own| own.comparison),
        "launch": trial.launch,
        "warnings": words::warnings(&trial.repeats),
        "faults": faults(trial),
        "certain": record.undecided(&trial.repeats).is_none(),
        "sensors": record.session.machine.sensors,
        "repeats": trial.repeats,
        "repeats_note": trial.note,
        "discarded": trial.discarded,
    });
    let net = own.and_then(|own| own.net);
    let per_second = performance.map(|one| one.tokens_per_second);
    let awaited = performance.map(|one| one.time_to_first_token_s);
    let of_unit = match unit {
        WorkUnit::OutputToken => json!({
            "joules_per_token": joules,
            "joules_per_token_net": net,
            "tokens_per_second": per_second,
            "time_to_first_token_s": awaited,
            "output_tokens": units,
        }),
        WorkUnit::Image => json!({
            "joules_per_image": joules,
            "joules_per_image_net": net,
            "joules_per_step": words::joules_per_step(&trial.repeats),
            "images_per_second": per_second,
            "time_to_pictures_s": awaited,
            "images": units,
        }),
    };
    if let (Value::Object(all), Value::Object(of_unit)) = (&mut all, of_unit) {
        all.extend(of_unit);
    }
    all
}

/// The codes of what is wrong with sensors, each with its text; that of the failure first.
fn faults(trial: &Trial) -> Vec<Value> {
    let failed = match &trial.state {
        TrialState::Failed {
            fault: Some(fault),
            message,
            ..
        } => Some((*fault, message)),
        _ => None,
    };
    let warned = words::distinct(&trial.repeats);
    let warned = warned
        .iter()
        .filter_map(|one| Some((one.fault?, &one.text)));
    failed
        .into_iter()
        .chain(warned)
        .map(|(fault, text)| json!({ "fault": fault, "text": text }))
        .collect()
}

/// A trial's figures as text.
pub(crate) fn show(record: &SessionRecord, analysis: &Analysis, trial: &Trial) {
    for line in words::trial(record, analysis, trial) {
        say!("{line}");
    }
}
