//! Tokens bound to a key (RFC 9449): what a proof opens, and everything that somebody without the key could try.

use harness::party::{ClientKey, Pkce, encode, hash, part};
use harness::{Actor, Backend, Options, Party, Reply, Server, tools};
use reqwest::RequestBuilder;
use serde_json::{Value, json};

/// Whoever holds a key.
struct Holder(ClientKey);

/// What a proof says, unless told otherwise.
fn claims(method: &str, url: &str, token: Option<&str>) -> Value {
    let mut claims = json!({"jti": tools::unique(), "htm": method, "htu": url, "iat": tools::seconds()});
    if let Some(token) = token {
        claims["ath"] = json!(hash(token.as_bytes()));
    }
    claims
}

impl Holder {
    fn new() -> Self {
        Self(ClientKey::generate())
    }

    fn sign(&self, claims: &Value) -> String {
        let header = json!({"typ": "dpop+jwt", "alg": "ES256", "jwk": self.0.jwk()});
        self.0.sign_with(&header, claims)
    }

    fn proof(&self, method: &str, url: &str, token: Option<&str>) -> String {
        self.sign(&claims(method, url, token))
    }

    fn for_token_endpoint(&self, server: &Server) -> String {
        self.proof("POST", server.url("/oauth/token").as_str(), None)
    }
}

fn authenticated(party: &Party, form: &[(&str, &str)]) -> RequestBuilder {
    let request = party.token_request().form(form);
    match party.registration["client_secret"].as_str() {
        Some(secret) => request.basic_auth(party.id(), Some(secret)),
        None => party
            .token_request()
            .form(&[form, &[("client_id", party.id())]].concat()),
    }
}

/// Asks the token endpoint with this `DPoP` header.
async fn ask(party: &Party, form: &[(&str, &str)], proof: &str) -> Reply {
    party
        .ask(|_, _| authenticated(party, form).header("dpop", proof))
        .await
}

/// Asks userinfo with this scheme and these `DPoP` headers.
async fn userinfo(party: &Party, scheme: &str, token: &str, proofs: &[&str]) -> Reply {
    party
        .ask(|http, issuer| {
            let request = http
                .get(format!("{issuer}/oauth/userinfo"))
                .header("authorization", format!("{scheme} {token}"));
            proofs
                .iter()
                .fold(request, |request, proof| request.header("dpop", *proof))
        })
        .await
}

async fn bound_tokens(server: &Server, party: &Party, holder: &Holder) -> Reply {
    let person = server.person(&format!("p{}", tools::seconds()));
    let pkce = Pkce::new();
    let code = party.code(&Actor::new(server), &person, &pkce, &[]).await;
    let proof = holder.for_token_endpoint(server);
    ask(party, &party.redemption(&code, &pkce), &proof).await.good()
}

#[tokio::test]
async fn a_bound_token_opens_a_resource_only_with_a_proof_of_its_key_for_that_very_request() {
    for backend in Backend::ALL {
        let server = Server::start(backend).await;
        let party = Party::register(&server).await;
        let holder = Holder::new();
        let tokens = bound_tokens(&server, &party, &holder).await;
        let token = tokens.text("access_token");
        assert_eq!(tokens.text("token_type"), "DPoP");
        assert_eq!(part(token, 1)["cnf"], json!({"jkt": holder.0.thumbprint()}));

        let here = server.url("/oauth/userinfo").to_string();
        let good = holder.proof("GET", &here, Some(token));
        userinfo(&party, "DPoP", token, &[&good]).await.good();
        userinfo(&party, "dpop", token, &[&holder.proof("GET", &here, Some(token))])
            .await
            .good();
        for (what, proof) in [
            ("used before", good),
            ("for another method", holder.proof("POST", &here, Some(token))),
            (
                "for another address",
                holder.proof("GET", server.url("/oauth/token").as_str(), Some(token)),
            ),
            (
                "for another hub",
                holder.proof("GET", "https://other.example/oauth/userinfo", Some(token)),
            ),
            ("for another token", holder.proof("GET", &here, Some("other"))),
            ("for no token", holder.proof("GET", &here, None)),
        ] {
            let refused = userinfo(&party, "DPoP", token, &[&proof]).await;
            assert_eq!(
                (refused.status.as_u16(), refused.json["error"].as_str()),
                (401, Some("invalid_dpop_proof")),
                "{what}"
            );
            let challenge = refused.headers["www-authenticate"].to_str().unwrap();
            assert!(
                challenge.starts_with("DPoP ") && challenge.contains("algs=\"ES256"),
                "{what}: {challenge}"
            );
        }
        let stolen = Holder::new().proof("GET", &here, Some(token));
        let fresh = || holder.proof("GET", &here, Some(token));
        userinfo(&party, "DPoP", token, &[&stolen])
            .await
            .assert_error(401, "invalid_token");
        userinfo(&party, "Bearer", token, &[])
            .await
            .assert_error(401, "invalid_token");
        let beside = fresh();
        userinfo(&party, "Bearer", token, &[&beside])
            .await
            .assert_error(401, "invalid_token");
        userinfo(&party, "DPoP", token, &[])
            .await
            .assert_error(401, "invalid_dpop_proof");
        let (one, other) = (fresh(), fresh());
        userinfo(&party, "DPoP", token, &[&one, &other])
            .await
            .assert_error(401, "invalid_dpop_proof");
        server.assert_log_is_intact();
    }
}

