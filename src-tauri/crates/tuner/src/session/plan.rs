//! From what the person chose to a session that can be run.

use crate::error::TunerError;
use crate::session::own_work::{self, Asked};
use crate::session::work::{PictureChoice, WorkSize, work_of};
use crate::tuner::{Tuner, fresh_id, now};
use crate::turn::connect::ConnectionChoice;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use wattsmith_domain::{
    Advisor, Busy, Configuration, Connection, Constraints, Engine, Kind, Likeness, Machine, Memory,
    Objective, Parameter, ParameterSpace, Price, Rejection, Rule, Session, SessionId, Tell,
    Threshold, Value, WorkUnit, Workload,
};
use wattsmith_engine::{
    About, EngineError, GPU_CLOCK_LOCK, GPU_POWER_LIMIT, Server, described, gpu_knobs, prompts_of,
    server, settings_in_use, shipped,
};

/// What the person chose for a new session.
#[derive(Debug, Clone, PartialEq)]
pub struct SessionPlan {
    /// Name; made from model and workload when empty.
    pub name: String,
    /// Inference server by name, or by the path of a file that describes one; the one that Wattsmith
    /// brings when empty.
    pub engine: String,
    /// Address of a server that runs already, which is measured as it is.
    pub attach: Option<String>,
    /// Where that one runs, by the person's word: `here`, or what they call the machine. None: found out.
    pub runs_on: Option<String>,
    /// Model file; the one used last, else the one that Wattsmith brings, when none. A folder or file of
    /// the server's own kind where it has such.
    pub model: Option<PathBuf>,
    /// A small model that drafts for it, where its server can use one.
    pub draft: Option<PathBuf>,
    /// Whether the session starts from what the server chooses by itself, instead of its table's defaults.
    pub server_chooses: bool,
    /// Workload by name.
    pub workload: String,
    /// A file of the person's own prompts or chats in place of that workload.
    pub work_file: Option<PathBuf>,
    /// Another size of that work.
    pub size: WorkSize,
    /// Other pictures, where it is pictures.
    pub pictures: PictureChoice,
    /// Who proposes.
    pub advisor: Advisor,
    /// How the LLM is reached; the local advisor model when none and one is needed.
    pub connection: Option<Connection>,
    /// What its tokens cost; none: unknown.
    pub price: Option<Price>,
    /// Most that all prompts and replies may cost together, in the currency of the price.
    pub spending_cap: Option<f64>,
    /// When to stop.
    pub threshold: Threshold,
    /// What must hold.
    pub constraints: Constraints,
    /// Parameters to tune, by name; all that the quality lock allows when empty.
    pub tuned: Vec<String>,
    /// Values to start from instead of the engine's own defaults.
    pub start: Configuration,
    /// Whether the power limit and the clock of the NVIDIA boards are tuned, too. The person has to
    /// say so: it needs their password and touches the whole machine.
    pub tune_gpu: bool,
    /// Trials after the default.
    pub budget: u32,
    /// Windows per trial, at least 1.
    pub repeats: u32,
    /// Whether a trial may take fewer or a few more, where that is enough or worth it.
    pub adaptive: bool,
    /// Whether disturbed windows are discarded and measured again.
    pub rerun: bool,
    /// What to do where the machine is busy before the first window.
    pub busy: Busy,
    /// Shorter windows.
    pub quick: bool,
    /// Whether what earlier sessions taught is a start for this one.
    pub memory: bool,
    /// Seed of every random choice.
    pub seed: u64,
}

/// Most windows per trial: beyond it more trials tell more.
const MOST_REPEATS: u32 = 20;
/// Most trials per session.
const MOST_TRIALS: u32 = 500;

impl Default for SessionPlan {
    /// A first session that gives a figure within 90 s on a small machine: quick windows, three
    /// repeats, 10 % as the goal.
    fn default() -> Self {
        Self {
            name: String::new(),
            engine: String::new(),
            attach: None,
            runs_on: None,
            model: None,
            draft: None,
            server_chooses: false,
            workload: USUAL_WORK.to_owned(),
            work_file: None,
            size: WorkSize::default(),
            pictures: PictureChoice::default(),
            advisor: Advisor::Enhanced,
            connection: None,
            price: None,
            spending_cap: None,
            threshold: Threshold::PercentBelowDefault { percent: 10.0 },
            constraints: Constraints {
                quality_lock: true,
                ..Constraints::default()
            },
            tuned: Vec::new(),
            start: Configuration::default(),
            tune_gpu: false,
            budget: 8,
            repeats: 3,
            adaptive: true,
            rerun: true,
            busy: Busy::Measure,
            quick: true,
            memory: true,
            seed: 1,
        }
    }
}

