//! When the requests of a workload are sent.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// When the requests of a workload are sent: the same at every configuration.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(tag = "arrivals", rename_all = "kebab-case")]
pub enum Arrivals {
    /// A fixed number of clients: each sends its next request when its last one is answered.
    #[default]
    Clients,
    /// All requests of a pass at the same instant; the next pass begins when the last one is answered.
    All,
    /// At random instants that hang on nothing but the workload's seed, whether or not earlier requests
    /// are answered.
    Poisson {
        /// Requests per second on average, above 0.
        per_second: f64,
    },
    /// At the instants that the work's file says, counted from its first.
    Timestamps,
}

impl Arrivals {
    /// Whether clients wait for their answers, as always before there was a choice.
    #[must_use]
    pub fn is_clients(&self) -> bool {
        *self == Self::Clients
    }

    /// Whether requests come whenever they are due, so that nothing keeps the engine full.
    #[must_use]
    pub fn is_timed(&self) -> bool {
        matches!(self, Self::Poisson { .. } | Self::Timestamps)
    }

    /// For a sentence, where `concurrency` is the workload's: `8 at once`, `2 a second by chance`.
    #[must_use]
    pub fn in_words(&self, concurrency: u32) -> String {
        match self {
            Self::Clients => format!("{concurrency} at once"),
            Self::All => "all of a pass at once".to_owned(),
            Self::Poisson { per_second } => {
                format!("{per_second} a second on average, at random instants (Poisson)")
            }
            Self::Timestamps => "at the instants of the file".to_owned(),
        }
    }
}

impl fmt::Display for Arrivals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Clients => f.write_str("clients"),
            Self::All => f.write_str("all"),
            Self::Poisson { per_second } => write!(f, "poisson:{per_second}"),
            Self::Timestamps => f.write_str("timestamps"),
        }
    }
}

impl FromStr for Arrivals {
    type Err = String;
    /// Reads `clients`, `all`, `timestamps` or `poisson:2.5` (requests per second).
    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let rate = |rate: &str| {
            let rate: Option<f64> = rate.trim().parse().ok();
            // Slower than one in 1000 s fills no window, faster than any server answers.
            rate.filter(|rate| (0.001..=10_000.0).contains(rate))
        };
        match text.split_once(':') {
            None if text == "clients" => Ok(Self::Clients),
            None if text == "all" => Ok(Self::All),
            None if text == "timestamps" => Ok(Self::Timestamps),
            Some(("poisson", number)) => rate(number)
                .map(|per_second| Self::Poisson { per_second })
                .ok_or_else(|| {
                    format!(
                        "{number:?} is no rate of arrivals; write requests per second from 0.001 to \
                         10000, such as poisson:2.5"
                    )
                }),
            _ => Err(format!(
                "{text:?} is no way to arrive; write clients, all, timestamps or poisson:RATE \
                 (requests per second)"
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again() {
        for arrivals in [
            Arrivals::Clients,
            Arrivals::All,
            Arrivals::Poisson { per_second: 2.5 },
            Arrivals::Timestamps,
        ] {
            assert_eq!(arrivals.to_string().parse(), Ok(arrivals));
            let json = serde_json::to_string(&arrivals).unwrap();
            assert_eq!(serde_json::from_str::<Arrivals>(&json).unwrap(), arrivals);
        }
    }

    #[test]
    fn what_is_no_arrival_says_what_is() {
        let refused = |text: &str| text.parse::<Arrivals>().unwrap_err();
        for text in ["", "poisson", "uniform:2", "all:3"] {
            assert!(refused(text).contains("poisson:RATE"), "{text}");
        }
        for text in [
            "poisson:",
            "poisson:0",
            "poisson:-1",
            "poisson:NaN",
            "poisson:1e9",
        ] {
            assert!(refused(text).contains("requests per second"), "{text}");
        }
    }
}
