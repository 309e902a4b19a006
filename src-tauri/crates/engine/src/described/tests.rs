//! What a description may hold, and what is told of one that cannot be.

use super::*;
use crate::catalogue::About;
use crate::catalogue::tests::machine;
use std::fmt::Write as _;
use wattsmith_domain::{Configuration, Value};

const WHOLE: &str = r#"
[server]
name = "mine"
program = "my-server"
fetch = "Install it"
command = ["{program}", "--model={model}", "--port", "{port}", "{settings}", "--last"]
environment = { MY_KEY = "{key}", MY_PLACE = "port {port}" }
ready = "/health"
speaks = "chat"

[[parameter]]
name = "slots"
kind = "int"
min = 1
max = 8
levels = [1, 2]
default = 2
told = { flag = "--slots" }
effect = "How many at once."
"#;

fn command(model: &str, slots: i64) -> CommandLine {
    let server = Described::parse(WHOLE).unwrap();
    let space = server.space(&About::machine(&machine(2, 2, &[])));
    let configuration: Configuration = [("slots".to_owned(), Value::Int(slots))]
        .into_iter()
        .collect();
    server.command(&Asked {
        program: Path::new("/opt/my server"),
        model: Path::new(model),
        port: 4000,
        api_key: "s3cret",
        space: &space,
        configuration: &configuration,
        extra_args: &["--more".to_owned()],
        files: Path::new("files"),
        draft: None,
        left_alone: false,
        flags: None,
    })
}

#[test]
fn words_are_filled_in_each_for_itself_and_no_shell_reads_them() {
    let line = command("/models/a b; rm -rf ~ {port}.gguf", 1);
    assert_eq!(
        line.words,
        [
            "/opt/my server",
            "--model=/models/a b; rm -rf ~ {port}.gguf",
            "--port",
            "4000",
            "--slots",
            "1",
            "--last",
            "--more"
        ]
    );
    let variables: Vec<(&str, &str)> = line
        .variables
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    assert_eq!(variables, [("MY_KEY", "s3cret"), ("MY_PLACE", "port 4000")]);
}

#[test]
fn a_description_that_cannot_be_says_where_and_what() {
    let mut told = String::new();
    for (from, to) in [
        ("name = \"mine\"", "name = \"My Server\""),
        ("\"{program}\", ", "\"my-server\", "),
        ("--model={model}", "--model=x"),
        ("\"--last\"", "\"{modle}\""),
        ("\"--last\"", "\"--api-key={key}\""),
        ("{ MY_KEY = \"{key}\"", "{ MY_KEY = \"{kee}\""),
        ("ready = \"/health\"", "ready = \"health\""),
        ("speaks = \"chat\"", "speaks = \"grpc\""),
        ("speaks = \"chat\"", "speeks = \"chat\""),
        ("fetch = \"Install it\"\n", ""),
        (
            "told = { flag = \"--slots\" }",
            "told = { flg = \"--slots\" }",
        ),
    ] {
        assert!(WHOLE.contains(from), "{from}");
        let fault = Described::parse(&WHOLE.replace(from, to)).unwrap_err();
        let _ = writeln!(told, "{fault}");
    }
    insta::assert_snapshot!(told);
}

#[test]
fn those_that_come_with_wattsmith_can_be_read() {
    for text in shipped::TEXTS {
        assert_eq!(Described::parse(text).map(|_| ()), Ok(()), "{text}");
    }
}
