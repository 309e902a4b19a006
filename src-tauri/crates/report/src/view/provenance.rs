//! Where the figures come from: method, constraints, machine, sensors, engine, model, workload.

use crate::format;
use serde::Serialize;
use std::collections::BTreeMap;
use wattsmith_domain::{Arrivals, Availability, Model, SessionRecord, WorkUnit, Workload};

/// A name and what it is.
#[derive(Debug, Serialize)]
pub(crate) struct Fact {
    pub name: &'static str,
    pub value: String,
    /// Set in a fixed-width face: hashes and versions.
    pub code: bool,
}

/// One sensor that was looked for.
#[derive(Debug, Serialize)]
pub(crate) struct SensorRow {
    pub name: String,
    pub covers: &'static str,
    pub error: String,
    pub available: bool,
    pub status: String,
    pub remedy: String,
}

/// What another person needs in order to do it again.
#[derive(Debug, Serialize)]
pub(crate) struct Provenance {
    pub machine: Vec<Fact>,
    pub sensors: Vec<SensorRow>,
    pub setup: Vec<Fact>,
}

fn fact(name: &'static str, value: impl Into<String>) -> Fact {
    Fact {
        name,
        value: value.into(),
        code: false,
    }
}

fn code(name: &'static str, value: impl Into<String>) -> Fact {
    Fact {
        code: true,
        ..fact(name, value)
    }
}

impl Provenance {
    pub(crate) fn of(record: &SessionRecord) -> Self {
        Self {
            machine: machine(record),
            sensors: sensors(record),
            setup: setup(record),
        }
    }
}

fn machine(record: &SessionRecord) -> Vec<Fact> {
    let machine = &record.session.machine;
    let mut facts = vec![
        fact("System", &machine.os),
        fact("Kernel", &machine.kernel),
        fact(
            "Processor",
            format!(
                "{}, {} physical and {} logical cores",
                machine.cpu, machine.physical_cores, machine.logical_cores
            ),
        ),
    ];
    let cores = machine.cores_in_words();
    facts.extend(cores.map(|cores| fact("The engine may use", cores)));
    facts.extend([
        fact("Memory", format::bytes(machine.memory_bytes)),
        fact(
            "GPU",
            if machine.gpus.is_empty() {
                "none found".to_owned()
            } else {
                machine.gpus.join("; ")
            },
        ),
    ]);
    if let Some(kind) = &machine.virtual_machine {
        facts.push(fact("Virtual machine", kind));
    }
    if let Some(at) = &record.session.imported_at {
        let day = at.get(..10).unwrap_or_default();
        facts.push(fact("Imported", format!("taken in from a file on {day}")));
    }
    facts
}

fn sensors(record: &SessionRecord) -> Vec<SensorRow> {
    let row = |sensor: &wattsmith_domain::SensorReport| {
        let (available, status, remedy) = match &sensor.availability {
            Availability::Available { period_ms, .. } => {
                let period = period_ms.map_or(String::new(), |period| {
                    format!(", a new value every {} ms", format::number(period))
                });
                (true, format!("answers{period}"), String::new())
            }
            Availability::Unavailable { reason, remedy } => {
                (false, format!("unavailable: {reason}"), remedy.clone())
            }
        };
        let status = match sensor.fault {
            Some(fault) => format!("{status}; it {} [{fault}]", fault.words()),
            None => status,
        };
        SensorRow {
            name: if sensor.device.is_empty() {
                sensor.name.clone()
            } else {
                format!("{} ({})", sensor.name, sensor.device)
            },
            covers: sensor.scope.label(),
            error: format::error(sensor.error),
            available,
            status,
            remedy,
        }
    };
    record.session.machine.sensors.iter().map(row).collect()
}

fn setup(record: &SessionRecord) -> Vec<Fact> {
    let session = &record.session;
    let (model, work) = (&session.model, &session.workload);
    let mut facts = vec![
        fact(
            "Engine",
            format!("{}, {}", session.engine.name, session.engine.version),
        ),
        fact(
            "Model",
            [
                model.name.clone(),
                model.weights_in_words(),
                format::bytes(model.bytes),
            ]
            .into_iter()
            .filter(|part| !part.is_empty())
            .collect::<Vec<_>>()
            .join(", "),
        ),
    ];
    facts.extend(model_files(model));
    facts.extend([fact(
        "Workload",
        format!(
            "{}: {} {}, {} each, {} over them in a window{}",
            work.name,
            format::plural(work.requests as usize, "request"),
            senders(work),
            work.each(),
            if work.passes == 1 {
                "one pass".to_owned()
            } else {
                format!("{} passes", work.passes)
            },
            match work.pictures {
                None => format!(", seed {}", work.seed),
                Some(_) => String::new(),
            }
        ),
    )]);
    facts.extend(pictures(work));
    facts.extend(own_work(work));
    facts.extend([
        code("Workload, SHA-256", &work.hash),
        fact(
            "Advisor",
            match &session.connection {
                Some(connection) => format!("{} ({})", session.advisor, connection.label()),
                None => session.advisor.to_string(),
            },
        ),
    ]);
    let templates: BTreeMap<&str, &str> = record
        .exchanges
        .iter()
        .map(|one| (one.template_hash.as_str(), one.template.as_str()))
        .collect();
    for (hash, name) in templates {
        facts.push(code("Template, SHA-256", format!("{hash} ({name})")));
    }
    facts.push(fact(
        "Plan",
        format!(
            "{} beside the default, {} each{}, seed {}",
            format::plural(session.budget as usize, "trial"),
            format::plural(session.repeats as usize, "window"),
            if session.adaptive {
                " (fewer where the verdict is clear, more near the best)"
            } else {
                ""
            },
            session.seed
        ),
    ));
    facts.push(code("Session", &session.id.0));
    facts
}

