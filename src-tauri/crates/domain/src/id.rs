//! Identities as types. They are made where there is a clock (the tuner); here they only have a name.

use serde::{Deserialize, Serialize};
use std::fmt;

macro_rules! id {
    ($($name:ident)*) => {$(
        #[doc = concat!("Identity of one record, a UUIDv7 in text: `", stringify!($name), "`.")]
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub String);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(text.to_owned())
            }
        }
    )*};
}

id!(SessionId TrialId ProposalId ExchangeId ConfirmationId);
