//! From a configuration to vLLM's command line and environment. Pure.

use crate::catalogue::{arguments, variables};
use crate::server::{Asked, CommandLine};

/// By which vLLM takes the key that it asks for.
const API_KEY: &str = "VLLM_API_KEY";
/// A knob that is there only with a GPU.
const OF_GPUS: &str = "gpu-memory-utilization";

/// Said at every start: nothing is fetched, nothing is told to anybody, and `/server_info` is there. That
/// route comes with others that are for developers and know no key; they listen on loopback.
const ALWAYS: [(&str, &str); 4] = [
    ("HF_HUB_OFFLINE", "1"),
    ("VLLM_NO_USAGE_STATS", "1"),
    ("DO_NOT_TRACK", "1"),
    ("VLLM_SERVER_DEV_MODE", "1"),
];

/// Always: loopback only, no answer from the cache of prefixes (every request is whole work), and where the
/// space has no GPU knob the processor, since the build for processors does not find out by itself.
pub(super) fn command(asked: &Asked<'_>) -> CommandLine {
    let mut words: Vec<String> = vec![
        asked.program.display().to_string(),
        "serve".into(),
        asked.model.display().to_string(),
        "--host".into(),
        "127.0.0.1".into(),
        "--port".into(),
        asked.port.to_string(),
        "--served-model-name".into(),
        "wattsmith".into(),
        "--no-enable-prefix-caching".into(),
    ];
    words.extend(arguments(asked.space, asked.configuration));
    words.extend(asked.extra_args.iter().cloned());
    let always = ALWAYS.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let mut settings = Vec::from(always);
    if asked.space.get(OF_GPUS).is_none() {
        settings.push(("VLLM_TARGET_DEVICE".to_owned(), "cpu".to_owned()));
    }
    settings.extend(variables(asked.space, asked.configuration));
    CommandLine {
        words,
        variables: vec![(API_KEY.to_owned(), asked.api_key.to_owned())],
        settings,
    }
}
