//! How pages are sent, and what ties a form to the browser that was shown it.

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, LOCATION, REFERRER_POLICY, SET_COOKIE,
    STRICT_TRANSPORT_SECURITY,
};
use http::{HeaderName, HeaderValue, Method, StatusCode};
use platform::encoding::base64url;
use platform::http::{Parameters, SetCookie};
use platform::keys::{constant_time_eq, keyed_hash};

use super::Call;
use crate::browsers::KNOWN_FOR;
use crate::hub::Hub;
use crate::log::Action;
use crate::oauth::{ErrorCode, OAuthError};
use crate::pages::{ErrorKind, ErrorPage, Frame, Language, RenderError, Texts, Zone};
use crate::signin::Opened;

/// The row about somebody whom a page refuses.
const REFUSE: Action = Action::new("page.refuse");
/// Where a request comes from, as the browser says it (Fetch Metadata).
const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
/// Holds the session's secret.
pub const SESSION: &str = "musubi_session";
/// Holds the secret of a recovery that was begun in this browser.
pub const RECOVERY: &str = "musubi_recovery";
/// Holds a random value of this browser's own: interactions and forms are bound to it.
const BROWSER: &str = "musubi_browser";
/// Holds the state of this browser that clients compare; no secret ([`crate::oauth::logout::watched`]).
const STATE: &str = "musubi_state";
/// Holds a random value by which a browser is known again at a sign-in; it opens nothing.
pub const DEVICE: &str = "musubi_device";
/// Remembers the language that was chosen.
const LANGUAGE: &str = "musubi_language";

/// Nothing is loaded from elsewhere, nothing runs, nobody frames us. `form-action` is left out: browsers apply it to
/// every redirect after a form, and a sign-in ends wherever the relying party goes next.
const POLICY: &str =
    "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; frame-ancestors 'none'";

/// The same for a page with a script of ours, which may ask this host: browsers offer passkeys to scripts only.
const POLICY_WITH_SCRIPT: &str = "default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'self'; \
     img-src 'self'; base-uri 'none'; frame-ancestors 'none'";

/// A browser that was here once comes over HTTPS for a year, whatever a link says (RFC 6797; FAPI 2.0 Security Profile
/// §5.2.2). For this host alone: what else has its domain is not the realm's to decide.
const ONLY_HTTPS: &str = "max-age=31536000";

/// One page view: the call, the reader's language, the browser's value.
pub struct View<'c> {
    /// The call.
    pub call: &'c Call,
    /// The reader's language.
    pub texts: Texts,
    browser: String,
    cookies: Vec<HeaderValue>,
}

impl<'c> View<'c> {
    /// Prepares a page for `call`. `asked` is the `ui_locales` of the authorization request that led here.
    pub fn new(hub: &Hub, call: &'c Call, asked: Option<&str>) -> Result<Self, OAuthError> {
        let secure = call.realm.secure;
        let mut cookies = Vec::new();
        let here = call
            .query()
            .ok()
            .and_then(|query| query.get("ui_locales").map(str::to_owned));
        let language = Language::choose(
            here.as_deref().or(asked),
            call.cookie(LANGUAGE),
            call.accept_language(),
            call.realm.settings.language.into(),
        );
        if here.is_some() {
            cookies.extend(
                SetCookie {
                    name: LANGUAGE,
                    value: language.tag(),
                    max_age: None,
                    secure,
                }
                .header(),
            );
        }
        let browser = if let Some(value) = call.cookie(BROWSER).filter(|value| value.len() == 43) {
            value.to_owned()
        } else {
            let fresh = hub.entropy.token()?;
            // A form of another site comes without our cookies: a new value would replace the one that the person's open
            // pages are bound to.
            if call.header(&SEC_FETCH_SITE) != Some("cross-site") || call.method() != Method::POST {
                cookies.extend(
                    SetCookie {
                        name: BROWSER,
                        value: &fresh,
                        max_age: None,
                        secure,
                    }
                    .header(),
                );
            }
            fresh
        };
        let zone = Zone::named("Asia/Tokyo")?;
        Ok(Self {
            call,
            texts: Texts::new(language, zone),
            browser,
            cookies,
        })
    }

    /// What surrounds the page; `here` shows it again.
    pub fn frame<'a>(&'a self, here: &'a str) -> Frame<'a> {
        Frame {
            realm_name: &self.call.realm.name,
            here,
            help: None,
        }
    }

    /// This browser's own value.
    pub fn browser(&self) -> &str {
        &self.browser
    }

