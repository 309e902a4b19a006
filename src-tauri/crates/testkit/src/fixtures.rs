//! Session records for the tests of store, report, tuner and app: plausible, complete, and the same
//! in every run. [`Fixture`] builds one turn by turn; the functions beside it are the usual cases.
//!
//! Figures are invented for tests. They follow from tokens per second and watts, so that joules,
//! window lengths and CPU seconds agree with one another.

mod cases;
mod outcomes;
mod parts;

pub use cases::{confirmed, empty, estimated, everything, hostile, measured, with_failure};
pub use outcomes::{busy_then_quiet, every_outcome, moved_default};
pub use parts::{gpu_machine, plain_machine, session, space};

use wattsmith_domain::{
    Advisor, Configuration, Confirmation, ConfirmationId, CpuUse, Decision, DeviceEnergy, Energy,
    EstimateSpread, Exchange, ExchangeId, ExchangeKind, ExchangeOutcome, FailureCause, Feedback,
    Interval, Joules, Launch, MonotonicNs, Performance, PowerSample, Proposal, ProposalId,
    ProposalStatus, Purpose, Quantiles, Repeat, Scope, Seconds, SessionRecord, Source, SteadyState,
    Tokens, Trial, TrialId, TrialState, Value, Watts,
};

/// What a window showed: output tokens per second, and watts over the whole scope.
#[derive(Debug, Clone, Copy)]
pub struct Shown(pub f64, pub f64);

/// A record that grows turn by turn.
#[derive(Debug, Clone)]
pub struct Fixture {
    record: SessionRecord,
    /// Whether joules come from a sensor.
    measured: bool,
    /// Minutes since the session began, for time stamps.
    minute: u32,
}

impl Fixture {
    /// A session on a machine with an NVIDIA GPU whose energy counter answers.
    #[must_use]
    pub fn on_gpu() -> Self {
        Self::new(true)
    }

    /// A session on a machine without any sensor: every figure is an estimate.
    #[must_use]
    pub fn without_sensors() -> Self {
        Self::new(false)
    }

    /// Goes on with a record, some hours after all that it holds.
    #[must_use]
    pub fn resumed(record: SessionRecord) -> Self {
        let mut windows = record.trials.iter().flat_map(|trial| &trial.repeats);
        Self {
            measured: windows.all(|one| one.energy.is_measured()),
            record,
            minute: 360,
        }
    }

    fn new(measured: bool) -> Self {
        let machine = if measured {
            gpu_machine()
        } else {
            plain_machine()
        };
        Self {
            record: SessionRecord {
                session: session(machine),
                trials: Vec::new(),
                proposals: Vec::new(),
                exchanges: Vec::new(),
                feedback: Vec::new(),
                confirmations: Vec::new(),
                undoing: None,
            },
            measured,
            minute: 0,
        }
    }

    /// The record as it stands.
    #[must_use]
    pub fn build(self) -> SessionRecord {
        self.record
    }

    /// The record, to change what no method here changes.
    pub fn record_mut(&mut self) -> &mut SessionRecord {
        &mut self.record
    }

    /// A complete trial with one repeat for each of `windows`. The first trial is the default and
    /// has no changes.
    #[must_use]
    pub fn trial(mut self, changes: &[(&str, Value)], windows: &[Shown]) -> Self {
        let repeats = (1..)
            .zip(windows)
            .map(|(index, shown)| self.repeat(index, *shown))
            .collect();
        self.push_trial(changes, TrialState::Complete, repeats);
        self
    }

    /// A trial that is not complete, with the repeats that it finished.
    #[must_use]
    pub fn unfinished(
        mut self,
        changes: &[(&str, Value)],
        state: TrialState,
        windows: &[Shown],
    ) -> Self {
        let repeats = (1..)
            .zip(windows)
            .map(|(index, shown)| self.repeat(index, *shown))
            .collect();
        self.push_trial(changes, state, repeats);
        self
    }

    /// More windows of the default, measured after everything so far.
    #[must_use]
    pub fn default_again(mut self, windows: &[Shown]) -> Self {
        for shown in windows {
            let have = self
                .record
                .trials
                .first()
                .map_or(0, |one| one.repeats.len());
            let repeat = self.repeat(have as u32 + 1, *shown);
            if let Some(default) = self.record.trials.first_mut() {
                default.repeats.push(repeat);
            }
        }
        self
    }

    /// A trial that failed before its first window ended.
    #[must_use]
    pub fn failed(self, changes: &[(&str, Value)], cause: FailureCause, message: &str) -> Self {
        let message = message.to_owned();
        let fault = None;
        let state = TrialState::Failed {
            cause,
            message,
            fault,
        };
        self.unfinished(changes, state, &[])
    }

