//! The work that engines are measured with: prompts that ship with the app, and how they are sent.
//! Everything that makes two figures comparable is in the [`Workload`]'s hash.

use super::prompts::prompts;
use crate::digest::hex;
use sha2::{Digest, Sha256};
use wattsmith_domain::{PictureTask, WorkUnit, Workload};

/// The shipped workloads; the first is the one to take when nobody says anything.
///
/// - `chat`: eight clients, long enough for a figure that may be reported;
/// - `chat-quick`: the same clients and requests with short answers, for a first impression;
/// - `single`: one client, for the time that one person waits.
///
/// `chat` and `chat-quick` have at least four requests for each slot that a search tries.
#[must_use]
pub fn workloads() -> Vec<Workload> {
    vec![
        workload("chat", 32, 8, 64, 1),
        workload("chat-quick", 32, 8, 16, 1),
        workload("single", 16, 1, 48, 1),
    ]
}

/// A workload of the shipped prompts: `requests` in one pass, sent by `concurrency` clients, each
/// answered with exactly `output_tokens` tokens (2 or more, so that there is a time between them).
#[must_use]
pub fn workload(
    name: &str,
    requests: u32,
    concurrency: u32,
    output_tokens: u32,
    passes: u32,
) -> Workload {
    let mut workload = Workload {
        name: name.to_owned(),
        hash: String::new(),
        requests,
        concurrency,
        output_tokens,
        passes,
        seed: 20_260,
        unit: WorkUnit::OutputToken,
        pictures: None,
    };
    workload.hash = hash(&workload);
    workload
}

/// The same work in another number of whole passes, to fill a window's minimum length.
#[must_use]
pub fn with_passes(workload: &Workload, passes: u32) -> Workload {
    let mut workload = Workload {
        passes,
        ..workload.clone()
    };
    workload.hash = hash(&workload);
    workload
}

/// SHA-256 over the prompts and every field but the hash, each with its length or its name, so that
/// no two workloads run into the same bytes.
pub(crate) fn hash(workload: &Workload) -> String {
    let mut sha = Sha256::new();
    let own = workload.pictures.as_ref();
    for prompt in own.map_or(prompts(), |task| &task.prompts) {
        sha.update((prompt.len() as u64).to_le_bytes());
        sha.update(prompt.as_bytes());
    }
    let Workload {
        name,
        hash: _,
        requests,
        concurrency,
        output_tokens,
        passes,
        seed,
        unit,
        pictures,
    } = workload;
    sha.update(format!(
        "name={name:?} requests={requests} concurrency={concurrency} \
         output_tokens={output_tokens} passes={passes} seed={seed} unit={}",
        unit.noun()
    ));
    if let Some(task) = pictures {
        let PictureTask {
            prompts: _,
            seeds,
            width,
            height,
            steps,
            sampler,
            guidance,
        } = task;
        sha.update(format!(
            " seeds={seeds:?} size={width}x{height} steps={steps} sampler={sampler:?} \
             guidance={guidance}"
        ));
    }
    hex(&sha.finalize())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::About;
    use crate::catalogue::tests::machine;
    use crate::server::shipped;
    use std::collections::BTreeSet;
    use wattsmith_domain::Value;

    #[test]
    fn the_shipped_prompts_are_many_and_different() {
        let prompts = prompts();
        let distinct: BTreeSet<&String> = prompts.iter().collect();
        assert!(prompts.len() >= 16);
        assert_eq!(distinct.len(), prompts.len());
    }

    #[test]
    fn each_slot_that_a_search_tries_gets_four_requests_or_more() {
        let space = shipped().space(&About::machine(&machine(2, 2, &[])));
        let levels = space.get("parallel").unwrap().kind.levels();
        let largest = levels.iter().map(|level| match level {
            Value::Int(number) => *number,
            other => panic!("{other}"),
        });
        let largest = largest.max().unwrap();
        for workload in workloads().iter().filter(|one| one.concurrency > 1) {
            let requests = i64::from(workload.requests * workload.passes);
            assert!(requests >= 4 * largest, "{}", workload.name);
        }
    }

    #[test]
    fn the_hash_changes_with_every_field() {
        let base = workload("a", 16, 8, 64, 1);
        let mut seeded = base.clone();
        seeded.seed += 1;
        let mut images = base.clone();
        images.unit = WorkUnit::Image;
        let hashes: BTreeSet<String> = [
            base.hash.clone(),
            workload("b", 16, 8, 64, 1).hash,
            workload("a", 17, 8, 64, 1).hash,
            workload("a", 16, 9, 64, 1).hash,
            workload("a", 16, 8, 65, 1).hash,
            with_passes(&base, 2).hash,
            hash(&seeded),
            hash(&images),
        ]
        .into();
        assert_eq!(hashes.len(), 8);
        assert_eq!(with_passes(&base, 1), base);
    }
}
