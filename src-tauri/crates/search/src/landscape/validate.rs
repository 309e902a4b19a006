//! Whether a landscape can be studied, and if not, why: every flaw, in words that name the place.

use super::{LANDSCAPE_FORMAT, Landscape, Window};
use std::collections::BTreeSet;

/// Something that keeps a landscape from being used.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Flaw {
    /// Written by a newer program.
    #[error(
        "the file has format {found}, but this program reads up to {LANDSCAPE_FORMAT}; update Wattsmith"
    )]
    Newer {
        /// The file's version.
        found: u32,
    },
    /// There is nothing to choose from.
    #[error("the landscape holds {found} configurations that work; at least 2 are needed")]
    TooFew {
        /// How many work.
        found: usize,
    },
    /// The default is not there or does not work.
    #[error("the default ({key}) is not among the configurations that work")]
    NoDefault {
        /// Its key.
        key: String,
    },
    /// A configuration that the space does not allow.
    #[error("{place}: {why}")]
    NotValid {
        /// Which entry.
        place: String,
        /// What is wrong.
        why: String,
    },
    /// The same configuration twice.
    #[error("{place}: {key} is listed twice")]
    Twice {
        /// Which entry.
        place: String,
        /// Its key.
        key: String,
    },
    /// A figure that no window can have.
    #[error("{place}, pass {pass}: {what} is {value}, which cannot be")]
    NoFigure {
        /// Which entry.
        place: String,
        /// Which window.
        pass: u32,
        /// Which figure.
        what: &'static str,
        /// What stands there.
        value: f64,
    },
    /// Fresh repeats of something that was not swept.
    #[error("{place}: {key} has fresh repeats but is not among the entries")]
    NotSwept {
        /// Which.
        place: String,
        /// Its key.
        key: String,
    },
    /// No noise to replay.
    #[error("the noise is {log_sd} on {df} degrees of freedom; it must be 0 or more on 1 or more")]
    NoNoise {
        /// What stands there.
        log_sd: f64,
        /// What stands there.
        df: f64,
    },
}

impl Landscape {
    /// Checks everything that replay and study rely on.
    ///
    /// # Errors
    /// Every flaw, not only the first.
    pub fn validate(&self) -> Result<(), Vec<Flaw>> {
        if self.format > LANDSCAPE_FORMAT {
            return Err(vec![Flaw::Newer { found: self.format }]);
        }
        let mut flaws = Vec::new();
        let mut keys = BTreeSet::new();
        for (number, entry) in (1..).zip(&self.entries) {
            let place = format!("entry {number}");
            let key = entry.configuration.key();
            match self.space.check(&entry.configuration) {
                Ok(canonical) if canonical.key() == key => {}
                Ok(canonical) => flaws.push(Flaw::NotValid {
                    place: place.clone(),
                    why: format!("{key} is not complete; it means {canonical}"),
                }),
                Err(reasons) => flaws.extend(reasons.iter().map(|why| Flaw::NotValid {
                    place: place.clone(),
                    why: why.to_string(),
                })),
            }
            if !keys.insert(key.clone()) {
                flaws.push(Flaw::Twice {
                    place: place.clone(),
                    key,
                });
            }
            flaws.extend(figures(&place, &entry.windows));
        }
        for (number, truth) in (1..).zip(&self.truth) {
            let place = format!("fresh repeats {number}");
            let key = truth.configuration.key();
            if !keys.contains(&key) {
                flaws.push(Flaw::NotSwept {
                    place: place.clone(),
                    key,
                });
            }
            flaws.extend(figures(&place, &truth.windows));
        }
        let noise = self.noise;
        if !(noise.log_sd.is_finite() && noise.log_sd >= 0.0 && noise.df >= 1.0) {
            flaws.push(Flaw::NoNoise {
                log_sd: noise.log_sd,
                df: noise.df,
            });
        }
        if flaws.is_empty() {
            let working = self.figures();
            let default = self.space.default_configuration().key();
            if working.len() < 2 {
                flaws.push(Flaw::TooFew {
                    found: working.len(),
                });
            } else if !working.contains_key(&default) {
                flaws.push(Flaw::NoDefault { key: default });
            }
        }
        if flaws.is_empty() { Ok(()) } else { Err(flaws) }
    }
}

fn figures(place: &str, windows: &[Window]) -> Vec<Flaw> {
    let mut flaws = Vec::new();
    for window in windows {
        let all = [
            ("J/unit", window.joules_per_unit),
            ("tokens/s", window.tokens_per_second),
            ("time to first token", window.first_token_p95_s),
        ];
        for (what, value) in all {
            if !(value.is_finite() && value > 0.0) {
                flaws.push(Flaw::NoFigure {
                    place: place.to_owned(),
                    pass: window.pass,
                    what,
                    value,
                });
            }
        }
    }
    flaws
}
