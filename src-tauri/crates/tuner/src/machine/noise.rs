//! How much figures vary on this machine: recordings that are kept for each engine, size of model and scope,
//! and what the windows of earlier sessions show without anybody asking. The two are never mixed: a
//! recording tells over which times figures vary, sessions only by how much.

use crate::error::TunerError;
use crate::machine::models::blocking;
use crate::session::memory::{boards, scope_of};
use crate::tuner::Tuner;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use wattsmith_domain::{
    Engine, Machine, Model, NoiseOrigin, NoiseWindow, PairSpread, Scope, Seconds, Session,
    SessionNoise, SessionRecord, SpreadPrior,
};
use wattsmith_meter::Meter;
use wattsmith_stats::noise::{Noise, NoisePlan, SHIPPED_PRIOR, adjacent_spread, prior_of};
use wattsmith_stats::{Analysis, Pooled};

/// The row of the database that holds the recordings.
const KEY: &str = "noise";
/// Recordings that are kept; the oldest go.
const MOST_KEPT: usize = 64;
/// Factor in size of its file up to which another model's noise is taken for this one's.
const SAME_SIZE: f64 = 2.0;
/// Sessions that are looked at, newest first.
const MOST_SESSIONS: usize = 12;
/// Windows that a recording counts for: it saw one configuration for some minutes.
const RECORDING_WINDOWS: f64 = 4.0;

/// What a recording holds for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NoisePlace {
    /// The processor.
    pub cpu: String,
    /// Logical cores that the engine may use.
    pub cores: u32,
    /// The boards.
    pub gpus: Vec<String>,
    /// What the joules cover.
    pub scope: Scope,
    /// The engine's name.
    pub engine: String,
    /// Size of the model's file.
    pub model_bytes: u64,
}

impl NoisePlace {
    pub(crate) fn of(machine: &Machine, scope: Scope, engine: &Engine, model: &Model) -> Self {
        Self {
            cpu: machine.cpu.clone(),
            cores: machine.usable_logical(),
            gpus: boards(machine).into_iter().map(str::to_owned).collect(),
            scope,
            engine: engine.name.clone(),
            model_bytes: model.bytes,
        }
    }

    /// By how much the models differ in size, as a factor; none where anything else differs, or that is more
    /// than [`SAME_SIZE`].
    fn apart(&self, other: &Self) -> Option<f64> {
        let sizes = [self, other].map(|one| one.model_bytes.max(1) as f64);
        let factor = (sizes[0] / sizes[1]).max(sizes[1] / sizes[0]);
        let same = Self {
            model_bytes: other.model_bytes,
            ..self.clone()
        } == *other;
        (same && factor <= SAME_SIZE).then_some(factor)
    }
}

/// A recording of the noise.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct KeptNoise {
    /// When it was made, RFC 3339, UTC.
    pub recorded_at: String,
    /// What it holds for.
    pub place: NoisePlace,
    /// The model by name.
    pub model: String,
    /// Where the joules came from.
    pub source: String,
    /// Whether they were read from a sensor.
    pub measured: bool,
    /// What was seen.
    pub noise: Noise,
    /// What follows from it.
    pub plan: NoisePlan,
    /// Seconds that a window takes beside its work: launch, warm-up, end.
    pub beside_s: f64,
    /// One pass over the work, seconds.
    pub pass_s: f64,
}

