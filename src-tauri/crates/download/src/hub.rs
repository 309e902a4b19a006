//! The model hub: where it is, and what it tells of a file before it is fetched.

use crate::check::is_sha256;
use crate::client::{Client, broken, refused};
use crate::error::DownloadError;
use reqwest::Url;
use reqwest::header::{HeaderMap, LOCATION};

/// Where it is unless somebody says otherwise.
const USUAL: &str = "https://huggingface.co";
/// The variable that names another address; `scripts/fetch-assets` reads the same.
const VARIABLE: &str = "HF_ENDPOINT";
/// Moved files that are followed one after the other.
const MOST_MOVES: usize = 5;

/// The hub, or a mirror of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hub(Url);

/// What the hub tells of a file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Told {
    /// Of the whole file, where it is kept as a large one.
    pub sha256: Option<String>,
    /// Its size.
    pub bytes: Option<u64>,
}

impl Hub {
    /// The one that `HF_ENDPOINT` names, else the official one.
    ///
    /// # Errors
    /// The variable holds no address.
    pub fn of_environment() -> Result<Self, DownloadError> {
        match std::env::var(VARIABLE) {
            Ok(address) if !address.trim().is_empty() => Self::at(&address),
            _ => Self::at(USUAL),
        }
    }

    /// At an address.
    ///
    /// # Errors
    /// [`DownloadError::BadSource`].
    pub fn at(address: &str) -> Result<Self, DownloadError> {
        let bad = || DownloadError::BadSource {
            text: wattsmith_domain::masked(address),
            what: format!("in {VARIABLE} is no address of a hub; write it as https://HOST."),
        };
        let url = Url::parse(address.trim().trim_end_matches('/')).map_err(|_| bad())?;
        let usable = matches!(url.scheme(), "http" | "https") && url.host_str().is_some();
        usable.then_some(Self(url)).ok_or_else(bad)
    }

    /// The address of `owner/repository/file`; none where it is not that.
    pub(crate) fn address_of(&self, text: &str) -> Option<Url> {
        let parts: Vec<&str> = text.split('/').collect();
        let sound = |part: &&str| {
            let known = |sign: char| sign.is_ascii_alphanumeric() || "._-+".contains(sign);
            !part.is_empty() && part.chars().all(known) && !part.starts_with('.')
        };
        let [owner, repository, file @ ..] = parts.as_slice() else {
            return None;
        };
        if file.is_empty() || !parts.iter().all(sound) {
            return None;
        }
        let mut url = self.0.clone();
        url.path_segments_mut()
            .ok()?
            .pop_if_empty()
            .extend([*owner, *repository, "resolve", "main"])
            .extend(file);
        Some(url)
    }

    /// The file, where an address is that of the page about it.
    pub(crate) fn file_of_page(&self, mut url: Url) -> Url {
        let path = url.path().to_owned();
        let parts: Vec<&str> = path.split('/').collect();
        if self.has(&url) && parts.get(3) == Some(&"blob") {
            url.set_path(&path.replacen("/blob/", "/resolve/", 1));
        }
        url
    }

    /// Whether an address is the hub's.
    pub(crate) fn has(&self, url: &Url) -> bool {
        url.origin() == self.0.origin()
    }

    /// Asks for a file's size and hash. Files that moved inside the hub are followed; where it hands over to
    /// another server it has told already.
    pub(crate) async fn ask(&self, client: &Client, url: &Url) -> Result<Told, DownloadError> {
        let mut url = url.clone();
        for _ in 0..MOST_MOVES {
            let answer = client
                .unmoved()
                .head(url.clone())
                .send()
                .await
                .map_err(|error| broken(&url, error))?;
            let (status, told) = (answer.status(), told(answer.headers()));
            if told.sha256.is_some() || status.is_success() {
                return Ok(told);
            }
            let next = answer.headers().get(LOCATION);
            let next = next.and_then(|next| url.join(next.to_str().ok()?).ok());
            match next {
                Some(next) if status.is_redirection() && self.has(&next) => url = next,
                Some(_) if status.is_redirection() => return Ok(told),
                _ => return Err(refused(&url, &answer)),
            }
        }
        Ok(Told::default())
    }
}

/// The hub names a large file by its SHA-256; what it names otherwise is no hash of the content.
fn told(headers: &HeaderMap) -> Told {
    let text = |name: &str| headers.get(name)?.to_str().ok();
    let sha256 = text("x-linked-etag")
        .map(|tag| {
            tag.trim_start_matches("W/")
                .trim_matches('"')
                .to_ascii_lowercase()
        })
        .filter(|tag| is_sha256(tag));
    Told {
        sha256,
        bytes: text("x-linked-size").and_then(|bytes| bytes.parse().ok()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_hash_of_a_large_file_is_taken_for_one() {
        let heard = |tag: &str| {
            let mut headers = HeaderMap::new();
            headers.insert("x-linked-etag", tag.parse().unwrap());
            headers.insert("x-linked-size", "12".parse().unwrap());
            told(&headers)
        };
        let hash = "AB".repeat(32);
        assert_eq!(heard(&format!("\"{hash}\"")).sha256, Some("ab".repeat(32)));
        assert_eq!(
            heard("\"0123456789abcdef0123456789abcdef01234567\"").sha256,
            None
        );
        assert_eq!(heard("x").bytes, Some(12));
        assert_eq!(told(&HeaderMap::new()), Told::default());
    }

    #[test]
    fn a_mirror_may_lie_in_a_folder_and_what_is_no_address_is_refused() {
        let hub = Hub::at("http://127.0.0.1:81/mirror/").unwrap();
        let url = hub.address_of("a/b/c.gguf").unwrap();
        assert_eq!(
            url.as_str(),
            "http://127.0.0.1:81/mirror/a/b/resolve/main/c.gguf"
        );
        let said = Hub::at("hub.example").unwrap_err().to_string();
        assert!(said.contains("HF_ENDPOINT"), "{said}");
    }
}
