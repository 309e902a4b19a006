//! The words of the command line for a connection, and the key that comes with the environment.

use crate::Stop;
use crate::args::ConnectionArgs;
use std::sync::Arc;
use wattsmith_tuner::chat::Secret;
use wattsmith_tuner::domain::{Connection, Price, Provider};
use wattsmith_tuner::{ConnectionChoice, Tuner};

impl ConnectionArgs {
    /// The connection that was asked for; `Some(None)` for the largest local model at hand.
    fn connection(&self) -> Result<Option<Option<Connection>>, Stop> {
        let Some(word) = self.connection.as_deref() else {
            return Ok(None);
        };
        let unknown = || {
            Stop::Usage(format!(
                "there is no connection {word:?}; write local, local:FILE, openai:MODEL, \
                 anthropic:MODEL, gemini:MODEL, ollama:MODEL or paste"
            ))
        };
        Ok(Some(match word.split_once(':') {
            None if word == "local" => None,
            None if word == "paste" => Some(Connection::Paste),
            Some(("local", file)) if !file.is_empty() => Some(Connection::Local {
                model: file.to_owned(),
            }),
            Some((provider, model)) if !model.is_empty() => {
                let provider: Provider = provider.parse().map_err(|_| unknown())?;
                let base_url = self.base_url_of(provider);
                Some(Connection::server(provider, &base_url, model))
            }
            _ => return Err(unknown()),
        }))
    }

    fn base_url_of(&self, provider: Provider) -> String {
        let usual = || provider.usual_base_url().to_owned();
        let from_environment = || match provider {
            Provider::OpenAi => std::env::var("OPENAI_BASE_URL").ok(),
            _ => None,
        };
        let given = self.base_url.clone();
        given.or_else(from_environment).unwrap_or_else(usual)
    }

    /// What a session is told of its connection; none when nothing was said. A local connection
    /// without a file is the largest model at hand.
    pub(crate) async fn choice(&self, tuner: &Tuner) -> Result<Option<ConnectionChoice>, Stop> {
        let price = self
            .price_in
            .zip(self.price_out)
            .map(|(input, output)| Price {
                input_per_million: input,
                output_per_million: output,
            });
        let Some(connection) = self.connection()? else {
            if price.is_some() || self.spending_cap.is_some() {
                return Err(Stop::Usage(
                    "prices and a spending cap belong to a connection; name it with --connection"
                        .to_owned(),
                ));
            }
            return Ok(None);
        };
        let connection = match connection {
            Some(connection) => Some(connection),
            None => tuner
                .default_advisor_model()
                .await
                .map(|model| Connection::Local {
                    model: model.path.display().to_string(),
                }),
        };
        if let Some(remote) = connection.as_ref().filter(|one| one.is_remote())
            && !self.agree
        {
            let at = remote.as_server().map_or("", |(_, base_url, _)| base_url);
            return Err(not_agreed(at));
        }
        Ok(Some(ConnectionChoice {
            connection,
            price,
            spending_cap: self.spending_cap,
        }))
    }
}

/// Takes the key of a connection's provider from the environment, where there is one: for this run
/// only, it is not put into the keyring.
pub(crate) fn key_from_environment(tuner: &Arc<Tuner>, connection: Option<&Connection>) {
    let Some((provider, base_url, _)) = connection.and_then(Connection::as_server) else {
        return;
    };
    let own = match provider {
        Provider::OpenAi => "OPENAI_API_KEY",
        Provider::Anthropic => "ANTHROPIC_API_KEY",
        Provider::Gemini => "GEMINI_API_KEY",
        Provider::Ollama => "OLLAMA_API_KEY",
    };
    let key = std::env::var("WATTSMITH_API_KEY").or_else(|_| std::env::var(own));
    if let Ok(key) = key {
        tuner
            .keys()
            .keep_for_now(provider, base_url, Secret::new(&key));
    }
}

pub(crate) fn not_agreed(provider: &str) -> Stop {
    let provider = wattsmith_tuner::domain::masked(provider);
    Stop::Usage(format!(
        "prompts would go to {provider}; they tell about this machine, the model and the \
         measurements. Add --agree to go on"
    ))
}
