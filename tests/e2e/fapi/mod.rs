//! fapi2-security-profile-final and fapi2-message-signing-final: what the modules of the OpenID Foundation's conformance
//! suite check, for each pair of ways in which a client proves itself and binds its tokens, with requests that are signed
//! and answers in JWTs, and without.

mod assertions;
mod flows;
mod objects;
mod proofs;
mod pushes;
mod refreshes;

use std::collections::BTreeMap;

use harness::certificates::Identity;
use harness::party::{CALLBACK, ClientKey, Pkce, hash, part, verify};
use harness::{Actor, Backend, Options, Page, Party, Person, Reply, Server, tools};
use reqwest::RequestBuilder;
use serde_json::{Value, json};
use url::form_urlencoded::{Serializer, parse};

const BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// How a client proves itself, and what its tokens are bound to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Means {
    /// `private_key_jwt`, DPoP.
    Key,
    /// `self_signed_tls_client_auth`, mutual TLS.
    Certificate,
}

/// What the suite calls a variant.
#[derive(Clone, Copy, Debug)]
struct Kind {
    means: Means,
    /// Requests are signed, and answers come in JWTs.
    signs: bool,
}

const KINDS: [Kind; 4] = [
    Kind {
        means: Means::Key,
        signs: false,
    },
    Kind {
        means: Means::Certificate,
        signs: false,
    },
    Kind {
        means: Means::Key,
        signs: true,
    },
    Kind {
        means: Means::Certificate,
        signs: true,
    },
];

/// Names and values of a form, and of an answer.
type Pairs = Vec<(String, String)>;

/// A hub behind a proxy that hands certificates on.
async fn hub(backend: Backend) -> Server {
    let lines = "trusted_proxies = [\"127.0.0.1/32\"]\nclient_certificate_header = \"Client-Cert\"\n";
    let options = Options {
        server: lines.to_owned(),
        ..Options::default()
    };
    Server::start_with(backend, options).await
}

/// A client of the profile.
struct Client {
    kind: Kind,
    party: Party,
    issuer: String,
    key: ClientKey,
    holder: ClientKey,
    identity: Identity,
    keys: Value,
}

impl Client {
    async fn made(server: &Server, kind: Kind) -> Self {
        Self::made_with(server, kind, json!({})).await
    }

    async fn made_with(server: &Server, kind: Kind, changes: Value) -> Self {
        let (key, identity) = (ClientKey::generate(), Identity::of_its_own("clinic"));
        let mut metadata = json!({
            "client_name": "Clinic",
            "redirect_uris": [CALLBACK],
            "grant_types": ["authorization_code", "refresh_token"],
            "scope": "openid profile email offline_access",
            "id_token_signed_response_alg": "ES256",
            "jwks": {"keys": [key.jwks()["keys"][0], identity.jwk()]},
            "musubi_security_profile": "fapi2",
        });
        let means = match kind.means {
            Means::Key => {
                json!({"token_endpoint_auth_method": "private_key_jwt", "dpop_bound_access_tokens": true})
            }
            Means::Certificate => json!({
                "token_endpoint_auth_method": "self_signed_tls_client_auth",
                "tls_client_certificate_bound_access_tokens": true,
            }),
        };
        let signs = json!({
            "authorization_signed_response_alg": "ES256", "request_object_signing_alg": "ES256",
            "require_signed_request_object": true,
        });
        let none = json!({});
        for more in [&means, if kind.signs { &signs } else { &none }, &changes] {
            for (name, value) in more.as_object().unwrap() {
                metadata[name] = value.clone();
            }
        }
        let made = server.musubi(&["client", "create", "--file", "-"], &metadata.to_string());
        let party = Party::of(server, made);
        let keys = party
            .ask(|http, issuer| http.get(format!("{issuer}/oauth/jwks")))
            .await
            .good()
            .json;
        Self {
            kind,
            issuer: server.issuer(),
            party,
            key,
            holder: ClientKey::generate(),
            identity,
            keys,
        }
    }

