//! What the targets share.

use std::io::Write;
use std::sync::LazyLock;
use tempfile::NamedTempFile;
use tokio::runtime::{Builder, Runtime};

/// One for all inputs: starting one for each would be most of the work.
static RUNTIME: LazyLock<Runtime> =
    LazyLock::new(|| Builder::new_current_thread().enable_all().build().unwrap());

/// Waits for something that is asynchronous.
pub fn wait<T>(work: impl Future<Output = T>) -> T {
    RUNTIME.block_on(work)
}

/// A file that holds `data`, with such an ending; gone when dropped.
pub fn file(data: &[u8], ending: &str) -> NamedTempFile {
    let mut file = tempfile::Builder::new().suffix(ending).tempfile().unwrap();
    file.write_all(data).unwrap();
    file
}

/// The first byte chooses one of `count`; the rest is what is read.
pub fn chosen(data: &[u8], count: usize) -> Option<(usize, &[u8])> {
    let (first, rest) = data.split_first()?;
    Some((usize::from(*first) % count, rest))
}
