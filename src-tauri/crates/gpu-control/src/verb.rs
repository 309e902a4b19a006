//! The three verbs, in the same words on the command line and, with `--hold`, on the input.

use crate::refusal::{Code, Refusal};
use std::fmt;

/// Most characters of a UUID; NVIDIA's have 40.
const LONGEST_UUID: usize = 64;

/// Something that the program does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verb {
    /// `set-power-limit UUID WATTS`, with three decimals at most.
    SetPowerLimit {
        /// The board.
        uuid: String,
        /// The limit, mW.
        milliwatts: u32,
    },
    /// `lock-clocks UUID MHZ`: graphics clocks from the board's lowest up to this.
    LockClocks {
        /// The board.
        uuid: String,
        /// Highest graphics clock, MHz.
        mhz: u32,
    },
    /// `reset UUID`: as it was before the first verb that changed it, where that was written down;
    /// else the board's own default.
    Reset {
        /// The board.
        uuid: String,
    },
}

impl Verb {
    /// Reads the words of one verb.
    ///
    /// # Errors
    /// [`Code::Usage`]: another verb, another count of words, no UUID, no plain decimal number.
    pub fn parse(words: &[&str]) -> Result<Self, Refusal> {
        match words {
            ["set-power-limit", uuid, watts] => Ok(Self::SetPowerLimit {
                uuid: checked(uuid)?,
                milliwatts: milliwatts(watts).ok_or_else(|| no_number(watts, "watts"))?,
            }),
            ["lock-clocks", uuid, mhz] => Ok(Self::LockClocks {
                uuid: checked(uuid)?,
                mhz: whole(mhz).ok_or_else(|| no_number(mhz, "MHz"))?,
            }),
            ["reset", uuid] => Ok(Self::Reset {
                uuid: checked(uuid)?,
            }),
            _ => Err(Refusal::new(
                Code::Usage,
                "usage: wattsmith-gpu-control set-power-limit UUID WATTS [--hold] | lock-clocks \
                 UUID MHZ [--hold] | reset UUID",
            )),
        }
    }

    /// The board.
    #[must_use]
    pub fn uuid(&self) -> &str {
        match self {
            Self::SetPowerLimit { uuid, .. }
            | Self::LockClocks { uuid, .. }
            | Self::Reset { uuid } => uuid,
        }
    }
}

/// The words that [`Verb::parse`] reads.
impl fmt::Display for Verb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SetPowerLimit { uuid, milliwatts } => {
                let (watts, rest) = (milliwatts / 1000, milliwatts % 1000);
                write!(f, "set-power-limit {uuid} {watts}.{rest:03}")
            }
            Self::LockClocks { uuid, mhz } => write!(f, "lock-clocks {uuid} {mhz}"),
            Self::Reset { uuid } => write!(f, "reset {uuid}"),
        }
    }
}

/// A UUID names a file of ours, so it is letters and digits of hexadecimal numbers and dashes only.
fn checked(uuid: &str) -> Result<String, Refusal> {
    let digits = uuid.strip_prefix("GPU-").unwrap_or_default();
    let plain = digits
        .bytes()
        .all(|byte| byte.is_ascii_hexdigit() || byte == b'-');
    if digits.is_empty() || !plain || uuid.len() > LONGEST_UUID {
        return Err(Refusal::new(
            Code::Usage,
            "this is no UUID of a GPU; nvidia-smi -L lists them",
        ));
    }
    Ok(uuid.to_owned())
}

fn no_number(_: &str, unit: &str) -> Refusal {
    Refusal::new(
        Code::Usage,
        format!("the value must be a plain decimal number of {unit}"),
    )
}

/// Digits alone: no sign, no exponent, no space.
fn whole(text: &str) -> Option<u32> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().ok()).flatten()
}

fn milliwatts(text: &str) -> Option<u32> {
    let (watts, rest) = text.split_once('.').unwrap_or((text, "0"));
    if rest.len() > 3 {
        return None;
    }
    let rest = whole(rest)? * 10_u32.pow(3 - rest.len() as u32);
    whole(watts)?.checked_mul(1000)?.checked_add(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Result<Verb, Refusal> {
        Verb::parse(&line.split(' ').collect::<Vec<_>>())
    }

    #[test]
    fn what_a_verb_says_is_what_is_read() {
        let uuid = "GPU-8f1c2d3e-0000-1111-2222-333344445555".to_owned();
        for verb in [
            Verb::SetPowerLimit {
                uuid: uuid.clone(),
                milliwatts: 116_500,
            },
            Verb::SetPowerLimit {
                uuid: uuid.clone(),
                milliwatts: 250_000,
            },
            Verb::LockClocks {
                uuid: uuid.clone(),
                mhz: 1410,
            },
            Verb::Reset { uuid },
        ] {
            assert_eq!(read(&verb.to_string()), Ok(verb));
        }
        assert_eq!(
            read("set-power-limit GPU-aa 116.5"),
            read("set-power-limit GPU-aa 116.500")
        );
    }

    #[test]
    fn everything_else_is_refused() {
        for line in [
            "",
            "reset",
            "reset GPU-aa GPU-bb",
            "reset GPU-",
            "reset MIG-aa",
            "reset 0",
            "reset ../../etc/passwd",
            "reset GPU-aa/../../x",
            "reset GPU-aa\0",
            "reset GPU-aa\n",
            "reset GPU-aa;id",
            "reset GPU-$(id)",
            "set-power-limit GPU-aa",
            "set-power-limit GPU-aa ",
            "set-power-limit GPU-aa -5",
            "set-power-limit GPU-aa +5",
            "set-power-limit GPU-aa 1e3",
            "set-power-limit GPU-aa nan",
            "set-power-limit GPU-aa inf",
            "set-power-limit GPU-aa 5W",
            "set-power-limit GPU-aa 5.",
            "set-power-limit GPU-aa .5",
            "set-power-limit GPU-aa 5.0001",
            "set-power-limit GPU-aa 5000000",
            "set-power-limit GPU-aa 99999999999999999999",
            "set-power-limit GPU-aa 250 --hold",
            "lock-clocks GPU-aa 1410.5",
            "lock-clocks GPU-aa 210,1410",
            "lock-clocks GPU-aa 210 1410",
            "--hold",
            "sh -c id",
            "SET-POWER-LIMIT GPU-aa 250",
            "set-power-limit  GPU-aa 250",
            "nvidia-smi -pl 250",
        ] {
            let refused = read(line).unwrap_err();
            assert_eq!(refused.code, Code::Usage, "{line}");
        }
        let long = format!("reset GPU-{}", "a".repeat(LONGEST_UUID));
        assert!(read(&long).is_err());
    }
}
