//! The program itself: words in, one line of JSON out, an exit code.
//!
//! With `--hold` it stays: it obeys further verbs, one a line, and when its input ends it puts every
//! board back that it changed. Only Wattsmith holds the other end of that pipe, and the system
//! closes it however Wattsmith ends. That is the watchdog; it asks for permission once.

use crate::control::{Control, Now};
use crate::refusal::Refusal;
use crate::verb::Verb;
use std::io::{BufRead, Read as _, Write};

/// Longest line that is read, bytes; a verb has less than 100.
const LONGEST_LINE: u64 = 256;

/// Runs the program with these words behind its name; gives its exit code.
pub fn run(words: &[String], input: &mut impl BufRead, output: &mut impl Write) -> u8 {
    let mut words: Vec<&str> = words.iter().map(String::as_str).collect();
    let hold = words.last() == Some(&"--hold") && words.first() != Some(&"reset");
    if hold {
        words.pop();
    }
    let done = Verb::parse(&words).and_then(|verb| Ok((Control::open()?, verb)));
    let (control, verb) = match done {
        Ok(ready) => ready,
        Err(refusal) => return answer(output, None, &Err(refusal)),
    };
    let obeyed = control.obey(&verb);
    let code = answer(output, Some(&verb), &obeyed);
    if hold && obeyed.is_ok() {
        return until_the_end(&control, verb, input, output);
    }
    code
}

/// Obeys until the input ends, then puts back what was changed.
fn until_the_end(
    control: &Control,
    first: Verb,
    input: &mut impl BufRead,
    output: &mut impl Write,
) -> u8 {
    let mut changed = vec![first.uuid().to_owned()];
    while let Some(line) = line(input) {
        let verb = Verb::parse(&line.split(' ').collect::<Vec<_>>());
        let obeyed = verb.clone().and_then(|verb| control.obey(&verb));
        answer(output, verb.as_ref().ok(), &obeyed);
        if let (Ok(verb), Ok(_)) = (verb, obeyed) {
            changed.retain(|uuid| uuid != verb.uuid());
            if !matches!(verb, Verb::Reset { .. }) {
                changed.push(verb.uuid().to_owned());
            }
        }
    }
    let mut code = 0;
    for uuid in changed {
        let verb = Verb::Reset { uuid };
        let obeyed = control.obey(&verb);
        // Nobody may be left to read it; the state that stays written is found at the next start.
        code = code.max(answer(output, Some(&verb), &obeyed));
    }
    code
}

/// The next line; none at the end of the input. A line that is too long is cut, and so no verb.
fn line(input: &mut impl BufRead) -> Option<String> {
    let mut bytes = Vec::new();
    match input.take(LONGEST_LINE).read_until(b'\n', &mut bytes) {
        Err(_) | Ok(0) => None,
        Ok(_) => {
            let text = String::from_utf8_lossy(&bytes).into_owned();
            Some(text.strip_suffix('\n').unwrap_or(&text).to_owned())
        }
    }
}

/// Writes one line; gives the exit code that belongs to it.
fn answer(output: &mut impl Write, verb: Option<&Verb>, obeyed: &Result<Now, Refusal>) -> u8 {
    let board = verb.map_or_else(|| "null".to_owned(), |verb| quoted(verb.uuid()));
    let (line, code) = match obeyed {
        Ok(now) => {
            let limit = now.power_limit_mw.map_or_else(
                || "null".to_owned(),
                |milliwatts| format!("{}.{:03}", milliwatts / 1000, milliwatts % 1000),
            );
            let clock = now
                .clock_lock_mhz
                .map_or_else(|| "null".to_owned(), |mhz| mhz.to_string());
            let line = format!(
                r#"{{"ok":true,"board":{board},"power_limit_w":{limit},"clock_lock_mhz":{clock}}}"#
            );
            (line, 0)
        }
        Err(refusal) => {
            let (code, text) = (refusal.code.word(), quoted(&refusal.text));
            let line = format!(r#"{{"ok":false,"board":{board},"code":"{code}","text":{text}}}"#);
            (line, refusal.code as u8)
        }
    };
    // Without a reader the work is done all the same.
    let _ = writeln!(output, "{line}").and_then(|()| output.flush());
    code
}

/// A JSON string.
fn quoted(text: &str) -> String {
    let mut quoted = String::from('"');
    for character in text.chars() {
        match character {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            control if u32::from(control) < 0x20 => {
                quoted.push_str(&format!("\\u{:04x}", u32::from(control)));
            }
            other => quoted.push(other),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_text_is_a_json_string() {
        let text = "a \"quoted\" back\\slash,\n\ta tab \u{1} and é";
        let read: String = serde_json::from_str(&quoted(text)).unwrap();
        assert_eq!(read, text);
    }

    #[test]
    fn a_line_without_end_is_cut_and_the_rest_is_no_verb_either() {
        let long = "x".repeat(1000) + "\nreset GPU-aa\n";
        let mut input = long.as_bytes();
        let mut lines = std::iter::from_fn(|| line(&mut input));
        assert!(lines.by_ref().take(4).all(|line| line.starts_with('x')));
        assert_eq!(lines.collect::<Vec<_>>(), ["reset GPU-aa"]);
    }
}
