//! Starts an engine under one configuration and makes sure of three things before anybody measures:
//! it is ready, it is ours, and it says which settings it uses.

use crate::attached::{Endpoint, Watched};
use crate::catalogue::{About, Flags};
use crate::error::EngineError;
use crate::place::Place;
use crate::ready::{NotReady, until_ready};
use crate::running::{AskedAndTold, Body, RunningEngine};
use crate::server::{Asked, CommandLine, Door, Server, ToLoad, Told};
use crate::supervise::environment::quiet_command;
use crate::supervise::failure::{Ended, Exit};
use crate::supervise::log::EngineLog;
use crate::supervise::process::{Process, Start};
use crate::supervise::watchdog::NOT_STARTED;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::Read as _;
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;
use wattsmith_domain::{
    Configuration, FailureCause, Launch, Machine, ParameterSpace, Seconds, Tell, Value,
};
use wattsmith_fail_points::fail_point;

/// Ports tried when others keep taking them.
const PORTS: u32 = 4;

/// What to start, and how.
#[derive(Debug, Clone)]
pub struct LaunchOptions {
    /// Which kind of server it is.
    pub server: Arc<dyn Server>,
    /// Its program.
    pub binary: PathBuf,
    /// The model.
    pub model: PathBuf,
    /// The knobs; see [`Server::space`].
    pub space: ParameterSpace,
    /// Their values; what is missing takes its default.
    pub configuration: Configuration,
    /// More words for the end of the command line.
    pub extra_args: Vec<String>,
    /// Where the log and the record of the running engine go; made when missing.
    pub state_dir: PathBuf,
    /// How long loading may take.
    pub ready_timeout: Duration,
    /// A small model that drafts for it, where its server can use one.
    pub draft: Option<PathBuf>,
    /// Whether it is told no setting at all and fits itself; see [`crate::own_choice()`].
    pub(crate) left_alone: bool,
    /// The flags that this build has, where it was asked already.
    pub flags: Option<Flags>,
    /// The port to listen on; `None` picks a free one, which is what everybody wants but a test.
    pub port: Option<u16>,
}

impl LaunchOptions {
    /// Under `configuration`, with two minutes to load.
    #[must_use]
    pub fn new(
        server: Arc<dyn Server>,
        binary: impl Into<PathBuf>,
        model: impl Into<PathBuf>,
        space: ParameterSpace,
        configuration: Configuration,
        state_dir: impl Into<PathBuf>,
    ) -> Self {
        Self {
            server,
            binary: binary.into(),
            model: model.into(),
            space,
            configuration,
            extra_args: Vec::new(),
            state_dir: state_dir.into(),
            ready_timeout: Duration::from_secs(120),
            draft: None,
            left_alone: false,
            flags: None,
            port: None,
        }
    }

    fn to_load<'a>(
        &'a self,
        configuration: &'a Configuration,
        fields: &'a [(String, Value)],
    ) -> ToLoad<'a> {
        ToLoad {
            model: &self.model,
            space: &self.space,
            configuration,
            fields,
        }
    }

    /// A chat server for one conversation at a time with `context` tokens: the advisor's model. None
    /// where this kind of server is not made for that.
    #[must_use]
    pub fn chat_server(
        server: Arc<dyn Server>,
        binary: impl Into<PathBuf>,
        model: impl Into<PathBuf>,
        machine: &Machine,
        context: u32,
        state_dir: impl Into<PathBuf>,
    ) -> Option<Self> {
        let space = server.space(&About::machine(machine));
        let (configuration, extra_args) = server.chat(&space, context)?;
        let mut options = Self::new(server, binary, model, space, configuration, state_dir);
        options.extra_args = extra_args;
        Some(options)
    }
}

