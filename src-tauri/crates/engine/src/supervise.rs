//! One running server, whichever it is: its process group, the watchdog that ends it when Wattsmith is
//! killed, what left the group, what an earlier Wattsmith left behind, its log, and the words for how
//! it ended.

pub(crate) mod environment;
pub(crate) mod failure;
pub(crate) mod log;
pub(crate) mod orphan;
pub(crate) mod process;
pub(crate) mod strays;
pub(crate) mod watchdog;
