//! What a registration says back, what it passes over, and what it refuses (RFC 7591 §2, §3; RFC 7592 §2; OpenID Connect
//! Registration 1.0 §2, §3).

use std::collections::HashSet;

use harness::party::{CALLBACK, ClientKey, send};
use harness::{Backend, Party, Reply, Server, party};
use serde_json::{Value, json};

async fn register(server: &Server, token: &str, metadata: &Value) -> Reply {
    let request = party::http()
        .post(server.url("/oauth/register"))
        .bearer_auth(token)
        .json(metadata);
    send(request, &server.secrets()).await
}

fn with(name: &str, value: Value) -> Value {
    let mut metadata = json!({"redirect_uris": [CALLBACK]});
    metadata[name] = value;
    metadata
}

#[tokio::test]
async fn everything_that_is_registered_is_told_and_what_is_not_understood_is_passed_over() {
    let server = Server::start(Backend::Sqlite).await;
    let token = server.registration_token(2);
    let full = json!({
        "redirect_uris": [CALLBACK],
        "client_name": "Clinic",
        "client_name#ja": "診療所",
        "client_uri": "https://rp.example/",
        "logo_uri": "https://rp.example/logo.png",
        "policy_uri": "https://rp.example/privacy",
        "tos_uri#en": "https://rp.example/terms",
        "contacts": ["desk@rp.example"],
        "jwks_uri": "https://rp.example/keys",
        "subject_type": "pairwise",
        "default_max_age": 600,
        "require_auth_time": true,
        "default_acr_values": ["urn:example:high", "urn:example:low"],
        "initiate_login_uri": "https://rp.example/start",
        "request_uris": ["https://rp.example/request.jwt#hash"],
        "software_id": "clinic",
        "software_version": "1.2",
    });
    let mut asked = full.clone();
    asked["made_up_by_the_client"] = json!({"deep": [1, 2]});
    asked["tos_uri"] = Value::Null;
    let made = register(&server, &token, &asked).await;
    assert_eq!(made.status.as_u16(), 201, "{}", made.text);
    for (name, value) in full.as_object().unwrap() {
        assert_eq!(&made.json[name], value, "{name}");
    }
    assert!(made.json.get("made_up_by_the_client").is_none());
    assert!(made.json.get("tos_uri").is_none(), "null is as absent");
    assert_eq!(made.json["client_secret_expires_at"], 0);
    assert_eq!(made.headers["cache-control"], "no-store");
    let without_secret = with("token_endpoint_auth_method", json!("none"));
    let made = register(&server, &token, &without_secret).await.good();
    for name in ["client_secret", "client_secret_expires_at"] {
        assert!(made.json.get(name).is_none(), "{name}");
    }
}

#[tokio::test]
async fn metadata_that_contradicts_itself_or_cannot_be_kept_is_refused() {
    let server = Server::start(Backend::Sqlite).await;
    let token = server.registration_token(1);
    let keys = ClientKey::generate().jwks();
    let mut both = with("jwks", keys.clone());
    both["jwks_uri"] = json!("https://rp.example/keys");
    let mut other_key = with("jwks", keys.clone());
    other_key["token_endpoint_auth_signing_alg"] = json!("RS256");
    let mut private = with("jwks", keys);
    private["jwks"]["keys"][0]["d"] = json!("c2VjcmV0");
    for wrong in [
        both,
        other_key,
        private,
        with("jwks", json!({"keys": [{"kty": "oct", "k": "c2VjcmV0"}]})),
        with("jwks", json!("https://rp.example/keys")),
        with("grant_types", json!(["client_credentials"])),
        with("grant_types", json!(["authorization_code", "made_up"])),
        with("grant_types", json!("authorization_code")),
        with("response_types", json!(["made_up"])),
        with("token_endpoint_auth_method", json!("private_key_jwt")),
        with("token_endpoint_auth_method", json!("client_secret_jwt")),
        with("id_token_signed_response_alg", json!("none")),
        with("id_token_signed_response_alg", json!("HS256")),
        with("subject_type", json!("made_up")),
        with("default_max_age", json!(-1)),
        with("contacts", json!("desk@rp.example")),
        with("client_name", json!("x".repeat(101))),
        with("client_name#ja", json!("\u{0}")),
        with("default_acr_values", json!([""])),
        json!([CALLBACK]),
        json!("x"),
        Value::Null,
    ] {
        let refused = register(&server, &token, &wrong).await;
        assert_eq!(refused.status.as_u16(), 400, "{wrong} {}", refused.text);
        let error = refused.json["error"].as_str().unwrap();
        assert!(
            ["invalid_client_metadata", "invalid_redirect_uri"].contains(&error),
            "{wrong} {error}"
        );
    }
    for kind in [
        "text/plain",
        "application/x-www-form-urlencoded",
        "application/jwt",
    ] {
        let request = party::http()
            .post(server.url("/oauth/register"))
            .bearer_auth(&token)
            .header("content-type", kind)
            .body(json!({"redirect_uris": [CALLBACK]}).to_string());
        send(request, &server.secrets())
            .await
            .assert_error(400, "invalid_client_metadata");
    }
}

