//! What the record says, as far as a claim can be held against it.

use wattsmith_chat::mentioned_settings;
use wattsmith_domain::{
    Configuration, ParameterSpace, SessionRecord, Threshold, TrialState, Value,
};
use wattsmith_stats::Analysis;

/// One trial's figures: the mean first, then what else may be said of it.
pub(super) struct Figures {
    pub number: u32,
    pub joules: Vec<f64>,
    pub per_second: Vec<f64>,
}

/// The figures of a session.
pub(super) struct Facts {
    pub unit: &'static str,
    pub rate: &'static str,
    /// J/unit.
    pub goal: Option<f64>,
    pub goal_percent: Option<f64>,
    pub default: Option<f64>,
    pub default_number: Option<u32>,
    /// The best trial's number; none where the estimate leaves that open.
    pub best: Option<u32>,
    trials: Vec<Figures>,
    configurations: Vec<(u32, Configuration)>,
    space: ParameterSpace,
}

impl Facts {
    pub fn of(record: &SessionRecord) -> Self {
        let analysis = Analysis::of(record);
        let session = &record.session;
        let default = analysis.default.map(|default| default.mean).or_else(|| {
            let trial = record.default_trial()?;
            analysis.trial(&trial.id)?.mean
        });
        let (goal, goal_percent) = match session.objective.threshold {
            Threshold::Joules { joules } => (Some(joules), None),
            Threshold::PercentBelowDefault { percent } => (
                default.map(|default| default * (1.0 - percent / 100.0)),
                Some(percent),
            ),
        };
        let trials = analysis.trials.iter().map(|own| Figures {
            number: own.number,
            joules: own
                .joules_per_unit
                .map(|interval| vec![interval.mean, interval.low, interval.high])
                .or_else(|| own.mean.map(|mean| vec![mean]))
                .unwrap_or_default(),
            per_second: own
                .performance
                .iter()
                .map(|performance| performance.tokens_per_second)
                .collect(),
        });
        // What is claimed is claimed of the figures in the table.
        let best = analysis
            .lowest
            .as_ref()
            .filter(|_| !analysis.best_depends_on_estimate);
        Self {
            unit: session.workload.unit.noun(),
            rate: session.workload.unit.rate(),
            goal,
            goal_percent,
            default,
            default_number: record.default_trial().map(|trial| trial.number),
            best: best
                .and_then(|best| record.trial(best))
                .map(|trial| trial.number),
            trials: trials.collect(),
            configurations: record
                .trials
                .iter()
                .filter(|trial| !matches!(trial.state, TrialState::Discarded { .. }))
                .map(|trial| (trial.number, trial.configuration.clone()))
                .collect(),
            space: session.space.clone(),
        }
    }

    pub fn trial(&self, number: u32) -> Option<&Figures> {
        self.trials.iter().find(|one| one.number == number)
    }

    /// J/unit of a trial.
    pub fn joules(&self, number: u32) -> Option<f64> {
        self.trial(number)?.joules.first().copied()
    }

    /// The least J/unit that any trial showed.
    pub fn least(&self) -> Option<f64> {
        let means = self.trials.iter().filter_map(|one| one.joules.first());
        means.copied().min_by(f64::total_cmp)
    }

    /// Settings that a text names.
    pub fn named(&self, text: &str) -> Vec<(String, Value)> {
        mentioned_settings(text, &self.space)
    }

    /// The first trial that had all of these settings.
    pub fn tried(&self, settings: &[(String, Value)]) -> Option<u32> {
        let had = |configuration: &Configuration| {
            settings
                .iter()
                .all(|(name, value)| configuration.get(name) == Some(value))
        };
        let found = self.configurations.iter().find(|(_, one)| had(one));
        found.map(|(number, _)| *number)
    }
}
