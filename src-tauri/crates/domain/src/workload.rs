//! What the engine is asked to do while it is measured: always the same work.

use crate::arrivals::Arrivals;
use crate::own_work::OwnWork;
use crate::work_unit::WorkUnit;
use serde::{Deserialize, Serialize};

/// A fixed piece of work. Client concurrency belongs here and is never tuned.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Workload {
    /// Short name, such as `chat`.
    pub name: String,
    /// SHA-256 of the prompts and of every field below, in hex: equal hashes are equal work.
    pub hash: String,
    /// Requests in one pass.
    pub requests: u32,
    /// Clients that send requests at the same time; where requests come by the clock or all at once, the
    /// requests of a pass, which may all be open together.
    pub concurrency: u32,
    /// Tokens generated for each request, exactly (`ignore_eos`); of work of one's own the most of any;
    /// 0 where it is pictures.
    pub output_tokens: u32,
    /// Whole passes over the requests in one measured window.
    pub passes: u32,
    /// Sampling seed of every request; pictures have a list of their own.
    pub seed: u32,
    /// What is counted.
    pub unit: WorkUnit,
    /// Which pictures, where it is pictures.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pictures: Option<PictureTask>,
    /// Which of the shipped prompts.
    #[serde(default, skip_serializing_if = "Prompts::is_chat")]
    pub prompts: Prompts,
    /// When requests are sent.
    #[serde(default, skip_serializing_if = "Arrivals::is_clients")]
    pub arrivals: Arrivals,
    /// The person's own file in place of shipped prompts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub own: Option<OwnWork>,
}

/// A set of shipped prompts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Prompts {
    /// Short questions, as of a person who chats.
    #[default]
    Chat,
    /// Tasks for a programmer.
    Code,
    /// Long texts with a question at the end.
    Long,
}

impl Prompts {
    /// Whether it is the set of before there were others.
    #[must_use]
    pub fn is_chat(&self) -> bool {
        *self == Self::Chat
    }
}

/// Which pictures a workload asks for. Each request is one prompt with every seed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PictureTask {
    /// In the order in which requests use them.
    pub prompts: Vec<String>,
    /// One picture of every prompt for each, at every configuration the same.
    pub seeds: Vec<u32>,
    /// Pixels.
    pub width: u32,
    /// Pixels.
    pub height: u32,
    /// Denoising steps, where no setting says otherwise.
    pub steps: u32,
    /// The server's name of it; `model` is what the model brings.
    pub sampler: String,
    /// Guidance scale (cfg), where no setting says otherwise; 1 and less is none.
    pub guidance: f64,
}

impl Workload {
    /// Units of work in one measured window.
    #[must_use]
    pub fn window_units(&self) -> u64 {
        let pass = match (&self.pictures, &self.own) {
            (Some(task), _) => u64::from(self.requests) * task.seeds.len() as u64,
            (None, Some(own)) => own.output_tokens,
            (None, None) => u64::from(self.requests) * u64::from(self.output_tokens),
        };
        pass * u64::from(self.passes)
    }

    /// What each request asks for, such as `64 tokens out`, `16 to 64 tokens out` or
    /// `4 images of 64 × 64 out`.
    #[must_use]
    pub fn each(&self) -> String {
        match &self.pictures {
            None => format!("{} out", self.answers_in_words("tokens")),
            Some(task) => format!("{} out", task.in_words()),
        }
    }

    /// How long answers are, such as `64 tokens` or `16 to 64 tokens`, with that noun.
    #[must_use]
    pub fn answers_in_words(&self, noun: &str) -> String {
        match self.own.as_ref().map(|own| own.shortest_answer) {
            Some(shortest) if shortest < self.output_tokens => {
                format!("{shortest} to {} {noun}", self.output_tokens)
            }
            _ => format!("{} {noun}", self.output_tokens),
        }
    }

    /// Whether both are the same requests sent in the same way: how often a window goes through them is
    /// a matter of its length and not of the work, and so is a file's place.
    #[must_use]
    pub fn is_same_work(&self, other: &Self) -> bool {
        self.kind() == other.kind()
    }

