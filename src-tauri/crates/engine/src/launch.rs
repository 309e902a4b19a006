//! Starts an engine under one configuration and makes sure of three things before anybody measures:
//! it is ready, it is ours, and it says which settings it uses.

use crate::argv::{Words, argv};
use crate::catalogue::catalogue;
use crate::error::EngineError;
use crate::failure::ended_while_loading;
use crate::gguf::inspect_model;
use crate::log::EngineLog;
use crate::process::{Process, Start};
use crate::readback::{differences, used};
use crate::ready::{NotReady, until_ready};
use crate::version::version;
use crate::watchdog::NOT_STARTED;
use std::ffi::OsString;
use std::io::Read as _;
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};
use tokio::process::Command;
use tokio_util::sync::CancellationToken;
use wattsmith_domain::{
    Configuration, FailureCause, Launch, Machine, ParameterSpace, Seconds, Value,
};

/// By which llama-server takes the key that it asks for.
const API_KEY_VARIABLE: &str = "LLAMA_API_KEY";
/// Ports tried when others keep taking them.
const PORTS: u32 = 4;

/// What to start, and how.
#[derive(Debug, Clone)]
pub struct LaunchOptions {
    /// The llama-server binary.
    pub binary: PathBuf,
    /// The GGUF file.
    pub model: PathBuf,
    /// The knobs; see [`catalogue`].
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
        binary: impl Into<PathBuf>,
        model: impl Into<PathBuf>,
        space: ParameterSpace,
        configuration: Configuration,
        state_dir: impl Into<PathBuf>,
    ) -> Self {
        Self {
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

    /// A chat server for one conversation at a time with `context` tokens: the advisor's model.
    /// Prompts are cached, since a retry repeats most of one. Sampling is each request's own matter.
    #[must_use]
    pub fn chat_server(
        binary: impl Into<PathBuf>,
        model: impl Into<PathBuf>,
        machine: &Machine,
        context: u32,
        state_dir: impl Into<PathBuf>,
    ) -> Self {
        let space = catalogue(machine);
        let mut configuration = space.default_configuration();
        configuration.set("parallel", Value::Int(1));
        configuration.set("context-per-slot", Value::Int(i64::from(context)));
        let mut options = Self::new(binary, model, space, configuration, state_dir);
        options.extra_args = vec!["--cache-prompt".into()];
        options
    }
}

/// An engine that is ready. Ends with [`RunningEngine::stop`], or at once when dropped.
#[derive(Debug)]
pub struct RunningEngine {
    pub(crate) process: Process,
    pub(crate) client: reqwest::Client,
    base_url: String,
    api_key: String,
    launch: Launch,
    load: Seconds,
}

impl RunningEngine {
    /// The engine's process, which is also its process group.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.process.pid().unsigned_abs()
    }

    /// Such as `http://127.0.0.1:40123`; OpenAI's API lies under `/v1`.
    #[must_use]
    pub fn base_url(&self) -> &str {
        &self.base_url
    }

    /// The key that this engine asks for, made for it alone.
    #[must_use]
    pub fn api_key(&self) -> &str {
        &self.api_key
    }

    /// How it was started, for the record.
    #[must_use]
    pub fn launch(&self) -> &Launch {
        &self.launch
    }

    /// From spawn to ready.
    #[must_use]
    pub fn load(&self) -> Seconds {
        self.load
    }

    /// The file that holds what it prints.
    #[must_use]
    pub fn log_path(&self) -> &Path {
        self.process.log().path()
    }

    /// Whether it still runs.
    #[must_use]
    pub fn is_running(&self) -> bool {
        self.process.exited().is_none()
    }

    /// Ends the whole process group and waits until it is gone; takes at most about 2 s when the
    /// engine is busy.
    pub async fn stop(self) {
        self.process.stop().await;
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
                "There is no engine at {binary} ({error}). Run `make setup` to fetch it, or choose \
                 another llama-server."
            ),
        ));
    }
    if let Err(error) = tokio::fs::File::open(&options.model).await {
        return Err(EngineError::failed(
            FailureCause::ModelNotFound,
            format!(
                "The model {} cannot be opened ({error}). Run `make setup` to fetch the pinned \
                 model, or choose a GGUF file that exists.",
                options.model.display()
            ),
        ));
    }
    Ok(())
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
    let words = argv(&Words {
        binary: &options.binary,
        model: &options.model,
        port,
        space: &options.space,
        configuration,
        extra_args: &options.extra_args,
    });
    let name = format!("{port}-{}", &api_key[..8]);
    let (log, output) = EngineLog::create(&options.state_dir, &name).map_err(start_failed)?;
    let mut shell = quiet_command(Path::new("/bin/sh"));
    // Not on the command line, which every user of the machine can read.
    shell.env(API_KEY_VARIABLE, &api_key);
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
    let ready = tokio::time::timeout(
        options.ready_timeout,
        until_ready(&process, &client, &base_url, &api_key),
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
        Ok(Ok(props)) => {
            let used = used(&props, &process.log().head().await);
            let launch = Launch {
                argv: words,
                engine_version: match version(&options.binary).await {
                    Ok(version) => version,
                    Err(_) => props.build_info,
                },
                differences: differences(&options.space, configuration, &used),
            };
            return Ok(RunningEngine {
                process,
                client,
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
            let error =
                ended_while_loading(exit, &text, log.path(), &options.binary, &options.model);
            or_what_the_file_is(error, &options.model).await
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

/// A file that the engine refuses is looked at: what it is says more than the engine's own words.
async fn or_what_the_file_is(error: EngineError, model: &Path) -> EngineError {
    let of_the_model = matches!(
        error.cause(),
        Some(
            FailureCause::ModelNotFound
                | FailureCause::ModelCorrupt
                | FailureCause::ModelUnfit
                | FailureCause::Crash
        )
    );
    match of_the_model {
        true => inspect_model(model).await.err().unwrap_or(error),
        false => error,
    }
}

/// A command with no input, without the variables by which llama.cpp takes settings from the
/// environment, since only the catalogue speaks, and without what is nobody's business but Wattsmith's:
/// keys of providers and the like.
pub(crate) fn quiet_command(binary: &Path) -> Command {
    let mut command = Command::new(binary);
    command.stdin(Stdio::null());
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("LLAMA_") || text.starts_with("GGML_") || is_secret(&text) {
            command.env_remove(&name);
        }
    }
    command
}

/// Whether a variable of this name holds something secret, as names go.
fn is_secret(name: &str) -> bool {
    const SIGNS: [&str; 6] = ["KEY", "TOKEN", "SECRET", "PASSWORD", "PASSWD", "CREDENTIAL"];
    let name = name.to_ascii_uppercase();
    name.split('_').any(|word| {
        SIGNS
            .iter()
            .any(|sign| word.ends_with(sign) || word == format!("{sign}S"))
    })
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
