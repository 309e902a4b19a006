//! How much memory of the boards is free, for whoever wants to know whether a model fits.

use nvml_wrapper::Nvml;
use std::path::Path;

/// Free memory of all boards together, bytes; none where one of them does not tell its own: a board that shares
/// the machine's memory, or one that is divided into instances. `library` replaces the driver's own. Blocks.
#[must_use]
pub fn free_gpu_memory(library: Option<&Path>) -> Option<u64> {
    let nvml = match library {
        Some(path) => Nvml::builder().lib_path(path.as_os_str()).init(),
        None => Nvml::init(),
    };
    let nvml = nvml.ok()?;
    let mut free = 0_u64;
    let count = nvml.device_count().ok()?;
    for index in 0..count {
        let board = nvml.device_by_index(index).ok()?;
        if board.mig_mode().is_ok_and(|mode| mode.current == 1) {
            return None;
        }
        free = free.saturating_add(board.memory_info().ok()?.free);
    }
    (count > 0).then_some(free)
}