/// Who sends requests, or when they come.
fn senders(work: &Workload) -> String {
    match work.arrivals {
        Arrivals::Clients => format!(
            "from {} at once",
            format::plural(work.concurrency as usize, "client")
        ),
        _ => work.arrivals.in_words(work.concurrency),
    }
}

/// Which file the prompts come from; where it lies is not told.
fn own_work(work: &Workload) -> Vec<Fact> {
    let Some(own) = &work.own else {
        return Vec::new();
    };
    let tokens = own
        .prompt_tokens
        .map_or_else(String::new, |tokens| format!(" of {tokens} tokens in all"));
    vec![
        fact(
            "Own work",
            format!(
                "{}: {} of the {} in it, {} of them chats{tokens}; {} tokens out in one pass",
                own.file_name(),
                format::plural(work.requests as usize, "request"),
                own.entries,
                own.chats,
                own.output_tokens
            ),
        ),
        code("Own work, SHA-256 of the file", &own.sha256),
    ]
}

/// Which pictures are asked for.
fn pictures(work: &Workload) -> Vec<Fact> {
    let Some(task) = &work.pictures else {
        return Vec::new();
    };
    let seeds: Vec<String> = task.seeds.iter().map(u32::to_string).collect();
    let mut facts = vec![
        fact("Seeds of each prompt", seeds.join(", ")),
        fact(
            "Steps, sampler, guidance",
            format!(
                "{}, {}, {}, where no setting says otherwise",
                task.steps, task.sampler, task.guidance
            ),
        ),
    ];
    let prompts = task.prompts.iter().enumerate();
    facts.extend(prompts.map(|(at, prompt)| fact("Prompt", format!("{}: {prompt}", at + 1))));
    facts
}

/// Which bytes the model is, and what it limits.
fn model_files(model: &Model) -> Vec<Fact> {
    let mut facts = match model.parts.len() {
        0 => vec![code("Model file, SHA-256", &model.sha256)],
        parts => vec![code(
            "Model, SHA-256 of its parts\u{2019} list",
            format!(
                "{} ({parts} parts: sha256sum of their sha256sum)",
                model.sha256
            ),
        )],
    };
    facts.extend(model.parts.iter().map(|part| {
        code(
            "Part, SHA-256",
            format!(
                "{} ({}, {})",
                part.sha256,
                part.name,
                format::bytes(part.bytes)
            ),
        )
    }));
    facts.extend(model.context_limit.map(|limit| {
        fact(
            "Context of a request, at most",
            format!("{limit} tokens, the model\u{2019}s limit"),
        )
    }));
    facts
}

/// How it was measured, in sentences.
pub(crate) fn method(record: &SessionRecord) -> Vec<String> {
    let session = &record.session;
    let unit = session.workload.unit;
    let work = match unit {
        WorkUnit::OutputToken => format!(
            "{} output tokens, as the engine counts them",
            session.workload.window_units()
        ),
        WorkUnit::Image => format!("{} images", session.workload.window_units()),
    };
    let all_of_it = match unit {
        WorkUnit::OutputToken => "prompt processing",
        WorkUnit::Image => "text encoding and decoding",
    };
    // Where something was known of the spread of pairs beforehand, looks begin earlier.
    let first = match session.noise {
        Some(_) => "second",
        None => "fifth",
    };
    vec![
        format!(
            "Each window is the same whole work, from the first request sent to the last {} \
             received, {all_of_it} included: {work}. Loading and warm-up lie outside and \
             are counted as cost of the search only. The figure is everything the scope used in \
             the window, divided by the {}.",
            unit.noun(),
            unit.plural()
        ),
        format!(
            "Intervals are 95 % intervals of the mean, on the logarithm, with the spread of all \
             windows of the session pooled. Trials are compared with the default one at a time. \
             This guides the search and decides nothing: a trial that crosses the goal is measured \
             again, in turn with the default, and these fresh windows alone decide. They are looked \
             at after each pair from the {first} on, at levels (group-sequential, Lan and DeMets \
             1983) that let all looks and confirmations of a session together stop it falsely in at \
             most 5 % of sessions."
        ),
    ]
}

/// What a configuration had to keep to, in sentences.
pub(crate) fn constraints(record: &SessionRecord) -> Vec<String> {
    let objective = &record.session.objective;
    let unit = record.session.workload.unit;
    let mut lines = vec![format!("Goal: {}.", objective.threshold)];
    let limits = &objective.constraints;
    if let Some(rate) = limits.min_tokens_per_second {
        lines.push(format!("At least {rate} {}.", unit.rate()));
    }
    if let Some(time) = limits.max_time_to_first_token_s {
        lines.push(format!(
            "{} within {} in 19 of 20 requests.",
            match unit {
                WorkUnit::OutputToken => "First token",
                WorkUnit::Image => "Pictures",
            },
            format::duration(time)
        ));
    }
    let results = unit.results();
    lines.push(if limits.quality_lock {
        format!("Quality lock: settings that can change {results} stayed at their defaults.")
    } else {
        format!("No quality lock: settings that can change {results} were free.")
    });
    if let Some(least) = limits.min_picture_likeness_db {
        lines.push(format!(
            "Every picture at least {least} dB (PSNR) like the default\u{2019}s of the same seed."
        ));
    }
    if let Some(least) = limits.min_same_tokens {
        lines.push(format!(
            "At least {:.0} % of the first tokens of greedy answers the same as the default\u{2019}s, or as many \
             as of the default itself with several requests at once.",
            100.0 * least
        ));
    }
    lines
}