/// Starts the engine and waits until it is ready.
///
/// # Errors
/// A typed cause: `EngineNotFound`, `ModelNotFound`, `ModelCorrupt`, `ModelUnfit`, `OutOfMemory`, `UnknownFlag`
/// (also for a configuration that the catalogue refuses), `PortTaken`, `LoadTimeout`, `Crash`; or
/// that the caller cancelled. Nothing is left running.
pub async fn launch(
    options: LaunchOptions,
    cancel: &CancellationToken,
) -> Result<RunningEngine, EngineError> {
    if let Some(endpoint) = options.server.attached() {
        return attach(&options, endpoint, cancel).await;
    }
    check_files(&options).await?;
    fail_point!(
        "engine::launch::files_checked",
        EngineError::at_fail_point(FailureCause::EngineNotFound)
    );
    let configuration = options
        .space
        .check(&options.configuration)
        .map_err(|rejections| {
            let reasons: Vec<String> = rejections.iter().map(ToString::to_string).collect();
            EngineError::failed(
                FailureCause::UnknownFlag,
                format!("These settings cannot be used: {}.", reasons.join("; ")),
            )
        })?;
    let mut attempt = 1;
    loop {
        match start(&options, &configuration, cancel).await {
            Err(error)
                if error.cause() == Some(FailureCause::PortTaken)
                    && options.port.is_none()
                    && attempt < PORTS =>
            {
                tracing::info!(
                    attempt,
                    "the port was taken by another program; trying another"
                );
                attempt += 1;
            }
            other => return other,
        }
    }
}

pub(crate) async fn prove_attached(
    server: &dyn Server,
    endpoint: &Endpoint,
    client: &reqwest::Client,
) -> Result<Told, EngineError> {
    let api_key = Endpoint::key();
    server.prove(&endpoint.door(client, &api_key)).await.map_err(|what| {
        EngineError::failed(
            FailureCause::EngineNotFound,
            format!(
                "The server at {} cannot be used: {what}. Wattsmith did not start it and does not restart \
                 it; bring it back as it was, then go on.",
                endpoint.base_url
            ),
        )
    })
}

/// Takes a server that runs already: nothing is started, and nothing of it is changed.
async fn attach(
    options: &LaunchOptions,
    endpoint: &Endpoint,
    cancel: &CancellationToken,
) -> Result<RunningEngine, EngineError> {
    let server = &options.server;
    let client = http_client()?;
    let begun = Instant::now();
    let api_key = Endpoint::key();
    let fields = fields(&options.space, &options.configuration);
    let ready = async {
        let told = prove_attached(server.as_ref(), endpoint, &client).await?;
        let asked = options.to_load(&options.configuration, &fields);
        server
            .load(&endpoint.door(&client, &api_key), &asked, told)
            .await
    };
    let told = tokio::select! {
        () = cancel.cancelled() => return Err(EngineError::Cancelled),
        told = tokio::time::timeout(options.ready_timeout, ready) => told.unwrap_or_else(|_| {
            Err(EngineError::failed(
                FailureCause::LoadTimeout,
                format!(
                    "The server at {} has not loaded its model after {:.0} s. Allow more time, or look at its \
                     own log.",
                    endpoint.base_url,
                    options.ready_timeout.as_secs_f64()
                ),
            ))
        })?,
    };
    let (host, port) = (endpoint.host.clone(), endpoint.port);
    let place = tokio::task::spawn_blocking(move || Place::find(&host, port))
        .await
        .unwrap_or_else(|error| Place::NotKnown {
            why: error.to_string(),
        });
    let configuration = &options.configuration;
    let used = server.used(&options.space, &told, "");
    Ok(RunningEngine {
        launch: Launch {
            argv: vec![endpoint.base_url.clone()],
            environment: BTreeMap::new(),
            engine_version: server.version(&options.binary).await?,
            differences: server.differences(&options.space, configuration, &used),
            used,
        },
        body: Body::Attached(Watched::new(place)),
        client,
        server: Arc::clone(server),
        binary: options.binary.clone(),
        model: options.model.clone(),
        base_url: endpoint.base_url.clone(),
        api_key,
        load: Seconds(begun.elapsed().as_secs_f64()),
        told_load: None,
        served: told.served,
        fields,
        asked: None,
    })
}

async fn check_files(options: &LaunchOptions) -> Result<(), EngineError> {
    let binary = options.binary.display();
    if let Err(error) = tokio::fs::metadata(&options.binary).await {
        return Err(EngineError::failed(
            FailureCause::EngineNotFound,
            format!(
                "There is no engine at {binary} ({error}). {}, or choose another {}.",
                options.server.fetch(),
                options.server.name()
            ),
        ));
    }
    options.server.check_model(&options.model).await
}

