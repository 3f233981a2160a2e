//! What can go wrong with organisations and staff, free of HTTP.

use platform::database::DatabaseError;
use platform::entropy::EntropyFailed;
use platform::keys::SealError;

use super::moving::NotMoved;
use super::reach::NotGiven;
use crate::mail::MailError;
use crate::numbers::NumbersError;
use crate::people::PeopleError;

/// Why a call did nothing.
#[derive(Debug, thiserror::Error)]
pub enum StaffError {
    /// There is no such organisation, or none that the caller may know of.
    #[error("there is no such organisation here")]
    OrganisationUnknown,
    /// There is no such member of staff, or none that the caller may know of.
    #[error("there is no such member of staff here")]
    StaffUnknown,
    /// There is no such affiliation, or none that the caller may know of.
    #[error("there is no such affiliation here")]
    AffiliationUnknown,
    /// There is no such occupation, or none that the caller may know of.
    #[error("there is no such occupation here")]
    OccupationUnknown,
    /// There is no such delegation, or none that the caller may know of.
    #[error("there is no such delegation here")]
    DelegationUnknown,
    /// There is no such invitation, or none that carries.
    #[error("there is no such invitation here")]
    InvitationUnknown,
    /// The caller lacks the power.
    #[error("the caller does not have this power over the organisation")]
    Forbidden,
    /// The caller writes about themselves.
    #[error("nobody changes their own place, occupation or powers")]
    Own,
    /// The organisation ended.
    #[error("the organisation has ended")]
    Ended,
    /// The organisation has parts or staff.
    #[error("the organisation has parts or staff that have not ended")]
    InUse,
    /// The tree would be too deep.
    #[error("the tree is at most sixteen organisations deep")]
    TooDeep,
    /// The person works there already.
    #[error("the person has an affiliation with this organisation already")]
    Affiliated,
    /// The affiliation has the occupation already.
    #[error("the affiliation has this occupation already")]
    Occupied,
    /// What was to be ended is over.
    #[error("it is over already")]
    Over,
    /// The term ends before it begins, or has ended.
    #[error("it would be over before it begins")]
    Term,
    /// The occupation needs a licence.
    #[error("this occupation needs the number of a licence")]
    Licence,
    /// The organisation has an administrator.
    #[error("the organisation has an administrator already")]
    Administered,
    /// There is no such attendance, or none that the caller may know of.
    #[error("there is no such attendance here")]
    AttendanceUnknown,
    /// Nobody writes down what they did for themselves.
    #[error("this is about who writes it")]
    OwnResponse,
    /// There is no such response, or none that the caller may know of.
    #[error("there is no such response here")]
    ResponseUnknown,
    /// Nobody has an appointment with themselves.
    #[error("this is with themselves")]
    OwnAppointment,
    /// There is no such appointment, or none that the caller may know of.
    #[error("there is no such appointment here")]
    AppointmentUnknown,
    /// The member of staff is expected elsewhere in the organisation then.
    #[error("the member of staff has another appointment then")]
    Taken,
    /// They are there already.
    #[error("they are there already")]
    There,
    /// They are not there.
    #[error("they are not there")]
    NotThere,
    /// Nothing is given.
    #[error(transparent)]
    NotGiven(#[from] NotGiven),
    /// Nothing is moved.
    #[error(transparent)]
    NotMoved(#[from] NotMoved),
    /// The person could not be made.
    #[error(transparent)]
    People(#[from] PeopleError),
    /// The letter about it could not be written.
    #[error(transparent)]
    Mail(#[from] MailError),
    /// The number could not be given or taken.
    #[error(transparent)]
    Number(#[from] NumbersError),
    /// A row holds what this version cannot read.
    #[error("a row of staff cannot be read: {0}")]
    Unreadable(&'static str),
    /// A sealed value does not open.
    #[error(transparent)]
    Sealed(#[from] SealError),
    /// The database did not carry it out.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// No randomness.
    #[error(transparent)]
    Entropy(#[from] EntropyFailed),
}
