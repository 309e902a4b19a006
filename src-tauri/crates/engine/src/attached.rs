//! A server that runs already. Wattsmith did not start it and never ends, restarts or reconfigures it:
//! what goes with a request is set here, everything else the person changes by hand. Where it does its
//! work is found ([`Place`]), not believed.

mod body;
mod kind;
mod probe;

pub(crate) use body::Watched;
pub use probe::{Found, running};

use crate::catalogue::Catalogue;
use crate::error::EngineError;
use crate::launch::http_client;
use crate::protocol::Protocol;
use crate::server::{Asked, CommandLine, Door, Server, ToLoad, Told};
use crate::supervise::failure::Ended;
use async_trait::async_trait;
use kind::Kind;
use std::path::{Path, PathBuf};
use wattsmith_domain::{FailureCause, Model};

/// The name of such servers in records; the address stands in the place of a program.
pub const ATTACHED: &str = "attached";
/// Holds the key of an attached server that asks for one.
pub const ATTACHED_KEY: &str = "WATTSMITH_ATTACHED_KEY";

/// At the end of an address it says that pictures are meant, of a server that may give words as well.
const PICTURES: &str = "/images/generations";

/// A server that runs already.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Attached {
    endpoint: Endpoint,
    kind: Kind,
    catalogue: Catalogue,
}

/// Where it answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// Such as `http://127.0.0.1:8080`, without a route.
    pub base_url: String,
    /// Host part.
    pub host: String,
    /// Port.
    pub port: u16,
    /// Whether the address names the route for pictures.
    pub pictures: bool,
}

impl Endpoint {
    /// Reads an address.
    ///
    /// # Errors
    /// What is wrong with it and what to write instead.
    pub fn parse(text: &str) -> Result<Self, String> {
        const FORM: &str = "Write it like http://127.0.0.1:8080";
        let text = text.trim();
        let with_scheme = match text.contains("://") {
            true => text.to_owned(),
            false => format!("http://{text}"),
        };
        let url = reqwest::Url::parse(&with_scheme)
            .map_err(|error| format!("This is no address ({error}). {FORM}."))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(format!(
                "An address of {} cannot be asked. {FORM}.",
                url.scheme()
            ));
        }
        if !url.username().is_empty() || url.password().is_some() || url.query().is_some() {
            return Err(format!(
                "An address with a name, a password or a key in it would be published with the record. \
                 {FORM}, and put a key into {ATTACHED_KEY}."
            ));
        }
        let host = url
            .host_str()
            .ok_or_else(|| format!("The address names no host. {FORM}."))?;
        let port = url
            .port_or_known_default()
            .ok_or_else(|| format!("The address names no port. {FORM}."))?;
        // A route of OpenAI's at the end is what people copy from a client's settings.
        let route = url.path().trim_end_matches('/');
        let of_pictures = route.strip_suffix(PICTURES);
        let route = of_pictures.unwrap_or(route);
        let route = route.strip_suffix("/v1").unwrap_or(route);
        Ok(Self {
            base_url: format!("{}://{host}:{port}{route}", url.scheme()),
            host: host.to_owned(),
            port,
            pictures: of_pictures.is_some(),
        })
    }

    /// The way in, with this key.
    pub(crate) fn door<'a>(&'a self, client: &'a reqwest::Client, api_key: &'a str) -> Door<'a> {
        Door {
            client,
            base_url: &self.base_url,
            api_key,
            port: self.port,
            group: 0,
        }
    }

    /// The key from the environment; empty where there is none.
    pub(crate) fn key() -> String {
        std::env::var(ATTACHED_KEY).unwrap_or_default()
    }
}

impl Attached {
    /// Asks the server what it is.
    ///
    /// # Errors
    /// `EngineNotFound` with the address and what to do.
    pub(crate) async fn probe(address: &str) -> Result<Self, EngineError> {
        let endpoint = Endpoint::parse(address)
            .map_err(|what| EngineError::failed(FailureCause::EngineNotFound, what))?;
        let (client, key) = (http_client()?, Endpoint::key());
        let kind = probe::kind(&endpoint.door(&client, &key), endpoint.pictures).await?;
        Ok(Self::of(endpoint, kind))
    }

    /// As a session's record names it.
    pub(crate) fn recorded(address: &str, version: &str) -> Result<Self, EngineError> {
        let endpoint = Endpoint::parse(address)
            .map_err(|what| EngineError::failed(FailureCause::EngineNotFound, what))?;
        Ok(Self::of(endpoint, Kind::of_version(version)))
    }