    /// What was said before the last trial: it becomes the trial's proposal.
    #[must_use]
    pub fn proposed(mut self, reply: &str, reason: &str, predicted: Option<f64>) -> Self {
        let number = self.record.exchanges.len() + 1;
        let created_at = self.time();
        let Some(trial) = self.record.trials.last_mut() else {
            return self;
        };
        let (exchange, proposal) = (
            ExchangeId(format!("exchange-{number}")),
            ProposalId(format!("proposal-{number}")),
        );
        trial.proposal = Some(proposal.clone());
        let knob_reasons = trial
            .configuration
            .changes_from(
                &self.record.session.space.default_configuration(),
                &self.record.session.space,
            )
            .into_iter()
            .map(|change| (change.name, "more work for each pass".to_owned()))
            .collect();
        self.record.exchanges.push(Exchange {
            id: exchange.clone(),
            session: self.record.session.id.clone(),
            kind: ExchangeKind::Proposal,
            question: String::new(),
            template: "enhanced".to_owned(),
            template_hash: "5d0b".repeat(16),
            connection: "local · qwen2.5-coder-1.5b".to_owned(),
            prompt: "You lower the energy per token of llama-server.\nThe default costs more than \
                     it must. Answer with one configuration as JSON."
                .to_owned(),
            reply: reply.to_owned(),
            prompt_tokens: Some(412),
            reply_tokens: Some(96),
            reasoning_tokens: None,
            cost: None,
            unbounded: false,
            duration_s: 11.4,
            joules: Some(310.5),
            claims: Vec::new(),
            outcome: ExchangeOutcome::Accepted,
            created_at: created_at.clone(),
        });
        self.record.proposals.push(Proposal {
            id: proposal,
            session: self.record.session.id.clone(),
            advisor: Advisor::Enhanced,
            configuration: trial.configuration.clone(),
            proposed: None,
            reason: reason.to_owned(),
            claims: Vec::new(),
            knob_reasons,
            predicted_joules_per_unit: predicted,
            exchange: Some(exchange),
            status: ProposalStatus::Taken,
            created_at,
        });
        self
    }

    /// Feedback on the last trial.
    #[must_use]
    pub fn feedback(mut self, draft: &str, edit: Option<&str>) -> Self {
        if let Some(trial) = self.record.trials.last() {
            self.record.feedback.push(Feedback {
                trial: trial.id.clone(),
                draft: draft.to_owned(),
                edit: edit.map(str::to_owned),
                sent: true,
                sent_text: None,
                sent_in: None,
            });
        }
        self
    }

    /// A confirmation of trial `number`, with what it decided.
    #[must_use]
    pub fn confirmation(
        mut self,
        number: u32,
        best: &[Shown],
        default: &[Shown],
        decided: Option<(Interval, Decision)>,
    ) -> Self {
        let Some(trial) = self
            .record
            .trials
            .iter()
            .find(|trial| trial.number == number)
        else {
            return self;
        };
        let trial = trial.id.clone();
        let count = self.record.confirmations.len() as u32 + 1;
        // In turn, as they are measured.
        let (mut sides, mut measured) = ([best.iter(), default.iter()], [Vec::new(), Vec::new()]);
        for index in 1..=best.len().max(default.len()) as u32 {
            for (side, windows) in sides.iter_mut().zip(&mut measured) {
                windows.extend(side.next().map(|shown| self.repeat(index, *shown)));
            }
        }
        let [best, default] = measured;
        let created_at = self.time();
        self.record.confirmations.push(Confirmation {
            id: ConfirmationId(format!("confirmation-{count}")),
            session: self.record.session.id.clone(),
            trial,
            number: count,
            alpha: 0.05 / f64::from(1_u32 << count),
            best,
            default,
            discarded: Vec::new(),
            ratio: decided.map(|(ratio, _)| ratio),
            decision: decided.map(|(_, decision)| decision),
            chance: None,
            spread: None,
            created_at,
        });
        self
    }

    fn push_trial(&mut self, changes: &[(&str, Value)], state: TrialState, repeats: Vec<Repeat>) {
        let number = self.record.trials.len() as u32 + 1;
        let mut configuration = self.record.session.space.default_configuration();
        for (name, value) in changes {
            configuration.set(name, value.clone());
        }
        let launch = (state != TrialState::Pending).then(|| self.launch(&configuration));
        let created_at = self.time();
        self.record.trials.push(Trial {
            id: TrialId(format!("trial-{number}")),
            session: self.record.session.id.clone(),
            number,
            purpose: if number == 1 {
                Purpose::Default
            } else {
                Purpose::Proposal
            },
            configuration,
            proposal: None,
            state,
            launch,
            repeats,
            discarded: Vec::new(),
            answers: None,
            note: None,
            forecast: None,
            created_at,
        });
    }

