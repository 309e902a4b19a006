//! What the engine is asked to do while it is measured: always the same work.

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
    /// Clients that send requests at the same time.
    pub concurrency: u32,
    /// Tokens generated for each request, exactly (`ignore_eos`); 0 where it is pictures.
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
        let each = match &self.pictures {
            Some(task) => task.seeds.len() as u64,
            None => u64::from(self.output_tokens),
        };
        u64::from(self.requests) * each * u64::from(self.passes)
    }

    /// What each request asks for, such as `64 tokens out` or `4 images of 64 × 64 out`.
    #[must_use]
    pub fn each(&self) -> String {
        match &self.pictures {
            None => format!("{} tokens out", self.output_tokens),
            Some(task) => format!("{} out", task.in_words()),
        }
    }
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
        };
        assert_eq!(work.window_units(), 30);
        assert_eq!(work.each(), "3 images of 64 × 32 out");
    }
}