impl Tuner {
    /// Recordings of this machine's noise, newest first.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn kept_noise(&self) -> Result<Vec<KeptNoise>, TunerError> {
        let (machine, scope) = (self.machine(), self.meter().scope());
        let mut kept = self.all_kept().await?;
        kept.retain(|one| {
            let place = &one.place;
            place.cpu == machine.cpu
                && place.cores == machine.usable_logical()
                && place.gpus == boards(&machine)
                && place.scope == scope
        });
        kept.sort_by(|one, other| other.recorded_at.cmp(&one.recorded_at));
        Ok(kept)
    }

    async fn all_kept(&self) -> Result<Vec<KeptNoise>, TunerError> {
        let text = self.store.setting(KEY).await?.unwrap_or_default();
        // What another version wrote otherwise is as if it had never been recorded.
        Ok(serde_json::from_str(&text).unwrap_or_default())
    }

    /// Keeps a recording in place of an earlier one of the same. The caller holds the machine.
    pub(crate) async fn keep_noise(&self, fresh: &KeptNoise) -> Result<(), TunerError> {
        let mut kept = self.all_kept().await?;
        kept.retain(|one| one.place != fresh.place);
        kept.push(fresh.clone());
        kept.sort_by(|one, other| one.recorded_at.cmp(&other.recorded_at));
        let surplus = kept.len().saturating_sub(MOST_KEPT);
        kept.drain(..surplus);
        let text = serde_json::to_string(&kept).map_err(|error| {
            TunerError::Invalid(format!("The recording cannot be stored: {error}."))
        })?;
        Ok(self.store.set_setting(KEY, &text).await?)
    }

    /// What is known of the noise of a session that begins.
    pub(crate) async fn noise_of(
        &self,
        session: &Session,
        earlier: Arc<Vec<SessionRecord>>,
    ) -> Result<SessionNoise, TunerError> {
        let here = session.engine.machine.is_none();
        let meter = self.meter();
        let place = NoisePlace::of(
            &session.machine,
            meter.scope(),
            &session.engine,
            &session.model,
        );
        let kept = self.all_kept().await?;
        let recording = kept
            .into_iter()
            .filter(|_| here && session.workload.unit.is_token())
            .filter_map(|one| Some((one.place.apart(&place)?, one)))
            .min_by(|(one, _), (other, _)| one.total_cmp(other))
            .map(|(_, one)| one);
        let like = session.clone();
        let sessions = blocking(move || shown_by(&earlier, &like, &place)).await?;
        Ok(SessionNoise {
            prior: prior(sessions.repeats, recording.as_ref()),
            pairs: pairs(sessions.neighbours, recording.as_ref()),
            window: recording.and_then(|one| window(&one, &meter)),
        })
    }
}

/// The length of windows that a recording asks for; none where the sensors need the usual one.
fn window(kept: &KeptNoise, meter: &Meter) -> Option<NoiseWindow> {
    let least = meter.hundred_updates()?.as_secs_f64();
    Some(NoiseWindow {
        length: Seconds(kept.plan.window_s.max(least)),
        recorded_at: kept.recorded_at.clone(),
    })
}

/// Earlier sessions before a recording before what comes along: what was seen of windows as they will be is
/// worth most.
fn prior(sessions: Option<Pooled>, recording: Option<&KeptNoise>) -> SpreadPrior {
    if let Some(seen) = sessions {
        return SpreadPrior {
            log_sd: seen.sd,
            windows: seen.df,
            origin: NoiseOrigin::Sessions,
        };
    }
    let recorded = recording.map(|one| one.noise.repeat_sd(one.plan.window_s));
    match recorded.filter(|sd| sd.is_finite() && *sd > 0.0) {
        Some(log_sd) => SpreadPrior {
            log_sd,
            windows: RECORDING_WINDOWS,
            origin: NoiseOrigin::Recording,
        },
        None => SpreadPrior {
            log_sd: SHIPPED_PRIOR.0,
            windows: SHIPPED_PRIOR.1,
            origin: NoiseOrigin::Shipped,
        },
    }
}

/// How much the ratio of neighbours varies: by earlier sessions, else by a recording.
fn pairs(sessions: Option<Pooled>, recording: Option<&KeptNoise>) -> Option<PairSpread> {
    let of_recording = || {
        let kept = recording?;
        let log_sd = kept.noise.pair_sd(kept.plan.window_s, kept.beside_s);
        (log_sd.is_finite() && log_sd > 0.0).then_some(PairSpread {
            log_sd,
            windows: RECORDING_WINDOWS,
        })
    };
    let seen = sessions.map(|seen| PairSpread {
        log_sd: seen.sd,
        windows: seen.df,
    });
    seen.or_else(of_recording)
}

