//! What came of a drive that made pictures: counts, phases, and the pictures of its first pass.

use wattsmith_domain::{MonotonicNs, PicturePhase, Seconds};

/// The pictures of one window.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Drawn {
    /// Denoising steps, summed over the images: as the server counts them, else as asked.
    pub steps: u64,
    /// Images that went through the denoising network, summed over its calls; none where the server
    /// does not count them.
    pub network_calls: Option<u64>,
    /// When the server was in which phase; empty where it does not tell.
    pub spans: Vec<(PicturePhase, MonotonicNs, MonotonicNs)>,
    /// Of the first pass over the prompts: later ones make the same.
    pub pictures: Vec<MadePicture>,
    /// How long loading the model took, where the server tells.
    pub load: Option<Seconds>,
}

/// One picture as the server gave it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MadePicture {
    /// Place of its prompt in the workload, from 0.
    pub prompt: u32,
    /// Its seed.
    pub seed: u32,
    /// The file, PNG.
    pub png: Vec<u8>,
}
