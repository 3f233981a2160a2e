//! Consents to organisations, to an occupation there, and to one who works there (requirement H5.2): what a person chooses
//! on their pages, what the decision makes of it, and whoever is named by a forged form.

use harness::{Page, Realm, party::http};

use super::*;

/// What is asked of the form beside whom it means.
const WHAT: [(&str, &str); 5] = [
    ("effect", "permit"),
    ("kind-vitals", "1"),
    ("depth", "daily"),
    ("purpose-care", "1"),
    ("until", "year"),
];

/// Hanako in front of her pages, and a service that asks for decisions.
pub(super) struct Patient {
    pub browser: Actor,
    pub hanako: Member,
    service: String,
}

impl Patient {
    pub async fn new(world: &World) -> Self {
        let hanako = world.person("hanako").await;
        let browser = Actor::new(&world.server);
        browser.account("/account", &hanako.person).await;
        Self {
            browser,
            hanako,
            service: service(&world.server, "musubi:access.evaluate").await,
        }
    }

    /// Looks for an organisation.
    async fn search(&self, text: &str) -> Page {
        let page = self.browser.open("/account/consents/place").await;
        let form = page.form("/account/consents/place").fill("q", text);
        self.browser.send(&form).await
    }

    /// Chooses at an organisation.
    async fn at(&self, number: &str, fields: &[(&str, &str)]) -> Page {
        let page = self
            .browser
            .open(&format!("/account/consents/place?of={number}"))
            .await;
        let mut form = page.form("/account/consents/place");
        form.fields
            .retain(|(name, _)| ["csrf", "of"].contains(&name.as_str()));
        for (name, value) in fields {
            form = form.forge(name, value);
        }
        self.browser.send(&form).await
    }

    /// Posts the form of a new consent to whom a value names.
    async fn ask(&self, to: &str, step: &str) -> Page {
        let page = self.browser.open("/account/consents/new").await;
        let mut form = page.form("/account/consents/new");
        form.fields.retain(|(name, _)| name == "csrf");
        for (name, value) in WHAT {
            form = form.forge(name, value);
        }
        self.browser
            .send(&form.forge("who", to).forge("step", step))
            .await
    }

    /// What is chosen on the form of a new consent.
    fn chosen(page: &Page) -> String {
        let values = html::values(&page.body, "input", "value");
        let known = ["staff ", "tree ", "organisation "];
        let found = values
            .into_iter()
            .find(|value| known.iter().any(|start| value.starts_with(start)));
        found.unwrap_or_else(|| panic!("nobody is chosen: {}", page.body))
    }

    async fn give(&self, to: &str) -> Page {
        let meaning = self.ask(to, "").await;
        assert!(
            meaning.body.contains("Nothing is decided yet"),
            "{}",
            meaning.body
        );
        let list = self.browser.open("/account/consents").await;
        assert!(list.body.contains("Nothing is decided yet. Nobody but you"));
        let given = self
            .browser
            .send(&meaning.form("/account/consents/new").press("give"))
            .await;
        assert!(given.body.contains("holds at once"), "{}", given.body);
        meaning
    }

    /// Opens the receipt of the first consent of the list.
    async fn receipt(&self, list: &Page) -> Page {
        let links = html::values(&list.body, "a", "href");
        let known = ["new", "place"].map(|page| format!("/account/consents/{page}"));
        let first = links
            .iter()
            .find(|link| link.starts_with("/account/consents/") && !known.contains(link));
        self.browser.open(first.expect("a receipt")).await
    }

    async fn withdraw(&self) {
        let page = self.browser.open("/account/consents").await;
        let form = page.form("/account/consents/withdraw");
        let (_, id) = form.buttons[0].clone();
        self.browser.send(&form.press(&id)).await;
    }

    /// Whether somebody may see her vitals by day, for care.
    pub async fn sees(&self, world: &World, who: &Member) -> bool {
        let question = json!({
            "subject": {"type": "person", "id": who.number},
            "action": {"name": "read"},
            "resource": {"type": "vitals", "id": self.hanako.number, "properties": {"depth": "daily"}},
            "context": {"purpose": "care"},
        });
        let answer = world
            .post(&self.service, "/access/v1/evaluation", question)
            .await
            .good();
        answer["decision"].as_bool().unwrap()
    }
}

pub(super) async fn occupy(world: &World, member: &Member, code: &str) {
    let path = format!("/api/v1/affiliations/{}/occupations", member.affiliation);
    let body = json!({"code": code, "licence": "N-1"});
    world.post(&world.root, &path, body).await.good();
}

pub(super) async fn leave(world: &World, member: &Member) {
    let path = format!("/api/v1/affiliations/{}/end", member.affiliation);
    world.post(&world.root, &path, Value::Null).await.good();
}

