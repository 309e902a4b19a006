//! The program that sets boards as root, as a process at the other end of a pipe.

use super::refused::Refused;
use serde_json::Value;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use wattsmith_gpu_control::{LIBRARY_VARIABLE, STATE_FOLDER, STATE_VARIABLE, Verb};

const PROGRAM: &str = "wattsmith-gpu-control";
/// Where the package puts it.
const PACKAGED: &str = "/usr/libexec/wattsmith/wattsmith-gpu-control";
/// Where pkexec may be; `PATH` is not asked, since what is found asks for a password.
const PKEXECS: [&str; 3] = ["/usr/bin/pkexec", "/bin/pkexec", "/usr/local/bin/pkexec"];
/// pkexec's own exit codes.
const DISMISSED: i32 = 126;
const NOT_AUTHORISED: i32 = 127;
/// How long a board may take to be set.
const PATIENCE: Duration = Duration::from_secs(30);
/// Signals that end a terminal's programs are not for this one: only the end of its input makes it
/// put the boards back. `$@` is a fixed program and checked words; nothing is read as shell code.
const DEAF: &str = r#"trap "" INT HUP QUIT TERM; exec "$@""#;

/// How boards are set.
#[derive(Debug, Clone, Default)]
pub struct GpuAccess {
    /// The program; searched for when none.
    pub program: Option<PathBuf>,
    /// Who gives permission.
    pub permission: GpuPermission,
    /// Where the program writes down what it changed; its own place when none. For tests.
    pub state_folder: Option<PathBuf>,
}

/// Who gives permission to set boards.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum GpuPermission {
    /// The person, through the system's pkexec; nobody where this process is root's.
    #[default]
    Ask,
    /// The person, through this program instead of the system's pkexec.
    AskBy(PathBuf),
    /// It is there already.
    Given,
}

impl GpuAccess {
    pub(super) fn state_folder(&self) -> PathBuf {
        let own = self.state_folder.clone();
        own.unwrap_or_else(|| PathBuf::from(STATE_FOLDER))
    }

    /// What a person types to put a board back.
    pub(super) fn command_to_reset(&self, uuid: &str) -> String {
        let program = self.program().unwrap_or_else(|_| PathBuf::from(PACKAGED));
        format!("pkexec {} reset {uuid}", program.display())
    }

    /// Puts one board back, where nobody has to be asked.
    pub(super) async fn reset(&self, library: Option<&Path>, uuid: &str) -> Result<(), Refused> {
        if self.asks() {
            return Err(Refused::WouldAsk);
        }
        let verb = Verb::Reset {
            uuid: uuid.to_owned(),
        };
        let mut command = self.command(library, &verb)?;
        let output = tokio::time::timeout(PATIENCE, command.stdin(Stdio::null()).output());
        let output = match output.await {
            Ok(Ok(output)) => output,
            Ok(Err(error)) => return Err(Refused::Broken(error.to_string())),
            Err(_) => return Err(Refused::Broken("it does not answer".to_owned())),
        };
        match String::from_utf8_lossy(&output.stdout).lines().next() {
            Some(line) => read(line).map(|_| ()),
            None => Err(refused(output.status)),
        }
    }

    fn asks(&self) -> bool {
        match self.permission {
            GpuPermission::Ask => !is_root(),
            GpuPermission::AskBy(_) => true,
            GpuPermission::Given => false,
        }
    }

    fn program(&self) -> Result<PathBuf, Refused> {
        if let Some(program) = &self.program {
            return Ok(program.clone());
        }
        // Beside this program when it was built from source.
        let beside = std::env::current_exe().ok();
        let beside = beside.and_then(|own| Some(own.parent()?.join(PROGRAM)));
        let places: Vec<PathBuf> = beside
            .into_iter()
            .chain([PathBuf::from(PACKAGED)])
            .collect();
        let found = places.iter().find(|place| place.is_file());
        found.cloned().ok_or_else(|| Refused::NoProgram {
            places: places
                .iter()
                .map(|place| place.display().to_string())
                .collect::<Vec<_>>()
                .join(" and "),
        })
    }

