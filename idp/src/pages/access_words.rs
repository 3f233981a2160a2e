//! Words for what access is spoken of in: kinds, depths, purposes, actions, and what people are to one another.

use super::Texts;
use crate::access::{Action, Depth, Kind, Purpose};
use crate::staff::words::{OccupationCode, OrganisationKind};

/// A kind of data.
pub(super) fn kind(texts: &Texts, kind: Kind) -> Result<String, askama::Error> {
    match kind {
        Kind::Prescriptions => texts.say("detail-kind-prescriptions"),
        Kind::Vitals => texts.say("detail-kind-vitals"),
        Kind::Meals => texts.say("detail-kind-meals"),
        Kind::Exercise => texts.say("detail-kind-exercise"),
        Kind::Purchases => texts.say("detail-kind-purchases"),
        Kind::Points => texts.say("detail-kind-points"),
        Kind::MedicalCosts => texts.say("detail-kind-medical-costs"),
        Kind::DailyLife => texts.say("detail-kind-daily-life"),
        Kind::Conditions => texts.say("detail-kind-conditions"),
        Kind::Identity => texts.say("detail-kind-identity"),
        Kind::Billing => texts.say("detail-kind-billing"),
        Kind::Posts => texts.say("detail-kind-posts"),
        Kind::Reports => texts.say("detail-kind-reports"),
        Kind::Location => texts.say("detail-kind-location"),
        Kind::Documents => texts.say("detail-kind-documents"),
        Kind::Sensors => texts.say("detail-kind-sensors"),
        Kind::Examinations => texts.say("detail-kind-examinations"),
        Kind::Schedule => texts.say("detail-kind-schedule"),
    }
}

/// How deep.
pub(super) fn depth(texts: &Texts, depth: Depth) -> Result<String, askama::Error> {
    match depth {
        Depth::Aggregate => texts.say("detail-depth-aggregate"),
        Depth::Daily => texts.say("detail-depth-daily"),
        Depth::Values => texts.say("detail-depth-values"),
        Depth::Everything => texts.say("detail-depth-everything"),
    }
}

/// What for.
pub(super) fn purpose(texts: &Texts, purpose: Purpose) -> Result<String, askama::Error> {
    match purpose {
        Purpose::Own => texts.say("detail-purpose-own"),
        Purpose::Care => texts.say("detail-purpose-care"),
        Purpose::Emergency => texts.say("detail-purpose-emergency"),
        Purpose::Family => texts.say("detail-purpose-family"),
        Purpose::Wellness => texts.say("detail-purpose-wellness"),
        Purpose::PublicHealth => texts.say("detail-purpose-public-health"),
        Purpose::Research => texts.say("detail-purpose-research"),
        Purpose::Commercial => texts.say("detail-purpose-commercial"),
        Purpose::Payment => texts.say("detail-purpose-payment"),
    }
}

/// What is done.
pub(super) fn action(texts: &Texts, action: Action) -> Result<String, askama::Error> {
    match action {
        Action::Read => texts.say("access-action-read"),
        Action::Search => texts.say("access-action-search"),
        Action::Create => texts.say("access-action-create"),
        Action::Update => texts.say("access-action-update"),
        Action::Delete => texts.say("access-action-delete"),
        Action::Export => texts.say("access-action-export"),
    }
}

/// What somebody is to a person, in the word of the tie; a word that is not known is shown as it is.
pub(super) fn relation(texts: &Texts, word: &str) -> Result<String, askama::Error> {
    match word {
        "parent" => texts.say("access-relation-parent"),
        "guardian" => texts.say("access-relation-guardian"),
        "spouse" => texts.say("access-relation-spouse"),
        "child" => texts.say("access-relation-child"),
        "sibling" => texts.say("access-relation-sibling"),
        "relative" => texts.say("access-relation-relative"),
        "carer" => texts.say("access-relation-carer"),
        "friend" => texts.say("access-relation-friend"),
        other => Ok(other.to_owned()),
    }
}

/// Whoever has an occupation, in its word; a word that is not known is shown as it is.
pub(super) fn occupation(texts: &Texts, word: &str) -> Result<String, askama::Error> {
    let Some(code) = OccupationCode::parse(word) else {
        return Ok(word.to_owned());
    };
    match code {
        OccupationCode::Physician => texts.say("occupation-physician"),
        OccupationCode::Dentist => texts.say("occupation-dentist"),
        OccupationCode::Pharmacist => texts.say("occupation-pharmacist"),
        OccupationCode::PublicHealthNurse => texts.say("occupation-public-health-nurse"),
        OccupationCode::Midwife => texts.say("occupation-midwife"),
        OccupationCode::Nurse => texts.say("occupation-nurse"),
        OccupationCode::PhysicalTherapist => texts.say("occupation-physical-therapist"),
        OccupationCode::OccupationalTherapist => texts.say("occupation-occupational-therapist"),
        OccupationCode::SpeechTherapist => texts.say("occupation-speech-therapist"),
        OccupationCode::Dietitian => texts.say("occupation-dietitian"),
        OccupationCode::CareWorker => texts.say("occupation-care-worker"),
        OccupationCode::CareManager => texts.say("occupation-care-manager"),
        OccupationCode::SocialWorker => texts.say("occupation-social-worker"),
        OccupationCode::Trainer => texts.say("occupation-trainer"),
        OccupationCode::Clerk => texts.say("occupation-clerk"),
        OccupationCode::Other => texts.say("occupation-other"),
    }
}

/// What an organisation is.
pub(super) fn organisation_kind(texts: &Texts, kind: OrganisationKind) -> Result<String, askama::Error> {
    match kind {
        OrganisationKind::ServiceOperator => texts.say("organisation-service-operator"),
        OrganisationKind::Hospital => texts.say("organisation-hospital"),
        OrganisationKind::Clinic => texts.say("organisation-clinic"),
        OrganisationKind::Pharmacy => texts.say("organisation-pharmacy"),
        OrganisationKind::CareProvider => texts.say("organisation-care-provider"),
        OrganisationKind::Gym => texts.say("organisation-gym"),
        OrganisationKind::Municipality => texts.say("organisation-municipality"),
        OrganisationKind::Company => texts.say("organisation-company"),
        OrganisationKind::Insurer => texts.say("organisation-insurer"),
        OrganisationKind::School => texts.say("organisation-school"),
        OrganisationKind::Department => texts.say("organisation-department"),
        OrganisationKind::Other => texts.say("organisation-other"),
    }
}
