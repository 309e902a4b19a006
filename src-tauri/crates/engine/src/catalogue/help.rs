//! Which flags a build has, by its own help.

use std::collections::BTreeSet;
use wattsmith_domain::Tell;

/// As some say of a flag that they keep in their help for those who still give it.
const REMOVED: &str = "argument has been removed";

/// The flags that a program's help names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Flags(BTreeSet<String>);

impl Flags {
    /// Those in a help text; none where it names so few that it is no such text.
    #[must_use]
    pub fn of_help(text: &str) -> Option<Self> {
        /// A server has more.
        const FEWEST: usize = 12;
        let apart = |c: char| c.is_whitespace() || ",|[](){}<>=/'\"`".contains(c);
        // Those that a build only names to say what took their place are not to be had.
        let lines = text.lines().filter(|line| !line.contains(REMOVED));
        let flags: BTreeSet<String> = lines
            .flat_map(|line| line.split(apart))
            .map(|word| word.trim_end_matches(['.', ':', ';']))
            .filter(|word| is_flag(word))
            .map(str::to_owned)
            .collect();
        (flags.len() >= FEWEST).then_some(Self(flags))
    }

    /// Whether it is named.
    #[must_use]
    pub fn has(&self, flag: &str) -> bool {
        self.0.contains(flag)
    }

    /// Whether a knob can be told with them.
    pub(super) fn can_tell(&self, told: &Tell) -> bool {
        match told {
            Tell::Flag { flag } | Tell::Optional { flag } | Tell::Product { flag, .. } => {
                self.has(flag)
            }
            Tell::Switch { on, off } => [on, off]
                .iter()
                .all(|word| word.is_empty() || self.has(word)),
            Tell::Words { words } => words.values().all(|word| word.is_empty() || self.has(word)),
            Tell::Variable { .. } | Tell::Field { .. } | Tell::Device => true,
        }
    }
}

fn is_flag(word: &str) -> bool {
    let name = word.strip_prefix("--").or_else(|| word.strip_prefix('-'));
    name.is_some_and(|name| {
        name.starts_with(|c: char| c.is_ascii_alphabetic())
            && name
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_')
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const HELP: &str = "
-t,    --threads N                      number of CPU threads (default: -1)
-fa,   --flash-attn [on|off|auto]       set Flash Attention use ('on', 'off', or 'auto')
--perf, --no-perf                       whether to time things
-cb,   --cont-batching, -nocb, --no-cont-batching
--host HOST, --port PORT
--draft, --draft-n, --draft-max N       the argument has been removed. use --spec-draft-n-max.
--spec-draft-n-max N                    number of tokens to draft
";

    #[test]
    fn flags_are_read_out_of_a_help_text() {
        let flags = Flags::of_help(HELP).unwrap();
        for flag in [
            "--threads",
            "-fa",
            "--flash-attn",
            "--no-cont-batching",
            "--spec-draft-n-max",
        ] {
            assert!(flags.has(flag), "{flag}");
        }
        assert!(!flags.has("--load-mode") && !flags.has("-1"));
        assert!(!flags.has("--draft-max"), "it is named because it is gone");
        assert_eq!(Flags::of_help("usage: -x or --why"), None);
        let switch = |on: &str, off: &str| Tell::Switch {
            on: on.to_owned(),
            off: off.to_owned(),
        };
        assert!(flags.can_tell(&switch("--perf", "--no-perf")));
        assert!(flags.can_tell(&switch("--perf", "")));
        assert!(!flags.can_tell(&switch("--perf", "--perf-off")));
    }
}
