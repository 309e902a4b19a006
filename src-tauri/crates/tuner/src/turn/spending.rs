//! What the exchanges of a session cost, and the cap that the person set. Prices are the person's
//! own entry; without one a cost is unknown, never guessed.

use crate::error::TunerError;
use wattsmith_chat::{ChatError, ChatReply, Delta, tokens_about};
use wattsmith_domain::{Connection, Cost, Price, Session, SessionRecord};

/// What all exchanges cost so far.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spent {
    /// The sum of what is known, in the currency of the prices.
    pub amount: f64,
    /// Whether a part of it was worked out from the length of texts.
    pub estimated: bool,
}

/// What a session has cost so far; none when no price was known for any exchange.
#[must_use]
pub fn spent(record: &SessionRecord) -> Option<Spent> {
    record
        .exchanges
        .iter()
        .filter_map(|exchange| exchange.cost)
        .map(|cost| Spent {
            amount: cost.amount,
            estimated: cost.estimated,
        })
        .reduce(|sum, next| Spent {
            amount: sum.amount + next.amount,
            estimated: sum.estimated || next.estimated,
        })
}

/// Whether price and cap can be used together on a connection.
pub(crate) fn check_terms(
    connection: Option<&Connection>,
    price: Option<Price>,
    cap: Option<f64>,
) -> Result<(), TunerError> {
    let invalid = |text: &str| Err(TunerError::Invalid(text.to_owned()));
    if price.is_some_and(|price| !price.is_valid()) {
        return invalid("A price is a number, 0 or more, for a million tokens.");
    }
    if cap.is_some_and(|cap| !(cap.is_finite() && cap > 0.0)) {
        return invalid("A spending cap is a number above 0; leave it empty for none.");
    }
    if cap.is_some() && price.is_none() && connection.is_some_and(Connection::is_remote) {
        return invalid(
            "A spending cap needs the prices of the model for a million tokens in and out: they \
             are on the provider's page, and are not built in because they change.",
        );
    }
    Ok(())
}

/// Refuses a prompt that could cost more than is left under the cap, or of which nobody can say what
/// it could cost.
pub(crate) fn allow(
    record: &SessionRecord,
    prompt: &str,
    max_tokens: u32,
) -> Result<(), TunerError> {
    wattsmith_fail_points::fail_point!(
        "tuner::spending::allowed",
        TunerError::SpendingCap {
            cap: 1.0,
            spent: 1.0,
            next: 0.1
        }
    );
    let session = &record.session;
    let Some(cap) = session.spending_cap.filter(|_| is_billed(session)) else {
        return Ok(());
    };
    check_terms(session.connection.as_ref(), session.price, Some(cap))?;
    let Some(price) = session.price else {
        return Ok(());
    };
    let spent = spent(record).map_or(0.0, |spent| spent.amount);
    let next = price.of(tokens_about(prompt), u64::from(max_tokens));
    if spent + next > cap {
        return Err(TunerError::SpendingCap { cap, spent, next });
    }
    // Choosing the connection once more is the person's word that it may be asked all the same.
    let since = session.connected.as_str();
    let beyond = record
        .exchanges
        .iter()
        .rfind(|one| one.unbounded && one.id.0.as_str() > since);
    match beyond {
        Some(one) => Err(TunerError::UnboundedCost {
            server: one.connection.clone(),
            tokens: one.reply_tokens.unwrap_or_default(),
            allowed: max_tokens,
            cap,
        }),
        None => Ok(()),
    }
}

/// What of a reply was told and not shown, from which on it cannot be stopped in time: more than so
/// many tokens, and more than that many times what was shown.
const HIDDEN: u64 = 64;
const HIDDEN_TIMES: u64 = 2;

/// Counts what comes of a reply, so that it can be stopped before it costs more than the cap leaves,
/// whatever the server makes of our limit.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tally {
    price: Option<Price>,
    /// What the prompt and its reply may cost.
    room: Option<f64>,
    /// Tokens of the prompt, about.
    prompt: u64,
    /// What came, text and reasoning.
    ascii: usize,
    others: usize,
    pieces: u64,
    /// The server's own counts so far.
    counted: (Option<u64>, Option<u64>),
}

impl Tally {
    /// For a prompt that is about to be sent.
    pub fn of(record: &SessionRecord, prompt: &str) -> Self {
        let session = &record.session;
        let cap = session.spending_cap.filter(|_| is_billed(session));
        let spent = spent(record).map_or(0.0, |spent| spent.amount);
        Self {
            price: session.price.filter(|_| is_billed(session)),
            room: cap.map(|cap| cap - spent),
            prompt: tokens_about(prompt),
            ..Self::default()
        }
    }

