//! How servers are asked, and words for what went wrong.

use crate::error::DownloadError;
use reqwest::header::RETRY_AFTER;
use reqwest::redirect::{Attempt, Policy};
use reqwest::{ClientBuilder, Response, StatusCode, Url};
use std::error::Error as _;
use std::time::Duration;
use wattsmith_domain::masked;

/// Servers that hand over one to the next.
const MOST_MOVES: usize = 10;
/// The longest that a server is left alone by its own wish.
const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// How long servers are waited for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Patience {
    /// For a connection.
    pub connect: Duration,
    /// Without a byte, until a connection counts as dead.
    pub stall: Duration,
    /// How often in a row a cut connection is taken up again without a byte coming.
    pub tries: u32,
    /// Before the first of these; twice as long before each next one.
    pub pause: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(15),
            stall: Duration::from_secs(30),
            tries: 5,
            pause: Duration::from_secs(1),
        }
    }
}

/// Two ways to ask: with moves followed, and to see the first answer.
pub(crate) struct Client {
    moving: reqwest::Client,
    unmoved: reqwest::Client,
}

impl Client {
    pub(crate) fn new(patience: &Patience, url: &Url) -> Result<Self, DownloadError> {
        let made = |policy: Policy| {
            builder(patience, url)
                .redirect(policy)
                .build()
                .map_err(|error| broken(url, error))
        };
        Ok(Self {
            moving: made(Policy::custom(moved))?,
            unmoved: made(Policy::none())?,
        })
    }

    pub(crate) fn moving(&self) -> &reqwest::Client {
        &self.moving
    }

    pub(crate) fn unmoved(&self) -> &reqwest::Client {
        &self.unmoved
    }
}

fn builder(patience: &Patience, url: &Url) -> ClientBuilder {
    let builder = reqwest::Client::builder()
        .connect_timeout(patience.connect)
        .read_timeout(patience.stall)
        .user_agent(concat!("wattsmith/", env!("CARGO_PKG_VERSION")));
    let here = match url.host_str() {
        Some("localhost" | "[::1]") => true,
        Some(host) => host
            .parse::<std::net::Ipv4Addr>()
            .is_ok_and(|address| address.is_loopback()),
        None => false,
    };
    match here && url.scheme() == "http" {
        // No certificates are needed, so a machine without any can still reach its own server.
        true => builder.no_proxy().tls_certs_only([]),
        false => builder,
    }
}

/// Nobody hands over from an encrypted to an open connection.
fn moved(attempt: Attempt<'_>) -> reqwest::redirect::Action {
    let was_secret = attempt.previous().iter().any(|url| url.scheme() == "https");
    if was_secret && attempt.url().scheme() != "https" {
        return attempt.error("it leads from an encrypted to an open connection");
    }
    match attempt.previous().len() > MOST_MOVES {
        true => attempt.error("it leads from one server to the next without an end"),
        false => attempt.follow(),
    }
}

/// A connection that failed; perhaps it does not the next time.
pub(crate) fn broken(url: &Url, error: reqwest::Error) -> DownloadError {
    let why = match error.is_timeout() {
        true => "it did not answer, or stopped sending".to_owned(),
        false => in_words(error),
    };
    cut(url, why)
}

pub(crate) fn cut(url: &Url, why: impl Into<String>) -> DownloadError {
    DownloadError::Broken {
        address: masked(url.as_str()),
        why: masked(&why.into()),
        wait: None,
    }
}

/// An answer that is no file.
pub(crate) fn refused(url: &Url, answer: &Response) -> DownloadError {
    let (address, status) = (masked(url.as_str()), answer.status());
    if status.is_server_error()
        || matches!(
            status,
            StatusCode::TOO_MANY_REQUESTS | StatusCode::REQUEST_TIMEOUT
        )
    {
        let wait = answer.headers().get(RETRY_AFTER);
        let wait = wait.and_then(|wait| wait.to_str().ok()?.parse().ok());
        return DownloadError::Broken {
            address,
            why: format!("the server answered with status {}", status.as_u16()),
            wait: wait.map(|s| Duration::from_secs(s).min(LONGEST_WAIT)),
        };
    }
    let advice = match status.as_u16() {
        401 | 403 => {
            "The server wants to know who asks: fetch the file by hand, perhaps after agreeing to its licence there, \
             and put it into a folder of models."
        }
        404 | 410 => "There is no such file: check owner, repository and the file's name.",
        _ => "Check the address.",
    };
    DownloadError::Refused {
        address,
        status: status.as_u16(),
        advice,
    }
}

/// The innermost cause says what happened; the outer ones only where, and may hold the whole address.
fn in_words(error: reqwest::Error) -> String {
    let error = error.without_url();
    let mut words = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        words = inner.to_string();
        cause = inner.source();
    }
    words
}
