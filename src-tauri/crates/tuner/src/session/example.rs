//! Examples: sessions that were measured elsewhere, for whoever has measured nothing yet. They are to look
//! at: nothing is measured in them here, they teach no other session, and they stand beside none.

use crate::error::TunerError;
use crate::session::one_file::parse;
use crate::tuner::Tuner;
use wattsmith_domain::{SessionId, SessionRecord};

/// The file that comes along, as `scripts/example-session` records it.
const SHIPPED: &str = include_str!("../../data/example-session.json");
/// How the file is called where something is wrong with it.
const NAME: &str = "the example";

impl Tuner {
    /// Takes the example that comes along in, or finds it where it is here already; gives its identity. It
    /// is deleted as every session is.
    ///
    /// # Errors
    /// The database cannot be read or written.
    pub async fn example_session(&self) -> Result<SessionId, TunerError> {
        let mut file = parse(SHIPPED.as_bytes(), NAME)?;
        file.record.session.example = true;
        let id = file.record.session.id.clone();
        match self.name_of(&file).await? {
            Some(_) => Ok(id),
            None => self.take_in(file).await,
        }
    }
}

/// Whether anything may be measured in a session.
///
/// # Errors
/// It is an example.
pub(crate) fn is_of_here(record: &SessionRecord) -> Result<(), TunerError> {
    match record.session.example {
        false => Ok(()),
        true => Err(TunerError::Invalid(
            "This is an example, measured on another machine, and nothing is measured in it here. Begin a \
             session of your own."
                .to_owned(),
        )),
    }
}
