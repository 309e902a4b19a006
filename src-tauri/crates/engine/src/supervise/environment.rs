//! What a server sees of our environment.

use std::path::Path;
use std::process::Stdio;
use tokio::process::Command;

/// A command with no input, without the variables whose names begin with one of `settings`, by which a
/// server takes settings from the environment, since only the catalogue speaks; and without what is
/// nobody's business but Wattsmith's: keys of providers and the like.
pub(crate) fn quiet_command(program: &Path, settings: &[&str]) -> Command {
    let mut command = Command::new(program);
    command.stdin(Stdio::null());
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if settings.iter().any(|start| text.starts_with(start)) || is_secret(&text) {
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
