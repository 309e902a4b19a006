//! A session, what it does now, and what comes of all of them.

use super::{
    AnswerView, ConnectionDraft, CostsView, IntervalView, KnobView, Number, ParameterView,
    SessionDraft, SpendingView, StoryItem, UndoOfferView, VerdictKind, VerdictView,
};
use serde::{Deserialize, Serialize};
use specta::Type;

words! {
    /// What the core is doing; each has a name and a clock on the screen.
    PhaseKind {
        /// Nothing.
        Idle,
        /// Waiting until nothing else measures on this machine.
        WaitingForLock,
        /// Other programs keep the machine busy; the first window waits for quiet.
        WaitingForQuiet,
        /// A server that Wattsmith did not start is to be set by the person.
        WaitingForHand,
        /// The GPU is being set; the person may be asked for permission.
        SettingGpu,
        /// The engine loads the model.
        LoadingEngine,
        /// Warm-up requests.
        WarmingUp,
        /// Idle power with the model loaded.
        MeasuringIdle,
        /// A warm device cools down.
        CoolingDown,
        /// A measuring window is open: the screen keeps still.
        Measuring,
        /// The engine is being stopped.
        StoppingEngine,
        /// The local advisor's model loads.
        LoadingAdvisor,
        /// The chat LLM writes.
        Asking,
        /// A study runs.
        Studying,
        /// A model is fetched.
        Downloading,
    }
    /// Formats of an exported report.
    ReportFormat {
        /// Self-contained page.
        Html,
        /// The same on paper.
        Pdf,
        /// One row per repeat.
        Csv,
        /// Everything.
        Json,
        /// Short, for notes and issues.
        Markdown,
        /// Each chart as a picture.
        Svg,
        /// Everything with its samples, for whoever checks it without Wattsmith.
        Bundle,
        /// The settings that were found, for a shell.
        Command,
        /// The same as a unit of systemd.
        Systemd,
        /// As a service for Docker Compose.
        Compose,
        /// As a preset for llama-server.
        Preset,
        /// As a model for Ollama.
        Modelfile,
        /// As a file for vLLM.
        Vllm,
    }
}

