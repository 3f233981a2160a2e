//! What the discovery documents say (OpenID Connect Discovery 1.0 §3, RFC 8414 §2): true, and nothing that cannot be had.

use std::collections::BTreeSet;

use harness::html;
use harness::party::{CALLBACK, Pkce, part};
use harness::{Actor, Backend, Party, Server};
use serde_json::{Value, json};

/// The strings of a list in a document.
fn strings(document: &Value, name: &str) -> Vec<String> {
    let list = document[name].as_array().unwrap_or_else(|| panic!("no {name}"));
    list.iter().map(|one| one.as_str().unwrap().to_owned()).collect()
}

async fn document(party: &Party, name: &str) -> Value {
    party
        .ask(|http, issuer| http.get(format!("{issuer}/.well-known/{name}")))
        .await
        .good()
        .json
}

#[tokio::test]
async fn discovery_names_nothing_that_does_not_answer_and_says_what_is_true() {
    for backend in Backend::ALL {
        let server = Server::start(backend).await;
        let party = Party::service(&server, "a");
        let read = async |path: &str| {
            let path = path.to_owned();
            party
                .ask(|http, issuer| http.get(format!("{issuer}{path}")))
                .await
                .good()
                .json
        };
        let document = read("/.well-known/openid-configuration").await;
        let other = read("/.well-known/oauth-authorization-server").await;
        assert_eq!(document["issuer"], server.issuer().as_str());
        assert_eq!(document["authorization_response_iss_parameter_supported"], true);
        assert_eq!(document["code_challenge_methods_supported"], json!(["S256"]));
        let algorithms = document["id_token_signing_alg_values_supported"]
            .as_array()
            .unwrap();
        assert!(algorithms.contains(&json!("RS256")) && !algorithms.contains(&json!("none")));
        for (name, address) in document
            .as_object()
            .unwrap()
            .iter()
            .chain(other.as_object().unwrap())
        {
            if !(name.ends_with("_endpoint") || name == "jwks_uri") {
                continue;
            }
            let address = address.as_str().unwrap().to_owned();
            assert!(address.starts_with(&server.issuer()), "{name} is {address}");
            let get = party.ask(|http, _| http.get(&address)).await;
            let post = party.ask(|http, _| http.post(&address).form(&[("a", "b")])).await;
            assert!(
                get.status.as_u16() != 404 && post.status.as_u16() != 404,
                "{name} answers {} and {}",
                get.status,
                post.status
            );
            assert!(
                !get.status.is_server_error() && !post.status.is_server_error(),
                "{name}"
            );
        }
        let keys = read("/oauth/jwks").await;
        for key in keys["keys"].as_array().unwrap() {
            assert!(
                key.get("d").is_none()
                    && key["kid"].is_string()
                    && ["sig", "enc"].iter().any(|known| key["use"] == *known),
                "{key}"
            );
        }
        let published: Vec<&Value> = keys["keys"]
            .as_array()
            .unwrap()
            .iter()
            .map(|key| &key["alg"])
            .collect();
        assert!(
            algorithms.iter().all(|algorithm| published.contains(&algorithm)),
            "{published:?}"
        );
    }
}

/// A client that may use everything.
async fn everything(server: &Server) -> Party {
    let metadata = json!({
        "client_name": "Everything",
        "redirect_uris": [CALLBACK],
        "grant_types": ["authorization_code", "implicit", "refresh_token"],
        "response_types": ["code", "id_token", "id_token token", "code id_token", "code token", "code id_token token"],
        "scope": "openid profile email address phone offline_access",
    });
    Party::made(server, &metadata).await
}

