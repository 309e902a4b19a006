//! The descriptions that come with Wattsmith, read once.

use super::Described;
use std::sync::{Arc, LazyLock};

/// Each as it stands in its file.
pub(super) const TEXTS: [&str; 3] = [
    include_str!("servers/sglang.toml"),
    include_str!("servers/tgi.toml"),
    include_str!("servers/tensorrt-llm.toml"),
];

/// The servers that they describe.
pub(crate) static SHIPPED: LazyLock<Vec<Arc<Described>>> = LazyLock::new(|| {
    // Each is parsed by a test.
    let described = TEXTS
        .into_iter()
        .filter_map(|text| Described::parse(text).ok());
    described.map(Arc::new).collect()
});
