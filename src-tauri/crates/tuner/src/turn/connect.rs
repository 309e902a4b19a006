//! How a session's LLM is reached: a client for its connection, the person's agreement, and another
//! connection in the middle of a session.

use crate::error::TunerError;
use crate::event::EventKind;
use crate::tuner::{Tuner, fresh_id};
use crate::turn::spending;
use tokio_util::sync::CancellationToken;
use wattsmith_chat::{ChatClient, ChatError, Timeouts, normal_base_url};
use wattsmith_domain::{
    Advisor, Connection, ExchangeOutcome, Price, Provider, Session, SessionId, SessionRecord,
};

/// A connection with what the person said about its cost.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ConnectionChoice {
    /// How the LLM is reached; none for advisors that need none.
    pub connection: Option<Connection>,
    /// What its tokens cost; none: unknown.
    pub price: Option<Price>,
    /// Most that the session may cost, in the currency of the price.
    pub spending_cap: Option<f64>,
}

impl Tuner {
    /// Whether a chat LLM can be reached; gives what to tell the person.
    ///
    /// # Errors
    /// Why not, and what to do.
    pub async fn test_connection(
        &self,
        connection: Option<&Connection>,
    ) -> Result<String, TunerError> {
        match connection {
            None => Ok("No chat is needed: numbers propose.".to_owned()),
            Some(Connection::Paste) => {
                Ok("Nothing to test: you carry prompt and reply yourself.".to_owned())
            }
            Some(Connection::Local { model }) => {
                self.check_advisor(connection).await?;
                let model = self.model(model.as_ref()).await?;
                Ok(format!("{} is there and readable.", model.name))
            }
            Some(server) => {
                let chat = self.client(server).await?;
                let reply = chat.test(&CancellationToken::new()).await?;
                let counted = match (reply.prompt_tokens, reply.reply_tokens) {
                    (Some(prompt), Some(reply)) => {
                        format!(" It counted {prompt} tokens in and {reply} out.")
                    }
                    _ => String::new(),
                };
                Ok(format!("{} answered.{counted}", chat.model()))
            }
        }
    }

    /// Names of the models that a provider's server has. Sends the key, and nothing of a session.
    ///
    /// # Errors
    /// The address, the key or the server is at fault.
    pub async fn provider_models(
        &self,
        provider: Provider,
        base_url: &str,
    ) -> Result<Vec<String>, TunerError> {
        let chat = self
            .client(&Connection::server(provider, base_url, "any"))
            .await?;
        Ok(chat.list_models(&CancellationToken::new()).await?)
    }

    /// Lets the session go on by another connection, or at another price: the turn begins anew, and
    /// a prompt that waited for a pasted reply is withdrawn. A provider that the person has not
    /// agreed to in this session is asked about before the next prompt.
    ///
    /// # Errors
    /// The session is busy, the connection cannot be used, or it cannot be stored.
    pub async fn change_connection(
        &self,
        id: &SessionId,
        choice: ConnectionChoice,
    ) -> Result<(), TunerError> {
        let _claim = self.jobs.begin(id, false)?;
        let choice = checked(choice)?;
        self.check_advisor(choice.connection.as_ref()).await?;
        let record = self.record(id).await?;
        let advisor = record.session.advisor;
        if choice.connection.is_none() && advisor.needs_connection() && advisor != Advisor::Guided {
            return Err(TunerError::Invalid(format!(
                "The advisor {advisor} needs a chat model; choose how it is reached."
            )));
        }
        self.withdraw(&record).await?;
        let mut session = record.session;
        note_agreement(&mut session);
        session.consent = choice
            .connection
            .as_ref()
            .is_some_and(|connection| session.agreed.contains(&address(connection)));
        session.connection = choice.connection;
        session.price = choice.price;
        session.spending_cap = choice.spending_cap;
        session.connected = fresh_id();
        self.store.put_session(&session).await?;
        self.jobs.emit(id, EventKind::Changed);
        Ok(())
    }

    /// Takes back the prompts that wait for a pasted reply.
    pub(crate) async fn withdraw(&self, record: &SessionRecord) -> Result<(), TunerError> {
        let waiting = record
            .exchanges
            .iter()
            .filter(|one| one.outcome == ExchangeOutcome::Waiting);
        for exchange in waiting {
            let mut exchange = exchange.clone();
            exchange.outcome = ExchangeOutcome::Cancelled;
            self.store.put_exchange(&exchange).await?;
        }
        Ok(())
    }

    /// Records that prompts may go to the session's remote provider.
    ///
    /// # Errors
    /// There is no such session, or it cannot be stored.
    pub async fn agree(&self, session: &SessionId) -> Result<(), TunerError> {
        self.change(session, |session| {
            session.consent = true;
            note_agreement(session);
        })
        .await
    }

    /// The client for a server, with the key that is kept for it.
    pub(crate) async fn client(&self, server: &Connection) -> Result<ChatClient, ChatError> {
        wattsmith_fail_points::fail_point!(
            "tuner::connect::client_made",
            ChatError::BadAddress {
                url: server.label(),
                what: "fail point".to_owned()
            }
        );
        let Some((provider, base_url, model)) = server.as_server() else {
            return Err(ChatError::BadAddress {
                url: server.label(),
                what: "it is no server".to_owned(),
            });
        };
        let key = self.keys.get(provider, base_url).await.map(|(key, _)| key);
        ChatClient::new(
            provider,
            base_url,
            model,
            key,
            Timeouts::default().or_from_environment(),
        )
    }
}

/// A choice that can be used, its address in normal form.
pub(crate) fn checked(choice: ConnectionChoice) -> Result<ConnectionChoice, TunerError> {
    let connection = match choice.connection {
        Some(connection) => Some(normal(connection)?),
        None => None,
    };
    spending::check_terms(connection.as_ref(), choice.price, choice.spending_cap)?;
    Ok(ConnectionChoice {
        connection,
        ..choice
    })
}

fn normal(connection: Connection) -> Result<Connection, TunerError> {
    let Some((provider, base_url, model)) = connection.as_server() else {
        return Ok(connection);
    };
    let model = model.trim();
    if model.is_empty() {
        return Err(TunerError::Invalid(
            "The connection needs the model's name on that server.".to_owned(),
        ));
    }
    Ok(Connection::server(
        provider,
        &normal_base_url(provider, base_url)?,
        model,
    ))
}

/// Who gets the prompts of a connection: what the person agrees to, once per session.
fn address(connection: &Connection) -> String {
    match connection.as_server() {
        Some((provider, base_url, _)) => format!("{provider} {base_url}"),
        None => String::new(),
    }
}

fn note_agreement(session: &mut Session) {
    if let Some(connection) = &session.connection
        && session.consent
        && connection.is_remote()
    {
        let address = address(connection);
        if !session.agreed.contains(&address) {
            session.agreed.push(address);
        }
    }
}