#[tokio::test]
async fn clients_that_register_at_once_have_names_of_their_own() {
    for backend in Backend::ALL {
        let server = Server::start(backend).await;
        let token = server.registration_token(16);
        let tries = (0..16).map(|_| {
            let (token, address) = (token.clone(), server.url("/oauth/register"));
            let metadata = json!({"redirect_uris": [CALLBACK]});
            tokio::spawn(async move {
                let request = party::http().post(address).bearer_auth(token).json(&metadata);
                let made: Value = request.send().await.unwrap().json().await.unwrap();
                made["client_id"].as_str().unwrap().to_owned()
            })
        });
        let mut ids = HashSet::new();
        for one in tries.collect::<Vec<_>>() {
            ids.insert(one.await.unwrap());
        }
        assert_eq!(ids.len(), 16);
    }
}

#[tokio::test]
async fn a_change_replaces_the_whole_registration_and_says_truly_whose_it_is() {
    for backend in Backend::ALL {
        let server = Server::start(backend).await;
        let first = json!({"client_uri": "https://rp.example/", "default_max_age": 600});
        let party = Party::register_with(&server, first).await;
        let address = party.registration["registration_client_uri"].as_str().unwrap();
        let token = party.registration["registration_access_token"].as_str().unwrap();
        let put = async |body: &Value| {
            party
                .ask(|http, _| http.put(address).bearer_auth(token).json(body))
                .await
        };
        let bare = json!({"client_id": party.id(), "redirect_uris": [CALLBACK]});
        for (name, value) in [
            ("client_id", json!("another")),
            ("client_id", Value::Null),
            ("client_secret", json!("made up")),
            ("registration_access_token", json!(token)),
            ("registration_client_uri", json!(address)),
            ("client_secret_expires_at", json!(0)),
            ("client_id_issued_at", json!(0)),
        ] {
            let mut wrong = bare.clone();
            wrong[name] = value;
            put(&wrong).await.assert_error(400, "invalid_client_metadata");
        }
        let mut right = bare.clone();
        right["client_secret"] = json!(party.secret());
        let changed = put(&right).await.good();
        for name in ["client_name", "client_uri", "default_max_age"] {
            assert!(changed.json.get(name).is_none(), "{name} was left out");
        }
        assert_eq!(changed.json["grant_types"], json!(["authorization_code"]));
        assert_eq!(changed.json["client_id"], party.id());
        // A client that is not there, and one that was.
        let nobody = address.replace(party.id(), "nobody");
        let unknown = party.ask(|http, _| http.get(nobody).bearer_auth(token)).await;
        assert_eq!(unknown.status.as_u16(), 401);
        assert_eq!(
            party
                .ask(|http, _| http.delete(address).bearer_auth(token))
                .await
                .status
                .as_u16(),
            204
        );
        assert_eq!(put(&bare).await.status.as_u16(), 401);
    }
}
