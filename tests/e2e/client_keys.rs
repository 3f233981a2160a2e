//! Keys and redirect lists that clients keep elsewhere, and addresses that the hub is never to call (RFC 7591 §2, §5).

use harness::party::{ClientKey, send};
use harness::site::Site;
use harness::{Actor, Backend, Party, Reply, Server, party, tools};
use serde_json::{Value, json};

const BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// Redeems a refresh token that is none, with an assertion: `invalid_grant` says that the client was believed.
async fn tries(server: &Server, party: &Party, key: &ClientKey) -> Reply {
    let now = tools::seconds();
    let assertion = key.sign(&json!({
        "iss": party.id(), "sub": party.id(), "aud": server.issuer(),
        "iat": now, "exp": now + 60, "jti": tools::unique(),
    }));
    let form = [
        ("grant_type", "refresh_token"),
        ("refresh_token", "none"),
        ("client_assertion_type", BEARER),
        ("client_assertion", &assertion),
    ];
    party.token_bare(&form).await
}

async fn with_keys_at(server: &Server, uri: &str) -> Party {
    let changes = json!({"token_endpoint_auth_method": "private_key_jwt", "jwks_uri": uri});
    Party::register_with(server, changes).await
}

#[tokio::test]
async fn a_client_proves_itself_with_keys_at_its_own_address_which_is_not_asked_again_and_again() {
    for backend in Backend::ALL {
        let server = Server::start(backend).await;
        let (site, key, stranger) = (Site::start().await, ClientKey::generate(), ClientKey::generate());
        site.serve("/keys", &key.jwks());
        let party = with_keys_at(&server, &site.url("/keys")).await;
        assert_eq!(site.times("/keys"), 0, "keys are fetched when they are needed");
        for _ in 0..3 {
            tries(&server, &party, &key)
                .await
                .assert_error(400, "invalid_grant");
        }
        for _ in 0..10 {
            tries(&server, &party, &stranger)
                .await
                .assert_error(401, "invalid_client");
        }
        assert_eq!(site.times("/keys"), 1);
    }
}

