//! Files of work: what is read, what is refused and with which words, what becomes of it.

use super::file::of_bytes;
use super::*;
use proptest::prelude::*;
use std::path::Path;
use wattsmith_domain::{AnswerLengths, Arrivals};

fn lines(text: &str) -> WorkFile {
    of_bytes(Path::new("mine.jsonl"), text.as_bytes(), Format::JsonLines)
}

fn table(text: &str) -> WorkFile {
    of_bytes(Path::new("mine.csv"), text.as_bytes(), Format::Csv)
}

const MIXED: &str = r#"{"prompt": "Why is the sky blue?", "output_tokens": 32, "arrival_s": 4.5, "id": 7}

{"text": "Once upon a time", "arrival_s": 1}
{"messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hello"}], "arrival_s": 2, "output_tokens": null}
"#;

#[test]
fn prompts_texts_and_chats_are_read_with_lengths_and_arrivals() {
    let file = lines(MIXED);
    assert_eq!(file.faults, []);
    let told: Vec<_> = file
        .entries
        .iter()
        .map(|one| (one.line, one.output_tokens, one.arrival_s))
        .collect();
    assert_eq!(
        told,
        [
            (1, Some(32), Some(4.5)),
            (3, None, Some(1.0)),
            (4, None, Some(2.0))
        ]
    );
    let Content::Chat(chat) = &file.entries[2].content else {
        panic!("{:?}", file.entries[2]);
    };
    assert_eq!((chat.len(), chat[0].role), (2, Role::System));
    assert!(file.unread.contains("id"));
    let marked = lines("\u{feff}{\"prompt\": \"a\"}\r\n{\"prompt\": \"b\"}\r\n");
    assert_eq!((marked.entries.len(), marked.fault_count), (2, 0));
}

#[test]
fn a_table_is_read_by_its_header_with_the_lines_of_its_rows() {
    let file = table(
        "id,prompt,output_tokens,arrival_s\r\n\
         1,\"One, two\r\nand three\",16,0\r\n\
         2,plain,,1.5\r\n\
         3,\"She said \"\"no\"\"\",8,2\r\n",
    );
    assert_eq!(file.faults, []);
    let told: Vec<_> = file
        .entries
        .iter()
        .map(|one| (one.line, one.content.last_said(), one.output_tokens))
        .collect();
    assert_eq!(
        told,
        [
            (2, "One, two\r\nand three", Some(16)),
            (4, "plain", None),
            (5, "She said \"no\"", Some(8))
        ]
    );
    let chats = table("messages\n\"[{\"\"role\"\":\"\"user\"\",\"\"content\"\":\"\"Hi\"\"}]\"\n");
    assert!(matches!(chats.entries[0].content, Content::Chat(_)));
}

#[test]
fn each_fault_says_where_and_what_to_do() {
    let json = [
        "",
        "[{\"prompt\": \"a\"}]",
        "{\"prompt\": \"a\"",
        "\"a\"",
        "{}",
        "{\"prompt\": \"a\", \"messages\": []}",
        "{\"prompt\": 3}",
        "{\"text\": \" \"}",
        "{\"messages\": \"a\"}",
        "{\"messages\": []}",
        "{\"messages\": [{\"role\": \"tool\", \"content\": \"a\"}]}",
        "{\"messages\": [{\"content\": \"a\"}]}",
        "{\"messages\": [{\"role\": \"user\", \"content\": [1]}]}",
        "{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}, {\"role\": \"assistant\", \"content\": \"b\"}]}",
        "{\"prompt\": \"a\", \"output_tokens\": 1}",
        "{\"prompt\": \"a\", \"output_tokens\": \"many\"}",
        "{\"prompt\": \"a\", \"arrival_s\": \"2026-01-01T00:00:00Z\"}",
        "{\"prompt\": \"a\", \"arrival_s\": -1}",
    ];
    let csv = [
        "",
        "prompt\n",
        "question,id\na,1\n",
        "prompt;id\na;1\n",
        "prompt,text\na,b\n",
        "prompt,prompt\na,b\n",
        "prompt,id\na,b,c\n",
        "prompt,output_tokens\na,ten\n",
        "prompt,arrival_s\na,soon\n",
        "messages\nhello\n",
    ];
    let mut told: Vec<String> = Vec::new();
    let mut tell = |input: &str, file: WorkFile| {
        assert_eq!(file.fault_count, 1, "{input}: {:?}", file.faults);
        told.push(format!("{input:?}\n  {}", file.faults[0]));
    };
    json.iter().for_each(|text| tell(text, lines(text)));
    csv.iter().for_each(|text| tell(text, table(text)));
    let latin = b"{\"prompt\": \"caf\xe9\"}";
    tell(
        "caf\\xe9",
        of_bytes(Path::new("mine.jsonl"), latin, Format::JsonLines),
    );
    insta::assert_snapshot!(told.join("\n"));
}