    fn id(&self) -> &str {
        self.party.id()
    }

    /// An assertion for this hub and now, with changes; a null takes a claim away.
    fn assertion(&self, changes: &Value) -> String {
        let (id, now) = (self.id(), tools::seconds());
        let claims = json!({
            "iss": id, "sub": id, "aud": self.issuer, "jti": tools::unique(), "iat": now, "exp": now + 60,
        });
        self.key.sign(&changed(claims, changes))
    }

    /// A DPoP proof of a key.
    fn proof(
        &self,
        holder: &ClientKey,
        method: &str,
        path: &str,
        token: Option<&str>,
        changes: &Value,
    ) -> String {
        let url = format!("{}{path}", self.issuer);
        let mut claims = json!({"jti": tools::unique(), "htm": method, "htu": url, "iat": tools::seconds()});
        if let Some(token) = token {
            claims["ath"] = json!(hash(token.as_bytes()));
        }
        let header = json!({"typ": "dpop+jwt", "alg": "ES256", "jwk": holder.jwk()});
        holder.sign_with(&header, &changed(claims, changes))
    }

    /// The pairs of a complete request, with changes; an empty value takes one away.
    fn parameters(&self, pkce: &Pkce, changes: &[(&str, &str)]) -> Pairs {
        let mode = [("response_mode", if self.kind.signs { "jwt" } else { "" })];
        let query = self.party.request(pkce, &[&mode, changes].concat());
        parse(query.split_once('?').unwrap().1.as_bytes())
            .into_owned()
            .collect()
    }

    /// The claims of a request object with these pairs.
    fn claims(&self, pairs: &[(String, String)]) -> Value {
        let now = tools::seconds();
        let mut claims = json!({"iss": self.id(), "aud": self.issuer, "nbf": now, "exp": now + 60});
        for (name, value) in pairs {
            claims[name] = json!(value);
        }
        claims
    }

    /// A request object with these claims.
    fn object(&self, claims: &Value) -> String {
        self.key.sign_as("oauth-authz-req+jwt", claims)
    }

    /// The request to an endpoint, with the client's proof of itself.
    fn proven(&self, path: &str, mut form: Pairs, assertion: Option<&str>) -> RequestBuilder {
        let url = format!("{}{path}", self.issuer);
        form.push(("client_id".to_owned(), self.id().to_owned()));
        let mut request = harness::party::http().post(url);
        match self.kind.means {
            Means::Key => {
                let own = self.assertion(&json!({}));
                form.push(("client_assertion_type".to_owned(), BEARER.to_owned()));
                form.push((
                    "client_assertion".to_owned(),
                    assertion.unwrap_or(&own).to_owned(),
                ));
            }
            Means::Certificate => request = request.header("client-cert", self.identity.header()),
        }
        let mut seen = BTreeMap::new();
        for (name, value) in form {
            seen.insert(name, value);
        }
        request.form(&seen)
    }

    async fn send(&self, request: RequestBuilder) -> Reply {
        self.party.ask(|_, _| request).await
    }

    /// Pushes a form as it is.
    async fn push_form(&self, form: Pairs) -> Reply {
        self.send(self.proven("/oauth/par", form, None)).await
    }

    /// Pushes a request as the client sends its requests.
    async fn push(&self, pkce: &Pkce, changes: &[(&str, &str)]) -> Reply {
        let pairs = self.parameters(pkce, changes);
        let form = if self.kind.signs {
            vec![("request".to_owned(), self.object(&self.claims(&pairs)))]
        } else {
            pairs
        };
        self.push_form(form).await
    }

    /// The address that opens a pushed request.
    fn by_reference(&self, pushed: &Reply) -> String {
        self.by_reference_with(pushed, &[])
    }

