//! Where an attached server runs: found, and asked of the person where it cannot be. What is not known to
//! be this machine is never measured by this machine's sensors.

use crate::error::TunerError;
use crate::machine::models::blocking;
use crate::tuner::Tuner;
use std::sync::Arc;
use wattsmith_domain::Session;
use wattsmith_engine::{Endpoint, Place, Server};
use wattsmith_meter::Meter;

/// By this word the person says that it is this machine.
const HERE: &str = "here";

impl Tuner {
    /// The machine on which a server runs; none for this one.
    ///
    /// # Errors
    /// It runs elsewhere, or nobody knows where, and the person has not said so or has assigned no meter to
    /// that machine.
    pub(crate) async fn machine_of(
        &self,
        server: &dyn Server,
        said: Option<String>,
    ) -> Result<Option<String>, TunerError> {
        let Some(endpoint) = server.attached() else {
            return match said {
                None => Ok(None),
                Some(_) => Err(TunerError::Invalid(
                    "Only a server that runs already can run elsewhere; leave --runs-on out."
                        .to_owned(),
                )),
            };
        };
        let place = place_of(endpoint).await?;
        let said = said.map(|name| name.trim().to_owned());
        let machine = match (place, said) {
            (Place::Elsewhere { host }, Some(name)) if name == HERE => {
                return Err(TunerError::Invalid(format!(
                    "{host} is an address of another machine, so the server does not run here."
                )));
            }
            (_, Some(name)) if name == HERE => return Ok(None),
            (_, Some(name)) => name,
            (Place::Here { .. }, None) => return Ok(None),
            (Place::Elsewhere { host }, None) => host,
            (Place::NotKnown { why }, None) => {
                return Err(TunerError::Invalid(format!(
                    "Where the server at {} does its work cannot be told: {why}. Say it with --runs-on: \
                     `here` for this machine, or the name that a meter was given with `meters add \
                     --machine`. Times and tokens alone: `wattsmith-cli servers --time {}`.",
                    endpoint.base_url, endpoint.base_url
                )));
            }
        };
        let meter = self.meter_at(&machine).await?;
        match meter.is_measured() {
            true => Ok(Some(machine)),
            false => Err(TunerError::Invalid(format!(
                "The server runs on {machine}, which no meter here measures, so that there are times and \
                 tokens and no joules. This machine's own sensors and CPU time are not used for it. Assign \
                 a meter: `wattsmith-cli meters add NAME --machine {machine} …`. Times and tokens alone: \
                 `wattsmith-cli servers --time {}`.",
                endpoint.base_url
            ))),
        }
    }

    async fn meter_at(&self, machine: &str) -> Result<Arc<Meter>, TunerError> {
        let open = self.sensing.of_machine(machine.to_owned());
        Ok(Arc::new(blocking(open).await?))
    }

    /// The meter by which a session is measured.
    pub(crate) async fn meter_of(&self, session: &Session) -> Result<Arc<Meter>, TunerError> {
        match &session.engine.machine {
            None => Ok(self.meter()),
            Some(machine) => self.meter_at(machine).await,
        }
    }
}

/// Where the server at this address does its work.
async fn place_of(endpoint: &Endpoint) -> Result<Place, TunerError> {
    let (host, port) = (endpoint.host.clone(), endpoint.port);
    blocking(move || Place::find(&host, port)).await
}