    fn pkexec(&self) -> Result<Option<PathBuf>, Refused> {
        if !self.asks() {
            return Ok(None);
        }
        let pkexec = match &self.permission {
            GpuPermission::AskBy(program) => Some(program.clone()),
            _ => PKEXECS
                .map(PathBuf::from)
                .into_iter()
                .find(|one| one.is_file()),
        };
        let is_there = pkexec.filter(|program| program.is_file());
        is_there.map(Some).ok_or(Refused::NoPkexec)
    }

    fn command(&self, library: Option<&Path>, verb: &Verb) -> Result<Command, Refused> {
        let program = self.program()?;
        let mut command = Command::new("/bin/sh");
        command.args(["-c", DEAF, PROGRAM]);
        if let Some(pkexec) = self.pkexec()? {
            command.arg(pkexec);
        }
        command.arg(program).args(verb.to_string().split(' '));
        if let Some(library) = library {
            command.env(LIBRARY_VARIABLE, library);
        }
        if let Some(folder) = &self.state_folder {
            command.env(STATE_VARIABLE, folder);
        }
        command.stdout(Stdio::piped()).stderr(Stdio::null());
        Ok(command)
    }
}

/// By the owner of this process's folder, which is its effective user.
fn is_root() -> bool {
    std::fs::metadata("/proc/self").is_ok_and(|about| about.uid() == 0)
}

/// What the program answered.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Reply {
    pub power_limit_w: Option<f64>,
    pub clock_lock_mhz: Option<u32>,
}

/// The running program. When it is dropped its input ends, and it puts back what it changed.
pub(super) struct Hold {
    child: Child,
    input: ChildStdin,
    output: Lines<BufReader<ChildStdout>>,
}

impl Hold {
    /// Starts the program with its first verb. Returns once the person has given permission and the
    /// board is set; when this is dropped before, the program still starts if permission comes, sees
    /// its input ended and puts the board back.
    pub(super) async fn begin(
        access: &GpuAccess,
        library: Option<&Path>,
        verb: &Verb,
    ) -> Result<(Self, Reply), Refused> {
        let mut command = access.command(library, verb)?;
        command.arg("--hold").stdin(Stdio::piped());
        let mut child = command
            .spawn()
            .map_err(|error| Refused::Broken(error.to_string()))?;
        let (Some(input), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(Refused::Broken("it has no input or output".to_owned()));
        };
        let mut hold = Self {
            child,
            input,
            output: BufReader::new(output).lines(),
        };
        match hold.output.next_line().await {
            Ok(Some(line)) => Ok((hold, read(&line)?)),
            _ => Err(match hold.child.wait().await {
                Ok(status) => refused(status),
                Err(error) => Refused::Broken(error.to_string()),
            }),
        }
    }

    /// One more verb.
    pub(super) async fn say(&mut self, verb: &Verb) -> Result<Reply, Refused> {
        let line = format!("{verb}\n");
        let said = async {
            self.input.write_all(line.as_bytes()).await.ok()?;
            self.output.next_line().await.ok()?
        };
        match tokio::time::timeout(PATIENCE, said).await {
            Ok(Some(line)) => read(&line),
            Ok(None) => Err(Refused::Gone),
            Err(_) => Err(Refused::Broken("it does not answer".to_owned())),
        }
    }

    /// Ends its input and waits until it has put everything back.
    pub(super) async fn end(mut self) {
        drop(self.input);
        if tokio::time::timeout(PATIENCE, self.child.wait())
            .await
            .is_err()
        {
            tracing::warn!("the program that sets the GPU does not end");
        }
    }
}

fn read(line: &str) -> Result<Reply, Refused> {
    let broken = || Refused::Broken(format!("it says {line:?}"));
    let said: Value = serde_json::from_str(line).map_err(|_| broken())?;
    match said["ok"].as_bool() {
        Some(true) => Ok(Reply {
            power_limit_w: said["power_limit_w"].as_f64(),
            clock_lock_mhz: said["clock_lock_mhz"]
                .as_u64()
                .and_then(|mhz| u32::try_from(mhz).ok()),
        }),
        Some(false) => Err(Refused::Program {
            text: said["text"].as_str().unwrap_or_default().to_owned(),
        }),
        None => Err(broken()),
    }
}

/// What it means when there was no line at all.
fn refused(status: ExitStatus) -> Refused {
    match status.code() {
        Some(DISMISSED) => Refused::Dismissed,
        Some(NOT_AUTHORISED) => Refused::NotAuthorised,
        _ => Refused::Broken(format!("it ended without a word ({status})")),
    }
}
