//! Workloads of pictures: prompts that ship with the app or the person's own, each with a fixed list of
//! seeds.

use super::workload::hashed;
use std::sync::OnceLock;
use wattsmith_domain::{Arrivals, PictureTask, Prompts, WorkUnit, Workload};

/// The first of the shipped seeds; the others follow it.
const SEED: u32 = 20_260;

fn prompts() -> &'static [String] {
    static PROMPTS: OnceLock<Vec<String>> = OnceLock::new();
    PROMPTS.get_or_init(|| {
        // The file is part of the program and parsed by a test.
        serde_json::from_str(include_str!("../../data/picture-prompts.json")).unwrap_or_default()
    })
}

/// The shipped workloads of pictures; the first is the one to take when nobody says anything.
///
/// - `pictures`: 512 × 512 in 20 steps, for models of full size; its short form has fewer pictures;
/// - `pictures-small`: 64 × 64 in 8 steps, for tiny ones.
///
/// One client: servers of pictures work on one request at a time.
#[must_use]
pub fn picture_workloads() -> Vec<Workload> {
    let task = |prompts: usize, seeds: u32, side, steps| PictureTask {
        prompts: self::prompts().iter().take(prompts).cloned().collect(),
        seeds: (SEED..SEED + seeds).collect(),
        width: side,
        height: side,
        steps,
        sampler: "model".to_owned(),
        guidance: 7.5,
    };
    vec![
        picture_workload("pictures", task(4, 4, 512, 20)),
        picture_workload("pictures-quick", task(2, 2, 512, 20)),
        picture_workload("pictures-small", task(4, 4, 64, 8)),
        picture_workload("pictures-small-quick", task(2, 4, 64, 8)),
    ]
}

/// A workload of these pictures: each prompt is one request of a pass.
#[must_use]
pub fn picture_workload(name: &str, task: PictureTask) -> Workload {
    hashed(Workload {
        name: name.to_owned(),
        hash: String::new(),
        requests: u32::try_from(task.prompts.len()).unwrap_or(u32::MAX),
        concurrency: 1,
        output_tokens: 0,
        passes: 1,
        seed: 0,
        unit: WorkUnit::Image,
        pictures: Some(task),
        prompts: Prompts::Chat,
        arrivals: Arrivals::Clients,
        own: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn the_shipped_pictures_are_different_work_each() {
        let all = picture_workloads();
        assert_eq!(prompts().iter().collect::<BTreeSet<_>>().len(), 4);
        let hashes: BTreeSet<&String> = all.iter().map(|one| &one.hash).collect();
        assert_eq!(hashes.len(), all.len());
        assert!(all.iter().all(|one| one.window_units() > 0));
    }

    #[test]
    fn the_hash_changes_with_everything_about_a_picture() {
        let base = picture_workloads()[0].clone().pictures.unwrap();
        let changed: [fn(&mut PictureTask); 7] = [
            |task| task.prompts[0].push('!'),
            |task| task.seeds[0] += 1,
            |task| task.width += 8,
            |task| task.height += 8,
            |task| task.steps += 1,
            |task| task.sampler = "ddim".to_owned(),
            |task| task.guidance += 0.5,
        ];
        let mut hashes: BTreeSet<String> = [picture_workload("a", base.clone()).hash].into();
        for change in changed {
            let mut task = base.clone();
            change(&mut task);
            hashes.insert(picture_workload("a", task).hash);
        }
        assert_eq!(hashes.len(), 8);
    }
}
