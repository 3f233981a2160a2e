//! What no service does with a person's consents: say what nobody meant, reach further than its token, act on a sign-in of
//! long ago.

use super::*;
use crate::staff::consents::leave;

/// Hanako in front of a service of hers, in a town with a nurse.
struct Scene {
    world: World,
    town: Town,
    nurse: Member,
    patient: Patient,
    app: Notebook,
}

const KEY: &str = "01a2191e-3919-7abc-ae2c-2a05dfa59d70";
const ACTOR: &str = "/provision/provision/0/actor/0";

impl Scene {
    async fn new() -> Self {
        let world = World::new(Backend::Sqlite).await;
        let town = world.town().await;
        let nurse = world.member("nurse", &town.surgery).await;
        occupy(&world, &nurse, "nurse").await;
        let patient = Patient::new(&world).await;
        let app = Notebook::new(&world.server, &patient.browser, &patient.hanako.person, ALL).await;
        Self {
            world,
            town,
            nurse,
            patient,
            app,
        }
    }

    /// The resource to the surgery, with another value in one place.
    fn with(&self, pointer: &str, value: Value) -> Value {
        let mut resource = self
            .app
            .resource(&numbered("organisation", &self.town.surgery, &[]));
        *resource.pointer_mut(pointer).unwrap() = value;
        resource
    }

    /// With another member in one place.
    fn beside(&self, pointer: &str, name: &str, value: Value) -> Value {
        let mut resource = self.with("/status", json!("active"));
        resource.pointer_mut(pointer).unwrap()[name] = value;
        resource
    }

    /// Each is refused, and nothing is there afterwards.
    async fn refuses(&self, status: u16, id: &str, resources: Vec<Value>) {
        for resource in resources {
            says(&self.app.create(&self.world, &resource).await, status, id);
        }
        let found = self.app.get(&self.world, "/Consent").await.good();
        assert_eq!(found.json["entry"], Value::Null);
    }
}

fn named(system: &str, value: &str, sort: &str) -> Value {
    json!({
        "role": {"coding": [{"system": "urn:musubi:fhir:grantee", "code": sort}]},
        "reference": {"identifier": {"system": format!("urn:musubi:fhir:{system}"), "value": value}},
    })
}

#[tokio::test]
async fn a_consent_that_is_not_understood_whole_is_refused_and_changes_nothing() {
    let scene = Scene::new().await;
    let (with, beside) = (
        |pointer: &str, value| scene.with(pointer, value),
        |pointer: &str, name: &str, value| scene.beside(pointer, name, value),
    );
    let inner = "/provision/provision/0";
    let stranger = json!([{"identifier": {"system": scene.app.issuer, "value": "x"}}]);
    let ours = json!("urn:musubi:fhir:person");
    let others = vec![
        with("/patient/identifier/value", json!("somebody")),
        with("/patient/identifier/system", ours),
        beside("", "performer", stranger),
    ];
    scene.refuses(422, "consent.other", others).await;
    let shapes = vec![
        beside("", "implicitRules", json!("http://example.jp/")),
        beside("", "verification", json!([])),
        beside(inner, "extension", json!([])),
        beside("", "resourceType", json!("Patient")),
        with("/status", json!("draft")),
    ];
    scene.refuses(400, "consent.shape", shapes).await;
    let codes = vec![
        with("/category", json!([])),
        with("/scope/coding/0/code", json!("research")),
        with("/provision/provision/0/class/0/code", json!("thoughts")),
    ];
    scene.refuses(422, "consent.code", codes).await;
    let unbounded = vec![
        with("/provision/type", json!("permit")),
        with("/provision/provision/0/class", json!([])),
    ];
    scene.refuses(422, "consent.unbounded", unbounded).await;
    let none = vec![with("/provision/provision", json!([]))];
    scene.refuses(422, "consent.count", none).await;
    let backwards = json!({"start": "2027-01-02T00:00:00Z", "end": "2027-01-01T00:00:00Z"});
    let backwards = vec![beside(inner, "period", backwards)];
    scene.refuses(422, "consent.time", backwards).await;
}

