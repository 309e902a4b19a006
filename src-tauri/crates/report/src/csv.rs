//! One row for each measured window.

use wattsmith_domain::{Energy, Repeat, SessionRecord, Trial, Warning};
use wattsmith_stats::Basis;

const HEAD: [&str; 44] = [
    "session_id",
    "session",
    "engine",
    "engine_version",
    "model",
    "model_sha256",
    "workload",
    "workload_sha256",
    "row",
    "trial",
    "trial_state",
    "repeat",
    "started_at_utc",
    "measured",
    "source",
    "scope",
    "sensor_error_fraction",
    "window_error_fraction",
    "unit",
    "joules_per_unit_gross_J",
    "joules_per_unit_net_J",
    "joules_per_unit_estimate_low_idle_J",
    "joules_per_unit_estimate_high_idle_J",
    "energy_gross_J",
    "energy_net_J",
    "overhead_J",
    "idle_W",
    "window_s",
    "load_s",
    "warm_up_s",
    "units",
    "tokens_per_s",
    "time_to_first_token_p50_s",
    "time_to_first_token_p95_s",
    "time_per_output_token_p50_s",
    "time_per_output_token_p95_s",
    "engine_cpu_s",
    "wattsmith_cpu_s",
    "other_cpu_s",
    "stolen_cpu_s",
    "quick",
    "warnings",
    "discarded_because",
    "comparable",
];

/// The whole table.
pub(crate) fn rows(record: &SessionRecord) -> String {
    let mut text = String::new();
    let basis = Basis::of(record);
    let parameters = &record.session.space.parameters;
    let settings = parameters.iter().map(|one| format!("set_{}", one.name));
    line(
        &mut text,
        HEAD.map(str::to_owned).into_iter().chain(settings),
    );
    for trial in &record.trials {
        for repeat in &trial.repeats {
            row(&mut text, &basis, "trial", trial, repeat, "");
        }
        for one in &trial.discarded {
            row(
                &mut text,
                &basis,
                "discarded",
                trial,
                &one.repeat,
                &one.cause.text,
            );
        }
    }
    for confirmation in &record.confirmations {
        for (kind, trial, repeats) in [
            (
                "confirmation best",
                record.trial(&confirmation.trial),
                &confirmation.best,
            ),
            (
                "confirmation default",
                record.default_trial(),
                &confirmation.default,
            ),
        ] {
            let Some(trial) = trial else { continue };
            for repeat in repeats {
                row(&mut text, &basis, kind, trial, repeat, "");
            }
        }
        // Which side it was of is not kept; its settings are, by the trial that crossed.
        for one in &confirmation.discarded {
            if let Some(trial) = record.trial(&confirmation.trial) {
                let kind = "confirmation discarded";
                row(&mut text, &basis, kind, trial, &one.repeat, &one.cause.text);
            }
        }
    }
    text
}

fn row(
    text: &mut String,
    basis: &Basis,
    kind: &str,
    trial: &Trial,
    repeat: &Repeat,
    discarded: &str,
) {
    let session = &basis.record().session;
    let energy = &repeat.energy;
    let performance = &repeat.performance;
    let (low_idle, high_idle) = repeat.estimate_ends().unzip();
    let cells = [
        words(&session.id.0),
        words(&session.name),
        words(&session.engine.name),
        words(&session.engine.version),
        words(&session.model.name),
        words(&session.model.sha256),
        words(&session.workload.name),
        words(&session.workload.hash),
        kind.to_owned(),
        trial.number.to_string(),
        state(trial).to_owned(),
        repeat.index.to_string(),
        words(&repeat.started_at),
        energy.is_measured().to_string(),
        energy.source(),
        scope(energy).to_owned(),
        figure(energy.sensor_error),
        figure(energy.window_error),
        session.workload.unit.noun().to_owned(),
        figure(repeat.joules_per_unit()),
        optional(repeat.net_joules_per_unit()),
        optional(low_idle),
        optional(high_idle),
        figure(energy.gross.0),
        optional(energy.net.map(|one| one.0)),
        figure(repeat.overhead.0),
        optional(repeat.idle.map(|one| one.0)),
        figure(repeat.window.0),
        figure(repeat.load.0),
        figure(repeat.warm_up.0),
        repeat.units.0.to_string(),
        figure(performance.tokens_per_second),
        figure(performance.time_to_first_token_s.p50),
        figure(performance.time_to_first_token_s.p95),
        figure(performance.time_per_output_token_s.p50),
        figure(performance.time_per_output_token_s.p95),
        figure(repeat.cpu.engine_s),
        figure(repeat.cpu.own_s),
        figure(repeat.cpu.other_s),
        figure(repeat.cpu.stolen_s),
        repeat.quick.to_string(),
        words(
            &repeat
                .warnings
                .iter()
                .map(Warning::with_code)
                .collect::<Vec<_>>()
                .join(" | "),
        ),
        words(discarded),
        basis.holds(repeat).to_string(),
    ];
    debug_assert_eq!(cells.len(), HEAD.len());
    let settings = session.space.parameters.iter().map(|one| {
        trial
            .configuration
            .get(&one.name)
            .map_or(String::new(), |value| words(&value.to_string()))
    });
    line(text, cells.into_iter().chain(settings));
}

fn line(text: &mut String, cells: impl Iterator<Item = String>) {
    for (index, cell) in cells.enumerate() {
        if index > 0 {
            text.push(',');
        }
        if cell.contains(['"', ',', '\n', '\r']) {
            text.push('"');
            text.push_str(&cell.replace('"', "\"\""));
            text.push('"');
        } else {
            text.push_str(&cell);
        }
    }
    text.push_str("\r\n");
}

/// Text that a spreadsheet must not take for a formula. A plain number may keep its sign.
fn words(text: &str) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) && text.parse::<f64>().is_err() {
        format!("'{text}")
    } else {
        text.to_owned()
    }
}

/// Full precision; empty where there is no figure.
fn figure(value: f64) -> String {
    if value.is_finite() {
        value.to_string()
    } else {
        String::new()
    }
}

fn optional(value: Option<f64>) -> String {
    value.map_or(String::new(), figure)
}

fn scope(energy: &Energy) -> &'static str {
    energy.scope.label()
}

fn state(trial: &Trial) -> &'static str {
    use wattsmith_domain::TrialState::{Complete, Discarded, Failed, Pending, Running};
    match trial.state {
        Pending => "pending",
        Running => "running",
        Complete => "complete",
        Failed { .. } => "failed",
        Discarded { .. } => "discarded",
    }
}
