//! The authorization request and the decision about its next step.

use std::time::Duration;

use platform::clock::Instant;
use platform::encoding::base64url;
use platform::keys::{constant_time_eq, sha256};
use serde::{Deserialize, Serialize};

use super::claims::ClaimsRequest;
use crate::credentials::{Asked, Level, Verdict};
use crate::oauth::authorization_details::AuthorizationDetails;
use crate::oauth::{ErrorCode, ResponseMode, ResponseType, Scope};
use crate::sessions::Session;

/// A `code_challenge` of method S256 (RFC 7636 §4.2). There is no other method here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Pkce(String);

impl Pkce {
    /// From a challenge: 43 characters of base64url.
    pub fn new(challenge: &str) -> Option<Self> {
        let bytes = platform::encoding::from_base64url(challenge)?;
        (bytes.len() == 32).then(|| Self(challenge.to_owned()))
    }

    /// Whether a `code_verifier` (43 to 128 unreserved characters) is the one of this challenge.
    pub fn is_met_by(&self, verifier: &str) -> bool {
        let unreserved = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~');
        let well_formed = (43..=128).contains(&verifier.len()) && verifier.bytes().all(unreserved);
        let challenge = base64url(sha256(verifier.as_bytes()));
        well_formed && constant_time_eq(challenge.as_bytes(), self.0.as_bytes())
    }
}

/// `prompt`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "the values of one parameter that may be given together"
)]
pub struct Prompt {
    /// Show nothing.
    pub none: bool,
    /// Sign in again.
    pub login: bool,
    /// Ask for consent again.
    pub consent: bool,
    /// Let the person choose who they are.
    pub select_account: bool,
    /// Let the person make an account (Initiating User Registration 1.0).
    #[serde(default)]
    pub create: bool,
}

/// An authorization request whose client is known and whose redirect URI is verified.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct AuthorizationRequest {
    /// Who asks.
    pub client_id: String,
    /// Where the answer goes.
    pub redirect_uri: String,
    /// Whether the request said so, or left it to the only one that is registered.
    pub redirect_uri_given: bool,
    /// What the answer holds.
    pub response_type: ResponseType,
    /// How it travels.
    pub response_mode: ResponseMode,
    /// What it asks for.
    pub scope: Scope,
    /// Returned as it came.
    pub state: Option<String>,
    /// Returned in the ID token.
    pub nonce: Option<String>,
    /// PKCE.
    pub pkce: Option<Pkce>,
    /// What to show.
    pub prompt: Prompt,
    /// How long ago the person may have signed in.
    pub max_age: Option<Duration>,
    /// The subject that `id_token_hint` names.
    pub hinted: Option<String>,
    /// What to fill in as the login name.
    pub login_hint: Option<String>,
    /// In which languages to speak.
    pub ui_locales: Option<String>,
    /// Claims asked for by name.
    #[serde(default, skip_serializing_if = "ClaimsRequest::is_empty")]
    pub claims: ClaimsRequest,
    /// Classes of sign-in that the client asks for, the one that it likes best first.
    #[serde(default)]
    pub acr_values: Vec<String>,
    /// Whether it takes no other.
    #[serde(default)]
    pub acr_essential: bool,
    /// Under which reference it was pushed; it is good for one answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pushed: Option<String>,
    /// When it was asked.
    pub asked_at: Instant,
    /// Where access tokens shall be used (RFC 8707).
    #[serde(default)]
    pub resources: Vec<String>,
    /// What it asks for, more exactly (RFC 9396).
    #[serde(default)]
    pub authorization_details: Option<AuthorizationDetails>,
    /// Thumbprint of the key that the code shall be bound to (RFC 9449 §10).
    #[serde(default)]
    pub dpop_jkt: Option<String>,
}