#[test]
fn what_does_not_go_together_with_the_choice_is_refused() {
    let arrive = |arrivals: Arrivals| WorkChoice {
        arrivals: Some(arrivals),
        ..WorkChoice::default()
    };
    let many = "{\"prompt\": \"a\"}\n".repeat(501);
    let some = format!("{MIXED}{{\"prompt\": \"late\"}}\n");
    let slow = "{\"prompt\": \"a\", \"arrival_s\": 0}\n{\"prompt\": \"b\", \"arrival_s\": 7200}\n";
    let broken = "{}\n{\"prompt\": \"a\"}\n[]\n";
    let cases = [
        (lines(broken), WorkChoice::default()),
        (
            lines(MIXED),
            WorkChoice {
                requests: Some(4),
                ..WorkChoice::default()
            },
        ),
        (lines("{\"prompt\": \"a\"}"), arrive(Arrivals::Timestamps)),
        (lines(&some), arrive(Arrivals::Timestamps)),
        (lines(slow), arrive(Arrivals::Timestamps)),
        (lines(&many), arrive(Arrivals::Poisson { per_second: 0.01 })),
        (lines(&many), arrive(Arrivals::All)),
    ];
    let told: Vec<String> = cases
        .iter()
        .map(|(file, choice)| own_workload(file, *choice).unwrap_err().to_string())
        .collect();
    insta::assert_snapshot!(told.join("\n"));
}

#[test]
fn lengths_come_from_the_data_or_are_fixed() {
    let file = lines(MIXED);
    let work = own_workload(&file, WorkChoice::default()).unwrap();
    assert_eq!((work.requests, work.concurrency), (3, 3));
    assert_eq!((work.output_tokens, work.window_units()), (64, 160));
    let own = work.own.clone().unwrap();
    assert_eq!(own.lengths, AnswerLengths::FromData { otherwise: 64 });
    assert_eq!((own.shortest_answer, own.chats, own.entries), (32, 1, 3));
    let fixed = WorkChoice {
        output_tokens: Some(10),
        requests: Some(2),
        concurrency: Some(1),
        ..WorkChoice::default()
    };
    let fixed = own_workload(&file, fixed).unwrap();
    assert_eq!((fixed.output_tokens, fixed.window_units()), (10, 20));
    assert_eq!(fixed.own.as_ref().unwrap().chats, 0);
    assert_ne!(fixed.hash, work.hash);
    let tokens: Vec<u32> = sent(file.clone(), &work, &own)
        .unwrap()
        .iter()
        .map(|(_, tokens)| *tokens)
        .collect();
    assert_eq!(tokens, [32, 64, 64]);
}

#[test]
fn requests_with_time_stamps_are_sent_in_their_order() {
    let file = lines(MIXED);
    let choice = WorkChoice {
        arrivals: Some(Arrivals::Timestamps),
        ..WorkChoice::default()
    };
    let work = own_workload(&file, choice).unwrap();
    let own = work.own.clone().unwrap();
    let sent = sent(file, &work, &own).unwrap();
    let order: Vec<u64> = sent.iter().map(|(one, _)| one.line).collect();
    assert_eq!(order, [3, 4, 1]);
}

