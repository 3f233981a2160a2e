//! How one of each kind comes about.

use harness::party::{ClientKey, Pkce, send};
use harness::{Page, Reply, tools};
use reqwest::Method;
use serde_json::{Value, json};

use super::{House, Kind, PARTNER};

impl House<'_> {
    /// One of a kind. Where it names clients, it names those of `reader`, who is to take it: so that nothing but the realm
    /// is wrong with it elsewhere.
    pub(in crate::attacks) async fn make(&mut self, kind: Kind, reader: Option<&House<'_>>) -> String {
        let made = match kind {
            Kind::Code => self.code().await,
            Kind::RefreshToken => self.tokens().await.text("refresh_token").to_owned(),
            Kind::AccessToken => self.tokens().await.text("access_token").to_owned(),
            Kind::IdToken => self.tokens().await.text("id_token").to_owned(),
            Kind::RequestObject => self.request_object(reader.unwrap_or(&*self)),
            Kind::RequestUri => self.pushed().await,
            Kind::RegistrationToken => self.portal.registration["registration_access_token"]
                .as_str()
                .unwrap()
                .to_owned(),
            Kind::InitialToken => self.realm.registration_token(),
            Kind::ClientSecret => self.service.secret().to_owned(),
            Kind::ClientAssertion => {
                let id = reader.unwrap_or(&*self).keyed.id().to_owned();
                self.assertion(&id, &id)
            }
            Kind::PersonAssertion => self.assertion(PARTNER, "hanako"),
            Kind::DpopProof => self.proof(None),
            Kind::DpopNonce => self.nonce().await,
            Kind::DeviceCode => self.device_code().await,
            Kind::UserCode => self.device().await.text("user_code").to_owned(),
            Kind::AuthReqId => self.auth_req_id().await,
            Kind::RecoveryLink => self.recovery_link().await,
            Kind::SetPasswordLink => self.set_password_link(),
            Kind::RecoverySecret => self.recovery_secret().await,
            Kind::EmailCode => self.email_code().await,
            Kind::Session => self.session().await,
            Kind::Interaction => self.interaction().await,
            Kind::SignInStep => self.step().await,
            Kind::Enrolment => {
                let page = self.browser.open("/account/security/app").await;
                page.form("/account/security/app")
                    .value("offered")
                    .unwrap()
                    .to_owned()
            }
            Kind::RecoveryCode => self.codes.pop().expect("a code that is left"),
            Kind::FormValue => self.csrf.clone(),
            Kind::SignedUserinfo => self.signed_userinfo().await,
            Kind::SignedIntrospection => self.signed_introspection().await,
            Kind::SignedAnswer => {
                let request = self
                    .portal
                    .request(&Pkce::new(), &[("response_mode", "query.jwt")]);
                self.browser.open(&request).await.returned("response").unwrap()
            }
        };
        // What people type is too short to be told from numbers in the hub's own lines.
        if made.len() > 12 {
            self.realm.server().secret(&made);
        }
        made
    }

    async fn code(&self) -> String {
        self.portal
            .code(&self.browser, &self.hanako, &self.pkce, &[])
            .await
    }

    async fn tokens(&self) -> Reply {
        let code = self.code().await;
        self.portal
            .token(&self.portal.redemption(&code, &self.pkce))
            .await
            .good()
    }

    fn request_object(&self, reader: &House<'_>) -> String {
        let request = reader.portal.request(&self.pkce, &[]);
        let mut claims =
            json!({"iss": reader.portal.id(), "aud": self.realm.issuer(), "exp": tools::seconds() + 60});
        let query = request.split_once('?').unwrap().1;
        for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
            claims[name.as_ref()] = json!(value);
        }
        self.key.sign_as("oauth-authz-req+jwt", &claims)
    }

    async fn pushed(&self) -> String {
        let request = self.portal.request(&self.pkce, &[]);
        let query = request.split_once('?').unwrap().1.to_owned();
        let pushed = self.portal.ask(|http, issuer| {
            http.post(format!("{issuer}/oauth/par"))
                .basic_auth(self.portal.id(), Some(self.portal.secret()))
                .header("content-type", "application/x-www-form-urlencoded")
                .body(query)
        });
        pushed.await.good().text("request_uri").to_owned()
    }

    fn assertion(&self, issuer: &str, subject: &str) -> String {
        let now = tools::seconds();
        let claims = json!({"iss": issuer, "sub": subject, "aud": self.realm.issuer(), "jti": tools::unique(),
            "iat": now, "exp": now + 120});
        self.key.sign(&claims)
    }

    pub(super) fn proof(&self, nonce: Option<&str>) -> String {
        let url = self.realm.url("/oauth/token");
        let mut claims = json!({"jti": tools::unique(), "htm": "POST", "htu": url, "iat": tools::seconds()});
        if let Some(nonce) = nonce {
            claims["nonce"] = Value::from(nonce);
        }
        let key = ClientKey::generate();
        let header = json!({"typ": "dpop+jwt", "alg": "ES256", "jwk": key.jwk()});
        key.sign_with(&header, &claims)
    }

    async fn nonce(&self) -> String {
        let proof = self.proof(None);
        let reply = self.service_token(&proof).await.good();
        reply.headers["dpop-nonce"].to_str().unwrap().to_owned()
    }

    pub(super) async fn service_token(&self, proof: &str) -> Reply {
        let service = &self.service;
        service
            .ask(|_, _| {
                service
                    .token_request()
                    .basic_auth(service.id(), Some(service.secret()))
                    .header("dpop", proof)
                    .form(&[("grant_type", "client_credentials")])
            })
            .await
    }

    async fn device(&self) -> Reply {
        let request = harness::party::http()
            .post(self.realm.url("/oauth/device"))
            .form(&[("client_id", self.television.id())]);
        send(request, &self.realm.server().secrets()).await.good()
    }

    pub(super) async fn type_code(&self, code: &str) -> Page {
        let page = self.browser.open("/device").await;
        self.browser
            .send(&page.form("/device").fill("user_code", code))
            .await
    }

    async fn device_code(&self) -> String {
        let begun = self.device().await;
        let asked = self.type_code(begun.text("user_code")).await;
        self.browser
            .send(&asked.form("/device/answer").press("allow"))
            .await;
        begun.text("device_code").to_owned()
    }

    async fn auth_req_id(&self) -> String {
        let begun = self
            .counter
            .ask(|http, issuer| {
                http.post(format!("{issuer}/oauth/backchannel"))
                    .basic_auth(self.counter.id(), Some(self.counter.secret()))
                    .form(&[("scope", "openid profile"), ("login_hint", "hanako")])
            })
            .await
            .good();
        let at_home = self.realm.actor();
        let page = at_home.open("/signin?to=requests").await;
        let page = at_home.sign_in(&page, &self.hanako).await;
        let form = page.form("/account/requests/answer").press("allow");
        at_home.send(&form).await;
        begun.text("auth_req_id").to_owned()
    }

    async fn recovery_link(&self) -> String {
        let person = self.realm.person(&format!("forgetful-{}", tools::unique()));
        let browser = self.realm.actor();
        let page = browser.open("/recover").await;
        let form = page.form("/recover").fill("name", &person.login).press("mail");
        browser.send(&form).await;
        let start = format!("{}/recover/link?token=", self.realm.issuer());
        tools::until("the link is mailed", async || {
            self.sink
                .to(&person.email)
                .iter()
                .any(|mail| mail.text.contains(&start))
        })
        .await;
        let mails = self.sink.to(&person.email);
        let mail = mails.iter().find(|mail| mail.text.contains(&start)).unwrap();
        mail.link(&start).strip_prefix(&start).unwrap().to_owned()
    }

    fn set_password_link(&self) -> String {
        let login = format!("new-{}", tools::unique());
        let made = self.realm.musubi(&["user", "create", "--login", &login], "");
        let link = made["link"].as_str().expect("a link");
        link.split_once("token=").unwrap().1.to_owned()
    }

    async fn recovery_secret(&self) -> String {
        let browser = self.realm.actor();
        let page = browser.open("/recover").await;
        let form = page.form("/recover").fill("name", "nobody").press("family");
        browser.send(&form).await;
        browser.cookie("musubi_recovery").unwrap()
    }

    /// Has a code sent to a new address, in place of any that waits.
    pub(in crate::attacks) async fn email_code(&self) -> String {
        let address = format!("{}@example.jp", tools::unique());
        let page = self.browser.open("/account/profile").await;
        let form = page.form("/account/email").fill("email", &address);
        self.browser.send(&form).await;
        self.sink.wait_for(&address, "確認番号").await.code()
    }

    async fn session(&self) -> String {
        let browser = self.realm.actor();
        browser.account("/account", &self.hanako).await;
        browser.cookie("musubi_session").unwrap()
    }

    async fn interaction(&self) -> String {
        let request = self.portal.request(&self.pkce, &[]);
        let page = self.same_browser().open(&request).await;
        page.form("/signin").value("interaction").unwrap().to_owned()
    }

    /// The id of a sign-in that waits for jiro's second factor.
    pub(super) async fn step(&self) -> String {
        let browser = self.same_browser();
        let page = browser.open("/signin").await;
        let page = browser.sign_in(&page, &self.jiro).await;
        page.form("/signin/second").value("step").unwrap().to_owned()
    }

    async fn signed_userinfo(&self) -> String {
        let party = self
            .realm
            .party(json!({"userinfo_signed_response_alg": "RS256"}))
            .await;
        let tokens = party.sign_in(&self.browser, &self.hanako).await;
        party.userinfo(tokens.text("access_token")).await.good().text
    }

    async fn signed_introspection(&self) -> String {
        let tokens = self.tokens().await;
        let answer = self.portal.ask(|http, issuer| {
            http.request(Method::POST, format!("{issuer}/oauth/introspect"))
                .basic_auth(self.portal.id(), Some(self.portal.secret()))
                .header("accept", "application/token-introspection+jwt")
                .form(&[("token", tokens.text("access_token"))])
        });
        answer.await.good().text
    }
}