#[tokio::test]
async fn a_person_finds_an_organisation_and_lets_all_an_occupation_or_one_of_its_staff_see() {
    for backend in Backend::ALL {
        let world = World::new(backend).await;
        let town = world.town().await;
        let nurse = world.member("nurse", &town.surgery).await;
        occupy(&world, &nurse, "nurse").await;
        let doctor = world.member("doctor", &town.hospital).await;
        occupy(&world, &doctor, "physician").await;
        let outsider = world.member("outsider", &town.pharmacy).await;
        occupy(&world, &outsider, "nurse").await;
        let patient = Patient::new(&world).await;
        let everybody = [&nurse, &doctor, &outsider];
        let seen = async || {
            let mut all = Vec::new();
            for who in everybody {
                all.push(patient.sees(&world, who).await);
            }
            all
        };

        let found = patient.search("hill").await;
        assert!(found.body.contains("Hill Hospital") && !found.body.contains("Lake"));
        let found = patient.search(&town.surgery).await;
        assert!(found.body.contains("Surgery") && found.body.contains("in Hill Hospital"));
        assert!(
            patient
                .search("nowhere")
                .await
                .body
                .contains("No organisation has")
        );

        // All who work at the hospital itself; then with its departments; then its nurses alone.
        for (fields, words, expected) in [
            (
                &[("as", "everybody")][..],
                "the staff of Hill Hospital",
                [false, true, false],
            ),
            (
                &[("as", "everybody"), ("below", "1")],
                "the staff of Hill Hospital and of its parts",
                [true, true, false],
            ),
            (
                &[("as", "nurse"), ("below", "1")],
                "the staff of Hill Hospital and of its parts (nurses only)",
                [true, false, false],
            ),
            (
                &[("as", "person"), ("staff", "person  CALLED nurse")],
                "Person called nurse of Hill Hospital",
                [true, false, false],
            ),
        ] {
            assert_eq!(seen().await, [false; 3], "{words}");
            let page = patient.at(&town.hospital, fields).await;
            let meaning = patient.give(&Patient::chosen(&page)).await;
            assert!(
                meaning.body.contains(&format!("Shown to {words}<")),
                "{words}: {}",
                meaning.body
            );
            assert_eq!(seen().await, expected, "{words}");
            let list = patient.browser.open("/account/consents").await;
            assert!(list.body.contains(&format!("Shown to {words}<")), "{words}");
            let receipt = patient.receipt(&list).await;
            assert!(receipt.body.contains(words), "{words}: {}", receipt.body);
            patient.withdraw().await;
        }
        assert_eq!(seen().await, [false; 3]);

        let log = world.server.log();
        let permits = |action: &str| {
            let rows = log.iter();
            rows.filter(|row| row["action"] == action && row["decision"] == "permit")
                .count()
        };
        assert_eq!((permits("access.allow"), permits("access.withdraw")), (4, 4));
        let looked = log.iter().find(|row| row["action"] == "staff.find").unwrap();
        assert!(looked["subject"].is_string() && looked["subject"] != looked["actor"]);
        world.server.assert_log_is_intact();
    }
}

#[tokio::test]
async fn a_consent_to_one_of_the_staff_ends_for_them_when_they_leave_and_nobody_gives_them_another() {
    for backend in Backend::ALL {
        let world = World::new(backend).await;
        let town = world.town().await;
        let nurse = world.member("nurse", &town.surgery).await;
        occupy(&world, &nurse, "nurse").await;
        let patient = Patient::new(&world).await;
        let by_number = [("as", "person"), ("staff", nurse.staff.as_str())];
        let to = Patient::chosen(&patient.at(&town.surgery, &by_number).await);
        let nurses = format!("organisation {} nurse", town.surgery);
        patient.give(&to).await;
        assert!(patient.sees(&world, &nurse).await);
        leave(&world, &nurse).await;
        assert!(!patient.sees(&world, &nurse).await);

        let unknown = patient.at(&town.surgery, &by_number).await;
        assert!(unknown.body.contains("Nobody of this name"), "{}", unknown.body);
        for gone in [&to, &nurses] {
            for step in ["", "give"] {
                let refused = patient.ask(gone, step).await;
                assert_eq!(refused.status.as_u16(), 400, "{gone}");
                assert!(refused.body.contains("cannot be chosen any more"), "{gone}");
            }
        }
        let allowed = world.server.log();
        let allowed = allowed.iter().filter(|row| row["action"] == "access.allow");
        assert_eq!(allowed.count(), 1);
    }
}

