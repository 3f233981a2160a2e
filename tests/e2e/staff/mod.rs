//! Organisations, staff, and who administers what (requirements H1.1, H3.1, H3.2): what works, and every way to get more
//! than one was given.

mod appointments;
mod attacks;
mod attendance;
mod consents;
mod fhir_consents;
mod leaving;
mod numbers;
mod organisations;
mod powers;
mod responses;

use std::collections::HashMap;

use harness::party::{CALLBACK, Pkce, send};
use harness::{Actor, Backend, Party, Person, Server, html, party, tools};
use reqwest::Method;
use serde_json::{Value, json};

/// What came back.
#[derive(Debug)]
struct Answer {
    status: u16,
    json: Value,
}

impl Answer {
    /// Says that it went well, and gives the body.
    #[track_caller]
    fn good(self) -> Value {
        assert!(
            (200..300).contains(&self.status),
            "{} {:#}",
            self.status,
            self.json
        );
        self.json
    }

    /// Says that it was refused with this status for this reason.
    #[track_caller]
    fn refused(&self, status: u16, id: &str) {
        let kind = self.json["type"].as_str().unwrap_or_default();
        assert_eq!(
            (self.status, kind),
            (status, format!("urn:musubi:problem:{id}").as_str()),
            "{:#}",
            self.json
        );
    }
}

/// Somebody with a sign-in, a place and a token of their own.
#[derive(Debug, Clone)]
struct Member {
    person: Person,
    /// The number as a person.
    number: String,
    /// The number as staff.
    staff: String,
    affiliation: String,
    token: String,
}

/// A hub with a realm's administration, and an app by which staff act.
struct World {
    server: Server,
    root: String,
    app: Party,
}

const ROOT: &str = "musubi:organisations.read musubi:organisations.write musubi:staff.read musubi:staff.write \
     musubi:people.read musubi:people.write musubi:numbers.read musubi:numbers.write";
const STAFF: &str = "openid musubi:staff";
const EVERYTHING: &[&str] = &[
    "organisations.write",
    "staff.write",
    "numbers.assign",
    "attendance.write",
    "appointments.write",
    "responses.write",
];

impl World {
    async fn new(backend: Backend) -> Self {
        let server = Server::start(backend).await;
        let root = service(&server, ROOT).await;
        let app = app(&server);
        Self { server, root, app }
    }

    async fn call(&self, token: &str, method: Method, path: &str, body: Option<Value>) -> Answer {
        call(&self.server, token, method, path, body).await
    }

    async fn get(&self, token: &str, path: &str) -> Answer {
        self.call(token, Method::GET, path, None).await
    }

    async fn post(&self, token: &str, path: &str, body: Value) -> Answer {
        let body = Some(body).filter(|body| !body.is_null());
        self.call(token, Method::POST, path, body).await
    }

    /// Makes an organisation by the realm's administration; its number.
    async fn organisation(&self, name: &str, kind: &str, parent: Option<&str>) -> String {
        let mut body = json!({"name": name, "kind": kind});
        if let Some(parent) = parent {
            body["parent"] = parent.into();
        }
        let made = self.post(&self.root, "/api/v1/organisations", body).await.good();
        made["number"].as_str().unwrap().to_owned()
    }

    /// A hospital with two departments, and a pharmacy beside it.
    async fn town(&self) -> Town {
        let hospital = self.organisation("Hill Hospital", "hospital", None).await;
        Town {
            surgery: self.organisation("Surgery", "department", Some(&hospital)).await,
            kitchen: self.organisation("Kitchen", "department", Some(&hospital)).await,
            pharmacy: self.organisation("Lake Pharmacy", "pharmacy", None).await,
            hospital,
        }
    }

    /// The number of somebody by their login.
    async fn number_of(&self, login: &str) -> String {
        let people = self.get(&self.root, "/api/v1/people?limit=200").await.good();
        let people = people["items"].as_array().unwrap();
        let found = people.iter().find(|one| one["login"] == login).unwrap();
        found["number"].as_str().unwrap().to_owned()
    }

    /// A person with a token of the scope by which staff act, not staff yet.
    async fn person(&self, login: &str) -> Member {
        let person = self.server.confirmed_person(login);
        let number = self.number_of(login).await;
        Member {
            token: self.token(&person).await,
            number,
            person,
            staff: String::new(),
            affiliation: String::new(),
        }
    }

    async fn token(&self, person: &Person) -> String {
        token_of(&self.server, &self.app, person).await
    }

