//! Waiting until a server that was started is ready, and making sure that it is the one that answers.

use crate::error::EngineError;
use crate::place::Place;
use crate::server::{Door, Server, ToLoad, Told};
use crate::supervise::process::Process;
use std::path::Path;
use std::time::Duration;
use wattsmith_domain::FailureCause;
use wattsmith_fail_points::fail_point;

/// Between two questions whether the engine is ready.
const POLL: Duration = Duration::from_millis(25);

/// Why there is no engine to talk to.
pub(crate) enum NotReady {
    /// Our child ended.
    Ended,
    /// Another program answers on the port: how that shows.
    NotOurs(String),
    /// It is ours, and does not load the model.
    NotLoaded(EngineError),
}

/// Longest wait for a page.
pub(crate) const PAGE: Duration = Duration::from_secs(5);

/// Why there is no page.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NoPage {
    /// Nobody answers, or not to the end.
    #[error("{0}")]
    Unreachable(String),
    /// It refuses.
    #[error("it answers {status} at {route}")]
    Refused {
        /// With which status.
        status: reqwest::StatusCode,
        /// Where.
        route: String,
    },
    /// It is no JSON.
    #[error("it tells nothing that can be read at {route} ({what})")]
    Unreadable {
        /// Where.
        route: String,
        /// What is wrong there.
        what: String,
    },
}

impl Door<'_> {
    /// The page of JSON at a route; the key goes with the question where there is one.
    pub(crate) async fn page(
        &self,
        route: &str,
        patience: Duration,
    ) -> Result<serde_json::Value, NoPage> {
        let answer = self.answer(route, patience).await?;
        answer.json().await.map_err(|error| NoPage::Unreadable {
            route: route.to_owned(),
            what: innermost(&error.without_url()),
        })
    }

    /// The same for a page that is no JSON.
    pub(crate) async fn text(&self, route: &str, patience: Duration) -> Result<String, NoPage> {
        let answer = self.answer(route, patience).await?;
        answer.text().await.map_err(|error| NoPage::Unreadable {
            route: route.to_owned(),
            what: innermost(&error.without_url()),
        })
    }

    async fn answer(&self, route: &str, patience: Duration) -> Result<reqwest::Response, NoPage> {
        let mut asked = self
            .client
            .get(format!("{}{route}", self.base_url))
            .timeout(patience);
        if !self.api_key.is_empty() {
            asked = asked.bearer_auth(self.api_key);
        }
        let answer = asked
            .send()
            .await
            .map_err(|error| NoPage::Unreachable(innermost(&error.without_url())))?;
        match answer.status().is_success() {
            true => Ok(answer),
            false => Err(NoPage::Refused {
                status: answer.status(),
                route: route.to_owned(),
            }),
        }
    }

    /// The process that holds the port is one of those that were started.
    ///
    /// # Errors
    /// Whose it is.
    pub(crate) async fn is_of_our_group(&self) -> Result<(), String> {
        let (group, port) = (self.group, self.port);
        let owner = tokio::task::spawn_blocking(move || Place::owner(Path::new("/proc"), port));
        match owner.await.map_err(|error| error.to_string())? {
            Place::Here { pid, .. } if group_of(pid) == Some(group) => Ok(()),
            Place::Here { pid, program } => Err(format!("the port is {program}'s, pid {pid}")),
            Place::NotKnown { why } => Err(why),
            Place::Elsewhere { host } => Err(format!("it is on {host}")),
        }
    }

    /// The page of JSON at a route that refuses a wrong key, and accepts the one that only our server
    /// was told.
    ///
    /// # Errors
    /// How it shows that it is another server.
    pub(crate) async fn page_behind_key(&self, route: &str) -> Result<serde_json::Value, String> {
        let stranger = Self {
            api_key: "not-the-key",
            ..*self
        };
        match stranger.page(route, PAGE).await {
            Err(NoPage::Refused { status, .. }) if status == reqwest::StatusCode::UNAUTHORIZED => {}
            Err(fault @ NoPage::Unreachable(_)) => return Err(fault.to_string()),
            _ => return Err("it accepts a wrong API key".into()),
        }
        let page = self.page(route, PAGE).await;
        page.map_err(|fault| match fault {
            NoPage::Refused { status, .. } => format!("it answers {status} to our API key"),
            NoPage::Unreadable { what, .. } => format!("it does not tell its settings ({what})"),
            NoPage::Unreachable(what) => what,
        })
    }
}

fn group_of(pid: u32) -> Option<i32> {
    let pid = nix::unistd::Pid::from_raw(i32::try_from(pid).ok()?);
    Some(nix::unistd::getpgid(Some(pid)).ok()?.as_raw())
}

/// The cause at the bottom, which is the one that says something.
fn innermost(error: &dyn std::error::Error) -> String {
    let mut words = error.to_string();
    let mut next = error.source();
    while let Some(source) = next {
        words = source.to_string();
        next = source.source();
    }
    words
}

/// Waits for the route by which the server says that it is ready, then for the proof that it is ours, and
/// until the model is loaded where that takes a request; our own child still runs all the while.
pub(crate) async fn until_ready(
    process: &Process,
    server: &dyn Server,
    door: &Door<'_>,
    asked: &ToLoad<'_>,
) -> Result<Told, NotReady> {
    fail_point!(
        "engine::ready::asked",
        NotReady::NotLoaded(EngineError::at_fail_point(FailureCause::LoadTimeout))
    );
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
    fail_point!(
        "engine::ready::answered",
        NotReady::NotOurs("fail point".to_owned())
    );
    let told = match server.prove(door).await {
        // An engine that cannot have its port ends by itself: that tells more than the stranger.
        Err(what) => match tokio::time::timeout(Duration::from_secs(1), process.wait()).await {
            Ok(_) => return Err(NotReady::Ended),
            Err(_) => return Err(NotReady::NotOurs(what)),
        },
        Ok(_) if process.exited().is_some() => return Err(NotReady::Ended),
        Ok(told) => told,
    };
    fail_point!(
        "engine::ready::proved",
        NotReady::NotLoaded(EngineError::at_fail_point(FailureCause::Crash))
    );
    tokio::select! {
        biased;
        _ = process.wait() => Err(NotReady::Ended),
        told = server.load(door, asked, told) => told.map_err(NotReady::NotLoaded),
    }
}
