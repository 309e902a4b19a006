//! What crosses between the window and the core: views made for the screen, no domain types.
//!
//! No 64-bit integers and no free JSON: ids are strings, numbers f64 or u32, parameter values text.
//! `ui/src/lib/backend/bindings.ts` is generated from here by a test and committed.
//! `views.rs` fills these from the tuner's records; `commands/` hands them out.

use serde::{Deserialize, Serialize};
use specta::Type;

/// What a finite f64 is in TypeScript. specta writes `number | null` for f64, since NaN has no JSON
/// form; the views hold finite numbers only, and an absent one is an `Option`.
type Number = i32;

/// Declares views: plain data, camelCase on the wire.
macro_rules! views {
    ($($(#[$meta:meta])* $name:ident { $($(#[$field_meta:meta])* $field:ident: $type:ty,)* })*) => {$(
        $(#[$meta])*
        #[derive(Debug, Clone, Serialize, Deserialize, Type)]
        #[serde(rename_all = "camelCase")]
        pub struct $name {
            $($(#[$field_meta])* pub $field: $type,)*
        }
    )*};
}

/// Declares closed word lists: kebab-case on the wire.
macro_rules! words {
    ($($(#[$meta:meta])* $name:ident { $($(#[$variant_meta:meta])* $variant:ident,)* })*) => {$(
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
        #[serde(rename_all = "kebab-case")]
        pub enum $name {
            $($(#[$variant_meta])* $variant,)*
        }
    )*};
}

mod study;

pub use study::*;

words! {
    /// Only where the screen acts on it; everything else is `other` with a text.
    ErrorCode {
        /// Another job runs in this session, or another Wattsmith is measuring.
        Busy,
        /// The person has not yet agreed that prompts go to this provider.
        ConsentNeeded,
        /// The session, trial or proposal does not exist.
        NotFound,
        /// Read the text.
        Other,
    }
    /// How a saving or a loss is said.
    VerdictKind {
        /// It is the default.
        Reference,
        /// Certainly less energy than the default.
        Better,
        /// Certainly more.
        Worse,
        /// Inside the noise.
        NotDecided,
        /// Changes with coefficients that nobody measured.
        DependsOnEstimate,
        /// No figure.
        None,
    }
    /// State of a trial.
    TrialStateKind {
        /// Not started.
        Pending,
        /// Being measured.
        Running,
        /// All repeats are there.
        Complete,
        /// Ended by a fault.
        Failed,
        /// Taken back or interrupted.
        Discarded,
    }
    /// How an exchange ended.
    ExchangeKind {
        /// The reply is awaited.
        Waiting,
        /// Gave a proposal.
        Accepted,
        /// A question was answered.
        Answered,
        /// Taken back before the reply was whole.
        Cancelled,
        /// A reply without a usable proposal.
        Refused,
        /// No reply.
        Failed,
    }
    /// What became of a proposal.
    ProposalKind {
        /// Waits for the person.
        Offered,
        /// Was run.
        Taken,
        /// Was taken back.
        Dismissed,
    }
    /// What the core is doing; each has a name and a clock on the screen.
    PhaseKind {
        /// Nothing.
        Idle,
        /// Waiting until nothing else measures on this machine.
        WaitingForLock,
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
    }
    /// How much a finding of the doctor matters.
    FindingSeverity {
        /// Keeps something from being measured, or makes figures wrong.
        Problem,
        /// Worth knowing.
        Note,
        /// As it should be.
        Fine,
    }
    /// Where the values of a meter of the person's come from.
    MeterKind {
        /// Shelly plug, first generation.
        Shelly1,
        /// Shelly plug, second generation and later.
        Shelly2,
        /// Plug with Tasmota.
        Tasmota,
        /// Program that prints numbers.
        Command,
        /// File that grows.
        Csv,
        /// Query to a Prometheus server.
        Prometheus,
    }
    /// What a meter's values are.
    MeterUnit {
        /// W.
        Watts,
        /// mW.
        Milliwatts,
        /// J so far.
        Joules,
        /// mJ so far.
        Millijoules,
        /// µJ so far.
        Microjoules,
        /// Wh so far.
        WattHours,
        /// kWh so far.
        KilowattHours,
    }
    /// What a meter covers.
    MeterScope {
        /// GPU boards.
        GpuBoard,
        /// CPU packages.
        CpuPackage,
        /// Both.
        GpuAndCpu,
        /// The platform behind the power supply.
        Platform,
        /// The machine behind its battery.
        Battery,
        /// The machine at the wall.
        Wall,
    }
    /// Formats of an exported report.
    ReportFormat {
        /// Self-contained page.
        Html,
        /// One row per repeat.
        Csv,
        /// Everything.
        Json,
        /// Short, for notes and issues.
        Markdown,
    }
}

views! {
    /// An error as the screen gets it.
    WireError {
        /// What the screen may act on.
        code: ErrorCode,
        /// What, where and what to do.
        message: String,
    }
    /// A mean with its 95 % interval.
    IntervalView {
        /// Geometric mean.
        #[specta(type = Number)]
        mean: f64,
        /// Lower end.
        #[specta(type = Number)]
        low: f64,
        /// Upper end.
        #[specta(type = Number)]
        high: f64,
        /// Repeats.
        n: u32,
    }
    /// One sensor, found or missing.
    SensorView {
        /// Name.
        name: String,
        /// Device.
        device: String,
        /// What it covers, in words.
        scope: String,
        /// Whether it answers.
        available: bool,
        /// Systematic error as a fraction.
        #[specta(type = Number)]
        error: f64,
        /// Update period in milliseconds, where seen.
        period_ms: Option<f64>,
        /// Smallest step with its unit, such as "0.001 J"; empty where not known.
        step: String,
        /// Over how long its power is averaged, milliseconds; 0 is an instant.
        averaging_ms: Option<f64>,
        /// Why it does not answer.
        reason: String,
        /// What to do; may hold a command to copy.
        remedy: String,
    }
    /// One thing to do about a finding.
    RemedyView {
        /// In words.
        text: String,
        /// What to paste into a shell; never run from here.
        command: Option<String>,
    }
    /// One situation that the doctor found.
    FindingView {
        /// Its name, such as `rapl-denied`.
        id: String,
        /// How much it matters.
        severity: FindingSeverity,
        /// What is the matter.
        title: String,
        /// Why, and what follows for the figures.
        cause: String,
        /// What to do, best first.
        remedies: Vec<RemedyView>,
        /// What is used meanwhile, in words; may be empty.
        meanwhile: String,
    }
    /// What the doctor says.
    DiagnosisView {
        /// One sentence.
        verdict: String,
        /// Whether joules are read from a sensor.
        measured: bool,
        /// Whether there can be figures at all.
        usable: bool,
        /// What figures cover, in words.
        scope: String,
        /// Systematic error as a fraction.
        #[specta(type = Number)]
        sensor_error: f64,
        /// Worst first.
        findings: Vec<FindingView>,
        /// Every sensor, those that answer first.
        sensors: Vec<SensorView>,
    }
    /// A meter that the person brings; each kind uses some of the fields.
    OutsideMeterView {
        /// Name.
        name: String,
        /// Kind.
        kind: MeterKind,
        /// Address (plugs, Prometheus).
        url: String,
        /// Channel (Shelly).
        switch: u32,
        /// Program and arguments, quoted as for a shell (command).
        command: String,
        /// Whether the program prints one value and ends (command).
        once: bool,
        /// File (CSV).
        path: String,
        /// Column's name or number from 1 (CSV).
        column: String,
        /// Between columns, one character (CSV).
        separator: String,
        /// Query (Prometheus).
        query: String,
        /// What its values are; plugs tell watts.
        unit: MeterUnit,
        /// What it covers.
        scope: MeterScope,
        /// Systematic error, per cent.
        #[specta(type = Number)]
        error_percent: f64,
        /// Whether it makes the figure; otherwise it stands beside it.
        main: bool,
        /// Seconds between two values; none is the usual for its kind.
        period_s: Option<f64>,
    }
    /// The machine.
    MachineView {
        /// Operating system.
        os: String,
        /// Kernel.
        kernel: String,
        /// Processor.
        cpu: String,
        /// Physical cores.
        physical_cores: u32,
        /// Logical cores.
        logical_cores: u32,
        /// Memory, GiB.
        #[specta(type = Number)]
        memory_gib: f64,
        /// GPUs.
        gpus: Vec<String>,
        /// Kind of virtual machine.
        virtual_machine: Option<String>,
        /// Sensors, found and missing.
        sensors: Vec<SensorView>,
        /// Whether joules are read from a sensor.
        measured: bool,
        /// Scope of the figures, in words.
        scope: String,
        /// Systematic error as a fraction.
        #[specta(type = Number)]
        sensor_error: f64,
        /// One sentence for the corner of the window.
        sentence: String,
    }
    /// What a first start shows within 5 s.
    FirstLook {
        /// The machine.
        machine: MachineView,
        /// Watts now, when a sensor answers.
        watts: Option<f64>,
    }
    /// One knob of the catalogue.
    ParameterView {
        /// Name.
        name: String,
        /// Range in words.
        range: String,
        /// Values worth offering in a menu.
        levels: Vec<String>,
        /// Default.
        default: String,
        /// What it does.
        effect: String,
        /// What can go wrong; may be empty.
        danger: String,
        /// Whether it can change answers.
        changes_output: bool,
    }
    /// One parameter's value.
    Setting {
        /// Parameter.
        name: String,
        /// Value as text.
        value: String,
    }
    /// A model file on this machine.
    ModelView {
        /// Name.
        name: String,
        /// File.
        path: String,
        /// Quantisation.
        quantisation: String,
        /// Size, megabytes.
        #[specta(type = Number)]
        megabytes: f64,
    }
    /// A workload.
    WorkloadView {
        /// Name.
        name: String,
        /// In words: "16 requests · 8 at once · 64 tokens out".
        summary: String,
    }
    /// How the chat LLM is reached.
    ConnectionDraft {
        /// `local`, `openai`, `anthropic`, `gemini`, `ollama`, `paste` or `none`.
        kind: String,
        /// Model file (local) or the model's name on the server.
        model: String,
        /// Server; empty for the provider's usual one.
        base_url: String,
        /// Price of 10⁶ tokens of prompts; empty: unknown.
        price_in: Option<f64>,
        /// Price of 10⁶ tokens of replies; empty: unknown.
        price_out: Option<f64>,
        /// Most that the session may cost, in the currency of the prices.
        spending_cap: Option<f64>,
    }
    /// A kind of chat server.
    ProviderView {
        /// As in [`ConnectionDraft::kind`].
        kind: String,
        /// Its usual address.
        base_url: String,
    }
    /// What the chat model has cost.
    SpendingView {
        /// Sum of what is known, in the currency of the prices.
        #[specta(type = Number)]
        spent: f64,
        /// Whether a part of it was worked out from the length of texts.
        estimated: bool,
        /// The person's cap.
        cap: Option<f64>,
    }
    /// What the person chose for a new session.
    SessionDraft {
        /// Name; empty: made from model and workload.
        name: String,
        /// Model file.
        model_path: String,
        /// Workload name.
        workload: String,
        /// By its word, such as `guided` or `sobol`.
        advisor: String,
        /// Chat LLM.
        connection: ConnectionDraft,
        /// `10%` or `0.25J`.
        threshold: String,
        /// Least tokens per second.
        min_tokens_per_second: Option<f64>,
        /// Greatest time to first token (95th percentile), seconds.
        max_time_to_first_token_s: Option<f64>,
        /// Lock settings that can change answers.
        quality_lock: bool,
        /// Parameters to tune, by name.
        tuned: Vec<String>,
        /// Whether the power limit and the clock of the GPUs are tuned, too.
        tune_gpu: bool,
        /// Trials after the default.
        budget: u32,
        /// Windows per trial.
        repeats: u32,
        /// Fewer where the verdict is clear, a few more near the best.
        adaptive: bool,
        /// Shorter windows.
        quick: bool,
        /// Start from what earlier sessions taught, where the advisor can use it.
        memory: bool,
    }
    /// What can be chosen for a new session, and a good first choice.
    NewSessionOptions {
        /// Engine's name and version, or empty.
        engine: String,
        /// Why there is no engine; empty when there is one.
        engine_problem: String,
        /// Models to tune.
        models: Vec<ModelView>,
        /// Models that can advise locally.
        advisor_models: Vec<ModelView>,
        /// Kinds of chat servers.
        providers: Vec<ProviderView>,
        /// Workloads.
        workloads: Vec<WorkloadView>,
        /// Knobs.
        parameters: Vec<ParameterView>,
        /// Knobs of the GPUs themselves; empty where nothing can be set.
        gpu_parameters: Vec<ParameterView>,
        /// Filled in and ready to start.
        draft: SessionDraft,
    }
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
        /// In a word or two: "−18.6 %", "not decided", "new".
        outcome: String,
        /// What kind of outcome.
        verdict: VerdictKind,
        /// Whether its figures are estimates.
        estimated: bool,
        /// Why it ended, if it has.
        ending: Option<String>,
    }
    /// One knob in a diff.
    KnobView {
        /// Parameter.
        name: String,
        /// Value before.
        from: String,
        /// Value now.
        to: String,
        /// Whether they differ.
        changed: bool,
        /// One sentence: the advisor's reason, else the catalogue's effect.
        sentence: String,
        /// What can go wrong.
        danger: String,
    }
    /// A verdict in words.
    VerdictView {
        /// Kind.
        kind: VerdictKind,
        /// Such as "better: 18.6 % less than the default, outside the noise".
        text: String,
        /// Per cent saved, negative when it costs more.
        saving_percent: Option<f64>,
    }
    /// One measured window.
    RepeatView {
        /// From 1.
        index: u32,
        /// J/unit.
        #[specta(type = Number)]
        joules_per_unit: f64,
        /// How far the joules may lie from the truth with 95 % confidence, sensor and window together;
        /// a fraction.
        #[specta(type = Number)]
        accuracy: f64,
        /// Window, seconds.
        #[specta(type = Number)]
        window_s: f64,
        /// Output tokens per second.
        #[specta(type = Number)]
        tokens_per_second: f64,
        /// Warnings.
        warnings: Vec<String>,
    }
    /// A window that something disturbed.
    DiscardedView {
        /// Index of the repeat that it should have been.
        index: u32,
        /// J/unit that it showed.
        #[specta(type = Number)]
        joules_per_unit: f64,
        /// Window, seconds.
        #[specta(type = Number)]
        window_s: f64,
        /// What disturbed it.
        cause: String,
    }
    /// A prompt and its reply.
    ExchangeItem {
        /// Identity.
        id: String,
        /// What the person asked; empty where the loop asked for a proposal.
        question: String,
        /// Template.
        template: String,
        /// Connection in words.
        connection: String,
        /// Prompt as sent.
        prompt: String,
        /// Reply as it came (Markdown; sanitise after rendering).
        reply: String,
        /// How it ended.
        outcome: ExchangeKind,
        /// Why refused or failed.
        note: String,
        /// Tokens of the prompt.
        prompt_tokens: Option<f64>,
        /// Tokens of the reply.
        reply_tokens: Option<f64>,
        /// Those of them that were reasoning.
        reasoning_tokens: Option<f64>,
        /// What it cost, in the currency of the prices.
        cost: Option<f64>,
        /// Whether that was worked out from the length of the texts.
        cost_estimated: bool,
        /// Seconds.
        #[specta(type = Number)]
        duration_s: f64,
        /// Joules it cost on this machine.
        joules: Option<f64>,
    }
    /// A proposal as a diff.
    ProposalItem {
        /// Identity.
        id: String,
        /// Who made it, in words.
        advisor: String,
        /// Why.
        reason: String,
        /// Against the last settings measured.
        knobs: Vec<KnobView>,
        /// J/unit expected by the advisor.
        predicted: Option<f64>,
        /// What became of it.
        status: ProposalKind,
        /// Whether the person changed it.
        edited: bool,
    }
    /// Prompt processing and generation apart.
    PhasesView {
        /// J per prompt token.
        #[specta(type = Number)]
        prefill: f64,
        /// J per output token.
        #[specta(type = Number)]
        decode: f64,
    }
    /// What a meter of another scope said, beside the figure.
    BesideView {
        /// Such as `plug-desk`.
        device: String,
        /// What it covers, in words.
        scope: String,
        /// J/unit over all repeats; none where it failed.
        joules_per_unit: Option<f64>,
        /// Why it failed.
        trouble: String,
        /// Systematic error as a fraction.
        #[specta(type = Number)]
        sensor_error: f64,
    }
    /// The state of a device in one repeat; what it does not tell is none.
    ConditionView {
        /// Repeat, from 1.
        repeat: u32,
        /// Device.
        device: String,
        /// Degrees Celsius when the window opened.
        from_c: Option<f64>,
        /// Degrees Celsius when it closed.
        to_c: Option<f64>,
        /// Mean clock of the compute units, MHz.
        clock_mhz: Option<f64>,
        /// Mean clock of the memory, MHz.
        memory_clock_mhz: Option<f64>,
        /// Enforced power limit, watts.
        power_limit_w: Option<f64>,
        /// Performance state, 0 the fastest.
        p_state: Option<u32>,
        /// Why clocks were held down.
        throttled: Vec<String>,
        /// Other processes on the device.
        others: Vec<String>,
    }
    /// A trial with its figures.
    TrialItem {
        /// Identity.
        id: String,
        /// From 1.
        number: u32,
        /// "default" or who proposed it.
        origin: String,
        /// Where it stands.
        state: TrialStateKind,
        /// Failure or discard cause; empty otherwise.
        message: String,
        /// Settings against the default.
        knobs: Vec<KnobView>,
        /// Gross J/unit.
        joules_per_unit: Option<IntervalView>,
        /// Net J/unit.
        net: Option<IntervalView>,
        /// The estimate priced at both ends of the plausible ratio.
        #[specta(type = Option<(Number, Number)>)]
        estimate_ends: Option<(f64, f64)>,
        /// Tokens per second.
        tokens_per_second: Option<f64>,
        /// Time to first token, median, seconds.
        ttft_p50_s: Option<f64>,
        /// Time to first token, 95th percentile, seconds.
        ttft_p95_s: Option<f64>,
        /// Joules spent on the trial.
        #[specta(type = Number)]
        energy_j: f64,
        /// Windows finished.
        repeats: Vec<RepeatView>,
        /// Windows planned.
        repeats_planned: u32,
        /// Why it has fewer or more windows than planned; empty otherwise.
        repeats_note: String,
        /// Windows that something disturbed: left out of every figure.
        discarded: Vec<DiscardedView>,
        /// Verdict against the default.
        verdict: VerdictView,
        /// Constraints that it does not keep.
        violations: Vec<String>,
        /// J/unit that the advisor had expected.
        predicted: Option<f64>,
        /// Settings that the engine applied differently.
        differences: Vec<String>,
        /// Warnings, each once.
        warnings: Vec<String>,
        /// Command line.
        command_line: String,
        /// Share of the cores that the engine kept busy, 0 to 1.
        cpu_busy: Option<f64>,
        /// Prefill and decode apart, where the engine tells.
        phases: Option<PhasesView>,
        /// Meters of another scope.
        beside: Vec<BesideView>,
        /// States of the devices, where they tell.
        conditions: Vec<ConditionView>,
    }
    /// Fresh repeats after a first crossing.
    ConfirmationItem {
        /// Identity.
        id: String,
        /// Number of the trial that crossed.
        trial_number: u32,
        /// Pairs measured.
        pairs: u32,
        /// Pairs planned for now.
        pairs_planned: u32,
        /// Decided?
        decided: bool,
        /// Below the threshold for certain?
        below: bool,
        /// In words.
        text: String,
        /// Windows left out because something disturbed them, and by what.
        discarded: Vec<String>,
        /// Ratio to the default, from these repeats alone.
        ratio: Option<IntervalView>,
    }
    /// What the next prompt will say about a trial.
    FeedbackItem {
        /// Trial.
        trial_id: String,
        /// Trial number.
        trial_number: u32,
        /// Drafted.
        draft: String,
        /// The person's text.
        edit: Option<String>,
        /// Already part of a prompt.
        sent: bool,
    }
    /// A point of the trend.
    TrendPoint {
        /// Trial.
        trial_id: String,
        /// Number.
        number: u32,
        /// J/unit.
        joules_per_unit: IntervalView,
        /// Tokens per second.
        #[specta(type = Number)]
        tokens_per_second: f64,
        /// Least J/unit up to here among trials that keep the constraints.
        best_so_far: Option<f64>,
        /// Verdict.
        verdict: VerdictKind,
        /// The advisor's prediction.
        predicted: Option<f64>,
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
        /// RFC 3339.
        created_at: String,
        /// Facts for the header.
        chips: Vec<String>,
        /// Unit of work: "token" or "image".
        unit: String,
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

/// One entry of the conversation.
// A story has tens of entries and is made once per reading: boxing would buy nothing.
#[allow(clippy::large_enum_variant)]
#[derive(Debug, Clone, Serialize, Deserialize, Type)]
#[serde(tag = "item", rename_all = "kebab-case")]
pub enum StoryItem {
    /// Prompt and reply.
    Exchange(ExchangeItem),
    /// Proposal.
    Proposal(ProposalItem),
    /// Trial.
    Trial(TrialItem),
    /// Confirmation.
    Confirmation(ConfirmationItem),
    /// Feedback.
    Feedback(FeedbackItem),
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
    /// More of the LLM's reply.
    Reply {
        /// Session.
        session_id: String,
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