/// What earlier sessions of the same place showed, windows that others disturbed left out.
#[derive(Default)]
struct Varied {
    /// How much windows of one setting varied.
    repeats: Option<Pooled>,
    /// How much the ratio of two that follow each other did.
    neighbours: Option<Pooled>,
}

/// Sessions of the same place, unit and mode, in their order.
pub(crate) fn alike<'a>(
    earlier: &'a [SessionRecord],
    like: &Session,
    place: &NoisePlace,
) -> Vec<&'a SessionRecord> {
    let same = |record: &&SessionRecord| {
        let one = &record.session;
        let there = scope_of(record)
            .map(|scope| NoisePlace::of(&one.machine, scope, &one.engine, &one.model));
        one.engine.machine == like.engine.machine
            && one.workload.unit == like.workload.unit
            && one.quick == like.quick
            && there.is_some_and(|there| there.apart(place).is_some())
    };
    earlier.iter().filter(same).collect()
}

fn shown_by(earlier: &[SessionRecord], like: &Session, place: &NoisePlace) -> Varied {
    let alike = alike(earlier, like, place);
    let of = |spread: &dyn Fn(&SessionRecord) -> Option<Pooled>| {
        let spreads = alike.iter().filter_map(|record| spread(record));
        prior_of(&spreads.take(MOST_SESSIONS).collect::<Vec<_>>())
    };
    Varied {
        repeats: of(&|record| Analysis::of(record).repeatability.own),
        neighbours: of(&adjacent_spread),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wattsmith_testkit::fixtures::{Fixture, Shown};

    fn record(bytes: u64, rates: [f64; 4]) -> SessionRecord {
        let shown = rates.map(|rate| Shown(rate, 20.0));
        let mut record = Fixture::without_sensors().trial(&[], &shown).build();
        record.session.model.bytes = bytes;
        record
    }

    fn seen(earlier: &[SessionRecord], like: &SessionRecord) -> Option<Pooled> {
        let session = &like.session;
        let scope = scope_of(like).unwrap();
        let place = NoisePlace::of(&session.machine, scope, &session.engine, &session.model);
        shown_by(earlier, session, &place).repeats
    }

    #[test]
    fn sessions_of_the_same_place_and_size_tell_how_much_repeats_vary() {
        let now = record(100, [80.0; 4]);
        let like = record(150, [80.0, 84.0, 79.0, 82.0]);
        assert!(seen(std::slice::from_ref(&like), &now).is_some());
        let mut others = vec![like.clone(); 5];
        others[0].session.model.bytes = 900;
        others[1].session.machine.cpu = "another".to_owned();
        others[2].session.quick = !now.session.quick;
        others[3].session.engine.name = "another".to_owned();
        for repeat in &mut others[4].trials[0].repeats {
            repeat.disturbed = true;
        }
        assert_eq!(seen(&others, &now), None);
    }

    #[test]
    fn without_history_a_weak_prior_comes_along_and_says_so() {
        let known = prior(None, None);
        assert_eq!(known.origin, NoiseOrigin::Shipped);
        assert!(known.windows < 4.0);
        let seen = Pooled { sd: 0.03, df: 8.0 };
        assert_eq!(prior(Some(seen), None).origin, NoiseOrigin::Sessions);
    }

    #[test]
    fn the_shipped_prior_rests_on_the_landscapes_that_come_along() {
        let spreads: Vec<Pooled> = crate::landscape::shipped_noise();
        assert!(spreads.len() >= 6);
        let seen = prior_of(&spreads).unwrap();
        assert!((seen.sd - SHIPPED_PRIOR.0).abs() < 0.01, "{seen:?}");
        assert!(SHIPPED_PRIOR.1 < seen.df, "it must be weaker: {seen:?}");
    }
}
