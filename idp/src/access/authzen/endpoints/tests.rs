//! The Authorization API as services use it, and as others try to.

use axum::body::Body;
use http::header::{AUTHORIZATION, CONTENT_TYPE, HOST};
use http::{Request, StatusCode};
use platform::database::Backend;
use platform::database::testing::BACKENDS;
use serde_json::{Value, json};

use crate::access::{Action, Actions, Depth, Effect, Grantee, Kind, Kinds, Period, Purpose, Purposes, Rule};
use crate::consent::{Draft, Origin, find, list, prepare, prepare_withdrawal, write};
use crate::ids::ConsentId;
use crate::oauth::clients::{Client, Metadata};
use crate::oauth::tokens::{Issue, issue};
use crate::people::{Person, number_of};
use crate::testing::{Answer, HOME, House};

struct Place {
    house: House,
    token: String,
    hanako: Person,
    taro: Person,
    jiro: Person,
}

const ASK: &str = "musubi:access.evaluate";

async fn client(house: &House, scope: &str) -> Client {
    let metadata = Metadata::from_json(
        &json!({
            "grant_types": ["client_credentials"],
            "scope": scope,
            "id_token_signed_response_alg": "ES256",
        }),
        false,
    );
    let (hub, now) = (&house.hub, house.hub.clock.now());
    let registered = hub
        .clients
        .register(&house.realm, &hub.entropy, now, &metadata.unwrap(), false)
        .await;
    registered.unwrap().client
}

async fn token(house: &House, scope: &str) -> String {
    let client = client(house, scope).await;
    let issued = issue(&house.hub, &house.realm, Issue::new(&client, &client.scope))
        .await
        .unwrap();
    let issued = serde_json::to_value(&issued).unwrap();
    issued["access_token"].as_str().unwrap().to_owned()
}

impl Place {
    async fn new(backend: Backend) -> Self {
        let house = House::on(backend, 1000).await;
        let (hanako, _) = house.person("hanako", "spring-rain-17").await;
        let (taro, _) = house.person("taro", "autumn-wind-23").await;
        let (jiro, _) = house.person("jiro", "winter-moon-31").await;
        let token = token(&house, ASK).await;
        Self {
            house,
            token,
            hanako,
            taro,
            jiro,
        }
    }

    async fn number(&self, person: &Person) -> String {
        let number = number_of(&self.house.hub.store, &self.house.realm, person.id).await;
        number.unwrap().unwrap().to_string()
    }

    async fn send(&self, path: &str, token: Option<&str>, body: String) -> Answer {
        let mut request = Request::builder()
            .method("POST")
            .uri(path)
            .header(HOST, HOME)
            .header(CONTENT_TYPE, "application/json")
            .header("x-request-id", "pep-7");
        if let Some(token) = token {
            request = request.header(AUTHORIZATION, format!("Bearer {token}"));
        }
        self.house
            .send("192.0.2.10", request.body(Body::from(body)).unwrap())
            .await
    }

    async fn ask(&self, path: &str, body: &Value) -> Value {
        let answer = self.send(path, Some(&self.token), body.to_string()).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
        serde_json::from_str(&answer.body).unwrap()
    }

    async fn read_vitals(&self, who: &Person, whose: &Person) -> Value {
        json!({
            "subject": {"type": "person", "id": self.number(who).await},
            "action": {"name": "read"},
            "resource": {"type": "vitals", "id": self.number(whose).await, "properties": {"depth": "values"}},
            "context": {"purpose": "family"},
        })
    }

    async fn allow(&self, whose: &Person, rules: Vec<Rule>) -> ConsentId {
        let draft = Draft {
            performer: whose.id,
            origin: Origin::Person,
            rules,
        };
        let prepared = prepare(&self.house.hub, &self.house.realm, whose, &draft).unwrap();
        write(&self.house.hub, prepared).await.unwrap()
    }
}

fn to(person: &Person) -> Rule {
    Rule {
        effect: Effect::Permit,
        grantee: Grantee::Person(person.id),
        kinds: Kinds::of(&[Kind::Vitals]),
        actions: Actions::of(&[Action::Read, Action::Search]),
        purposes: Purposes::of(&[Purpose::Family]),
        depth: Depth::Values,
        data: Period::ALWAYS,
        valid: Period::ALWAYS,
    }
}

