//! What becomes of every column of the schema that names a person.

use std::collections::{BTreeMap, BTreeSet};

use super::KEPT;
use super::store::STATEMENTS;

/// What becomes of it when the person is erased.
#[derive(Debug, Clone, Copy)]
enum Fate {
    /// The row is deleted by the list of the erasure.
    Deleted,
    /// The row is deleted by the capability that has it.
    DeletedElsewhere,
    /// The row is ended or holds a bare key, and `expiry` deletes it when it is over.
    Expires,
    /// The row stays with a bare key, and the answer says so under this name.
    Stays(&'static str),
}

const FATES: &[(&str, Fate)] = &[
    ("affiliation.person_id", Fate::Stays("employment")),
    ("appointment.made_by", Fate::Stays("appointments")),
    ("appointment.subject_id", Fate::Stays("appointments")),
    ("appointment_time.staff_id", Fate::Stays("appointments")),
    ("appointment_time.subject_id", Fate::Stays("appointments")),
    ("attendance.person_id", Fate::Stays("employment")),
    ("attendance_correction.corrected_by", Fate::Stays("employment")),
    ("backchannel_code.person_id", Fate::Deleted),
    ("backchannel_request.person_id", Fate::Deleted),
    ("calendar.person_id", Fate::Deleted),
    ("client_consent.person_id", Fate::Deleted),
    ("consent.performer_id", Fate::Stays("consents")),
    ("consent.subject_id", Fate::Stays("consents")),
    ("consent_grant.subject_id", Fate::Stays("consents")),
    ("contact_preference.person_id", Fate::Deleted),
    ("contact_preference_change.person_id", Fate::Deleted),
    ("contract.person_id", Fate::Stays("contracts")),
    ("delegation.giver_id", Fate::Stays("employment")),
    ("delegation.holder_id", Fate::Stays("employment")),
    ("delegation.withdrawn_by", Fate::Stays("employment")),
    ("email_change.person_id", Fate::Deleted),
    ("emergency.actor_id", Fate::Stays("emergencies")),
    ("emergency.subject_id", Fate::Stays("emergencies")),
    ("factor.person_id", Fate::DeletedElsewhere),
    ("family_confirmation.trusted_id", Fate::Deleted),
    ("family_recovery.person_id", Fate::Deleted),
    ("identifier.person_id", Fate::Stays("identifier_hashes")),
    ("known_browser.person_id", Fate::Deleted),
    ("mail.person_id", Fate::Deleted),
    ("notice.person_id", Fate::Deleted),
    ("occupation.person_id", Fate::Stays("employment")),
    ("one_time_link.person_id", Fate::Deleted),
    ("password.person_id", Fate::Deleted),
    ("phone_change.person_id", Fate::Deleted),
    ("power.person_id", Fate::Deleted),
    ("profile_change.person_id", Fate::Deleted),
    ("recovery_code.person_id", Fate::DeletedElsewhere),
    ("recovery_link.person_id", Fate::Deleted),
    ("scim_user.person_id", Fate::DeletedElsewhere),
    ("response.author_id", Fate::Stays("responses")),
    ("response.subject_id", Fate::Stays("responses")),
    ("search_token.person_id", Fate::Deleted),
    ("security_event.person_id", Fate::Stays("security_events")),
    ("session.person_id", Fate::Expires),
    ("session_client.person_id", Fate::Expires),
    ("staff_invitation.invited_by", Fate::Expires),
    ("tie.other_id", Fate::Stays("ties")),
    ("tie.person_id", Fate::Stays("ties")),
    ("tie_invitation.invited_id", Fate::Deleted),
    ("tie_invitation.person_id", Fate::Deleted),
    ("token_family.person_id", Fate::Expires),
    ("trusted_person.person_id", Fate::Deleted),
    ("trusted_person.trusted_id", Fate::Deleted),
];

#[test]
fn every_column_that_names_a_person_has_a_fate_and_no_fate_is_of_a_column_that_is_not_there() {
    let schema = concat!(env!("CARGO_MANIFEST_DIR"), "/../migrations/golden/hub.txt");
    let schema = std::fs::read_to_string(schema).unwrap();
    let named: BTreeSet<&str> = schema
        .lines()
        .filter_map(|line| line.strip_suffix(" references person.id"))
        .collect();
    let decided: BTreeSet<&str> = FATES.iter().map(|(column, _)| *column).collect();
    assert_eq!(named, decided);
}

#[test]
fn what_is_deleted_is_in_the_list_and_what_stays_is_in_the_answer() {
    let answer: BTreeMap<&str, &str> = KEPT.iter().map(|kept| (kept.what, kept.why)).collect();
    for (column, fate) in FATES {
        let (table, name) = column.split_once('.').unwrap();
        match fate {
            Fate::Deleted => {
                let begin = format!("DELETE FROM {table} WHERE");
                let deleted = STATEMENTS
                    .iter()
                    .any(|sql| sql.starts_with(&begin) && sql.contains(name));
                assert!(deleted, "{column} is not deleted");
            }
            Fate::Stays(what) => assert!(answer.contains_key(what), "{column} stays and nobody is told"),
            Fate::DeletedElsewhere | Fate::Expires => {}
        }
    }
}
