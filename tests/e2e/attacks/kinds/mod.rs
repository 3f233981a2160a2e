//! Every kind of thing that opens something: how one comes about, and the one place where it counts.

mod make;
mod offer;

use harness::party::{ClientKey, Pkce};
use harness::{Actor, MailSink, Options, Party, Person, Realm};
use serde_json::json;

pub(super) const DEVICE: &str = "urn:ietf:params:oauth:grant-type:device_code";
pub(super) const CIBA: &str = "urn:openid:params:grant-type:ciba";
pub(super) const BEARER: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
/// Who vouches for people.
const PARTNER: &str = "https://partner.example";

/// A kind. Whoever adds one adds a way to make it and the place where it counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Code,
    RefreshToken,
    AccessToken,
    IdToken,
    RequestObject,
    RequestUri,
    RegistrationToken,
    InitialToken,
    ClientSecret,
    ClientAssertion,
    PersonAssertion,
    DpopProof,
    DpopNonce,
    DeviceCode,
    UserCode,
    AuthReqId,
    RecoveryLink,
    SetPasswordLink,
    RecoverySecret,
    EmailCode,
    Session,
    Interaction,
    SignInStep,
    Enrolment,
    RecoveryCode,
    FormValue,
    /// What the hub signs for others, and takes nowhere.
    SignedUserinfo,
    SignedIntrospection,
    SignedAnswer,
}

impl Kind {
    pub(super) const ALL: [Self; 29] = [
        Self::Code,
        Self::RefreshToken,
        Self::AccessToken,
        Self::IdToken,
        Self::RequestObject,
        Self::RequestUri,
        Self::RegistrationToken,
        Self::InitialToken,
        Self::ClientSecret,
        Self::ClientAssertion,
        Self::PersonAssertion,
        Self::DpopProof,
        Self::DpopNonce,
        Self::DeviceCode,
        Self::UserCode,
        Self::AuthReqId,
        Self::RecoveryLink,
        Self::SetPasswordLink,
        Self::RecoverySecret,
        Self::EmailCode,
        Self::Session,
        Self::Interaction,
        Self::SignInStep,
        Self::Enrolment,
        Self::RecoveryCode,
        Self::FormValue,
        Self::SignedUserinfo,
        Self::SignedIntrospection,
        Self::SignedAnswer,
    ];

    /// Whether there is a place in the hub that takes it.
    pub(super) fn has_place(self) -> bool {
        !matches!(
            self,
            Self::SignedUserinfo | Self::SignedIntrospection | Self::SignedAnswer
        )
    }
}

/// Everything that a realm needs for one of each kind.
pub(super) struct House<'s> {
    pub realm: Realm<'s>,
    sink: &'s MailSink,
    key: &'s ClientKey,
    hanako: Person,
    /// Where hanako is signed in.
    pub browser: Actor,
    /// She signs in with a second factor.
    jiro: Person,
    codes: Vec<String>,
    portal: Party,
    keyed: Party,
    service: Party,
    television: Party,
    counter: Party,
    partner: Party,
    pkce: Pkce,
    csrf: String,
}

/// The settings with which nothing here is slowed down for being tried too often.
pub(super) fn patient(sink: &MailSink) -> Options {
    let configuration = format!(
        "{}[tokens]\ndevice_interval_seconds = 1\n[limits]\nfailures_per_account = 100000\n\
         failures_per_address = 100000\nmails_per_address = 100000\n",
        sink.configuration()
    );
    Options {
        configuration,
        ..Options::default()
    }
}

impl<'s> House<'s> {
    /// Furnishes a realm. `browser` is the value by which browsers are told apart, where it shall be that of another realm.
    pub(super) async fn furnish(
        realm: Realm<'s>,
        sink: &'s MailSink,
        key: &'s ClientKey,
        browser: Option<&str>,
    ) -> Self {
        let (hanako, jiro) = (realm.person("hanako"), realm.person("jiro"));
        let actor = realm.actor();
        if let Some(value) = browser {
            actor.plant(&format!("musubi_browser={value}"));
        }
        let profile = actor.open("/signin").await;
        actor.sign_in(&profile, &hanako).await;
        let owner = realm.actor();
        owner.account("/account", &jiro).await;
        let (_, codes) = owner.set_up_app().await;
        let profile = actor.open("/account/profile").await;
        let csrf = profile
            .form("/account/profile/language")
            .value("csrf")
            .unwrap()
            .to_owned();
        let portal = realm.party(json!({"jwks": key.jwks()})).await;
        let partner = json!({
            "client_name": "Partner's portal",
            "redirect_uris": [harness::party::CALLBACK],
            "grant_types": ["authorization_code", BEARER],
            "scope": "openid profile",
            "assertion_issuers": [{"issuer": PARTNER, "jwks": key.jwks(), "subject": "login", "scope": "profile"}],
        });
        let counter = json!({
            "client_name": "Clinic counter",
            "grant_types": [CIBA],
            "response_types": [],
            "scope": "openid profile",
            "backchannel_token_delivery_mode": "poll",
        });
        let service = json!({
            "client_name": "A service",
            "grant_types": ["client_credentials"],
            "response_types": [],
            "scope": "a",
        });
        let keyed = json!({"token_endpoint_auth_method": "private_key_jwt", "jwks": key.jwks()});
        let television = json!({
            "grant_types": [DEVICE],
            "response_types": [],
            "redirect_uris": null,
            "token_endpoint_auth_method": "none",
        });
        let house = Self {
            keyed: realm.party(keyed).await,
            service: realm.made(&service),
            television: realm.party(television).await,
            counter: realm.made(&counter),
            partner: realm.made(&partner),
            pkce: Pkce::new(),
            realm,
            sink,
            key,
            hanako,
            browser: actor,
            jiro,
            codes,
            portal,
            csrf,
        };
        let allowed = [("scope", "openid profile")];
        house
            .partner
            .code(&house.browser, &house.hanako, &house.pkce, &allowed)
            .await;
        house
            .portal
            .code(&house.browser, &house.hanako, &house.pkce, &[])
            .await;
        house
    }

    /// The value by which this browser is told from others.
    pub(super) fn browser_value(&self) -> String {
        self.browser.cookie("musubi_browser").unwrap()
    }

    /// A browser in which nobody is signed in, and which counts as the same.
    fn same_browser(&self) -> Actor {
        let actor = self.realm.actor();
        actor.plant(&format!("musubi_browser={}", self.browser_value()));
        actor
    }
}
