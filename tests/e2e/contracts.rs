//! What people agreed with operators, on the running hub: it bounds what the operator's services reach (requirement H5.1).

use harness::party::{CALLBACK, Pkce, http, send};
use harness::{Actor, Backend, Party, Person, Reply, Server, Service};
use reqwest::Method;
use serde_json::{Value, json};

/// Two operators, one of which is part of a group; hanako; services that ask for decisions.
struct House {
    server: Server,
    hanako: Person,
    browser: Actor,
    number: String,
    group: String,
    operator: String,
    other: String,
}

impl House {
    async fn new(backend: Backend) -> Self {
        let server = Server::start(backend).await;
        let hanako = server.person("hanako");
        let desk = Service::with(
            &server,
            "musubi:organisations.write musubi:organisations.read musubi:people.read musubi:numbers.read",
        )
        .await;
        let organisation = async |name: &str, parent: Option<&str>| {
            let mut body = json!({"name": name, "kind": "service_operator"});
            if let Some(parent) = parent {
                body["parent"] = parent.into();
            }
            let made = desk.json(Method::POST, "/api/v1/organisations", Some(body)).await;
            made["number"].as_str().unwrap().to_owned()
        };
        let group = organisation("Harbour Group", None).await;
        let operator = organisation("Harbour Watch", Some(&group)).await;
        let other = organisation("Mountain Watch", None).await;
        let number = desk.number_of("hanako").await;
        let browser = Actor::new(&server);
        Self {
            server,
            hanako,
            browser,
            number,
            group,
            operator,
            other,
        }
    }

    /// An app of an operator, or of nobody but the cloud.
    fn app(&self, operator: Option<&str>) -> Party {
        let mut metadata = json!({
            "client_name": "Watch", "redirect_uris": [CALLBACK],
            "grant_types": ["authorization_code", "refresh_token"], "scope": "openid offline_access",
            "authorization_details_types": ["musubi_health_record"],
        });
        if let Some(operator) = operator {
            metadata["organisation"] = operator.into();
        }
        let made = self
            .server
            .musubi(&["client", "create", "--file", "-"], &metadata.to_string());
        self.server.secret(made["client_secret"].as_str().unwrap());
        Party::of(&self.server, made)
    }

    async fn agree(&self, operator: &str, kinds: &[&str], more: Value) -> String {
        let desk = Service::with(&self.server, "musubi:contracts.read musubi:contracts.write").await;
        let mut body =
            json!({"organisation": operator, "services": ["Watch"], "kinds": kinds, "actions": ["read"]});
        for (name, value) in more.as_object().unwrap() {
            body[name] = value.clone();
        }
        let path = format!("/api/v1/people/{}/contracts", self.number);
        let made = desk.json(Method::POST, &path, Some(body)).await;
        made["id"].as_str().unwrap().to_owned()
    }

    async fn end(&self, contract: &str) {
        let desk = Service::with(&self.server, "musubi:contracts.read musubi:contracts.write").await;
        let path = format!("/api/v1/contracts/{contract}/end");
        assert_eq!(desk.call(Method::POST, &path, None).await.0, 204);
    }

    /// What comes of asking hanako for her own data of these kinds: the error, or the tokens.
    async fn tokens(&self, app: &Party, kinds: &[&str]) -> Result<Reply, String> {
        let details =
            json!([{"type": "musubi_health_record", "datatypes": kinds, "depth": "daily", "purpose": "own"}]);
        let pkce = Pkce::new();
        let request = app.request(
            &pkce,
            &[
                ("authorization_details", &details.to_string()),
                ("scope", "openid offline_access"),
            ],
        );
        let page = self.browser.authorize(&request, &self.hanako).await;
        if let Some(error) = page.returned("error") {
            return Err(error);
        }
        let code = page.returned("code").expect("a code");
        Ok(app.token(&app.redemption(&code, &pkce)).await.good())
    }

    /// Whether a record service that asks is told to give what a token asks for, and why not.
    async fn decision(&self, tokens: &Reply, kind: &str) -> Value {
        let service = Party::service(&self.server, "musubi:access.evaluate musubi:introspect");
        let own = service
            .token(&[("grant_type", "client_credentials")])
            .await
            .good();
        let question = json!({
            "subject": {"type": "access_token", "id": tokens.text("access_token")},
            "action": {"name": "read"},
            "resource": {"type": kind, "id": self.number, "properties": {"depth": "daily"}},
            "context": {"purpose": "own"},
        });
        let request = http()
            .post(self.server.url("/access/v1/evaluation"))
            .bearer_auth(own.text("access_token"))
            .json(&question);
        send(request, &self.server.secrets()).await.good().json
    }
}

