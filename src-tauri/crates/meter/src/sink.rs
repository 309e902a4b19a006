//! Where readings go in chunks, for recordings that are longer than what is kept.

use wattsmith_domain::MonotonicNs;

/// What a chunk's values are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quantity {
    /// A counter's energy since its own origin.
    Joules,
    /// Power.
    Watts,
}

/// Takes every reading of every sensor, in chunks and in order. A recording itself keeps only the
/// latest few hours.
pub trait ChunkSink: Send + Sync {
    /// Called on the sensor's own thread about every thousand readings and when the recording ends,
    /// so it must hand the chunk on, through a channel say, and not work on it.
    fn take(&self, device: &str, quantity: Quantity, readings: &[(MonotonicNs, f64)]);
}
