//! What a reply is held to by servers that know JSON schemas.

use crate::space::{shortlist, space};
use wattsmith_chat::{ReplyForm, reply_schema};
use wattsmith_domain::WorkUnit;

#[test]
fn with_a_shortlist_the_answer_is_one_of_its_numbers_and_the_reason_comes_first() {
    insta::assert_snapshot!(reply_schema(&space(), WorkUnit::OutputToken, ReplyForm::List(&shortlist())), @r#"{"type":"object","properties":{"reason":{"type":"string","maxLength":320},"choice":{"type":"integer","enum":[1,2]},"predicted_joules_per_token":{"type":"number","exclusiveMinimum":0}},"required":["reason","choice","predicted_joules_per_token"],"additionalProperties":false}"#);
}

#[test]
fn a_free_choice_is_typed_and_bounded() {
    insta::assert_json_snapshot!(reply_schema(
        &space(),
        WorkUnit::OutputToken,
        ReplyForm::Free
    ));
}

#[test]
fn an_open_list_takes_a_number_or_settings_of_ones_own() {
    let open = reply_schema(
        &space(),
        WorkUnit::OutputToken,
        ReplyForm::Open(&shortlist()),
    );
    let properties = open["properties"].as_object().unwrap();
    let names: Vec<&String> = properties.keys().collect();
    assert_eq!(
        names,
        [
            "reason",
            "choice",
            "configuration",
            "predicted_joules_per_token"
        ]
    );
    assert_eq!(
        open["required"],
        serde_json::json!(["reason", "predicted_joules_per_token"])
    );
    assert_eq!(ReplyForm::of(&[], true), ReplyForm::Free);
    assert_eq!(
        ReplyForm::of(&shortlist(), true).list(),
        Some(&shortlist()[..])
    );
}

#[test]
fn of_pictures_joules_are_expected_per_image() {
    let schema = reply_schema(&space(), WorkUnit::Image, ReplyForm::Free);
    let required = &schema["required"];
    assert_eq!(required[2], "predicted_joules_per_image");
    assert!(schema["properties"]["predicted_joules_per_image"].is_object());
    assert!(
        schema["properties"]
            .get("predicted_joules_per_token")
            .is_none()
    );
}