#[tokio::test]
async fn a_service_is_told_what_a_consent_allows_and_from_its_withdrawal_on_that_it_does_not() {
    for backend in BACKENDS {
        let place = Place::new(backend).await;
        let question = place.read_vitals(&place.taro, &place.hanako).await;
        let no = place.ask("/access/v1/evaluation", &question).await;
        assert_eq!(
            no,
            json!({"decision": false, "context": {"reason": "access.no_consent"}})
        );
        let id = place.allow(&place.hanako, vec![to(&place.taro)]).await;
        let yes = place.ask("/access/v1/evaluation", &question).await;
        assert_eq!(yes["decision"], true);
        assert_eq!(yes["context"]["obligations"]["depth"], "values");
        let kept = find(&place.house.hub, &place.house.realm, &place.hanako, id)
            .await
            .unwrap()
            .unwrap();
        let end = prepare_withdrawal(
            &place.house.hub,
            &place.house.realm,
            &place.hanako,
            &kept,
            place.hanako.id,
        );
        write(&place.house.hub, end.unwrap()).await.unwrap();
        assert_eq!(place.ask("/access/v1/evaluation", &question).await, no);
        let logged: Vec<(String, Option<String>)> = place
            .house
            .rows()
            .await
            .into_iter()
            .filter(|row| row.action == "access.evaluate")
            .map(|row| (row.decision, row.reason))
            .collect();
        let denied = || ("deny".to_owned(), Some("access.no_consent".to_owned()));
        assert_eq!(logged, [denied(), ("permit".to_owned(), None), denied()]);
    }
}

#[tokio::test]
async fn without_a_depth_the_answer_says_how_deep_and_an_unknown_name_is_answered_as_a_refused_one() {
    let place = Place::new(Backend::Sqlite).await;
    let mut rule = to(&place.taro);
    rule.depth = Depth::Daily;
    place.allow(&place.hanako, vec![rule]).await;
    let mut question = place.read_vitals(&place.taro, &place.hanako).await;
    let deep = place.ask("/access/v1/evaluation", &question).await;
    assert_eq!(deep["context"]["reason"], "access.too_deep");
    question["resource"]["properties"] = json!({});
    let open = place.ask("/access/v1/evaluation", &question).await;
    assert_eq!(open["context"]["obligations"]["depth"], "daily");
    let stranger = place.read_vitals(&place.jiro, &place.hanako).await;
    let refused = place.ask("/access/v1/evaluation", &stranger).await;
    for (pointer, other) in [
        ("/subject/id", json!("7999999999999999")),
        ("/subject/id", json!("nobody")),
        ("/subject/type", json!("robot")),
        ("/resource/id", json!("7999999999999999")),
        ("/resource/type", json!("genome")),
        ("/action/name", json!("devour")),
        ("/context/purpose", json!("mischief")),
    ] {
        let mut question = question.clone();
        *question.pointer_mut(pointer).unwrap() = other;
        assert_eq!(
            place.ask("/access/v1/evaluation", &question).await,
            refused,
            "{pointer}"
        );
    }
}

#[tokio::test]
async fn who_is_no_service_that_may_ask_is_told_nothing_and_is_on_record() {
    let place = Place::new(Backend::Sqlite).await;
    let question = place.read_vitals(&place.hanako, &place.hanako).await.to_string();
    let other = token(&place.house, "musubi:people.read").await;
    for path in [
        "/access/v1/evaluation",
        "/access/v1/evaluations",
        "/access/v1/search/subject",
        "/access/v1/search/resource",
        "/access/v1/search/action",
    ] {
        let none = place.send(path, None, question.clone()).await;
        assert_eq!(none.status, StatusCode::UNAUTHORIZED, "{path}");
        assert!(none.headers.contains_key("www-authenticate"));
        assert_eq!(none.headers["x-request-id"], "pep-7");
        assert_eq!(
            place.send(path, Some("x.y.z"), question.clone()).await.status,
            401,
            "{path}"
        );
        assert_eq!(
            place.send(path, Some(&other), question.clone()).await.status,
            403,
            "{path}"
        );
    }
    assert_eq!(place.house.refusals("access.ask", "token.scope").await, 5);
}

