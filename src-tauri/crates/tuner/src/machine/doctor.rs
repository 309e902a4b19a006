//! The doctor's last room: what the meter's catalogue cannot know (engine, models, disk, keyring,
//! memory, who else measures), and one answer made of both.

use crate::TunerError;
use crate::machine::gpu::StillChanged;
use crate::machine::lock;
use crate::machine::models::blocking;
use crate::session::words;
use crate::tuner::Tuner;
use nix::sys::statvfs::statvfs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use sysinfo::System;
use wattsmith_domain::{Finding, Launch, Scope, SensorReport, Severity, Source};
use wattsmith_engine::{UnfitFile, shipped};
use wattsmith_meter::doctor::{Facts, diagnose};

/// How long sensors are watched for what only time shows.
const WATCH: Duration = Duration::from_secs(3);
/// How long the keyring may take here; it is asked only whether it is there.
const KEYRING_PATIENCE: Duration = Duration::from_secs(3);
/// A night of measuring, with its samples and reports, needs less.
const LEAST_DISK: u64 = 500 << 20;
/// Weights, KV cache and buffers of a small context, over the file's size.
const MEMORY_PER_FILE: f64 = 1.3;
/// Swap in use that is worth a word.
const MUCH_SWAP: u64 = 256 << 20;

/// What the doctor says.
#[derive(Debug, Clone)]
pub struct Diagnosis {
    /// One sentence: measured or estimated, by what, how far off at most.
    pub verdict: String,
    /// Whether joules are read from a sensor.
    pub measured: bool,
    /// Whether there can be figures at all, be they estimates.
    pub usable: bool,
    /// What figures cover.
    pub scope: Scope,
    /// Source names joined by `+`.
    pub source: String,
    /// Typical systematic error as a fraction.
    pub sensor_error: f64,
    /// Worst first.
    pub findings: Vec<Finding>,
    /// Every sensor that was looked for, those that answer first.
    pub sensors: Vec<SensorReport>,
}

impl Tuner {
    /// Examines the machine and what Wattsmith needs on it. Takes a few seconds, and reads only:
    /// while something measures, sensors are not watched.
    ///
    /// # Errors
    /// A background task ended early.
    pub async fn diagnose(&self) -> Result<Diagnosis, TunerError> {
        let around = self.around().await;
        let idle = around.measuring.is_none() && self.jobs.is_empty();
        let watch = if idle { WATCH } else { Duration::ZERO };
        let meter = self.meter();
        let looked = Arc::clone(&meter);
        let mut findings = blocking(move || diagnose(&Facts::look(&looked, watch))).await?;
        findings.extend(around.findings());
        let changed = self.gpus_still_changed().await;
        findings.extend(changed.iter().map(StillChanged::finding));
        findings.sort_by_key(|finding| finding.severity);
        let mut sensors = meter.sensors();
        sensors.sort_by_key(|sensor| !sensor.answers());
        let mut diagnosis = Diagnosis {
            verdict: String::new(),
            measured: meter.is_measured(),
            usable: findings.iter().all(|finding| finding.id != "nothing-works"),
            scope: meter.scope(),
            source: meter.source_label(),
            sensor_error: meter.sensor_error(),
            findings,
            sensors,
        };
        diagnosis.verdict = verdict(&diagnosis);
        Ok(diagnosis)
    }

    async fn around(&self) -> Around {
        let shelf = self.model_shelf().await;
        let smallest = shelf.models.iter().map(|model| model.bytes).min();
        let data = self.paths.data.clone();
        let lock = self.paths.lock.clone();
        let engine = self.paths.shipped_engine().err();
        let keyring = self.keys.answers(KEYRING_PATIENCE).await.err();
        // Our own job holds the lock too.
        let ours = !self.jobs.is_empty();
        let looked = blocking(move || {
            let mut system = System::new().ok();
            if let Some(system) = &mut system {
                system.refresh_memory();
            }
            let memory = system.as_ref();
            Around {
                engine,
                smallest_model: smallest,
                unfit: shelf.unfit,
                free_bytes: free_bytes(&data),
                data,
                keyring,
                measuring: lock::held(&lock).filter(|_| !ours),
                memory_bytes: memory.map_or(0, System::total_memory),
                available_bytes: memory.map_or(0, System::available_memory),
                swap_bytes: memory.map_or(0, System::used_swap),
            }
        });
        looked.await.unwrap_or_default()
    }
}

