//! Whether a model fits: its weights and the cache for its context against the memory that is free. What
//! is worked out is the least that it takes, so that nothing is refused that could have run.

use crate::error::TunerError;
use crate::tuner::Tuner;
use std::path::Path;
use wattsmith_domain::{Configuration, Value};
use wattsmith_engine::{ModelFile, Server, inspect_model};

/// Where the kernel tells what is free.
const MEMINFO: &str = "/proc/meminfo";
/// The setting that says how many layers the GPU computes.
const GPU_LAYERS: &str = "n-gpu-layers";

/// The least memory that a model takes with a context.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MemoryNeed {
    /// Its files.
    pub weights: u64,
    /// The key-value cache; none where the file does not say how large it is.
    pub cache: Option<u64>,
    /// Requests that run together.
    pub requests: u64,
    /// Tokens of context of each.
    pub context: u64,
}

impl MemoryNeed {
    /// Of a model in a configuration of a server that names these settings; what is not named is as usual.
    pub(crate) fn of(file: &ModelFile, configuration: &Configuration) -> Self {
        let number = |name: &str, usual: u64| {
            let number = configuration
                .int(name)
                .and_then(|one| u64::try_from(one).ok());
            number.unwrap_or(usual)
        };
        let kind = |name: &str| match configuration.get(name) {
            Some(Value::Choice(kind)) => kind.clone(),
            _ => "f16".to_owned(),
        };
        let (requests, context) = (number("parallel", 1), number("context-per-slot", 0));
        let per_token = file
            .cache
            .and_then(|shape| shape.bytes_per_token(&kind("cache-type-k"), &kind("cache-type-v")));
        Self {
            weights: file.bytes,
            cache: per_token.and_then(|bytes| bytes.checked_mul(requests)?.checked_mul(context)),
            requests,
            context,
        }
    }

    /// Both together.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.weights.saturating_add(self.cache.unwrap_or(0))
    }

    /// Such as `9.1 GB (8.9 GB of weights, 0.2 GB of cache for 4 × 2048 tokens)`.
    #[must_use]
    pub fn in_words(&self) -> String {
        let cache = match self.cache {
            Some(cache) => format!(
                "{} of cache for {} × {} tokens",
                gigabytes(cache),
                self.requests,
                self.context
            ),
            None => "and a cache whose size the file does not tell".to_owned(),
        };
        format!(
            "{} ({} of weights, {cache})",
            gigabytes(self.bytes()),
            gigabytes(self.weights)
        )
    }
}

/// With a decimal, or two where it is less than one.
pub(crate) fn gigabytes(bytes: u64) -> String {
    let number = bytes as f64 / 1e9;
    match number < 1.0 {
        true => format!("{number:.2} GB"),
        false => format!("{number:.1} GB"),
    }
}

/// Memory that can be had without anything being ended, bytes; none where the kernel does not tell.
#[must_use]
pub fn free_memory() -> Option<u64> {
    available(&std::fs::read_to_string(MEMINFO).ok()?)
}

