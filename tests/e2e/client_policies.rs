//! As what clients may register by themselves: policies, and software statements (RFC 7591 §2.3, §3.1.1, §5).

use std::process::Stdio;

use harness::party::{CALLBACK, ClientKey, encode, send};
use harness::site::Site;
use harness::{Actor, Backend, Party, Reply, Server, party, tools};
use serde_json::{Value, json};

/// Makes a policy by the command line.
fn policy(server: &Server, name: &str, rules: &Value) {
    server.musubi(
        &["client", "policy", "set", name, "--file", "-"],
        &rules.to_string(),
    );
}

fn token_of(server: &Server, policy: &str) -> String {
    let made = server.musubi(
        &["client", "registration-token", "--uses", "50", "--policy", policy],
        "",
    );
    made["initial_access_token"].as_str().unwrap().to_owned()
}

async fn register(server: &Server, token: Option<&str>, metadata: &Value) -> Reply {
    let request = party::http().post(server.url("/oauth/register")).json(metadata);
    let request = match token {
        Some(token) => request.bearer_auth(token),
        None => request,
    };
    send(request, &server.secrets()).await
}

#[tokio::test]
async fn a_client_becomes_no_more_than_the_policy_of_its_token_allows() {
    for backend in Backend::ALL {
        let server = Server::start(backend).await;
        let rules = json!({
            "grant_types": ["authorization_code"],
            "scopes": ["openid", "profile"],
            "redirect_hosts": ["rp.example", "*.clinic.example"],
        });
        policy(&server, "partners", &rules);
        let token = token_of(&server, "partners");
        let with = |name: &str, value: Value| {
            let mut metadata = json!({"redirect_uris": [CALLBACK], "scope": "openid profile email"});
            metadata[name] = value;
            metadata
        };
        let made = register(&server, Some(&token), &with("client_name", json!("Clinic")))
            .await
            .good();
        assert_eq!(made.json["scope"], "openid profile");
        let below = with("redirect_uris", json!(["https://a.clinic.example/cb"]));
        register(&server, Some(&token), &below).await.good();
        for (wrong, error) in [
            (
                with("grant_types", json!(["authorization_code", "refresh_token"])),
                "invalid_client_metadata",
            ),
            (
                with("redirect_uris", json!(["https://clinic.example/cb"])),
                "invalid_redirect_uri",
            ),
            (
                with("redirect_uris", json!(["https://evilclinic.example/cb"])),
                "invalid_redirect_uri",
            ),
            (
                with("redirect_uris", json!([CALLBACK, "https://evil.example/cb"])),
                "invalid_redirect_uri",
            ),
            (
                with("post_logout_redirect_uris", json!(["https://evil.example/bye"])),
                "invalid_redirect_uri",
            ),
        ] {
            register(&server, Some(&token), &wrong)
                .await
                .assert_error(400, error);
        }
        // A change is held to the policy too, and to what became of it meanwhile.
        let update = async |uri: &str| {
            let request = party::http()
                .put(made.text("registration_client_uri"))
                .bearer_auth(made.text("registration_access_token"))
                .json(&json!({"client_id": made.json["client_id"], "redirect_uris": [uri]}));
            send(request, &server.secrets()).await
        };
        update("https://evil.example/cb")
            .await
            .assert_error(400, "invalid_redirect_uri");
        server.musubi(&["client", "policy", "remove", "partners"], "");
        tools::until("the policy is forgotten", || async {
            let answer = register(&server, Some(&token), &with("client_name", json!("x"))).await;
            answer.status.as_u16() == 401
        })
        .await;
        update(CALLBACK).await.assert_error(400, "access_denied");
    }
}

#[tokio::test]
async fn anybody_may_register_where_the_realm_says_so_and_nowhere_else() {
    let server = Server::start(Backend::Sqlite).await;
    let metadata = json!({"redirect_uris": [CALLBACK], "scope": "openid musubi:clients.write"});
    assert_eq!(register(&server, None, &metadata).await.status.as_u16(), 401);
    policy(&server, "default", &json!({"open": true, "scopes": ["openid"]}));
    tools::until("the policy is known", || async {
        register(&server, None, &metadata).await.status.as_u16() == 201
    })
    .await;
    let made = register(&server, None, &metadata).await.good();
    assert_eq!(made.json["scope"], "openid");
    register(&server, Some("made up by somebody"), &metadata)
        .await
        .assert_error(401, "invalid_token");
    let refused = server
        .command(&["client", "policy", "set", "partners", "--file", "/dev/stdin"])
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert!(!refused.status.success());
}

struct Trust {
    server: Server,
    key: ClientKey,
    token: String,
}

const ISSUER: &str = "https://trust.example";

impl Trust {
    async fn with(rule: &str) -> Self {
        let (server, key) = (Server::start(Backend::Sqlite).await, ClientKey::generate());
        let rules =
            json!({"software_statement": rule, "software_issuers": [{"issuer": ISSUER, "jwks": key.jwks()}]});
        policy(&server, "vouched", &rules);
        let token = token_of(&server, "vouched");
        Self { server, key, token }
    }

    fn statement(&self, changes: &Value) -> String {
        let mut claims = json!({"iss": ISSUER, "iat": tools::seconds(), "software_id": "4NRB1-0XZABZI9E6-5SM3R",
            "client_name": "Vouched for", "redirect_uris": [CALLBACK]});
        for (name, value) in changes.as_object().unwrap() {
            claims[name] = value.clone();
        }
        self.key.sign(&claims)
    }

    async fn register(&self, statement: &str, metadata: &Value) -> Reply {
        let mut metadata = metadata.clone();
        metadata["software_statement"] = json!(statement);
        register(&self.server, Some(&self.token), &metadata).await
    }
}