#[tokio::test]
async fn a_token_that_is_not_bound_is_refused_under_the_name_of_one_that_is() {
    let server = Server::start(Backend::Sqlite).await;
    let hanako = server.person("hanako");
    let party = Party::register(&server).await;
    let tokens = party.sign_in(&Actor::new(&server), &hanako).await;
    let token = tokens.text("access_token");
    let proof = Holder::new().proof("GET", server.url("/oauth/userinfo").as_str(), Some(token));
    userinfo(&party, "DPoP", token, &[&proof])
        .await
        .assert_error(401, "invalid_token");
    party.userinfo(token).await.good();
}

#[tokio::test]
async fn the_api_takes_a_bound_token_with_its_proof_and_not_without() {
    let server = Server::start(Backend::Sqlite).await;
    let service = Party::service(&server, "musubi:clients.read");
    let holder = Holder::new();
    let form = [("grant_type", "client_credentials")];
    let tokens = ask(&service, &form, &holder.for_token_endpoint(&server))
        .await
        .good();
    let token = tokens.text("access_token");
    let call = |scheme: &'static str, proof: Option<String>| {
        let service = service.clone();
        async move {
            service
                .ask(|http, issuer| {
                    let request = http
                        .get(format!("{issuer}/api/v1/clients?limit=5"))
                        .header("authorization", format!("{scheme} {token}"));
                    proof
                        .iter()
                        .fold(request, |request, proof| request.header("dpop", proof))
                })
                .await
        }
    };
    let here = server.url("/api/v1/clients").to_string();
    let proof = || holder.proof("GET", &here, Some(token));
    call("DPoP", Some(proof())).await.good();
    for refused in [
        call("Bearer", None).await,
        call("Bearer", Some(proof())).await,
        call("DPoP", None).await,
        call("DPoP", Some(Holder::new().proof("GET", &here, Some(token)))).await,
        call("DPoP", Some(holder.proof("POST", &here, Some(token)))).await,
    ] {
        assert_eq!(refused.status.as_u16(), 401, "{}", refused.text);
    }
}