    fn launch(&self, configuration: &Configuration) -> Launch {
        let session = &self.record.session;
        let mut argv: Vec<String> = [
            session.engine.path.as_str(),
            "--model",
            session.model.path.as_str(),
            "--host",
            "127.0.0.1",
            "--port",
            "43817",
            "--api-key",
            "***",
        ]
        .map(str::to_owned)
        .into();
        for (name, value) in configuration.iter() {
            argv.push(format!("--{name}"));
            argv.push(value.to_string());
        }
        Launch {
            argv,
            engine_version: session.engine.version.clone(),
            ..Launch::default()
        }
    }

    /// One window on this session's machine.
    #[must_use]
    pub fn repeat(&mut self, index: u32, Shown(rate, watts): Shown) -> Repeat {
        let units = self.record.session.workload.window_units();
        let window = units as f64 / rate;
        let busy = ((watts - 10.0) / 8.0).max(0.0);
        Repeat {
            index,
            started_at: self.time(),
            window: Seconds(window),
            marks: None,
            units: Tokens(units),
            energy: if self.measured {
                gpu_energy(watts, window)
            } else {
                estimated_energy(busy, window)
            },
            performance: performance(rate, window, self.record.session.workload.requests),
            steady: Some(SteadyState {
                span: Seconds(window * 0.8),
                joules_per_unit: watts / rate * 0.97,
            }),
            phases: None,
            pictures: None,
            conditions: Vec::new(),
            idle: self.measured.then_some(Watts(62.0)),
            cpu: CpuUse {
                engine_s: if self.measured {
                    window * 1.1
                } else {
                    busy * window
                },
                own_s: window * 0.01,
                other_s: window * 0.02,
                stolen_s: 0.0,
                cores: self.record.session.machine.logical_cores,
                allowed: None,
            },
            load: Seconds(0.42),
            warm_up: Seconds(1.25),
            overhead: Joules(watts * 2.0),
            quick: self.record.session.quick,
            disturbed: false,
            warnings: Vec::new(),
        }
    }

    fn time(&mut self) -> String {
        self.minute += 1;
        format!(
            "2026-01-15T{:02}:{:02}:00Z",
            9 + self.minute / 60,
            self.minute % 60
        )
    }
}

/// A ten-hertz sample stream of `seconds`, around `watts`.
#[must_use]
pub fn samples(device: &str, seconds: u32, watts: f64) -> (String, Vec<PowerSample>) {
    let list = (0..u64::from(seconds) * 10)
        .map(|tick| PowerSample {
            at: MonotonicNs(7_000_000_123 + tick * 100_000_457),
            // A sensor's own steps, exact in the format that samples are stored in.
            power: Watts(watts + (tick % 8) as f64 * 0.125),
        })
        .collect();
    (device.to_owned(), list)
}

fn gpu_energy(watts: f64, window: f64) -> Energy {
    let gross = watts * window;
    Energy {
        gross: Joules(gross),
        net: Some(Joules(gross - 62.0 * window)),
        scope: Scope::GpuBoard,
        devices: vec![DeviceEnergy {
            device: "NVIDIA RTX A4000 (GPU-0f3a)".to_owned(),
            source: Source::NvmlCounter,
            joules: Joules(gross),
            integral: Some(Joules(gross * 1.01)),
            counted: None,
            reckoning: None,
            window_error: 0.001,
        }],
        beside: Vec::new(),
        sensor_error: 0.05,
        window_error: 0.001,
        undecided: Vec::new(),
        estimate: None,
    }
}

fn estimated_energy(busy: f64, window: f64) -> Energy {
    let at = |idle: f64, core: f64| Joules((idle + core * busy) * window);
    Energy {
        gross: at(10.0, 8.0),
        net: None,
        scope: Scope::Estimated,
        devices: vec![DeviceEnergy {
            device: "CPU".to_owned(),
            source: Source::Estimate,
            joules: at(10.0, 8.0),
            integral: None,
            counted: None,
            reckoning: None,
            window_error: 0.0,
        }],
        beside: Vec::new(),
        sensor_error: 0.25,
        window_error: 0.0,
        undecided: Vec::new(),
        estimate: Some(EstimateSpread {
            low_idle: at(3.0, 10.0),
            high_idle: at(30.0, 4.0),
        }),
    }
}

fn performance(rate: f64, window: f64, requests: u32) -> Performance {
    Performance {
        tokens_per_second: rate,
        time_to_first_token_s: Quantiles {
            p50: 20.0 / rate,
            p95: 45.0 / rate,
        },
        time_per_output_token_s: Quantiles {
            p50: 4.0 / rate,
            p95: 6.0 / rate,
        },
        prefill_s: Some(window * 0.3),
        decode_s: Some(window * 3.1),
        prompt_tokens: Tokens(1_184),
        requests,
    }
}
