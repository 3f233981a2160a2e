//! Consents as FHIR resources over HTTP (requirement H5.2; FHIR R4 §3.1): a service that a person uses reads and writes them
//! in their name, and nobody else's, and never in its own favour.

mod refused;

use harness::Reply;
use harness::party::{http, part};
use harness::server::Options;
use reqwest::RequestBuilder;

use super::consents::{Patient, occupy};
use super::*;

const ALL: &str = "openid patient/Consent.cruds";

/// A service that hanako uses, with a token of hers.
struct Notebook {
    party: Party,
    token: String,
    issuer: String,
    sub: String,
}

async fn notebook(server: &Server, scope: &str) -> Party {
    let metadata = json!({"client_name": "Notebook", "redirect_uris": [CALLBACK],
        "grant_types": ["authorization_code", "refresh_token"], "scope": scope});
    Party::made(server, &metadata).await
}

impl Notebook {
    async fn new(server: &Server, browser: &Actor, person: &Person, scope: &str) -> Self {
        let (party, pkce) = (notebook(server, scope).await, Pkce::new());
        let code = party.code(browser, person, &pkce, &[("scope", scope)]).await;
        let tokens = party.token(&party.redemption(&code, &pkce)).await.good();
        let token = tokens.text("access_token").to_owned();
        let sub = part(&token, 1)["sub"].as_str().unwrap().to_owned();
        Self {
            party,
            token,
            issuer: server.issuer(),
            sub,
        }
    }

    async fn send(
        &self,
        world: &World,
        method: &str,
        path: &str,
        shape: impl FnOnce(RequestBuilder) -> RequestBuilder,
    ) -> Reply {
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        let request = http()
            .request(
                method,
                format!("http://127.0.0.1:{}/fhir{path}", world.server.port()),
            )
            .header("host", world.server.issuer().trim_start_matches("http://"))
            .bearer_auth(&self.token);
        let reply = send(shape(request), &world.server.secrets()).await;
        let kind = reply
            .headers
            .get("content-type")
            .map(|kind| kind.to_str().unwrap());
        assert!(
            kind == Some("application/fhir+json") || reply.text.is_empty(),
            "{kind:?} {}",
            reply.text
        );
        reply
    }

    async fn get(&self, world: &World, path: &str) -> Reply {
        self.send(world, "GET", path, |request| request).await
    }

    async fn create(&self, world: &World, resource: &Value) -> Reply {
        self.send(world, "POST", "/Consent", |request| fhir(request, resource))
            .await
    }

    async fn update(&self, world: &World, resource: &Value, version: &str) -> Reply {
        let path = format!("/Consent/{}", resource["id"].as_str().unwrap());
        self.send(world, "PUT", &path, |request| {
            fhir(request, resource).header("if-match", format!("W/\"{version}\""))
        })
        .await
    }

    /// Lets whom `actor` means see vitals by day, for care.
    fn resource(&self, actor: &Value) -> Value {
        let code = |system: &str, code: &str| json!({"coding": [{"system": system, "code": code}]});
        json!({
            "resourceType": "Consent",
            "status": "active",
            "scope": code("http://terminology.hl7.org/CodeSystem/consentscope", "patient-privacy"),
            "category": [code("http://loinc.org", "59284-0")],
            "patient": {"identifier": {"system": self.issuer, "value": self.sub}},
            "policyRule": code("http://terminology.hl7.org/CodeSystem/v3-ActCode", "OPTIN"),
            "provision": {
                "type": "deny",
                "provision": [{
                    "modifierExtension": [{"url": "urn:musubi:fhir:depth", "valueCode": "daily"}],
                    "type": "permit",
                    "actor": [actor],
                    "action": [code("urn:musubi:fhir:action", "read")],
                    "purpose": [{
                        "system": "http://terminology.hl7.org/CodeSystem/v3-ActReason", "code": "TREAT",
                    }],
                    "class": [{"system": "urn:musubi:fhir:kind", "code": "vitals"}],
                }],
            },
        })
    }
}

fn fhir(request: RequestBuilder, resource: &Value) -> RequestBuilder {
    request
        .header("content-type", "application/fhir+json; charset=utf-8")
        .body(resource.to_string())
}