/// The work of a session when nobody says which.
const USUAL_WORK: &str = "chat";

/// Knobs that a session of tokens tunes when nobody says which: those that were seen to matter on a CPU or
/// that matter with a GPU. The others stay at their defaults and can be added.
pub const USUAL_PARAMETERS: [&str; 17] = [
    "threads",
    "threads-batch",
    "parallel",
    "batch",
    "ubatch",
    "flash-attn",
    "n-gpu-layers",
    // Of other servers, by the same reason: how many requests and tokens are computed together, by which cores.
    "batching",
    "batch-size",
    "max-num-seqs",
    "max-num-batched-tokens",
    "reserved-cores",
    "num-parallel",
    "num-batch",
    "num-thread",
    "num-gpu",
    "flash-attention",
];

/// The knobs that say how long a prompt and its answer may be, of which a server has one.
const CONTEXTS: [&str; 3] = ["context-per-slot", "max-model-len", "num-ctx"];
/// The knob that a server has only with a draft model.
const DRAFT_KNOB: &str = "draft-tokens";
/// Fewer than most texts have, so that the context is long enough.
const CHARACTERS_PER_TOKEN: usize = 3;
/// Contexts beyond the levels are multiples of this.
const CONTEXT_STEP: i64 = 1024;

/// Knobs that are set on the boards.
const GPU_KNOBS: [&str; 2] = [GPU_POWER_LIMIT, GPU_CLOCK_LOCK];

impl Tuner {
    /// Checks a plan and stores the session. Nothing is run yet.
    ///
    /// # Errors
    /// What in the plan cannot be used, where, and what to do.
    pub async fn create_session(&self, plan: SessionPlan) -> Result<SessionId, TunerError> {
        let remembers = plan.memory && plan.advisor.uses_memory();
        let mut session = self.session(plan).await?;
        let earlier = self.teaching().await?;
        session.noise = Some(self.noise_of(&session, Arc::clone(&earlier)).await?);
        self.foresee(&mut session, Arc::clone(&earlier)).await?;
        if remembers {
            session.memory = self.remembered(&session, earlier).await?;
        }
        self.store.put_session(&session).await?;
        self.refresh_digest(&session.id).await;
        Ok(session.id)
    }

