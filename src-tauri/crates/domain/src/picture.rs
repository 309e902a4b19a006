//! What is known of the pictures of one window: its phases, the calls of the denoising network, the
//! files that were kept, and how far they are from the default's.

use crate::units::{Joules, Seconds};
use serde::{Deserialize, Serialize};
use std::fmt;

/// What a server does for a picture, in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PicturePhase {
    /// Bringing the model into memory; outside the window.
    Load,
    /// The prompt becomes numbers.
    TextEncoding,
    /// Noise becomes a picture's latent form, step by step.
    Denoising,
    /// The latent form becomes pixels.
    Decoding,
}

impl PicturePhase {
    /// In words.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Load => "load",
            Self::TextEncoding => "text encoding",
            Self::Denoising => "denoising",
            Self::Decoding => "decoding",
        }
    }
}

/// How long one phase took in a window, all requests together.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct PhaseShare {
    /// Which.
    pub phase: PicturePhase,
    /// As the server timed it.
    pub seconds: Seconds,
    /// Gross joules of those moments; none where the sensors are too slow for them, and for loading,
    /// which lies outside the window.
    pub joules: Option<Joules>,
}

/// The pictures of one window.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct PictureWork {
    /// Denoising steps, summed over the images.
    pub steps: u64,
    /// Images that went through the denoising network, summed over its calls: with a step cache fewer
    /// than steps, with some samplers more. None where the server does not count them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub network_calls: Option<u64>,
    /// Phases that the server tells, in order; empty where it tells none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub phases: Vec<PhaseShare>,
    /// What was kept of the first pass over the prompts; empty where another window of the same
    /// settings has them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub kept: Vec<KeptPicture>,
    /// Against the default's pictures of the same seeds; none for the default itself, and where there
    /// is nothing to compare.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub likeness: Option<Likeness>,
}

impl PictureWork {
    /// The share of one phase, where the server tells it.
    #[must_use]
    pub fn phase(&self, phase: PicturePhase) -> Option<&PhaseShare> {
        self.phases.iter().find(|one| one.phase == phase)
    }
}

/// One picture in the data folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptPicture {
    /// Place of its prompt in the workload, from 0.
    pub prompt: u32,
    /// Its seed.
    pub seed: u32,
    /// Path below the folder of pictures, such as `0199…/1/0-20260.png`.
    pub file: String,
    /// SHA-256 of the file, hex.
    pub sha256: String,
}

/// How like two sets of pictures are, pair by pair at equal prompts and seeds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Likeness {
    /// Of each pair, in the order of the kept pictures.
    pub pairs: Vec<PairLikeness>,
}

/// How like the pictures of one pair are.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct PairLikeness {
    /// Place of the prompt, from 0.
    pub prompt: u32,
    /// Seed.
    pub seed: u32,
    /// Peak signal-to-noise ratio, decibels, at most [`Likeness::EQUAL_DB`], which stands for equal
    /// pictures; 0 where the sizes differ.
    pub psnr_db: f64,
    /// Structural similarity of brightness, −1 to 1; 1 for equal pictures, 0 where the sizes differ.
    pub ssim: f64,
}

impl Likeness {
    /// What equal pictures get: 8-bit pixels that differ in one place only lie below it.
    pub const EQUAL_DB: f64 = 120.0;
    /// Below this a picture counts as another one, where the person says nothing: the bar at which
    /// step caches are published.
    pub const USUAL_LEAST_DB: f64 = 29.0;

    /// The least like pair; none without pairs.
    #[must_use]
    pub fn worst(&self) -> Option<&PairLikeness> {
        let pairs = self.pairs.iter();
        pairs.min_by(|one, other| one.psnr_db.total_cmp(&other.psnr_db))
    }
}

impl fmt::Display for PairLikeness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.psnr_db >= Likeness::EQUAL_DB {
            return f.write_str("equal");
        }
        write!(f, "{:.1} dB PSNR, SSIM {:.3}", self.psnr_db, self.ssim)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_least_like_pair_speaks_for_all() {
        let pair = |seed, psnr_db| PairLikeness {
            prompt: 0,
            seed,
            psnr_db,
            ssim: 0.5,
        };
        let likeness = Likeness {
            pairs: vec![pair(1, 40.0), pair(2, 21.25), pair(3, Likeness::EQUAL_DB)],
        };
        assert_eq!(likeness.worst().unwrap().seed, 2);
        assert_eq!(
            likeness.worst().unwrap().to_string(),
            "21.2 dB PSNR, SSIM 0.500"
        );
        assert_eq!(likeness.pairs[2].to_string(), "equal");
        assert_eq!(Likeness { pairs: Vec::new() }.worst(), None);
    }
}
