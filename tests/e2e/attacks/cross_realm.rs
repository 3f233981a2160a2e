//! Cross-realm use: whatever one realm hands out is nothing at another realm of the same server, for the same names and
//! keys, in the same browser. And no kind is forgotten: the sources are read for what is hashed or kept under a name, and
//! each must have its row here.

use std::collections::BTreeSet;

use harness::party::ClientKey;
use harness::{Backend, MailSink, Realm, Server};

use super::kinds::{House, Kind, patient};
use super::sources::{self, sources};

/// By what a name in the sources is shown.
enum Row {
    /// By this kind, here.
    Shown(Kind),
    /// By a test elsewhere.
    By(&'static str),
    /// It opens nothing: a counter, or a name in the log. The realm is in every entry's key all the same.
    OpensNothing,
}

use Row::{By, OpensNothing, Shown};

/// Every name under which the hub hashes what it is given, or keeps what is used once.
const ROWS: &[(&str, Row)] = &[
    ("access.jti", Shown(Kind::AccessToken)),
    ("assertion", Shown(Kind::PersonAssertion)),
    ("backchannel", Shown(Kind::AuthReqId)),
    (
        "backchannel-request",
        By("a_signed_request_is_whole_once_and_of_its_client"),
    ),
    ("browser", Shown(Kind::Interaction)),
    ("browser-state", OpensNothing),
    ("browser.known", OpensNothing),
    (
        "calendar",
        By("a_calendar_is_read_by_its_address_only_while_it_is_on_in_its_own_realm"),
    ),
    ("client-assertion", Shown(Kind::ClientAssertion)),
    ("client.initial", Shown(Kind::InitialToken)),
    ("client.registration", Shown(Kind::RegistrationToken)),
    ("client.secret", Shown(Kind::ClientSecret)),
    ("code", Shown(Kind::Code)),
    (
        "consent",
        By("an_answer_to_a_consent_page_counts_for_nobody_else_who_has_signed_in_since"),
    ),
    (
        "consent.client",
        By("a_name_is_one_clients_and_one_persons_alone"),
    ),
    ("consent.receipt", OpensNothing),
    ("csrf", Shown(Kind::FormValue)),
    ("device", Shown(Kind::DeviceCode)),
    ("device.mails", OpensNothing),
    (
        "device.question",
        By("an_answer_counts_only_from_the_browser_and_the_person_that_were_asked"),
    ),
    ("device.user", Shown(Kind::UserCode)),
    ("dpop-proof", Shown(Kind::DpopProof)),
    ("dpop.nonce", Shown(Kind::DpopNonce)),
    ("email.code", Shown(Kind::EmailCode)),
    ("factor.browser", Shown(Kind::Enrolment)),
    (
        "factor.handle",
        By("a_passkey_of_one_realm_is_nothing_in_another"),
    ),
    ("factor.offered", Shown(Kind::Enrolment)),
    (
        "grant",
        By("a_grant_is_found_by_its_reference_with_the_tokens_own_jti_in_its_own_realm_only"),
    ),
    ("interaction", Shown(Kind::Interaction)),
    ("log.login", OpensNothing),
    ("mails", OpensNothing),
    ("mails-recovery", OpensNothing),
    ("mails-sign-up", OpensNothing),
    ("messages", OpensNothing),
    (
        "passkey.browser",
        By("a_passkey_of_one_realm_is_nothing_in_another"),
    ),
    (
        "passkey.ceremony",
        By("a_passkey_of_one_realm_is_nothing_in_another"),
    ),
    ("passkey.user", By("a_passkey_of_one_realm_is_nothing_in_another")),
    ("pushed-request", Shown(Kind::RequestUri)),
    ("recoveries-name", OpensNothing),
    ("recoveries-network", OpensNothing),
    ("recovery", Shown(Kind::RecoveryLink)),
    ("recovery.code", Shown(Kind::RecoveryCode)),
    ("recovery.family", Shown(Kind::RecoverySecret)),
    ("recovery.family.code", Shown(Kind::RecoverySecret)),
    (
        "recovery.stop",
        By("a_link_that_stops_a_recovery_is_for_that_recovery_in_its_realm"),
    ),
    ("recovery.voice", Shown(Kind::RecoverySecret)),
    ("refresh", Shown(Kind::RefreshToken)),
    ("refresh.mac", Shown(Kind::RefreshToken)),
    ("session", Shown(Kind::Session)),
    ("set-password", Shown(Kind::SetPasswordLink)),
    ("sign-in.browser", Shown(Kind::SignInStep)),
    ("sign-in.password", Shown(Kind::SignInStep)),
    ("sign-in.progress", Shown(Kind::SignInStep)),
    (
        "sign-up",
        By("an_account_that_waits_for_its_code_is_one_of_its_browser_and_its_realm"),
    ),
    (
        "sign-up.browser",
        By("an_account_that_waits_for_its_code_is_one_of_its_browser_and_its_realm"),
    ),
    (
        "sign-up.code",
        By("an_account_that_waits_for_its_code_is_one_of_its_browser_and_its_realm"),
    ),
    (
        "staff.invitation",
        By("a_code_of_one_realm_is_unknown_in_another_even_to_its_own_people"),
    ),
    (
        "tie.code",
        By("the_code_of_an_invitation_is_nothing_in_another_realm_nor_for_who_invites"),
    ),
    ("tie-codes", OpensNothing),
];

async fn everything_elsewhere(backend: Backend) {
    let (sink, key) = (MailSink::start(), ClientKey::generate());
    let server = Server::start_with(backend, patient(&sink)).await;
    let (here, there) = (Realm::first(&server), Realm::add(&server));
    let mut here = House::furnish(here, &sink, &key, None).await;
    let value = here.browser_value();
    let there = House::furnish(there, &sink, &key, Some(&value)).await;
    assert_eq!(there.browser_value(), value);
    let mut strayed = Vec::new();
    for kind in Kind::ALL.into_iter().filter(|kind| kind.has_place()) {
        let offered = here.make(kind, Some(&there)).await;
        if kind == Kind::EmailCode {
            there.email_code().await;
        }
        if there.takes(kind, &offered).await {
            strayed.push(format!("{kind:?}"));
        }
        // What was made for the clients of the other realm is not for those of this one.
        let own = if matches!(kind, Kind::RequestObject | Kind::ClientAssertion) {
            here.make(kind, None).await
        } else {
            offered
        };
        assert!(here.takes(kind, &own).await, "{kind:?} is good at home");
    }
    assert!(strayed.is_empty(), "taken in another realm: {strayed:?}");
    server.assert_log_is_intact();
}

#[tokio::test]
async fn cross_realm_use_nothing_of_one_realm_opens_anything_in_another_on_sqlite() {
    everything_elsewhere(Backend::Sqlite).await;
}

#[tokio::test]
async fn cross_realm_use_nothing_of_one_realm_opens_anything_in_another_on_postgresql_and_redis() {
    everything_elsewhere(Backend::PostgresRedis).await;
}

#[test]
fn cross_realm_use_every_kind_of_thing_that_the_sources_name_has_its_row() {
    let named: BTreeSet<String> = sources::kinds();
    let known: BTreeSet<String> = ROWS.iter().map(|(name, _)| (*name).to_owned()).collect();
    let forgotten: Vec<_> = named.difference(&known).collect();
    assert!(
        forgotten.is_empty(),
        "without a row: {forgotten:?}. Make one of it in attacks/kinds, or name the test that offers it in another realm"
    );
    let gone: Vec<_> = known.difference(&named).collect();
    assert!(gone.is_empty(), "not in the sources any more: {gone:?}");
    let texts: String = sources("").into_iter().map(|(_, text)| text).collect();
    for (name, row) in ROWS {
        match row {
            Shown(kind) => assert!(Kind::ALL.contains(kind) && kind.has_place(), "{name}"),
            By(test) => assert!(texts.contains(&format!("fn {test}(")), "{name}: {test}"),
            OpensNothing => {}
        }
    }
}