    /// The session that a plan means; not stored.
    pub(crate) async fn session(&self, plan: SessionPlan) -> Result<Session, TunerError> {
        let mut plan = plan;
        let server = server_for(&plan).await?;
        let machine_of = self
            .machine_of(server.as_ref(), plan.runs_on.take())
            .await?;
        let binary = server
            .find(&self.paths.engine_folders())
            .map_err(TunerError::NotFound)?;
        let version = server.version(&binary).await?;
        let mut model = self.model_for(server.as_ref(), plan.model.take()).await?;
        if let Some(draft) = &plan.draft {
            model.draft = Some(Box::new(self.model(draft).await?));
        }
        let Asked { workload, longest } = match &plan.work_file {
            Some(path) => {
                own_work::of_file(server.as_ref(), path, plan.size, &plan.pictures).await?
            }
            None => asked(work_of(
                server.as_ref(),
                (&plan.workload, USUAL_WORK),
                plan.quick,
                plan.size,
                &plan.pictures,
            )?),
        };
        self.check_chats(&model, &workload).await?;
        let machine = self.machine().as_ref().clone();
        let flags = server.flags(&binary).await;
        let about = About {
            machine: &machine,
            context_limit: model.context_limit,
            version: Some(&version),
            flags: flags.as_ref(),
            draft: model.draft.is_some(),
        };
        let full = offered(server.as_ref(), &about, &plan)?;
        if about.draft && full.get(DRAFT_KNOB).is_none() {
            return Err(TunerError::Invalid(format!(
                "{} uses no draft model, or this build of it has no {DRAFT_KNOB}. Leave the draft model out.",
                server.name()
            )));
        }
        let told = match plan.server_chooses {
            true => {
                self.own_choice(Arc::clone(&server), &binary, &model, &full, flags.clone())
                    .await?
            }
            false => settings_in_use(server.as_ref(), &full).await?,
        };
        for (name, value) in told.iter() {
            if plan.start.get(name).is_none() {
                plan.start.set(name, value.clone());
            }
        }
        let beyond = server
            .catalogue()
            .beyond_context(&plan.start, model.context_limit);
        if let Some(words) = beyond {
            return Err(TunerError::Invalid(words));
        }
        let start = full
            .check(&with_work(&plan.start, &full, &workload, longest))
            .map_err(|problems| refused(&problems, &machine))?;
        self.check_memory(server.as_ref(), &model.path, &start)
            .await?;
        plan.constraints = of_pictures(plan.constraints, &workload);
        check_same_tokens(&plan.constraints, &workload)?;
        if plan.tuned.is_empty() && workload.unit.is_token() {
            plan.tuned = usual(&full.parameters);
        }
        let space = tuned_space(full, &start, &plan.tuned, plan.constraints.quality_lock)?;
        match plan.threshold {
            Threshold::PercentBelowDefault { percent } if !(percent > 0.0 && percent < 100.0) => {
                return Err(TunerError::Invalid(format!(
                    "A goal of {percent} % below the default cannot be reached; choose 1 to 99."
                )));
            }
            Threshold::Joules { joules } if !(joules > 0.0 && joules.is_finite()) => {
                return Err(TunerError::Invalid(format!(
                    "A goal of {joules} J cannot be reached; choose a number above 0."
                )));
            }
            _ => {}
        }
        let connection = match (plan.advisor.needs_connection(), plan.connection) {
            (false, _) => None,
            (true, Some(connection)) => Some(connection),
            (true, None) => match self.default_advisor_model().await {
                Some(advisor) => Some(Connection::Local {
                    model: advisor.path.display().to_string(),
                }),
                // The list stands without words.
                None if plan.advisor == Advisor::Guided => None,
                None => {
                    return Err(TunerError::NotFound(
                        "There is no local model that could advise. Run `make setup`, choose \
                         another connection, or let numbers propose: the advisor surrogate."
                            .to_owned(),
                    ));
                }
            },
        };
        let choice = crate::turn::connect::checked(ConnectionChoice {
            connection,
            price: plan.price,
            spending_cap: plan.spending_cap,
        })?;
        self.check_advisor(choice.connection.as_ref()).await?;
        let name = plan.name.trim();
        Ok(Session {
            id: SessionId(fresh_id()),
            name: if name.is_empty() {
                format!("{} · {}", model.name, named_as(&workload, &plan.workload))
            } else {
                name.to_owned()
            },
            created_at: now(),
            machine,
            engine: Engine {
                name: server.name().to_owned(),
                version,
                path: binary.display().to_string(),
                description: server.description().map(str::to_owned),
                machine: machine_of,
            },
            model,
            workload,
            objective: Objective {
                threshold: plan.threshold,
                constraints: plan.constraints,
            },
            space,
            advisor: plan.advisor,
            connection: choice.connection,
            budget: plan.budget.min(MOST_TRIALS),
            repeats: plan.repeats.clamp(1, MOST_REPEATS),
            adaptive: plan.adaptive,
            rerun: plan.rerun,
            busy: plan.busy,
            load: None,
            quick: plan.quick,
            seed: plan.seed,
            consent: false,
            agreed: Vec::new(),
            price: choice.price,
            spending_cap: choice.spending_cap,
            connected: String::new(),
            noise: None,
            memory: Memory::default(),
            forecast: None,
            costs: wattsmith_domain::EarlierCosts::default(),
            ending: None,
            warnings: Vec::new(),
            readers: std::collections::BTreeMap::new(),
            note: match plan.server_chooses {
                true => "Starts from what the server chose by itself.".to_owned(),
                false => String::new(),
            },
            example: false,
            imported_at: None,
        })
    }
}

/// A server that is named or described wrongly is a wrong word of the plan.
fn wrong_words(error: EngineError) -> TunerError {
    TunerError::Invalid(error.to_string())
}

/// The server that a plan names: one that is known, one that a file describes, one that runs already.
async fn server_for(plan: &SessionPlan) -> Result<Arc<dyn Server>, TunerError> {
    if let Some(address) = &plan.attach {
        return Ok(wattsmith_engine::attached(address).await?);
    }
    match plan.engine.as_str() {
        "" => Ok(shipped()),
        file if file.contains('/') || file.ends_with(".toml") => {
            let path = Path::new(file);
            let text = tokio::fs::read_to_string(path).await.map_err(|error| {
                TunerError::NotFound(format!(
                    "The file {file}, which is to describe a server, cannot be read: {error}."
                ))
            })?;
            described(path, &text).map_err(wrong_words)
        }
        name => server(name).map_err(wrong_words),
    }
}

