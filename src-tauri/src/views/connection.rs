//! Connections between the screen's form and the core.

use crate::wire::{ConnectionDraft, ProviderView};
use wattsmith_tuner::domain::{Connection, Price, Provider, Session};
use wattsmith_tuner::{ConnectionChoice, TunerError};

/// Kinds of chat servers and where they usually are.
pub fn providers() -> Vec<ProviderView> {
    let view = |provider: Provider| ProviderView {
        kind: provider.label().to_owned(),
        base_url: provider.usual_base_url().to_owned(),
    };
    Provider::ALL.into_iter().map(view).collect()
}

/// A session's connection as a form to change it by.
pub fn connection_draft(session: &Session) -> ConnectionDraft {
    let (kind, base_url, model) = match &session.connection {
        None => ("none", "", ""),
        Some(Connection::Paste) => ("paste", "", ""),
        Some(Connection::Local { model }) => ("local", "", model.as_str()),
        Some(server) => match server.as_server() {
            Some((provider, base_url, model)) => (provider.label(), base_url, model),
            None => ("none", "", ""),
        },
    };
    ConnectionDraft {
        kind: kind.to_owned(),
        model: model.to_owned(),
        base_url: base_url.to_owned(),
        price_in: session.price.map(|price| price.input_per_million),
        price_out: session.price.map(|price| price.output_per_million),
        spending_cap: session.spending_cap,
    }
}

/// A connection as chosen.
///
/// # Errors
/// What is missing in it.
pub fn connection(draft: &ConnectionDraft) -> Result<ConnectionChoice, TunerError> {
    let need = |text: &str, what: &str| {
        let text = text.trim();
        if text.is_empty() {
            return Err(TunerError::Invalid(format!("The connection needs {what}.")));
        }
        Ok(text.to_owned())
    };
    let connection = match draft.kind.as_str() {
        "none" => None,
        "paste" => Some(Connection::Paste),
        "local" => Some(Connection::Local {
            model: need(&draft.model, "a local model; choose one")?,
        }),
        other => {
            let provider: Provider = other.parse().map_err(TunerError::Invalid)?;
            let model = need(&draft.model, "the model's name on that server")?;
            Some(Connection::server(
                provider,
                &base_url(provider, draft),
                &model,
            ))
        }
    };
    let price = match (draft.price_in, draft.price_out) {
        (None, None) => None,
        (Some(input_per_million), Some(output_per_million)) => Some(Price {
            input_per_million,
            output_per_million,
        }),
        _ => {
            return Err(TunerError::Invalid(
                "A price has two figures: for tokens in and for tokens out.".to_owned(),
            ));
        }
    };
    Ok(ConnectionChoice {
        connection,
        price,
        spending_cap: draft.spending_cap,
    })
}

/// The address in a form, or the provider's usual one.
pub fn base_url(provider: Provider, draft: &ConnectionDraft) -> String {
    match draft.base_url.trim() {
        "" => provider.usual_base_url().to_owned(),
        given => given.to_owned(),
    }
}
