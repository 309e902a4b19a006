//! Which server it is that runs already: one row each, with what shows it, how it is asked, and which of
//! its knobs a person can turn by hand.

use crate::catalogue::Catalogue;
use crate::described::shipped_texts;
use crate::protocol::{Length, OpenAi, OpenAiRoute, Protocol};
use serde_json::json;
use std::sync::Arc;

/// Servers that are told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    LlamaCpp,
    Sglang,
    Tgi,
    Ollama,
    LmStudio,
    Vllm,
    /// Anything else that speaks like OpenAI.
    Other,
}

/// What shows a kind.
pub(super) struct Sign {
    pub(super) kind: Kind,
    /// A page that it has.
    pub(super) route: &'static str,
    /// What is on that page.
    pub(super) pointer: &'static str,
    /// Where its version is told.
    pub(super) version: &'static str,
}

/// In the order in which they decide.
pub(super) const SIGNS: [Sign; 6] = [
    Sign {
        kind: Kind::LlamaCpp,
        route: "/props",
        pointer: "/default_generation_settings/n_ctx",
        version: "/build_info",
    },
    Sign {
        kind: Kind::Sglang,
        route: "/server_info",
        pointer: "/chunked_prefill_size",
        version: "/version",
    },
    Sign {
        kind: Kind::Tgi,
        route: "/info",
        pointer: "/max_total_tokens",
        version: "/version",
    },
    Sign {
        kind: Kind::Ollama,
        route: "/api/version",
        pointer: "/version",
        version: "/version",
    },
    Sign {
        kind: Kind::LmStudio,
        route: "/api/v0/models",
        pointer: "/data/0/compatibility_type",
        version: "",
    },
    Sign {
        kind: Kind::Vllm,
        route: "/version",
        pointer: "/version",
        version: "/version",
    },
];

impl Kind {
    const ALL: [Self; 7] = [
        Self::LlamaCpp,
        Self::Sglang,
        Self::Tgi,
        Self::Ollama,
        Self::LmStudio,
        Self::Vllm,
        Self::Other,
    ];

    /// As its version line begins.
    pub(super) fn label(self) -> &'static str {
        match self {
            Self::LlamaCpp => "llama.cpp",
            Self::Sglang => "SGLang",
            Self::Tgi => "TGI",
            Self::Ollama => "Ollama",
            Self::LmStudio => "LM Studio",
            Self::Vllm => "vLLM",
            Self::Other => "OpenAI-compatible server",
        }
    }

    /// The kind of a version line in a record.
    pub(super) fn of_version(line: &str) -> Self {
        let known = Self::ALL
            .into_iter()
            .find(|kind| line.starts_with(kind.label()));
        known.unwrap_or(Self::Other)
    }

    pub(super) fn sign(self) -> Option<&'static Sign> {
        SIGNS.iter().find(|sign| sign.kind == self)
    }

    /// How it is asked. Caches that a request can switch off are off: every request is whole work.
    pub(super) fn protocol(self) -> Protocol {
        let (route, fields, length) = match self {
            Self::LlamaCpp => (
                OpenAiRoute::Completions,
                json!({ "ignore_eos": true, "cache_prompt": false }),
                Length::Exact,
            ),
            Self::Vllm | Self::Sglang => (
                OpenAiRoute::Completions,
                json!({ "ignore_eos": true }),
                Length::Exact,
            ),
            Self::Tgi | Self::Ollama | Self::LmStudio | Self::Other => {
                (OpenAiRoute::Chat, json!({}), Length::AtMost)
            }
        };
        Protocol::OpenAi(Arc::new(OpenAi {
            route,
            fields: fields.as_object().cloned().unwrap_or_default(),
            length,
        }))
    }

    /// Its knobs, all of which are turned by hand.
    pub(super) fn catalogue(self) -> Catalogue {
        let described = |name: &str| {
            let mark = format!("name = \"{name}\"");
            let text = shipped_texts()
                .into_iter()
                .find(|text| text.contains(&mark));
            Catalogue::shipped(text.unwrap_or_default())
        };
        match self {
            Self::LlamaCpp => Catalogue::shipped(include_str!("../llama_server/catalogue.toml")),
            Self::Sglang => described("sglang"),
            Self::Tgi => described("tgi"),
            Self::Vllm => described("vllm"),
            Self::Ollama => Catalogue::shipped(include_str!("ollama.toml")),
            Self::LmStudio | Self::Other => Catalogue::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_is_found_again_by_its_version_line() {
        for kind in Kind::ALL {
            assert_eq!(Kind::of_version(&format!("{} 1.2", kind.label())), kind);
        }
        assert_eq!(Kind::of_version("something else"), Kind::Other);
    }

    #[test]
    fn the_knobs_of_every_kind_are_sound() {
        for text in [
            include_str!("../llama_server/catalogue.toml"),
            include_str!("ollama.toml"),
        ] {
            assert_eq!(Catalogue::parse(text).map(|_| ()), Ok(()));
        }
        for kind in [
            Kind::LlamaCpp,
            Kind::Sglang,
            Kind::Tgi,
            Kind::Vllm,
            Kind::Ollama,
        ] {
            assert_ne!(kind.catalogue(), Catalogue::default(), "{kind:?}");
        }
    }
}