#[tokio::test]
async fn keys_come_from_where_the_client_said_and_not_from_where_that_sends_the_hub() {
    let server = Server::start(Backend::Sqlite).await;
    let (site, inside, key) = (Site::start().await, Site::start().await, ClientKey::generate());
    inside.serve("/keys", &key.jwks());
    for status in ["301 Moved", "302 Found", "307 Temporary", "308 Permanent"] {
        let path = format!("/{}", &status[..3]);
        let to = format!("location: {}\r\n", inside.url("/keys"));
        site.say(&path, status, &to, "");
        let party = with_keys_at(&server, &site.url(&path)).await;
        tries(&server, &party, &key)
            .await
            .assert_error(401, "invalid_client");
    }
    assert_eq!(inside.asked().len(), 0);
    for (path, body) in [
        ("/large", "x".repeat(200_000)),
        ("/page", "<html></html>".to_owned()),
        ("/secret", r#"{"keys":[{"kty":"oct","k":"c2VjcmV0"}]}"#.to_owned()),
    ] {
        site.say(path, "200 OK", "content-type: application/json\r\n", &body);
        let party = with_keys_at(&server, &site.url(path)).await;
        tries(&server, &party, &key)
            .await
            .assert_error(401, "invalid_client");
    }
}

#[tokio::test]
async fn addresses_inside_are_not_called_whatever_they_are_written_like() {
    let server = Server::start(Backend::Sqlite).await;
    let key = ClientKey::generate();
    for uri in [
        "https://10.0.0.1/keys",
        "https://172.16.0.1/keys",
        "https://192.168.0.1/keys",
        "https://169.254.169.254/latest/meta-data",
        "https://100.64.0.1/keys",
        "https://0.0.0.0/keys",
        "https://224.0.0.1/keys",
        "https://255.255.255.255/keys",
        "https://0xa9fea9fe/keys",
        "https://2852039166/keys",
        "https://0251.0376.0251.0376/keys",
        "https://[fd00:ec2::254]/keys",
        "https://[fe80::1]/keys",
        "https://[::ffff:10.0.0.1]/keys",
        "https://[64:ff9b::a00:1]/keys",
        "https://[::]/keys",
    ] {
        let party = with_keys_at(&server, uri).await;
        let answer = tries(&server, &party, &key).await;
        answer.assert_error(401, "invalid_client");
        assert!(!answer.text.contains("169.254"), "{}", answer.text);
    }
    let refused = server.log();
    let refused = refused
        .iter()
        .filter(|row| row["reason"] == "client.keys.unavailable");
    assert_eq!(refused.count(), 16);
}

#[tokio::test]
async fn addresses_that_are_no_public_https_are_not_registered() {
    let server = Server::start(Backend::Sqlite).await;
    let token = server.registration_token(1);
    for name in [
        "jwks_uri",
        "sector_identifier_uri",
        "initiate_login_uri",
        "logo_uri",
    ] {
        for uri in [
            "http://rp.example/x",
            "https://user@rp.example/x",
            "https://user:secret@127.0.0.1/x",
            "file:///etc/passwd",
            "gopher://127.0.0.1:6379/x",
            "javascript:alert(1)",
            "https:/rp.example",
            "//rp.example/x",
            "",
        ] {
            let mut metadata = json!({"redirect_uris": [party::CALLBACK]});
            metadata[name] = json!(uri);
            let request = party::http()
                .post(server.url("/oauth/register"))
                .bearer_auth(&token)
                .json(&metadata);
            send(request, &server.secrets())
                .await
                .assert_error(400, "invalid_client_metadata");
        }
    }
}

const REDIRECTS: [&str; 2] = ["https://a.example/cb", "https://b.example/cb"];

fn pairwise(uri: &str) -> Value {
    json!({"redirect_uris": REDIRECTS, "subject_type": "pairwise", "sector_identifier_uri": uri})
}

#[tokio::test]
async fn a_sector_takes_a_client_whose_redirect_uris_it_lists_and_no_other() {
    let server = Server::start(Backend::Sqlite).await;
    let site = Site::start().await;
    let token = server.registration_token(3);
    let register = async |metadata: Value| {
        let request = party::http()
            .post(server.url("/oauth/register"))
            .bearer_auth(&token)
            .json(&metadata);
        send(request, &server.secrets()).await
    };
    site.serve("/all", &json!([REDIRECTS[1], "https://c.example/", REDIRECTS[0]]));
    site.serve("/some", &json!([REDIRECTS[0]]));
    site.serve("/object", &json!({"uris": REDIRECTS}));
    site.say("/moved", "302 Found", "location: /all\r\n", "");
    site.say(
        "/large",
        "200 OK",
        "",
        &format!("[{}\"x\"]", "\"x\",".repeat(40_000)),
    );
    for path in ["/some", "/object", "/moved", "/large", "/nothing"] {
        register(pairwise(&site.url(path)))
            .await
            .assert_error(400, "invalid_client_metadata");
    }
    register(pairwise("https://10.0.0.1/all"))
        .await
        .assert_error(400, "invalid_client_metadata");
    let mut without = pairwise(&site.url("/all"));
    without.as_object_mut().unwrap().remove("sector_identifier_uri");
    register(without)
        .await
        .assert_error(400, "invalid_client_metadata");
    let made = register(pairwise(&site.url("/all"))).await.good();
    assert_eq!(made.json["sector_identifier_uri"], site.url("/all"));
}

#[tokio::test]
async fn clients_of_one_sector_know_a_person_by_the_same_name_and_others_by_another() {
    let server = Server::start(Backend::Sqlite).await;
    let (site, hanako) = (Site::start().await, server.person("hanako"));
    site.serve("/all", &json!([party::CALLBACK, REDIRECTS[0], REDIRECTS[1]]));
    let sub = async |changes: Value| {
        let party = Party::register_with(&server, changes).await;
        let tokens = party.sign_in(&Actor::new(&server), &hanako).await;
        let claims = party.id_claims(tokens.text("id_token")).await;
        claims["sub"].as_str().unwrap().to_owned()
    };
    let one = sub(pairwise(&site.url("/all"))).await;
    let other = sub(json!({"subject_type": "pairwise", "sector_identifier_uri": site.url("/all")})).await;
    assert_eq!(one, other);
    let alone = sub(json!({"subject_type": "pairwise"})).await;
    assert_ne!(one, alone);
    let public = sub(json!({})).await;
    assert!(public != one && public != alone);
}
