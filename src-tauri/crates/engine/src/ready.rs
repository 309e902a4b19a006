//! Waiting until a server that was started is ready, and making sure that it is the one that answers.

use crate::server::{Door, Server, Told};
use crate::supervise::process::Process;
use std::time::Duration;

/// Between two questions whether the engine is ready.
const POLL: Duration = Duration::from_millis(25);

/// Why there is no engine to talk to.
pub(crate) enum NotReady {
    /// Our child ended.
    Ended,
    /// Another program answers on the port: how that shows.
    NotOurs(String),
}

/// Longest wait for a page.
const PAGE: Duration = Duration::from_secs(5);

impl Door<'_> {
    /// The page of JSON at a route that refuses a wrong key, and accepts the one that only our server
    /// was told.
    ///
    /// # Errors
    /// How it shows that it is another server.
    pub(crate) async fn page_behind_key(&self, route: &str) -> Result<serde_json::Value, String> {
        let ask = |key: &str| {
            self.client
                .get(format!("{}{route}", self.base_url))
                .bearer_auth(key)
                .timeout(PAGE)
                .send()
        };
        let wrong = ask("not-the-key")
            .await
            .map_err(|error| error.to_string())?;
        if wrong.status() != reqwest::StatusCode::UNAUTHORIZED {
            return Err("it accepts a wrong API key".into());
        }
        let answer = ask(self.api_key).await.map_err(|error| error.to_string())?;
        if !answer.status().is_success() {
            return Err(format!("it answers {} to our API key", answer.status()));
        }
        answer
            .json()
            .await
            .map_err(|error| format!("it does not tell its settings ({error})"))
    }
}

/// Waits for the route by which the server says that it is ready, then for the proof that it is ours;
/// our own child still runs all the while.
pub(crate) async fn until_ready(
    process: &Process,
    server: &dyn Server,
    door: &Door<'_>,
) -> Result<Told, NotReady> {
    let healthy = async {
        loop {
            let answer = door
                .client
                .get(format!("{}{}", door.base_url, server.ready_route()))
                .timeout(Duration::from_secs(1))
                .send()
                .await;
            if answer.is_ok_and(|answer| answer.status().is_success()) {
                return;
            }
            tokio::time::sleep(POLL).await;
        }
    };
    tokio::select! {
        biased;
        _ = process.wait() => return Err(NotReady::Ended),
        () = healthy => {}
    }
    match server.prove(door).await {
        // An engine that cannot have its port ends by itself: that tells more than the stranger.
        Err(what) => match tokio::time::timeout(Duration::from_secs(1), process.wait()).await {
            Ok(_) => Err(NotReady::Ended),
            Err(_) => Err(NotReady::NotOurs(what)),
        },
        Ok(_) if process.exited().is_some() => Err(NotReady::Ended),
        Ok(told) => Ok(told),
    }
}
