//! Landscapes and studies on the wire.

use super::{ConnectionDraft, ModelView, Number, ProviderView, WorkloadView};
use serde::{Deserialize, Serialize};
use specta::Type;

words! {
    /// Where the joules of a landscape come from.
    LandscapeKind {
        /// Read from a sensor.
        Measured,
        /// Worked out from time and busy cores.
        Estimated,
        /// Made up, for tests.
        Invented,
    }
}

views! {
    /// A landscape at hand, or a file that was meant to be one.
    LandscapeView {
        /// What a study names it by.
        id: String,
        /// Its name; the file's where it cannot be read.
        name: String,
        /// Whether it came with Wattsmith.
        shipped: bool,
        /// Why it cannot be studied; empty where it can.
        trouble: String,
        /// What it is like; none where it cannot be studied.
        facts: Option<LandscapeFacts>,
    }
    /// A landscape in a few figures.
    LandscapeFacts {
        /// Where its joules come from.
        kind: LandscapeKind,
        /// The same in more detail, such as `nvml-counter`.
        source: String,
        /// Processor and cores.
        machine: String,
        /// Model.
        model: String,
        /// Workload in a line.
        workload: String,
        /// Engine and its version.
        engine: String,
        /// RFC 3339.
        recorded_at: String,
        /// Standard deviation of one window as a fraction.
        #[specta(type = Number)]
        noise: f64,
        /// By how many per cent the machine itself drifted meanwhile; it is taken out.
        #[specta(type = Number)]
        drift_percent: f64,
        /// Configurations swept.
        configurations: u32,
        /// Share of what can be tried that is within 5 % of the best.
        #[specta(type = Number)]
        good_share: f64,
        /// Place of the default among those that work, 1 the lowest.
        default_rank: u32,
        /// Per cent that the best saves against the default.
        #[specta(type = Number)]
        attainable_percent: f64,
        /// Whether good settings are rare and the default is none.
        is_hard: bool,
        /// What must hold, in words.
        limits: Vec<String>,
    }
    /// Somebody who can propose in a study.
    ArmView {
        /// Name.
        name: String,
        /// Whether it asks a chat model.
        asks: bool,
        /// Whether it can learn from earlier sessions.
        remembers: bool,
    }
    /// What is measured in a study on the engine itself.
    LiveWork {
        /// Model file.
        model_path: String,
        /// Workload by name.
        workload: String,
    }
    /// What a study on the engine begins with: it is slow, so it is small.
    LiveOptions {
        /// Filled in.
        work: LiveWork,
        /// Models at hand.
        models: Vec<ModelView>,
        /// Workloads.
        workloads: Vec<WorkloadView>,
        /// Names of arms.
        arms: Vec<String>,
        /// Independent runs of each.
        seeds: u32,
        /// Trials after the default.
        budget: u32,
        /// Fresh repeats of what was recommended.
        fresh: u32,
    }
    /// What the person chose for a study.
    StudyDraft {
        /// The landscape's id; not looked at where `live` is there.
        landscape: String,
        /// The engine itself in place of a landscape.
        live: Option<LiveWork>,
        /// Names of arms; the first is held against the others.
        arms: Vec<String>,
        /// Independent runs of each.
        seeds: u32,
        /// Trials after the default.
        budget: u32,
        /// Windows per trial.
        repeats: u32,
        /// Goal in per cent below the default.
        #[specta(type = Number)]
        below_percent: f64,
        /// Least tokens/s; none for the landscape's own limit.
        min_tokens_per_second: Option<f64>,
        /// Longest time to the first token in seconds; none for the landscape's own limit.
        max_time_to_first_token_s: Option<f64>,
        /// Whether arms that can learn from earlier sessions run a second time with them.
        remember: bool,
        /// For the arms that ask a chat model.
        connection: ConnectionDraft,
        /// Whether the person agrees that prompts go to its server.
        agreed: bool,
    }
    /// What can be chosen for a study, and a good first choice.
    StudyOptions {
        /// Landscapes at hand.
        landscapes: Vec<LandscapeView>,
        /// Where the person's own are looked for.
        folder: String,
        /// Who can be compared.
        arms: Vec<ArmView>,
        /// Models that can advise locally.
        advisor_models: Vec<ModelView>,
        /// Kinds of chat servers.
        providers: Vec<ProviderView>,
        /// For the engine itself; none where there is no model.
        live: Option<LiveOptions>,
        /// Filled in and ready to start, where there is a landscape.
        draft: StudyDraft,
    }
    /// A finished study in the list.
    StudyLine {
        /// Identity.
        id: String,
        /// RFC 3339.
        finished_at: String,
        /// The landscape's name.
        landscape: String,
        /// Whether the engine itself was searched.
        live: bool,
        /// Where its joules come from.
        kind: LandscapeKind,
        /// Who was compared.
        arms: Vec<String>,
        /// The chat model that was asked; empty where none was.
        llm: String,
        /// Independent runs of each.
        seeds: u32,
        /// Trials after the default.
        budget: u32,
    }
    /// A study that was interrupted and can go on.
    BegunLine {
        /// Identity.
        id: String,
        /// The landscape's name.
        landscape: String,
        /// Who is compared.
        arms: Vec<String>,
        /// Replies of the chat model that are kept.
        replies: u32,
        /// Whether figures from the engine are kept.
        figures: bool,
    }
    /// A mean over runs with its 95 % interval.
    MeanView {
        /// Arithmetic mean.
        #[specta(type = Number)]
        mean: f64,
        /// Lower end.
        #[specta(type = Number)]
        low: f64,
        /// Upper end.
        #[specta(type = Number)]
        high: f64,
    }
    /// How long until something.
    WaitView {
        /// Median by Kaplan and Meier; none where fewer than half got there.
        median: Option<f64>,
        /// Mean where runs that never got there count as the whole budget.
        #[specta(type = Number)]
        mean: f64,
        /// Runs that got there.
        reached: u32,
    }
    /// What came of one arm.
    StudyArmView {
        /// Name.
        name: String,
        /// True J/unit of what is recommended, after the default and after each trial.
        truth: Vec<MeanView>,
        /// Trials to within 5 % of the best.
        to_good: WaitView,
        /// Trials to the goal.
        to_goal: WaitView,
        /// Prompts to the goal (trials where nobody is asked).
        asks_to_goal: WaitView,
        /// Prompts a run, retries among them; 0 where nobody is asked.
        #[specta(type = Number)]
        prompts: f64,
        /// Share of the attainable saving after five trials.
        early_share: Option<f64>,
        /// Runs whose own figures showed the goal reached though the truth had not.
        false_stops: u32,
    }
    /// The first arm against another.
    StudyComparisonView {
        /// The other.
        other: String,
        /// Greatest mean difference of regret from the second trial on, per cent of the default.
        #[specta(type = Number)]
        difference_percent: f64,
        /// Greatest upper bound of it; the bounds hold together at 95 %.
        #[specta(type = Number)]
        upper_percent: f64,
        /// p of the difference of regret at the end, after Holm's correction.
        #[specta(type = Number)]
        p_regret: f64,
        /// Its effect, −1 (always better than the other) to 1.
        #[specta(type = Number)]
        effect_regret: f64,
        /// p of the difference of trials to within 5 %.
        #[specta(type = Number)]
        p_time: f64,
        /// Its effect.
        #[specta(type = Number)]
        effect_time: f64,
        /// p of the difference of prompts to the goal.
        #[specta(type = Number)]
        p_asks: f64,
        /// Its effect.
        #[specta(type = Number)]
        effect_asks: f64,
    }
    /// Random search by its runs and by counting.
    RandomCheckView {
        /// Draws that it should need.
        #[specta(type = Number)]
        expected: f64,
        /// Draws that it needed.
        #[specta(type = Number)]
        seen: f64,
        /// Standard errors between: beyond 4 something is wrong.
        #[specta(type = Number)]
        standard_errors: f64,
    }
    /// A finished study.
    StudyView {
        /// As in the list.
        line: StudyLine,
        /// Facts for the header.
        facts: Vec<String>,
        /// Goal in per cent below the default.
        #[specta(type = Number)]
        below_percent: f64,
        /// The best's J/unit.
        #[specta(type = Number)]
        best_joules: f64,
        /// The default's J/unit.
        #[specta(type = Number)]
        default_joules: f64,
        /// The goal's J/unit.
        #[specta(type = Number)]
        goal_joules: f64,
        /// In the order of the plan.
        arms: Vec<StudyArmView>,
        /// The first arm against each other one.
        comparisons: Vec<StudyComparisonView>,
        /// The check on the machinery, where `random` is an arm.
        random_check: Option<RandomCheckView>,
        /// Throughput (units of work per second) and J/unit of each configuration that works.
        #[specta(type = Vec<(Number, Number)>)]
        cloud: Vec<(f64, f64)>,
        /// Unit of work: "token" or "image".
        unit: String,
        /// Unit of speed: "tok/s" or "images/s".
        rate: String,
        /// The full report.
        page: String,
    }
}