impl AuthorizationRequest {
    /// What is asked of the sign-in.
    pub fn asked(&self) -> Asked<'_> {
        Asked {
            classes: &self.acr_values,
            essential: self.acr_essential,
        }
    }

    /// What the person has to allow: the scopes, and those that stand for single claims.
    pub fn wanted(&self) -> Scope {
        if self.claims.is_empty() {
            self.scope.clone()
        } else {
            self.scope.union(&self.claims.scopes())
        }
    }
}

/// What comes next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// The person signs in; `again` if somebody is signed in already.
    SignIn {
        /// Whether there is a session.
        again: bool,
    },
    /// The person makes an account, or signs in to the one that they have.
    SignUp,
    /// The person shows one more factor.
    StepUp,
    /// The person is asked.
    Consent,
    /// The client is told no.
    Refuse(ErrorCode),
    /// The client gets a code.
    Issue,
}

/// What there is to decide on.
#[derive(Debug, Clone, Copy)]
pub struct Standing<'a> {
    /// The session of the browser.
    pub session: Option<&'a Session>,
    /// The most that the person can show on top of it.
    pub reachable: Level,
    /// The person of that session, as the client knows them.
    pub subject: Option<&'a str>,
    /// What the person lets the client have.
    pub consented: &'a Scope,
    /// Whether they said so in this interaction.
    pub asked_now: bool,
}

/// Decides.
pub fn next_step(request: &AuthorizationRequest, standing: &Standing<'_>, now: Instant) -> Step {
    let Standing {
        session,
        reachable,
        subject,
        consented,
        asked_now,
    } = *standing;
    let prompt = request.prompt;
    let fresh = session.is_some_and(|session| {
        let renewed = session.authenticated_at >= request.asked_at;
        let young = request
            .max_age
            .is_none_or(|most| renewed || now.since(session.authenticated_at) <= most);
        (renewed || !(prompt.login || prompt.select_account || prompt.create)) && young
    });
    let meant = request.hinted.is_none() || request.hinted.as_deref() == subject;
    if fresh && !meant {
        // Somebody else is signed in than the client means. Who has just signed in is not asked for ever.
        let renewed = session.is_some_and(|session| session.authenticated_at >= request.asked_at);
        return if prompt.none || renewed {
            Step::Refuse(ErrorCode::LoginRequired)
        } else {
            Step::SignIn { again: true }
        };
    }
    if !fresh {
        return if prompt.none {
            Step::Refuse(ErrorCode::LoginRequired)
        } else if prompt.create {
            Step::SignUp
        } else {
            Step::SignIn {
                again: session.is_some(),
            }
        };
    }
    let held = session.map_or(Level::Single, |session| Level::of_methods(&session.amr));
    match request.asked().judge(held, reachable) {
        Verdict::Enough => {}
        Verdict::More(_) if prompt.none => return Step::Refuse(ErrorCode::LoginRequired),
        Verdict::More(_) => return Step::StepUp,
        Verdict::Impossible => return Step::Refuse(ErrorCode::UnmetAuthenticationRequirements),
    }
    // Details are not remembered: whoever asks for them is answered by the person each time.
    let asks_anew = prompt.consent || request.authorization_details.is_some();
    if !consented.covers(&request.wanted()) || (asks_anew && !asked_now) {
        return if prompt.none {
            Step::Refuse(ErrorCode::ConsentRequired)
        } else {
            Step::Consent
        };
    }
    Step::Issue
}

#[cfg(test)]
mod tests {
    use platform::entropy::Entropy;

    use super::*;
    use crate::ids::{PersonId, SessionId};

    const START: Instant = Instant::from_micros(1_000_000_000_000);

    fn request() -> AuthorizationRequest {
        AuthorizationRequest {
            client_id: "c".to_owned(),
            redirect_uri: "https://rp.example/cb".to_owned(),
            redirect_uri_given: true,
            response_type: ResponseType::CODE,
            response_mode: ResponseMode::default_of(ResponseType::CODE),
            scope: Scope::parse("openid email").unwrap(),
            state: None,
            nonce: None,
            pkce: None,
            prompt: Prompt::default(),
            max_age: None,
            hinted: None,
            login_hint: None,
            ui_locales: None,
            claims: ClaimsRequest::default(),
            acr_values: Vec::new(),
            acr_essential: false,
            pushed: None,
            asked_at: START,
            resources: Vec::new(),
            authorization_details: None,
            dpop_jkt: None,
        }
    }