    fn by_reference_with(&self, pushed: &Reply, more: &[(&str, &str)]) -> String {
        let own = [
            ("client_id", self.id()),
            ("request_uri", pushed.text("request_uri")),
        ];
        let query = Serializer::new(String::new())
            .extend_pairs(own)
            .extend_pairs(more)
            .finish();
        format!("/oauth/authorize?{query}")
    }

    /// What is in an answer at the redirect URI.
    fn read(&self, page: &Page) -> BTreeMap<String, String> {
        let away = page
            .away
            .as_ref()
            .unwrap_or_else(|| panic!("no answer at {}:\n{}", page.url, page.body));
        let pairs: BTreeMap<String, String> = away.query_pairs().into_owned().collect();
        if !self.kind.signs {
            assert_eq!(pairs["iss"], self.issuer, "RFC 9207");
            return pairs;
        }
        let response = &pairs["response"];
        assert_eq!(part(response, 0)["alg"], "ES256");
        let claims = verify(response, &self.keys);
        assert_eq!(claims["iss"], self.issuer.as_str());
        assert_eq!(claims["aud"], self.id());
        let text = |(name, value): (&String, &Value)| Some((name.clone(), value.as_str()?.to_owned()));
        claims.as_object().unwrap().iter().filter_map(text).collect()
    }

    /// A whole request: the answer.
    async fn answer(
        &self,
        browser: &Actor,
        person: &Person,
        pkce: &Pkce,
        changes: &[(&str, &str)],
    ) -> BTreeMap<String, String> {
        let pushed = self.push(pkce, changes).await.good();
        let page = browser.authorize(&self.by_reference(&pushed), person).await;
        self.read(&page)
    }

    async fn code(&self, browser: &Actor, person: &Person, pkce: &Pkce) -> String {
        let answer = self.answer(browser, person, pkce, &[]).await;
        answer
            .get("code")
            .unwrap_or_else(|| panic!("{:?}: {answer:?}", self.kind))
            .clone()
    }

    /// The form that redeems a code.
    fn redemption(&self, code: &str, pkce: &Pkce) -> Pairs {
        let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
        self.party.redemption(code, pkce).into_iter().map(owned).collect()
    }

    /// Asks the token endpoint as the client does.
    async fn token(&self, form: Pairs) -> Reply {
        let proof = self.proof(&self.holder, "POST", "/oauth/token", None, &json!({}));
        let request = self.proven("/oauth/token", form, None);
        self.send(self.bound(request, proof)).await
    }

    /// With the proof, where tokens are bound to a key.
    fn bound(&self, request: RequestBuilder, proof: String) -> RequestBuilder {
        match self.kind.means {
            Means::Key => request.header("dpop", proof),
            Means::Certificate => request,
        }
    }

    /// The tokens of a whole flow.
    async fn tokens(&self, browser: &Actor, person: &Person) -> Reply {
        let pkce = Pkce::new();
        let code = self.code(browser, person, &pkce).await;
        self.token(self.redemption(&code, &pkce)).await.good()
    }

    /// Asks userinfo as the client does, under this name of the scheme.
    async fn resource(&self, token: &str, scheme: &str) -> Reply {
        let path = "/oauth/userinfo";
        let request = harness::party::http()
            .get(format!("{}{path}", self.issuer))
            .header("authorization", format!("{scheme} {token}"));
        let request = match self.kind.means {
            Means::Key => request.header(
                "dpop",
                self.proof(&self.holder, "GET", path, Some(token), &json!({})),
            ),
            Means::Certificate => request.header("client-cert", self.identity.header()),
        };
        self.send(request).await
    }

    /// The name of the scheme.
    fn scheme(&self) -> &'static str {
        match self.kind.means {
            Means::Key => "DPoP",
            Means::Certificate => "Bearer",
        }
    }
}

/// Claims with changes; a null takes one away.
fn changed(mut claims: Value, changes: &Value) -> Value {
    for (name, value) in changes.as_object().unwrap() {
        claims[name] = value.clone();
    }
    claims
        .as_object_mut()
        .unwrap()
        .retain(|_, value| !value.is_null());
    claims
}
