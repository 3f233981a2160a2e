//! What no service does with a person's consents: say what nobody meant, reach further than its token, act on a sign-in of
//! long ago.

use super::*;
use crate::staff::consents::leave;

#[tokio::test]
async fn a_consent_that_says_what_nobody_meant_is_refused_and_changes_nothing() {
    let world = World::new(Backend::Sqlite).await;
    let town = world.town().await;
    let nurse = world.member("nurse", &town.surgery).await;
    occupy(&world, &nurse, "nurse").await;
    let patient = Patient::new(&world).await;
    let app = Notebook::new(&world.server, &patient.browser, &patient.hanako.person, ALL).await;
    let good = app.resource(&numbered("organisation", &town.surgery, &[]));
    let with = |pointer: &str, value: Value| {
        let mut other = good.clone();
        *other.pointer_mut(pointer).unwrap() = value;
        other
    };
    let beside = |pointer: &str, name: &str, value: Value| {
        let mut other = good.clone();
        other.pointer_mut(pointer).unwrap()[name] = value;
        other
    };
    let inner = "/provision/provision/0";
    let actor = |actor: Value| with("/provision/provision/0/actor/0", actor);
    let mine = numbered("client", app.party.id(), &[]);
    let mut itself = mine.clone();
    itself["reference"]["identifier"]["system"] = "urn:musubi:fhir:client".into();
    let mut unknown = itself.clone();
    unknown["reference"]["identifier"]["value"] = "nobody".into();
    let named = |system: &str, value: &str, sort: &str| {
        json!({"role": {"coding": [{"system": "urn:musubi:fhir:grantee", "code": sort}]},
            "reference": {"identifier": {"system": format!("urn:musubi:fhir:{system}"), "value": value}}})
    };
    let key = "01a2191e-3919-7abc-ae2c-2a05dfa59d70";
    let cases = [
        // Whose it is.
        (
            with("/patient/identifier/value", json!("somebody")),
            422,
            "consent.other",
        ),
        (
            with("/patient/identifier/system", json!("urn:musubi:fhir:person")),
            422,
            "consent.other",
        ),
        (
            beside(
                "",
                "performer",
                json!([{"identifier": {"system": app.issuer, "value": "x"}}]),
            ),
            422,
            "consent.other",
        ),
        // What is not understood.
        (
            beside("", "implicitRules", json!("http://example.jp/")),
            400,
            "consent.shape",
        ),
        (beside("", "verification", json!([])), 400, "consent.shape"),
        (beside(inner, "extension", json!([])), 400, "consent.shape"),
        (beside("", "resourceType", json!("Patient")), 400, "consent.shape"),
        (with("/status", json!("draft")), 400, "consent.shape"),
        (with("/category", json!([])), 422, "consent.code"),
        (
            with("/scope/coding/0/code", json!("research")),
            422,
            "consent.code",
        ),
        (with("/provision/type", json!("permit")), 422, "consent.unbounded"),
        (
            with("/provision/provision/0/class", json!([])),
            422,
            "consent.unbounded",
        ),
        (
            with("/provision/provision/0/class/0/code", json!("thoughts")),
            422,
            "consent.code",
        ),
        (with("/provision/provision", json!([])), 422, "consent.count"),
        (
            beside(
                inner,
                "period",
                json!({"start": "2027-01-02T00:00:00Z", "end": "2027-01-01T00:00:00Z"}),
            ),
            422,
            "consent.time",
        ),
        // Whom it names.
        (actor(itself), 403, "consent.itself"),
        (actor(unknown), 422, "consent.nobody"),
        (actor(mine), 422, "consent.nobody"),
        (
            actor(numbered("organisation", &patient.hanako.number, &[])),
            422,
            "consent.nobody",
        ),
        (
            actor(numbered("organisation", "10000000000083", &[])),
            422,
            "consent.nobody",
        ),
        (
            actor(numbered(
                "organisation",
                &town.surgery,
                &[("occupation", "physician")],
            )),
            422,
            "consent.nobody",
        ),
        (
            actor(numbered("organisation", &town.surgery, &[("occupation", "king")])),
            422,
            "consent.code",
        ),
        (
            actor(numbered("person", &nurse.number, &[])),
            422,
            "consent.nobody",
        ),
        (
            actor(numbered("staff", &nurse.staff, &[("number", &town.kitchen)])),
            422,
            "consent.nobody",
        ),
        (actor(named("person", key, "person")), 422, "consent.nobody"),
        (
            actor(named("organisation", key, "organisation")),
            422,
            "consent.nobody",
        ),
        (
            actor(named("relation", "neighbour", "relation")),
            422,
            "consent.nobody",
        ),
    ];
    for (resource, status, id) in cases {
        says(&app.create(&world, &resource).await, status, id);
    }
    for (body, kind, status, id) in [
        ("{", "application/fhir+json", 400, "fhir.syntax"),
        (
            "{\"status\":\"active\",\"status\":\"inactive\"}",
            "application/fhir+json",
            400,
            "fhir.syntax",
        ),
        ("<Consent/>", "application/fhir+xml", 415, "fhir.content_type"),
    ] {
        let reply = app
            .send(&world, "POST", "/Consent", |request| {
                request.header("content-type", kind).body(body)
            })
            .await;
        says(&reply, status, id);
    }
    let xml = app
        .send(&world, "GET", "/Consent", |request| {
            request.header("accept", "application/fhir+xml")
        })
        .await;
    says(&xml, 406, "fhir.accept");
    says(&app.get(&world, "/Patient/1").await, 404, "fhir.unknown");
    says(
        &app.send(&world, "PATCH", "/Consent/x", |request| request).await,
        405,
        "fhir.method",
    );
    assert_eq!(
        app.get(&world, "/Consent").await.good().json["entry"],
        Value::Null
    );

    // The same said well: to one of the staff, and to a relation.
    let staff = numbered("staff", &nurse.staff, &[("number", &town.surgery)]);
    app.create(&world, &actor(staff)).await.good();
    assert!(patient.sees(&world, &nurse).await);
    leave(&world, &nurse).await;
    assert!(!patient.sees(&world, &nurse).await);
    let given = app
        .create(&world, &actor(named("relation", "child", "relation")))
        .await
        .good();
    // Withdrawn as it is, or not at all.
    let mut wider = given.json.clone();
    wider["status"] = "inactive".into();
    wider["provision"]["provision"][0]["class"][0]["code"] = "meals".into();
    says(&app.update(&world, &wider, "1").await, 422, "consent.withdrawal");
    wider["provision"]["provision"][0]["class"][0]["code"] = "vitals".into();
    assert_eq!(
        app.update(&world, &wider, "1").await.good().json["status"],
        "inactive"
    );
    let mut foreign = wider.clone();
    foreign["id"] = key.into();
    let reply = app
        .send(
            &world,
            "PUT",
            &format!("/Consent/{}", given.text("id")),
            |request| fhir(request, &foreign),
        )
        .await;
    says(&reply, 400, "fhir.id");
}

