//! What tokens are bound to: proofs of a key, and certificates.

use harness::party::{ClientKey, Pkce, http};
use harness::{Actor, Backend, tools};
use serde_json::json;

use super::{Client, KINDS, Means, hub};

/// -ensure-holder-of-key-required.
#[tokio::test]
async fn no_token_is_given_without_what_it_is_to_be_bound_to_nor_taken_with_another() {
    for backend in Backend::ALL {
        let server = hub(backend).await;
        let hanako = server.person("hanako");
        for kind in KINDS {
            let client = Client::made(&server, kind).await;
            let (browser, pkce) = (Actor::new(&server), Pkce::new());
            let code = client.code(&browser, &hanako, &pkce).await;
            let form = client.redemption(&code, &pkce);
            match kind.means {
                Means::Key => client
                    .send(client.proven("/oauth/token", form.clone(), None))
                    .await
                    .assert_error(400, "invalid_dpop_proof"),
                Means::Certificate => {
                    let mut bare = form.clone();
                    bare.push(("client_id".to_owned(), client.id().to_owned()));
                    let request = http().post(format!("{}/oauth/token", client.issuer)).form(&bare);
                    client.send(request).await.assert_error(401, "invalid_client");
                }
            }
            let tokens = client.token(form).await.good();
            let token = tokens.text("access_token");
            let bare = client
                .party
                .ask(|http, issuer| http.get(format!("{issuer}/oauth/userinfo")).bearer_auth(token))
                .await;
            assert_eq!(bare.status.as_u16(), 401, "{kind:?}: {}", bare.text);
            let other = Client::made(&server, kind).await;
            let stolen = other.resource(token, client.scheme()).await;
            stolen.assert_error(401, "invalid_token");
            client.resource(token, client.scheme()).await.good();
        }
    }
}

/// -ensure-mismatched-dpop-jkt-fails, -ensure-token-endpoint-fails-with-mismatched-dpop-proof-jkt,
/// -ensure-token-endpoint-fails-with-mismatched-dpop-jkt, -ensure-dpopproof-at-par-endpoint-binding-success,
/// -ensure-dpop-auth-code-binding-success.
#[tokio::test]
async fn a_code_is_bound_to_the_key_that_the_push_named_or_showed() {
    for backend in Backend::ALL {
        let server = hub(backend).await;
        let hanako = server.person("hanako");
        let browser = Actor::new(&server);
        for kind in KINDS.into_iter().filter(|kind| kind.means == Means::Key) {
            let client = Client::made(&server, kind).await;
            let (own, other) = (client.holder.thumbprint(), ClientKey::generate());
            for (named, shown, redeemed) in [
                (Some(&own), None, true),
                (None, Some(&client.holder), true),
                (Some(&own), Some(&client.holder), true),
                (Some(&other.thumbprint()), None, false),
                (None, Some(&other), false),
            ] {
                let pkce = Pkce::new();
                let changes: Vec<(&str, &str)> =
                    named.map(|jkt| ("dpop_jkt", jkt.as_str())).into_iter().collect();
                let pairs = client.parameters(&pkce, &changes);
                let form = if kind.signs {
                    vec![("request".to_owned(), client.object(&client.claims(&pairs)))]
                } else {
                    pairs
                };
                let mut request = client.proven("/oauth/par", form, None);
                if let Some(key) = shown {
                    request =
                        request.header("dpop", client.proof(key, "POST", "/oauth/par", None, &json!({})));
                }
                let pushed = client.send(request).await.good();
                let answer = client.read(&browser.authorize(&client.by_reference(&pushed), &hanako).await);
                let tokens = client.token(client.redemption(&answer["code"], &pkce)).await;
                if redeemed {
                    tokens.good();
                } else {
                    assert!(tokens.status.is_client_error(), "{named:?}");
                    assert!(tokens.json["access_token"].is_null());
                }
            }
            // One key by name and another by proof is no request at all.
            let pairs = client.parameters(&Pkce::new(), &[("dpop_jkt", &other.thumbprint())]);
            let form = if kind.signs {
                vec![("request".to_owned(), client.object(&client.claims(&pairs)))]
            } else {
                pairs
            };
            let proof = client.proof(&client.holder, "POST", "/oauth/par", None, &json!({}));
            let refused = client
                .send(client.proven("/oauth/par", form, None).header("dpop", proof))
                .await;
            assert_eq!(refused.status.as_u16(), 400, "{}", refused.text);
        }
    }
}

/// -check-dpop-proof-nbf-exp, -ensure-dpopproof-with-iat-10seconds-before-succeeds, -ensure-dpopproof-with-iat-10seconds-after-succeeds.
#[tokio::test]
async fn a_proof_may_be_ten_seconds_off_and_may_say_more_than_it_must() {
    let server = hub(Backend::Sqlite).await;
    let started = tools::seconds();
    let hanako = server.person("hanako");
    let browser = Actor::new(&server);
    // Of a proof from before its start a hub cannot know whether it was used, and asks for a nonce.
    tools::until("the hub remembers ten seconds", async || {
        tools::seconds() > started + 11
    })
    .await;
    for kind in KINDS.into_iter().filter(|kind| kind.means == Means::Key) {
        let client = Client::made(&server, kind).await;
        for (iat, more) in [
            (-10, json!({})),
            (10, json!({})),
            (0, json!({"nbf": tools::seconds(), "exp": tools::seconds() + 300})),
        ] {
            let said = |path: &str, method: &str, token: Option<&str>| {
                let mut changes = more.clone();
                changes["iat"] = json!(tools::seconds() + iat);
                client.proof(&client.holder, method, path, token, &changes)
            };
            let pkce = Pkce::new();
            let pairs = client.parameters(&pkce, &[]);
            let form = if kind.signs {
                vec![("request".to_owned(), client.object(&client.claims(&pairs)))]
            } else {
                pairs
            };
            let push = client.proven("/oauth/par", form, None);
            let pushed = client
                .send(push.header("dpop", said("/oauth/par", "POST", None)))
                .await
                .good();
            let answer = client.read(&browser.authorize(&client.by_reference(&pushed), &hanako).await);
            let redemption = client.proven("/oauth/token", client.redemption(&answer["code"], &pkce), None);
            let proof = said("/oauth/token", "POST", None);
            let tokens = client.send(redemption.header("dpop", proof)).await.good();
            let token = tokens.text("access_token");
            let request = http()
                .get(format!("{}/oauth/userinfo", client.issuer))
                .header("authorization", format!("DPoP {token}"))
                .header("dpop", said("/oauth/userinfo", "GET", Some(token)));
            client.send(request).await.good();
        }
    }
}