#[tokio::test]
async fn nobody_is_named_whom_the_person_could_not_choose_and_no_service_names_itself() {
    let scene = Scene::new().await;
    let (town, nurse) = (&scene.town, &scene.nurse);
    let all = |actors: Vec<Value>| {
        let actors = actors.into_iter();
        actors.map(|actor| scene.with(ACTOR, actor)).collect::<Vec<_>>()
    };
    let itself = named("client", scene.app.party.id(), "client");
    scene.refuses(403, "consent.itself", all(vec![itself])).await;
    let king = numbered("organisation", &town.surgery, &[("occupation", "king")]);
    scene.refuses(422, "consent.code", all(vec![king])).await;
    let nobody = vec![
        named("client", "nobody", "client"),
        named("number", scene.app.party.id(), "client"),
        numbered("organisation", &scene.patient.hanako.number, &[]),
        numbered("organisation", "10000000000083", &[]),
        numbered("organisation", &town.surgery, &[("occupation", "physician")]),
        numbered("person", &nurse.number, &[]),
        numbered("staff", &nurse.staff, &[("number", &town.kitchen)]),
        named("person", KEY, "person"),
        named("organisation", KEY, "organisation"),
        named("relation", "neighbour", "relation"),
    ];
    scene.refuses(422, "consent.nobody", all(nobody)).await;
    // The same said well: to one of the staff, as long as they are that.
    let staff = numbered("staff", &nurse.staff, &[("number", &town.surgery)]);
    let resource = scene.with(ACTOR, staff);
    scene.app.create(&scene.world, &resource).await.good();
    assert!(scene.patient.sees(&scene.world, nurse).await);
    leave(&scene.world, nurse).await;
    assert!(!scene.patient.sees(&scene.world, nurse).await);
}

#[tokio::test]
async fn other_formats_resources_and_methods_are_refused_in_the_format_of_fhir() {
    let Scene { world, app, .. } = Scene::new().await;
    let json = "application/fhir+json";
    for (body, kind, status, id) in [
        ("{", json, 400, "fhir.syntax"),
        (
            r#"{"status":"active","status":"inactive"}"#,
            json,
            400,
            "fhir.syntax",
        ),
        ("<Consent/>", "application/fhir+xml", 415, "fhir.content_type"),
    ] {
        let reply = app.send(&world, "POST", "/Consent", |request| {
            request.header("content-type", kind).body(body)
        });
        says(&reply.await, status, id);
    }
    let xml = app.send(&world, "GET", "/Consent", |request| {
        request.header("accept", "application/fhir+xml")
    });
    says(&xml.await, 406, "fhir.accept");
    let xml = app.get(&world, "/Consent?_format=xml").await;
    says(&xml, 406, "fhir.accept");
    app.get(&world, "/Consent?_format=json").await.good();
    says(&app.get(&world, "/Patient/1").await, 404, "fhir.unknown");
    let patch = app.send(&world, "PATCH", "/Consent/x", |request| request);
    says(&patch.await, 405, "fhir.method");
}

#[tokio::test]
async fn a_consent_is_withdrawn_as_it_is_and_answered_as_the_client_prefers() {
    let scene = Scene::new().await;
    let (world, app) = (&scene.world, &scene.app);
    let resource = scene.with(ACTOR, named("relation", "child", "relation"));
    let given = app.create(world, &resource).await.good();
    let mut wider = given.json.clone();
    wider["status"] = "inactive".into();
    wider["provision"]["provision"][0]["class"][0]["code"] = "meals".into();
    says(&app.update(world, &wider, "1").await, 422, "consent.withdrawal");
    let mut foreign = given.json.clone();
    foreign["id"] = KEY.into();
    let path = format!("/Consent/{}", given.text("id"));
    let reply = app.send(world, "PUT", &path, |request| fhir(request, &foreign));
    says(&reply.await, 400, "fhir.id");
    let mut ended = given.json.clone();
    ended["status"] = "inactive".into();
    let ended = app.update(world, &ended, "1").await.good();
    assert_eq!(ended.json["status"], "inactive");
    for (wanted, kind) in [
        ("return=minimal", Value::Null),
        ("return=OperationOutcome", json!("OperationOutcome")),
        ("return=representation", json!("Consent")),
    ] {
        let reply = app.send(world, "POST", "/Consent", |request| {
            fhir(request, &resource).header("prefer", wanted)
        });
        let reply = reply.await.good();
        assert_eq!(reply.json["resourceType"], kind, "{wanted}");
        assert!(reply.headers.contains_key("location") && reply.headers.contains_key("etag"));
    }
}

