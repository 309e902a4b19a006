//! A run on a landscape as the record of a session, so that an LLM in a study reads just what it
//! would read in a session: the same tables, verdicts and drafted feedback.

use super::StudyPlan;
use crate::feedback;
use crate::tuner::now;
use std::collections::BTreeMap;
use wattsmith_domain::{
    Advisor, Connection, CpuUse, DeviceEnergy, Energy, EstimateSpread, Exchange, ExchangeId,
    FailureCause, Feedback, Joules, Memory, Objective, Performance, Purpose, Quantiles, Repeat,
    Seconds, Session, SessionId, SessionRecord, Source, Threshold, Tokens, Trial, TrialId,
    TrialState,
};
use wattsmith_search::{Landscape, Observation, Replay};
use wattsmith_stats::Analysis;

/// The record of one run, as it grows.
pub(super) struct Played {
    pub record: SessionRecord,
    replay: Replay,
    landscape: Landscape,
    /// What the ends of an estimate's coefficients make of each configuration, by key: factors on its
    /// J/unit.
    ends: BTreeMap<String, (f64, f64)>,
    repeats: u32,
    /// Identities given so far: they sort in the order in which things happened.
    given: u32,
}

impl Played {
    pub fn new(
        landscape: &Landscape,
        plan: &StudyPlan,
        advisor: Advisor,
        connection: Connection,
        seed: u64,
    ) -> Self {
        let session = Session {
            id: SessionId("study".to_owned()),
            name: landscape.name.clone(),
            created_at: landscape.recorded_at.clone(),
            machine: landscape.machine.clone(),
            engine: landscape.engine.clone(),
            model: landscape.model.clone(),
            workload: landscape.workload.clone(),
            objective: Objective {
                threshold: Threshold::PercentBelowDefault {
                    percent: plan.below_percent,
                },
                constraints: plan.constraints,
            },
            space: landscape.space.clone(),
            advisor,
            connection: Some(connection),
            budget: plan.budget,
            repeats: plan.repeats,
            adaptive: false,
            rerun: false,
            quick: landscape.quick,
            seed,
            consent: true,
            agreed: Vec::new(),
            price: None,
            spending_cap: None,
            connected: String::new(),
            memory: Memory::default(),
            ending: None,
            warnings: Vec::new(),
        };
        Self {
            record: SessionRecord {
                session,
                trials: Vec::new(),
                proposals: Vec::new(),
                exchanges: Vec::new(),
                feedback: Vec::new(),
                confirmations: Vec::new(),
            },
            replay: Replay::new(landscape, seed),
            ends: ends(landscape),
            landscape: landscape.clone(),
            repeats: plan.repeats,
            given: 0,
        }
    }

    /// Adds a trial with the windows that every other arm saw for it, and the feedback on it.
    pub fn tell(&mut self, observation: &Observation) {
        let repeats = self.windows(observation);
        let failed = || TrialState::Failed {
            cause: FailureCause::Crash,
            message: "it did not work when the landscape was recorded".to_owned(),
        };
        let trial = Trial {
            id: TrialId(self.identity()),
            session: self.record.session.id.clone(),
            number: self.record.trials.len() as u32 + 1,
            purpose: match self.record.trials.is_empty() {
                true => Purpose::Default,
                false => Purpose::Proposal,
            },
            configuration: observation.configuration.clone(),
            proposal: None,
            state: match repeats.is_empty() {
                true => failed(),
                false => TrialState::Complete,
            },
            launch: None,
            repeats,
            discarded: Vec::new(),
            note: None,
            created_at: now(),
        };
        self.record.trials.push(trial.clone());
        let draft = feedback::draft(&self.record, &Analysis::of(&self.record), &trial);
        self.record.feedback.push(Feedback {
            trial: trial.id,
            draft,
            edit: None,
            sent: false,
            sent_text: None,
            sent_in: None,
        });
    }

    /// Adds an exchange, so that the next prompt of the turn tells what was refused.
    pub fn note(&mut self, mut exchange: Exchange) {
        exchange.id = ExchangeId(self.identity());
        self.record.exchanges.push(exchange);
    }

    fn identity(&mut self) -> String {
        self.given += 1;
        format!("{:08}", self.given)
    }

    /// The windows of the first visit; none where it fails.
    fn windows(&self, observation: &Observation) -> Vec<Repeat> {
        let configuration = &observation.configuration;
        let Some(truth) = self.replay.truth().get(&configuration.key()) else {
            return Vec::new();
        };
        let ends = self.ends.get(&configuration.key()).copied();
        let factors = self.replay.factors(configuration, 0, self.repeats);
        let window = |(index, factor): (usize, &f64)| {
            let outcome = truth.outcome(*factor, 1);
            self.window(index as u32, &outcome, ends)
        };
        factors.iter().enumerate().map(window).collect()
    }

    fn window(
        &self,
        index: u32,
        outcome: &wattsmith_search::Outcome,
        ends: Option<(f64, f64)>,
    ) -> Repeat {
        let session = &self.record.session;
        let units = session.workload.window_tokens();
        let speed = outcome.tokens_per_second.unwrap_or_default();
        // A landscape keeps no more of it than this.
        let first_token = outcome.time_to_first_token_s.unwrap_or_default();
        let gross = Joules(outcome.joules_per_unit * units as f64);
        let (low, high) = ends.unwrap_or((1.0, 1.0));
        Repeat {
            index,
            started_at: session.created_at.clone(),
            window: Seconds(units as f64 / speed),
            units: Tokens(units),
            energy: Energy {
                gross,
                net: None,
                scope: self.landscape.scope,
                devices: self.devices(gross),
                beside: Vec::new(),
                sensor_error: self.landscape.sensor_error,
                window_error: 0.0,
                estimate: (!self.landscape.measured).then_some(EstimateSpread {
                    low_idle: gross * low,
                    high_idle: gross * high,
                }),
            },
            performance: Performance {
                tokens_per_second: speed,
                time_to_first_token_s: Quantiles {
                    p50: first_token,
                    p95: first_token,
                },
                time_per_output_token_s: Quantiles::default(),
                prefill_s: 0.0,
                decode_s: 0.0,
                prompt_tokens: Tokens(0),
                requests: session.workload.requests,
            },
            steady: None,
            phases: None,
            conditions: Vec::new(),
            idle: None,
            // No cores: who was busy is not told.
            cpu: CpuUse::default(),
            load: Seconds(0.0),
            warm_up: Seconds(0.0),
            overhead: Joules(0.0),
            quick: session.quick,
            warnings: Vec::new(),
        }
    }

    fn devices(&self, gross: Joules) -> Vec<DeviceEnergy> {
        let source = |word: &str| {
            let word = serde_json::Value::from(word);
            serde_json::from_value::<Source>(word).ok()
        };
        let sources: Vec<Source> = self
            .landscape
            .source
            .split('+')
            .filter_map(source)
            .collect();
        let share = Joules(gross.0 / sources.len().max(1) as f64);
        let device = |source| DeviceEnergy {
            device: self.landscape.machine.cpu.clone(),
            source,
            joules: share,
            integral: None,
            window_error: 0.0,
        };
        sources.into_iter().map(device).collect()
    }
}

fn ends(landscape: &Landscape) -> BTreeMap<String, (f64, f64)> {
    let factor = |entry: &wattsmith_search::Entry| {
        let window = entry.windows.iter().find(|one| one.spoiled.is_none())?;
        let (low, high) = window.ends?;
        let own = window.joules_per_unit;
        Some((entry.configuration.key(), (low / own, high / own)))
    };
    landscape.entries.iter().filter_map(factor).collect()
}
