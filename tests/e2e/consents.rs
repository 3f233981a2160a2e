//! What people allow with their data, on the running hub: on every node, in tokens, and for the services that ask.

use harness::party::{Pkce, http, part, send};
use harness::{Actor, Backend, Page, Party, Person, Reply, Server};
use serde_json::{Value, json};

/// Hanako, whom taro trusts and who trusts taro, and a service that asks for decisions.
struct House {
    server: Server,
    hanako: (Actor, Person),
    taro: (Actor, Person),
    service: Party,
}

impl House {
    async fn new(backend: Backend) -> Self {
        let server = Server::start(backend).await;
        let people = ["hanako", "taro"].map(|login| (Actor::new(&server), server.person(login)));
        let [hanako, taro] = people;
        let page = hanako.0.account("/account/trusted", &hanako.1).await;
        hanako
            .0
            .send(&page.form("/account/trusted/name").fill("login", "taro"))
            .await;
        let page = taro.0.account("/account/trusted", &taro.1).await;
        let accept = page.form("/account/trusted/accept");
        let (_, value) = accept.buttons[0].clone();
        taro.0.send(&accept.press(&value)).await;
        let service = Party::service(&server, "musubi:access.evaluate musubi:introspect");
        Self {
            server,
            hanako,
            taro,
            service,
        }
    }

    /// Hanako lets taro see her vitals by day, for a year.
    async fn allow(&self) -> Page {
        let (browser, hanako) = &self.hanako;
        let page = browser.account("/account/consents/new", hanako).await;
        let mut form = page.form("/account/consents/new");
        let values = harness::html::values(&page.body, "input", "value");
        let to = values.into_iter().find(|value| value.starts_with("person "));
        form.fields.retain(|(name, _)| name == "csrf");
        let form = form
            .forge("effect", "permit")
            .forge("who", &to.expect("taro can be chosen"))
            .forge("kind-vitals", "1")
            .forge("depth", "daily")
            .forge("purpose-family", "1")
            .forge("until", "year");
        let meaning = browser.send(&form).await;
        assert!(
            meaning.body.contains("Nothing is decided yet"),
            "{}",
            meaning.body
        );
        let form = meaning.form("/account/consents/new").press("give");
        browser.send(&form).await
    }

    async fn withdraw(&self) -> Page {
        let (browser, hanako) = &self.hanako;
        let page = browser.account("/account/consents", hanako).await;
        let form = page.form("/account/consents/withdraw");
        let (_, id) = form.buttons[0].clone();
        browser.send(&form.press(&id)).await
    }

    async fn number(&self, (browser, person): &(Actor, Person)) -> String {
        number(&browser.account("/account", person).await)
    }

    async fn ask(&self, node: u16, token: &str, question: &Value) -> Reply {
        let request = http()
            .post(format!("http://127.0.0.1:{node}/access/v1/evaluation"))
            .header("host", format!("localhost:{}", self.server.port()))
            .bearer_auth(token)
            .json(question);
        send(request, &self.server.secrets()).await
    }

    async fn service_token(&self) -> String {
        let form = [("grant_type", "client_credentials")];
        let tokens = self.service.token(&form).await.good();
        tokens.text("access_token").to_owned()
    }
}

/// The number that the account page shows in groups of four.
fn number(page: &Page) -> String {
    let runs = page
        .body
        .split(|character: char| !character.is_ascii_digit() && character != ' ');
    let digits = runs.map(|run| run.replace(' ', "")).max_by_key(String::len);
    digits.filter(|digits| digits.len() >= 12).expect("a number")
}

fn question(subject: &Value, owner: &str) -> Value {
    json!({
        "subject": subject,
        "action": {"name": "read"},
        "resource": {"type": "vitals", "id": owner, "properties": {"depth": "daily"}},
        "context": {"purpose": "family"},
    })
}

#[tokio::test]
async fn what_one_node_withdrew_no_node_permits_from_its_answer_on() {
    let house = House::new(Backend::PostgresRedis).await;
    let other = house.server.join().await;
    let token = house.service_token().await;
    let (hanako, taro) = (house.number(&house.hanako).await, house.number(&house.taro).await);
    let question = question(&json!({"type": "person", "id": taro}), &hanako);
    for round in 0..5 {
        for node in [house.server.port(), other.port()] {
            let before = house.ask(node, &token, &question).await;
            assert_eq!(before.json["decision"], false, "round {round}: {}", before.text);
        }
        let given = house.allow().await;
        assert!(given.body.contains("holds at once"), "{}", given.body);
        for node in [other.port(), house.server.port()] {
            let given = house.ask(node, &token, &question).await;
            assert_eq!(given.json["decision"], true, "round {round}: {}", given.text);
        }
        house.withdraw().await;
        // No waiting: nothing of it is remembered anywhere.
        let after = house.ask(other.port(), &token, &question).await;
        assert_eq!(after.json["decision"], false, "round {round}: {}", after.text);
    }
    house.server.assert_log_is_intact();
}

fn record(person: &str, depth: &str) -> Value {
    json!([{
        "type": "musubi_health_record", "person": person, "datatypes": ["vitals"], "depth": depth, "purpose": "family",
    }])
}

async fn portal(server: &Server) -> Party {
    Party::register_with(
        server,
        json!({"authorization_details_types": ["musubi_health_record"]}),
    )
    .await
}

