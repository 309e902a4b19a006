//! What held a trial back, as far as its windows tell: the GPU or its memory, the cores, idle time
//! between batches, slots without a client, and memory bandwidth where more threads brought nothing.
//! `feedback` puts it into the draft. A landscape keeps no CPU time; nothing is said there.

use crate::session::words::percent;
use crate::turn::core_use::CoreUse;
use wattsmith_domain::{DeviceConditions, Repeat, SessionRecord, Trial};

/// Share of the time from which something counts as the limit.
const BUSY: f64 = 0.9;
/// The same of a GPU's memory, whose traffic has gaps even at its limit.
const MEMORY_BUSY: f64 = 0.8;
/// Below this share, time was lost.
const IDLE: f64 = 0.7;
/// Share of what more threads could have brought at most, below which they brought nothing.
const NO_GAIN: f64 = 0.25;

/// What held `trial` back, in sentences; none where its windows do not tell.
pub(crate) fn of(record: &SessionRecord, trial: &Trial) -> Vec<String> {
    let Some(used) = CoreUse::of(&trial.repeats) else {
        return Vec::new();
    };
    let mut sentences = Vec::new();
    if record.session.machine.gpus.is_empty() {
        sentences.push(used.sentence());
        sentences.extend(idle_threads(trial, &used));
        sentences.extend(memory_bandwidth(record, trial));
    } else {
        sentences.extend(gpu(&trial.repeats, &used));
    }
    sentences.extend(slots(record, trial));
    sentences
}

fn engine_s(repeats: &[Repeat]) -> f64 {
    repeats.iter().map(|one| one.cpu.engine_s).sum()
}

fn window_s(repeats: &[Repeat]) -> f64 {
    repeats.iter().map(|one| one.window.0).sum()
}

/// Threads that waited for work: an engine that computes without a gap keeps each of them busy. Prompts
/// may be read by another number of threads; only what the smaller number leaves idle is idle for sure.
fn idle_threads(trial: &Trial, used: &CoreUse) -> Option<String> {
    let threads = trial.configuration.int("threads")?;
    let batch = trial.configuration.int("threads-batch").unwrap_or(threads);
    if used.is_held() {
        return None; // the quota says why
    }
    let cores = i64::from(trial.repeats.first()?.cpu.places());
    let least = threads.min(batch).min(cores) as f64;
    let share = engine_s(&trial.repeats) / (window_s(&trial.repeats) * least);
    (share < IDLE).then(|| {
        let rest = match used.is_shared() {
            true => "in the rest they waited for work, or for a core that others used",
            false => "the rest is idle time between batches",
        };
        format!(
            "Its threads computed {} of the time; {rest}.",
            percent(share)
        )
    })
}

/// Whether more threads brought hardly more tokens: this trial beside another one that differs from
/// it in nothing else.
fn memory_bandwidth(record: &SessionRecord, trial: &Trial) -> Option<String> {
    let session = &record.session;
    let cores = i64::from(session.machine.usable_physical());
    let threads = |trial: &Trial| trial.configuration.int("threads");
    let comparable = |other: &&Trial| {
        let changes = other
            .configuration
            .changes_from(&trial.configuration, &session.space);
        other.is_complete() && matches!(&changes[..], [one] if one.name == "threads")
    };
    // Where others or a quota took the cores, threads brought nothing for want of them.
    let undisturbed = |trial: &Trial| {
        let used = CoreUse::of(&trial.repeats);
        used.is_some_and(|used| !used.is_shared() && !used.is_held())
    };
    let comparable = |other: &&Trial| comparable(other) && undisturbed(other);
    if !undisturbed(trial) {
        return None;
    }
    record.trials.iter().filter(comparable).find_map(|other| {
        let (less, more) = match threads(other)? < threads(trial)? {
            true => (other, trial),
            false => (trial, other),
        };
        let (few, many) = (threads(less)?, threads(more)?);
        let gain = speed(&more.repeats)? / speed(&less.repeats)? - 1.0;
        let possible = many as f64 / few as f64 - 1.0;
        let brought = match gain < 0.005 {
            true => "no more".to_owned(),
            false => format!("only {} more", percent(gain)),
        };
        // Beyond the physical cores threads share units, and no memory is to blame.
        (many <= cores && gain < NO_GAIN * possible).then(|| {
            format!(
                "{many} threads gave {brought} {} than {few} (trial {}): most likely memory \
                 bandwidth is the limit, and not the cores.",
                record.session.workload.unit.rate(),
                other.number
            )
        })
    })
}

