//! Asking a meter over HTTP, in one's own network: no encryption, no proxy, little patience.

use serde_json::Value;
use std::time::Duration;
use ureq::{Agent, Error};
use wattsmith_domain::masked;

/// How long an answer may take, from the first packet to the last.
pub(super) const TIMEOUT: Duration = Duration::from_secs(2);
/// Bytes. A plug tells a few hundred.
const LONGEST: u64 = 256 * 1024;

/// Why there is no answer that could be used.
#[derive(Debug, PartialEq, thiserror::Error)]
pub(super) enum HttpError {
    #[error("{0} did not answer within {seconds} s: is it on, and in this network?", seconds = TIMEOUT.as_secs())]
    Timeout(String),
    #[error("{0} cannot be reached ({1}): is it on, and in this network?")]
    Unreachable(String, String),
    #[error("{0} asks for a password; Wattsmith reads meters without one")]
    Password(String),
    #[error("{url} answered with status {status}{said}")]
    Status {
        url: String,
        status: u16,
        /// What it said besides, after a colon; empty where it said nothing short.
        said: String,
    },
    #[error("{0} answers with something that is no JSON")]
    NotJson(String),
}

/// A client that keeps its connection.
pub(super) struct Http {
    agent: Agent,
}

impl Http {
    pub(super) fn new() -> Self {
        let config = Agent::config_builder()
            .timeout_global(Some(TIMEOUT))
            .http_status_as_error(false)
            .max_redirects(2)
            .proxy(None)
            .user_agent("wattsmith")
            .build();
        Self {
            agent: Agent::new_with_config(config),
        }
    }

    /// The JSON at `url`, whatever the status says where `any_status` is set.
    pub(super) fn json(
        &self,
        url: &str,
        query: &[(&str, &str)],
        any_status: bool,
    ) -> Result<Value, HttpError> {
        let mut request = self.agent.get(url);
        // From here on it is for words, which may hold no password.
        let url = masked(url);
        for (name, value) in query {
            request = request.query(name, value);
        }
        let failed = |error: Error| match error {
            Error::Timeout(_) => HttpError::Timeout(url.clone()),
            other => HttpError::Unreachable(url.clone(), masked(&other.to_string())),
        };
        let mut response = request.call().map_err(failed)?;
        let status = response.status().as_u16();
        let body = response
            .body_mut()
            .with_config()
            .limit(LONGEST)
            .read_to_string();
        let body = match body {
            Ok(body) => body,
            Err(Error::Timeout(_)) => return Err(HttpError::Timeout(url.clone())),
            Err(_) if status == 200 => return Err(HttpError::NotJson(url.clone())),
            Err(_) => String::new(),
        };
        if status == 401 || status == 403 {
            return Err(HttpError::Password(url.clone()));
        }
        let json = serde_json::from_str(&body);
        if status != 200 && !(any_status && json.is_ok()) {
            let said = body.trim();
            let short = (1..=120).contains(&said.len()) && !said.contains(['<', '\n']);
            return Err(HttpError::Status {
                url: url.clone(),
                status,
                said: if short {
                    format!(": {said}")
                } else {
                    String::new()
                },
            });
        }
        json.map_err(|_| HttpError::NotJson(url.clone()))
    }
}