fn numbered(sort: &str, number: &str, more: &[(&str, &str)]) -> Value {
    let mut coding = vec![json!({"system": "urn:musubi:fhir:grantee", "code": sort})];
    coding.extend(
        more.iter()
            .map(|(system, code)| json!({"system": format!("urn:musubi:fhir:{system}"), "code": code})),
    );
    json!({
        "role": {"coding": coding},
        "reference": {"identifier": {"system": "urn:musubi:fhir:number", "value": number}},
    })
}

fn says(reply: &Reply, status: u16, id: &str) {
    let said = &reply.json["issue"][0]["details"]["coding"][0]["code"];
    assert_eq!(
        (reply.status.as_u16(), said.as_str()),
        (status, Some(id)),
        "{}",
        reply.text
    );
    assert_eq!(reply.json["resourceType"], "OperationOutcome");
}

/// Where a list goes on.
fn next(bundle: &Value) -> Option<String> {
    let mut links = bundle["link"].as_array().unwrap().iter();
    let next = links.find(|link| link["relation"] == "next")?;
    let path = next["url"].as_str().unwrap().split("/fhir").nth(1);
    Some(path.unwrap().to_owned())
}

fn ids(bundle: &Value) -> Vec<String> {
    let entries = bundle["entry"].as_array().cloned().unwrap_or_default();
    let ids = entries
        .iter()
        .map(|entry| entry["resource"]["id"].as_str().unwrap().to_owned());
    ids.collect()
}

fn version(reply: &Reply) -> &str {
    let tag = reply.headers["etag"].to_str().unwrap();
    tag.strip_prefix("W/\"").unwrap().strip_suffix('"').unwrap()
}

/// What was done is told to the person, and stands in their log in words.
async fn the_person_knows_of_it(patient: &Patient) {
    let account = patient.browser.open("/account").await;
    let words = "Notebook stopped somebody from seeing your records";
    assert!(account.body.contains(words), "{}", account.body);
    let page = patient.browser.open("/account/log").await;
    let words = "Somebody looked at who sees your records";
    assert!(page.body.contains(words) && !page.body.contains("access.read"));
}

#[tokio::test]
async fn a_service_gives_reads_changes_and_withdraws_a_consent_in_the_name_of_who_uses_it() {
    for backend in Backend::ALL {
        let world = World::new(backend).await;
        let town = world.town().await;
        let nurse = world.member("nurse", &town.surgery).await;
        occupy(&world, &nurse, "nurse").await;
        let patient = Patient::new(&world).await;
        let app = Notebook::new(&world.server, &patient.browser, &patient.hanako.person, ALL).await;

        let given = app
            .create(
                &world,
                &app.resource(&numbered("organisation", &town.surgery, &[])),
            )
            .await;
        assert_eq!(given.status.as_u16(), 201, "{}", given.text);
        let id = given.text("id").to_owned();
        let place = format!("/fhir/Consent/{id}/_history/1");
        assert!(given.headers["location"].to_str().unwrap().ends_with(&place));
        assert!(given.headers["last-modified"].to_str().unwrap().ends_with(" GMT"));
        assert!(patient.sees(&world, &nurse).await);
        let actor = &given.json["provision"]["provision"][0]["actor"][0]["reference"];
        assert_eq!(actor["display"], "Surgery");
        assert_eq!(actor["identifier"]["system"], "urn:musubi:fhir:organisation");
        for own in [&given.json["patient"], &given.json["performer"][0]] {
            assert_eq!(own["identifier"], json!({"system": app.issuer, "value": app.sub}));
        }

        // What was read is what can be sent: narrower now.
        let read = app.get(&world, &format!("/Consent/{id}")).await.good();
        assert_eq!(read.json, given.json);
        let mut narrower = read.json.clone();
        narrower["provision"]["provision"][0]["actor"][0]["role"]["coding"] = json!([
            {"system": "urn:musubi:fhir:grantee", "code": "organisation"},
            {"system": "urn:musubi:fhir:occupation", "code": "physician"},
        ]);
        let changed = app.update(&world, &narrower, "1").await.good();
        assert_eq!(version(&changed), "2");
        assert!(!patient.sees(&world, &nurse).await);
        says(&app.update(&world, &narrower, "1").await, 412, "fhir.changed");
        let blind = app
            .send(&world, "PUT", &format!("/Consent/{id}"), |request| {
                fhir(request, &narrower)
            })
            .await;
        says(&blind, 428, "fhir.if_match");

        // The page shows it, and the person was told of each step.
        let page = patient.browser.open("/account/consents").await;
        assert!(page.body.contains("Surgery"), "{}", page.body);
        let account = patient.browser.open("/account").await;
        assert!(
            account.body.contains("Notebook changed who sees your records"),
            "{}",
            account.body
        );

        // A person and an organisation that were read can be named again by what they were read as.
        let mut back = changed.json.clone();
        back["provision"]["provision"][0]["actor"][0]["role"]["coding"]
            .as_array_mut()
            .unwrap()
            .pop();
        app.update(&world, &back, "2").await.good();
        assert!(patient.sees(&world, &nurse).await);

        let gone = app
            .send(&world, "DELETE", &format!("/Consent/{id}"), |request| request)
            .await
            .good();
        assert_eq!(gone.json["status"], "inactive");
        assert!(!patient.sees(&world, &nurse).await);
        the_person_knows_of_it(&patient).await;
        let again = app
            .send(&world, "DELETE", &format!("/Consent/{id}"), |request| request)
            .await;
        says(&again, 410, "consent.withdrawn");

        let log = world.server.log();
        let rows = log
            .iter()
            .filter(|row| row["service"] == "fhir" && row["decision"] == "permit");
        let count = |action: &str| rows.clone().filter(|row| row["action"] == action).count();
        assert_eq!((count("access.allow"), count("access.withdraw")), (3, 1));
        assert!(
            rows.clone()
                .all(|row| row["client"] == app.party.id() && row["subject"].is_string())
        );
        world.server.assert_log_is_intact();
    }
}

