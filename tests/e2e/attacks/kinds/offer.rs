//! The place where each kind counts, and whether it is taken there.

use harness::party::{http, send};
use harness::{Actor, Page, Reply};
use reqwest::StatusCode;
use reqwest::header::COOKIE;
use serde_json::json;

use super::{BEARER, CIBA, DEVICE, House, Kind};

const ASSERTION: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
const REQUEST_URI: &str = "urn:ietf:params:oauth:request_uri:";

impl House<'_> {
    /// Offers a value where one of `kind` counts; whether it is taken for one.
    pub(in crate::attacks) async fn takes(&self, kind: Kind, value: &str) -> bool {
        if let Some(taken) = self.taken_from_a_client(kind, value).await {
            return taken;
        }
        if let Some(taken) = self.taken_in_a_request(kind, value).await {
            return taken;
        }
        if let Some(taken) = self.taken_from_a_stranger(kind, value).await {
            return taken;
        }
        let taken = self.taken_from_who_is_signed_in(kind, value).await;
        taken.unwrap_or_else(|| panic!("{kind:?} has no place"))
    }

    /// What a browser carries to the authorization endpoint.
    async fn taken_in_a_request(&self, kind: Kind, value: &str) -> Option<bool> {
        Some(match kind {
            Kind::IdToken => {
                self.answers(&[("prompt", "none"), ("id_token_hint", value)])
                    .await
            }
            Kind::RequestObject => self.answers(&[("request", value)]).await,
            Kind::RequestUri => {
                let reference = value.strip_prefix(REQUEST_URI).unwrap_or(value);
                let query = url::form_urlencoded::Serializer::new(String::new())
                    .append_pair("client_id", self.portal.id())
                    .append_pair("request_uri", &format!("{REQUEST_URI}{reference}"))
                    .finish();
                is_code(&self.browser.open(&format!("/oauth/authorize?{query}")).await)
            }
            _ => return None,
        })
    }

    /// What a client sends.
    async fn taken_from_a_client(&self, kind: Kind, value: &str) -> Option<bool> {
        Some(match kind {
            Kind::Code => {
                let form = self.portal.redemption(value, &self.pkce);
                gives(&self.portal.token(&form).await)
            }
            Kind::RefreshToken => gives(&self.portal.refresh(value).await),
            Kind::AccessToken => gives(&self.portal.userinfo(value).await),
            Kind::RegistrationToken => {
                let id = self.portal.id();
                let reply = self.portal.ask(|http, issuer| {
                    http.get(format!("{issuer}/oauth/register/{id}"))
                        .header("authorization", header(value))
                });
                gives(&reply.await)
            }
            Kind::InitialToken => {
                let metadata = json!({"redirect_uris": ["https://rp.example/cb"]});
                let reply = self.portal.ask(|http, issuer| {
                    http.post(format!("{issuer}/oauth/register"))
                        .header("authorization", header(value))
                        .json(&metadata)
                });
                gives(&reply.await)
            }
            Kind::ClientSecret => {
                let form = [
                    ("grant_type", "client_credentials"),
                    ("client_id", self.service.id()),
                ];
                let request = self
                    .service
                    .token_request()
                    .basic_auth(self.service.id(), Some(value))
                    .form(&form);
                gives(&self.service.ask(|_, _| request).await)
            }
            Kind::ClientAssertion => {
                let form = [
                    ("grant_type", "refresh_token"),
                    ("client_assertion_type", ASSERTION),
                    ("client_assertion", value),
                ];
                // Who has proved who it is, is told what is missing.
                self.keyed.token_bare(&form).await.json["error"] == "invalid_request"
            }
            Kind::PersonAssertion => {
                let form = [("grant_type", BEARER), ("assertion", value)];
                gives(&self.partner.token(&form).await)
            }
            Kind::DpopProof => gives(&self.service_token(value).await),
            Kind::DpopNonce => gives(&self.service_token(&self.proof(Some(value))).await),
            Kind::DeviceCode => {
                let form = [("grant_type", DEVICE), ("device_code", value)];
                gives(&self.television.token(&form).await)
            }
            Kind::AuthReqId => {
                let form = [("grant_type", CIBA), ("auth_req_id", value)];
                gives(&self.counter.token(&form).await)
            }
            _ => return None,
        })
    }

    /// What somebody shows who is not signed in yet.
    async fn taken_from_a_stranger(&self, kind: Kind, value: &str) -> Option<bool> {
        Some(match kind {
            Kind::UserCode => self.type_code(value).await.has_form("/device/answer"),
            Kind::RecoveryLink | Kind::SetPasswordLink => {
                let path = if kind == Kind::RecoveryLink {
                    "/recover/link"
                } else {
                    "/set-password"
                };
                let browser = self.realm.actor();
                let address = self.realm.url(path);
                let address = url::Url::parse_with_params(address.as_str(), [("token", value)]).unwrap();
                browser.open(address.as_str()).await.has_form(path)
            }
            Kind::RecoverySecret => {
                let cookie = format!("musubi_recovery={value}");
                let page = self.with_cookie("/recover/family", &cookie).await;
                page.text.contains("class=\"number\"")
            }
            Kind::Session => {
                let cookie = format!("musubi_session={value}");
                self.with_cookie("/account", &cookie).await.status == StatusCode::OK
            }
            Kind::Interaction => {
                let page = self.in_same_browser("/signin", "interaction", value).await;
                page.status == StatusCode::OK && page.text.contains("name=\"interaction\"")
            }
            Kind::SignInStep => {
                let page = self.in_same_browser("/signin/second", "step", value).await;
                page.status == StatusCode::OK
            }
            Kind::RecoveryCode => {
                let browser = self.same_browser();
                let page = browser.open("/signin").await;
                let page = browser.sign_in(&page, &self.jiro).await;
                browser.second_step(&page, value).await.url.path() == "/account"
            }
            _ => return None,
        })
    }

    /// What belongs to a session.
    async fn taken_from_who_is_signed_in(&self, kind: Kind, value: &str) -> Option<bool> {
        Some(match kind {
            Kind::EmailCode => {
                let page = self.browser.open("/account/profile").await;
                page.has_form("/account/email/confirm") && {
                    let form = page.form("/account/email/confirm").fill("code", value);
                    self.browser.send(&form).await.status == StatusCode::OK
                }
            }
            Kind::Enrolment => {
                let form = [("offered", value), ("code", "000000"), ("csrf", &self.csrf)];
                let page = self.posted(&self.browser, "/account/security/app", &form).await;
                page.has_form("/account/security/app")
            }
            Kind::FormValue => {
                let form = [("language", "ja"), ("csrf", value)];
                let page = self
                    .posted(&self.browser, "/account/profile/language", &form)
                    .await;
                page.status == StatusCode::SEE_OTHER
            }
            _ => return None,
        })
    }

    async fn answers(&self, changes: &[(&str, &str)]) -> bool {
        let request = self.portal.request(&self.pkce, changes);
        is_code(&self.browser.open(&request).await)
    }

    async fn with_cookie(&self, path: &str, cookie: &str) -> Reply {
        let request = http().get(self.realm.url(path)).header(COOKIE, cookie);
        send(request, &self.realm.server().secrets()).await
    }

    async fn in_same_browser(&self, path: &str, name: &str, value: &str) -> Reply {
        let cookie = format!("musubi_browser={}", self.browser_value());
        let address = url::Url::parse_with_params(self.realm.url(path).as_str(), [(name, value)]).unwrap();
        let request = http().get(address).header(COOKIE, cookie);
        send(request, &self.realm.server().secrets()).await
    }

    async fn posted(&self, browser: &Actor, path: &str, form: &[(&str, &str)]) -> Page {
        browser
            .once(browser.request(reqwest::Method::POST, path).form(form))
            .await
    }
}

fn gives(reply: &Reply) -> bool {
    assert!(!reply.status.is_server_error(), "{} {}", reply.status, reply.text);
    reply.status.is_success()
}

fn is_code(page: &Page) -> bool {
    assert!(!page.status.is_server_error(), "{}", page.url);
    page.away.is_some() && page.returned("code").is_some()
}

/// A value as a bearer token; what cannot stand in a header is sent as nothing.
fn header(value: &str) -> String {
    format!("Bearer {value}")
}