/// Bytes that this user may still write, where the system tells.
fn free_bytes(folder: &Path) -> Option<u64> {
    let disk = statvfs(folder).ok()?;
    Some(disk.blocks_available() * disk.fragment_size())
}

/// The verdict in a sentence.
#[must_use]
pub fn verdict(diagnosis: &Diagnosis) -> String {
    let error = diagnosis.sensor_error * 100.0;
    if !diagnosis.usable {
        return "Joules cannot be told on this machine, not even estimated.".to_owned();
    }
    if diagnosis.measured {
        let mut sources: Vec<Source> = diagnosis
            .sensors
            .iter()
            .filter(|sensor| sensor.answers() && diagnosis.source.contains(sensor.source.label()))
            .map(|sensor| sensor.source)
            .collect();
        sources.sort();
        sources.dedup();
        let by: Vec<&str> = sources.iter().map(|source| source.words()).collect();
        return format!(
            "Joules here are measured by {} ({}), ±{error:.0} %.",
            by.join(" and "),
            diagnosis.scope.label(),
        );
    }
    let reason = diagnosis
        .findings
        .iter()
        .find(|one| one.severity == Severity::Problem && is_reason(one))
        .map_or_else(String::new, |one| format!(" {}.", one.title));
    format!(
        "Joules here are estimated from CPU time, ±{error:.0} % or more, because no power sensor \
         answers.{reason}"
    )
}

/// Whether a finding says why no sensor answers: it names what is used meanwhile, and is not the
/// summary itself.
fn is_reason(finding: &Finding) -> bool {
    finding.fallback.is_some() && finding.id != "no-sensor"
}

/// What was observed beside the sensors.
#[derive(Debug, Clone, Default)]
struct Around {
    /// Why there is no engine.
    engine: Option<String>,
    /// Bytes of the smallest model, where there is one.
    smallest_model: Option<u64>,
    /// What looks like a model and is none.
    unfit: Vec<UnfitFile>,
    data: PathBuf,
    free_bytes: Option<u64>,
    /// Why there is no keyring.
    keyring: Option<String>,
    /// Who else measures.
    measuring: Option<String>,
    memory_bytes: u64,
    available_bytes: u64,
    swap_bytes: u64,
}

impl Around {
    fn findings(&self) -> Vec<Finding> {
        [
            self.without_engine(),
            self.without_model(),
            self.measuring(),
            self.disk(),
            self.memory(),
            self.swap(),
            self.without_keyring(),
        ]
        .into_iter()
        .flatten()
        .collect()
    }

    fn without_engine(&self) -> Option<Finding> {
        let why = self.engine.as_ref()?;
        let finding = Finding::new(
            Severity::Problem,
            "engine-missing",
            "There is no engine to measure",
            why.clone(),
        )
        .command("In the source folder:", "make setup");
        let server = shipped();
        Some(match server.variable() {
            Some(variable) => finding.advise(format!(
                "Or name a {} in the environment variable {variable}.",
                server.name()
            )),
            None => finding,
        })
    }

    fn without_model(&self) -> Option<Finding> {
        self.smallest_model.is_none().then(|| {
            let folder = self.data.join("models");
            let found = match self.unfit.as_slice() {
                [] => format!(
                    "No GGUF file was found in {} or in the folders that setup fills.",
                    folder.display()
                ),
                [first, ..] => format!(
                    "Of the GGUF files here none can be run. {}: {}",
                    first.path.display(),
                    first.reason
                ),
            };
            Finding::new(
                Severity::Problem,
                "model-missing",
                "There is no model to run",
                found,
            )
            .command("Fetch the usual ones, in the source folder:", "make setup")
            .command(
                "Or link one of yours:",
                format!(
                    "mkdir -p {0} && ln -s /path/to/model.gguf {0}/",
                    quoted(&folder)
                ),
            )
        })
    }

