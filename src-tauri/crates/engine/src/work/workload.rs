//! The work that engines are measured with: prompts that ship with the app, and how they are sent.
//! Everything that makes two figures comparable is in the [`Workload`]'s hash.

use super::own::USUAL_ANSWER;
use super::prompts::prompts_of;
use crate::digest::hex;
use sha2::{Digest, Sha256};
use wattsmith_domain::{Arrivals, OwnWork, PictureTask, Prompts, WorkUnit, Workload};

/// Sampling seed of every request, and the seed of random arrivals.
pub(super) const SEED: u32 = 20_260;

/// The shipped workloads; the first is the one to take when nobody says anything. A name with `-quick` is
/// the short form, for a first impression.
///
/// - `chat`: eight clients, long enough for a figure that may be reported;
/// - `single`: one client, for the time that one person waits;
/// - `code`: a programmer's tasks, with longer answers;
/// - `long`: one client with texts of some two thousand tokens;
/// - `batch`: everything at once, for work that nobody waits for.
///
/// Those with several clients have at least four requests for each slot that a search tries.
#[must_use]
pub fn workloads() -> Vec<Workload> {
    vec![
        workload("chat", 32, 8, USUAL_ANSWER, 1),
        workload("chat-quick", 32, 8, 16, 1),
        workload("single", 16, 1, 48, 1),
        of_prompts("code", Prompts::Code, (32, 8, 128)),
        of_prompts("code-quick", Prompts::Code, (32, 8, 24)),
        of_prompts("long", Prompts::Long, (8, 1, USUAL_ANSWER)),
        of_prompts("long-quick", Prompts::Long, (3, 1, 16)),
        with_arrivals(&workload("batch", 64, 64, USUAL_ANSWER, 1), Arrivals::All),
        with_arrivals(&workload("batch-quick", 32, 32, 16, 1), Arrivals::All),
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
    let sized = of_prompts(name, Prompts::Chat, (requests, concurrency, output_tokens));
    with_passes(&sized, passes)
}

/// A workload of a set of shipped prompts: requests in one pass, clients, tokens of each answer.
#[must_use]
pub fn of_prompts(
    name: &str,
    prompts: Prompts,
    (requests, concurrency, output_tokens): (u32, u32, u32),
) -> Workload {
    let workload = Workload {
        name: name.to_owned(),
        hash: String::new(),
        requests,
        concurrency,
        output_tokens,
        passes: 1,
        seed: SEED,
        unit: WorkUnit::OutputToken,
        pictures: None,
        prompts,
        arrivals: Arrivals::Clients,
        own: None,
    };
    hashed(workload)
}

/// The same work in another number of whole passes, to fill a window's minimum length.
#[must_use]
pub fn with_passes(workload: &Workload, passes: u32) -> Workload {
    hashed(Workload {
        passes,
        ..workload.clone()
    })
}

/// The same work with requests that arrive otherwise.
#[must_use]
pub fn with_arrivals(workload: &Workload, arrivals: Arrivals) -> Workload {
    hashed(Workload {
        arrivals,
        ..workload.clone()
    })
}

/// With the hash that belongs to it.
pub(super) fn hashed(workload: Workload) -> Workload {
    Workload {
        hash: hash(&workload),
        ..workload
    }
}

/// SHA-256 over the prompts and every field but the hash, each with its length or its name, so that
/// no two workloads run into the same bytes. What came later than the first workloads is left out where it
/// is as it was then, so that their hashes hold.
pub(crate) fn hash(workload: &Workload) -> String {
    let mut sha = Sha256::new();
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
        prompts,
        arrivals,
        own,
    } = workload;
    // Those of the person's own file are in that file's hash.
    let texts = match (pictures, own) {
        (Some(task), _) => task.prompts.as_slice(),
        (None, Some(_)) => &[],
        (None, None) => prompts_of(*prompts),
    };
    for prompt in texts {
        sha.update((prompt.len() as u64).to_le_bytes());
        sha.update(prompt.as_bytes());
    }
    // The same file under another name is the same work.
    let name = if own.is_some() { "" } else { name.as_str() };
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
    if !prompts.is_chat() {
        sha.update(format!(" prompts={prompts:?}"));
    }
    if !arrivals.is_clients() {
        sha.update(format!(" arrivals={arrivals}"));
    }
    if let Some(own) = own {
        let OwnWork {
            path: _,
            sha256,
            entries,
            chats,
            lengths,
            shortest_answer,
            output_tokens,
            prompt_tokens: _,
        } = own;
        sha.update(format!(
            " file={sha256} entries={entries} chats={chats} lengths={lengths:?} \
             shortest={shortest_answer} all={output_tokens}"
        ));
    }
    hex(&sha.finalize())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::About;
    use crate::catalogue::tests::machine;
    use crate::known::shipped;
    use std::collections::BTreeSet;
    use wattsmith_domain::Value;

    #[test]
    fn the_shipped_prompts_are_many_and_different() {
        for (set, least) in [(Prompts::Chat, 16), (Prompts::Code, 8), (Prompts::Long, 8)] {
            let prompts = prompts_of(set);
            let distinct: BTreeSet<&String> = prompts.iter().collect();
            assert!(prompts.len() >= least, "{set:?}: {}", prompts.len());
            assert_eq!(distinct.len(), prompts.len());
        }
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

    #[test]
    fn the_hashes_of_the_first_workloads_hold() {
        let hashes: Vec<String> = workloads()[..3]
            .iter()
            .map(|one| one.hash.clone())
            .collect();
        insta::assert_snapshot!(hashes.join("\n"));
    }

    #[test]
    fn each_set_of_prompts_is_different_work() {
        let all = workloads();
        let hashes: BTreeSet<&String> = all.iter().map(|one| &one.hash).collect();
        assert_eq!(hashes.len(), all.len());
        let code = of_prompts("chat", Prompts::Code, (32, 8, 64));
        assert_ne!(code.hash, workloads()[0].hash);
        let batch = with_arrivals(&workloads()[0], Arrivals::All);
        assert_ne!(batch.hash, workloads()[0].hash);
    }
}