async fn start(
    options: &LaunchOptions,
    configuration: &Configuration,
    cancel: &CancellationToken,
) -> Result<RunningEngine, EngineError> {
    let start_failed = |error: std::io::Error| {
        EngineError::failed(
            FailureCause::EngineNotFound,
            format!(
                "The engine {} cannot be started: {error}. Check that the file may be executed and \
                 that {} may be written.",
                options.binary.display(),
                options.state_dir.display()
            ),
        )
    };
    let port = match options.port {
        Some(port) => port,
        None => free_port().map_err(start_failed)?,
    };
    fail_point!(
        "engine::launch::port_found",
        EngineError::at_fail_point(FailureCause::PortTaken)
    );
    let api_key = random_key().map_err(start_failed)?;
    let server = &options.server;
    let files = put_files(server.as_ref(), &options.state_dir)
        .await
        .map_err(start_failed)?;
    fail_point!(
        "engine::launch::files_put",
        start_failed(std::io::Error::other("fail point"))
    );
    let flags = match &options.flags {
        Some(flags) => Some(flags.clone()),
        None => server.flags(&options.binary).await,
    };
    let CommandLine {
        words,
        variables,
        settings,
    } = server.command(&Asked {
        program: &options.binary,
        model: &options.model,
        port,
        api_key: &api_key,
        space: &options.space,
        configuration,
        extra_args: &options.extra_args,
        files: &files,
        draft: options.draft.as_deref(),
        left_alone: options.left_alone,
        flags: flags.as_ref(),
    });
    let mark = random_key().map_err(start_failed)?;
    // Not by the key, of which nothing is to be seen anywhere.
    let name = format!("{port}-{}", &mark[..8]);
    let (log, output) = EngineLog::create(&options.state_dir, &name).map_err(start_failed)?;
    fail_point!(
        "engine::launch::log_made",
        start_failed(std::io::Error::other("fail point"))
    );
    let mut shell = quiet_command(Path::new("/bin/sh"), &server.settings());
    shell.envs(variables);
    shell.envs(settings.iter().cloned());
    let client = http_client()?;

    let spawned = Instant::now();
    let process = Process::start(Start {
        shell,
        words: words.iter().map(OsString::from).collect(),
        log,
        output,
        state_dir: &options.state_dir,
        mark,
        grace: server.grace(),
    })
    .await
    .map_err(start_failed)?;
    let base_url = format!("http://127.0.0.1:{port}");
    let door = Door {
        client: &client,
        base_url: &base_url,
        api_key: &api_key,
        port,
        group: process.group(),
    };
    let fields = fields(&options.space, configuration);
    let to_load = options.to_load(configuration, &fields);
    let ready = tokio::time::timeout(
        options.ready_timeout,
        until_ready(&process, server.as_ref(), &door, &to_load),
    );
    let ready = tokio::select! {
        biased;
        () = cancel.cancelled() => None,
        ready = ready => Some(ready),
    };
    let load = Seconds(spawned.elapsed().as_secs_f64());
    let Some(ready) = ready else {
        process.stop().await;
        return Err(EngineError::Cancelled);
    };
    let error = match ready {
        Ok(Ok(told)) => {
            fail_point!(
                "engine::launch::read_back",
                EngineError::at_fail_point(FailureCause::OutOfMemory)
            );
            let log = process.log().head().await;
            let used = server.used(&options.space, &told, &log);
            let launch = Launch {
                argv: words,
                environment: settings.into_iter().collect(),
                engine_version: match server.version(&options.binary).await {
                    Ok(version) => version,
                    Err(_) => told.build.clone(),
                },
                differences: server.differences(&options.space, configuration, &used),
                used,
            };
            return Ok(RunningEngine {
                body: Body::Started(process),
                client,
                server: Arc::clone(server),
                served: told.served.clone(),
                binary: options.binary.clone(),
                model: options.model.clone(),
                base_url,
                api_key,
                launch,
                load,
                told_load: told.load,
                fields,
                asked: Some(AskedAndTold {
                    space: options.space.clone(),
                    configuration: configuration.clone(),
                    told,
                }),
            });
        }
        Ok(Err(NotReady::Ended)) => {
            let exit = process.wait().await;
            let log = process.log();
            let text = log.tail().await;
            if exit.code.is_some_and(|code| NOT_STARTED.contains(&code)) {
                let why = text.lines().last().unwrap_or_default().to_owned();
                return Err(start_failed(std::io::Error::other(why)));
            }
            let ended = Ended {
                exit,
                log: &text,
                log_path: log.path(),
                program: &options.binary,
                model: &options.model,
            };
            server.ended_while_loading(&ended).await
        }
        Ok(Err(NotReady::NotOurs(what))) => EngineError::failed(
            FailureCause::PortTaken,
            format!(
                "Another program answers on port {port}: {what}. Start again; a different port is \
                 picked each time."
            ),
        ),
        // What is no more than "it ended" in an answer, the log may tell.
        Ok(Err(NotReady::NotLoaded(error))) if error.cause() == Some(FailureCause::Crash) => {
            let log = process.log();
            let ended = Ended {
                exit: Exit::default(),
                log: &log.tail().await,
                log_path: log.path(),
                program: &options.binary,
                model: &options.model,
            };
            let by_log = server.ended_while_loading(&ended).await;
            match by_log.cause() {
                Some(FailureCause::Crash) => error,
                _ => by_log,
            }
        }
        Ok(Err(NotReady::NotLoaded(error))) => error,
        Err(_) => EngineError::failed(
            FailureCause::LoadTimeout,
            format!(
                "The engine was not ready after {:.0} s of loading {}. On a slow disk allow more \
                 time; else see its log, {}.",
                options.ready_timeout.as_secs_f64(),
                options.model.display(),
                process.log().path().display()
            ),
        ),
    };
    process.stop().await;
    Err(error)
}

