//! A run on a landscape as the record of a session, so that an LLM in a study reads just what it
//! would read in a session: the same tables, verdicts and drafted feedback.

use super::StudyPlan;
use super::bench::Shown;
use super::notes::{Note, edited};
use crate::tuner::now;
use crate::turn::feedback;
use wattsmith_domain::{
    Advisor, Busy, Connection, CpuUse, DeviceEnergy, Energy, EstimateSpread, Exchange, ExchangeId,
    Feedback, Joules, Memory, Objective, Performance, Purpose, Quantiles, Repeat, Seconds, Session,
    SessionId, SessionRecord, Source, Threshold, Tokens, Trial, TrialId, TrialState,
};
use wattsmith_search::{Landscape, Window};
use wattsmith_stats::Analysis;

/// The record of one run, as it grows.
pub(super) struct Played {
    pub record: SessionRecord,
    landscape: Landscape,
    /// Identities given so far: they sort in the order in which things happened.
    given: u32,
    /// What a person says between the trials.
    pub notes: Vec<Note>,
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
            busy: Busy::Measure,
            load: None,
            quick: landscape.quick,
            seed,
            consent: true,
            agreed: Vec::new(),
            price: None,
            spending_cap: None,
            connected: String::new(),
            noise: None,
            memory: Memory::default(),
            forecast: None,
            costs: wattsmith_domain::EarlierCosts::default(),
            ending: None,
            warnings: Vec::new(),
            readers: std::collections::BTreeMap::new(),
            note: String::new(),
            example: false,
            imported_at: None,
        };
        Self {
            record: SessionRecord {
                session,
                trials: Vec::new(),
                proposals: Vec::new(),
                exchanges: Vec::new(),
                feedback: Vec::new(),
                confirmations: Vec::new(),
                undoing: None,
            },
            landscape: landscape.clone(),
            given: 0,
            notes: Vec::new(),
        }
    }

    /// Adds a trial with the windows that every other arm saw for it, and the feedback on it.
    pub fn tell(&mut self, shown: &Shown) {
        let (state, repeats) = match &shown.windows {
            Ok(windows) => {
                let windows = (0..).zip(windows);
                let repeats = windows.map(|(index, one)| self.window(index, one));
                (TrialState::Complete, repeats.collect())
            }
            Err(failure) => {
                let failed = TrialState::Failed {
                    fault: None,
                    cause: failure.cause,
                    message: failure.message.clone(),
                };
                (failed, Vec::new())
            }
        };
        let trial = Trial {
            id: TrialId(self.identity()),
            session: self.record.session.id.clone(),
            number: self.record.trials.len() as u32 + 1,
            purpose: match self.record.trials.is_empty() {
                true => Purpose::Default,
                false => Purpose::Proposal,
            },
            configuration: shown.observation.configuration.clone(),
            proposal: None,
            state,
            launch: None,
            repeats,
            discarded: Vec::new(),
            answers: None,
            note: None,
            forecast: None,
            created_at: now(),
        };
        self.record.trials.push(trial.clone());
        let draft = feedback::draft(&self.record, &Analysis::of(&self.record), &trial);
        self.record.feedback.push(Feedback {
            trial: trial.id,
            edit: edited(&self.notes, trial.number, &draft),
            draft,
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

    fn window(&self, index: u32, window: &Window) -> Repeat {
        let session = &self.record.session;
        let units = session.workload.window_units();
        let gross = Joules(window.joules_per_unit * units as f64);
        let (low, high) = window
            .ends
            .unwrap_or((window.joules_per_unit, window.joules_per_unit));
        Repeat {
            index,
            started_at: window.started_at.clone(),
            window: Seconds(units as f64 / window.tokens_per_second),
            marks: None,
            units: Tokens(units),
            energy: Energy {
                gross,
                net: None,
                scope: self.landscape.scope,
                devices: self.devices(gross),
                beside: Vec::new(),
                sensor_error: self.landscape.sensor_error,
                window_error: 0.0,
                undecided: Vec::new(),
                estimate: (!self.landscape.measured).then_some(EstimateSpread {
                    low_idle: Joules(low * units as f64),
                    high_idle: Joules(high * units as f64),
                }),
            },
            performance: Performance {
                tokens_per_second: window.tokens_per_second,
                time_to_first_token_s: Quantiles {
                    p50: window.first_token_p50_s,
                    p95: window.first_token_p95_s,
                },
                time_per_output_token_s: Quantiles::default(),
                prefill_s: None,
                decode_s: None,
                prompt_tokens: Tokens(0),
                requests: session.workload.requests,
            },
            steady: None,
            phases: None,
            pictures: None,
            conditions: Vec::new(),
            idle: None,
            // No cores: who was busy is not told.
            cpu: CpuUse::default(),
            load: Seconds(0.0),
            warm_up: Seconds(0.0),
            overhead: Joules(0.0),
            quick: session.quick,
            disturbed: false,
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
            counted: None,
            reckoning: None,
            window_error: 0.0,
        };
        sources.into_iter().map(device).collect()
    }
}