    fn session(authenticated_at: Instant) -> Session {
        let entropy = Entropy::seeded(3);
        Session {
            sid: SessionId::new(&entropy, START).unwrap(),
            person: PersonId::new(&entropy, START).unwrap(),
            authenticated_at,
            amr: "pwd".to_owned(),
            last_seen_at: START,
            expires_at: START.plus(Duration::from_hours(1)),
            ended: false,
        }
    }

    fn decide(
        request: &AuthorizationRequest,
        session: Option<&Session>,
        consented: &str,
        asked: bool,
    ) -> Step {
        let consented = Scope::parse(consented).unwrap();
        let standing = Standing {
            session,
            reachable: Level::Multi,
            subject: session.map(|_| "me"),
            consented: &consented,
            asked_now: asked,
        };
        next_step(request, &standing, START.plus(Duration::from_secs(1)))
    }

    #[test]
    fn nobody_gets_a_code_without_a_session_and_a_consent_that_covers_the_request() {
        let before = session(START.minus(Duration::from_mins(1)));
        assert_eq!(
            decide(&request(), None, "openid email", true),
            Step::SignIn { again: false }
        );
        assert_eq!(decide(&request(), Some(&before), "openid", false), Step::Consent);
        assert_eq!(
            decide(&request(), Some(&before), "openid email profile", false),
            Step::Issue
        );
    }

    #[test]
    fn prompt_login_max_age_and_a_hint_ask_for_a_sign_in_after_the_request() {
        let before = session(START.minus(Duration::from_mins(1)));
        let after = session(START.plus(Duration::from_micros(1)));
        let login = AuthorizationRequest {
            prompt: Prompt {
                login: true,
                ..Prompt::default()
            },
            ..request()
        };
        let aged = AuthorizationRequest {
            max_age: Some(Duration::from_secs(30)),
            ..request()
        };
        let never = AuthorizationRequest {
            max_age: Some(Duration::ZERO),
            ..request()
        };
        for request in [&login, &aged, &never] {
            assert_eq!(
                decide(request, Some(&before), "openid email", false),
                Step::SignIn { again: true }
            );
            assert_eq!(decide(request, Some(&after), "openid email", false), Step::Issue);
        }
        let hint = |subject: &str| AuthorizationRequest {
            hinted: Some(subject.to_owned()),
            ..request()
        };
        assert_eq!(
            decide(&hint("me"), Some(&before), "openid email", false),
            Step::Issue
        );
        assert_eq!(
            decide(&hint("you"), Some(&before), "openid email", false),
            Step::SignIn { again: true }
        );
        let refused = Step::Refuse(ErrorCode::LoginRequired);
        assert_eq!(decide(&hint("you"), Some(&after), "openid email", false), refused);
    }

    #[test]
    fn prompt_create_lets_an_account_be_made_whoever_is_signed_in_and_goes_on_with_who_came_of_it() {
        let create = AuthorizationRequest {
            prompt: Prompt {
                create: true,
                ..Prompt::default()
            },
            ..request()
        };
        let before = session(START.minus(Duration::from_mins(1)));
        let after = session(START.plus(Duration::from_micros(1)));
        for nobody_new in [None, Some(&before)] {
            assert_eq!(
                decide(&create, nobody_new, "openid email", true),
                Step::SignUp,
                "{nobody_new:?}"
            );
        }
        assert_eq!(decide(&create, Some(&after), "", false), Step::Consent);
        assert_eq!(decide(&create, Some(&after), "openid email", false), Step::Issue);
    }