    /// The work without what may differ from one machine or window to another.
    fn kind(&self) -> Self {
        let own = self.own.as_ref().map(|own| OwnWork {
            path: String::new(),
            prompt_tokens: None,
            ..own.clone()
        });
        Self {
            // A file that was given another name is the same work.
            name: match own {
                Some(_) => String::new(),
                None => self.name.clone(),
            },
            hash: String::new(),
            passes: 1,
            own,
            ..self.clone()
        }
    }

    /// Whether one pass may be done several times to fill a window: a size that the person said is taken
    /// as it is.
    #[must_use]
    pub fn may_be_repeated(&self) -> bool {
        self.own.is_some() || self.name != Self::OF_OWN_SIZE
    }

    /// The name of shipped work in a size of the person's own.
    pub const OF_OWN_SIZE: &str = "custom";
}

impl PictureTask {
    /// Such as `4 images of 64 × 64`.
    #[must_use]
    pub fn in_words(&self) -> String {
        let (many, s) = match self.seeds.len() {
            1 => (1, ""),
            many => (many, "s"),
        };
        format!("{many} image{s} of {} × {}", self.width, self.height)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::own_work::AnswerLengths;

    #[test]
    fn work_of_before_is_read_and_written_as_it_was() {
        let old = r#"{"name":"chat","hash":"00","requests":32,"concurrency":8,"output_tokens":64,"passes":2,"seed":1,"unit":"output-token"}"#;
        let work: Workload = serde_json::from_str(old).unwrap();
        assert_eq!(work.pictures, None);
        assert_eq!(
            (work.window_units(), work.each().as_str()),
            (4096, "64 tokens out")
        );
        assert_eq!(serde_json::to_string(&work).unwrap(), old);
    }

    #[test]
    fn pictures_are_counted_by_prompt_and_seed() {
        let task = PictureTask {
            prompts: vec!["a".to_owned(), "b".to_owned()],
            seeds: vec![1, 2, 3],
            width: 64,
            height: 32,
            steps: 4,
            sampler: "model".to_owned(),
            guidance: 7.5,
        };
        let work = Workload {
            name: "pictures".to_owned(),
            hash: String::new(),
            requests: 2,
            concurrency: 1,
            output_tokens: 0,
            passes: 5,
            seed: 0,
            unit: WorkUnit::Image,
            pictures: Some(task),
            prompts: Prompts::Chat,
            arrivals: Arrivals::Clients,
            own: None,
        };
        assert_eq!(work.window_units(), 30);
        assert_eq!(work.each(), "3 images of 64 × 32 out");
    }

    fn own(sha256: &str) -> Workload {
        let old = r#"{"name":"mine.jsonl","hash":"00","requests":3,"concurrency":2,"output_tokens":64,"passes":2,"seed":1,"unit":"output-token"}"#;
        Workload {
            own: Some(OwnWork {
                path: "/home/sam/mine.jsonl".to_owned(),
                sha256: sha256.to_owned(),
                entries: 5,
                chats: 1,
                lengths: AnswerLengths::FromData { otherwise: 64 },
                shortest_answer: 16,
                output_tokens: 100,
                prompt_tokens: None,
            }),
            ..serde_json::from_str(old).unwrap()
        }
    }

    #[test]
    fn answers_of_different_lengths_are_counted_one_by_one() {
        assert_eq!(own("aa").window_units(), 200);
        assert_eq!(own("aa").each(), "16 to 64 tokens out");
    }

    #[test]
    fn own_work_is_the_same_by_its_hash_and_not_by_its_name_or_place() {
        let mut moved = own("aa");
        moved.name = "renamed.jsonl".to_owned();
        moved.passes = 7;
        if let Some(own) = &mut moved.own {
            own.path = "elsewhere".to_owned();
            own.prompt_tokens = Some(12);
        }
        assert!(moved.is_same_work(&own("aa")));
        assert!(!own("aa").is_same_work(&own("bb")));
        let mut timed = own("aa");
        timed.arrivals = Arrivals::Timestamps;
        assert!(!timed.is_same_work(&own("aa")));
        let mut shipped = own("aa");
        shipped.own = None;
        assert!(!shipped.is_same_work(&own("aa")));
    }
}