#[tokio::test]
async fn what_a_software_statement_says_is_not_changed_by_who_presents_it() {
    let trust = Trust::with("required").await;
    let statement = trust.statement(&json!({}));
    let stolen = json!({"redirect_uris": ["https://evil.example/cb"], "client_name": "Evil", "software_id": "other",
        "client_uri": "https://rp.example/"});
    let made = trust.register(&statement, &stolen).await.good();
    assert_eq!(made.json["redirect_uris"], json!([CALLBACK]));
    assert_eq!(made.json["client_name"], "Vouched for");
    assert_eq!(made.json["software_id"], "4NRB1-0XZABZI9E6-5SM3R");
    assert_eq!(made.json["client_uri"], "https://rp.example/");
    assert_eq!(
        made.json["software_statement"],
        statement.as_str(),
        "RFC 7591 §3.2.1"
    );
    // Nor by a later change.
    let request = party::http()
        .put(made.text("registration_client_uri"))
        .bearer_auth(made.text("registration_access_token"))
        .json(
            &json!({"client_id": made.json["client_id"], "redirect_uris": ["https://evil.example/cb"],
            "client_name": "Evil"}),
        );
    let changed = send(request, &trust.server.secrets()).await.good();
    assert_eq!(changed.json["redirect_uris"], json!([CALLBACK]));
    assert_eq!(changed.json["client_name"], "Vouched for");
    assert!(changed.json.get("client_uri").is_none());
}

#[tokio::test]
async fn software_statements_that_do_not_hold_register_nothing() {
    let trust = Trust::with("required").await;
    let metadata = json!({"redirect_uris": [CALLBACK]});
    register(&trust.server, Some(&trust.token), &metadata)
        .await
        .assert_error(400, "invalid_software_statement");
    let now = tools::seconds();
    let claims = json!({"iss": ISSUER, "redirect_uris": [CALLBACK]});
    let unsigned = |header: &Value| {
        let part = |value: &Value| encode(value.to_string().as_bytes());
        format!("{}.{}.", part(header), part(&claims))
    };
    let good = trust.statement(&json!({}));
    let (signed, signature) = good.rsplit_once('.').unwrap();
    let (header, _) = signed.split_once('.').unwrap();
    let swapped = encode(
        json!({"iss": ISSUER, "redirect_uris": ["https://evil.example/cb"]})
            .to_string()
            .as_bytes(),
    );
    for (statement, error) in [
        (ClientKey::generate().sign(&claims), "invalid_software_statement"),
        (
            trust.statement(&json!({"iss": "https://stranger.example"})),
            "unapproved_software_statement",
        ),
        (
            trust.statement(&json!({"exp": now - 60})),
            "invalid_software_statement",
        ),
        (
            trust.statement(&json!({"nbf": now + 600})),
            "invalid_software_statement",
        ),
        (
            trust.statement(&json!({"aud": "https://other.example"})),
            "invalid_software_statement",
        ),
        (unsigned(&json!({"alg": "none"})), "invalid_software_statement"),
        (unsigned(&json!({"alg": "HS256"})), "invalid_software_statement"),
        (
            format!("{header}.{swapped}.{signature}"),
            "invalid_software_statement",
        ),
        ("x.y.z".to_owned(), "invalid_software_statement"),
        (String::new(), "invalid_software_statement"),
        ("x".repeat(20_000), "invalid_software_statement"),
    ] {
        trust
            .register(&statement, &metadata)
            .await
            .assert_error(400, error);
    }
    // What it vouches for is still metadata, and must be acceptable.
    let dangerous = trust.statement(&json!({"redirect_uris": ["http://evil.example/cb"]}));
    trust
        .register(&dangerous, &metadata)
        .await
        .assert_error(400, "invalid_redirect_uri");
    let powers =
        trust.statement(&json!({"scope": "openid musubi:clients.write", "aud": trust.server.issuer()}));
    let made = trust.register(&powers, &metadata).await.good();
    assert_eq!(made.json["scope"], "openid");
}

#[tokio::test]
async fn who_believes_nobody_refuses_software_statements_instead_of_passing_over_them() {
    let server = Server::start(Backend::Sqlite).await;
    let key = ClientKey::generate();
    let statement = key.sign(&json!({"iss": ISSUER, "redirect_uris": [CALLBACK]}));
    let metadata = json!({"redirect_uris": [CALLBACK], "software_statement": statement});
    let token = server.registration_token(1);
    register(&server, Some(&token), &metadata)
        .await
        .assert_error(400, "unapproved_software_statement");
    register(&server, Some(&token), &json!({"redirect_uris": [CALLBACK]}))
        .await
        .good();
}

#[tokio::test]
async fn those_who_vouch_for_software_may_keep_their_keys_elsewhere() {
    let (server, key) = (Server::start(Backend::Sqlite).await, ClientKey::generate());
    let site = Site::start().await;
    site.serve("/keys", &key.jwks());
    let rules = json!({"software_statement": "accepted",
        "software_issuers": [{"issuer": ISSUER, "jwks_uri": site.url("/keys")}]});
    policy(&server, "vouched", &rules);
    let token = token_of(&server, "vouched");
    let statement =
        key.sign(&json!({"iss": ISSUER, "redirect_uris": [CALLBACK], "client_name": "Vouched for"}));
    let made = register(&server, Some(&token), &json!({"software_statement": statement}))
        .await
        .good();
    let party = Party::of(&server, made.json);
    let hanako = server.person("hanako");
    party.sign_in(&Actor::new(&server), &hanako).await;
    assert_eq!(site.times("/keys"), 1);
}