#[tokio::test]
async fn a_token_reaches_its_own_persons_consents_as_far_as_its_scope_and_names_say_nothing_elsewhere() {
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

    // A name is one client's and one person's alone.
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
async fn what_opens_needs_a_sign_in_of_a_short_while_ago_and_what_closes_does_not() {
    let options = Options {
        configuration: "[people]\nchange_max_age_seconds = 1\n".to_owned(),
        ..Options::default()
    };
    let server = Server::start_with(Backend::Sqlite, options).await;
    let (root, app) = (service(&server, ROOT).await, app(&server));
    let world = World { server, root, app };
    let town = world.town().await;
    let hanako = world.server.person("hanako");
    let browser = Actor::new(&world.server);
    let app = Notebook::new(&world.server, &browser, &hanako, ALL).await;
    let resource = app.resource(&numbered("organisation", &town.surgery, &[]));
    let given = app.create(&world, &resource).await.good();
    tokio::time::sleep(std::time::Duration::from_millis(2500)).await;
    for reply in [
        app.create(&world, &resource).await,
        app.update(&world, &given.json, "1").await,
    ] {
        says(&reply, 401, "token.step_up");
        let challenge = reply.headers["www-authenticate"].to_str().unwrap();
        assert!(
            challenge.contains("insufficient_user_authentication") && challenge.contains("max_age=\"1\""),
            "{challenge}"
        );
    }
    let path = format!("/Consent/{}", given.text("id"));
    app.send(&world, "DELETE", &path, |request| request).await.good();
}