#[tokio::test]
async fn a_token_reaches_its_own_persons_consents_as_far_as_its_scope() {
    let world = World::new(Backend::Sqlite).await;
    let town = world.town().await;
    let patient = Patient::new(&world).await;
    let hanako = &patient.hanako.person;
    let app = Notebook::new(&world.server, &patient.browser, hanako, ALL).await;
    let surgery = app.resource(&numbered("organisation", &town.surgery, &[]));
    let given = app.create(&world, &surgery).await.good();
    let path = format!("/Consent/{}", given.text("id"));

    // Of somebody else: as if it were not there.
    let taro = world.server.person("taro");
    let other = Notebook::new(&world.server, &Actor::new(&world.server), &taro, ALL).await;
    says(&other.get(&world, &path).await, 404, "fhir.unknown");
    says(
        &other.send(&world, "DELETE", &path, |request| request).await,
        404,
        "fhir.unknown",
    );
    assert_eq!(
        other.get(&world, "/Consent").await.good().json["entry"],
        Value::Null
    );

    // No further than the scope.
    let reader = Notebook::new(
        &world.server,
        &patient.browser,
        hanako,
        "openid patient/Consent.rs",
    )
    .await;
    reader.get(&world, &path).await.good();
    for (method, path) in [
        ("POST", "/Consent"),
        ("PUT", path.as_str()),
        ("DELETE", path.as_str()),
    ] {
        let reply = reader
            .send(&world, method, path, |request| fhir(request, &surgery))
            .await;
        says(&reply, 403, "token.scope");
        assert!(
            reply.headers["www-authenticate"]
                .to_str()
                .unwrap()
                .contains("scope=\"patient/Consent.")
        );
    }
    let bare = Notebook::new(&world.server, &patient.browser, hanako, "openid profile").await;
    says(&bare.get(&world, "/Consent").await, 403, "token.scope");
    // Nor without a person, or without a token.
    let service = Party::service(&world.server, "patient/Consent.cruds");
    let tokens = service
        .token(&[("grant_type", "client_credentials")])
        .await
        .good();
    let alone = Notebook {
        token: tokens.text("access_token").to_owned(),
        ..bare
    };
    says(&alone.get(&world, "/Consent").await, 403, "fhir.person");
    let nobody = Notebook {
        token: "x".to_owned(),
        ..alone
    };
    says(&nobody.get(&world, "/Consent").await, 401, "token.access.invalid");
    assert!(
        patient
            .browser
            .open("/account/consents")
            .await
            .body
            .contains("Surgery")
    );
}

#[tokio::test]
async fn a_name_is_one_clients_and_one_persons_alone() {
    let Scene {
        world,
        town,
        patient,
        app,
        ..
    } = Scene::new().await;
    let surgery = app.resource(&numbered("organisation", &town.surgery, &[]));
    let given = app.create(&world, &surgery).await.good();
    let path = format!("/Consent/{}", given.text("id"));
    let taro = world.server.person("taro");
    let other = Notebook::new(&world.server, &Actor::new(&world.server), &taro, ALL).await;
    let hanako = &patient.hanako.person;
    let second = Notebook::new(&world.server, &patient.browser, hanako, ALL).await;
    let seen = second.get(&world, &path).await.good();
    let name = |resource: &Value| resource["provision"]["provision"][0]["actor"][0].clone();
    assert_ne!(
        name(&seen.json)["reference"]["identifier"],
        name(&given.json)["reference"]["identifier"]
    );
    says(
        &second.create(&world, &second.resource(&name(&given.json))).await,
        422,
        "consent.nobody",
    );
    says(
        &other.create(&world, &other.resource(&name(&given.json))).await,
        422,
        "consent.nobody",
    );
}

#[tokio::test]
async fn what_opens_needs_a_sign_in_of_a_short_while_ago_and_what_closes_does_not() {
    // No sign-in is ever fresh.
    let options = Options {
        configuration: "[people]\nchange_max_age_seconds = 0\n".to_owned(),
        ..Options::default()
    };
    let server = Server::start_with(Backend::Sqlite, options).await;
    let (root, app) = (service(&server, ROOT).await, app(&server));
    let world = World { server, root, app };
    let town = world.town().await;
    let hanako = world.server.person("hanako");
    let browser = Actor::new(&world.server);
    let app = Notebook::new(&world.server, &browser, &hanako, ALL).await;
    // On her own page she shows her password instead.
    let page = browser.open("/account/consents").await;
    let chosen = page
        .form("/account/consents/level")
        .forge("level", "1")
        .forge("current", &hanako.password);
    browser.send(&chosen).await;
    let given = app.get(&world, "/Consent").await.good().json["entry"][0]["resource"].clone();
    let resource = app.resource(&numbered("organisation", &town.surgery, &[]));
    for reply in [
        app.create(&world, &resource).await,
        app.update(&world, &given, "1").await,
    ] {
        says(&reply, 401, "token.step_up");
        let challenge = reply.headers["www-authenticate"].to_str().unwrap();
        assert!(
            challenge.contains("insufficient_user_authentication") && challenge.contains("max_age=\"0\""),
            "{challenge}"
        );
    }
    let path = format!("/Consent/{}", given["id"].as_str().unwrap());
    let gone = app.send(&world, "DELETE", &path, |request| request).await;
    assert_eq!(gone.good().json["status"], "inactive");
}
