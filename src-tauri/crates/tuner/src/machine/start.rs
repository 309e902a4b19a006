//! Whether a start would fail, told before it is tried: a start that fails takes as long as loading does, and a
//! trial of the budget. Only what is certain is refused; about the rest the engine has the word.
//!
//! What is looked at, in this order: the file, the architecture, the rules between settings, the blocks of a
//! compressed cache against the model's heads, and memory. `tests/starts.toml` is what it is held against.

use crate::error::TunerError;
use crate::machine::memory_need::{FreeMemory, fits, free_memory, goes_to_gpu};
use crate::machine::models::not_known;
use crate::tuner::Tuner;
use std::path::Path;
use wattsmith_domain::{Configuration, FailureCause, ParameterSpace, Value};
use wattsmith_engine::{Architectures, CacheShape, EngineError, LaunchOptions, inspect_model};

/// Numbers in a block of a compressed cache.
const BLOCK: u64 = 32;

/// What a start is held against.
#[derive(Debug, Clone, Copy)]
pub struct StartFacts<'a> {
    /// The model's file.
    pub model: &'a Path,
    /// What the engine knows; none where that cannot be told.
    pub architectures: Option<&'a Architectures>,
    /// Its knobs on this machine.
    pub space: &'a ParameterSpace,
    /// The settings.
    pub configuration: &'a Configuration,
    /// What is free; none where that is not known.
    pub free: Option<FreeMemory>,
}

/// Why a start would certainly fail; none where it would not, or nobody can say.
pub async fn refused_start(facts: StartFacts<'_>) -> Option<EngineError> {
    let file = match inspect_model(facts.model).await {
        Ok(file) => file,
        Err(error) => return Some(error),
    };
    let fail = |cause, message: String| Some(EngineError::failed(cause, message));
    if let Some(reason) = not_known(facts.architectures, &file) {
        return fail(FailureCause::ModelUnfit, reason);
    }
    if let Err(problems) = facts.space.check(facts.configuration) {
        let words: Vec<String> = problems.iter().map(ToString::to_string).collect();
        return fail(FailureCause::UnknownFlag, words.join(" "));
    }
    if let Some(words) = file
        .cache
        .and_then(|shape| odd_blocks(&shape, facts.configuration))
    {
        return fail(FailureCause::UnknownFlag, words);
    }
    let free = facts.free?;
    match fits(&file, facts.configuration, free) {
        Ok(()) => None,
        Err(words) => fail(FailureCause::OutOfMemory, words),
    }
}

/// A compressed cache keeps whole blocks of each head.
fn odd_blocks(shape: &CacheShape, configuration: &Configuration) -> Option<String> {
    let heads = [
        ("cache-type-k", "keys", shape.key_length),
        ("cache-type-v", "values", shape.value_length),
    ];
    heads.into_iter().find_map(|(knob, what, length)| {
        let kind = match configuration.get(knob)? {
            Value::Choice(kind) => kind,
            _ => return None,
        };
        let whole = matches!(kind.as_str(), "f32" | "f16" | "bf16");
        (!whole && !length.is_multiple_of(BLOCK)).then(|| {
            format!(
                "{knob} cannot be {kind}: it keeps {what} in blocks of {BLOCK}, and each head of this model \
                 has {length}. Choose f16, bf16 or f32."
            )
        })
    })
}

impl Tuner {
    /// Refuses what would certainly fail, before anything is started.
    ///
    /// # Errors
    /// A fault of these settings, as the engine would have had it.
    pub(crate) async fn check_start(&self, options: &LaunchOptions) -> Result<(), TunerError> {
        let server = options.server.as_ref();
        // Models of a kind of their own are the server's to judge.
        if server.attached().is_some() || server.model(&options.model).await.is_some() {
            return Ok(());
        }
        let known = server.architectures(&options.binary).await;
        let refused = refused_start(StartFacts {
            model: &options.model,
            architectures: known.as_ref(),
            space: &options.space,
            configuration: &options.configuration,
            free: self.free_for(&options.configuration).await,
        });
        match refused.await {
            None => Ok(()),
            Some(EngineError::Failed { cause, message }) => {
                Err(TunerError::Engine(EngineError::failed(
                    cause,
                    format!("Not started, since it would fail: {message}"),
                )))
            }
            Some(other) => Err(TunerError::Engine(other)),
        }
    }

    /// The memory that a start of these settings would find; none where nobody knows how much a board has.
    pub(crate) async fn free_for(&self, configuration: &Configuration) -> Option<FreeMemory> {
        let gpus = match self.machine().gpus.is_empty() {
            true => None,
            false if !goes_to_gpu(configuration) => return None,
            false => Some(self.gpu_memory().await?),
        };
        Some(FreeMemory {
            memory: free_memory()?,
            gpus,
        })
    }
}
