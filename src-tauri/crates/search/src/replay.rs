//! A landscape in place of an engine: the truth times lognormal noise.
//!
//! The noise is keyed by (seed, configuration, visit), so every arm of a study sees the same figure
//! when it visits the same configuration for the same time, in whatever order. Speed and latency are
//! the truth's own.

use crate::landscape::{Figures, Landscape};
use crate::observation::Outcome;
use crate::shuffle::SplitMix;
use std::collections::BTreeMap;
use wattsmith_domain::Configuration;

/// A landscape played back.
#[derive(Debug, Clone)]
pub struct Replay {
    figures: BTreeMap<String, Figures>,
    log_sd: f64,
    seed: u64,
}

impl Replay {
    /// With the landscape's own noise. Different seeds are independent.
    #[must_use]
    pub fn new(landscape: &Landscape, seed: u64) -> Self {
        Self {
            figures: landscape.figures(),
            log_sd: landscape.noise.log_sd,
            seed,
        }
    }

    /// Takes up another seed.
    pub fn reseed(&mut self, seed: u64) {
        self.seed = seed;
    }

    /// Measures `configuration` with `repeats` windows, the `visit`-th time from 0. `None` where it
    /// fails.
    #[must_use]
    pub fn measure(
        &self,
        configuration: &Configuration,
        visit: u32,
        repeats: u32,
    ) -> Option<Outcome> {
        let figures = self.figures.get(&configuration.key())?;
        let factors = self.factors(configuration, visit, repeats);
        let mean = factors.iter().map(|factor| factor.ln()).sum::<f64>() / factors.len() as f64;
        Some(figures.outcome(mean.exp(), repeats.max(1)))
    }

    /// By what each of the visit's windows is off: factors on the true J/unit, at least one.
    #[must_use]
    pub fn factors(&self, configuration: &Configuration, visit: u32, repeats: u32) -> Vec<f64> {
        let key = configuration.key();
        (0..repeats.max(1))
            .map(|window| {
                self.noise(&key, u64::from(visit) << 32 | u64::from(window))
                    .exp()
            })
            .collect()
    }

    /// The truth by key.
    #[must_use]
    pub fn truth(&self) -> &BTreeMap<String, Figures> {
        &self.figures
    }

    fn noise(&self, key: &str, visit: u64) -> f64 {
        let hash = stable_hash([
            &self.seed.to_le_bytes()[..],
            key.as_bytes(),
            &visit.to_le_bytes(),
        ]);
        self.log_sd * SplitMix(hash).normal()
    }
}

/// FNV-1a over the parts, each closed by its length: the same on every machine and in every release.
pub(crate) fn stable_hash<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    let mut eat = |byte: u8| hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    for part in parts {
        part.iter().for_each(|byte| eat(*byte));
        (part.len() as u64)
            .to_le_bytes()
            .into_iter()
            .for_each(&mut eat);
    }
    hash
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::synthetic;

    #[test]
    fn the_same_visit_gives_the_same_figure_and_another_seed_or_visit_another() {
        let landscape = synthetic::waiting_line(1);
        let default = landscape.space.default_configuration();
        let seen = |seed, visit| Replay::new(&landscape, seed).measure(&default, visit, 3);
        assert_eq!(seen(1, 0), seen(1, 0));
        assert_ne!(seen(1, 0), seen(1, 1));
        assert_ne!(seen(1, 0), seen(2, 0));
    }

    #[test]
    fn the_noise_has_the_spread_that_the_landscape_states() {
        let landscape = synthetic::waiting_line(1);
        let default = landscape.space.default_configuration();
        let truth = landscape.figures()[&default.key()].joules_per_unit.ln();
        let seen: Vec<f64> = (0..4000)
            .map(|seed| {
                Replay::new(&landscape, seed)
                    .measure(&default, 0, 1)
                    .unwrap()
            })
            .map(|outcome| outcome.joules_per_unit.ln() - truth)
            .collect();
        let mean = seen.iter().sum::<f64>() / 4000.0;
        let sd = (seen.iter().map(|one| (one - mean).powi(2)).sum::<f64>() / 3999.0).sqrt();
        // Standard errors: 0.0009 of the mean, 0.0007 of the deviation.
        assert!(mean.abs() < 0.004, "{mean}");
        assert!((sd - landscape.noise.log_sd).abs() < 0.003, "{sd}");
    }

    #[test]
    fn the_hash_is_the_one_that_is_written_down() {
        assert_eq!(stable_hash([]), 0xcbf2_9ce4_8422_2325);
        assert_eq!(stable_hash([&b"a"[..]]), stable_hash([&b"a"[..]]));
        assert_ne!(
            stable_hash([&b"ab"[..], b"c"]),
            stable_hash([&b"a"[..], b"bc"])
        );
    }
}
