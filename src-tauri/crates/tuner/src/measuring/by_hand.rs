//! Settings of a server that Wattsmith did not start: the person sets them, and says when that is done.
//! What the server tells of itself is held against it.

use crate::error::TunerError;
use crate::job::Job;
use crate::tuner::Tuner;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use wattsmith_domain::{Configuration, Parameter, ParameterSpace, Session, SessionId, Tell, Value};
use wattsmith_engine::{Server, settings_in_use};

/// What is set at the moment, by the person's word, for each session of this run of Wattsmith.
#[derive(Debug, Default)]
pub(crate) struct ByHand(Mutex<HashMap<SessionId, Configuration>>);

impl ByHand {
    fn of(&self, session: &SessionId) -> Option<Configuration> {
        let set = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        set.get(session).cloned()
    }

    fn is_now(&self, session: &SessionId, configuration: &Configuration) {
        let mut set = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        set.insert(session.clone(), configuration.clone());
    }
}

impl Tuner {
    /// The person has set what the session waits for. Whether it waited.
    pub fn set_by_hand(&self, session: &SessionId) -> bool {
        self.jobs.set_by_hand(session)
    }

    /// Waits until a server that runs already is set as `configuration` says; asks as long as the server
    /// itself tells something else. `begun` is whether something was measured before.
    pub(crate) async fn ask_for_settings(
        &self,
        job: &Job,
        session: &Session,
        server: &dyn Server,
        (space, configuration): (&ParameterSpace, &Configuration),
        begun: bool,
    ) -> Result<(), TunerError> {
        if server.attached().is_none() {
            return Ok(());
        }
        let now = match self.by_hand.of(&session.id) {
            Some(now) => now,
            // It is measured first as it runs; the default was made of what it told.
            None if !begun => session.space.default_configuration(),
            // Whoever took the session up again may have set anything since.
            None => Configuration::default(),
        };
        let tuned = space
            .parameters
            .iter()
            .filter(|knob| session.space.get(&knob.name).is_some());
        let changes: Vec<String> = tuned
            .filter_map(|knob| change(knob, &now, configuration))
            .collect();
        let mut asked = changes.join(", ");
        while !asked.is_empty() {
            job.until_set_by_hand(&asked).await?;
            let told = settings_in_use(server, space).await?;
            asked = told
                .iter()
                .filter_map(|(name, used)| {
                    let wanted = configuration.get(name)?;
                    session.space.get(name)?;
                    // What goes with each request is not set by hand.
                    let knob = space.get(name)?;
                    if matches!(knob.told, Tell::Field { .. } | Tell::Device) {
                        return None;
                    }
                    (used != wanted)
                        .then(|| format!("the server still uses {name} {used}, not {wanted}"))
                })
                .collect::<Vec<_>>()
                .join(", ");
        }
        self.by_hand.is_now(&session.id, configuration);
        Ok(())
    }
}

/// What is to be done for one knob, by the server's own word for it.
fn change(knob: &Parameter, now: &Configuration, wanted: &Configuration) -> Option<String> {
    let value = wanted.get(&knob.name)?;
    if now.get(&knob.name) == Some(value) {
        return None;
    }
    Some(match &knob.told {
        Tell::Optional { flag } if *value == knob.default => format!("no {flag}"),
        Tell::Flag { flag } | Tell::Optional { flag } => format!("{flag} {value}"),
        Tell::Switch { on, off } => match (*value == Value::Bool(true), off.is_empty()) {
            (true, _) => on.clone(),
            (false, true) => format!("no {on}"),
            (false, false) => off.clone(),
        },
        Tell::Words { words } => match words.get(&value.to_string())?.as_str() {
            "" => format!("no word for {}", knob.name),
            word => word.to_owned(),
        },
        Tell::Variable { variable } => format!("{variable}={value} in its environment"),
        Tell::Product { flag, factor } => match (value, wanted.int(factor)) {
            (Value::Int(one), Some(other)) => format!("{flag} {}", one.saturating_mul(other)),
            _ => format!("{flag} {value} × {factor}"),
        },
        Tell::Field { .. } | Tell::Device => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use wattsmith_engine::{About, shipped};
    use wattsmith_testkit::fixtures;

    #[test]
    fn what_is_to_be_set_is_said_in_the_servers_own_words() {
        let machine = fixtures::everything().session.machine;
        let space = shipped().space(&About::machine(&machine));
        let now = space.default_configuration();
        let mut wanted = now.clone();
        wanted.set("parallel", Value::Int(2));
        wanted.set("context-per-slot", Value::Int(512));
        wanted.set("kv-unified", Value::Bool(false));
        let said: Vec<String> = space
            .parameters
            .iter()
            .filter_map(|knob| change(knob, &now, &wanted))
            .collect();
        assert_eq!(
            said.join(", "),
            "--parallel 2, --ctx-size 1024, --no-kv-unified"
        );
    }
}
