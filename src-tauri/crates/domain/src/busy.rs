//! What to do where other programs keep the machine busy before a session's first window, and what
//! was done.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// Seconds to wait for a quiet machine where nobody says how long.
pub const USUAL_WAIT_S: u32 = 60;
/// Longest wait that may be asked for, seconds.
const MOST_WAIT_S: u32 = 24 * 3600;

/// What to do where the machine is busy before the first window: the default is the yardstick of all
/// that follows, and beside other load it is a wrong one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "busy", rename_all = "kebab-case")]
pub enum Busy {
    /// Ask the person.
    Ask,
    /// Wait until it is quiet; measure all the same once the time is up.
    Wait {
        /// Seconds.
        at_most_s: u32,
    },
    /// Measure all the same, without looking first.
    #[default]
    Measure,
    /// Give up.
    Fail,
}

impl fmt::Display for Busy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ask => f.write_str("ask"),
            Self::Wait { at_most_s } => write!(f, "wait:{at_most_s}"),
            Self::Measure => f.write_str("measure"),
            Self::Fail => f.write_str("fail"),
        }
    }
}

impl FromStr for Busy {
    type Err = String;

    /// Reads `ask`, `wait`, `wait:300` (seconds), `measure` or `fail`.
    fn from_str(text: &str) -> Result<Self, String> {
        let wait = |at_most_s| Self::Wait { at_most_s };
        match text {
            "ask" => Ok(Self::Ask),
            "wait" => Ok(wait(USUAL_WAIT_S)),
            "measure" => Ok(Self::Measure),
            "fail" => Ok(Self::Fail),
            other => other
                .strip_prefix("wait:")
                .and_then(|seconds| seconds.parse().ok())
                .filter(|seconds| (1..=MOST_WAIT_S).contains(seconds))
                .map(wait)
                .ok_or_else(|| {
                    format!(
                        "{text:?} is none of ask, wait, measure and fail; wait:300 waits for 300 \
                         seconds at most"
                    )
                }),
        }
    }
}

/// The load that a session found before its first window, and what was done about it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StartLoad {
    /// Share of the machine's CPU time that other programs, or the host of a virtual machine, used;
    /// 0 to 1.
    pub share: f64,
    /// Who used a GPU, in words; empty where nobody did or none tells.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub gpu: String,
    /// What was chosen; none while the person has not.
    pub choice: Option<Busy>,
    /// How long was waited, seconds.
    #[serde(default)]
    pub waited_s: f64,
    /// Whether the machine was quiet when the first window was opened.
    #[serde(default)]
    pub quiet_at_last: bool,
}

/// What other programs took of the CPU's time, a share from 0 to 1, in words.
#[must_use]
pub fn others_used(share: f64) -> String {
    // Two clocks are read one after the other, so that a full CPU can come out as a little more.
    let percent = (share * 100.0).min(100.0);
    format!("other programs used {percent:.0} % of the CPU")
}

/// What the host of a virtual machine took of it, likewise.
#[must_use]
pub fn host_took(share: f64) -> String {
    format!(
        "the host of this virtual machine took {:.0} % of the CPU away",
        (share * 100.0).min(100.0)
    )
}

impl StartLoad {
    /// What was found, without a full stop: `other programs used 43 % of the CPU`.
    #[must_use]
    pub fn found(&self) -> String {
        let cpu = others_used(self.share);
        match self.gpu.as_str() {
            "" => cpu,
            gpu => format!("{cpu}, and a GPU was used by {gpu}"),
        }
    }

    /// What was found and done, in whole sentences.
    #[must_use]
    pub fn words(&self) -> String {
        let done = match (self.choice, self.quiet_at_last) {
            (None, _) => "Nobody has said yet whether to wait.".to_owned(),
            (Some(Busy::Wait { .. }), true) => {
                format!(
                    "The session waited {:.0} s until it was quiet.",
                    self.waited_s
                )
            }
            (Some(Busy::Wait { .. }), false) => format!(
                "It was still busy after {:.0} s of waiting and was measured all the same: the \
                 default may be too high.",
                self.waited_s
            ),
            (Some(Busy::Measure | Busy::Ask), _) => {
                "It was measured all the same, by choice: the default may be too high.".to_owned()
            }
            (Some(Busy::Fail), _) => "Nothing was measured, by choice.".to_owned(),
        };
        format!(
            "The machine was busy before the first window: {}. {done}",
            self.found()
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_choice_is_read_as_it_is_written() {
        for busy in [
            Busy::Ask,
            Busy::Wait { at_most_s: 300 },
            Busy::Measure,
            Busy::Fail,
        ] {
            assert_eq!(busy.to_string().parse(), Ok(busy));
        }
        let usual = Busy::Wait {
            at_most_s: USUAL_WAIT_S,
        };
        assert_eq!("wait".parse(), Ok(usual));
        for bad in [
            "",
            "Wait",
            "wait:",
            "wait:0",
            "wait:-1",
            "wait:1e9",
            "wait:99999999",
            "no",
        ] {
            let error = bad.parse::<Busy>().unwrap_err();
            assert!(error.contains("wait:300"), "{bad}: {error}");
        }
    }

    #[test]
    fn what_was_done_about_a_busy_machine_is_said_for_every_choice() {
        let load = |choice, quiet_at_last| StartLoad {
            share: 0.43,
            gpu: String::new(),
            choice,
            waited_s: 35.0,
            quiet_at_last,
        };
        let wait = Some(Busy::Wait { at_most_s: 60 });
        for (choice, quiet, says) in [
            (None, false, "Nobody has said yet"),
            (wait, true, "waited 35 s until it was quiet"),
            (wait, false, "still busy after 35 s of waiting"),
            (
                Some(Busy::Measure),
                false,
                "measured all the same, by choice",
            ),
            (Some(Busy::Fail), false, "Nothing was measured"),
        ] {
            let words = load(choice, quiet).words();
            assert!(words.contains("other programs used 43 % of the CPU"));
            assert!(words.contains(says), "{words}");
        }
    }
}