#[test]
fn a_file_that_changed_is_refused_with_both_hashes() {
    let file = lines(MIXED);
    let work = own_workload(&file, WorkChoice::default()).unwrap();
    let own = work.own.clone().unwrap();
    let other = lines("{\"prompt\": \"another\"}");
    let (was, is) = (file.sha256, other.sha256.clone());
    let said = sent(other, &work, &own).unwrap_err().to_string();
    assert!(said.contains(&was) && said.contains(&is), "{said}");
}

#[test]
fn the_same_file_under_another_name_is_the_same_work() {
    let of = |name: &str| {
        let file = of_bytes(Path::new(name), MIXED.as_bytes(), Format::JsonLines);
        own_workload(&file, WorkChoice::default()).unwrap()
    };
    assert_eq!(of("a.jsonl").hash, of("elsewhere/b.jsonl").hash);
    assert!(of("a.jsonl").is_same_work(&of("elsewhere/b.jsonl")));
}

#[test]
fn a_preview_tells_what_is_in_a_file() {
    let preview = lines(MIXED).preview();
    insta::assert_debug_snapshot!(preview);
}

#[tokio::test]
async fn what_is_no_file_of_work_is_told_as_a_whole() {
    let folder = tempfile::tempdir().unwrap();
    let unknown = folder.path().join("mine.txt");
    std::fs::write(&unknown, "Hello").unwrap();
    let told = read_work(&unknown).await.unwrap_err();
    assert_eq!(told.kind, WorkFaultKind::UnknownFormat);
    std::fs::write(&unknown, " {\"prompt\": \"a\"}").unwrap();
    assert_eq!(read_work(&unknown).await.unwrap().entries.len(), 1);
    let told = read_work(folder.path()).await.unwrap_err();
    assert_eq!(told.kind, WorkFaultKind::NoFile);
    let gone = read_work(&folder.path().join("gone.csv"))
        .await
        .unwrap_err();
    assert!(
        gone.to_string().contains("gone.csv: It cannot be read"),
        "{gone}"
    );
}

fn text() -> impl Strategy<Value = String> {
    "[ -~\n\r\t\"äß漢]{0,40}[a-zä]"
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        for format in [Format::JsonLines, Format::Csv] {
            let file = of_bytes(Path::new("any"), &bytes, format);
            prop_assert!(!file.entries.is_empty() || file.fault_count > 0);
            let _ = file.preview();
            let _ = own_workload(&file, WorkChoice::default());
        }
    }

    #[test]
    fn nothing_like_json_makes_it_panic(text in r#"([\[\]{}:,"\\a-z0-9. \n]|"prompt"|"messages"|"role"){0,60}"#) {
        let _ = lines(&text);
        let _ = table(&text);
    }

    #[test]
    fn what_is_written_is_read_again(
        all in proptest::collection::vec((text(), proptest::option::of(2_u32..2000), 0.0_f64..1e6), 1..8),
    ) {
        let mut json = String::new();
        let mut csv = csv::Writer::from_writer(Vec::new());
        csv.write_record(["output_tokens", "prompt", "arrival_s"]).unwrap();
        for (prompt, tokens, arrival) in &all {
            let line = serde_json::json!({
                "prompt": prompt, "output_tokens": tokens, "arrival_s": arrival,
            });
            json.push_str(&format!("{line}\n"));
            let tokens = tokens.map(|tokens| tokens.to_string()).unwrap_or_default();
            csv.write_record([&tokens, prompt, &arrival.to_string()]).unwrap();
        }
        let csv = String::from_utf8(csv.into_inner().unwrap()).unwrap();
        for file in [lines(&json), table(&csv)] {
            prop_assert_eq!(&file.faults, &[]);
            prop_assert_eq!(file.entries.len(), all.len());
            for (entry, (prompt, tokens, arrival)) in file.entries.iter().zip(&all) {
                prop_assert_eq!(entry.content.last_said(), prompt.as_str());
                prop_assert_eq!(entry.output_tokens, *tokens);
                // JSON is read to the last but one digit.
                prop_assert!((entry.arrival_s.unwrap() - arrival).abs() <= arrival * 1e-12);
            }
        }
    }
}
