//! What Ollama really uses, by the llama-server that it started: that one's command line as the kernel tells it,
//! its own page at the random port that stands there, and its log, which comes out of the daemon's. The daemon
//! itself tells its variables in the first line of its log, and the command line in another. Which knob is read
//! where stands in the catalogue.

use crate::attached::Endpoint;
use crate::llama_server;
use crate::place::Place;
use crate::proc;
use crate::ready::PAGE;
use crate::server::{Door, Told};
use serde_json::{Map, Value as Json, json};
use std::path::Path;

/// What the program is called that the daemon starts for a model.
const CHILD: &str = "llama-server";
const PROPS: &str = "/props";
/// Before the command line in the daemon's log, and before its variables.
const STARTING: &str = "msg=\"starting llama-server\" cmd=";
const VARIABLES: &str = "msg=\"server config\" env=\"map[";
/// Short flags, as Ollama writes them.
const SHORT: [(&str, &str); 6] = [
    ("-c", "ctx-size"),
    ("-np", "parallel"),
    ("-b", "batch-size"),
    ("-ub", "ubatch-size"),
    ("-t", "threads"),
    ("-ngl", "n-gpu-layers"),
];

/// The pages of the llama-server behind a daemon: its command line under `/command`, and its own. None where the
/// daemon is on another machine, or runs several models.
pub(super) async fn of_child(door: &Door<'_>) -> Vec<Json> {
    let Ok(endpoint) = Endpoint::parse(door.base_url) else {
        return Vec::new();
    };
    let looked = tokio::task::spawn_blocking(move || command_line(&endpoint.host, endpoint.port));
    let Some(words) = looked.await.ok().flatten() else {
        return Vec::new();
    };
    let command = flags(words.iter().map(String::as_str));
    let port = command
        .get("port")
        .and_then(Json::as_str)
        .and_then(|port| port.parse().ok());
    let mut pages = vec![json!({ "command": command })];
    if let Some(port) = port {
        let child = Door {
            base_url: &format!("http://127.0.0.1:{port}"),
            // It has none, and whoever it is need not see ours.
            api_key: "",
            port,
            ..*door
        };
        match child
            .page(PROPS, PAGE)
            .await
            .map_err(|fault| fault.to_string())
            .and_then(llama_server::told)
        {
            Ok(told) => pages.extend(told.pages),
            Err(what) => {
                tracing::info!(%what, "the llama-server behind Ollama does not tell its settings")
            }
        }
    }
    pages
}

/// What the log adds: the settings of the llama-server, in the words of its own catalogue, and the daemon's
/// variables.
pub(super) fn in_use(told: &Told, log: &str) -> Json {
    let mut page = json!({
        "llama-server": llama_server::in_use(told, log),
        "daemon": daemon(log),
    });
    if !told.pages.iter().any(|page| page.get("command").is_some()) {
        page["command"] = Json::Object(of_log(log));
    }
    page
}

/// The words of the one llama-server that the process at this port started.
fn command_line(host: &str, port: u16) -> Option<Vec<String>> {
    let Place::Here { pid, .. } = Place::find(host, port) else {
        return None;
    };
    let lines = proc::children(pid).into_iter().filter_map(|child| {
        let words = proc::words(child)?;
        let name = Path::new(words.first()?).file_name()?.to_str()?;
        // A script stands behind its interpreter.
        name.starts_with(CHILD).then_some(words)
    });
    let mut lines: Vec<Vec<String>> = lines.collect();
    (lines.len() == 1).then(|| lines.remove(0))
}

/// The last one that the log tells; words with blanks in them are in pieces there, and are none of those that
/// are read.
fn of_log(log: &str) -> Map<String, Json> {
    let line = log.lines().rev().find_map(|line| line.split_once(STARTING));
    let words = line.map_or("", |(_, words)| words.trim().trim_matches('"'));
    flags(words.split_whitespace())
}

/// Flags by their long names, with the word that follows.
fn flags<'a>(words: impl Iterator<Item = &'a str>) -> Map<String, Json> {
    let is_flag = |word: &str| {
        word.strip_prefix('-')
            .is_some_and(|rest| rest.starts_with(|c: char| c == '-' || c.is_ascii_alphabetic()))
    };
    let mut flags = Map::new();
    let mut words = words.skip(1).peekable();
    while let Some(word) = words.next() {
        if !is_flag(word) {
            continue;
        }
        let long = SHORT
            .iter()
            .find(|(short, _)| *short == word)
            .map(|(_, long)| *long);
        let name = long.unwrap_or_else(|| word.trim_start_matches('-'));
        let value = words.next_if(|next| !is_flag(next));
        flags.insert(
            name.to_owned(),
            value.map_or(json!(true), |value| json!(value)),
        );
    }
    flags
}

/// Go writes its map as `NAME:value NAME:value`.
fn daemon(log: &str) -> Map<String, Json> {
    let line = log.lines().find_map(|line| line.split_once(VARIABLES));
    let words = line.map_or("", |(_, rest)| rest).split_whitespace();
    let pairs = words.filter_map(|word| {
        let (name, value) = word.split_once(':')?;
        let plain = name
            .bytes()
            .all(|byte| byte.is_ascii_uppercase() || byte == b'_');
        plain.then(|| (name.to_owned(), json!(value.trim_end_matches(['"', ']']))))
    });
    pairs.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_last_command_line_in_the_log_counts() {
        let log = concat!(
            "time=2026-08-21T18:48:20Z level=INFO source=routes.go:1950 msg=\"server config\" env=\"map[HTTPS_PROXY: ",
            "OLLAMA_NUM_PARALLEL:4 OLLAMA_ORIGINS:[http://localhost https://localhost] OLLAMA_SCHED_SPREAD:false]\"\n",
            "time=… level=INFO source=llama_server.go:427 msg=\"starting llama-server\" cmd=\"/lib/llama-server --model /m -c 100 -np 1\"\n",
            "time=… level=INFO source=llama_server.go:427 msg=\"starting llama-server\" cmd=\"/lib/llama-server --model /m ",
            "--port 40123 --no-webui -c 8192 -np 4 --flash-attn auto -b 256 -ub 256 -ngl -1 -t 2\"\n",
        );
        let page = in_use(&Told::default(), log);
        for (name, value) in [
            ("ctx-size", "8192"),
            ("parallel", "4"),
            ("ubatch-size", "256"),
            ("n-gpu-layers", "-1"),
            ("threads", "2"),
            ("flash-attn", "auto"),
        ] {
            assert_eq!(page["command"][name], value, "{name}");
        }
        assert_eq!(page["command"]["no-webui"], true);
        assert_eq!(page["daemon"]["OLLAMA_NUM_PARALLEL"], "4");
        assert_eq!(page["daemon"]["OLLAMA_SCHED_SPREAD"], "false");
    }

    proptest! {
        #[test]
        fn no_log_makes_it_panic(text in "\\PC{0,200}") {
            in_use(&Told::default(), &text);
            in_use(&Told::default(), &format!("{STARTING}{text}\n{VARIABLES}{text}"));
        }
    }
}
