//! The server's own count of tokens, as it has to be paid. What its totals say beyond the reply is
//! part of the reply: some servers leave the reasoning out of it.

use super::protocol::Partial;
use serde_json::Value;

/// Counts of one piece of a reply, each where it was given.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Counts {
    pub prompt: Option<u64>,
    pub reply: Option<u64>,
    pub reasoning: Option<u64>,
    pub total: Option<u64>,
}

impl Counts {
    /// The four figures under `usage` by their names, the first that is there of each.
    pub fn read(usage: &Value, prompt: &[&str], reply: &[&str], reasoning: &[&str]) -> Self {
        let first = |names: &[&str]| names.iter().find_map(|name| count(usage.pointer(name)));
        Self {
            prompt: first(prompt),
            reply: first(reply),
            reasoning: first(reasoning),
            total: first(&["/total_tokens", "/totalTokenCount"]),
        }
    }

    /// Tokens of the reply: what it is said to have, or what the total has beyond the prompt, where
    /// that is more. Reasoning that is more than the whole reply cannot be a part of it.
    fn paid(&self) -> Option<u64> {
        let beyond = self.total.zip(self.prompt);
        let beyond = beyond.and_then(|(total, prompt)| total.checked_sub(prompt));
        let beside = self
            .reasoning
            .filter(|reasoning| Some(*reasoning) > self.reply);
        let with_reasoning = beside.map(|reasoning| reasoning + self.reply.unwrap_or(0));
        self.reply.max(beyond).max(with_reasoning)
    }

    /// Puts what is known into a reply. Counts grow while a reply comes; a later piece may leave some
    /// of them out.
    pub fn into(self, into: &mut Partial) {
        let prompt = self.prompt.or_else(|| self.total?.checked_sub(self.reply?));
        into.prompt_tokens = into.prompt_tokens.max(prompt);
        into.reply_tokens = into.reply_tokens.max(self.paid());
        into.reasoning_tokens = into.reasoning_tokens.max(self.reasoning);
    }
}

/// A whole number of tokens, however JSON writes it; 0 counts nothing and says nothing.
pub(super) fn count(value: Option<&Value>) -> Option<u64> {
    let value = value?;
    let whole = value.as_u64().or_else(|| {
        let real = value.as_f64()?;
        (0.0..1e15).contains(&real).then_some(real as u64)
    })?;
    (whole > 0).then_some(whole)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn paid(prompt: u64, reply: u64, reasoning: u64, total: u64) -> Option<u64> {
        let some = |count: u64| (count > 0).then_some(count);
        Counts {
            prompt: some(prompt),
            reply: some(reply),
            reasoning: some(reasoning),
            total: some(total),
        }
        .paid()
    }

    #[test]
    fn what_the_total_has_beyond_the_prompt_is_paid() {
        assert_eq!(
            paid(900, 60, 2400, 3360),
            Some(2460),
            "xAI: reasoning beside the reply"
        );
        assert_eq!(
            paid(900, 60, 40, 960),
            Some(60),
            "OpenAI: reasoning within it"
        );
        assert_eq!(
            paid(900, 60, 2400, 0),
            Some(2460),
            "no total, and too much for the reply"
        );
        assert_eq!(paid(900, 60, 40, 0), Some(60));
        assert_eq!(paid(900, 0, 0, 960), Some(60), "a total and no reply");
        assert_eq!(paid(900, 60, 0, 900), Some(60), "a total without the reply");
        assert_eq!(paid(900, 60, 0, 100), Some(60), "a total that is too small");
        assert_eq!(paid(900, 0, 0, 0), None);
    }

    proptest! {
        #[test]
        fn no_count_makes_a_reply_cheaper_than_it_says(
            prompt in 0_u64..9000, reply in 1_u64..9000, reasoning in 0_u64..9000, total in 0_u64..99_000,
        ) {
            let paid = paid(prompt, reply, reasoning, total).unwrap();
            prop_assert!(paid >= reply);
            prop_assert!(total == 0 || prompt == 0 || paid + prompt >= total);
        }
    }
}
