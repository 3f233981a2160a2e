//! Codes that come again, and refresh tokens.

use harness::party::{Pkce, http};
use harness::{Actor, Backend};

use super::{Client, KINDS, Means, Pairs, hub};

/// -attempt-reuse-authorization-code-after-one-second.
#[tokio::test]
async fn a_code_that_comes_again_is_refused_and_takes_its_token_with_it() {
    for backend in Backend::ALL {
        let server = hub(backend).await;
        let hanako = server.person("hanako");
        for kind in KINDS {
            let client = Client::made(&server, kind).await;
            let pkce = Pkce::new();
            let code = client.code(&Actor::new(&server), &hanako, &pkce).await;
            let form = client.redemption(&code, &pkce);
            let tokens = client.token(form.clone()).await.good();
            client.token(form).await.assert_error(400, "invalid_grant");
            client
                .resource(tokens.text("access_token"), client.scheme())
                .await
                .assert_error(401, "invalid_token");
        }
    }
}

fn refresh(token: &str) -> Pairs {
    let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
    [("grant_type", "refresh_token"), ("refresh_token", token)]
        .map(owned)
        .to_vec()
}

/// -refresh-token.
#[tokio::test]
async fn a_refresh_token_is_its_clients_alone_and_its_tokens_are_bound_too() {
    for backend in Backend::ALL {
        let server = hub(backend).await;
        let hanako = server.person("hanako");
        for kind in KINDS {
            let (client, other) = (
                Client::made(&server, kind).await,
                Client::made(&server, kind).await,
            );
            let tokens = client.tokens(&Actor::new(&server), &hanako).await;
            let token = tokens.text("refresh_token");
            other
                .token(refresh(token))
                .await
                .assert_error(400, "invalid_grant");
            match kind.means {
                Means::Key => client
                    .send(client.proven("/oauth/token", refresh(token), None))
                    .await
                    .assert_error(400, "invalid_dpop_proof"),
                Means::Certificate => {
                    let mut bare = refresh(token);
                    bare.push(("client_id".to_owned(), client.id().to_owned()));
                    let request = http().post(format!("{}/oauth/token", client.issuer)).form(&bare);
                    client.send(request).await.assert_error(401, "invalid_client");
                }
            }
            // Refresh tokens of this profile stay (FAPI 2.0 Security Profile §5.3.2.1).
            for _ in 0..2 {
                let next = client.token(refresh(token)).await.good();
                assert_eq!(next.text("token_type"), client.scheme(), "{kind:?}");
                client
                    .resource(next.text("access_token"), client.scheme())
                    .await
                    .good();
            }
        }
    }
}