    fn of(endpoint: Endpoint, kind: Kind) -> Self {
        Self {
            catalogue: kind.catalogue(),
            endpoint,
            kind,
        }
    }

    fn gone(&self, error: impl std::fmt::Display) -> EngineError {
        EngineError::failed(
            FailureCause::EngineNotFound,
            format!(
                "The server at {} does not answer ({error}). Start it again as it was, then go on; \
                 Wattsmith did not start it and does not restart it.",
                self.endpoint.base_url
            ),
        )
    }
}

#[async_trait]
impl Server for Attached {
    fn name(&self) -> &str {
        ATTACHED
    }

    fn attached(&self) -> Option<&Endpoint> {
        Some(&self.endpoint)
    }

    fn find(&self, _assets: &[PathBuf]) -> Result<PathBuf, String> {
        Ok(PathBuf::from(&self.endpoint.base_url))
    }

    fn fetch(&self) -> &str {
        "Start the server, or name another address"
    }

    async fn version(&self, _program: &Path) -> Result<String, EngineError> {
        let (client, key) = (http_client()?, Endpoint::key());
        probe::version(&self.endpoint.door(&client, &key), self.kind)
            .await
            .map_err(|error| self.gone(error))
    }

    async fn check_model(&self, _model: &Path) -> Result<(), EngineError> {
        Ok(())
    }

    async fn model(&self, _model: &Path) -> Option<Result<Model, EngineError>> {
        let key = Endpoint::key();
        let client = match http_client() {
            Ok(client) => client,
            Err(error) => return Some(Err(error)),
        };
        let asked = probe::model(&self.endpoint.door(&client, &key), self.kind).await;
        Some(asked.map_err(|error| self.gone(error)))
    }

    fn catalogue(&self) -> &Catalogue {
        &self.catalogue
    }

    fn settings(&self) -> Vec<&str> {
        Vec::new()
    }

    /// Nothing is started.
    fn command(&self, _asked: &Asked<'_>) -> CommandLine {
        CommandLine {
            words: vec![self.endpoint.base_url.clone()],
            ..CommandLine::default()
        }
    }

    fn ready_route(&self) -> &str {
        "/v1/models"
    }

    async fn prove(&self, door: &Door<'_>) -> Result<Told, String> {
        probe::told(door, self.kind).await
    }

    async fn load(
        &self,
        door: &Door<'_>,
        asked: &ToLoad<'_>,
        told: Told,
    ) -> Result<Told, EngineError> {
        match self.kind {
            Kind::Ollama => crate::ollama::load_attached(door, asked, kind::STAY, told).await,
            _ => Ok(told),
        }
    }

    async fn ended_while_loading(&self, _ended: &Ended<'_>) -> EngineError {
        self.gone("it ended")
    }

    fn ended_while_working(&self, _ended: &Ended<'_>) -> EngineError {
        EngineError::failed(
            FailureCause::Crash,
            format!(
                "The server at {} ended in the middle of its work. Start it again as it was, then go \
                 on; Wattsmith did not start it and does not restart it.",
                self.endpoint.base_url
            ),
        )
    }

    fn protocol(&self) -> Protocol {
        self.kind.protocol()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_as_people_write_them_and_never_with_secrets() {
        for (text, base) in [
            ("127.0.0.1:8080", "http://127.0.0.1:8080"),
            (" http://localhost:11434/ ", "http://localhost:11434"),
            ("http://localhost:8000/v1", "http://localhost:8000"),
            ("https://box.example/llm/v1/", "https://box.example:443/llm"),
            ("http://[::1]:8080", "http://[::1]:8080"),
            ("box:30000/v1/images/generations", "http://box:30000"),
        ] {
            assert_eq!(Endpoint::parse(text).unwrap().base_url, base, "{text}");
        }
        for (text, what) in [
            ("http://me:word@box:8080", "a password"),
            ("http://box:8080/v1?key=x", "a key"),
            ("ftp://box:8080", "ftp"),
            ("http://", "no address"),
        ] {
            let told = Endpoint::parse(text).unwrap_err();
            assert!(told.contains(what), "{text}: {told}");
            assert!(told.contains("http://127.0.0.1:8080"), "{told}");
        }
    }
}