#[tokio::test]
async fn every_response_type_and_mode_that_is_offered_can_be_had_and_no_other() {
    let server = Server::start(Backend::Sqlite).await;
    let hanako = server.person("hanako");
    let party = everything(&server).await;
    let browser = Actor::new(&server);
    party.code(&browser, &hanako, &Pkce::new(), &[]).await;
    let document = document(&party, "openid-configuration").await;
    // What was answered, in whichever way: the names in the query, the fragment, the form, or the JWT.
    let answered = async |changes: &[(&str, &str)]| -> BTreeSet<String> {
        let page = browser.open(&party.request(&Pkce::new(), changes)).await;
        let pairs: Vec<(String, String)> = match &page.away {
            Some(away) => {
                let text = away.fragment().or(away.query()).unwrap_or_default();
                url::form_urlencoded::parse(text.as_bytes())
                    .into_owned()
                    .collect()
            }
            None => page.form(CALLBACK).fields,
        };
        match pairs.iter().find(|(name, _)| name == "response") {
            Some((_, response)) => part(response, 1).as_object().unwrap().keys().cloned().collect(),
            None => pairs.into_iter().map(|(name, _)| name).collect(),
        }
    };
    let expected = |response_type: &str| -> BTreeSet<String> {
        let names = response_type.split(' ').map(|name| match name {
            "token" => "access_token".to_owned(),
            other => other.to_owned(),
        });
        names.collect()
    };
    let types = strings(&document, "response_types_supported");
    for needed in ["code", "id_token", "id_token token"] {
        assert!(
            types.iter().any(|one| one == needed),
            "a dynamic provider has {needed}"
        );
    }
    for response_type in &types {
        let names = answered(&[("response_type", response_type)]).await;
        let missing: Vec<_> = expected(response_type).difference(&names).cloned().collect();
        assert!(missing.is_empty(), "{response_type}: {missing:?} of {names:?}");
        assert!(!names.contains("error"), "{response_type}: {names:?}");
    }
    for mode in strings(&document, "response_modes_supported") {
        let names = answered(&[("response_mode", &mode)]).await;
        assert!(
            names.contains("code") && !names.contains("error"),
            "{mode}: {names:?}"
        );
    }
    for (name, unknown) in [
        ("response_type", "code nothing"),
        ("response_type", "token"),
        ("response_type", "none"),
        ("response_mode", "web_message"),
    ] {
        let offered = strings(&document, &format!("{name}s_supported"));
        assert!(!offered.iter().any(|one| one == unknown));
        let page = browser
            .open(&party.request(&Pkce::new(), &[(name, unknown)]))
            .await;
        let refused = page.status.as_u16() == 400 || page.returned("error").is_some();
        assert!(
            refused && page.returned("code").is_none(),
            "{name} {unknown}: {}",
            page.status
        );
    }
}

#[tokio::test]
async fn every_grant_and_every_way_to_prove_a_client_that_is_offered_is_taken_and_no_other() {
    let server = Server::start(Backend::Sqlite).await;
    let party = Party::register(&server).await;
    let document = document(&party, "oauth-authorization-server").await;
    for grant in strings(&document, "grant_types_supported") {
        let reply = party.token(&[("grant_type", &grant)]).await;
        // The implicit grant is one of the authorization endpoint alone.
        let unknown = reply.json["error"] == "unsupported_grant_type";
        assert_eq!(unknown, grant == "implicit", "{grant}: {}", reply.text);
    }
    let password = [("grant_type", "password"), ("username", "a"), ("password", "b")];
    party
        .token(&password)
        .await
        .assert_error(400, "unsupported_grant_type");

    let register = async |metadata: Value| {
        let token = server.registration_token(1);
        party
            .ask(|http, issuer| {
                http.post(format!("{issuer}/oauth/register"))
                    .bearer_auth(&token)
                    .json(&metadata)
            })
            .await
    };
    for method in strings(&document, "token_endpoint_auth_methods_supported") {
        let mut metadata = json!({"redirect_uris": [CALLBACK], "token_endpoint_auth_method": method});
        if method == "private_key_jwt" {
            metadata["jwks_uri"] = json!("https://rp.example/jwks");
        }
        let reply = register(metadata).await;
        assert_eq!(reply.status.as_u16(), 201, "{method}: {}", reply.text);
        assert_eq!(reply.json["token_endpoint_auth_method"], method.as_str());
    }
    register(json!({"redirect_uris": [CALLBACK], "token_endpoint_auth_method": "client_secret_jwt"}))
        .await
        .assert_error(400, "invalid_client_metadata");
    let algorithms = strings(&document, "token_endpoint_auth_signing_alg_values_supported");
    assert!(algorithms.iter().any(|one| one == "ES256") && !algorithms.iter().any(|one| one == "none"));
    for (algorithm, status) in algorithms
        .iter()
        .map(|one| (one.as_str(), 201))
        .chain([("none", 400), ("HS256", 400)])
    {
        let reply = register(
            json!({"redirect_uris": [CALLBACK], "token_endpoint_auth_method": "private_key_jwt",
            "jwks_uri": "https://rp.example/jwks", "token_endpoint_auth_signing_alg": algorithm}),
        )
        .await;
        assert_eq!(reply.status.as_u16(), status, "{algorithm}: {}", reply.text);
    }
}

#[tokio::test]
async fn every_scope_and_language_that_is_offered_is_given() {
    let server = Server::start(Backend::Sqlite).await;
    let hanako = server.person("hanako");
    let party = everything(&server).await;
    let document = document(&party, "openid-configuration").await;
    let scopes = strings(&document, "scopes_supported");
    assert!(scopes.iter().any(|one| one == "openid"));
    let pkce = Pkce::new();
    let asked = scopes.join(" ");
    let code = party
        .code(&Actor::new(&server), &hanako, &pkce, &[("scope", &asked)])
        .await;
    let tokens = party.token(&party.redemption(&code, &pkce)).await.good();
    let given: BTreeSet<&str> = tokens.text("scope").split(' ').collect();
    assert_eq!(given, scopes.iter().map(String::as_str).collect());
    for language in strings(&document, "ui_locales_supported") {
        let request = party.request(&pkce, &[("ui_locales", &language)]);
        let page = Actor::new(&server).open(&request).await;
        assert_eq!(html::language(&page.body).as_deref(), Some(language.as_str()));
    }
}
