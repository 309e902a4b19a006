//! How a chat LLM is reached, and what its tokens cost.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// Whose way of speaking a chat server has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Provider {
    /// OpenAI, and every server that speaks its chat completions.
    OpenAi,
    /// Anthropic's messages.
    Anthropic,
    /// Google's Gemini.
    Gemini,
    /// Ollama's own interface.
    Ollama,
}

impl Provider {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::OpenAi, Self::Anthropic, Self::Gemini, Self::Ollama];

    /// The word used on the command line.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::OpenAi => "openai",
            Self::Anthropic => "anthropic",
            Self::Gemini => "gemini",
            Self::Ollama => "ollama",
        }
    }

    /// Where it is found when nobody says otherwise.
    #[must_use]
    pub fn usual_base_url(self) -> &'static str {
        match self {
            Self::OpenAi => "https://api.openai.com/v1",
            Self::Anthropic => "https://api.anthropic.com/v1",
            Self::Gemini => "https://generativelanguage.googleapis.com/v1beta",
            Self::Ollama => "http://127.0.0.1:11434",
        }
    }
}

impl fmt::Display for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.label())
    }
}

impl FromStr for Provider {
    type Err = String;
    fn from_str(word: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|provider| provider.label() == word)
            .ok_or_else(|| {
                format!(
                    "there is no provider called {word}; choose openai, anthropic, gemini or ollama"
                )
            })
    }
}

/// How a chat LLM is reached. Never holds a key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "connection", rename_all = "kebab-case")]
pub enum Connection {
    /// A GGUF file through llama-server, on this machine.
    Local {
        /// The model file.
        model: String,
    },
    /// Any server that speaks OpenAI's chat completions.
    OpenAi {
        /// Such as `https://host/v1`.
        base_url: String,
        /// The model's name there.
        model: String,
    },
    /// Anthropic's messages.
    Anthropic {
        /// Such as `https://host/v1`.
        base_url: String,
        /// The model's name there.
        model: String,
    },
    /// Google's Gemini.
    Gemini {
        /// Such as `https://host/v1beta`.
        base_url: String,
        /// The model's name there.
        model: String,
    },
    /// Ollama's own interface.
    Ollama {
        /// Such as `http://127.0.0.1:11434`.
        base_url: String,
        /// The model's name there.
        model: String,
    },
    /// The person carries prompt and reply to and from any chat.
    Paste,
}

impl Connection {
    /// A model on a provider's server.
    #[must_use]
    pub fn server(provider: Provider, base_url: &str, model: &str) -> Self {
        let (base_url, model) = (base_url.to_owned(), model.to_owned());
        match provider {
            Provider::OpenAi => Self::OpenAi { base_url, model },
            Provider::Anthropic => Self::Anthropic { base_url, model },
            Provider::Gemini => Self::Gemini { base_url, model },
            Provider::Ollama => Self::Ollama { base_url, model },
        }
    }

    /// Provider, base URL and model, where it is a server.
    #[must_use]
    pub fn as_server(&self) -> Option<(Provider, &str, &str)> {
        let (provider, base_url, model) = match self {
            Self::Local { .. } | Self::Paste => return None,
            Self::OpenAi { base_url, model } => (Provider::OpenAi, base_url, model),
            Self::Anthropic { base_url, model } => (Provider::Anthropic, base_url, model),
            Self::Gemini { base_url, model } => (Provider::Gemini, base_url, model),
            Self::Ollama { base_url, model } => (Provider::Ollama, base_url, model),
        };
        Some((provider, base_url, model))
    }

    /// The address, where it is a server: for the last look at a record before it leaves.
    pub fn base_url_mut(&mut self) -> Option<&mut String> {
        match self {
            Self::Local { .. } | Self::Paste => None,
            Self::OpenAi { base_url, .. }
            | Self::Anthropic { base_url, .. }
            | Self::Gemini { base_url, .. }
            | Self::Ollama { base_url, .. } => Some(base_url),
        }
    }

