//! Request objects: signed by the client, for this hub, now.

use harness::party::{ClientKey, Pkce, encode};
use harness::{Actor, Backend, RsaKey, tools};
use serde_json::{Value, json};

use super::{Client, KINDS, changed, hub};

/// -ensure-request-object-without-exp-fails, -without-nbf-fails, -with-bad-aud-fails, -with-exp-over-60-fails,
/// -with-nbf-over-60-fails, -ensure-expired-request-object-fails, -ensure-request-object-signature-algorithm-is-not-none,
/// -ensure-request-object-with-invalid-signature-fails, -ensure-matching-key-in-authorization-request.
#[tokio::test]
async fn an_object_that_is_not_the_clients_own_for_this_hub_and_this_hour_is_refused() {
    let server = hub(Backend::Sqlite).await;
    for kind in KINDS.into_iter().filter(|kind| kind.signs) {
        let client = Client::made(&server, kind).await;
        let pkce = Pkce::new();
        let good = client.claims(&client.parameters(&pkce, &[]));
        let now = tools::seconds();
        let signed = |changes: Value| client.object(&changed(good.clone(), &changes));
        let whole = signed(json!({}));
        let (content, signature) = whole.rsplit_once('.').unwrap();
        let unsigned = encode(br#"{"alg":"none"}"#);
        let claims = content.split_once('.').unwrap().1;
        for (what, object) in [
            ("no end", signed(json!({"exp": null}))),
            ("no beginning", signed(json!({"nbf": null}))),
            ("no audience", signed(json!({"aud": null}))),
            (
                "another audience",
                signed(json!({"aud": "https://other.example"})),
            ),
            ("over", signed(json!({"nbf": now - 600, "exp": now - 300}))),
            ("more than an hour ahead", signed(json!({"exp": now + 70 * 60}))),
            (
                "more than an hour behind",
                signed(json!({"nbf": now - 70 * 60, "exp": now + 60})),
            ),
            (
                "begins in an hour",
                signed(json!({"nbf": now + 3600, "exp": now + 3660})),
            ),
            ("no signature", format!("{unsigned}.{claims}.")),
            (
                "another signature",
                format!("{content}.{}", signature.chars().rev().collect::<String>()),
            ),
            (
                "another's key",
                ClientKey::generate().sign_as("oauth-authz-req+jwt", &good),
            ),
        ] {
            let reply = client.push_form(vec![("request".to_owned(), object)]).await;
            assert_eq!(
                (reply.status.as_u16(), reply.json["error"].as_str()),
                (400, Some("invalid_request_object")),
                "{kind:?} {what}: {}",
                reply.text
            );
        }
    }
}

/// -ensure-request-object-with-multiple-aud-succeeds, -ensure-request-object-with-nbf-8-seconds-in-the-future-is-accepted.
#[tokio::test]
async fn an_object_for_this_hub_among_others_and_by_a_clock_a_little_ahead_is_taken() {
    let server = hub(Backend::Sqlite).await;
    let hanako = server.person("hanako");
    let browser = Actor::new(&server);
    for kind in KINDS.into_iter().filter(|kind| kind.signs) {
        let client = Client::made(&server, kind).await;
        for changes in [
            json!({"aud": [server.issuer(), "https://other1.example", "invalid"]}),
            json!({"nbf": tools::seconds() + 8}),
        ] {
            let pkce = Pkce::new();
            let claims = changed(client.claims(&client.parameters(&pkce, &[])), &changes);
            let pushed = client
                .push_form(vec![("request".to_owned(), client.object(&claims))])
                .await
                .good();
            let answer = client.read(&browser.authorize(&client.by_reference(&pushed), &hanako).await);
            client
                .token(client.redemption(&answer["code"], &pkce))
                .await
                .good();
        }
    }
}

/// -ensure-signed-request-object-with-RS256-fails.
#[tokio::test]
async fn an_object_with_the_padding_of_pkcs_1_version_1_5_is_no_request_of_fapi() {
    let server = hub(Backend::Sqlite).await;
    let (rsa, kind) = (RsaKey::generate(), KINDS[3]);
    let own = harness::certificates::Identity::of_its_own("clinic");
    let changes = json!({
        "jwks": {"keys": [rsa.jwks()["keys"][0], own.jwk()]}, "request_object_signing_alg": "PS256",
    });
    let mut client = Client::made_with(&server, kind, changes).await;
    client.identity = own;
    let claims = client.claims(&client.parameters(&Pkce::new(), &[]));
    let push = |object: String| client.push_form(vec![("request".to_owned(), object)]);
    push(rsa.sign("RS256", &claims))
        .await
        .assert_error(400, "invalid_request_object");
    push(rsa.sign("PS256", &claims)).await.good();
}