#[tokio::test]
async fn every_version_of_a_consent_stays_and_says_what_made_it() {
    let world = World::new(Backend::Sqlite).await;
    let town = world.town().await;
    let patient = Patient::new(&world).await;
    let app = Notebook::new(&world.server, &patient.browser, &patient.hanako.person, ALL).await;
    let resource = app.resource(&numbered("organisation", &town.surgery, &[]));
    let given = app.create(&world, &resource).await.good();
    let id = given.text("id");
    for version in ["1", "2"] {
        app.update(&world, &given.json, version).await.good();
    }
    app.send(&world, "DELETE", &format!("/Consent/{id}"), |request| request)
        .await
        .good();
    let history = app
        .get(&world, &format!("/Consent/{id}/_history?_count=3"))
        .await
        .good()
        .json;
    let methods = history["entry"].as_array().unwrap().iter();
    let methods: Vec<&str> = methods
        .map(|entry| entry["request"]["method"].as_str().unwrap())
        .collect();
    assert_eq!(methods, ["DELETE", "PUT", "PUT"]);
    let rest = app.get(&world, &next(&history).unwrap()).await.good().json;
    assert_eq!(rest["entry"][0]["request"]["method"], "POST");
    assert_eq!(rest["entry"][0]["resource"], given.json);
    let first = app.get(&world, &format!("/Consent/{id}/_history/1")).await.good();
    assert_eq!(first.json, given.json);
    let known = app
        .send(&world, "GET", &format!("/Consent/{id}"), |request| {
            request.header("if-none-match", "W/\"4\"")
        })
        .await;
    assert_eq!((known.status.as_u16(), known.text.as_str()), (304, ""));
}

