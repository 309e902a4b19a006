//! The meter and the machine as it was probed, and probing again without a restart.

use crate::error::TunerError;
use crate::machine::description::describe;
use crate::machine::models::blocking;
use crate::machine::outside;
use crate::paths::Paths;
use crate::tuner::Tuner;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, RwLock};
use std::time::Duration;
use wattsmith_domain::{Machine, SessionId, SystemClock};
use wattsmith_meter::{Calibration, Meter, MeterOptions, Rest};

/// Where sensors are looked for, and what was found there last.
pub(crate) struct Sensing {
    root: PathBuf,
    nvml_library: Option<PathBuf>,
    paths: Paths,
    /// Whether what was seen at earlier starts is forgotten, at the first look.
    fresh: bool,
    /// Whether what is seen is kept for later starts.
    keeps: bool,
    found: OnceLock<RwLock<Found>>,
    /// What the sensors told when a session's model last rested.
    rest: Mutex<Option<(SessionId, Rest)>>,
}

#[derive(Clone)]
struct Found {
    meter: Arc<Meter>,
    machine: Arc<Machine>,
}

impl Sensing {
    /// Nothing is probed yet. `fresh` forgets what was seen at earlier starts; what is seen now is kept
    /// for later ones where it `keeps`.
    pub(crate) fn new(
        root: PathBuf,
        nvml_library: Option<PathBuf>,
        paths: Paths,
        fresh: bool,
        keeps: bool,
    ) -> Self {
        Self {
            root,
            nvml_library,
            paths,
            fresh,
            keeps,
            found: OnceLock::new(),
            rest: Mutex::default(),
        }
    }

    /// The library that stands for the driver's NVML, where somebody named one.
    pub(crate) fn library(&self) -> Option<&Path> {
        self.nvml_library.as_deref()
    }

    /// Probes, unless that was done; blocks.
    pub(crate) fn probe(&self) {
        self.place();
    }

    fn place(&self) -> &RwLock<Found> {
        self.found
            .get_or_init(|| RwLock::new(self.look(self.fresh)))
    }

    fn look(&self, fresh: bool) -> Found {
        let boards = wattsmith_gpu_control::boards(self.nvml_library.as_deref());
        let meter = Meter::open(MeterOptions {
            root: self.root.clone(),
            nvml_library: self.nvml_library.clone(),
            outside: outside::settings(&self.paths.meters()),
            state: Some(self.paths.sensors()),
            fresh,
            keeps: self.keeps,
            clock: Arc::new(SystemClock),
        });
        Found {
            machine: Arc::new(describe(&meter, boards)),
            meter: Arc::new(meter),
        }
    }

    /// Opens the meters of another machine: anew each time, since they are few and one may have been added.
    /// Blocks.
    pub(crate) fn of_machine(&self, machine: String) -> impl FnOnce() -> Meter + Send + 'static {
        let (root, meters) = (self.root.clone(), self.paths.meters());
        move || {
            let options = MeterOptions {
                root,
                outside: outside::settings(&meters),
                keeps: false,
                ..MeterOptions::default()
            };
            Meter::of_machine(options, &machine)
        }
    }

    /// What the sensors told when this session's model last rested, since they were probed.
    pub(crate) fn rest(&self, session: &SessionId) -> Option<Rest> {
        let kept = self.rest.lock().unwrap_or_else(PoisonError::into_inner);
        let own = kept.as_ref().filter(|(of, _)| of == session);
        own.map(|(_, rest)| rest.clone())
    }

    pub(crate) fn rested(&self, session: &SessionId, rest: Rest) {
        let mut kept = self.rest.lock().unwrap_or_else(PoisonError::into_inner);
        *kept = Some((session.clone(), rest));
    }

    fn found(&self) -> Found {
        self.place()
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    fn again(&self) {
        let found = self.look(true);
        *self.place().write().unwrap_or_else(PoisonError::into_inner) = found;
        *self.rest.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

impl Tuner {
    /// The machine, as it was when its sensors were last probed.
    #[must_use]
    pub fn machine(&self) -> Arc<Machine> {
        self.sensing.found().machine
    }

    /// The meter.
    #[must_use]
    pub fn meter(&self) -> Arc<Meter> {
        self.sensing.found().meter
    }

    /// Looks for sensors again: after a meter was added, a driver loaded, a right granted.
    ///
    /// # Errors
    /// [`TunerError::Busy`] while something is measured on this machine.
    pub async fn reprobe(self: &Arc<Self>) -> Result<(), TunerError> {
        let _lock = self.quiet()?;
        let tuner = Arc::clone(self);
        blocking(move || tuner.sensing.again()).await
    }

    /// Works out what this machine's CPU time costs, against the best meter of the whole machine
    /// that answers, else against the sensors that make the figure. Puts all cores under load for
    /// most of `length`. The estimate uses it from then on.
    ///
    /// # Errors
    /// Something is measured, no sensor answers, or what was seen is no straight line.
    pub async fn calibrate(self: &Arc<Self>, length: Duration) -> Result<Calibration, TunerError> {
        let _lock = self.quiet()?;
        let tuner = Arc::clone(self);
        blocking(move || {
            let date = crate::tuner::now().get(..10).unwrap_or_default().to_owned();
            let calibration = tuner
                .meter()
                .calibrate(length, &date)
                .map_err(|error| TunerError::Invalid(error.to_string()))?;
            let folder = tuner.paths.sensors();
            calibration.store(&folder).map_err(|source| {
                TunerError::io(format!("cannot write into {}", folder.display()), source)
            })?;
            tuner.sensing.again();
            Ok(calibration)
        })
        .await?
    }

    /// Holds the machine while no job of ours and no other Wattsmith measures on it.
    fn quiet(&self) -> Result<crate::machine::lock::MachineLock, TunerError> {
        if !self.jobs.is_empty() {
            return Err(TunerError::Busy(
                "A session is busy, so the sensors are in use. Wait for it, or cancel it first."
                    .to_owned(),
            ));
        }
        self.claim_machine()
    }
}
