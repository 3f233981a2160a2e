//! SCIM 2.0 for an organisation's own system (requirement P7; RFC 7643, RFC 7644, RFC 9865).

mod attacks;
mod protocol;
mod tester;

use harness::{Backend, Party, Server, party};
use reqwest::{Method, header::HeaderMap};
use serde_json::{Value, json};

const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
const GROUP: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";
const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
const PATCH: &str = "urn:ietf:params:scim:api:messages:2.0:PatchOp";

/// What came back.
#[derive(Debug)]
struct Answer {
    status: u16,
    headers: HeaderMap,
    json: Value,
}

impl Answer {
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

    /// Says that it is an error of the protocol, with this status and this keyword.
    #[track_caller]
    fn refused(&self, status: u16, kind: &str) {
        assert_eq!(self.status, status, "{:#}", self.json);
        assert_eq!(
            self.json["schemas"],
            json!(["urn:ietf:params:scim:api:messages:2.0:Error"])
        );
        assert_eq!(self.json["status"], status.to_string());
        let expected = Some(kind).filter(|kind| !kind.is_empty());
        assert_eq!(self.json["scimType"].as_str(), expected, "{:#}", self.json);
        assert_eq!(self.headers["content-type"], "application/scim+json");
    }
}

/// A hub with an organisation whose own system keeps its staff.
struct World {
    server: Server,
    root: String,
    hospital: String,
    /// The token of the hospital's system.
    token: String,
}

impl World {
    async fn new(backend: Backend) -> Self {
        let server = Server::start(backend).await;
        let scope = "musubi:organisations.read musubi:organisations.write musubi:staff.read musubi:staff.write \
             musubi:people.read musubi:numbers.read";
        let service = Party::service(&server, scope);
        let tokens = service
            .token(&[("grant_type", "client_credentials")])
            .await
            .good();
        let root = tokens.text("access_token").to_owned();
        let mut world = Self {
            server,
            root,
            hospital: String::new(),
            token: String::new(),
        };
        world.hospital = world.organisation("Hill Hospital").await;
        world.token = world.system_of(Some(&world.hospital.clone())).await;
        world
    }

    async fn organisation(&self, name: &str) -> String {
        let body = json!({"name": name, "kind": "hospital"});
        let made = self.api(Method::POST, "/api/v1/organisations", Some(body)).await;
        made["number"].as_str().unwrap().to_owned()
    }

    /// The token of a client that an administrator bound to an organisation, or to none.
    async fn system_of(&self, organisation: Option<&str>) -> String {
        let mut metadata = json!({"client_name": "Personnel system", "grant_types": ["client_credentials"],
            "scope": "musubi:scim"});
        if let Some(organisation) = organisation {
            metadata["organisation"] = organisation.into();
        }
        let made = self
            .server
            .musubi(&["client", "create", "--file", "-"], &metadata.to_string());
        self.server.secret(made["client_secret"].as_str().unwrap());
        let party = Party::of(&self.server, made);
        let tokens = party.token(&[("grant_type", "client_credentials")]).await.good();
        tokens.text("access_token").to_owned()
    }

    /// The hub's own API, as the realm's administration.
    async fn api(&self, method: Method, path: &str, body: Option<Value>) -> Value {
        let answer = self.send(&self.root, method, path, body, &[]).await;
        answer.good()
    }

    async fn send(
        &self,
        token: &str,
        method: Method,
        path: &str,
        body: Option<Value>,
        headers: &[(&str, &str)],
    ) -> Answer {
        let mut request = party::http()
            .request(method, self.server.url(path))
            .bearer_auth(token);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(body) = body {
            let kind = if path.starts_with("/scim") {
                "application/scim+json"
            } else {
                "application/json"
            };
            request = request.header("content-type", kind).body(body.to_string());
        }
        let answer = request.send().await.unwrap();
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        let text = answer.text().await.unwrap();
        Answer {
            status,
            headers,
            json: serde_json::from_str(&text).unwrap_or_default(),
        }
    }

    async fn scim(&self, method: Method, path: &str, body: Option<Value>) -> Answer {
        self.send(&self.token, method, &format!("/scim/v2{path}"), body, &[])
            .await
    }

    async fn get(&self, path: &str) -> Answer {
        self.scim(Method::GET, path, None).await
    }

    async fn post(&self, path: &str, body: Value) -> Answer {
        self.scim(Method::POST, path, Some(body)).await
    }

    async fn patch(&self, path: &str, operations: Value) -> Answer {
        let body = json!({"schemas": [PATCH], "Operations": operations});
        self.scim(Method::PATCH, path, Some(body)).await
    }

    /// Makes a user; the document.
    async fn user(&self, name: &str) -> Value {
        let body = json!({"schemas": [USER], "userName": name, "externalId": format!("x-{name}"),
            "name": {"familyName": "Sato", "givenName": name}, "title": "Nurse",
            "emails": [{"value": format!("{name}@example.jp"), "type": "work", "primary": true}]});
        self.post("/Users", body).await.good()
    }

    /// The staff numbers of the organisation, as the hub's own API lists them.
    async fn staff(&self, organisation: &str) -> usize {
        let path = format!("/api/v1/organisations/{organisation}/staff");
        let list = self.api(Method::GET, &path, None).await;
        usize::try_from(list["total"].as_u64().unwrap()).unwrap()
    }
}

fn id(document: &Value) -> &str {
    document["id"].as_str().unwrap()
}

fn query(pairs: &[(&str, &str)]) -> String {
    url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(pairs)
        .finish()
}
