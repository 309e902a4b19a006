//! A session that starts from what the server would choose if nobody told it anything.

use crate::error::TunerError;
use crate::tuner::Tuner;
use std::path::Path;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;
use wattsmith_domain::{Configuration, Model, ParameterSpace};
use wattsmith_engine::{Flags, LaunchOptions, Server, own_choice};

impl Tuner {
    /// Starts the server once without settings, and takes what it says it uses. Nothing is measured, but
    /// nobody else may measure meanwhile either.
    ///
    /// # Errors
    /// Another program measures, or the server cannot be started so.
    pub(crate) async fn own_choice(
        &self,
        server: Arc<dyn Server>,
        binary: &Path,
        model: &Model,
        space: &ParameterSpace,
        flags: Option<Flags>,
    ) -> Result<Configuration, TunerError> {
        let _machine = self.claim_machine()?;
        let mut options = LaunchOptions::new(
            server,
            binary,
            &model.path,
            space.clone(),
            space.default_configuration(),
            self.paths.engines_state(),
        );
        options.flags = flags;
        Ok(own_choice(options, &CancellationToken::new()).await?)
    }
}
