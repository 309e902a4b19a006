//! Addresses of servers in one form, so that a key is found and a prompt goes where it should.

use crate::connection::ChatError;
use reqwest::Url;
use wattsmith_domain::Provider;

/// Paths of calls, which people copy along with an address.
const CALLS: [&str; 4] = ["/chat/completions", "/messages", "/models", "/api/chat"];

/// One form for all ways to write a server's address: no call's path, no slash at the end, the
/// provider's usual path where none was given.
///
/// # Errors
/// [`ChatError::BadAddress`] for what is no http(s) address, or one with a password in it.
pub fn normal_base_url(provider: Provider, address: &str) -> Result<String, ChatError> {
    let address = address.trim();
    let bad = |what: &str| ChatError::BadAddress {
        // What stands before an @ may be a password.
        url: address.rsplit('@').next().unwrap_or(address).to_owned(),
        what: what.to_owned(),
    };
    let url = Url::parse(address).map_err(|error| bad(&error.to_string()))?;
    if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
        return Err(bad(
            "it must begin with http:// or https:// and name a host",
        ));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(bad("a name or key does not belong into it"));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(bad("a ? or # does not belong into it"));
    }
    let path = url.path().trim_end_matches('/');
    let path = CALLS
        .iter()
        .find_map(|call| path.strip_suffix(call))
        .unwrap_or(path);
    let path = match (provider, path) {
        (Provider::OpenAi | Provider::Anthropic, "") => "/v1",
        (Provider::Gemini, "") => "/v1beta",
        // Its likeness of OpenAI's interface lies below the same host.
        (Provider::Ollama, "/v1" | "/api") => "",
        (_, path) => path,
    };
    Ok(format!("{}{path}", url.origin().ascii_serialization()))
}

/// Whether a server is on this machine.
pub(crate) fn is_loopback(url: &Url) -> bool {
    match url.host_str() {
        Some("localhost" | "[::1]") => true,
        Some(host) => host
            .parse::<std::net::Ipv4Addr>()
            .is_ok_and(|address| address.is_loopback()),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_come_into_one_form() {
        for written in [
            "https://Host.example",
            "https://host.example/",
            " https://host.example:443/v1/ ",
            "https://host.example/v1/chat/completions",
        ] {
            assert_eq!(
                normal_base_url(Provider::OpenAi, written).unwrap(),
                "https://host.example/v1"
            );
        }
        assert_eq!(
            normal_base_url(Provider::OpenAi, "http://[::1]:8080/api").unwrap(),
            "http://[::1]:8080/api"
        );
    }

    #[test]
    fn every_provider_has_its_own_path_and_its_usual_address_is_in_normal_form() {
        for provider in Provider::ALL {
            let usual = provider.usual_base_url();
            assert_eq!(normal_base_url(provider, usual).unwrap(), usual);
        }
        let of = |provider, written| normal_base_url(provider, written).unwrap();
        assert_eq!(of(Provider::Gemini, "https://h"), "https://h/v1beta");
        assert_eq!(
            of(Provider::Anthropic, "https://h/v1/messages"),
            "https://h/v1"
        );
        for written in ["http://h:1/", "http://h:1/v1", "http://h:1/api/chat"] {
            assert_eq!(of(Provider::Ollama, written), "http://h:1");
        }
    }

    #[test]
    fn addresses_that_cannot_be_used_say_why_and_hide_passwords() {
        for written in [
            "",
            "host/v1",
            "ftp://host/v1",
            "file:///etc",
            "https://u:hunter2@host/v1",
            "https://host/v1?key=1",
        ] {
            let error = normal_base_url(Provider::OpenAi, written)
                .unwrap_err()
                .to_string();
            assert!(error.contains("https://host/v1"), "{error}");
            assert!(!error.contains("hunter2"), "{error}");
        }
    }

    #[test]
    fn only_this_machine_is_loopback() {
        let loopback = |url: &str| is_loopback(&Url::parse(url).unwrap());
        assert!(loopback("http://127.0.0.1:1/v1"));
        assert!(loopback("http://localhost/v1"));
        assert!(loopback("http://[::1]:8/v1"));
        assert!(!loopback("http://10.0.0.1/v1"));
        assert!(!loopback("http://127.0.0.1.example.com/v1"));
    }
}