#[tokio::test]
async fn a_token_for_somebody_elses_data_names_both_and_ends_with_the_consent() {
    for backend in Backend::ALL {
        let house = House::new(backend).await;
        let (hanako, party) = (house.number(&house.hanako).await, portal(&house.server).await);
        house.allow().await;
        let (browser, _) = &house.taro;
        let (pkce, details) = (Pkce::new(), record(&hanako, "daily").to_string());
        let request = party.request(&pkce, &[("authorization_details", &details)]);
        let page = browser.open(&request).await;
        assert!(page.has_form("/oauth/consent"), "{}", page.body);
        assert!(page.body.contains("Person called hanako"), "{}", page.body);
        let away = browser.send(&page.form("/oauth/consent").press("allow")).await;
        let code = away.returned("code").unwrap();
        let tokens = party.token(&party.redemption(&code, &pkce)).await.good();
        let own = part(tokens.text("id_token"), 1);
        let claims = part(tokens.text("access_token"), 1);
        assert_eq!(claims["act"]["sub"], own["sub"]);
        assert_ne!(claims["sub"], own["sub"]);
        assert_eq!(claims["authorization_details"], record(&hanako, "daily"));
        // It says nothing about taro, and opens nothing of his.
        assert_eq!(claims["scope"], "");
        let userinfo = party.userinfo(tokens.text("access_token")).await;
        assert_eq!(userinfo.status, 403, "{}", userinfo.text);

        let service = house.service_token().await;
        let by_token = |token: &str| question(&json!({"type": "access_token", "id": token}), &hanako);
        let node = house.server.port();
        let asked = by_token(tokens.text("access_token"));
        let yes = house.ask(node, &service, &asked).await;
        assert_eq!(yes.json["decision"], true, "{}", yes.text);
        let mut deeper = asked.clone();
        deeper["resource"]["properties"]["depth"] = json!("values");
        let no = house.ask(node, &service, &deeper).await;
        assert_eq!(no.json["context"]["reason"], "access.scope", "{}", no.text);
        let mut his_own = asked.clone();
        his_own["resource"]["id"] = json!(house.number(&house.taro).await);
        assert_eq!(house.ask(node, &service, &his_own).await.json["decision"], false);

        let refreshed = party.refresh(tokens.text("refresh_token")).await.good();
        assert_eq!(part(refreshed.text("access_token"), 1)["act"]["sub"], own["sub"]);
        house.withdraw().await;
        let after = party.refresh(refreshed.text("refresh_token")).await;
        after.assert_error(400, "invalid_grant");
        let asked = by_token(refreshed.text("access_token"));
        let gone = house.ask(node, &service, &asked).await;
        assert_eq!(gone.json["decision"], false, "{}", gone.text);
        house.server.assert_log_is_intact();
    }
}

#[tokio::test]
async fn what_somebody_does_not_allow_reaches_no_consent_page_and_no_token() {
    let house = House::new(Backend::Sqlite).await;
    let (hanako, party) = (house.number(&house.hanako).await, portal(&house.server).await);
    let (browser, _) = &house.taro;
    let refused = async |details: Value| {
        let details = details.to_string();
        let request = party.request(&Pkce::new(), &[("authorization_details", &details)]);
        browser.open(&request).await.returned("error")
    };
    let denied = Some("access_denied".to_owned());
    assert_eq!(
        refused(record(&hanako, "daily")).await,
        denied,
        "nothing is allowed"
    );
    assert_eq!(
        refused(record("7999999999999999", "daily")).await,
        denied,
        "there is nobody"
    );
    house.allow().await;
    assert_eq!(refused(record(&hanako, "values")).await, denied, "too deep");
    let mut other = record(&hanako, "daily");
    other[0]["purpose"] = json!("research");
    assert_eq!(refused(other).await, denied, "another purpose");
    let mut wider = record(&hanako, "daily");
    wider[0]["datatypes"] = json!(["vitals", "conditions"]);
    assert_eq!(refused(wider).await, denied, "another kind");
    // A code that was given while it was allowed is worth nothing after.
    let (pkce, details) = (Pkce::new(), record(&hanako, "daily").to_string());
    let request = party.request(&pkce, &[("authorization_details", &details)]);
    let page = browser.open(&request).await;
    let away = browser.send(&page.form("/oauth/consent").press("allow")).await;
    let code = away.returned("code").unwrap();
    house.withdraw().await;
    party
        .token(&party.redemption(&code, &pkce))
        .await
        .assert_error(400, "invalid_grant");
}

#[tokio::test]
async fn who_takes_their_data_away_has_every_version_of_a_consent_and_nobodys_internal_key() {
    for backend in Backend::ALL {
        let house = House::new(backend).await;
        house.allow().await;
        house.withdraw().await;
        let (browser, hanako) = &house.hanako;
        let page = browser.account("/account/profile", hanako).await;
        let taken = browser.send(&page.form("/account/profile/export")).await;
        let document: Value = serde_json::from_str(&taken.body).expect("her own export");
        let versions: Vec<_> = document["consents"].as_array().unwrap().iter().collect();
        let told: Vec<_> = versions
            .iter()
            .map(|one| {
                (
                    one["version"].as_u64().unwrap(),
                    one["resource"]["status"].as_str().unwrap(),
                )
            })
            .collect();
        assert_eq!(told, [(1, "active"), (2, "inactive")]);
        let log = house.server.log();
        let keys: Vec<&str> = log
            .iter()
            .flat_map(|row| [row["actor"].as_str(), row["subject"].as_str()])
            .flatten()
            .collect();
        assert!(keys.len() > 1, "people stand in the log");
        for key in keys {
            assert!(!taken.body.contains(key), "an internal key is in the export");
        }
    }
}