    /// The value that forms of this browser carry.
    pub fn csrf(&self) -> String {
        base64url(keyed_hash(
            &self.call.realm.keys.tokens,
            "csrf",
            self.browser.as_bytes(),
        ))
    }

    /// Whether a form came from a page that this browser was shown.
    pub fn csrf_holds(&self, form: &Parameters) -> bool {
        // A browser whose value is fresh was never shown a form.
        self.call.cookie(BROWSER) == Some(&self.browser)
            && form
                .get("csrf")
                .is_some_and(|offered| constant_time_eq(offered.as_bytes(), self.csrf().as_bytes()))
    }

    /// Sets or, with an empty value, removes the session cookie.
    pub fn set_session(&mut self, secret: &str) {
        let max_age = secret.is_empty().then_some(std::time::Duration::ZERO);
        let secure = self.call.realm.secure;
        self.cookies.extend(
            SetCookie {
                name: SESSION,
                value: secret,
                max_age,
                secure,
            }
            .header(),
        );
        self.set_state(&state_of(
            self.call,
            Some(secret).filter(|secret| !secret.is_empty()),
        ));
    }

    /// Signs a browser in: the session's cookie, and the value by which the browser is known again.
    pub(crate) fn enter(&mut self, opened: &Opened) {
        self.set_session(&opened.secret);
        let cookie = SetCookie {
            name: DEVICE,
            value: &opened.device,
            max_age: Some(KNOWN_FOR),
            secure: self.call.realm.secure,
        };
        self.cookies.extend(cookie.header());
    }

    /// The state of this browser that clients compare, empty where nobody is signed in; the browser has it from this answer
    /// on.
    pub fn browser_state(&mut self, signed_in: bool) -> String {
        let secret = self.call.cookie(SESSION).filter(|_| signed_in);
        let state = state_of(self.call, secret);
        if self.call.cookie(STATE).unwrap_or_default() != state {
            self.set_state(&state);
        }
        state
    }

    fn set_state(&mut self, value: &str) {
        let cookie = SetCookie {
            name: STATE,
            value,
            max_age: value.is_empty().then_some(std::time::Duration::ZERO),
            secure: self.call.realm.secure,
        };
        self.cookies.extend(cookie.header_for_frames());
    }

    /// Sets or, with an empty value, removes the secret of a recovery. It outlives the browser's being closed: people wait
    /// a day and longer.
    pub fn set_recovery(&mut self, secret: &str) {
        let max_age = if secret.is_empty() {
            std::time::Duration::ZERO
        } else {
            std::time::Duration::from_hours(8 * 24)
        };
        let secure = self.call.realm.secure;
        self.cookies.extend(
            SetCookie {
                name: RECOVERY,
                value: secret,
                max_age: Some(max_age),
                secure,
            }
            .header(),
        );
    }

    /// Remembers a language in this browser.
    pub fn set_language(&mut self, language: Language) {
        let secure = self.call.realm.secure;
        self.cookies.extend(
            SetCookie {
                name: LANGUAGE,
                value: language.tag(),
                max_age: None,
                secure,
            }
            .header(),
        );
    }

    /// Sends a page.
    pub fn page(self, status: StatusCode, html: Result<String, RenderError>) -> Response {
        self.document(status, html, POLICY)
    }

    /// Sends a page that has a script of ours.
    pub fn scripted_page(self, status: StatusCode, html: Result<String, RenderError>) -> Response {
        self.document(status, html, POLICY_WITH_SCRIPT)
    }

    fn document(
        self,
        status: StatusCode,
        html: Result<String, RenderError>,
        policy: &'static str,
    ) -> Response {
        let Ok(html) = html else {
            return StatusCode::INTERNAL_SERVER_ERROR.into_response();
        };
        let mut response = Response::new(Body::from(html));
        *response.status_mut() = status;
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
        headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
        self.finish(response)
    }

    /// Sends a page that loads frames from `origins` and has a script of ours.
    pub fn page_framing(
        self,
        status: StatusCode,
        html: Result<String, RenderError>,
        origins: &[String],
    ) -> Response {
        let policy = format!("{POLICY}; script-src 'self'; frame-src {}", origins.join(" "));
        let Ok(policy) = HeaderValue::from_str(&policy) else {
            return StatusCode::INTERNAL_SERVER_ERROR.into_response();
        };
        let mut response = self.page(status, html);
        response.headers_mut().insert(CONTENT_SECURITY_POLICY, policy);
        response
    }

