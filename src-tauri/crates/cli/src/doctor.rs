//! `doctor`: what can be measured on this machine, what not, why, and what to do.

use crate::Stop;
use crate::args::DoctorArgs;
use crate::progress::json_line;
use std::sync::Arc;
use wattsmith_tuner::Tuner;
use wattsmith_tuner::domain::{Availability, SensorReport};

pub(crate) async fn run(tuner: &Arc<Tuner>, args: &DoctorArgs) -> Result<(), Stop> {
    let models = tuner.models().await;
    let engine = tuner.paths().llama_server();
    if args.json {
        json_line(&serde_json::json!({
            "machine": &*tuner.machine(),
            "scope": tuner.meter().scope(),
            "source": tuner.meter().source_label(),
            "measured": tuner.meter().is_measured(),
            "sensor_error": tuner.meter().sensor_error(),
            "engine": engine.as_ref().ok(),
            "engine_problem": engine.as_ref().err(),
            "models": models.iter().map(crate::listing::model_json).collect::<Vec<_>>(),
            "data_dir": tuner.paths().data,
        }));
        return Ok(());
    }
    let machine = tuner.machine();
    say!("Machine   {}", machine.cpu);
    say!(
        "          {} physical, {} logical cores · {:.1} GiB · {} · kernel {}",
        machine.physical_cores,
        machine.logical_cores,
        machine.memory_bytes as f64 / f64::from(1 << 30),
        machine.os,
        machine.kernel
    );
    if let Some(kind) = &machine.virtual_machine {
        say!("          virtual machine: {kind}");
    }
    for gpu in &machine.gpus {
        say!("GPU       {gpu}");
    }
    say!();
    for sensor in &machine.sensors {
        show(sensor);
    }
    say!();
    let meter = tuner.meter();
    if meter.is_measured() {
        say!(
            "Figures are measured: {} ({}), sensor error ±{:.0} %.",
            meter.scope().label(),
            meter.source_label(),
            meter.sensor_error() * 100.0
        );
    } else {
        say!(
            "Figures are ESTIMATED from CPU time: no power sensor answers here. Their error is \
             ±{:.0} % or more, and a saving is only called certain where it does not depend on \
             how much this machine draws when idle.",
            meter.sensor_error() * 100.0
        );
    }
    say!();
    match engine {
        Ok(path) => say!("Engine    {}", path.display()),
        Err(problem) => say!("Engine    missing: {problem}"),
    }
    if models.is_empty() {
        say!("Models    none; run `make setup` in the source folder");
    }
    for model in models {
        say!(
            "Model     {} {} · {}",
            model.name,
            model.quantisation,
            model.path.display()
        );
    }
    say!("Data      {}", tuner.paths().data.display());
    Ok(())
}

fn show(sensor: &SensorReport) {
    let device = if sensor.device.is_empty() {
        String::new()
    } else {
        format!(" ({})", sensor.device)
    };
    match &sensor.availability {
        Availability::Available { period_ms, .. } => {
            let period =
                period_ms.map_or(String::new(), |ms| format!(", new value every {ms:.0} ms"));
            say!("  yes  {}{device}: answers{period}", sensor.name);
        }
        Availability::Unavailable { reason, remedy } => {
            say!("  no   {}{device}: {reason}", sensor.name);
            if !remedy.is_empty() {
                say!("       → {remedy}");
            }
        }
    }
}