fn challenges(reply: &Reply) -> Vec<String> {
    let all = reply.headers.get_all("www-authenticate").iter();
    all.map(|value| value.to_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn whoever_presents_a_bound_token_is_challenged_for_a_proof_and_not_for_a_bearer_token() {
    let configuration = "[[step_up]]\nscope = \"email\"\nacr = \"urn:musubi:acr:multi\"\n".to_owned();
    let options = Options {
        configuration,
        ..Options::default()
    };
    let server = Server::start_with(Backend::Sqlite, options).await;
    let (party, holder) = (Party::register(&server).await, Holder::new());
    let tokens = bound_tokens(&server, &party, &holder).await;
    let token = tokens.text("access_token");
    let here = server.url("/oauth/userinfo").to_string();
    let weak = userinfo(&party, "DPoP", token, &[&holder.proof("GET", &here, Some(token))]).await;
    let stolen = userinfo(&party, "Bearer", token, &[]).await;

    let service = Party::service(&server, "musubi:clients.read");
    let form = [("grant_type", "client_credentials")];
    let tokens = ask(&service, &form, &holder.for_token_endpoint(&server))
        .await
        .good();
    let token = tokens.text("access_token");
    let call = async |path: &str, scheme: &str, proof: Option<String>| {
        service
            .ask(|http, issuer| {
                let request = http
                    .get(format!("{issuer}{path}"))
                    .header("authorization", format!("{scheme} {token}"));
                proof
                    .iter()
                    .fold(request, |request, proof| request.header("dpop", proof))
            })
            .await
    };
    let people = "/api/v1/people";
    let proof = holder.proof("GET", server.url(people).as_str(), Some(token));
    let narrow = call(people, "DPoP", Some(proof)).await;
    let downgraded = call("/api/v1/clients", "Bearer", None).await;
    for (reply, status, code) in [
        (weak, 401, "error=\"insufficient_user_authentication\""),
        (stolen, 401, "error=\"invalid_token\""),
        (
            narrow,
            403,
            "error=\"insufficient_scope\", scope=\"musubi:people.read\"",
        ),
        (downgraded, 401, "error=\"invalid_token\""),
    ] {
        assert_eq!(reply.status, status, "{code}: {}", reply.text);
        let challenges = challenges(&reply);
        assert_eq!(challenges.len(), 1, "{challenges:?}");
        assert!(
            challenges[0].starts_with("DPoP ")
                && challenges[0].contains("algs=\"ES256")
                && challenges[0].contains(code),
            "{challenges:?}"
        );
    }
    let bare = call("/api/v1/clients", "Basic", None).await;
    assert_eq!(challenges(&bare).len(), 2, "both ways are named");
}

#[tokio::test]
async fn a_proof_that_is_not_one_gives_no_token() {
    let server = Server::start(Backend::Sqlite).await;
    let service = Party::service(&server, "vitals.write");
    let form = [("grant_type", "client_credentials")];
    let holder = Holder::new();
    let url = server.url("/oauth/token").to_string();
    for (what, proof) in claims_of_no_proof(&holder, &url)
        .into_iter()
        .chain(headers_of_no_proof(&holder, &url))
    {
        let refused = ask(&service, &form, &proof).await;
        assert_eq!(
            (refused.status.as_u16(), refused.json["error"].as_str()),
            (400, Some("invalid_dpop_proof")),
            "{what}: {}",
            refused.text
        );
    }
    let proof = holder.for_token_endpoint(&server);
    ask(&service, &form, &proof).await.good();
    ask(&service, &form, &proof)
        .await
        .assert_error(400, "invalid_dpop_proof");
}

/// Good signatures under claims that do not hold.
fn claims_of_no_proof(holder: &Holder, url: &str) -> Vec<(&'static str, String)> {
    let with = |name: &str, value: Value| {
        let mut claims = claims("POST", url, None);
        claims[name] = value;
        claims
            .as_object_mut()
            .unwrap()
            .retain(|_, value| !value.is_null());
        holder.sign(&claims)
    };
    vec![
        ("old", with("iat", json!(tools::seconds() - 100))),
        ("of the future", with("iat", json!(tools::seconds() + 100))),
        ("without iat", with("iat", Value::Null)),
        ("without jti", with("jti", Value::Null)),
        ("with an empty jti", with("jti", json!(""))),
        ("with a huge jti", with("jti", json!("x".repeat(300)))),
        ("without htm", with("htm", Value::Null)),
        ("for GET", with("htm", json!("GET"))),
        ("for post in small letters", with("htm", json!("post"))),
        ("without htu", with("htu", Value::Null)),
        (
            "for another host",
            with("htu", json!("https://evil.example/oauth/token")),
        ),
        ("oversized", with("pad", json!("x".repeat(9000)))),
    ]
}

/// Good claims that nobody vouches for as a proof must be vouched for.
fn headers_of_no_proof(holder: &Holder, url: &str) -> Vec<(&'static str, String)> {
    let said = || claims("POST", url, None);
    let under = |changes: Value| {
        let mut header = json!({"typ": "dpop+jwt", "alg": "ES256", "jwk": holder.0.jwk()});
        for (name, value) in changes.as_object().unwrap() {
            header[name] = value.clone();
        }
        header
            .as_object_mut()
            .unwrap()
            .retain(|_, value| !value.is_null());
        holder.0.sign_with(&header, &said())
    };
    let mut private = holder.0.jwk();
    private["d"] = json!("AAAA");
    let unsigned = json!({"typ": "dpop+jwt", "alg": "none", "jwk": holder.0.jwk()});
    let (head, body) = (unsigned.to_string(), said().to_string());
    let unsigned = format!("{}.{}.", encode(head.as_bytes()), encode(body.as_bytes()));
    let good = holder.sign(&said());
    let (head, signature) = good.rsplit_once('.').unwrap();
    let changed = format!("{head}.{}", signature.chars().rev().collect::<String>());
    vec![
        ("no JWS", "proof".to_owned()),
        ("empty", String::new()),
        ("unsigned", unsigned),
        ("another signature", changed),
        ("another type", under(json!({"typ": "JWT"}))),
        ("without type", under(json!({"typ": null}))),
        ("an access token's type", under(json!({"typ": "at+jwt"}))),
        ("HMAC", under(json!({"alg": "HS256"}))),
        ("without a key", under(json!({"jwk": null}))),
        ("a key by name", under(json!({"jwk": null, "kid": "k1"}))),
        (
            "a key by address",
            under(json!({"jwk": null, "jku": "https://evil.example/jwks"})),
        ),
        ("with a private key", under(json!({"jwk": private}))),
        (
            "with a symmetric key",
            under(json!({"jwk": {"kty": "oct", "k": "c2VjcmV0"}})),
        ),
        (
            "with another's key",
            under(json!({"jwk": ClientKey::generate().jwk()})),
        ),
        ("with an extension", under(json!({"crit": ["exp"], "exp": 1}))),
    ]
}

#[tokio::test]
async fn of_many_uses_of_one_proof_at_once_exactly_one_counts() {
    for backend in Backend::ALL {
        let server = Server::start(backend).await;
        let service = Party::service(&server, "vitals.write");
        let proof = Holder::new().for_token_endpoint(&server);
        let form = [("grant_type", "client_credentials")];
        let mut uses = tokio::task::JoinSet::new();
        for _ in 0..8 {
            let (service, proof) = (service.clone(), proof.clone());
            uses.spawn(async move { ask(&service, &form, &proof).await });
        }
        let replies = uses.join_all().await;
        let good = replies.iter().filter(|reply| reply.status.is_success());
        assert_eq!(good.count(), 1, "{backend:?}");
    }
}

#[tokio::test]
async fn a_client_that_registered_for_bound_tokens_gets_no_others() {
    let server = Server::start(Backend::Sqlite).await;
    let hanako = server.person("hanako");
    let party = Party::register_with(&server, json!({"dpop_bound_access_tokens": true})).await;
    assert_eq!(party.registration["dpop_bound_access_tokens"], true);
    let (browser, pkce) = (Actor::new(&server), Pkce::new());
    let code = party.code(&browser, &hanako, &pkce, &[]).await;
    let form = party.redemption(&code, &pkce);
    party.token(&form).await.assert_error(400, "invalid_dpop_proof");
    let holder = Holder::new();
    let tokens = ask(&party, &form, &holder.for_token_endpoint(&server))
        .await
        .good();
    assert_eq!(tokens.text("token_type"), "DPoP");
    party
        .refresh(tokens.text("refresh_token"))
        .await
        .assert_error(400, "invalid_dpop_proof");
}

#[tokio::test]
async fn a_refresh_token_of_a_public_client_is_worth_nothing_without_the_key_that_it_was_given_to() {
    for backend in Backend::ALL {
        let server = Server::start(backend).await;
        let party = Party::register_with(&server, json!({"token_endpoint_auth_method": "none"})).await;
        let holder = Holder::new();
        let tokens = bound_tokens(&server, &party, &holder).await;
        let refresh = tokens.text("refresh_token");
        let form = [("grant_type", "refresh_token"), ("refresh_token", refresh)];
        party.token(&form).await.assert_error(400, "invalid_grant");
        ask(&party, &form, &Holder::new().for_token_endpoint(&server))
            .await
            .assert_error(400, "invalid_grant");
        let again = ask(&party, &form, &holder.for_token_endpoint(&server))
            .await
            .good();
        assert_eq!(again.text("token_type"), "DPoP");
    }
}

#[tokio::test]
async fn a_required_nonce_is_given_with_the_refusal_and_taken_with_the_next_proof() {
    let configuration = "[tokens]\nrequire_dpop_nonce = true\n".to_owned();
    for backend in Backend::ALL {
        let options = Options {
            configuration: configuration.clone(),
            ..Options::default()
        };
        let server = Server::start_with(backend, options).await;
        let service = Party::service(&server, "musubi:clients.read");
        let holder = Holder::new();
        let form = [("grant_type", "client_credentials")];
        let url = server.url("/oauth/token").to_string();
        let with = |nonce: &str| {
            let mut claims = claims("POST", &url, None);
            claims["nonce"] = json!(nonce);
            // The nonce tells the time, so a clock that is wrong does no harm (§4.3, 11).
            claims["iat"] = json!(tools::seconds() - 86_400);
            holder.sign(&claims)
        };
        let refused = ask(&service, &form, &holder.for_token_endpoint(&server)).await;
        refused.assert_error(400, "use_dpop_nonce");
        let nonce = refused.headers["dpop-nonce"].to_str().unwrap().to_owned();
        let given = ask(&service, &form, &with(&nonce)).await.good();
        assert!(given.headers.contains_key("dpop-nonce"), "RFC 9449 §8.2");
        let mut other: Vec<char> = nonce.chars().collect();
        let last = other.len() - 1;
        other[last] = if other[last] == 'A' { 'B' } else { 'A' };
        for wrong in ["", "x", &other.iter().collect::<String>(), &"A".repeat(32)] {
            ask(&service, &form, &with(wrong))
                .await
                .assert_error(400, "use_dpop_nonce");
        }
        let token = given.text("access_token");
        let call = |proof: String| {
            service.ask(move |http, issuer| {
                http.get(format!("{issuer}/api/v1/clients"))
                    .header("authorization", format!("DPoP {token}"))
                    .header("dpop", proof)
            })
        };
        let here = server.url("/api/v1/clients").to_string();
        let refused = call(holder.proof("GET", &here, Some(token))).await;
        assert_eq!(refused.status.as_u16(), 401);
        assert!(
            refused.headers["www-authenticate"]
                .to_str()
                .unwrap()
                .contains("error=\"use_dpop_nonce\"")
        );
        let mut claims = claims("GET", &here, Some(token));
        claims["nonce"] = json!(refused.headers["dpop-nonce"].to_str().unwrap());
        call(holder.sign(&claims)).await.good();
    }
}

#[tokio::test]
async fn a_code_that_was_asked_for_with_a_key_is_worth_nothing_to_whoever_holds_another() {
    for backend in Backend::ALL {
        let server = Server::start(backend).await;
        let hanako = server.person("hanako");
        let party = Party::register(&server).await;
        let (holder, browser) = (Holder::new(), Actor::new(&server));
        let jkt = holder.0.thumbprint();
        let code = |pkce: Pkce| {
            let (party, browser, hanako, jkt) = (&party, &browser, &hanako, &jkt);
            async move {
                (
                    party.code(browser, hanako, &pkce, &[("dpop_jkt", jkt)]).await,
                    pkce,
                )
            }
        };
        let (stolen, pkce) = code(Pkce::new()).await;
        ask(
            &party,
            &party.redemption(&stolen, &pkce),
            &Holder::new().for_token_endpoint(&server),
        )
        .await
        .assert_error(400, "invalid_grant");
        let (bare, pkce) = code(Pkce::new()).await;
        party
            .token(&party.redemption(&bare, &pkce))
            .await
            .assert_error(400, "invalid_grant");
        let (own, pkce) = code(Pkce::new()).await;
        ask(
            &party,
            &party.redemption(&own, &pkce),
            &holder.for_token_endpoint(&server),
        )
        .await
        .good();
    }
}
