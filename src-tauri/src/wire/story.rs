//! The story of a session: trials, exchanges, proposals, confirmations and feedback.

use super::{IntervalView, Number, TrialSaid, UndoingItem};
use serde::{Deserialize, Serialize};
use specta::Type;

words! {
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
}

views! {
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
        /// Window, seconds.
        #[specta(type = Number)]
        window_s: f64,
        /// Units of work (output tokens, images) per second.
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
        /// The reply to a question, with what the record says behind each claim that it contradicts; empty
        /// where the loop asked.
        answer: String,
        /// Why a question is not asked yet, in whole sentences; empty once it is.
        waits: String,
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
    /// A picture of a trial beside the default's of the same prompt and seed.
    PicturePairView {
        /// Such as "prompt 1, seed 20260".
        of: String,
        /// How like they are, in words; empty for the default itself.
        likeness: String,
        /// The default's, as a data address; none where its file is gone.
        default: Option<String>,
        /// The trial's own.
        own: Option<String>,
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
        /// Per cent of the time in which it computed.
        busy_percent: Option<f64>,
        /// Per cent of the time in which its memory was read or written.
        memory_busy_percent: Option<f64>,
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
        /// Why the window that runs is not the first try of it: "2nd try: other programs used 71 % of
        /// the CPU"; empty where it is the first.
        attempt: String,
        /// Its figures in words.
        said: TrialSaid,
        /// Why it has fewer or more windows than planned; empty otherwise.
        repeats_note: String,
        /// Windows that something disturbed: left out of every figure.
        discarded: Vec<DiscardedView>,
        /// Verdict against the default.
        verdict: VerdictView,
        /// Measured before the machine changed: not compared with anything.
        stale: bool,
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
        /// Who else used them, such as "other programs used 58 %".
        cpu_taken: Option<String>,
        /// Prefill and decode apart, where the engine tells.
        phases: Option<PhasesView>,
        /// What is to be said of its pictures, each in a sentence; empty where it makes none.
        picture_facts: Vec<String>,
        /// Pictures that were kept of it.
        pictures_kept: u32,
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
        /// For certain below the threshold, or below the default?
        below: bool,
        /// The word for how it stands, such as "not decided yet".
        word: String,
        /// In words.
        text: String,
        /// Windows left out because something disturbed them, and by what.
        discarded: Vec<String>,
        /// Why the window that runs is not the first try of it; empty where it is.
        attempt: String,
        /// Against the default, from these repeats alone: "−18.6 %"; empty before the first pair.
        change: String,
        /// Its interval: "between 15.2 % and 21.4 % less".
        range: String,
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
}

views! {
    /// Something that was seen of the machine.
    MachineItem {
        /// Identity.
        id: String,
        /// What, in a few words.
        title: String,
        /// What happened and what follows from it, in whole sentences.
        text: String,
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
    /// The machine changed, or was busy at the start.
    Machine(MachineItem),
    /// Each change of the confirmed winner, undone by itself.
    Undoing(UndoingItem),
}