/// The usual knobs among these.
pub(crate) fn usual(parameters: &[Parameter]) -> Vec<String> {
    let names = parameters.iter().map(|knob| knob.name.as_str());
    names
        .filter(|name| USUAL_PARAMETERS.contains(name))
        .map(str::to_owned)
        .collect()
}

/// Shipped work, and how long its prompts are.
fn asked(workload: Workload) -> Asked {
    let prompts = prompts_of(workload.prompts).iter();
    Asked {
        longest: prompts.map(|one| one.chars().count()).max().unwrap_or(0),
        workload,
    }
}

/// Steps and guidance are settings and belong to the work, too: where the person says nothing, they start
/// as the work has them. So does the context, where the usual one is likely too short for the longest
/// prompt and its answer.
fn with_work(
    start: &Configuration,
    full: &ParameterSpace,
    workload: &Workload,
    longest: usize,
) -> Configuration {
    let mut start = start.clone();
    if let Some(task) = &workload.pictures {
        for (name, value) in [
            ("steps", Value::Int(i64::from(task.steps))),
            ("guidance", Value::Float(task.guidance)),
        ] {
            if start.get(name).is_none() && full.get(name).is_some() {
                start.set(name, value);
            }
        }
        return start;
    }
    for name in CONTEXTS {
        if start.get(name).is_none()
            && let Some(knob) = full.get(name)
            && let Some(context) = context_for(knob, workload, longest)
        {
            start.set(name, Value::Int(context));
        }
    }
    start
}

/// The context that a prompt of so many characters needs with its answer; none where the usual one is
/// enough. Texts take a token for every three to four characters; the engine says so where it is more.
fn context_for(knob: &Parameter, workload: &Workload, longest: usize) -> Option<i64> {
    let (Value::Int(usual), Kind::Int { max, levels, .. }) = (&knob.default, &knob.kind) else {
        return None;
    };
    let needed = (longest / CHARACTERS_PER_TOKEN) as i64 + i64::from(workload.output_tokens);
    if needed <= *usual {
        return None;
    }
    let level = levels
        .iter()
        .copied()
        .filter(|level| *level >= needed)
        .min();
    let rounded = (needed / CONTEXT_STEP + 1) * CONTEXT_STEP;
    Some(level.unwrap_or(rounded).min(*max))
}

/// A limit for what answers have in common means something where they may differ.
fn check_same_tokens(constraints: &Constraints, workload: &Workload) -> Result<(), TunerError> {
    let Some(least) = constraints.min_same_tokens else {
        return Ok(());
    };
    let wrong = match () {
        () if !(least > 0.0 && least <= 1.0) => "is a share above 0 and at most 1, such as 0.9",
        () if !workload.unit.is_token() => "is for answers of text; pictures have --min-likeness",
        () if constraints.quality_lock => {
            "needs --allow-output-changes: with the quality lock no answer changes"
        }
        () => return Ok(()),
    };
    Err(TunerError::Invalid(format!("--min-same-tokens {wrong}.")))
}

/// The usual limit of likeness where the person says none; 0 takes it away. Tokens have none.
fn of_pictures(constraints: Constraints, workload: &Workload) -> Constraints {
    let asked = constraints.min_picture_likeness_db;
    let least = asked.unwrap_or(Likeness::USUAL_LEAST_DB);
    Constraints {
        min_picture_likeness_db: (workload.pictures.is_some() && least > 0.0).then_some(least),
        ..constraints
    }
}

/// The work's own name, without that it is its short form.
fn named_as<'a>(workload: &'a Workload, asked: &'a str) -> &'a str {
    match workload.unit {
        WorkUnit::OutputToken if workload.own.is_some() => &workload.name,
        WorkUnit::OutputToken => asked,
        WorkUnit::Image => workload.name.trim_end_matches("-quick"),
    }
}

