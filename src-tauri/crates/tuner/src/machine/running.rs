//! Servers: those that are known here, those that run already, and how fast one of these is where nothing
//! tells its energy.

use crate::error::TunerError;
use crate::session::work::{PictureChoice, WorkSize, work_of};
use crate::tuner::Tuner;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;
use wattsmith_domain::{Performance, SystemClock, Workload};
use wattsmith_engine::{
    About, Found, LaunchOptions, Place, attached, drive, launch, servers, settings_in_use, warm_up,
};

/// A server that Wattsmith can start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownServer {
    /// By which it is chosen.
    pub name: String,
    /// Its program, or what to do where it is not here.
    pub program: Result<String, String>,
    /// Whether it makes pictures.
    pub pictures: bool,
}

/// How fast a server did some work. Nothing is said of energy.
#[derive(Debug, Clone, PartialEq)]
pub struct Timed {
    /// What it is.
    pub version: String,
    /// The model that it served.
    pub model: String,
    /// Where it runs, as far as that was found.
    pub place: Place,
    /// The work.
    pub workload: Workload,
    /// Tokens of the answers, by its own count.
    pub output_tokens: u64,
    /// How fast.
    pub performance: Performance,
}

impl Tuner {
    /// Servers that Wattsmith can start, that which it brings first.
    #[must_use]
    pub fn known_servers(&self) -> Vec<KnownServer> {
        let folders = self.paths.engine_folders();
        servers()
            .into_iter()
            .map(|server| KnownServer {
                name: server.name().to_owned(),
                program: server
                    .find(&folders)
                    .map(|program| program.display().to_string()),
                pictures: matches!(server.protocol(), wattsmith_engine::Protocol::Images(_)),
            })
            .collect()
    }

    /// Servers that run on this machine already. Nothing is started or changed by looking.
    pub async fn running_servers(&self) -> Vec<Found> {
        wattsmith_engine::running().await
    }

    /// Gives a server that runs already one window of work, in its short form or in a size that is named, and
    /// tells times and tokens: for one of which nobody knows the energy. Nothing is stored.
    ///
    /// # Errors
    /// It does not answer, or does not do the work.
    pub async fn time_running(
        &self,
        address: &str,
        workload: &str,
        size: WorkSize,
        cancel: &CancellationToken,
    ) -> Result<Timed, TunerError> {
        let server = attached(address).await?;
        let work = work_of(
            server.as_ref(),
            (workload, workload),
            size == WorkSize::default(),
            size,
            &PictureChoice::default(),
        )?;
        let machine = self.machine();
        let space = server.space(&About::machine(&machine));
        let program = server.find(&[]).map_err(TunerError::NotFound)?;
        let model = self
            .model_for(server.as_ref(), Some("served".into()))
            .await?;
        // What goes with each request is as it is in use: another value may have the model loaded anew.
        let mut asked = space.default_configuration();
        for (name, value) in settings_in_use(server.as_ref(), &space).await?.iter() {
            asked.set(name, value.clone());
        }
        let options = LaunchOptions::new(
            Arc::clone(&server),
            program,
            &model.path,
            space.clone(),
            asked,
            self.paths.engines_state(),
        );
        let engine = launch(options, cancel).await?;
        let clock = Arc::new(SystemClock);
        warm_up(&engine, &work, clock.clone(), cancel).await?;
        let driven = drive(&engine, &work, clock, |_| {}, cancel).await?;
        let place = engine.place().cloned();
        let version = engine.launch().engine_version.clone();
        engine.stop().await;
        Ok(Timed {
            version,
            model: model.name,
            place: place.unwrap_or_else(|| Place::NotKnown {
                why: "it was not looked for".to_owned(),
            }),
            workload: work,
            output_tokens: driven.units().0,
            performance: driven.performance(),
        })
    }
}