#[tokio::test]
async fn what_is_no_request_is_an_error_and_never_a_decision() {
    let place = Place::new(Backend::Sqlite).await;
    let good = place.read_vitals(&place.hanako, &place.hanako).await;
    let mut bad = vec![
        "[]".to_owned(),
        "{}".to_owned(),
        "null".to_owned(),
        "{".to_owned(),
        "[".repeat(5000),
    ];
    for member in ["subject", "action", "resource"] {
        let mut one = good.clone();
        one.as_object_mut().unwrap().remove(member);
        bad.push(one.to_string());
        let mut one = good.clone();
        one[member] = json!("text");
        bad.push(one.to_string());
    }
    bad.push(good.to_string().replacen("\"id\":", "\"id\":\"0\",\"id\":", 1));
    let mut one = good.clone();
    one["resource"]["properties"] = json!({"from": "yesterday"});
    bad.push(one.to_string());
    for body in bad {
        let answer = place
            .send("/access/v1/evaluation", Some(&place.token), body.clone())
            .await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{body}");
        assert_eq!(answer.headers["content-type"], "text/plain; charset=utf-8");
    }
    for evaluations in [json!([]), json!(vec![json!({}); 101])] {
        let body = json!({"evaluations": evaluations}).to_string();
        let answer = place
            .send("/access/v1/evaluations", Some(&place.token), body)
            .await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    }
}

#[tokio::test]
async fn many_questions_are_answered_in_their_order_and_as_far_as_their_semantic_says() {
    let place = Place::new(Backend::Sqlite).await;
    place.allow(&place.hanako, vec![to(&place.taro)]).await;
    let question = place.read_vitals(&place.taro, &place.hanako).await;
    let mut batch = question.clone();
    batch["evaluations"] = json!([
        {},
        {"action": {"name": "export"}},
        {"resource": {"type": "vitals"}},
        {"action": {"name": "search"}},
    ]);
    let decisions = |answer: &Value| -> Vec<bool> {
        let all = answer["evaluations"].as_array().unwrap();
        all.iter().map(|one| one["decision"].as_bool().unwrap()).collect()
    };
    let all = place.ask("/access/v1/evaluations", &batch).await;
    assert_eq!(decisions(&all), [true, false, false, true]);
    assert_eq!(all["evaluations"][2]["context"]["error"]["status"], 400);
    batch["options"] = json!({"evaluations_semantic": "deny_on_first_deny"});
    assert_eq!(
        decisions(&place.ask("/access/v1/evaluations", &batch).await),
        [true, false]
    );
    batch["options"] = json!({"evaluations_semantic": "permit_on_first_permit"});
    assert_eq!(
        decisions(&place.ask("/access/v1/evaluations", &batch).await),
        [true]
    );
    batch["options"] = json!({"evaluations_semantic": "guess"});
    let body = batch.to_string();
    let answer = place
        .send("/access/v1/evaluations", Some(&place.token), body)
        .await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    // Without the list, or with nothing in it, it is one question (§7.1).
    let mut empty = question.clone();
    empty["evaluations"] = json!([]);
    for one in [&question, &empty] {
        let answer = place.ask("/access/v1/evaluations", one).await;
        assert_eq!(answer["decision"], true);
        assert!(answer.get("evaluations").is_none());
    }
}

