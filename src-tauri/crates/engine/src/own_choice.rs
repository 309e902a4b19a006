//! What a server uses when nobody tells it anything: a start that is its own choice, not a table's.

use crate::catalogue::Used;
use crate::error::EngineError;
use crate::launch::{LaunchOptions, http_client, launch, prove_attached};
use crate::server::Server;
use tokio_util::sync::CancellationToken;
use wattsmith_domain::{Configuration, FailureCause, Kind, ParameterSpace, Value};

/// What a server that runs already says it uses, as far as these knobs hold it.
///
/// # Errors
/// `EngineNotFound`: it does not answer, or is none that runs already.
pub async fn settings_in_use(
    server: &dyn Server,
    space: &ParameterSpace,
) -> Result<Configuration, EngineError> {
    let Some(endpoint) = server.attached() else {
        return Ok(Configuration::default());
    };
    let client = http_client()?;
    let told = prove_attached(server, endpoint, &client).await?;
    let used = server.used(space, &told, "");
    Ok(within(space, &used))
}

/// What the server chooses for this model on this machine: it is started once with no setting told and
/// whatever it has for fitting itself switched on, asked, and ended.
///
/// # Errors
/// As [`launch`]; `UnknownFlag` where this kind of server cannot be left alone.
pub async fn own_choice(
    mut options: LaunchOptions,
    cancel: &CancellationToken,
) -> Result<Configuration, EngineError> {
    if !options.server.can_be_left_alone() {
        return Err(EngineError::failed(
            FailureCause::UnknownFlag,
            format!(
                "{} has no way to choose its settings by itself, or none that it tells of. Leave \
                 --server-chooses out.",
                options.server.name()
            ),
        ));
    }
    options.left_alone = true;
    let space = options.space.clone();
    let engine = launch(options, cancel).await?;
    let used = engine.launch().used.clone();
    engine.stop().await;
    Ok(within(&space, &used))
}

/// Values that these knobs can take. A number beyond a knob's range is its greatest: a whole model's
/// context is more than is ever asked for.
fn within(space: &ParameterSpace, used: &Used) -> Configuration {
    let values = used.iter().filter_map(|(name, word)| {
        let knob = space.get(name)?;
        let value = match (&knob.kind, word.parse::<i64>()) {
            (Kind::Int { max, .. }, Ok(number)) => Value::Int(number.min(*max)),
            _ => knob.kind.coerce(&Value::Choice(word.clone()))?,
        };
        knob.kind.contains(&value).then(|| (name.clone(), value))
    });
    values.collect()
}
