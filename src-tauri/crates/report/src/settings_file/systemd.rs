//! A unit for systemd. By systemd.service(5) and systemd.syntax(7): words in double quotes with the escapes of
//! C, `%` and `$` doubled, no shell.

use super::Winner;
use std::fmt::Write as _;

pub(super) fn unit(winner: &Winner<'_>) -> String {
    let mut unit = winner.remark("#") + &winner.of_requests("#");
    let session = winner.session;
    let what = format!("{} with {}", session.engine.name, session.model.name);
    let _ = writeln!(unit, "[Unit]\nDescription={}\n", plain(&what));
    unit.push_str("[Service]\n");
    for (name, value) in &winner.kept.environment {
        let _ = writeln!(
            unit,
            "Environment={}",
            quoted(&format!("{name}={value}"), false)
        );
    }
    let mut line = String::from("ExecStart=");
    let words = winner.kept.words.iter();
    let listen = winner.listening("127.0.0.1");
    for (at, word) in words.chain(&listen).enumerate() {
        if at > 0 {
            line.push_str(if super::is_flag(word) { " \\\n  " } else { " " });
        }
        line.push_str(&quoted(word, true));
    }
    let _ = writeln!(
        unit,
        "{line}\nRestart=on-failure\n\n[Install]\nWantedBy=default.target"
    );
    unit
}

/// A value that is no list of words.
fn plain(text: &str) -> String {
    text.replace(['\n', '\r', '\\'], " ").replace('%', "%%")
}

/// One word.
fn quoted(word: &str, command: bool) -> String {
    let mut text = String::from("\"");
    for letter in word.chars() {
        match letter {
            '"' | '\\' => text.extend(['\\', letter]),
            '%' => text.push_str("%%"),
            '$' if command => text.push_str("$$"),
            '\n' => text.push_str("\\n"),
            '\r' => text.push_str("\\r"),
            other => text.push(other),
        }
    }
    text + "\""
}
