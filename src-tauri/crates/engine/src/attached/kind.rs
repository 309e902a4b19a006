//! Which server it is that runs already: one row each, with what shows it, how it is asked, and which of
//! its knobs a person can turn by hand.

use crate::catalogue::Catalogue;
use crate::described::SHIPPED;
use crate::protocol::{ImageForm, Length, OpenAi, OpenAiRoute, Protocol, Stay};
use crate::server::Server as _;
use crate::stable_diffusion::StableDiffusion;
use crate::vllm::Vllm;
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
    StableDiffusionCpp,
    /// The Stable Diffusion web interface, and what speaks its form.
    WebUi,
    /// A server of pictures that speaks like OpenAI: only the person can say that one is meant.
    OpenAiPictures,
    /// Anything else that speaks like OpenAI.
    Other,
}

/// How long a model stays loaded in the memory of a daemon that is the person's: longer than any pause between
/// windows.
pub(super) const STAY: Stay = Stay::Minutes(30);

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
pub(super) const SIGNS: [Sign; 8] = [
    // It speaks the web interface's form as well.
    Sign {
        kind: Kind::StableDiffusionCpp,
        route: "/sdcpp/v1/capabilities",
        pointer: "/defaults",
        version: "",
    },
    Sign {
        kind: Kind::WebUi,
        route: "/sdapi/v1/options",
        pointer: "/sd_model_checkpoint",
        version: "",
    },
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
    const ALL: [Self; 10] = [
        Self::LlamaCpp,
        Self::Sglang,
        Self::Tgi,
        Self::Ollama,
        Self::LmStudio,
        Self::Vllm,
        Self::StableDiffusionCpp,
        Self::WebUi,
        Self::OpenAiPictures,
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
            Self::StableDiffusionCpp => "stable-diffusion.cpp",
            Self::WebUi => "Stable Diffusion web interface",
            Self::OpenAiPictures => "OpenAI-compatible picture server",
            Self::Other => "OpenAI-compatible server",
        }
    }

    /// Whether its work is pictures.
    pub(super) fn draws(self) -> bool {
        matches!(self.protocol(), Protocol::Images(_))
    }

    /// The kind of a version line in a record.
    pub(super) fn of_version(line: &str) -> Self {
        let known = Self::ALL
            .into_iter()
            .find(|kind| line.starts_with(kind.label()));
        known.unwrap_or(Self::Other)
    }

    /// Of those that make pictures, which come first.
    pub(super) fn signs_of_pictures() -> &'static [Sign] {
        &SIGNS[..2]
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
            Self::Ollama => return Protocol::Ollama(STAY),
            Self::Tgi | Self::LmStudio | Self::Other => {
                (OpenAiRoute::Chat, json!({}), Length::AtMost)
            }
            Self::StableDiffusionCpp | Self::WebUi => return Protocol::Images(ImageForm::WebUi),
            Self::OpenAiPictures => return Protocol::Images(ImageForm::OpenAi),
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
            let found = SHIPPED.iter().find(|one| one.name() == name);
            found.map(|one| one.catalogue().clone()).unwrap_or_default()
        };
        match self {
            Self::LlamaCpp => Catalogue::shipped(include_str!("../llama_server/catalogue.toml")),
            Self::Sglang => described("sglang"),
            Self::Tgi => described("tgi"),
            Self::Vllm => Vllm.catalogue().clone(),
            Self::Ollama => Catalogue::shipped(include_str!("ollama.toml")),
            Self::StableDiffusionCpp => StableDiffusion.catalogue().clone(),
            Self::WebUi => Catalogue::shipped(include_str!("web-ui.toml")),
            Self::OpenAiPictures => Catalogue::shipped(include_str!("openai-pictures.toml")),
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
            include_str!("web-ui.toml"),
            include_str!("openai-pictures.toml"),
        ] {
            assert_eq!(Catalogue::parse(text).map(|_| ()), Ok(()));
        }
        for kind in [
            Kind::LlamaCpp,
            Kind::Sglang,
            Kind::Tgi,
            Kind::Vllm,
            Kind::Ollama,
            Kind::StableDiffusionCpp,
            Kind::WebUi,
            Kind::OpenAiPictures,
        ] {
            assert_ne!(kind.catalogue(), Catalogue::default(), "{kind:?}");
        }
    }
}