    /// Takes in a piece. Whether there is still room for more.
    pub fn take(&mut self, delta: Delta) -> bool {
        match delta {
            Delta::Text(text) | Delta::Thought(text) => {
                let ascii = text.bytes().filter(u8::is_ascii).count();
                self.ascii += ascii;
                self.others += text.chars().filter(|letter| !letter.is_ascii()).count();
                self.pieces += 1;
            }
            Delta::Counted {
                prompt_tokens,
                reply_tokens,
            } => self.counted = (prompt_tokens, reply_tokens),
        }
        match self.price.zip(self.room) {
            Some((price, room)) => {
                let prompt = self.prompt.max(self.counted.0.unwrap_or(0));
                let reply = self.seen().max(self.counted.1.unwrap_or(0));
                price.of(prompt, reply) < room
            }
            None => true,
        }
    }

    /// Tokens that were seen, rather too many than too few: no piece has less than one.
    fn seen(&self) -> u64 {
        let about = self.ascii.div_ceil(3) + self.others;
        u64::try_from(about).unwrap_or(u64::MAX).max(self.pieces)
    }

    /// Tokens of the prompt and of the reply, and whether a part of it is a guess.
    fn tokens(&self) -> (u64, u64, bool) {
        let (prompt, reply) = self.counted;
        (
            prompt.unwrap_or(self.prompt),
            reply.unwrap_or_else(|| self.seen()),
            prompt.is_none() || reply.is_none(),
        )
    }

    /// The server's own counts, where it told them.
    pub fn counted(&self) -> (Option<u64>, Option<u64>) {
        self.counted
    }

    /// Whether the server took more than `allowed` tokens and showed too few of them.
    pub fn is_beyond(&self, allowed: u32) -> bool {
        let told = self.counted.1.unwrap_or(0);
        told > u64::from(allowed) && told > HIDDEN.max(self.seen() * HIDDEN_TIMES)
    }

    /// What an exchange cost, as far as that can be said: by the server's own count, or by the length
    /// of what went and came. Refusals before the first word cost nothing.
    pub fn cost(&self, outcome: &Result<ChatReply, ChatError>) -> Option<Cost> {
        let price = self.price?;
        let refused = match outcome {
            Ok(_) => false,
            Err(
                ChatError::BadAddress { .. }
                | ChatError::Unauthorized { .. }
                | ChatError::NotFound { .. }
                | ChatError::RateLimited { .. }
                | ChatError::Unreachable { .. },
            ) => true,
            Err(ChatError::Server { status, .. }) => *status >= 300,
            Err(_) => false,
        };
        if refused && self.seen() == 0 && self.counted == (None, None) {
            return None;
        }
        let (input, mut output, mut estimated) = self.tokens();
        if outcome.is_err() && self.seen() > output {
            // It ended before its last word on the matter.
            (output, estimated) = (self.seen(), true);
        }
        Some(Cost {
            amount: price.of(input, output),
            estimated,
        })
    }

    /// Why it was stopped.
    pub fn stopped(&self, record: &SessionRecord) -> String {
        let cap = record.session.spending_cap.unwrap_or_default();
        format!(
            "The reply was stopped after about {} tokens: with more of it the cap of {cap} could be \
             passed. What came is charged, and nothing is taken from half a reply. Raise the cap, or \
             go on by another connection.",
            self.seen().max(self.counted.1.unwrap_or(0))
        )
    }
}

