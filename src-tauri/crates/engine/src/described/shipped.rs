//! The descriptions that come with Wattsmith.

/// Each as it stands in its file.
pub(crate) fn shipped_texts() -> [&'static str; 5] {
    [
        include_str!("servers/vllm.toml"),
        include_str!("servers/sglang.toml"),
        include_str!("servers/tgi.toml"),
        include_str!("servers/tensorrt-llm.toml"),
        include_str!("servers/transformers.toml"),
    ]
}