    #[test]
    fn prompt_none_shows_nothing() {
        let none = AuthorizationRequest {
            prompt: Prompt {
                none: true,
                ..Prompt::default()
            },
            ..request()
        };
        let before = session(START.minus(Duration::from_mins(1)));
        assert_eq!(
            decide(&none, None, "", false),
            Step::Refuse(ErrorCode::LoginRequired)
        );
        assert_eq!(
            decide(&none, Some(&before), "", false),
            Step::Refuse(ErrorCode::ConsentRequired)
        );
        assert_eq!(decide(&none, Some(&before), "openid email", false), Step::Issue);
    }

    #[test]
    fn prompt_consent_asks_once_although_it_was_granted_before() {
        let again = AuthorizationRequest {
            prompt: Prompt {
                consent: true,
                ..Prompt::default()
            },
            ..request()
        };
        let before = session(START.minus(Duration::from_mins(1)));
        assert_eq!(
            decide(&again, Some(&before), "openid email", false),
            Step::Consent
        );
        assert_eq!(decide(&again, Some(&before), "openid email", true), Step::Issue);
    }

    #[test]
    fn a_class_that_the_session_is_short_of_is_stepped_up_to_or_refused_before_consent_is_asked() {
        let multi = || vec![Level::Multi.acr().to_owned()];
        let asked = |acr_values: Vec<String>, acr_essential, prompt| AuthorizationRequest {
            prompt,
            acr_values,
            acr_essential,
            ..request()
        };
        let before = session(START.minus(Duration::from_mins(1)));
        let stronger = Session {
            amr: "pwd otp mfa".to_owned(),
            ..before.clone()
        };
        let none = Prompt {
            none: true,
            ..Prompt::default()
        };
        let decided =
            |request: &AuthorizationRequest, session| decide(request, Some(session), "openid email", false);
        for essential in [false, true] {
            let request = asked(multi(), essential, Prompt::default());
            assert_eq!(decided(&request, &before), Step::StepUp);
            assert_eq!(decided(&request, &stronger), Step::Issue);
            let silent = asked(multi(), essential, none);
            let refused = Step::Refuse(ErrorCode::LoginRequired);
            assert_eq!(decided(&silent, &before), refused);
        }
        let phr = || vec!["phr".to_owned()];
        assert_eq!(
            decided(&asked(phr(), false, Prompt::default()), &before),
            Step::Issue
        );
        for prompt in [Prompt::default(), none] {
            let unmet = Step::Refuse(ErrorCode::UnmetAuthenticationRequirements);
            assert_eq!(decided(&asked(phr(), true, prompt), &stronger), unmet);
        }
        assert_eq!(
            decide(&asked(phr(), true, Prompt::default()), None, "", false),
            Step::SignIn { again: false }
        );
    }

    #[test]
    fn details_are_the_persons_to_allow_in_each_request() {
        let details = r#"[{"type": "musubi_health_record", "datatypes": ["daily_life"], "depth": "daily", "purpose": "care"}]"#;
        let asking = AuthorizationRequest {
            authorization_details: Some(AuthorizationDetails::parse(details).unwrap()),
            ..request()
        };
        let before = session(START.minus(Duration::from_mins(1)));
        let step = |asked| decide(&asking, Some(&before), "openid email", asked);
        assert_eq!((step(false), step(true)), (Step::Consent, Step::Issue));
        let silent = AuthorizationRequest {
            prompt: Prompt {
                none: true,
                ..Prompt::default()
            },
            ..asking
        };
        assert_eq!(
            decide(&silent, Some(&before), "openid email", false),
            Step::Refuse(ErrorCode::ConsentRequired)
        );
    }

    #[test]
    fn only_the_verifier_of_rfc_7636_appendix_b_meets_its_challenge() {
        let pkce = Pkce::new("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM").unwrap();
        assert!(pkce.is_met_by("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"));
        assert!(!pkce.is_met_by("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXl"));
        assert!(!pkce.is_met_by("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"));
        assert!(!pkce.is_met_by("short"));
        assert!(Pkce::new("short").is_none());
    }
}