fn is_billed(session: &Session) -> bool {
    let connection = session.connection.as_ref();
    connection.is_some_and(|connection| connection.as_server().is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    const PRICE: Price = Price {
        input_per_million: 3.0,
        output_per_million: 15.0,
    };

    fn billed(cap: Option<f64>) -> SessionRecord {
        let mut record = wattsmith_testkit::fixtures::measured();
        record.session.connection = Some(Connection::OpenAi {
            base_url: "http://127.0.0.1:1/v1".to_owned(),
            model: "m".to_owned(),
        });
        record.session.price = Some(PRICE);
        record.session.spending_cap = cap;
        record.exchanges.clear();
        record
    }

    #[test]
    fn a_reply_is_stopped_when_what_came_reaches_the_cap() {
        // 15 per 10⁶ tokens out: 0.0015 are 100 tokens, which 300 letters have by our count.
        let mut tally = Tally::of(&billed(Some(0.0015)), "");
        assert!(tally.take(Delta::Text(&"x".repeat(150))));
        assert!(
            !tally.take(Delta::Thought(&"x".repeat(150))),
            "reasoning counts"
        );
        let mut tally = Tally::of(&billed(Some(0.0015)), "");
        assert!(
            (1..100).all(|_| tally.take(Delta::Text("x"))),
            "a piece is a token at least"
        );
        assert!(!tally.take(Delta::Text("x")));
        let mut tally = Tally::of(&billed(Some(0.0015)), "");
        let counted = |reply_tokens| Delta::Counted {
            prompt_tokens: None,
            reply_tokens: Some(reply_tokens),
        };
        assert!(tally.take(counted(99)));
        assert!(
            !tally.take(counted(100)),
            "the server's count tells of what it hides"
        );
        let mut tally = Tally::of(&billed(None), "");
        assert!(tally.take(counted(1_000_000)), "nobody set a cap");
    }

    #[test]
    fn what_came_of_half_a_reply_is_charged_and_marked_as_a_guess() {
        let mut tally = Tally::of(&billed(None), "abcdef");
        let cut = || {
            Err(ChatError::Cut {
                server: "s".to_owned(),
            })
        };
        let amount = |tally: &Tally| tally.cost(&cut()).map(|cost| (cost.amount, cost.estimated));
        assert_eq!(
            amount(&tally),
            Some((PRICE.of(2, 0), true)),
            "it may have read the prompt"
        );
        tally.take(Delta::Text("abc"));
        tally.take(Delta::Thought("äö"));
        assert_eq!(amount(&tally), Some((PRICE.of(2, 3), true)));
        // A server that counts from the start says less than what has come since.
        tally.take(Delta::Counted {
            prompt_tokens: Some(20),
            reply_tokens: Some(1),
        });
        assert_eq!(amount(&tally), Some((PRICE.of(20, 3), true)));
        let refused = Err(ChatError::RateLimited {
            server: "s".to_owned(),
            message: "m".to_owned(),
            retry_after: None,
        });
        assert!(tally.cost(&refused).is_some(), "words had come");
        assert_eq!(Tally::of(&billed(None), "abc").cost(&refused), None);
    }

    #[test]
    fn a_server_that_hides_more_than_it_was_allowed_is_asked_again_only_by_the_persons_word() {
        let mut tally = Tally::of(&billed(Some(1.0)), "");
        tally.take(Delta::Text("{}"));
        tally.take(Delta::Counted {
            prompt_tokens: Some(10),
            reply_tokens: Some(5000),
        });
        assert!(tally.is_beyond(4096));
        assert!(!tally.is_beyond(5000), "within what it was allowed");
        let mut shown = tally.clone();
        shown.take(Delta::Thought(&"x".repeat(12_000)));
        assert!(!shown.is_beyond(4096), "what is shown can be stopped");

        let mut record = billed(Some(1.0));
        let mut exchange = wattsmith_testkit::fixtures::measured().exchanges.remove(0);
        exchange.cost = None;
        exchange.unbounded = true;
        record.exchanges.push(exchange);
        let refused = allow(&record, "prompt", 4096);
        assert!(
            matches!(refused, Err(TunerError::UnboundedCost { .. })),
            "{refused:?}"
        );
        record.session.connected = "zzzz".to_owned();
        assert!(allow(&record, "prompt", 4096).is_ok(), "chosen once more");
        record.session.connected = String::new();
        record.session.spending_cap = None;
        assert!(allow(&record, "prompt", 4096).is_ok(), "no cap");
    }

    #[test]
    fn a_cap_without_prices_is_refused_where_somebody_sends_bills() {
        let remote = Connection::OpenAi {
            base_url: "https://host/v1".to_owned(),
            model: "m".to_owned(),
        };
        let local = Connection::Paste;
        assert!(check_terms(Some(&remote), None, Some(1.0)).is_err());
        assert!(check_terms(Some(&remote), Some(PRICE), Some(1.0)).is_ok());
        assert!(check_terms(Some(&remote), None, None).is_ok());
        assert!(check_terms(Some(&local), None, Some(1.0)).is_ok());
        assert!(check_terms(None, None, Some(0.0)).is_err());
        assert!(check_terms(None, None, Some(f64::NAN)).is_err());
        let odd = Price {
            input_per_million: -1.0,
            ..PRICE
        };
        assert!(check_terms(None, Some(odd), None).is_err());
    }
}