views! {
    /// A line in the list of sessions.
    SessionSummary {
        /// Identity.
        id: String,
        /// Name.
        name: String,
        /// Engine.
        engine: String,
        /// RFC 3339.
        created_at: String,
        /// Whether a job runs in it now.
        running: bool,
        /// Whether it is an example, measured elsewhere.
        example: bool,
        /// Whether it came from a file.
        imported: bool,
        /// In a word or two: "−18.6 %", "not confirmed", "new".
        outcome: String,
        /// What kind of outcome.
        verdict: VerdictKind,
        /// Whether its figures are estimates.
        estimated: bool,
        /// Why it ended, if it has.
        ending: Option<String>,
    }
    /// A point of the trend.
    TrendPoint {
        /// Trial.
        trial_id: String,
        /// Number.
        number: u32,
        /// J/unit.
        joules_per_unit: IntervalView,
        /// The same in words: "0.228 ± 0.009".
        figure: String,
        /// Against the default: "−18.6 %"; empty where it is not compared.
        change: String,
        /// Units of work (tokens, images) per second.
        #[specta(type = Number)]
        tokens_per_second: f64,
        /// The same in words: "113 tokens/s".
        speed: String,
        /// J/unit of the trial up to here that is recommended by a model of all trials; the lowest figure may
        /// be another's.
        best_so_far: Option<f64>,
        /// That trial's number; 0 where there is none.
        best_so_far_trial: u32,
        /// Verdict.
        verdict: VerdictKind,
        /// The advisor's prediction.
        predicted: Option<f64>,
        /// Measured before the machine changed: not compared with anything.
        stale: bool,
    }
    /// A change of the machine, as the default showed it.
    MachineChangeView {
        /// It came after the trial of this number.
        after_trial: u32,
        /// What happened and what follows from it, in whole sentences.
        text: String,
    }
    /// What a session came to, the same in terminal, window and report.
    OutcomeView {
        /// The word for it, such as "not confirmed".
        word: String,
        /// What was seen, such as "11 fresh pairs showed 11.6 % less than the default"; may be empty.
        seen: String,
        /// Both, without a full stop.
        text: String,
        /// Why no more than that may be said of the trial, a whole sentence; may be empty.
        why: String,
        /// Its look.
        verdict: VerdictKind,
        /// Whether fresh repeats decided that the goal was reached.
        confirmed: bool,
        /// Number of the trial that it is about; 0 where it is about none beside the default.
        trial_number: u32,
    }
    /// Share of a knob in what was seen.
    ImportanceView {
        /// Parameter.
        name: String,
        /// 0 to 1; none inside the noise.
        share: Option<f64>,
    }
    /// What runs now, with a clock.
    PhaseView {
        /// Kind.
        kind: PhaseKind,
        /// Name for the screen, such as "Measuring".
        label: String,
        /// Such as "trial 5 · repeat 2 of 3".
        detail: String,
        /// Unix time in milliseconds when it began.
        #[specta(type = Number)]
        started_at_ms: f64,
        /// Seconds it is expected to take, where known.
        expected_s: Option<f64>,
        /// Part of the work done, 0 to 1, where known.
        progress: Option<f64>,
    }
    /// A session as the screen shows it.
    SessionView {
        /// Identity.
        id: String,
        /// Name.
        name: String,
        /// The person's note; may be empty.
        note: String,
        /// What to know of an example, in whole sentences; empty for any other session.
        example: String,
        /// Where it came from, in whole sentences; empty for a session that began here, and for an example.
        imported: String,
        /// RFC 3339.
        created_at: String,
        /// Facts for the header.
        chips: Vec<String>,
        /// Unit of work: "token" or "image".
        unit: String,
        /// Unit of speed: "tok/s" or "images/s".
        rate: String,
        /// What a request waits for: "first token" or "pictures".
        awaited: String,
        /// Scope in words.
        scope: String,
        /// Whether figures are estimates.
        estimated: bool,
        /// Systematic error as a fraction.
        #[specta(type = Number)]
        sensor_error: f64,
        /// Short windows.
        quick: bool,
        /// Goal in words.
        goal: String,
        /// Goal in J/unit, once known.
        goal_joules: Option<f64>,
        /// The default's figure.
        default_interval: Option<IntervalView>,
        /// Advisor's word.
        advisor: String,
        /// Connection in words; empty where there is none.
        connection: String,
        /// The connection as it can be changed.
        connection_draft: ConnectionDraft,
        /// What was chosen for it, to begin another one like it.
        plan: SessionDraft,
        /// What the chat model has cost; none while nothing is known.
        spending: Option<SpendingView>,
        /// Trials used after the default.
        trials_used: u32,
        /// Trials allowed after the default.
        budget: u32,
        /// The conversation, oldest first.
        story: Vec<StoryItem>,
        /// For the charts.
        trend: Vec<TrendPoint>,
        /// For the chart.
        importance: Vec<ImportanceView>,
        /// Knobs of this session, to edit a proposal by.
        parameters: Vec<ParameterView>,
        /// Best settings so far against the default.
        best: Option<BestView>,
        /// Why the best is not the trial of the lowest figure, a whole sentence; empty where it is.
        beside_lowest: String,
        /// How good predictions were, by who made them; those who made none are left out.
        foretold: Vec<ForetoldView>,
        /// What it has come to.
        outcome: OutcomeView,
        /// The same as what stands first on the screen.
        answer: AnswerView,
        /// What its steps are going to take.
        costs: CostsView,
        /// Undoing the changes of its confirmed winner; none where nothing is left to be known.
        undo: Option<UndoOfferView>,
        /// Changes of the machine, oldest first.
        changes: Vec<MachineChangeView>,
        /// What runs now.
        phase: PhaseView,
        /// Whether it goes on by itself.
        autopilot: bool,
        /// Whether autopilot pauses after the current step.
        pausing: bool,
        /// What the person can do next.
        next: NextStep,
        /// Joules that the search has cost.
        #[specta(type = Number)]
        energy_spent_j: f64,
        /// What went wrong beside the trials.
        warnings: Vec<String>,
        /// Units of work after which the search has paid for itself; none until that is certain.
        pays_back_after_units: Option<f64>,
        /// Earlier sessions that it draws on, the most telling first.
        memory: Vec<EarlierView>,
        /// What was known of the noise when it began, in words; empty for sessions of before.
        noise: String,
    }
    /// How good somebody's predictions were.
    ForetoldView {
        /// Who, in words.
        who: String,
        /// All in all, in whole sentences.
        text: String,
        /// One by one, in the order of the trials.
        each: Vec<ForetoldTrial>,
    }
    /// One prediction and what came.
    ForetoldTrial {
        /// Trial.
        trial_id: String,
        /// Number.
        number: u32,
        /// What was foretold, J/unit.
        predicted: String,
        /// What the trial showed, J/unit.
        measured: String,
        /// What came against it: "6.1 % more than predicted".
        off: String,
        /// Whether what was foretold lies in the trial's interval; none where it has none.
        inside: Option<bool>,
    }
    /// An earlier session that a session draws on.
    EarlierView {
        /// Which; it may have been deleted since.
        session_id: String,
        /// Its name then.
        name: String,
        /// In what it differs, in words; empty where in nothing.
        differs: String,
        /// How much it counts, above 0 to 1.
        #[specta(type = Number)]
        weight: f64,
        /// What makes its figures less telling, in words; empty where nothing does.
        doubts: String,
        /// Configurations that it measured.
        configurations: u32,
    }
    /// The best settings so far.
    BestView {
        /// Trial.
        trial_id: String,
        /// Number.
        number: u32,
        /// Settings against the default.
        knobs: Vec<KnobView>,
        /// Ready command line.
        command_line: String,
        /// Verdict.
        verdict: VerdictView,
        /// Whether fresh repeats have confirmed it.
        confirmed: bool,
    }
    /// A prompt as it would be sent.
    PromptPreview {
        /// Template.
        template: String,
        /// Text.
        text: String,
        /// Rough count: characters ÷ 4.
        tokens_about: u32,
    }
    /// A prompt template.
    TemplateView {
        /// Name.
        name: String,
        /// Text.
        text: String,
        /// SHA-256.
        hash: String,
        /// Whether it differs from the built-in one.
        edited: bool,
    }
    /// Where a key was put.
    KeyStored {
        /// Whether the OS keyring holds it.
        in_keyring: bool,
        /// What to know about it.
        note: String,
    }
    /// One line of the view across sessions: only sessions that may be compared share it.
    OverviewLine {
        /// What its sessions have in common.
        label: String,
        /// Unit of work: "token" or "image".
        unit: String,
        /// Whether its figures are estimates.
        estimated: bool,
        /// Sessions, oldest first.
        points: Vec<OverviewPoint>,
    }
    /// A session on the line.
    OverviewPoint {
        /// Session.
        session_id: String,
        /// Name.
        name: String,
        /// RFC 3339.
        created_at: String,
        /// The default's J/unit.
        default_interval: IntervalView,
        /// The best's J/unit.
        best_interval: Option<IntervalView>,
        /// Verdict of the best.
        verdict: VerdictKind,
        /// In a word or two, as in the list of sessions.
        outcome: String,
        /// Whether it came from a file.
        imported: bool,
        /// Who proposed, in a word.
        advisor: String,
        /// Server.
        engine: String,
        /// Processor and boards, or the name of another machine.
        machine: String,
        /// Model and the label of its weights.
        model: String,
        /// Work by name.
        work: String,
        /// By which work is the same work.
        work_hash: String,
        /// What its joules cover.
        scope: String,
        /// What the best changed, such as `threads 2 → 1`.
        settings: Vec<String>,
        /// Best so far in per cent of the default, after the default and after each trial that may be
        /// compared.
        #[specta(type = Vec<Number>)]
        track: Vec<f64>,
    }
    /// Power over time of one device.
    PowerSeries {
        /// Device.
        device: String,
        /// Seconds from the first sample.
        #[specta(type = Vec<Number>)]
        at_s: Vec<f64>,
        /// Watts.
        #[specta(type = Vec<Number>)]
        watts: Vec<f64>,
    }
}