#[tokio::test]
async fn a_service_of_an_operator_reaches_what_the_persons_contract_opens_and_no_more() {
    for backend in Backend::ALL {
        let house = House::new(backend).await;
        let app = house.app(Some(&house.operator));
        let denied = |result: Result<Reply, String>| result.err().unwrap_or_default();
        assert_eq!(denied(house.tokens(&app, &["vitals"]).await), "access_denied");

        let contract = house.agree(&house.operator, &["vitals"], json!({})).await;
        assert_eq!(denied(house.tokens(&app, &["meals"]).await), "access_denied");
        assert_eq!(
            denied(house.tokens(&app, &["vitals", "meals"]).await),
            "access_denied"
        );
        let tokens = house.tokens(&app, &["vitals"]).await.unwrap();
        assert_eq!(house.decision(&tokens, "vitals").await["decision"], true);
        let tokens = app.refresh(tokens.text("refresh_token")).await.good();

        house.end(&contract).await;
        let after = house.decision(&tokens, "vitals").await;
        assert_eq!(after["decision"], false);
        assert_eq!(after["context"]["reason"], "access.contract");
        app.refresh(tokens.text("refresh_token"))
            .await
            .assert_error(400, "invalid_grant");
        assert_eq!(denied(house.tokens(&app, &["vitals"]).await), "access_denied");
        // The cloud's own service needs no contract: there is none with the cloud.
        let own = house.app(None);
        house.tokens(&own, &["vitals"]).await.unwrap();
        let reasons = house.server.log();
        assert!(
            reasons.iter().any(|row| row["reason"] == "access.contract"),
            "the refusal is on record"
        );
        house.server.assert_log_is_intact();
    }
}

#[tokio::test]
async fn a_contract_with_another_operator_or_for_another_time_opens_nothing() {
    let house = House::new(Backend::Sqlite).await;
    let app = house.app(Some(&house.operator));
    let of_group = house.app(Some(&house.group));
    house.agree(&house.other, &["vitals"], json!({})).await;
    let tomorrow = json!({"from": "2099-01-01T00:00:00Z"});
    house.agree(&house.operator, &["vitals"], tomorrow).await;
    assert!(
        house.tokens(&app, &["vitals"]).await.is_err(),
        "not yet, and not with this one"
    );
    // With the part is not with the whole; with the whole is with its parts.
    house.agree(&house.operator, &["vitals"], json!({})).await;
    assert!(house.tokens(&app, &["vitals"]).await.is_ok());
    assert!(house.tokens(&of_group, &["vitals"]).await.is_err());
    house.agree(&house.group, &["meals"], json!({})).await;
    assert!(house.tokens(&app, &["meals"]).await.is_ok());
    assert!(house.tokens(&of_group, &["meals"]).await.is_ok());
}

#[tokio::test]
async fn no_client_says_of_itself_whose_it_is() {
    let house = House::new(Backend::Sqlite).await;
    let token = house.server.registration_token(1);
    let metadata = json!({"redirect_uris": [CALLBACK], "organisation": house.operator});
    let register = http()
        .post(house.server.url("/oauth/register"))
        .bearer_auth(token)
        .json(&metadata);
    let reply = send(register, &house.server.secrets()).await;
    assert_eq!(reply.status.as_u16(), 201, "{}", reply.text);
    let desk = Service::with(&house.server, "musubi:clients.read").await;
    let path = format!("/api/v1/clients/{}", reply.text("client_id"));
    let kept = desk.json(Method::GET, &path, None).await;
    assert_eq!(kept["client_id"], reply.json["client_id"]);
    assert!(!kept.to_string().contains(&house.operator), "{kept}");
}

#[tokio::test]
async fn with_an_organisation_that_is_over_there_is_no_contract_any_more() {
    let house = House::new(Backend::Sqlite).await;
    let desk = Service::with(&house.server, "musubi:organisations.write").await;
    let app = house.app(Some(&house.other));
    house.agree(&house.other, &["vitals"], json!({})).await;
    assert!(house.tokens(&app, &["vitals"]).await.is_ok());
    let path = format!("/api/v1/organisations/{}/end", house.other);
    assert_eq!(desk.call(Method::POST, &path, None).await.0, 200);
    assert!(house.tokens(&app, &["vitals"]).await.is_err());
}
