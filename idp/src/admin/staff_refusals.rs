//! Why a call about organisations or staff is refused.

use http::StatusCode;

use super::refusal::Refusal;
use crate::staff::StaffError;
use crate::staff::moving::NotMoved;
use crate::staff::reach::NotGiven;

const OWN: Refusal = Refusal::new(
    StatusCode::FORBIDDEN,
    "staff.own",
    "Nobody changes their own place, occupation or powers",
)
.detail("Somebody else who may do this has to do it.");
const POWER: Refusal = Refusal::new(
    StatusCode::FORBIDDEN,
    "staff.power",
    "The caller does not have this power over the organisation",
);

impl From<StaffError> for Refusal {
    fn from(error: StaffError) -> Self {
        match error {
            StaffError::OrganisationUnknown => Self::not_found("organisation.unknown"),
            StaffError::StaffUnknown => Self::not_found("staff.unknown"),
            StaffError::AffiliationUnknown => Self::not_found("affiliation.unknown"),
            StaffError::OccupationUnknown => Self::not_found("occupation.unknown"),
            StaffError::DelegationUnknown => Self::not_found("delegation.unknown"),
            StaffError::InvitationUnknown => Self::not_found("invitation.unknown"),
            StaffError::Forbidden => POWER,
            StaffError::Own => OWN,
            StaffError::Ended => Self::conflict("organisation.ended", "The organisation has ended"),
            StaffError::InUse => Self::conflict(
                "organisation.in_use",
                "The organisation has parts or staff that have not ended",
            )
            .detail("End or move them first; each is then on record by itself."),
            StaffError::TooDeep => Self::conflict(
                "organisation.too_deep",
                "The tree of organisations would be deeper than sixteen",
            ),
            StaffError::Affiliated => Self::conflict(
                "affiliation.exists",
                "The person has an affiliation with this organisation already",
            ),
            StaffError::Occupied => {
                Self::conflict("occupation.exists", "The affiliation has this occupation already")
            }
            StaffError::Over => Self::conflict("staff.over", "It is over already"),
            StaffError::Term => Self::invalid("staff.term", "until is after from, and in the future."),
            StaffError::Licence => Self::invalid(
                "occupation.licence",
                "This occupation needs the number of a licence.",
            ),
            StaffError::Administered => Self::conflict(
                "organisation.administered",
                "The organisation has an administrator already",
            )
            .detail("An administrator delegates to others."),
            StaffError::AttendanceUnknown => Self::not_found("attendance.unknown"),
            StaffError::OwnResponse => Self::new(
                StatusCode::FORBIDDEN,
                "response.own",
                "Nobody writes down what they did for themselves",
            ),
            StaffError::ResponseUnknown => Self::not_found("response.unknown"),
            StaffError::OwnAppointment => Self::new(
                StatusCode::FORBIDDEN,
                "appointment.own",
                "Nobody has an appointment with themselves",
            ),
            StaffError::AppointmentUnknown => Self::not_found("appointment.unknown"),
            StaffError::Taken => Self::conflict(
                "appointment.taken",
                "The member of staff has another appointment of this organisation then",
            )
            .detail("Choose another time or another member of staff."),
            StaffError::There => Self::conflict("attendance.there", "They are there already"),
            StaffError::NotThere => Self::conflict("attendance.not_there", "They are not there"),
            StaffError::NotGiven(why) => why.into(),
            StaffError::NotMoved(why) => why.into(),
            StaffError::People(error) => error.into(),
            StaffError::Number(error) => error.into(),
            other => Self::unavailable(&other),
        }
    }
}

impl From<NotGiven> for Refusal {
    fn from(why: NotGiven) -> Self {
        match why {
            NotGiven::Own => OWN,
            NotGiven::Nothing => Self::invalid(
                "delegation.nothing",
                "A delegation gives at least one power, and ends in the future if it ends.",
            ),
            NotGiven::Affiliation => Self::conflict(
                "delegation.affiliation",
                "The affiliation is not one that the holder has now",
            ),
            NotGiven::Organisation => Self::conflict("organisation.ended", "The organisation has ended"),
            NotGiven::Depth => Self::invalid("delegation.depth", "may_delegate is at most 8."),
            NotGiven::Beyond => Self::new(
                StatusCode::FORBIDDEN,
                "delegation.beyond",
                "This would give more than the giver holds",
            )
            .detail("Powers, subtree, end and may_delegate are each within those of one delegation that the giver holds."),
        }
    }
}

impl From<NotMoved> for Refusal {
    fn from(why: NotMoved) -> Self {
        match why {
            NotMoved::Ring => Self::conflict("organisation.ring", "An organisation cannot be below itself"),
            NotMoved::Places => {
                POWER.detail("Who moves an organisation administers what it leaves and where it goes.")
            }
            NotMoved::Gain => Self::new(
                StatusCode::FORBIDDEN,
                "organisation.gain",
                "Somebody would gain powers by this move that the caller cannot give",
            ),
        }
    }
}