    /// Sends the browser elsewhere with `GET` (RFC 9700 §4.12: 303, so that a form is never posted on).
    pub fn redirect(self, location: &str) -> Response {
        let Ok(location) = HeaderValue::from_str(location) else {
            return StatusCode::INTERNAL_SERVER_ERROR.into_response();
        };
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::SEE_OTHER;
        response.headers_mut().insert(LOCATION, location);
        self.finish(response)
    }

    /// Sends an error page.
    pub fn error(self, kind: ErrorKind, id: &'static str) -> Response {
        let request = self.call.request.to_string();
        let page = ErrorPage {
            frame: self.frame("/"),
            kind,
            error_id: Some(id),
            request_id: Some(&request),
            back: None,
        };
        let html = page.render(&self.texts);
        let status = StatusCode::from_u16(kind.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        self.page(status, html)
    }

    /// Sends an error page to somebody who is refused for the reason that `id` names.
    pub async fn refuse(self, hub: &Hub, kind: ErrorKind, id: &'static str) -> Response {
        match hub.record(self.call.deny(REFUSE, id)).await {
            Ok(()) => self.error(kind, id),
            Err(error) => self.oauth_error(error),
        }
    }

    /// Whether a form came from no page that this browser was shown. If so it is on record, with the reason `id`.
    pub async fn is_foreign(
        &self,
        hub: &Hub,
        form: &Parameters,
        id: &'static str,
    ) -> Result<bool, OAuthError> {
        if self.csrf_holds(form) {
            return Ok(false);
        }
        hub.record(self.call.deny(REFUSE, id)).await?;
        Ok(true)
    }

    /// The form that was posted, if it came from a page of ours that this browser was shown; else the page that says so,
    /// with the id `malformed` or `foreign`.
    pub async fn posted(
        self,
        hub: &Hub,
        malformed: &'static str,
        foreign: &'static str,
    ) -> Result<(Self, Parameters), Box<Response>> {
        let (kind, id) = match self.call.form() {
            Some(Ok(form)) if self.csrf_holds(&form) => return Ok((self, form)),
            Some(Ok(_)) => (ErrorKind::SessionExpired, foreign),
            Some(Err(_)) | None => (ErrorKind::BadRequest, malformed),
        };
        Err(Box::new(self.refuse(hub, kind, id).await))
    }

    /// Sends an error of OAuth to a person.
    pub fn oauth_error(self, error: OAuthError) -> Response {
        self.error(kind_of(error), error.id)
    }

    fn finish(self, mut response: Response) -> Response {
        let headers = response.headers_mut();
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
        headers.insert(
            HeaderName::from_static("x-frame-options"),
            HeaderValue::from_static("DENY"),
        );
        if self.call.realm.secure {
            headers.insert(STRICT_TRANSPORT_SECURITY, HeaderValue::from_static(ONLY_HTTPS));
        }
        for cookie in self.cookies {
            headers.append(SET_COOKIE, cookie);
        }
        response
    }
}

/// What a session's secret shows of itself to clients.
fn state_of(call: &Call, secret: Option<&str>) -> String {
    secret.map_or_else(String::new, |secret| {
        base64url(keyed_hash(
            &call.realm.keys.tokens,
            "browser-state",
            secret.as_bytes(),
        ))
    })
}

/// The name on the wire of the cookie that holds this browser's state.
pub fn browser_state_cookie(secure: bool) -> String {
    SetCookie::wire_name(STATE, secure)
}

fn kind_of(error: OAuthError) -> ErrorKind {
    match error.code {
        ErrorCode::TemporarilyUnavailable => ErrorKind::Busy { seconds: 10 },
        ErrorCode::TooManyRequests => ErrorKind::TooManyRequests { seconds: 600 },
        ErrorCode::ServerError => ErrorKind::Internal,
        ErrorCode::InvalidRequest if error.id == "authorization.redirect_uri" => ErrorKind::UntrustedService,
        ErrorCode::InvalidClient => ErrorKind::UntrustedService,
        ErrorCode::InvalidRequestUri => ErrorKind::SessionExpired,
        _ => ErrorKind::BadRequest,
    }
}

/// Sends the browser to a local address, and touches none of its cookies.
pub fn see_other(location: &str) -> Response {
    match HeaderValue::from_str(location) {
        Ok(location) => (StatusCode::SEE_OTHER, [(LOCATION, location)]).into_response(),
        Err(_) => StatusCode::BAD_REQUEST.into_response(),
    }
}

/// The answer when not even a page can be prepared.
pub fn unavailable() -> Response {
    StatusCode::SERVICE_UNAVAILABLE.into_response()
}