/// Puts the server's files into a folder of its own, where they are not there as they have to be: another
/// start may be reading them.
async fn put_files(server: &dyn Server, state_dir: &Path) -> std::io::Result<PathBuf> {
    let folder = state_dir.join(server.name());
    if server.files().is_empty() {
        return Ok(folder);
    }
    tokio::fs::create_dir_all(&folder).await?;
    for file in server.files() {
        let path = folder.join(file.name);
        if tokio::fs::read(&path)
            .await
            .is_ok_and(|there| there == file.text.as_bytes())
        {
            continue;
        }
        let fresh = folder.join(format!("{}.{}", file.name, random_key()?));
        tokio::fs::write(&fresh, file.text).await?;
        tokio::fs::rename(&fresh, &path).await?;
    }
    Ok(folder)
}

/// The settings that go with every request, by the names of their fields.
fn fields(space: &ParameterSpace, configuration: &Configuration) -> Vec<(String, Value)> {
    let told = space.parameters.iter().filter_map(|knob| match &knob.told {
        Tell::Field { field } => {
            let value = configuration.get(&knob.name).unwrap_or(&knob.default);
            Some((field.clone(), value.clone()))
        }
        _ => None,
    });
    told.collect()
}

pub(crate) fn http_client() -> Result<reqwest::Client, EngineError> {
    reqwest::Client::builder()
        .no_proxy()
        .http1_only()
        .tcp_nodelay(true)
        // The server promises keep-alive and hangs up after each streamed answer all the same; a
        // kept connection would fail the next request now and then.
        .pool_max_idle_per_host(0)
        .connect_timeout(Duration::from_secs(5))
        .build()
        .map_err(|error| {
            EngineError::failed(
                FailureCause::RequestFailed,
                format!("No HTTP client could be made: {error}. Restart Wattsmith."),
            )
        })
}

/// A port that nobody listens on now. Somebody may take it before the engine does; that is why the
/// engine is asked for proof.
fn free_port() -> std::io::Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?
        .local_addr()?
        .port())
}

/// 128 random bits in hex.
fn random_key() -> std::io::Result<String> {
    let mut bytes = [0_u8; 16];
    std::fs::File::open("/dev/urandom")?.read_exact(&mut bytes)?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}
