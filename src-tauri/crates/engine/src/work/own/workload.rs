//! From a file of work to a workload, and back to the requests that it means.

use super::entry::{Content, Entry};
use super::fault::{WorkFault, WorkFaultKind as Kind};
use super::file::WorkFile;
use crate::work::workload::{SEED, hashed};
use wattsmith_domain::{AnswerLengths, Arrivals, OwnWork, Prompts, WorkUnit, Workload, one_line};

/// Tokens of an answer where nobody says how many: as in the shipped work.
pub const USUAL_ANSWER: u32 = 64;
/// Clients where nobody says how many: as in the shipped work.
const USUAL_CLIENTS: u32 = 8;
/// Requests that are open together at most: each is a connection.
pub(crate) const MOST_AT_ONCE: u32 = 500;
/// Longest schedule of one pass, seconds.
pub(crate) const LONGEST_PASS_S: f64 = 1800.0;
/// Characters of a workload's name.
const MOST_NAME: usize = 60;

/// What the person says of how a file's requests are sent. What is left out is as in the file, or usual.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct WorkChoice {
    /// So many of its requests, from the first; all when none.
    pub requests: Option<u32>,
    /// Clients; eight when none.
    pub concurrency: Option<u32>,
    /// Tokens of every answer, whatever the file says.
    pub output_tokens: Option<u32>,
    /// When they are sent; by clients when none.
    pub arrivals: Option<Arrivals>,
}

/// The workload that a file means.
///
/// # Errors
/// What is wrong in the file, or does not go together with what was chosen.
pub fn own_workload(file: &WorkFile, choice: WorkChoice) -> Result<Workload, WorkFault> {
    let fail = |kind| WorkFault {
        file: file.path.display().to_string(),
        line: None,
        kind,
    };
    if let Some(first) = file.faults.first() {
        let mut first = first.clone();
        if file.fault_count > 1 {
            first.kind = Kind::Several {
                first: first.kind.to_string(),
                more: file.fault_count,
            };
        }
        return Err(first);
    }
    let entries = file.entries.len();
    let asked = choice.requests;
    if let Some(asked) = asked.filter(|asked| *asked as usize > entries) {
        return Err(fail(Kind::FewerThanAsked { entries, asked }));
    }
    let requests = asked.unwrap_or(u32::try_from(entries).unwrap_or(u32::MAX));
    let chosen = &file.entries[..(requests as usize).min(entries)];
    let arrivals = choice.arrivals.unwrap_or_default();
    check_arrivals(file, chosen, arrivals)?;
    let lengths = match choice.output_tokens {
        Some(_) => AnswerLengths::Fixed,
        None => AnswerLengths::FromData {
            otherwise: USUAL_ANSWER,
        },
    };
    let answers: Vec<u32> = chosen
        .iter()
        .map(|one| answer(one, lengths, choice.output_tokens.unwrap_or(USUAL_ANSWER)))
        .collect();
    let name = file.path.file_name().unwrap_or_default().to_string_lossy();
    Ok(hashed(Workload {
        name: one_line(&name, MOST_NAME),
        hash: String::new(),
        requests,
        concurrency: match arrivals {
            Arrivals::Clients => choice.concurrency.unwrap_or(USUAL_CLIENTS).min(requests),
            _ => requests.min(MOST_AT_ONCE),
        },
        output_tokens: answers.iter().copied().max().unwrap_or_default(),
        passes: 1,
        seed: SEED,
        unit: WorkUnit::OutputToken,
        pictures: None,
        prompts: Prompts::Chat,
        arrivals,
        own: Some(OwnWork {
            path: file.path.display().to_string(),
            sha256: file.sha256.clone(),
            entries: u32::try_from(entries).unwrap_or(u32::MAX),
            chats: chosen
                .iter()
                .filter(|one| matches!(one.content, Content::Chat(_)))
                .count() as u32,
            lengths,
            shortest_answer: answers.iter().copied().min().unwrap_or_default(),
            output_tokens: answers.iter().copied().map(u64::from).sum(),
            prompt_tokens: None,
        }),
    }))
}

/// Whether these requests can arrive so.
fn check_arrivals(file: &WorkFile, chosen: &[Entry], arrivals: Arrivals) -> Result<(), WorkFault> {
    let fail = |line, kind| WorkFault {
        file: file.path.display().to_string(),
        line,
        kind,
    };
    let pass_s = match arrivals {
        Arrivals::Clients => return Ok(()),
        Arrivals::All => {
            let most = MOST_AT_ONCE as usize;
            return match chosen.len() {
                requests if requests > most => {
                    Err(fail(None, Kind::TooManyAtOnce { requests, most }))
                }
                _ => Ok(()),
            };
        }
        Arrivals::Poisson { per_second } => chosen.len() as f64 / per_second,
        Arrivals::Timestamps => {
            if chosen.iter().all(|one| one.arrival_s.is_none()) {
                return Err(fail(None, Kind::NoArrivals));
            }
            if let Some(without) = chosen.iter().find(|one| one.arrival_s.is_none()) {
                return Err(fail(Some(without.line), Kind::ArrivalMissing));
            }
            let at = || chosen.iter().filter_map(|one| one.arrival_s);
            let first = at().fold(f64::INFINITY, f64::min);
            at().fold(first, f64::max) - first
        }
    };
    match pass_s > LONGEST_PASS_S {
        true => Err(fail(
            None,
            Kind::TooSlow {
                seconds: pass_s as u64,
                most: LONGEST_PASS_S as u64,
            },
        )),
        false => Ok(()),
    }
}

/// Tokens of an answer; `fixed` where the person said so.
fn answer(entry: &Entry, lengths: AnswerLengths, fixed: u32) -> u32 {
    match lengths {
        AnswerLengths::Fixed => fixed,
        AnswerLengths::FromData { otherwise } => entry.output_tokens.unwrap_or(otherwise),
    }
}

/// The requests of one pass in the order in which they are sent, each with the tokens of its answer.
///
/// # Errors
/// The file is another one than the workload was made of.
pub(crate) fn sent(
    file: WorkFile,
    workload: &Workload,
    own: &OwnWork,
) -> Result<Vec<(Entry, u32)>, WorkFault> {
    if file.sha256 != own.sha256 {
        return Err(WorkFault {
            file: file.path.display().to_string(),
            line: None,
            kind: Kind::Changed {
                was: own.sha256.clone(),
                is: file.sha256,
            },
        });
    }
    let fixed = workload.output_tokens;
    let mut sent: Vec<(Entry, u32)> = file
        .entries
        .into_iter()
        .take(workload.requests as usize)
        .map(|one| {
            let tokens = answer(&one, own.lengths, fixed);
            (one, tokens)
        })
        .collect();
    if workload.arrivals == Arrivals::Timestamps {
        let at = |one: &Entry| one.arrival_s.unwrap_or_default();
        sent.sort_by(|(one, _), (other, _)| at(one).total_cmp(&at(other)));
    }
    Ok(sent)
}
