//! PyPI Authlib: code flow, ID token, refresh, userinfo, client credentials.

use harness::party::CALLBACK;
use harness::{Actor, Backend, Party, Server, tools};
use serde_json::{Value, json};

use super::step;

fn python(given: &Value) -> Value {
    step(tools::python("authlib_client.py"), given)
}

async fn sign_in(backend: Backend, method: &str) {
    let server = Server::start(backend).await;
    let hanako = server.person("hanako");
    let party = Party::register_with(&server, json!({"token_endpoint_auth_method": method})).await;
    let browser = Actor::new(&server);
    let mut given = json!({"step": "begin", "issuer": server.issuer(), "client": party.registration,
        "scope": "openid profile email offline_access", "redirect_uri": CALLBACK});
    let begun = python(&given);
    let page = browser.authorize(begun["url"].as_str().unwrap(), &hanako).await;
    given["step"] = json!("finish");
    given["begun"] = begun;
    given["callback"] = json!(page.away.unwrap().as_str());
    let done = python(&given);
    assert_eq!(done["who"]["name"], hanako.name.as_str());
    assert_eq!(done["claims"]["aud"], party.id());
}

#[tokio::test]
async fn authlib_signs_a_person_in_on_sqlite() {
    sign_in(Backend::Sqlite, "client_secret_basic").await;
}

#[tokio::test]
async fn authlib_signs_a_person_in_on_postgresql_and_redis() {
    sign_in(Backend::PostgresRedis, "client_secret_post").await;
}

#[tokio::test]
async fn authlib_gets_a_token_for_a_service() {
    let server = Server::start(Backend::Sqlite).await;
    let service = Party::service(&server, "vitals.write");
    let given = json!({"step": "service", "issuer": server.issuer(), "client": service.registration});
    assert_eq!(python(&given)["scope"], "vitals.write");
}
