//! How a client proves itself: at the endpoint that takes requests, and at the one that gives tokens.

use harness::party::{Pkce, http};
use harness::{Actor, Backend, tools};
use serde_json::{Value, json};

use super::{BEARER, Client, KINDS, Means, Pairs, hub};

/// What no assertion may say, and what it may not lack.
fn wrong(client: &Client) -> Vec<(&'static str, Value)> {
    let now = tools::seconds();
    let (issuer, id) = (&client.issuer, client.id());
    vec![
        (
            "several audiences",
            json!({"aud": [issuer, "https://other.example"]}),
        ),
        ("one in a list", json!({"aud": [issuer]})),
        ("this endpoint", json!({"aud": format!("{issuer}/oauth/par")})),
        (
            "the token endpoint",
            json!({"aud": format!("{issuer}/oauth/token")}),
        ),
        ("another server", json!({"aud": "https://other.example"})),
        (
            "over for five minutes",
            json!({"iat": now - 360, "exp": now - 300}),
        ),
        (
            "a minute ahead",
            json!({"iat": now + 70, "nbf": now + 70, "exp": now + 130}),
        ),
        ("nobody it is about", json!({"sub": null})),
        ("somebody else it is about", json!({"sub": "other", "iss": id})),
    ]
}

/// -par-test-array-as-audience-fails, -par-test-par-endpoint-url-as-audience-fails, -par-test-token-endpoint-url-as-audience-fails,
/// -par-ensure-jwt-client-assertions-nbf-8-seconds-in-the-future-is-accepted, -nbf-over-60-seconds-in-the-future-fails,
/// -ensure-client-assertion-with-exp-is-5-minutes-in-past-fails, -with-wrong-aud-fails, -with-no-sub-fails.
#[tokio::test]
async fn an_assertion_that_is_not_for_this_hub_and_now_proves_no_client_anywhere() {
    let server = hub(Backend::Sqlite).await;
    let hanako = server.person("hanako");
    for kind in KINDS.into_iter().filter(|kind| kind.means == Means::Key) {
        let client = Client::made(&server, kind).await;
        let browser = Actor::new(&server);
        let pkce = Pkce::new();
        let code = client.code(&browser, &hanako, &pkce).await;
        for (what, changes) in wrong(&client) {
            let assertion = client.assertion(&changes);
            let form = client.parameters(&Pkce::new(), &[]);
            let pushed = client
                .send(client.proven("/oauth/par", form, Some(&assertion)))
                .await;
            assert_eq!(
                (pushed.status.as_u16(), pushed.json["error"].as_str()),
                (401, Some("invalid_client")),
                "{what} at the pushes: {}",
                pushed.text
            );
            let form = client.redemption(&code, &pkce);
            let proof = client.proof(&client.holder, "POST", "/oauth/token", None, &json!({}));
            let assertion = client.assertion(&changes);
            let request = client
                .proven("/oauth/token", form, Some(&assertion))
                .header("dpop", proof);
            let reply = client.send(request).await;
            assert_eq!(
                (reply.status.as_u16(), reply.json["error"].as_str()),
                (401, Some("invalid_client")),
                "{what} at the tokens: {}",
                reply.text
            );
        }
        let now = tools::seconds();
        let ahead = json!({"iat": now + 8, "nbf": now + 8, "exp": now + 68});
        let object = client.object(&client.claims(&client.parameters(&Pkce::new(), &[])));
        let form = if kind.signs {
            vec![("request".to_owned(), object)]
        } else {
            client.parameters(&Pkce::new(), &[])
        };
        let assertion = client.assertion(&ahead);
        client
            .send(client.proven("/oauth/par", form, Some(&assertion)))
            .await
            .good();
        // No failed try has used the code up.
        client.token(client.redemption(&code, &pkce)).await.good();
    }
}

fn without_proof(client: &Client, mut form: Pairs) -> reqwest::RequestBuilder {
    form.push(("client_id".to_owned(), client.id().to_owned()));
    let proof = client.proof(&client.holder, "POST", "/oauth/token", None, &json!({}));
    http()
        .post(format!("{}/oauth/token", client.issuer))
        .header("dpop", proof)
        .form(&form)
}

/// -ensure-client-assertion-in-token-endpoint, -ensure-client-id-in-token-endpoint, -ensure-authorization-code-is-bound-to-client,
/// -ensure-pkce-code-verifier-required, -incorrect-pkce-code-verifier-rejected.
#[tokio::test]
async fn a_code_is_worth_something_only_to_its_client_with_its_verifier() {
    for backend in Backend::ALL {
        let server = hub(backend).await;
        let hanako = server.person("hanako");
        for kind in KINDS {
            let (client, other) = (
                Client::made(&server, kind).await,
                Client::made(&server, kind).await,
            );
            let (browser, pkce) = (Actor::new(&server), Pkce::new());
            let code = client.code(&browser, &hanako, &pkce).await;
            let form = client.redemption(&code, &pkce);
            client
                .send(without_proof(&client, form.clone()))
                .await
                .assert_error(401, "invalid_client");
            // The name of one client with the proof of another.
            let request = match kind.means {
                Means::Key => {
                    let mut form = form.clone();
                    form.push(("client_id".to_owned(), other.id().to_owned()));
                    form.push(("client_assertion_type".to_owned(), BEARER.to_owned()));
                    form.push(("client_assertion".to_owned(), client.assertion(&json!({}))));
                    http().post(format!("{}/oauth/token", client.issuer)).form(&form)
                }
                Means::Certificate => {
                    let mut form = form.clone();
                    form.push(("client_id".to_owned(), other.id().to_owned()));
                    http()
                        .post(format!("{}/oauth/token", client.issuer))
                        .header("client-cert", client.identity.header())
                        .form(&form)
                }
            };
            client.send(request).await.assert_error(401, "invalid_client");
            let stolen = client.code(&browser, &hanako, &pkce).await;
            let stolen = client.redemption(&stolen, &pkce);
            other.token(stolen).await.assert_error(400, "invalid_grant");
            for verifier in [
                None,
                Some("another verifier that is long enough to be one at all"),
            ] {
                let code = client.code(&browser, &hanako, &pkce).await;
                let mut form = client.redemption(&code, &pkce);
                form.retain(|(name, _)| name != "code_verifier");
                form.extend(verifier.map(|value| ("code_verifier".to_owned(), value.to_owned())));
                client.token(form).await.assert_error(400, "invalid_grant");
            }
            client.token(form).await.good();
        }
    }
}
