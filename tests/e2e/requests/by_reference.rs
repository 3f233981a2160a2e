//! Request objects at an address of the client (RFC 9101 §5.2, OpenID Connect Core 1.0 §6.2).

use harness::party::{CALLBACK, ClientKey, Pkce, encode, hash, send};
use harness::site::Site;
use harness::{Actor, Backend, Page, Party, Server, party, tools};
use serde_json::{Value, json};

use super::pushed::parameters;

const PATH: &str = "/request.jwt";

/// Lets clients that register by themselves send requests by reference, or not.
fn allow(server: &Server, rule: &str) {
    let rules = json!({"request_by_reference": rule}).to_string();
    server.musubi(&["client", "policy", "set", "default", "--file", "-"], &rules);
}

async fn discovery(server: &Server) -> Value {
    let url = server.url("/.well-known/openid-configuration");
    server.http().get(url).send().await.unwrap().json().await.unwrap()
}

fn claims(server: &Server, party: &Party, pkce: &Pkce) -> Value {
    let mut claims = json!({"iss": party.id(), "aud": server.issuer(), "exp": tools::seconds() + 300});
    for (name, value) in parameters(party, pkce, &[]) {
        claims[name] = json!(value);
    }
    claims
}

fn unsigned(claims: &Value) -> String {
    format!(
        "{}.{}.",
        encode(br#"{"alg":"none"}"#),
        encode(claims.to_string().as_bytes())
    )
}

fn put(site: &Site, object: &str) {
    let kind = "content-type: application/oauth-authz-req+jwt\r\n";
    site.say(PATH, "200 OK", kind, object);
}

fn request(party: &Party, uri: &str) -> String {
    party.request(&Pkce::new(), &[("request_uri", uri), ("state", "beside")])
}

async fn offer(server: &Server, party: &Party, uri: &str) -> Page {
    Actor::new(server).open(&request(party, uri)).await
}

async fn assert_refused(server: &Server, party: &Party, uri: &str, error: &str) {
    let page = offer(server, party, uri).await;
    assert_eq!(page.returned("error").as_deref(), Some(error), "{uri}");
}

#[tokio::test]
async fn what_the_client_signed_is_fetched_each_time_or_kept_if_the_address_names_its_hash() {
    for backend in Backend::ALL {
        let (server, site) = (Server::start(backend).await, Site::start().await);
        allow(&server, "signed");
        let hanako = server.person("hanako");
        let key = ClientKey::generate();
        let metadata = json!({"jwks": key.jwks(), "request_uris": [site.url(PATH)]});
        let party = Party::register_with(&server, metadata).await;
        tools::until("the discovery document", async || {
            let document = discovery(&server).await;
            document["request_uri_parameter_supported"] == true
                && document["require_request_uri_registration"] == true
        })
        .await;
        let pkce = Pkce::new();
        let object = key.sign_as("oauth-authz-req+jwt", &claims(&server, &party, &pkce));
        put(&site, &object);
        let browser = Actor::new(&server);
        let page = browser
            .authorize(&request(&party, &site.url(PATH)), &hanako)
            .await;
        party.assert_answer_is_ours(&page);
        let code = page.returned("code").unwrap();
        party.token(&party.redemption(&code, &pkce)).await.good();
        offer(&server, &party, &site.url(PATH)).await;
        assert_eq!(site.times(PATH), 2, "it may have changed");
        let named = site.url(&format!("{PATH}#{}", hash(object.as_bytes())));
        for _ in 0..3 {
            let page = browser.open(&request(&party, &named)).await;
            assert!(page.returned("code").is_some());
        }
        assert_eq!(site.times(PATH), 3, "it cannot have changed");
        // Registered before anybody knew what would be there: a part of the address, and no reason to keep anything.
        let early = site.url(&format!("{PATH}#{}", hash(b"not known yet")));
        let metadata = json!({"jwks": key.jwks(), "request_uris": [early]});
        let second = Party::register_with(&server, metadata).await;
        put(&site, &key.sign(&claims(&server, &second, &Pkce::new())));
        let page = browser.authorize(&request(&second, &early), &hanako).await;
        assert!(page.returned("code").is_some());
        let page = browser.open(&request(&second, &early)).await;
        assert!(page.returned("code").is_some());
        assert_eq!(site.times(PATH), 5, "it is not what the address names");
        let asked = &site.asked()[0];
        assert!(asked.method == "GET" && !asked.headers.contains("cookie"));
        server.assert_log_is_intact();
    }
}

#[tokio::test]
async fn where_nobody_allowed_it_nothing_is_fetched_and_discovery_says_so() {
    let (server, site) = (Server::start(Backend::Sqlite).await, Site::start().await);
    let document = discovery(&server).await;
    assert_eq!(document["request_uri_parameter_supported"], false);
    let key = ClientKey::generate();
    let metadata = json!({"jwks": key.jwks(), "request_uris": [site.url(PATH)]});
    let party = Party::register_with(&server, metadata).await;
    put(&site, &key.sign(&claims(&server, &party, &Pkce::new())));
    assert_refused(&server, &party, &site.url(PATH), "request_uri_not_supported").await;
    assert!(site.asked().is_empty());
    // What was allowed and is no more, ends with the policy.
    allow(&server, "signed");
    tools::until("the policy", async || {
        let page = offer(&server, &party, &site.url(PATH)).await;
        page.away.is_none()
    })
    .await;
    allow(&server, "no");
    tools::until("the policy", async || {
        let page = offer(&server, &party, &site.url(PATH)).await;
        page.away.is_some()
    })
    .await;
    assert_refused(&server, &party, &site.url(PATH), "request_uri_not_supported").await;
}

#[tokio::test]
async fn only_registered_addresses_outside_are_called_and_only_a_whole_object_of_the_client_counts() {
    let (server, site) = (Server::start(Backend::Sqlite).await, Site::start().await);
    allow(&server, "signed");
    let key = ClientKey::generate();
    let inside = "https://10.0.0.1/request.jwt";
    let metadata =
        json!({"jwks": key.jwks(), "request_uris": [site.url(PATH), inside, "https://no.invalid/x"]});
    let party = Party::register_with(&server, metadata).await;
    let uri = site.url(PATH);
    let good = claims(&server, &party, &Pkce::new());
    put(&site, &key.sign(&good));
    for wrong in [
        site.url("/other.jwt"),
        site.url("/request.jwt?x=1"),
        uri.replace("127.0.0.1", "localhost"),
        uri.replace("http://", "http://evil@"),
        "https://169.254.169.254/latest/meta-data".to_owned(),
        "file:///etc/passwd".to_owned(),
        "urn:example:x".to_owned(),
        format!("{uri}#{}", "x".repeat(600)),
    ] {
        assert_refused(&server, &party, &wrong, "invalid_request_uri").await;
    }
    assert!(site.asked().is_empty(), "{:?}", site.asked());
    assert_refused(&server, &party, inside, "invalid_request_uri").await;
    assert_refused(&server, &party, "https://no.invalid/x", "invalid_request_uri").await;
    let other = format!("{uri}#{}", hash(b"something else"));
    assert_refused(&server, &party, &other, "invalid_request_uri").await;
    for (status, headers, body) in [
        ("404 Not Found", "", "x".to_owned()),
        ("302 Found", "location: http://127.0.0.1/\r\n", String::new()),
        ("200 OK", "", "x".repeat(40 * 1024)),
    ] {
        site.say(PATH, status, headers, &body);
        assert_refused(&server, &party, &uri, "invalid_request_uri").await;
    }
    let mut elsewhere = good.clone();
    elsewhere["aud"] = json!("https://other.example");
    let mut another = good.clone();
    another["client_id"] = json!("other");
    let mut nested = good.clone();
    nested["request_uri"] = json!(uri);
    for object in [
        ClientKey::generate().sign(&good),
        key.sign(&elsewhere),
        key.sign(&another),
        key.sign(&nested),
        unsigned(&good),
        "<html>".to_owned(),
        String::new(),
    ] {
        put(&site, &object);
        assert_refused(&server, &party, &uri, "invalid_request_object").await;
    }
    // The redirect URI in the object is believed no more than one beside it.
    let mut evil = good.clone();
    evil["redirect_uri"] = json!("https://evil.example/");
    put(&site, &key.sign(&evil));
    let page = offer(&server, &party, &uri).await;
    assert!(
        page.away.is_none() && page.status.as_u16() == 400,
        "{:?}",
        page.away
    );
    let both = party.request(&Pkce::new(), &[("request_uri", &uri), ("request", "e30.e30.e30")]);
    let page = Actor::new(&server).open(&both).await;
    assert_eq!(page.returned("error").as_deref(), Some("invalid_request"));
}

#[tokio::test]
async fn an_unsigned_object_counts_only_where_it_was_allowed_and_the_client_registered_that() {
    let (server, site) = (Server::start(Backend::Sqlite).await, Site::start().await);
    let key = ClientKey::generate();
    let metadata = json!({"client_name": "Clinic portal", "redirect_uris": [CALLBACK], "jwks": key.jwks(),
        "request_uris": [site.url(PATH)], "request_object_signing_alg": "none"});
    let register = async || {
        let token = server.registration_token(1);
        let request = party::http().post(server.url("/oauth/register"));
        send(request.bearer_auth(token).json(&metadata), &server.secrets()).await
    };
    for rule in ["no", "signed"] {
        allow(&server, rule);
        tools::until("the policy", async || register().await.status.as_u16() == 400).await;
        register().await.assert_error(400, "invalid_client_metadata");
    }
    allow(&server, "unsigned");
    tools::until("the policy", async || register().await.status.is_success()).await;
    let party = Party::of(&server, register().await.good().json);
    let hanako = server.person("hanako");
    let good = claims(&server, &party, &Pkce::new());
    put(&site, &unsigned(&good));
    let browser = Actor::new(&server);
    let page = browser
        .authorize(&request(&party, &site.url(PATH)), &hanako)
        .await;
    party.assert_answer_is_ours(&page);
    assert!(page.returned("code").is_some());
    let by_value = party.request(
        &Pkce::new(),
        &[("request", &unsigned(&good)), ("state", "beside")],
    );
    let page = browser.open(&by_value).await;
    assert_eq!(page.returned("state").as_deref(), Some("the state & more"));
    // It registered that it signs nothing: a signature is not what it sends.
    put(&site, &key.sign(&good));
    assert_refused(&server, &party, &site.url(PATH), "invalid_request_object").await;
    allow(&server, "signed");
    put(&site, &unsigned(&good));
    tools::until("the policy", async || {
        let page = offer(&server, &party, &site.url(PATH)).await;
        page.away
            .is_some_and(|away| away.as_str().contains("invalid_request_object"))
    })
    .await;
}

#[tokio::test]
async fn an_administrator_allows_it_for_one_client_and_never_for_one_of_fapi() {
    let (server, site) = (Server::start(Backend::Sqlite).await, Site::start().await);
    let key = ClientKey::generate();
    let make = |more: &Value| {
        let mut description = json!({"client_name": "Clinic", "redirect_uris": [CALLBACK], "jwks": key.jwks(),
            "scope": "openid profile email offline_access", "request_uris": [site.url(PATH)]});
        for (name, value) in more.as_object().unwrap() {
            description[name] = value.clone();
        }
        let made = server.musubi(&["client", "create", "--file", "-"], &description.to_string());
        if let Some(secret) = made["client_secret"].as_str() {
            server.secret(secret);
        }
        let mut registration = description.clone();
        registration["client_id"] = made["client_id"].clone();
        Party::of(&server, registration)
    };
    let (with, without) = (make(&json!({"request_by_reference": "signed"})), make(&json!({})));
    for (party, error) in [(&with, None), (&without, Some("request_uri_not_supported"))] {
        put(&site, &key.sign(&claims(&server, party, &Pkce::new())));
        let page = offer(&server, party, &site.url(PATH)).await;
        match error {
            None => assert!(page.has_form("/signin"), "{}", page.body),
            Some(error) => assert_eq!(page.returned("error").as_deref(), Some(error)),
        }
    }
    let fapi = make(
        &json!({"request_by_reference": "unsigned", "musubi_security_profile": "fapi2",
        "token_endpoint_auth_method": "private_key_jwt", "id_token_signed_response_alg": "ES256"}),
    );
    put(&site, &key.sign(&claims(&server, &fapi, &Pkce::new())));
    let asked = site.asked().len();
    assert_refused(&server, &fapi, &site.url(PATH), "request_uri_not_supported").await;
    assert_eq!(site.asked().len(), asked);
}
