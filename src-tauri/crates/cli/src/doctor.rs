//! `doctor`: what can be measured on this machine, what not, why, and what to do. The shortest
//! answer stands first.

use crate::Stop;
use crate::args::DoctorArgs;
use crate::progress::json_line;
use std::fmt::Write as _;
use std::sync::Arc;
use wattsmith_tuner::domain::{Availability, Finding, Machine, SensorReport, Severity};
use wattsmith_tuner::{Diagnosis, Tuner, words};

/// Where lines of prose end; commands are never broken.
const WIDTH: usize = 88;

pub(crate) async fn run(tuner: &Arc<Tuner>, args: &DoctorArgs) -> Result<(), Stop> {
    let diagnosis = tuner.diagnose().await?;
    if args.json {
        json_line(&json(tuner, &diagnosis).await);
    } else {
        let said = format!("{}\n{}", text(&diagnosis), surroundings(tuner).await);
        crate::terminal::write(&mut std::io::stdout(), &said);
    }
    if diagnosis.usable {
        Ok(())
    } else {
        Err(Stop::Failed(diagnosis.verdict))
    }
}

async fn json(tuner: &Arc<Tuner>, diagnosis: &Diagnosis) -> serde_json::Value {
    let shelf = tuner.model_shelf().await;
    let engine = tuner.paths().shipped_engine();
    serde_json::json!({
        "verdict": diagnosis.verdict,
        "measured": diagnosis.measured,
        "scope": diagnosis.scope,
        "source": diagnosis.source,
        "sensor_error": diagnosis.sensor_error,
        "findings": diagnosis.findings,
        "sensors": diagnosis.sensors,
        "machine": &*tuner.machine(),
        "cores": cores(&tuner.machine()),
        "engine": engine.as_ref().ok(),
        "engine_problem": engine.as_ref().err(),
        "models": shelf.models.iter().map(crate::listing::model_json).collect::<Vec<_>>(),
        "unfit_models": shelf.unfit.iter().map(crate::listing::unfit_json).collect::<Vec<_>>(),
        "data_dir": tuner.paths().data,
    })
}

/// Cores that the machine has, those that the engine may use, and why no more.
fn cores(machine: &Machine) -> serde_json::Value {
    let usable = machine.usable.as_ref();
    serde_json::json!({
        "present": usable.map_or(machine.logical_cores, |one| one.present),
        "usable": machine.usable_logical(),
        "usable_physical": machine.usable_physical(),
        "performance": usable.and_then(|one| one.performance_cores),
        "quota": usable.and_then(|one| one.quota_cores),
        "threads": machine.steady_threads(),
        "why": usable.map(|one| &one.why),
    })
}

/// The diagnosis as a page of text.
fn text(diagnosis: &Diagnosis) -> String {
    let mut page = wrapped(&diagnosis.verdict, "", "");
    for finding in &diagnosis.findings {
        if finding.severity != Severity::Fine {
            page.push('\n');
            page.push_str(&told(finding));
        }
    }
    for finding in &diagnosis.findings {
        if finding.severity == Severity::Fine {
            page.push('\n');
            page.push_str(&wrapped(
                &format!("{}.", finding.title),
                "fine     ",
                INDENT,
            ));
        }
    }
    page.push_str("\nSensors\n");
    for sensor in &diagnosis.sensors {
        page.push_str(&sensor_line(sensor));
    }
    page
}

const INDENT: &str = "         ";

fn told(finding: &Finding) -> String {
    let label = format!("{:<9}", finding.severity.label());
    let mut text = wrapped(&format!("{}.", finding.title), &label, INDENT);
    text.push_str(&wrapped(&finding.cause, INDENT, INDENT));
    for remedy in &finding.remedies {
        let (first, rest) = (format!("{INDENT}→ "), format!("{INDENT}  "));
        text.push_str(&wrapped(&remedy.text, &first, &rest));
        if let Some(command) = &remedy.command {
            let _ = writeln!(text, "\n             {command}\n");
        }
    }
    if let Some(source) = finding.fallback {
        let words = format!("Used meanwhile: {}.", source.words());
        text.push_str(&wrapped(&words, INDENT, INDENT));
    }
    text
}

fn sensor_line(sensor: &SensorReport) -> String {
    let device = match sensor.device.as_str() {
        "" => String::new(),
        device => format!(" · {device}"),
    };
    let name = format!("{}{device}", sensor.name);
    match &sensor.availability {
        Availability::Available { .. } => {
            let mut facts = vec![
                format!("covers {}", sensor.scope.label()),
                format!("±{:.0} %", sensor.error * 100.0),
            ];
            facts.extend(words::sensor_facts(sensor));
            let (first, rest) = (format!("  yes    {name}: "), INDENT);
            wrapped(&facts.join(", "), &first, rest)
        }
        Availability::Unavailable { reason, .. } => {
            wrapped(&format!("{name}: {reason}"), "  no     ", INDENT)
        }
    }
}

