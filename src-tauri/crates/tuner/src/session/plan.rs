//! From what the person chose to a session that can be run.

use crate::error::TunerError;
use crate::tuner::{Tuner, fresh_id, now};
use crate::turn::connect::ConnectionChoice;
use std::path::PathBuf;
use wattsmith_domain::{
    Advisor, Busy, Configuration, Connection, Constraints, Engine, Machine, Memory, Objective,
    ParameterSpace, Price, Rejection, Rule, Session, SessionId, Tell, Threshold, Workload,
};
use wattsmith_engine::{
    About, GPU_CLOCK_LOCK, GPU_POWER_LIMIT, Server, gpu_knobs, shipped, workloads,
};

/// What the person chose for a new session.
#[derive(Debug, Clone, PartialEq)]
pub struct SessionPlan {
    /// Name; made from model and workload when empty.
    pub name: String,
    /// Model file; the one used last, else the one that Wattsmith brings, when none.
    pub model: Option<PathBuf>,
    /// Workload by name.
    pub workload: String,
    /// Another size of that work.
    pub size: WorkSize,
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

/// A person's own size of a workload. What is left out stays as the workload has it. Work of one's
/// own size is taken as it is: where it does not fill a window, the figure carries a warning.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct WorkSize {
    /// Requests in a window, at least 1.
    pub requests: Option<u32>,
    /// Clients that send at the same time, at least 1.
    pub concurrency: Option<u32>,
    /// Tokens of each answer, at least 2.
    pub output_tokens: Option<u32>,
}

impl WorkSize {
    /// The name of work in a size of its own.
    pub(crate) const NAME: &str = "custom";

    fn apply(self, named: Workload) -> Result<Workload, TunerError> {
        if self == Self::default() {
            return Ok(named);
        }
        let size = [
            self.requests.unwrap_or(named.requests),
            self.concurrency.unwrap_or(named.concurrency),
            self.output_tokens.unwrap_or(named.output_tokens),
        ];
        let [requests, concurrency, output_tokens] = size;
        if requests < 1 || concurrency < 1 || output_tokens < 2 {
            return Err(TunerError::Invalid(
                "A workload needs at least one request, one client and two tokens for each answer."
                    .to_owned(),
            ));
        }
        Ok(wattsmith_engine::workload(
            Self::NAME,
            requests,
            concurrency,
            output_tokens,
            1,
        ))
    }
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
            model: None,
            workload: "chat".to_owned(),
            size: WorkSize::default(),
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

/// Knobs that a session tunes when nobody says which: those that were seen to matter on a CPU or
/// that matter with a GPU. The others stay at their defaults and can be added.
pub const USUAL_PARAMETERS: [&str; 7] = [
    "threads",
    "threads-batch",
    "parallel",
    "batch",
    "ubatch",
    "flash-attn",
    "n-gpu-layers",
];

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
        if remembers {
            session.memory = self.remembered(&session).await?;
        }
        self.store.put_session(&session).await?;
        Ok(session.id)
    }

    /// The session that a plan means; not stored.
    pub(crate) async fn session(&self, plan: SessionPlan) -> Result<Session, TunerError> {
        let server = shipped();
        let binary = server
            .find(&self.paths.assets)
            .map_err(TunerError::NotFound)?;
        let version = server.version(&binary).await?;
        let model = match &plan.model {
            Some(path) => path.clone(),
            None => match self.default_model().await {
                Some(model) => model.path,
                None => return Err(self.no_default_model().await),
            },
        };
        let model = self.model(&model).await?;
        let workload = plan.size.apply(workload(&plan.workload, plan.quick)?)?;
        let machine = self.machine().as_ref().clone();
        let about = About {
            machine: &machine,
            context_limit: model.context_limit,
            version: Some(&version),
        };
        let full = offered(server.as_ref(), &about, &plan)?;
        let beyond = server
            .catalogue()
            .beyond_context(&plan.start, model.context_limit);
        if let Some(words) = beyond {
            return Err(TunerError::Invalid(words));
        }
        let start = full
            .check(&plan.start)
            .map_err(|problems| refused(&problems, &machine))?;
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
                format!("{} · {}", model.name, plan.workload)
            } else {
                name.to_owned()
            },
            created_at: now(),
            machine,
            engine: Engine {
                name: server.name().to_owned(),
                version,
                path: binary.display().to_string(),
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
            memory: Memory::default(),
            ending: None,
            warnings: Vec::new(),
            readers: std::collections::BTreeMap::new(),
        })
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

/// The workload called `name`; its short form in quick mode.
fn workload(name: &str, quick: bool) -> Result<Workload, TunerError> {
    let known = workloads();
    let wanted = [format!("{name}-quick"), name.to_owned()];
    let wanted = if quick { &wanted[..] } else { &wanted[1..] };
    wanted
        .iter()
        .find_map(|wanted| known.iter().find(|workload| workload.name == *wanted))
        .cloned()
        .ok_or_else(|| {
            let names: Vec<&str> = known.iter().map(|one| one.name.as_str()).collect();
            TunerError::Invalid(format!(
                "There is no workload called {name}; choose one of {}.",
                names.join(", ")
            ))
        })
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
            true => USUAL_PARAMETERS.contains(&parameter.name.as_str()),
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
        Rejection::NotInRange { name, .. } => name.starts_with("threads"),
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
