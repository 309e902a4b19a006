//! What the exchanges of a session cost, and the cap that the person set. Prices are the person's
//! own entry; without one a cost is unknown, never guessed.

use crate::error::TunerError;
use wattsmith_chat::{ChatError, ChatReply, tokens_about};
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

/// Refuses a prompt that could cost more than is left under the cap.
pub(crate) fn allow(
    record: &SessionRecord,
    prompt: &str,
    max_tokens: u32,
) -> Result<(), TunerError> {
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
    Ok(())
}

/// What an exchange cost, as far as that can be said: by the server's own count, or by the length of
/// what went and came. Refusals before the first word cost nothing.
pub(crate) fn cost(
    session: &Session,
    prompt: &str,
    came: &str,
    outcome: &Result<ChatReply, ChatError>,
) -> Option<Cost> {
    let price = session.price.filter(|_| is_billed(session))?;
    let guess = |text: &str| tokens_about(text);
    let (input, output, estimated) = match outcome {
        Ok(reply) => (
            reply.prompt_tokens.unwrap_or_else(|| guess(prompt)),
            reply.reply_tokens.unwrap_or_else(|| guess(&reply.text)),
            reply.prompt_tokens.is_none() || reply.reply_tokens.is_none(),
        ),
        Err(
            ChatError::BadAddress { .. }
            | ChatError::Unauthorized { .. }
            | ChatError::NotFound { .. }
            | ChatError::RateLimited { .. }
            | ChatError::Unreachable { .. },
        ) => return None,
        Err(ChatError::Server { status, .. }) if *status >= 300 => return None,
        Err(_) => (guess(prompt), guess(came), true),
    };
    Some(Cost {
        amount: price.of(input, output),
        estimated,
    })
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