fn available(meminfo: &str) -> Option<u64> {
    let line = meminfo
        .lines()
        .find_map(|line| line.strip_prefix("MemAvailable:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kib.checked_mul(1024)
}

/// What a model may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FreeMemory {
    /// Memory that is free, bytes.
    pub memory: u64,
    /// Free memory of the GPUs, where layers go there; none where there are none.
    pub gpus: Option<u64>,
}

impl Tuner {
    /// Refuses a model that cannot be held. With a GPU its free memory counts, too, where the board tells it and
    /// layers go there; otherwise the server has the word.
    pub(crate) async fn check_memory(
        &self,
        server: &dyn Server,
        model: &str,
        configuration: &Configuration,
    ) -> Result<(), TunerError> {
        let path = Path::new(model);
        if server.model(path).await.is_some() {
            return Ok(());
        }
        let Some(free) = self.free_for(configuration).await else {
            return Ok(());
        };
        let Ok(file) = inspect_model(path).await else {
            return Ok(());
        };
        fits(&file, configuration, free).map_err(TunerError::Invalid)
    }
}

pub(crate) fn goes_to_gpu(configuration: &Configuration) -> bool {
    configuration
        .int(GPU_LAYERS)
        .is_some_and(|layers| layers > 0)
}

/// Whether it does, or how much is missing, in words.
pub(crate) fn fits(
    file: &ModelFile,
    configuration: &Configuration,
    room: FreeMemory,
) -> Result<(), String> {
    let need = MemoryNeed::of(file, configuration);
    let all = room.memory.saturating_add(room.gpus.unwrap_or(0));
    if need.bytes() <= all {
        return Ok(());
    }
    let free = match room.gpus {
        None => format!("{} of memory is free", gigabytes(room.memory)),
        Some(gpus) => format!(
            "{} is free: {} of memory and {} of GPU memory",
            gigabytes(all),
            gigabytes(room.memory),
            gigabytes(gpus)
        ),
    };
    Err(format!(
        "{} takes at least {}, and {free}. Choose a smaller model, a smaller parallel or \
         context-per-slot, or end other programs.",
        file.name,
        need.in_words(),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use wattsmith_testkit::gguf::Gguf;

    async fn model() -> ModelFile {
        let folder = tempfile::tempdir().unwrap();
        let path = Gguf::model("qwen2")
            .number("qwen2.block_count", 30)
            .number("qwen2.attention.head_count", 9)
            .number("qwen2.attention.head_count_kv", 3)
            .number("qwen2.embedding_length", 576)
            .write(folder.path().join("Smol.gguf"));
        let mut file = inspect_model(&path).await.unwrap();
        file.bytes = 93_000_000;
        file
    }

    fn room(memory: u64) -> FreeMemory {
        FreeMemory { memory, gpus: None }
    }

    fn asked(kind: &str) -> Configuration {
        let mut asked = Configuration::default();
        asked.set("parallel", Value::Int(4));
        asked.set("context-per-slot", Value::Int(2048));
        asked.set("cache-type-k", Value::Choice(kind.to_owned()));
        asked.set("cache-type-v", Value::Choice(kind.to_owned()));
        asked
    }

    #[tokio::test]
    async fn weights_and_cache_are_held_against_what_is_free() {
        let file = model().await;
        let need = MemoryNeed::of(&file, &asked("f16"));
        assert_eq!(need.cache, Some(23_040 * 8192));
        assert_eq!(fits(&file, &asked("f16"), room(need.bytes())), Ok(()));
        let refused = fits(&file, &asked("f16"), room(250_000_000)).unwrap_err();
        insta::assert_snapshot!(refused, @"Smol takes at least 0.28 GB (0.09 GB of weights, 0.19 GB of cache for 4 × 2048 tokens), and 0.25 GB of memory is free. Choose a smaller model, a smaller parallel or context-per-slot, or end other programs.");
        // A smaller cache fits.
        assert_eq!(fits(&file, &asked("q4_0"), room(250_000_000)), Ok(()));
    }

    #[tokio::test]
    async fn memory_and_gpu_memory_count_together() {
        let file = model().await;
        let both = |memory, gpus| FreeMemory {
            memory,
            gpus: Some(gpus),
        };
        let asked = asked("f16");
        assert_eq!(fits(&file, &asked, both(150_000_000, 150_000_000)), Ok(()));
        let refused = fits(&file, &asked, both(150_000_000, 100_000_000)).unwrap_err();
        insta::assert_snapshot!(refused, @"Smol takes at least 0.28 GB (0.09 GB of weights, 0.19 GB of cache for 4 × 2048 tokens), and 0.25 GB is free: 0.15 GB of memory and 0.10 GB of GPU memory. Choose a smaller model, a smaller parallel or context-per-slot, or end other programs.");
    }

    #[test]
    fn only_layers_that_go_to_the_gpu_count_its_memory() {
        let mut asked = asked("f16");
        assert!(!goes_to_gpu(&asked));
        for (layers, goes) in [(0, false), (12, true), (99, true)] {
            asked.set(GPU_LAYERS, Value::Int(layers));
            assert_eq!(goes_to_gpu(&asked), goes);
        }
    }

    #[tokio::test]
    async fn a_cache_of_unknown_size_refuses_nothing_by_itself() {
        let mut file = model().await;
        file.cache = None;
        assert_eq!(fits(&file, &asked("f16"), room(93_000_000)), Ok(()));
        let refused = fits(&file, &asked("f16"), room(1_000_000)).unwrap_err();
        assert!(refused.contains("does not tell"), "{refused}");
    }

    #[test]
    fn what_is_free_is_read_as_the_kernel_says_it() {
        let told = "MemTotal:       8000000 kB\nMemAvailable:     512 kB\n";
        assert_eq!(available(told), Some(512 * 1024));
        assert_eq!(available("MemTotal: 8 kB\n"), None);
        assert_eq!(available("MemAvailable: many kB\n"), None);
    }
}