/// Units of work per second over all windows.
fn speed(repeats: &[Repeat]) -> Option<f64> {
    let units: f64 = repeats.iter().map(|one| one.units.0 as f64).sum();
    (units > 0.0).then(|| units / window_s(repeats))
}

fn gpu(repeats: &[Repeat], used: &CoreUse) -> Vec<String> {
    let cores = match used.takers() {
        None => format!("The cores were busy {} of the time", percent(used.engine)),
        Some(takers) => format!(
            "It kept the cores busy {} of the time, and {takers}",
            percent(used.engine)
        ),
    };
    let cores = match used.quota.filter(|_| used.is_held()) {
        None => cores,
        Some((_, share)) => format!(
            "{cores}; a quota of CPU time held it back in {} of its periods",
            percent(share)
        ),
    };
    let told = |tell: fn(&DeviceConditions) -> Option<f64>| busiest(repeats, tell);
    let Some(busy) = told(|one| one.busy_percent) else {
        return vec![format!("{cores}; the GPU's load is not seen here.")];
    };
    let share = percent(busy);
    let memory = told(|one| one.memory_busy_percent);
    let beside = memory.map_or(String::new(), |memory| {
        format!(", its memory {}", percent(memory))
    });
    let verdict = if memory.is_some_and(|memory| memory >= MEMORY_BUSY) {
        format!(
            "The GPU was busy {share} of the time{beside}: memory bandwidth is the limit, and \
             requests worked on at once share each pass over the weights."
        )
    } else if busy >= BUSY {
        format!("The GPU was busy {share} of the time{beside}: it is the limit.")
    } else if busy < IDLE {
        format!(
            "The GPU was busy only {share} of the time{beside}: the rest is idle time between \
             batches, in which it waited for the processor or for requests."
        )
    } else {
        format!("The GPU was busy {share} of the time{beside}.")
    };
    vec![verdict, format!("{cores}.")]
}

/// The share of the busiest device, 0 to 1, mean over the repeats that tell.
fn busiest(repeats: &[Repeat], tell: fn(&DeviceConditions) -> Option<f64>) -> Option<f64> {
    let shares: Vec<f64> = repeats
        .iter()
        .filter_map(|repeat| repeat.conditions.iter().filter_map(tell).reduce(f64::max))
        .collect();
    (!shares.is_empty()).then(|| shares.iter().sum::<f64>() / shares.len() as f64 / 100.0)
}

/// Slots that no client can fill, or that stood empty for much of the time.
fn slots(record: &SessionRecord, trial: &Trial) -> Option<String> {
    let slots = trial.configuration.int("parallel")?;
    let clients = i64::from(record.session.workload.concurrency);
    let wait = record.session.workload.arrivals.is_clients();
    if wait && slots > clients {
        let empty = slots - clients;
        return Some(format!(
            "{empty} of its {slots} slots never had a request: {clients} clients send one at a time."
        ));
    }
    let told: Option<Vec<f64>> = trial
        .repeats
        .iter()
        .map(|one| Some(one.performance.prefill_s? + one.performance.decode_s?))
        .collect();
    let share = told?.iter().sum::<f64>() / (window_s(&trial.repeats) * slots as f64);
    (share > 0.0 && share < IDLE).then(|| {
        format!(
            "Its {slots} slots were in use {} of the time.",
            percent(share)
        )
    })
}