    /// A member of staff, placed by the realm's administration.
    async fn member(&self, login: &str, organisation: &str) -> Member {
        let mut member = self.person(login).await;
        let path = format!("/api/v1/staff/{}/affiliations", member.number);
        let body = json!({"organisation": organisation});
        let made = self.post(&self.root, &path, body).await.good();
        made["number"].as_str().unwrap().clone_into(&mut member.staff);
        made["affiliations"][0]["id"]
            .as_str()
            .unwrap()
            .clone_into(&mut member.affiliation);
        member
    }

    /// Gives powers, by whoever has `token`.
    async fn give(
        &self,
        token: &str,
        (to, organisation): (&Member, &str),
        powers: &[&str],
        may_delegate: u8,
    ) -> Answer {
        let body = json!({"affiliation": to.affiliation, "organisation": organisation, "powers": powers,
            "may_delegate": may_delegate});
        self.post(token, "/api/v1/delegations", body).await
    }

    /// The administrator of an organisation, with all powers over it, to be handed on twice.
    async fn administrator(&self, login: &str, organisation: &str) -> Member {
        let member = self.member(login, organisation).await;
        self.give(&self.root, (&member, organisation), EVERYTHING, 3)
            .await
            .good();
        member
    }

    /// What somebody holds: powers by the number of the organisation that they are over.
    async fn held(&self, member: &Member) -> HashMap<String, Vec<String>> {
        let path = format!("/api/v1/staff/{}/powers", member.staff);
        let view = self.get(&self.root, &path).await.good();
        let mut held: HashMap<String, Vec<String>> = HashMap::new();
        for one in view["held"].as_array().unwrap() {
            let words = one["powers"].as_array().unwrap().iter();
            let words = words.map(|word| word.as_str().unwrap().to_owned());
            let number = one["organisation"]["number"].as_str().unwrap().to_owned();
            held.entry(number).or_default().extend(words);
        }
        held
    }
}

/// Organisations by their numbers.
struct Town {
    hospital: String,
    surgery: String,
    kitchen: String,
    pharmacy: String,
}

async fn call(server: &Server, token: &str, method: Method, path: &str, body: Option<Value>) -> Answer {
    let request = party::http()
        .request(method, format!("http://127.0.0.1:{}{path}", server.port()))
        .header("host", server.issuer().trim_start_matches("http://"))
        .bearer_auth(token);
    let request = match body {
        Some(body) => request.json(&body),
        None => request,
    };
    let reply = send(request, &server.secrets()).await;
    Answer {
        status: reply.status.as_u16(),
        json: reply.json,
    }
}

/// A token of a service.
async fn service(server: &Server, scope: &str) -> String {
    let party = Party::service(server, scope);
    let reply = party.token(&[("grant_type", "client_credentials")]).await.good();
    reply.text("access_token").to_owned()
}

/// The app by which staff act: the operator's own.
fn app(server: &Server) -> Party {
    let metadata = json!({"client_name": "Staff desk", "redirect_uris": [CALLBACK],
        "grant_types": ["authorization_code", "refresh_token"], "scope": STAFF, "first_party": true});
    let made = server.musubi(&["client", "create", "--file", "-"], &metadata.to_string());
    server.secret(made["client_secret"].as_str().unwrap());
    Party::of(server, made)
}

/// A token for somebody who signs in.
async fn token_of(server: &Server, app: &Party, person: &Person) -> String {
    let (actor, pkce) = (Actor::new(server), Pkce::new());
    let code = app.code(&actor, person, &pkce, &[("scope", STAFF)]).await;
    let tokens = app.token(&app.redemption(&code, &pkce)).await.good();
    tokens.text("access_token").to_owned()
}

/// Sets the first password by the link that was given, and gives who can sign in now.
async fn set_password(server: &Server, link: &str, login: &str) -> Person {
    let actor = Actor::new(server);
    let path = link.strip_prefix(&server.issuer()).unwrap();
    let page = actor.open(path).await;
    let password = format!("grey harbour {}", tools::unique());
    server.secret(&password);
    let form = page
        .form("/set-password")
        .fill("password", &password)
        .fill("password_again", &password);
    let done = actor.send(&form).await;
    assert!(
        done.status.is_success(),
        "{} {}",
        done.status,
        html::texts(&done.body, "h1").join(" ")
    );
    Person {
        login: login.to_owned(),
        password,
        name: String::new(),
        email: String::new(),
    }
}