/// What the person can do next.
#[derive(Debug, Clone, Serialize, Deserialize, Type)]
#[serde(
    tag = "step",
    rename_all = "kebab-case",
    rename_all_fields = "camelCase"
)]
pub enum NextStep {
    /// Measure the default first.
    MeasureDefault,
    /// Other programs keep the machine busy: wait until it is quiet, or measure all the same.
    BusyMachine {
        /// What was seen, such as "other programs used 43 % of the CPU".
        load: String,
    },
    /// Measure the default again before anything is compared with it.
    CheckDefault {
        /// Why, in whole sentences.
        reason: String,
    },
    /// Ask the advisor; feedback can be edited until then.
    Ask,
    /// Agree that prompts go to this provider.
    Consent {
        /// Host and model.
        provider: String,
    },
    /// Carry the prompt to a chat and bring the reply.
    Paste {
        /// The exchange that waits.
        exchange_id: String,
        /// The prompt to copy.
        prompt: String,
    },
    /// Run, edit or dismiss.
    Decide {
        /// The proposal.
        proposal_id: String,
    },
    /// The advisor is stuck: ask again, take a numeric proposal, or set knobs by hand.
    Stuck {
        /// Why.
        reason: String,
    },
    /// A trial crossed the threshold: measure fresh repeats.
    Confirm {
        /// Trial number.
        trial_number: u32,
    },
    /// Something runs.
    Busy,
    /// The session has ended; it can be taken up again.
    Ended {
        /// Why.
        ending: String,
    },
}

/// Live data, at most 10 a second, 1 a second while a window is open.
#[derive(Debug, Clone, Serialize, Deserialize, Type)]
#[serde(
    tag = "event",
    rename_all = "kebab-case",
    rename_all_fields = "camelCase"
)]
pub enum LiveEvent {
    /// The phase or its progress changed.
    Phase {
        /// Session.
        session_id: String,
        /// Phase.
        phase: PhaseView,
    },
    /// Power since the last event.
    Power {
        /// Session.
        session_id: String,
        /// Seconds since the trial began.
        #[specta(type = Vec<Number>)]
        at_s: Vec<f64>,
        /// Watts.
        #[specta(type = Vec<Number>)]
        watts: Vec<f64>,
    },
    /// More of the LLM's reply with a proposal.
    Reply {
        /// Session.
        session_id: String,
        /// Text to append.
        text: String,
    },
    /// More of the answer to a question of the person.
    Answer {
        /// Session.
        session_id: String,
        /// The question.
        exchange_id: String,
        /// Text to append.
        text: String,
    },
    /// Read the session again.
    Changed {
        /// Session.
        session_id: String,
    },
    /// A job ended with an error.
    Failed {
        /// Session.
        session_id: String,
        /// What, where and what to do.
        message: String,
    },
}