#[tokio::test]
async fn a_search_finds_what_it_asks_for_page_by_page_and_refuses_what_it_does_not_know() {
    let world = World::new(Backend::Sqlite).await;
    let town = world.town().await;
    let patient = Patient::new(&world).await;
    let app = Notebook::new(&world.server, &patient.browser, &patient.hanako.person, ALL).await;
    let empty = app.get(&world, "/Consent").await.good().json;
    assert_eq!(
        (&empty["type"], &empty["entry"]),
        (&json!("searchset"), &Value::Null)
    );
    let mut made = Vec::new();
    for number in [&town.hospital, &town.surgery, &town.kitchen] {
        let given = app
            .create(&world, &app.resource(&numbered("organisation", number, &[])))
            .await
            .good();
        made.push(given.text("id").to_owned());
    }
    app.send(&world, "DELETE", &format!("/Consent/{}", made[1]), |request| {
        request
    })
    .await
    .good();
    let mut seen = Vec::new();
    let mut path = "/Consent?_count=2".to_owned();
    loop {
        let page = app.get(&world, &path).await.good().json;
        seen.extend(ids(&page));
        let Some(more) = next(&page) else { break };
        path = more;
    }
    assert_eq!(seen, made);
    let whole = format!("{}|{}", app.issuer, app.sub)
        .replace(':', "%3A")
        .replace('|', "%7C")
        .replace('/', "%2F");
    for (query, found) in [
        ("status=active".to_owned(), vec![made[0].clone(), made[2].clone()]),
        ("status=inactive".to_owned(), vec![made[1].clone()]),
        ("status=draft".to_owned(), vec![]),
        (format!("_id={}", made[2]), vec![made[2].clone()]),
        (format!("_id={}&status=inactive", made[2]), vec![]),
        (
            format!("patient:identifier={whole}&status=inactive"),
            vec![made[1].clone()],
        ),
        ("patient:identifier=x%7Cy".to_owned(), vec![]),
    ] {
        let bundle = app.get(&world, &format!("/Consent?{query}")).await.good().json;
        assert_eq!(ids(&bundle), found, "{query}");
        let posted = app
            .send(&world, "POST", "/Consent/_search", |request| {
                request
                    .header("content-type", "application/x-www-form-urlencoded")
                    .body(query.clone())
            })
            .await
            .good();
        assert_eq!(ids(&posted.json), found, "{query}");
    }
    for query in [
        "date=2026",
        "status=open",
        "_count=0",
        "_count=x",
        "page=x",
        "_id=a&_id=b",
        "patient=Patient/1",
    ] {
        says(
            &app.get(&world, &format!("/Consent?{query}")).await,
            400,
            "fhir.parameter",
        );
    }
}

#[tokio::test]
async fn the_page_where_somebody_allows_it_says_what_it_means() {
    let server = Server::start(Backend::Sqlite).await;
    let hanako = server.person("hanako");
    for (scope, words) in [
        ("openid patient/Consent.rs", "Who sees your health records"),
        (
            "openid patient/Consent.cruds",
            "Deciding who sees your health records",
        ),
    ] {
        let party = notebook(&server, scope).await;
        let browser = Actor::new(&server);
        let page = browser
            .open(&party.request(&Pkce::new(), &[("scope", scope)]))
            .await;
        let page = browser.sign_in(&page, &hanako).await;
        assert!(
            page.has_form("/oauth/consent") && page.body.contains(words),
            "{}",
            page.body
        );
    }
    let statement = http()
        .get(server.url("/fhir/metadata"))
        .send()
        .await
        .unwrap()
        .json::<Value>()
        .await
        .unwrap();
    assert_eq!(
        (
            &statement["fhirVersion"],
            &statement["rest"][0]["resource"][0]["type"]
        ),
        (&json!("4.0.1"), &json!("Consent"))
    );
}

#[tokio::test]
async fn where_the_authorization_server_is_stands_where_apps_look_for_it() {
    let server = Server::start(Backend::Sqlite).await;
    let get = async |path: &str| {
        let answer = http().get(server.url(path)).send().await.unwrap();
        assert_eq!(answer.headers()["content-type"], "application/json", "{path}");
        answer.json::<Value>().await.unwrap()
    };
    let smart = get("/fhir/.well-known/smart-configuration").await;
    let whole = get("/.well-known/oauth-authorization-server").await;
    for name in [
        "authorization_endpoint",
        "token_endpoint",
        "grant_types_supported",
        "jwks_uri",
    ] {
        assert!(
            !smart[name].is_null() && smart[name] == whole[name],
            "{name} {smart:#}"
        );
    }
    assert_eq!(smart["code_challenge_methods_supported"], json!(["S256"]));
    let capabilities = smart["capabilities"].as_array().unwrap();
    assert!(capabilities.contains(&json!("permission-v2")));
    // What would need the claim fhirUser, or keys that nobody has here.
    for more in [
        "sso-openid-connect",
        "client-confidential-asymmetric",
        "launch-standalone",
    ] {
        assert!(!capabilities.contains(&json!(more)), "{more}");
    }
    assert!(smart.get("issuer").is_none(), "it goes with sso-openid-connect");
}