    fn measuring(&self) -> Option<Finding> {
        let who = self.measuring.as_ref()?;
        Some(
            Finding::new(
                Severity::Note,
                "another-measuring",
                "Another Wattsmith measures on this machine",
                who.clone(),
            )
            .advise("Wait until it has finished, or stop it; then measure here."),
        )
    }

    fn disk(&self) -> Option<Finding> {
        let free = self.free_bytes.filter(|free| *free < LEAST_DISK)?;
        Some(
            Finding::new(
                Severity::Problem,
                "disk-full",
                "The disk of the data folder is nearly full",
                format!(
                    "{} MiB are left for {}. What cannot be stored is not counted: a trial stops \
                     when its repeats cannot be written.",
                    free >> 20,
                    self.data.display()
                ),
            )
            .command(
                "See what takes the room:",
                format!(
                    "du -xh --max-depth=2 {} | sort -h | tail",
                    quoted(&self.data)
                ),
            )
            .advise("Or choose a folder on another disk: --data-dir, or WATTSMITH_DATA_DIR."),
        )
    }

    fn memory(&self) -> Option<Finding> {
        let needed = (self.smallest_model? as f64 * MEMORY_PER_FILE) as u64;
        if self.memory_bytes == 0 || needed <= self.available_bytes {
            return None;
        }
        let never = needed > self.memory_bytes;
        let (severity, title) = match never {
            true => (
                Severity::Problem,
                "The memory is too small for every model here",
            ),
            false => (Severity::Note, "Little memory is free for the model"),
        };
        let gib = |bytes: u64| words::figure(bytes as f64 / f64::from(1 << 30));
        Some(
            Finding::new(
                severity,
                "memory-too-small",
                title,
                format!(
                    "The smallest model needs about {} GiB with its context; {} of {} GiB are \
                     free. An engine that swaps is measured at reading its disk.",
                    gib(needed),
                    gib(self.available_bytes),
                    gib(self.memory_bytes)
                ),
            )
            .advise("Close other programs, or choose a smaller model or a stronger quantisation."),
        )
    }

    fn swap(&self) -> Option<Finding> {
        (self.swap_bytes > MUCH_SWAP).then(|| {
            Finding::new(
                Severity::Note,
                "swap-in-use",
                "Part of the memory is swapped out",
                format!(
                    "{} MiB lie in swap. Pages that come back while a window is open cost time and \
                     energy that the settings are not to blame for.",
                    self.swap_bytes >> 20
                ),
            )
            .command(
                "With enough memory free, bring all of it back before measuring:",
                "sudo swapoff -a && sudo swapon -a",
            )
        })
    }

    fn without_keyring(&self) -> Option<Finding> {
        let why = self.keyring.as_ref()?;
        Some(
            Finding::new(
                Severity::Note,
                "no-keyring",
                "There is no keyring for API keys",
                format!(
                    "A key that you enter is kept in memory until Wattsmith ends, because {why}. \
                     Measuring needs none."
                ),
            )
            .command(
                "On a desktop without one:",
                "sudo apt install gnome-keyring",
            )
            .advise("Without a desktop, give the key in the environment instead: OPENAI_API_KEY."),
        )
    }
}

