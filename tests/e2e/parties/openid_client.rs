//! npm openid-client: registration, code flow, refresh, userinfo, client credentials, `private_key_jwt`.

use harness::party::CALLBACK;
use harness::{Actor, Backend, Party, Server, tools};
use serde_json::{Value, json};

use super::step;

fn node(given: &Value) -> Value {
    step(tools::node("openid-client.mjs"), given)
}

async fn sign_in(backend: Backend) {
    let server = Server::start(backend).await;
    let hanako = server.person("hanako");
    let metadata = json!({"client_name": "Node portal", "redirect_uris": [CALLBACK],
        "grant_types": ["authorization_code", "refresh_token"], "scope": "openid profile email offline_access"});
    let issuer = server.issuer();
    let client = node(
        &json!({"step": "register", "issuer": issuer, "metadata": metadata, "token": server.registration_token(1)}),
    );
    server.secret(client["client_secret"].as_str().unwrap());

    let browser = Actor::new(&server);
    for rounds in 0..2 {
        let begun =
            node(&json!({"step": "begin", "issuer": issuer, "client": client, "redirect_uri": CALLBACK}));
        let page = browser.authorize(begun["url"].as_str().unwrap(), &hanako).await;
        let callback = page.away.unwrap();
        let (name, more) = if rounds == 0 {
            ("tampered", json!({}))
        } else {
            ("finish", json!({"claims": {}}))
        };
        let done = node(
            &json!({"step": name, "issuer": issuer, "client": client, "begun": begun, "callback": callback.as_str()}),
        );
        assert_eq!(done.get("claims").is_some(), more.get("claims").is_some());
        if rounds == 1 {
            assert_eq!(done["who"]["name"], hanako.name.as_str());
            assert_eq!(done["who"]["email"], hanako.email.as_str());
            assert_eq!(done["claims"]["iss"], issuer.as_str());
        }
    }
}

#[tokio::test]
async fn openid_client_signs_a_person_in_on_sqlite() {
    sign_in(Backend::Sqlite).await;
}

#[tokio::test]
async fn openid_client_signs_a_person_in_on_postgresql_and_redis() {
    sign_in(Backend::PostgresRedis).await;
}

#[tokio::test]
async fn openid_client_gets_a_token_for_a_service_by_its_secret() {
    for backend in Backend::ALL {
        let server = Server::start(backend).await;
        let service = Party::service(&server, "vitals.write meals.read");
        let given = json!({"step": "service", "issuer": server.issuer(), "client": service.registration, "scope": "meals.read"});
        let tokens = node(&given);
        assert_eq!(tokens["scope"], "meals.read");
        assert_eq!(tokens["token_type"], "bearer");
    }
}

#[tokio::test]
async fn openid_client_proves_itself_with_a_private_key() {
    for backend in Backend::ALL {
        let server = Server::start(backend).await;
        let hanako = server.person("hanako");
        let issuer = server.issuer();
        let key = node(&json!({"step": "key", "issuer": issuer}));
        let changes = json!({"token_endpoint_auth_method": "private_key_jwt", "jwks": {"keys": [key["publicKey"]]},
            "id_token_signed_response_alg": "ES256"});
        let party = Party::register_with(&server, changes).await;
        let browser = Actor::new(&server);
        let common = json!({"issuer": issuer, "client": party.registration, "privateKey": key["privateKey"], "redirect_uri": CALLBACK});
        let with = |name: &str, value: Value| {
            let mut given = common.clone();
            given["step"] = json!(name);
            value
                .as_object()
                .unwrap()
                .iter()
                .for_each(|(name, value)| given[name] = value.clone());
            given
        };
        let begun = node(&with("begin", json!({})));
        let page = browser.authorize(begun["url"].as_str().unwrap(), &hanako).await;
        let callback = page.away.unwrap();
        let done = node(&with(
            "finish",
            json!({"begun": begun, "callback": callback.as_str()}),
        ));
        assert_eq!(done["who"]["preferred_username"], "hanako");
    }
}
