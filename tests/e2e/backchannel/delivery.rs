//! Clients that do not ask again: they are told that there is an answer (CIBA §10.2), or are sent it (§10.3, §12).

use aws_lc_rs::digest::{SHA256, digest};
use harness::party::{encode, part};
use harness::receiver::{Manner, Received};
use harness::{Actor, Backend, Party, Person, Receiver, Reply, Server, tools};
use serde_json::{Value, json};

use super::{GRANT, answer, begin, counter, hub, look, outcome, poll};

const TOKEN: &str = "8d67dc78-7faa-4d41-aabd-67707b374255";

/// A client that is told at a place of its own, and a request of its.
async fn told(server: &Server, mode: &str, place: &Receiver) -> (Party, Reply) {
    let party = counter(
        server,
        json!({
            "backchannel_token_delivery_mode": mode,
            "backchannel_client_notification_endpoint": place.url("/told"),
        }),
    )
    .await;
    begin(&party, &[]).await.assert_error(400, "invalid_request");
    let begun = begin(&party, &[("client_notification_token", TOKEN)])
        .await
        .good();
    server.secret(TOKEN);
    (party, begun)
}

async fn decide(server: &Server, person: &Person, decision: &str) {
    let actor = Actor::new(server);
    let page = look(&actor, person).await;
    answer(&actor, &page, decision).await;
}

/// What came, checked as a client checks it before it believes a word.
fn body(received: &Received) -> Value {
    assert_eq!(
        (received.method.as_str(), received.target.as_str()),
        ("POST", "/told")
    );
    assert_eq!(received.header("content-type"), Some("application/json"));
    assert_eq!(
        received.header("authorization"),
        Some(format!("Bearer {TOKEN}").as_str())
    );
    serde_json::from_str(&received.body).unwrap()
}

fn keep_secret(server: &Server, body: &Value) {
    for name in ["access_token", "refresh_token", "id_token"] {
        server.secret(body[name].as_str().unwrap());
    }
}

/// Left half of the hash, as OpenID Connect Core 1.0 §3.1.3.6 has it.
fn half(text: &Value) -> String {
    encode(&digest(&SHA256, text.as_str().unwrap().as_bytes()).as_ref()[..16])
}

#[tokio::test]
async fn a_client_that_wants_to_be_told_is_told_at_its_registered_place_and_polls_once() {
    for backend in Backend::ALL {
        let server = hub(backend, "").await;
        let hanako = server.person("hanako");
        let place = Receiver::start().await;
        let (party, begun) = told(&server, "ping", &place).await;
        decide(&server, &hanako, "allow").await;
        let received = place.wait_for(1).await;
        assert_eq!(
            body(&received[0]),
            json!({"auth_req_id": begun.text("auth_req_id")}),
            "no more than that"
        );
        outcome(&party, &begun).await.good();
    }
}

#[tokio::test]
async fn a_ping_that_was_not_taken_comes_again_also_after_a_restart_until_it_is_taken() {
    for backend in Backend::ALL {
        let mut server = hub(backend, "").await;
        let hanako = server.person("hanako");
        let place = Receiver::start().await;
        place.behave(Manner::Answer(503, None));
        let (party, begun) = told(&server, "ping", &place).await;
        decide(&server, &hanako, "allow").await;
        place.wait_for(2).await;
        server.kill();
        let before = place.received().len();
        place.behave(Manner::Answer(204, None));
        server.restart().await;
        let received = place.wait_for(before + 1).await;
        assert!(received.iter().all(|one| body(one) == body(&received[0])));
        outcome(&party, &begun).await.good();
    }
}

#[tokio::test]
async fn a_client_that_wants_to_be_sent_tokens_is_sent_them_and_does_not_fetch_them() {
    for backend in Backend::ALL {
        let server = hub(backend, "").await;
        let hanako = server.person("hanako");
        let place = Receiver::start().await;
        let (party, begun) = told(&server, "push", &place).await;
        assert!(begun.json.get("interval").is_none(), "{}", begun.text);
        poll(&party, &begun)
            .await
            .assert_error(400, "unauthorized_client");
        decide(&server, &hanako, "allow").await;
        let received = place.wait_for(1).await;
        let pushed = body(&received[0]);
        keep_secret(&server, &pushed);
        assert_eq!(pushed["auth_req_id"], begun.text("auth_req_id"));
        assert_eq!(pushed["token_type"], "Bearer");
        assert!(pushed["expires_in"].is_u64());
        let claims = party.id_claims(pushed["id_token"].as_str().unwrap()).await;
        assert_eq!(
            claims["urn:openid:params:jwt:claim:auth_req_id"],
            begun.text("auth_req_id")
        );
        assert_eq!(claims["at_hash"], half(&pushed["access_token"]));
        assert_eq!(
            claims["urn:openid:params:jwt:claim:rt_hash"],
            half(&pushed["refresh_token"])
        );
        let who = party
            .userinfo(pushed["access_token"].as_str().unwrap())
            .await
            .good();
        assert_eq!(who.json["name"], hanako.name.as_str());
        let fresh = party
            .refresh(pushed["refresh_token"].as_str().unwrap())
            .await
            .good();
        let claims = part(fresh.text("id_token"), 1);
        assert!(
            claims.get("urn:openid:params:jwt:claim:auth_req_id").is_none(),
            "only what is pushed answers a request"
        );
        poll(&party, &begun)
            .await
            .assert_error(400, "unauthorized_client");
        server.assert_log_is_intact();
    }
}

