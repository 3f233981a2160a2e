//! Two processes on one PostgreSQL and one Redis: what may happen once happens once, whichever node is asked.

use harness::party::{ClientKey, Pkce, http, send};
use harness::{Actor, Backend, Party, Reply, Server, tools};
use serde_json::json;
use tokio::task::JoinSet;

/// Asks the token endpoint of a node of the hub whose first node is `first`.
async fn ask(
    first: &Server,
    node: u16,
    party: &Party,
    form: Vec<(String, String)>,
    proof: Option<String>,
) -> Reply {
    let mut request = http()
        .post(format!("http://127.0.0.1:{node}/oauth/token"))
        .header("host", format!("localhost:{}", first.port()))
        .basic_auth(party.id(), Some(party.secret()))
        .form(&form);
    if let Some(proof) = proof {
        request = request.header("dpop", proof);
    }
    send(request, &first.secrets()).await
}

fn owned(form: &[(&str, &str)]) -> Vec<(String, String)> {
    form.iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

/// Sends one form eight times at once, to both nodes in turn; how many went well.
async fn at_once(
    first: &std::sync::Arc<Server>,
    second: &Server,
    party: &Party,
    form: &[(&str, &str)],
) -> Vec<Reply> {
    let mut all = JoinSet::new();
    for number in 0..8 {
        let (first, party, form) = (first.clone(), party.clone(), owned(form));
        let node = if number % 2 == 0 {
            first.port()
        } else {
            second.port()
        };
        all.spawn(async move { ask(&first, node, &party, form, None).await });
    }
    let replies = all.join_all().await;
    for reply in replies.iter().filter(|reply| !reply.status.is_success()) {
        reply.assert_error(400, "invalid_grant");
    }
    replies
        .into_iter()
        .filter(|reply| reply.status.is_success())
        .collect()
}

#[tokio::test]
async fn of_many_uses_of_one_refresh_token_at_once_on_two_nodes_exactly_one_wins() {
    let server = std::sync::Arc::new(Server::start(Backend::PostgresRedis).await);
    let other = server.join().await;
    let hanako = server.person("hanako");
    let party = Party::register(&server).await;
    for _ in 0..4 {
        let tokens = party.sign_in(&Actor::new(&server), &hanako).await;
        let form = [
            ("grant_type", "refresh_token"),
            ("refresh_token", tokens.text("refresh_token")),
        ];
        assert_eq!(at_once(&server, &other, &party, &form).await.len(), 1);
    }
    server.assert_log_is_intact();
}

#[tokio::test]
async fn a_code_that_comes_again_at_another_node_takes_what_it_gave_with_it() {
    let server = std::sync::Arc::new(Server::start(Backend::PostgresRedis).await);
    let other = server.join().await;
    let hanako = server.person("hanako");
    let party = Party::register(&server).await;
    let browser = Actor::new(&server);
    let pkce = Pkce::new();
    let code = party.code(&browser, &hanako, &pkce, &[]).await;
    let form = party.redemption(&code, &pkce);
    let tokens = party.token(&form).await.good();
    ask(&server, other.port(), &party, owned(&form), None)
        .await
        .assert_error(400, "invalid_grant");
    // What a node has cached is a second old at the most.
    while party
        .userinfo(tokens.text("access_token"))
        .await
        .status
        .is_success()
    {
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    party
        .refresh(tokens.text("refresh_token"))
        .await
        .assert_error(400, "invalid_grant");

    let pkce = Pkce::new();
    let code = party.code(&browser, &hanako, &pkce, &[]).await;
    let form = party.redemption(&code, &pkce);
    let won = at_once(&server, &other, &party, &form).await;
    assert!(won.len() <= 1, "{} got tokens for one code", won.len());
    for tokens in won {
        while party
            .userinfo(tokens.text("access_token"))
            .await
            .status
            .is_success()
        {
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
    }
}

#[tokio::test]
async fn a_proof_that_one_node_took_is_refused_by_the_other() {
    let server = Server::start(Backend::PostgresRedis).await;
    let other = server.join().await;
    let service = Party::service(&server, "vitals.write");
    let key = ClientKey::generate();
    let proof = key.sign_with(
        &json!({"typ": "dpop+jwt", "alg": "ES256", "jwk": key.jwk()}),
        &json!({
            "jti": tools::unique(),
            "htm": "POST",
            "htu": server.url("/oauth/token"),
            "iat": tools::seconds(),
        }),
    );
    let form = owned(&[("grant_type", "client_credentials")]);
    ask(&server, other.port(), &service, form.clone(), Some(proof.clone()))
        .await
        .good();
    ask(&server, server.port(), &service, form, Some(proof))
        .await
        .assert_error(400, "invalid_dpop_proof");
}