/// What else a person asks about a machine: its parts, engine, models and folder.
async fn surroundings(tuner: &Arc<Tuner>) -> String {
    let machine = tuner.machine();
    let mut lines = vec![format!(
        "Machine  {} · {} physical, {} logical cores · {:.1} GiB · {} · kernel {}",
        machine.cpu,
        machine.physical_cores,
        machine.logical_cores,
        machine.memory_bytes as f64 / f64::from(1 << 30),
        machine.os,
        machine.kernel
    )];
    let cores = machine.cores_in_words();
    lines.extend(cores.map(|cores| format!("Usable   {cores}")));
    lines.extend(machine.gpus.iter().map(|gpu| format!("GPU      {gpu}")));
    lines.push(match tuner.paths().shipped_engine() {
        Ok(path) => format!("Engine   {}", path.display()),
        Err(_) => "Engine   none".to_owned(),
    });
    for model in tuner.models().await {
        lines.push(format!(
            "Model    {}, {} · {}",
            model.name,
            model.weights,
            model.path.display()
        ));
    }
    lines.push(format!("Data     {}", tuner.paths().data.display()));
    lines.join("\n") + "\n"
}

/// Prose in lines of at most [`WIDTH`] characters; the first begins with `first`, the others with
/// `rest`.
fn wrapped(prose: &str, first: &str, rest: &str) -> String {
    let mut text = String::new();
    let mut line = first.to_owned();
    let mut empty = true;
    for word in prose.split_whitespace() {
        if !empty && line.chars().count() + 1 + word.chars().count() > WIDTH {
            let _ = writeln!(text, "{}", line.trim_end());
            line = rest.to_owned();
            empty = true;
        }
        if !empty {
            line.push(' ');
        }
        line.push_str(word);
        empty = false;
    }
    let _ = writeln!(text, "{}", line.trim_end());
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use wattsmith_tuner::domain::{Scope, Source};

    fn sensor(name: &str, source: Source, availability: Availability) -> SensorReport {
        SensorReport {
            fault: None,
            name: name.to_owned(),
            device: String::new(),
            source,
            scope: match source {
                Source::Rapl => Scope::CpuPackage,
                Source::NvmlCounter => Scope::GpuBoard,
                _ => Scope::Estimated,
            },
            error: if source == Source::Estimate {
                0.5
            } else {
                0.05
            },
            availability,
        }
    }

    fn available(period_ms: f64) -> Availability {
        Availability::Available {
            period_ms: Some(period_ms),
            resolution: Some(0.001),
            averaging_ms: Some(0.0),
        }
    }

    #[test]
    fn the_page_says_the_verdict_first_then_what_to_do_then_the_sensors() {
        let findings = vec![
            Finding::new(
                Severity::Problem,
                "rapl-denied",
                "Only root may read the CPU's energy counters",
                "The kernel closed them to everybody in 2020, because fine-grained energy readings \
                 can leak secrets to other users of the machine.",
            )
            .command(
                "For now, to every user, until the machine restarts:",
                "sudo chmod a+r /sys/class/powercap/intel-rapl:*/energy_uj",
            )
            .until_then(Some(Source::NvmlCounter)),
            Finding::new(
                Severity::Note,
                "on-battery",
                "The machine runs on its battery",
                "Figures hold for this state only.",
            )
            .advise("Plug it in."),
            Finding::new(
                Severity::Fine,
                "sensors-answer",
                "Read here: the GPU's energy counter",
                "Answering: GPU 0.",
            ),
        ];
        let denied = Availability::Unavailable {
            reason: "only root may read /sys/class/powercap/intel-rapl:0/energy_uj".to_owned(),
            remedy: String::new(),
        };
        let diagnosis = Diagnosis {
            verdict: "Joules here are measured by the GPU's energy counter (GPU board), ±5 %."
                .to_owned(),
            measured: true,
            usable: true,
            scope: Scope::GpuBoard,
            source: "nvml-counter".to_owned(),
            sensor_error: 0.05,
            findings,
            sensors: vec![
                sensor(
                    "NVIDIA GPU energy counter",
                    Source::NvmlCounter,
                    available(20.0),
                ),
                sensor("Estimate from CPU time", Source::Estimate, available(100.0)),
                sensor("CPU energy counter (RAPL)", Source::Rapl, denied),
            ],
        };
        insta::assert_snapshot!(text(&diagnosis));
    }

    #[test]
    fn long_prose_is_broken_and_commands_are_not() {
        let command = format!("echo {}", "x".repeat(120));
        let finding = Finding::new(Severity::Note, "x", "A title", "word ".repeat(60))
            .command("Do this:", command.as_str());
        let text = told(&finding);
        assert!(text.contains(&command));
        let prose = text.lines().filter(|line| !line.contains("echo"));
        assert!(prose.clone().all(|line| line.chars().count() <= WIDTH));
        assert!(prose.count() > 4);
    }
}