#[tokio::test]
async fn what_was_not_taken_is_pushed_again_just_as_it_was_also_after_a_restart() {
    for backend in Backend::ALL {
        let mut server = hub(backend, "").await;
        let hanako = server.person("hanako");
        let place = Receiver::start().await;
        place.behave(Manner::Hang);
        let (party, _) = told(&server, "push", &place).await;
        decide(&server, &hanako, "allow").await;
        let received = place.wait_for(1).await;
        keep_secret(&server, &body(&received[0]));
        server.kill();
        let before = place.received().len();
        place.behave(Manner::Answer(204, None));
        server.restart().await;
        let received = place.wait_for(before + 1).await;
        assert!(
            received.iter().all(|one| one.body == received[0].body),
            "one answer, whoever brings it"
        );
        let pushed = body(&received[0]);
        party
            .userinfo(pushed["access_token"].as_str().unwrap())
            .await
            .good();
    }
}

#[tokio::test]
async fn tokens_that_a_client_will_not_have_carry_for_nobody() {
    let server = hub(Backend::Sqlite, "").await;
    let hanako = server.person("hanako");
    for (status, header) in [(400, None), (302, Some("location: /elsewhere".to_owned()))] {
        let place = Receiver::start().await;
        place.behave(Manner::Answer(status, header));
        let (party, _) = told(&server, "push", &place).await;
        decide(&server, &hanako, "allow").await;
        let received = place.wait_for(1).await;
        let pushed = body(&received[0]);
        keep_secret(&server, &pushed);
        tools::until("the tokens are revoked", async || {
            let answered = party.userinfo(pushed["access_token"].as_str().unwrap()).await;
            answered.status == 401
        })
        .await;
        party
            .refresh(pushed["refresh_token"].as_str().unwrap())
            .await
            .assert_error(400, "invalid_grant");
        assert_eq!(place.received().len(), 1, "a redirect is not followed");
    }
}

#[tokio::test]
async fn who_says_no_or_nothing_is_pushed_as_an_error_with_nothing_else() {
    let server = hub(Backend::Sqlite, "").await;
    let hanako = server.person("hanako");
    let place = Receiver::start().await;
    let (party, begun) = told(&server, "push", &place).await;
    decide(&server, &hanako, "deny").await;
    let received = place.wait_for(1).await;
    let mut refused = body(&received[0]);
    assert!(refused["error_description"].is_string());
    refused.as_object_mut().unwrap().remove("error_description");
    assert_eq!(
        refused,
        json!({"auth_req_id": begun.text("auth_req_id"), "error": "access_denied"})
    );
    let more = [("client_notification_token", TOKEN), ("requested_expiry", "1")];
    let begun = begin(&party, &more).await.good();
    let received = place.wait_for(2).await;
    let over = body(&received[1]);
    assert_eq!(
        (&over["auth_req_id"], &over["error"]),
        (&json!(begun.text("auth_req_id")), &json!("expired_token"))
    );
}

#[tokio::test]
async fn a_client_whose_tokens_are_bound_cannot_have_them_pushed() {
    let server = hub(Backend::Sqlite, "").await;
    for changes in [
        json!({"dpop_bound_access_tokens": true}),
        json!({"musubi_security_profile": "fapi2", "token_endpoint_auth_method": "private_key_jwt",
            "jwks_uri": "https://rp.example/keys", "id_token_signed_response_alg": "ES256"}),
    ] {
        let mut metadata = json!({
            "client_name": "Counter", "grant_types": [GRANT], "response_types": [],
            "backchannel_token_delivery_mode": "push",
            "backchannel_client_notification_endpoint": "https://rp.example/push",
        });
        for (name, value) in changes.as_object().unwrap() {
            metadata[name] = value.clone();
        }
        let token = server.registration_token(1);
        let reply = harness::party::http()
            .post(server.url("/oauth/register"))
            .bearer_auth(token)
            .json(&metadata);
        harness::party::send(reply, &server.secrets())
            .await
            .assert_error(400, "invalid_client_metadata");
    }
}