/// Every knob that the plan may use: those of the engine, and those of the boards where the person
/// allowed them.
fn offered(
    server: &dyn Server,
    about: &About<'_>,
    plan: &SessionPlan,
) -> Result<ParameterSpace, TunerError> {
    let mut full = server.space(about);
    let named =
        |knob: &&&str| plan.start.get(knob).is_some() || plan.tuned.iter().any(|one| one == **knob);
    if plan.tune_gpu {
        let knobs = gpu_knobs(about.machine);
        if knobs.is_empty() {
            return Err(TunerError::Invalid(
                "No NVIDIA GPU here lets its power limit or its clock be set. Leave the GPU's own \
                 settings out of this session."
                    .to_owned(),
            ));
        }
        full.parameters.extend(knobs);
    } else if let Some(knob) = GPU_KNOBS.iter().find(named) {
        return Err(TunerError::Invalid(format!(
            "{knob} changes the GPU itself, for every program that uses it, so it has to be allowed \
             for this session: with --tune-gpu (tune) or --allow-gpu-control (trial), or by its \
             check mark in the window."
        )));
    }
    Ok(full)
}

/// The tuned part of the catalogue, with `start` as its defaults. What is not tuned but differs from
/// the catalogue's own default, or limits a tuned one, stays in as a knob with one value.
fn tuned_space(
    full: ParameterSpace,
    start: &Configuration,
    tuned: &[String],
    quality_lock: bool,
) -> Result<ParameterSpace, TunerError> {
    if let Some(unknown) = tuned.iter().find(|name| full.get(name).is_none()) {
        let names: Vec<&str> = full
            .parameters
            .iter()
            .map(|one| one.name.as_str())
            .collect();
        return Err(TunerError::Invalid(format!(
            "There is no parameter called {unknown}; choose among {}.",
            names.join(", ")
        )));
    }
    let free: Vec<String> = full
        .parameters
        .iter()
        .filter(|parameter| match tuned.is_empty() {
            // They are offered only where the person asked for them.
            _ if parameter.told == Tell::Device => true,
            true => true,
            false => tuned.contains(&parameter.name),
        })
        .filter(|parameter| !(quality_lock && parameter.changes_output))
        .map(|parameter| parameter.name.clone())
        .collect();
    // The other side of a limit stays visible, or values beyond it would be proposed.
    let limits = |name: &String| {
        full.rules.iter().any(|rule| match rule {
            Rule::AtMost { parameter, limit } => {
                (parameter == name && free.contains(limit))
                    || (limit == name && free.contains(parameter))
            }
            Rule::Excludes { .. } => false,
        })
    };
    let parameters: Vec<_> = full
        .parameters
        .iter()
        .cloned()
        .filter_map(|mut parameter| {
            let is_free = free.contains(&parameter.name);
            let value = start.get(&parameter.name)?.clone();
            let moved = value != parameter.default;
            parameter.default = value.clone();
            if !is_free {
                parameter.kind = wattsmith_domain::Kind::only(value);
            }
            (is_free || moved || limits(&parameter.name)).then_some(parameter)
        })
        .collect();
    if free.is_empty() {
        return Err(TunerError::Invalid(
            "No parameter is left to tune: the quality lock holds all that were chosen. Choose \
             others, or open the lock."
                .to_owned(),
        ));
    }
    let has = |name: &String| parameters.iter().any(|parameter| parameter.name == *name);
    let rules = full
        .rules
        .into_iter()
        .filter(|rule| match rule {
            Rule::AtMost { parameter, limit } => has(parameter) && has(limit),
            Rule::Excludes {
                parameter, other, ..
            } => has(parameter) && has(other),
        })
        .collect();
    Ok(ParameterSpace { parameters, rules })
}

/// Reasons as one text, with why there are no more threads where that was asked for.
fn refused(problems: &[Rejection], machine: &Machine) -> TunerError {
    let of_threads = problems.iter().any(|problem| match problem {
        Rejection::NotInRange { name, .. } => name.starts_with("threads") || name == "num-thread",
        _ => false,
    });
    match (invalid(problems), machine.core_limits()) {
        (TunerError::Invalid(text), Some(limits)) if of_threads => {
            TunerError::Invalid(format!("{text} The engine may use {limits}."))
        }
        (error, _) => error,
    }
}

/// Reasons as one text.
pub(crate) fn invalid(problems: &[Rejection]) -> TunerError {
    let reasons: Vec<String> = problems.iter().map(ToString::to_string).collect();
    TunerError::Invalid(format!("{}.", reasons.join("; ")))
}
