//! Landscapes that come with Wattsmith: the files of the folder `landscapes` at the root of the
//! repository. A new file gets a line here:
//! `("NAME", include_str!("../../../../../landscapes/NAME.json")),`

/// Names of the files without their ending, and what is in them.
pub(super) const SHIPPED: &[(&str, &str)] = &[
    (
        "qwen-chat",
        include_str!("../../../../../landscapes/qwen-chat.json"),
    ),
    (
        "smollm2-chat",
        include_str!("../../../../../landscapes/smollm2-chat.json"),
    ),
    (
        "smollm2-crowd",
        include_str!("../../../../../landscapes/smollm2-crowd.json"),
    ),
    (
        "smollm2-first-token",
        include_str!("../../../../../landscapes/smollm2-first-token.json"),
    ),
    (
        "smollm2-h200",
        include_str!("../../../../../landscapes/smollm2-h200.json"),
    ),
    (
        "tiny-pictures",
        include_str!("../../../../../landscapes/tiny-pictures.json"),
    ),
];
