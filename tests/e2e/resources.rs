//! Where an access token may be used (RFC 8707): what an administrator entered for the client, and nothing else.

use harness::party::{Pkce, part};
use harness::{Actor, Backend, Party, Server};
use serde_json::{Value, json};

const RECORDS: &str = "https://records.example/fhir";
const MEALS: &str = "https://meals.example";

fn service(resources: &[&str]) -> Value {
    json!({
        "grant_types": ["client_credentials"],
        "response_types": [],
        "scope": "vitals.write musubi:clients.read",
        "resources": resources,
    })
}

#[tokio::test]
async fn a_token_for_a_resource_names_it_and_opens_no_other() {
    for backend in Backend::ALL {
        let server = Server::start(backend).await;
        let party = Party::made(&server, &service(&[RECORDS, MEALS])).await;
        let issuer = server.issuer();
        let cases: [(&[&str], Value, u16); 4] = [
            (&[], json!(issuer), 200),
            (&[RECORDS], json!(RECORDS), 401),
            (&[RECORDS, RECORDS, MEALS], json!([RECORDS, MEALS]), 401),
            (&[RECORDS, &issuer], json!([RECORDS, issuer]), 200),
        ];
        for (resources, audience, status) in cases {
            let mut form = vec![("grant_type", "client_credentials")];
            form.extend(resources.iter().map(|resource| ("resource", *resource)));
            let tokens = party.token(&form).await.good();
            let token = tokens.text("access_token");
            assert_eq!(part(token, 1)["aud"], audience);
            let here = party
                .ask(|http, issuer| http.get(format!("{issuer}/api/v1/clients")).bearer_auth(token))
                .await;
            assert_eq!(here.status.as_u16(), status, "{resources:?}: {}", here.text);
        }
    }
}

#[tokio::test]
async fn a_resource_that_was_not_entered_for_the_client_is_refused_to_the_letter() {
    let server = Server::start(Backend::Sqlite).await;
    let party = Party::made(&server, &service_without_powers(&[RECORDS])).await;
    let other = format!("{RECORDS}/");
    let fragment = format!("{RECORDS}#x");
    for resource in [
        MEALS,
        &other,
        &fragment,
        "https://RECORDS.example/fhir",
        "https://records.example",
        "fhir",
        "\u{7d50}",
    ] {
        let form = [("grant_type", "client_credentials"), ("resource", resource)];
        party.token(&form).await.assert_error(400, "invalid_target");
    }
    let mixed = [
        ("grant_type", "client_credentials"),
        ("resource", RECORDS),
        ("resource", MEALS),
    ];
    party.token(&mixed).await.assert_error(400, "invalid_target");
}

fn service_without_powers(resources: &[&str]) -> Value {
    let mut metadata = service(resources);
    metadata["scope"] = json!("vitals.write");
    metadata
}

#[tokio::test]
async fn a_client_that_registers_by_itself_gets_no_resource_and_no_longer_life() {
    let server = Server::start(Backend::Sqlite).await;
    let changes = json!({"resources": [RECORDS], "access_token_seconds": 86_000});
    let party = Party::register_with(&server, changes).await;
    assert!(party.registration.get("resources").is_none());
    assert!(party.registration.get("access_token_seconds").is_none());
}

#[tokio::test]
async fn an_administrator_sets_the_life_of_a_clients_access_tokens_within_bounds() {
    let server = Server::start(Backend::Sqlite).await;
    let mut metadata = service_without_powers(&[]);
    metadata["access_token_seconds"] = json!(77);
    let party = Party::made(&server, &metadata).await;
    let tokens = party.token(&[("grant_type", "client_credentials")]).await.good();
    assert_eq!(tokens.json["expires_in"], 77);
    let claims = part(tokens.text("access_token"), 1);
    assert_eq!(
        claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(),
        77
    );
}

#[tokio::test]
async fn tokens_of_a_code_are_for_what_was_asked_at_first_or_a_part_of_it() {
    let server = Server::start(Backend::Sqlite).await;
    let hanako = server.person("hanako");
    let party = Party::made(
        &server,
        &json!({
            "redirect_uris": ["https://rp.example/callback"],
            "grant_types": ["authorization_code", "refresh_token"],
            "scope": "openid email",
            "resources": [RECORDS, MEALS],
        }),
    )
    .await;
    let (browser, pkce) = (Actor::new(&server), Pkce::new());
    let asked = [("scope", "openid email"), ("resource", RECORDS)];
    let code = party.code(&browser, &hanako, &pkce, &asked).await;
    let tokens = party.token(&party.redemption(&code, &pkce)).await.good();
    assert_eq!(part(tokens.text("access_token"), 1)["aud"], RECORDS);
    party
        .userinfo(tokens.text("access_token"))
        .await
        .assert_error(401, "invalid_token");
    let with = |resource: &'static str, token: String| {
        let party = party.clone();
        async move {
            let form = [
                ("grant_type", "refresh_token"),
                ("refresh_token", token.as_str()),
                ("resource", resource),
            ];
            party.token(&form).await
        }
    };
    let refresh = tokens.text("refresh_token").to_owned();
    with(MEALS, refresh.clone())
        .await
        .assert_error(400, "invalid_target");
    let again = with(RECORDS, refresh).await.good();
    assert_eq!(part(again.text("access_token"), 1)["aud"], RECORDS);

    let pkce = Pkce::new();
    let other = [("scope", "openid email"), ("resource", "https://other.example")];
    let page = browser.open(&party.request(&pkce, &other)).await;
    assert_eq!(page.returned("error").as_deref(), Some("invalid_target"));
    let code = party
        .code(&browser, &hanako, &pkce, &[("scope", "openid email")])
        .await;
    let mut form = party.redemption(&code, &pkce);
    form.push(("resource", RECORDS));
    party.token(&form).await.assert_error(400, "invalid_target");
}