#[tokio::test]
async fn nobody_gives_to_what_is_ended_elsewhere_forged_or_themselves() {
    let world = World::new(Backend::Sqlite).await;
    let town = world.town().await;
    let nurse = world.member("nurse", &town.surgery).await;
    occupy(&world, &nurse, "nurse").await;
    let path = format!("/api/v1/organisations/{}/end", town.pharmacy);
    world.post(&world.root, &path, Value::Null).await.good();
    let patient = Patient::new(&world).await;
    let foreign = foreign_organisation(&world.server).await;

    // Neither is found, shown, nor taken from a forged form.
    for (name, number) in [("Lake", &town.pharmacy), ("Foreign", &foreign)] {
        for text in [name, number] {
            let found = patient.search(text).await;
            assert!(
                found.body.contains("No organisation has"),
                "{text}: {}",
                found.body
            );
        }
        let place = format!("/account/consents/place?of={number}");
        assert_eq!(patient.browser.open(&place).await.status.as_u16(), 404);
    }
    let member = [("as", "person"), ("staff", nurse.staff.as_str())];
    let staff = Patient::chosen(&patient.at(&town.surgery, &member).await);
    let staff = staff.split(' ').nth(1).unwrap().to_owned();
    let forged = [
        format!("organisation {}", town.pharmacy),
        format!("tree {foreign}"),
        format!("organisation {}", patient.hanako.number),
        format!("organisation {staff}"),
        format!("organisation {} physician", town.surgery),
        format!("organisation {} nurse", town.hospital),
        format!("organisation {} admin", town.surgery),
        format!("staff {staff} {}", town.kitchen),
        format!("staff {staff} {foreign}"),
        format!("staff {} {}", patient.hanako.number, town.surgery),
        format!("staff {staff}"),
        "organisation".to_owned(),
        "organisation 0196e0b4-0000-7000-8000-000000000001".to_owned(),
        format!("tree {} nurse x", town.hospital),
    ];
    for to in &forged {
        assert_eq!(patient.ask(to, "give").await.status.as_u16(), 400, "{to}");
    }
    for (number, fields) in [
        (&town.surgery, &[("as", "physician")][..]),
        (&town.hospital, &[("as", "nurse")]),
        (&town.surgery, &[("as", "admin")]),
        (&town.surgery, &[]),
        (&town.surgery, &[("as", "person")]),
        (&town.surgery, &[("as", "person"), ("staff", "Person called nur")]),
        (
            &town.kitchen,
            &[("as", "person"), ("staff", "Person called nurse")],
        ),
        (&town.surgery, &[("as", "person"), ("staff", "%")]),
    ] {
        let page = patient.at(number, fields).await;
        assert_eq!(page.status.as_u16(), 400, "{number} {fields:?}");
    }
    // Who works there finds everybody but themselves.
    let browser = Actor::new(&world.server);
    browser.account("/account", &nurse.person).await;
    let own = Patient {
        browser,
        hanako: nurse.clone(),
        service: String::new(),
    };
    assert_eq!(own.at(&town.surgery, &member).await.status.as_u16(), 400);
    let to = format!("staff {staff} {}", town.surgery);
    assert_eq!(own.ask(&to, "give").await.status.as_u16(), 400);

    let log = world.server.log();
    assert!(log.iter().all(|row| row["action"] != "access.allow"));
    let refused = log
        .iter()
        .filter(|row| row["action"] == "staff.find" && row["decision"] == "deny");
    assert!(refused.count() >= 3);
}

#[tokio::test]
async fn two_of_one_name_are_told_apart_by_their_numbers_and_nobody_tries_out_a_telephone_book() {
    let world = World::new(Backend::Sqlite).await;
    let town = world.town().await;
    let mut numbers = Vec::new();
    for login in ["one", "two"] {
        let path = format!("/api/v1/organisations/{}/staff", town.surgery);
        let body = json!({"login": login, "name": "Taro Sato"});
        let made = world.post(&world.root, &path, body).await.good();
        numbers.push(made["staff"]["number"].as_str().unwrap().to_owned());
    }
    let patient = Patient::new(&world).await;
    let named = [("as", "person"), ("staff", "Taro Sato")];
    let both = patient.at(&town.hospital, &named).await;
    assert!(both.body.contains("Several people of this name"), "{}", both.body);
    for number in &numbers {
        let page = patient
            .at(&town.hospital, &[("as", "person"), ("staff", number)])
            .await;
        let chosen = Patient::chosen(&page);
        assert_eq!(chosen, format!("staff {number} {}", town.hospital));
    }
    let mut last = both;
    for _ in 0..30 {
        last = patient.at(&town.hospital, &named).await;
    }
    assert_eq!(last.status.as_u16(), 429, "{}", last.body);
    let log = world.server.log();
    assert!(log.iter().any(|row| row["reason"] == "staff.throttled"));
}

/// An organisation of another realm of the same server; its number.
async fn foreign_organisation(server: &Server) -> String {
    let realm = Realm::add(server);
    let scope = "musubi:organisations.write";
    let made = realm.musubi(
        &["client", "create", "--name", "Foreign desk", "--scope", scope],
        "",
    );
    server.secret(made["client_secret"].as_str().unwrap());
    let desk = Party::at(server, realm.issuer(), made);
    let tokens = desk.token(&[("grant_type", "client_credentials")]).await.good();
    let request = http()
        .post(realm.url("/api/v1/organisations"))
        .bearer_auth(tokens.text("access_token"))
        .json(&json!({"name": "Foreign Hospital", "kind": "hospital"}));
    let made = send(request, &server.secrets()).await;
    assert_eq!(made.status.as_u16(), 201, "{}", made.text);
    made.json["number"].as_str().unwrap().to_owned()
}
