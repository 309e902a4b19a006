//! Numeric advisors behind one ask/tell trait.
