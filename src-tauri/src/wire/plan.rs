//! A session that is planned: what can be chosen, and how a chat model is reached.

use super::Number;
use serde::{Deserialize, Serialize};
use specta::Type;

views! {
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
        /// The label that the file gives itself.
        quantisation: String,
        /// Label and bits per weight, and the main type where the label misleads.
        weights: String,
        /// Size of all its files, megabytes.
        #[specta(type = Number)]
        megabytes: f64,
        /// Files that it is made of.
        parts: u32,
        /// The longest context of one request, tokens.
        context_limit: Option<u32>,
        /// Whether it can be talked to; a base model only continues texts.
        chats: bool,
    }
    /// A file that looks like a model and cannot be run.
    UnfitModelView {
        /// Name.
        name: String,
        /// File.
        path: String,
        /// Size, megabytes.
        #[specta(type = Number)]
        megabytes: f64,
        /// What it is and what to do.
        reason: String,
    }
    /// A workload.
    WorkloadView {
        /// Name.
        name: String,
        /// In words: "16 requests · 8 at once · 64 tokens out".
        summary: String,
        /// The same of what quick windows run.
        quick_summary: String,
    }
    /// A first look at a file of the person's own work.
    WorkPreviewView {
        /// In words: "6 requests, 2 of them chats · 12 to 480 characters, 60 in the middle one".
        summary: String,
        /// The first prompts, shortened.
        first: Vec<String>,
        /// What is worth knowing, in sentences.
        notes: Vec<String>,
        /// SHA-256 of the file.
        sha256: String,
        /// What is wrong in it, in sentences; the first ones.
        faults: Vec<String>,
        /// How much is wrong in it.
        fault_count: u32,
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
    /// A server that runs on this machine already.
    RunningView {
        /// Its address.
        url: String,
        /// What it is.
        version: String,
        /// The model that it serves; may be empty.
        model: String,
        /// Why this machine's sensors say nothing of it; empty where they do.
        trouble: String,
    }
    /// A server that can be started.
    EngineView {
        /// By which it is chosen.
        name: String,
        /// What its work is counted in: `token` or `image`.
        unit: String,
        /// What to do where it is not here; empty where it is.
        problem: String,
    }
    /// What the person chose for a new session.
    SessionDraft {
        /// Name; empty: made from model and workload.
        name: String,
        /// The server that is started, by name; empty: the one that Wattsmith brings.
        engine: String,
        /// Model file.
        model_path: String,
        /// Address of a server that runs already and is measured as it is; empty: one is started.
        attach: String,
        /// Workload name; `own-file` where the work is a file of the person's own.
        workload: String,
        /// That file; empty where there is none.
        work_file: String,
        /// When its requests are sent: `clients`, `all`, `timestamps` or `poisson:RATE`.
        arrivals: String,
        /// Tokens of every answer, whatever the file says; none as the file says.
        answer_tokens: Option<u32>,
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
        /// Values that stand in for the engine's own defaults, such as those of an earlier trial.
        start: Vec<Setting>,
    }
    /// What can be chosen for a new session, and a good first choice.
    NewSessionOptions {
        /// The chosen engine's name.
        engine: String,
        /// Why it is not here; empty when it is.
        engine_problem: String,
        /// Every server that can be chosen, that which Wattsmith brings first.
        engines: Vec<EngineView>,
        /// What its work is counted in: `token` or `image`.
        unit: String,
        /// What a model of it is, such as "Model file (.gguf)".
        model_label: String,
        /// Whether models of it can be fetched from here.
        fetches_models: bool,
        /// Servers that run on this machine already.
        running: Vec<RunningView>,
        /// Models to tune.
        models: Vec<ModelView>,
        /// Files that look like models and cannot be run.
        unfit_models: Vec<UnfitModelView>,
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
}
