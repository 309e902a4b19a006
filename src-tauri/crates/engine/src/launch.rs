//! Starts an engine under one configuration and makes sure of three things before anybody measures:
//! it is ready, it is ours, and it says which settings it uses.

use crate::catalogue::About;
use crate::error::EngineError;
use crate::ready::{NotReady, until_ready};
use crate::running::RunningEngine;
use crate::server::{Asked, CommandLine, Door, Server};
use crate::supervise::environment::quiet_command;
use crate::supervise::failure::Ended;
use crate::supervise::log::EngineLog;
use crate::supervise::process::{Process, Start};
use crate::supervise::watchdog::NOT_STARTED;
use std::ffi::OsString;
use std::io::Read as _;
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;
use wattsmith_domain::{Configuration, FailureCause, Launch, Machine, ParameterSpace, Seconds};

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
            port: None,
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
    check_files(&options).await?;
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
    let api_key = random_key().map_err(start_failed)?;
    let server = &options.server;
    let CommandLine { words, variables } = server.command(&Asked {
        program: &options.binary,
        model: &options.model,
        port,
        api_key: &api_key,
        space: &options.space,
        configuration,
        extra_args: &options.extra_args,
    });
    let name = format!("{port}-{}", &api_key[..8]);
    let (log, output) = EngineLog::create(&options.state_dir, &name).map_err(start_failed)?;
    let mut shell = quiet_command(Path::new("/bin/sh"), server.settings());
    shell.envs(variables);
    let client = http_client()?;

    let spawned = Instant::now();
    let process = Process::start(Start {
        shell,
        words: words.iter().map(OsString::from).collect(),
        log,
        output,
        state_dir: &options.state_dir,
        mark: random_key().map_err(start_failed)?,
    })
    .await
    .map_err(start_failed)?;
    let base_url = format!("http://127.0.0.1:{port}");
    let door = Door {
        client: &client,
        base_url: &base_url,
        api_key: &api_key,
    };
    let ready = tokio::time::timeout(
        options.ready_timeout,
        until_ready(&process, server.as_ref(), &door),
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
            let log = process.log().head().await;
            let used = server.used(&options.space, &told, &log);
            let launch = Launch {
                argv: words,
                engine_version: match server.version(&options.binary).await {
                    Ok(version) => version,
                    Err(_) => told.build,
                },
                differences: server.differences(&options.space, configuration, &used),
            };
            return Ok(RunningEngine {
                process,
                client,
                server: Arc::clone(server),
                binary: options.binary.clone(),
                model: options.model.clone(),
                base_url,
                api_key,
                launch,
                load,
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

fn http_client() -> Result<reqwest::Client, EngineError> {
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
