//! What a client may do, more exactly than a scope says (RFC 9396): asked of a person in words, never more than they allowed.

use harness::party::{Pkce, part};
use harness::{Actor, Backend, Party, Server};
use serde_json::{Value, json};

fn record(datatypes: &[&str], depth: &str, purpose: &str) -> Value {
    json!({"type": "musubi_health_record", "datatypes": datatypes, "depth": depth, "purpose": purpose})
}

async fn party(server: &Server) -> Party {
    Party::register_with(
        server,
        json!({"authorization_details_types": ["musubi_health_record"]}),
    )
    .await
}

#[tokio::test]
async fn a_person_reads_what_is_asked_for_and_a_token_says_what_was_allowed() {
    for backend in Backend::ALL {
        let server = Server::start(backend).await;
        let hanako = server.person("hanako");
        let party = party(&server).await;
        let asked = json!([record(&["daily_life", "vitals"], "daily", "care")]);
        let (browser, pkce, text) = (Actor::new(&server), Pkce::new(), asked.to_string());
        for _ in 0..2 {
            // Allowed once is not allowed for good: the person is asked each time.
            let request = party.request(&pkce, &[("authorization_details", &text)]);
            let mut page = browser.open(&request).await;
            if page.has_form("/signin") {
                page = browser.sign_in(&page, &hanako).await;
            }
            assert!(page.has_form("/oauth/consent"), "{}", page.body);
            for words in [
                "blood pressure",
                "sleep",
                "summary for each day",
                "treatment and care",
            ] {
                assert!(page.body.contains(words), "{words}: {}", page.body);
            }
            let away = browser.send(&page.form("/oauth/consent").press("allow")).await;
            let code = away.returned("code").unwrap();
            let tokens = party.token(&party.redemption(&code, &pkce)).await.good();
            assert_eq!(
                tokens.json["authorization_details"],
                json!([record(&["vitals", "daily_life"], "daily", "care")])
            );
            let claims = part(tokens.text("access_token"), 1);
            let told = party
                .ask(|http, issuer| {
                    http.post(format!("{issuer}/oauth/introspect"))
                        .basic_auth(party.id(), Some(party.secret()))
                        .form(&[("token", tokens.text("access_token"))])
                })
                .await
                .good();
            for said in [&claims, &told.json] {
                assert_eq!(
                    said["authorization_details"],
                    tokens.json["authorization_details"]
                );
            }
        }
        let silent = party.request(&pkce, &[("authorization_details", &text), ("prompt", "none")]);
        let page = browser.open(&silent).await;
        assert_eq!(page.returned("error").as_deref(), Some("consent_required"));
    }
}

#[tokio::test]
async fn a_token_never_says_more_than_was_allowed() {
    let server = Server::start(Backend::Sqlite).await;
    let hanako = server.person("hanako");
    let party = party(&server).await;
    let (browser, pkce) = (Actor::new(&server), Pkce::new());
    let granted = json!([record(&["vitals", "daily_life"], "daily", "care")]).to_string();
    let asked = [("authorization_details", granted.as_str())];
    let code = || party.code(&browser, &hanako, &pkce, &asked);
    let wider = [
        json!([record(&["vitals", "meals"], "daily", "care")]),
        json!([record(&["vitals"], "values", "care")]),
        json!([record(&["vitals"], "daily", "research")]),
        json!([
            record(&["vitals"], "daily", "care"),
            record(&["meals"], "daily", "care")
        ]),
        json!([{"type": "other"}]),
        json!("x"),
    ];
    for asked in &wider {
        let (code, asked) = (code().await, asked.to_string());
        let mut form = party.redemption(&code, &pkce);
        form.push(("authorization_details", &asked));
        party
            .token(&form)
            .await
            .assert_error(400, "invalid_authorization_details");
    }
    let code = code().await;
    let tokens = party.token(&party.redemption(&code, &pkce)).await.good();
    let refresh = tokens.text("refresh_token");
    let with = |asked: &'static str| {
        [
            ("grant_type", "refresh_token"),
            ("refresh_token", refresh),
            ("authorization_details", asked),
        ]
    };
    let wide = r#"[{"type":"musubi_health_record","datatypes":["meals"],"depth":"daily","purpose":"care"}]"#;
    party
        .token(&with(wide))
        .await
        .assert_error(400, "invalid_authorization_details");
    let narrow = r#"[{"type":"musubi_health_record","datatypes":["daily_life"],"depth":"aggregate","purpose":"care"}]"#;
    let narrowed = party.token(&with(narrow)).await.good();
    assert_eq!(
        narrowed.json["authorization_details"],
        json!([record(&["daily_life"], "aggregate", "care")])
    );
    let whole = party.refresh(narrowed.text("refresh_token")).await.good();
    assert_eq!(
        whole.json["authorization_details"].to_string(),
        tokens.json["authorization_details"].to_string(),
        "a narrower token takes nothing from the grant"
    );
}

#[tokio::test]
async fn details_that_are_not_of_a_type_that_the_client_registered_reach_nobody() {
    let server = Server::start(Backend::Sqlite).await;
    let good = json!([record(&["daily_life"], "daily", "care")]).to_string();
    let refused = |party: &Party, details: &str| {
        let request = party.request(&Pkce::new(), &[("authorization_details", details)]);
        let browser = Actor::new(&server);
        async move { browser.open(&request).await.returned("error") }
    };
    let stranger = Party::register(&server).await;
    let party = party(&server).await;
    let many = format!("[{}]", [good.trim_matches(['[', ']']); 11].join(","));
    for (party, details) in [
        (&stranger, good.as_str()),
        (&party, "[]"),
        (&party, "{}"),
        (&party, "[{\"type\":\"payment_initiation\"}]"),
        (&party, &good.replace("daily", "deepest")),
        (
            &party,
            &good.replace("\"care\"", "\"care\",\"actions\":[\"write\"]"),
        ),
        (&party, &many),
    ] {
        assert_eq!(
            refused(party, details).await.as_deref(),
            Some("invalid_authorization_details"),
            "{details}"
        );
    }
}