    /// Whether what is sent leaves this machine by Wattsmith's own hand.
    #[must_use]
    pub fn is_remote(&self) -> bool {
        let Some((_, base_url, _)) = self.as_server() else {
            return false;
        };
        let host = base_url
            .split_once("://")
            .map_or(base_url, |(_, rest)| rest);
        let host = host.split('/').next().unwrap_or_default();
        let host = host.rsplit('@').next().unwrap_or_default();
        !(host == "localhost"
            || host.starts_with("localhost:")
            || host == "127.0.0.1"
            || host.starts_with("127.0.0.1:")
            || host == "[::1]"
            || host.starts_with("[::1]:"))
    }

    /// Short name for the screen.
    #[must_use]
    pub fn label(&self) -> String {
        match self {
            Self::Local { model } => {
                let name = model.rsplit(['/', '\\']).next().unwrap_or(model);
                format!("local · {}", name.trim_end_matches(".gguf"))
            }
            Self::Paste => "copy and paste".to_owned(),
            Self::OpenAi { model, .. }
            | Self::Anthropic { model, .. }
            | Self::Gemini { model, .. }
            | Self::Ollama { model, .. } => model.clone(),
        }
    }
}

/// What a model's tokens cost, as the person entered it: in the currency of their bill, per 10⁶
/// tokens. Prices change too often to be built in.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Price {
    /// Per 10⁶ tokens of the prompt; finite, 0 or more.
    pub input_per_million: f64,
    /// Per 10⁶ tokens of the reply, reasoning included; finite, 0 or more.
    pub output_per_million: f64,
}

impl Price {
    /// What so many tokens cost.
    #[must_use]
    pub fn of(self, input_tokens: u64, output_tokens: u64) -> f64 {
        (input_tokens as f64 * self.input_per_million
            + output_tokens as f64 * self.output_per_million)
            / 1e6
    }

    /// Whether both figures can be a price.
    #[must_use]
    pub fn is_valid(self) -> bool {
        [self.input_per_million, self.output_per_million]
            .iter()
            .all(|figure| figure.is_finite() && *figure >= 0.0)
    }
}

/// What an exchange cost, in the currency of the price.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Cost {
    /// The amount.
    pub amount: f64,
    /// Whether tokens were guessed from the text, because the server did not count them (a reply
    /// that broke off, say).
    pub estimated: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_loopback_servers_count_as_this_machine() {
        for provider in Provider::ALL {
            let remote = |url: &str| Connection::server(provider, url, "m").is_remote();
            assert!(!remote("http://127.0.0.1:8080/v1"));
            assert!(!remote("http://localhost/v1"));
            assert!(!remote("http://[::1]:9/v1"));
            assert!(remote("https://example.com/v1"));
            assert!(remote("http://127.0.0.1.example.com/v1"));
            assert!(remote("http://127.0.0.1:80@example.com/v1"));
        }
    }

    #[test]
    fn a_connection_keeps_its_three_parts_and_its_stored_form() {
        for provider in Provider::ALL {
            let connection = Connection::server(provider, "https://host/v1", "m");
            assert_eq!(
                connection.as_server(),
                Some((provider, "https://host/v1", "m"))
            );
            assert_eq!(provider.label().parse(), Ok(provider));
            let stored = serde_json::to_string(&connection).unwrap_or_default();
            assert_eq!(serde_json::from_str(&stored).ok(), Some(connection));
        }
        // As older versions wrote it.
        let stored = r#"{"connection":"open-ai","base_url":"u","model":"m"}"#;
        let read: Option<Connection> = serde_json::from_str(stored).ok();
        assert_eq!(read, Some(Connection::server(Provider::OpenAi, "u", "m")));
    }

    #[test]
    fn a_price_is_per_million_tokens() {
        let price = Price {
            input_per_million: 2.0,
            output_per_million: 10.0,
        };
        assert!((price.of(500_000, 100_000) - 2.0).abs() < 1e-12);
        assert!(price.is_valid());
        let odd = Price {
            input_per_million: f64::NAN,
            ..price
        };
        assert!(!odd.is_valid());
    }
}
