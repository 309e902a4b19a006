//! What a catalogue file may say, and what is said of one that is wrong.

use super::*;
use proptest::prelude::*;
use wattsmith_domain::{Kind, Value};

pub(crate) fn machine(physical: u32, logical: u32, gpus: &[&str]) -> Machine {
    Machine {
        os: String::new(),
        kernel: String::new(),
        cpu: String::new(),
        physical_cores: physical,
        logical_cores: logical,
        usable: None,
        memory_bytes: 0,
        gpus: gpus.iter().map(ToString::to_string).collect(),
        sensors: Vec::new(),
        virtual_machine: None,
        gpu_controls: Vec::new(),
    }
}

const KNOB: &str = r#"
[[parameter]]
name = "n"
kind = "int"
min = 1
max = 8
levels = [1, 4]
default = 4
told = { flag = "-n" }
effect = "It does."
"#;

#[test]
fn a_fault_names_its_line_and_its_key() {
    let cases = [
        ("max = 8", "max = \"many\""),
        ("max = 8", "max = 0"),
        ("max = 8", "max = 2.5"),
        ("max = 8", "maximum = 8"),
        ("max = 8", "max = "),
        ("levels = [1, 4]", "levels = [4, 1]"),
        ("levels = [1, 4]", "levels = [1, 40]"),
        ("levels = [1, 4]", "levels = []"),
        ("levels = [1, 4]", "levels = \"cores\""),
        ("default = 4", "default = 40"),
        ("default = 4", "default = \"four\""),
        ("default = 4", ""),
        ("kind = \"int\"", "kind = \"number\""),
        ("kind = \"int\"", "kind = \"choice\""),
        ("kind = \"int\"", "kind = \"bool\""),
        ("name = \"n\"", "name = \"two words\""),
        ("told = { flag = \"-n\" }", "told = { flags = \"-n\" }"),
        ("told = { flag = \"-n\" }", "told = {}"),
        (
            "told = { flag = \"-n\" }",
            "told = { switch = { on = \"-n\", off = \"-m\" } }",
        ),
        ("effect = \"It does.\"", "effect = \"It does.\"\nread = {}"),
        (
            "effect = \"It does.\"",
            "effect = \"It does.\"\nread = { pointer = \"a\" }",
        ),
        (
            "effect = \"It does.\"",
            "effect = \"It does.\"\nwhen = \"often\"",
        ),
        (
            "effect = \"It does.\"",
            "effect = \"It does.\"\ndanger = { sideways = \"no\" }",
        ),
        (
            "effect = \"It does.\"",
            "effect = \"It does.\"\n[[rule]]\nat-most = { parameter = \"n\", limit = \"m\" }",
        ),
        ("[[parameter]]", "at-once = \"m\"\n[[parameter]]"),
    ];
    let mut seen = String::new();
    for (right, wrong) in cases {
        let fault = Catalogue::parse(&KNOB.replace(right, wrong)).unwrap_err();
        seen.push_str(&format!("{}\n  {fault}\n", wrong.replace('\n', " ")));
    }
    let twice = Catalogue::parse(&format!("{KNOB}{KNOB}")).unwrap_err();
    seen.push_str(&format!("twice\n  {twice}\n"));
    insta::assert_snapshot!(seen);
}

#[test]
fn a_knob_of_each_kind_is_read() {
    let file = format!(
        "{KNOB}\n{}",
        r#"
[[parameter]]
name = "share"
kind = "float"
min = 0
max = 1
levels = [0.5, 0.9]
default = 0.9
told = { flag = "--share" }
effect = "How much."
danger = { rising = "Little is left", falling = "little is used" }

since = "0.33"

[[parameter]]
name = "spread"
kind = "bool"
default = false
told = { switch = { on = "--spread", off = "--no-spread" } }
effect = "Whether it is spread."
when = "several-gpus"
"#
    );
    let catalogue = Catalogue::parse(&file).unwrap();
    let names = |gpus: &[&str]| -> Vec<String> {
        let space = catalogue.space(&About::machine(&machine(2, 2, gpus)));
        space.parameters.into_iter().map(|one| one.name).collect()
    };
    assert_eq!(names(&["a GPU"]), ["n", "share"]);
    assert_eq!(names(&["a GPU", "another"]), ["n", "share", "spread"]);
    for (version, there) in [("0.9.1", false), ("v0.33.2", true), ("a build", true)] {
        let machine = machine(2, 2, &[]);
        let about = About {
            version: Some(version),
            ..About::machine(&machine)
        };
        assert_eq!(catalogue.space(&about).get("share").is_some(), there);
    }
    let space = catalogue.space(&About::machine(&machine(2, 2, &[])));
    let share = space.get("share").unwrap();
    assert_eq!(share.danger, "Little is left; little is used.");
    assert_eq!(share.default, Value::Float(0.9));
    assert!(matches!(share.kind, Kind::Float { min: 0.0, .. }));
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in ".{0,300}") {
        let _ = Catalogue::parse(&text);
    }

    /// Real files with a piece cut out or another text put in.
    #[test]
    fn no_damage_makes_it_panic(from in 0_usize..6000, length in 0_usize..40, put in "[ -~\\n]{0,6}") {
        let whole = include_str!("../llama_server/catalogue.toml");
        let from = (0..=from.min(whole.len())).rev().find(|at| whole.is_char_boundary(*at)).unwrap();
        let to = (from + length).min(whole.len());
        let to = (to..=whole.len()).find(|at| whole.is_char_boundary(*at)).unwrap();
        let damaged = format!("{}{put}{}", &whole[..from], &whole[to..]);
        if let Err(fault) = Catalogue::parse(&damaged) {
            prop_assert!(fault.line >= 1 && fault.line <= damaged.lines().count() + 1);
        }
    }
}
