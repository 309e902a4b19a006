//! What crosses between the window and the core: views made for the screen, no domain types.
//!
//! No 64-bit integers and no free JSON: ids are strings, numbers f64 or u32, parameter values text.
//! `ui/src/lib/backend/bindings.ts` is generated from here by a test and committed.
//! `views.rs` fills these from the tuner's records; `commands/` hands them out.

use serde::{Deserialize, Serialize};
use specta::Type;

/// What a finite f64 is in TypeScript. specta writes `number | null` for f64, since NaN has no JSON
/// form; the views hold finite numbers only, and an absent one is an `Option`.
type Number = i32;

/// Declares views: plain data, camelCase on the wire.
macro_rules! views {
    ($($(#[$meta:meta])* $name:ident { $($(#[$field_meta:meta])* $field:ident: $type:ty,)* })*) => {$(
        $(#[$meta])*
        #[derive(Debug, Clone, Serialize, Deserialize, Type)]
        #[serde(rename_all = "camelCase")]
        pub struct $name {
            $($(#[$field_meta])* pub $field: $type,)*
        }
    )*};
}

/// Declares closed word lists: kebab-case on the wire.
macro_rules! words {
    ($($(#[$meta:meta])* $name:ident { $($(#[$variant_meta:meta])* $variant:ident,)* })*) => {$(
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
        #[serde(rename_all = "kebab-case")]
        pub enum $name {
            $($(#[$variant_meta])* $variant,)*
        }
    )*};
}

mod answer;
mod download;
mod machine;
mod plan;
mod session;
mod settings;
mod story;
mod study;
mod undoing;

pub use answer::*;
pub use download::*;
pub use machine::*;
pub use plan::*;
pub use session::*;
pub use settings::*;
pub use story::*;
pub use study::*;
pub use undoing::*;

words! {
    /// Only where the screen acts on it; everything else is `other` with a text.
    ErrorCode {
        /// Another job runs in this session, or another Wattsmith is measuring.
        Busy,
        /// The person has not yet agreed that prompts go to this provider.
        ConsentNeeded,
        /// The session, trial or proposal does not exist.
        NotFound,
        /// Read the text.
        Other,
    }
}

views! {
    /// An error as the screen gets it.
    WireError {
        /// What the screen may act on.
        code: ErrorCode,
        /// What, where and what to do.
        message: String,
    }
    /// A mean with its 95 % interval.
    IntervalView {
        /// Geometric mean.
        #[specta(type = Number)]
        mean: f64,
        /// Lower end.
        #[specta(type = Number)]
        low: f64,
        /// Upper end.
        #[specta(type = Number)]
        high: f64,
        /// Repeats.
        n: u32,
    }
}
