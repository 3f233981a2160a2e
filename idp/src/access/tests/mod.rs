//! The decision on worlds that nobody thought of, beside a second reading of the consents, and in the cases that matter.

mod cases;
mod facts;
mod properties;
mod reference;
mod worlds;
