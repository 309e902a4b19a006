//! What vLLM tells of the settings it uses: its resolved configuration at `/server_info`, a gauge among its
//! metrics that carries the cache's settings as labels, and lines of its log. Which knob is read where stands
//! in the catalogue; what is said there in many words is put into one here.

use serde_json::{Map, Value as Json, json};

const GIB: f64 = (1_u64 << 30) as f64;
/// The gauge that carries the cache's settings.
const CACHE_INFO: &str = "vllm:cache_config_info{";
/// Before the arguments that it was given, as Python writes them down.
const ARGUMENTS: &str = "non-default args: ";

/// The page of `/server_info`, with what several of its fields say together under `/chosen`.
pub(super) fn of_server_info(page: &Json) -> Json {
    let config = &page["vllm_config"];
    let mut told = json!({ "vllm_config": config, "vllm_env": page["vllm_env"] });
    let eager = &config["model_config"]["enforce_eager"];
    let level = config["optimization_level"].as_i64();
    told["chosen"] = chosen(
        eager.as_bool(),
        level,
        &config["speculative_config"],
        config.is_object(),
    );
    told
}

/// The cache's settings, by the gauge's labels.
pub(super) fn of_metrics(text: &str) -> Json {
    let labels = text.lines().find_map(|line| line.strip_prefix(CACHE_INFO));
    let mut info: Map<String, Json> = labels
        .map(labels_of)
        .unwrap_or_default()
        .into_iter()
        .map(|(name, value)| (name, in_json(&value)))
        .collect();
    if let Some(bytes) = info.get("kv_cache_memory_bytes").and_then(Json::as_f64) {
        info.insert("kv_cache_gib".to_owned(), whole(bytes / GIB));
    }
    json!({ "cache_config_info": info })
}

/// What its log tells: the arguments that are no defaults, and on which cores it computes.
pub(super) fn of_log(log: &str) -> Json {
    let mut page = json!({ "arguments": {}, "log": {} });
    for line in log.lines() {
        if let Some((_, dict)) = line.split_once(ARGUMENTS)
            && let Some(arguments @ Json::Object(_)) = of_python(dict.trim())
        {
            let level = arguments["optimization_level"].as_i64();
            let eager = arguments["enforce_eager"].as_bool();
            page["chosen"] = chosen(eager, level, &arguments["speculative_config"], false);
            page["arguments"] = arguments;
        }
        for (mark, name) in [
            ("core ids=[", "cores"),
            ("reserved_cpus=[", "reserved_cores"),
        ] {
            if let Some((_, list)) = line.split_once(mark)
                && let Some((list, _)) = list.split_once(']')
            {
                let items = list.split(',').filter(|one| !one.trim().is_empty());
                page["log"][name] = json!(items.count());
            }
        }
    }
    page
}

/// What is chosen by several arguments at once. Where all settings are told, what is not there is none.
fn chosen(eager: Option<bool>, level: Option<i64>, speculation: &Json, all: bool) -> Json {
    let mut chosen = json!({});
    match (eager, level) {
        (Some(true), _) => chosen["compile"] = json!("eager"),
        (_, Some(level)) => chosen["compile"] = json!(level.to_string()),
        _ => {}
    }
    let method = speculation["method"].as_str();
    match (method, speculation["num_speculative_tokens"].as_i64()) {
        (Some(method), Some(tokens)) => {
            chosen["speculation"] = json!(format!("{method}-{tokens}"));
        }
        _ if all => chosen["speculation"] = json!("none"),
        _ => {}
    }
    chosen
}

/// A number without its fraction where that is none.
fn whole(number: f64) -> Json {
    match number.fract() == 0.0 && number.abs() < 1e15 {
        true => json!(number as i64),
        false => json!(number),
    }
}

/// A label's text as the value that it stands for.
fn in_json(text: &str) -> Json {
    match text {
        "True" => json!(true),
        "False" => json!(false),
        "None" => Json::Null,
        text => match text.parse::<i64>() {
            Ok(number) => json!(number),
            Err(_) => text
                .parse::<f64>()
                .map_or_else(|_| json!(text), |number| json!(number)),
        },
    }
}

/// `a="1",b="x"} 1.0`: names and texts.
fn labels_of(text: &str) -> Vec<(String, String)> {
    let mut labels = Vec::new();
    let mut rest = text;
    while let Some((name, after)) = rest.split_once("=\"") {
        let mut value = String::new();
        let mut signs = after.char_indices();
        let mut end = None;
        while let Some((at, sign)) = signs.next() {
            match sign {
                '\\' => value.extend(signs.next().map(|(_, escaped)| escaped)),
                '"' => {
                    end = Some(at + 1);
                    break;
                }
                sign => value.push(sign),
            }
        }
        let Some(end) = end else { break };
        labels.push((name.trim_start_matches([',', ' ']).to_owned(), value));
        rest = &after[end..];
    }
    labels
}

/// A dictionary as Python writes it down, where it holds nothing but texts, numbers, lists and the like.
fn of_python(text: &str) -> Option<Json> {
    let mut json = String::with_capacity(text.len());
    let mut signs = text.chars().peekable();
    while let Some(sign) = signs.next() {
        match sign {
            '\'' | '"' => {
                let mut word = String::new();
                loop {
                    match signs.next()? {
                        '\\' => match signs.next()? {
                            'n' => word.push('\n'),
                            't' => word.push('\t'),
                            other => word.push(other),
                        },
                        end if end == sign => break,
                        other => word.push(other),
                    }
                }
                json.push_str(&Json::String(word).to_string());
            }
            // Of a number, such as 1e-05.
            'e' if json.ends_with(|last: char| last.is_ascii_digit()) => json.push('e'),
            sign if sign.is_ascii_alphabetic() => {
                let mut word = String::from(sign);
                while let Some(next) =
                    signs.next_if(|next| next.is_ascii_alphanumeric() || "._".contains(*next))
                {
                    word.push(next);
                }
                json.push_str(match word.as_str() {
                    "True" => "true",
                    "False" => "false",
                    "None" => "null",
                    _ => return None,
                });
            }
            '(' => json.push('['),
            ')' => json.push(']'),
            sign => json.push(sign),
        }
    }
    serde_json::from_str(&json).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_python_writes_down_is_read_as_it_stands() {
        let text = r#"{'model_tag': '/m/it\'s', 'port': 4000, "quoted": "it's", 'eager': True, 'none': None, 'sizes': (1, 2), 'spec': {'method': 'ngram', 'n': 3}}"#;
        let read = of_python(text).unwrap();
        assert_eq!(read["model_tag"], "/m/it's");
        assert_eq!(read["quoted"], "it's");
        assert_eq!(read["sizes"], json!([1, 2]));
        assert_eq!((&read["eager"], &read["none"]), (&json!(true), &Json::Null));
        assert_eq!(read["spec"]["n"], 3);
        for text in ["{'a': <Level.ONE: 1>}", "{'a': 'open", "", "{"] {
            assert_eq!(of_python(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "\\PC{0,200}") {
            of_python(&text);
            of_log(&format!("{ARGUMENTS}{text}"));
            of_metrics(&format!("{CACHE_INFO}{text}"));
        }
    }
}