fn quoted(path: &Path) -> String {
    wattsmith_report::command_line(&Launch {
        argv: vec![path.display().to_string()],
        ..Launch::default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use wattsmith_domain::Availability;

    fn sound() -> Around {
        Around {
            smallest_model: Some(100 << 20),
            data: PathBuf::from("/home/you/.local/share/wattsmith"),
            free_bytes: Some(50 << 30),
            memory_bytes: 16 << 30,
            available_bytes: 9 << 30,
            ..Around::default()
        }
    }

    fn situations() -> Vec<(&'static str, Around)> {
        vec![
            (
                "engine-missing",
                Around {
                    engine: Some("No engine was found in /usr/lib/wattsmith/assets.".into()),
                    ..sound()
                },
            ),
            (
                "model-missing",
                Around {
                    smallest_model: None,
                    ..sound()
                },
            ),
            (
                "model-missing",
                Around {
                    smallest_model: None,
                    unfit: vec![UnfitFile::new(
                        Path::new("/home/you/.local/share/wattsmith/models/mmproj-F16.gguf"),
                        "This is the vision part of another model.".to_owned(),
                    )],
                    ..sound()
                },
            ),
            (
                "another-measuring",
                Around {
                    measuring: Some(
                        "Another Wattsmith (process 4711) is measuring on this machine; two at \
                         once would spoil both figures."
                            .into(),
                    ),
                    ..sound()
                },
            ),
            (
                "disk-full",
                Around {
                    free_bytes: Some(80 << 20),
                    ..sound()
                },
            ),
            (
                "memory-too-small",
                Around {
                    smallest_model: Some(40 << 30),
                    ..sound()
                },
            ),
            (
                "memory-too-small",
                Around {
                    available_bytes: 60 << 20,
                    ..sound()
                },
            ),
            (
                "swap-in-use",
                Around {
                    swap_bytes: 3 << 30,
                    ..sound()
                },
            ),
            (
                "no-keyring",
                Around {
                    keyring: Some("the keyring cannot be reached".into()),
                    ..sound()
                },
            ),
        ]
    }

    #[test]
    fn what_wattsmith_needs_beside_sensors_is_found_missing() {
        assert_eq!(sound().findings(), []);
        let mut texts = Vec::new();
        for (id, around) in situations() {
            let findings = around.findings();
            assert_eq!(findings.len(), 1, "{findings:#?}");
            assert_eq!(findings[0].id, id);
            assert!(!findings[0].remedies.is_empty());
            texts.push(format!(
                "[{}] {id}: {}.\n  {}\n",
                findings[0].severity.label(),
                findings[0].title,
                findings[0].cause
            ));
            for remedy in &findings[0].remedies {
                let command = remedy.command.as_deref().unwrap_or_default();
                texts.push(format!("  → {} {command}\n", remedy.text));
            }
        }
        insta::assert_snapshot!(texts.concat());
    }

    fn report(source: Source) -> SensorReport {
        SensorReport {
            fault: None,
            name: source.words().to_owned(),
            device: String::new(),
            source,
            scope: Scope::GpuBoard,
            error: 0.05,
            availability: Availability::Available {
                period_ms: None,
                resolution: None,
                averaging_ms: None,
            },
        }
    }

    #[test]
    fn the_verdict_names_the_sensor_or_the_reason_for_having_none() {
        let denied = Finding::new(
            Severity::Problem,
            "rapl-denied",
            "Only root may read the CPU's energy counters",
            "Since 2020.",
        );
        let mut diagnosis = Diagnosis {
            verdict: String::new(),
            measured: true,
            usable: true,
            scope: Scope::GpuAndCpu,
            source: "nvml-counter+rapl".to_owned(),
            sensor_error: 0.05,
            findings: Vec::new(),
            sensors: [
                Source::NvmlCounter,
                Source::NvmlInstant,
                Source::Rapl,
                Source::Estimate,
            ]
            .map(report)
            .to_vec(),
        };
        assert_eq!(
            verdict(&diagnosis),
            "Joules here are measured by the GPU's energy counter and the CPU's energy counters \
             (GPU board and CPU package), ±5 %."
        );
        diagnosis.measured = false;
        diagnosis.sensor_error = 0.5;
        diagnosis.findings = vec![denied.until_then(Some(Source::Estimate))];
        assert_eq!(
            verdict(&diagnosis),
            "Joules here are estimated from CPU time, ±50 % or more, because no power sensor \
             answers. Only root may read the CPU's energy counters."
        );
        diagnosis.usable = false;
        assert!(verdict(&diagnosis).contains("not even estimated"));
    }
}
