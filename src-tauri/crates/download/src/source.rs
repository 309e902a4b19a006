//! What a person names to be fetched.

use crate::error::DownloadError;
use crate::hub::Hub;
use reqwest::Url;
use wattsmith_domain::{masked, one_line};

/// Characters of a name that are shown.
const MOST_SHOWN: usize = 200;
/// Bytes of a file's name, with room for what is put behind it.
const MOST_NAME: usize = 200;

/// A file on some server.
#[derive(Clone, PartialEq, Eq)]
pub struct Source {
    url: Url,
    name: String,
    on_hub: bool,
}

impl Source {
    /// A file of the hub (`owner/repository/file.gguf`, the file perhaps in a folder), or an http(s) address.
    ///
    /// # Errors
    /// [`DownloadError::BadSource`] with how it is written.
    pub fn named(text: &str, hub: &Hub) -> Result<Self, DownloadError> {
        let text = text.trim();
        let bad = |what: &str| DownloadError::BadSource {
            text: one_line(&masked(text), MOST_SHOWN),
            what: what.to_owned(),
        };
        let url = match text.contains("://") {
            true => Url::parse(text).map_err(|_| bad("is no address."))?,
            false => hub.address_of(text).ok_or_else(|| {
                bad("is neither an address nor a file of the hub: write OWNER/REPOSITORY/FILE.gguf.")
            })?,
        };
        if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
            return Err(bad("must begin with http:// or https:// and name a host."));
        }
        let url = hub.file_of_page(url);
        let last = url
            .path_segments()
            .and_then(|mut parts| parts.next_back())
            .unwrap_or_default();
        let name = unescaped(last);
        if !is_plain(&name) {
            return Err(bad("names no file; its last part has to be FILE.gguf."));
        }
        Ok(Self {
            on_hub: hub.has(&url),
            name,
            url,
        })
    }

    /// The file's name.
    #[must_use]
    pub fn file_name(&self) -> &str {
        &self.name
    }

    /// The file of another name beside it, such as a further one of the same model.
    #[must_use]
    pub fn sibling(&self, name: &str) -> Self {
        let mut url = self.url.clone();
        if let Ok(mut parts) = url.path_segments_mut()
            && name != self.name
        {
            parts.pop().push(name);
        }
        Self {
            url,
            name: name.to_owned(),
            on_hub: self.on_hub,
        }
    }

    /// Its address without what lets somebody in.
    #[must_use]
    pub fn shown(&self) -> String {
        masked(self.url.as_str())
    }

    pub(crate) fn url(&self) -> &Url {
        &self.url
    }

    pub(crate) fn is_on_hub(&self) -> bool {
        self.on_hub
    }
}

/// Never shows what lets somebody in.
impl std::fmt::Debug for Source {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        to.debug_tuple("Source").field(&self.shown()).finish()
    }
}

/// A name that stays in its folder, is not hidden, and can be typed.
fn is_plain(name: &str) -> bool {
    let odd =
        |sign: char| sign.is_control() || matches!(sign, '/' | '\\' | '\u{202a}'..='\u{202e}');
    name.len() <= MOST_NAME
        && !name.starts_with(['.', '-'])
        && !name.contains(odd)
        && name.to_ascii_lowercase().ends_with(".gguf")
}

/// `%20` and its like as what they stand for; as it is where that is no text.
fn unescaped(part: &str) -> String {
    let mut bytes = Vec::with_capacity(part.len());
    let mut rest = part.as_bytes();
    while let [first, behind @ ..] = rest {
        let pair = behind
            .get(..2)
            .and_then(|pair| std::str::from_utf8(pair).ok());
        let byte = pair
            .filter(|_| *first == b'%')
            .and_then(|pair| u8::from_str_radix(pair, 16).ok());
        bytes.push(byte.unwrap_or(*first));
        rest = if byte.is_some() { &behind[2..] } else { behind };
    }
    String::from_utf8(bytes).unwrap_or_else(|_| part.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(text: &str) -> Result<Source, DownloadError> {
        Source::named(text, &Hub::at("https://hub.example").unwrap())
    }

    #[test]
    fn a_file_of_the_hub_is_named_by_owner_repository_and_file() {
        let source = named(" some-one/Tiny_1.5-GGUF/q4/tiny-q4.gguf ").unwrap();
        assert_eq!(source.file_name(), "tiny-q4.gguf");
        assert_eq!(
            source.shown(),
            "https://hub.example/some-one/Tiny_1.5-GGUF/resolve/main/q4/tiny-q4.gguf"
        );
        assert!(source.is_on_hub());
        // The page of a file is what people copy.
        let page = named("https://hub.example/a/b/blob/main/c.gguf").unwrap();
        assert_eq!(page.shown(), "https://hub.example/a/b/resolve/main/c.gguf");
    }

    #[test]
    fn an_address_is_shown_without_what_lets_somebody_in() {
        let source =
            named("https://sam:planted@h:8080/d/My%20Model.gguf?token=planted&x=1").unwrap();
        assert_eq!(source.file_name(), "My Model.gguf");
        assert!(!source.is_on_hub());
        let shown = format!("{} {source:?}", source.shown());
        assert!(!shown.contains("planted"), "{shown}");
        assert!(shown.contains("x=1"), "{shown}");
    }

    #[test]
    fn a_further_file_lies_beside_it_with_the_same_query() {
        let first = named("https://h/d/My-00001-of-00002.gguf?x=1").unwrap();
        let second = first.sibling("My-00002-of-00002.gguf");
        assert_eq!(second.shown(), "https://h/d/My-00002-of-00002.gguf?x=1");
        assert_eq!(second.file_name(), "My-00002-of-00002.gguf");
        assert_eq!(first.sibling(first.file_name()), first);
    }

    #[test]
    fn what_names_no_file_is_refused_with_how_it_is_written() {
        for (text, words) in [
            ("", "OWNER/REPOSITORY"),
            ("tiny.gguf", "OWNER/REPOSITORY"),
            ("a/b", "OWNER/REPOSITORY"),
            ("a/../b.gguf", "OWNER/REPOSITORY"),
            ("a/b/c d.gguf", "OWNER/REPOSITORY"),
            ("a/b/notes.txt", "FILE.gguf"),
            ("ftp://h/a.gguf", "http://"),
            ("https://h/", "FILE.gguf"),
            ("https://h/.gguf", "FILE.gguf"),
            ("https://h/a%2Fb.gguf", "FILE.gguf"),
            ("https://h/..%2f..%2fb.gguf", "FILE.gguf"),
            ("https://h/a%0Ab.gguf", "FILE.gguf"),
            ("https://u:planted@/a.gguf", "no address"),
        ] {
            let said = named(text).unwrap_err().to_string();
            assert!(said.contains(words), "{text}: {said}");
            assert!(!said.contains("planted"), "{said}");
        }
    }
}