#[tokio::test]
async fn a_search_finds_what_an_evaluation_permits_and_pages_fit_only_their_own_search() {
    for backend in BACKENDS {
        let place = Place::new(backend).await;
        let mut forbidden = to(&place.taro);
        forbidden.effect = Effect::Deny;
        forbidden.depth = Depth::Aggregate;
        place
            .allow(&place.hanako, vec![to(&place.taro), to(&place.jiro)])
            .await;
        place.allow(&place.jiro, vec![to(&place.taro)]).await;
        place.allow(&place.jiro, vec![forbidden]).await;
        let (hanako, taro, jiro) = (
            place.number(&place.hanako).await,
            place.number(&place.taro).await,
            place.number(&place.jiro).await,
        );
        let ids = |answer: &Value| -> Vec<String> {
            let all = answer["results"].as_array().unwrap();
            all.iter()
                .map(|one| one["id"].as_str().unwrap().to_owned())
                .collect()
        };
        let sorted = |mut ids: Vec<String>| {
            ids.sort();
            ids
        };
        let mut search = place.read_vitals(&place.taro, &place.hanako).await;
        // Whose: hanako's, and his own; not jiro's, who forbade it.
        let whose = ids(&place.ask("/access/v1/search/resource", &search).await);
        assert_eq!(sorted(whose), sorted(vec![hanako.clone(), taro.clone()]));
        // Who: everybody named, and hanako herself.
        let who = ids(&place.ask("/access/v1/search/subject", &search).await);
        assert_eq!(sorted(who), sorted(vec![hanako.clone(), taro.clone(), jiro]));
        let actions = place.ask("/access/v1/search/action", &search).await;
        assert_eq!(actions["results"], json!([{"name": "read"}, {"name": "search"}]));
        // Page by page.
        search["page"] = json!({"limit": 1});
        let first = place.ask("/access/v1/search/resource", &search).await;
        search["page"]["token"] = first["page"]["next_token"].clone();
        let second = place.ask("/access/v1/search/resource", &search).await;
        assert_eq!((ids(&first).len(), ids(&second).len()), (1, 1));
        assert_eq!(
            sorted([ids(&first), ids(&second)].concat()),
            sorted(vec![hanako, taro])
        );
        assert_eq!(second["page"]["next_token"], "");
        search["action"]["name"] = json!("export");
        let body = search.to_string();
        let other = place
            .send("/access/v1/search/resource", Some(&place.token), body)
            .await;
        assert_eq!(other.status, StatusCode::BAD_REQUEST);
    }
}

#[tokio::test]
async fn whoever_holds_every_power_over_the_realm_sees_nobodys_health() {
    let place = Place::new(Backend::Sqlite).await;
    let (root, _) = place.house.person("root", "summer-hill-47").await;
    for power in crate::admin::scope::ALL {
        let sql = "INSERT INTO power (realm_id, person_id, scope, granted_at) VALUES ($1, $2, $3, 0)";
        let values = platform::values![place.house.realm.id.uuid(), root.id.uuid(), *power];
        platform::database::Queries::execute(&place.house.hub.store, sql, values)
            .await
            .unwrap();
    }
    place.allow(&place.hanako, vec![to(&place.taro)]).await;
    let question = place.read_vitals(&root, &place.hanako).await;
    for kind in Kind::ALL {
        let mut all = Vec::new();
        for action in Action::ALL {
            for purpose in Purpose::ALL {
                all.push(json!({
                    "resource": {"type": kind.as_str(), "id": question["resource"]["id"]},
                    "action": {"name": action.as_str()},
                    "context": {"purpose": purpose.as_str()},
                }));
            }
        }
        let count = all.len();
        let batch = json!({"subject": question["subject"], "evaluations": all});
        let answers = place.ask("/access/v1/evaluations", &batch).await;
        let answers = answers["evaluations"].as_array().unwrap();
        assert_eq!(answers.len(), count);
        assert!(answers.iter().all(|one| one["decision"] == false), "{kind:?}");
    }
    assert!(
        list(&place.house.hub, &place.house.realm, &root)
            .await
            .unwrap()
            .is_empty()
    );
}

#[tokio::test]
async fn the_configuration_names_what_is_there() {
    let place = Place::new(Backend::Sqlite).await;
    let answer = place
        .house
        .open("192.0.2.10", "/.well-known/authzen-configuration", None)
        .await;
    let document: Value = serde_json::from_str(&answer.body).unwrap();
    assert_eq!(document["policy_decision_point"], format!("http://{HOME}"));
    for name in [
        "access_evaluation_endpoint",
        "access_evaluations_endpoint",
        "search_subject_endpoint",
        "search_resource_endpoint",
        "search_action_endpoint",
    ] {
        let url = document[name].as_str().unwrap();
        let path = url.strip_prefix(&format!("http://{HOME}")).unwrap();
        let answer = place.send(path, None, "{}".to_owned()).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{path}");
    }
}
