//! `kid` tricks: a signed object says by itself which key is to be believed, by a name that is a path or a query, by a key
//! that it carries, or by an address; or that no signature is needed (RFC 8725 §2.1, §3.10).

use aws_lc_rs::hmac;
use harness::party::{ClientKey, Pkce, decode, encode, part};
use harness::site::Site;
use harness::{Actor, Backend, Party, Server, tools};
use serde_json::{Value, json};

/// Headers under which an attacker signs with a key of their own.
fn headers(attacker: &ClientKey, site: &Site, known: &str) -> Vec<Value> {
    let jwk = attacker.jwk();
    let names = [
        "../../../../dev/null",
        "/proc/sys/kernel/randomize_va_space",
        "k1\u{0}",
        "k1' UNION SELECT 'x",
        "' OR 1=1 --",
        "k1; DROP TABLE client",
        "%6b1",
        "K1",
        "k1 ",
        known,
        "",
    ];
    let long = "k".repeat(3000);
    let mut all: Vec<Value> = names
        .into_iter()
        .chain([long.as_str()])
        .map(|kid| json!({"alg": "ES256", "kid": kid}))
        .collect();
    all.extend([
        json!({"alg": "ES256"}),
        json!({"alg": "ES256", "kid": null}),
        json!({"alg": "ES256", "kid": 1}),
        json!({"alg": "ES256", "kid": ["k1"]}),
        json!({"alg": "ES256", "kid": {"$ne": ""}}),
        json!({"alg": "ES256", "jwk": jwk}),
        json!({"alg": "ES256", "kid": "k1", "jwk": jwk}),
        json!({"alg": "ES256", "kid": "k1", "jku": site.url("/jwks")}),
        json!({"alg": "ES256", "kid": "k1", "x5u": site.url("/x5u")}),
        json!({"alg": "ES256", "kid": "k1", "x5c": ["MIIB"]}),
        json!({"alg": "ES256", "kid": "k1", "crit": ["exp"], "exp": 1}),
        json!({"alg": "ES256", "kid": "k1", "b64": false, "crit": ["b64"]}),
        json!({"alg": "RS256", "kid": "k1"}),
        json!({"alg": "EdDSA", "kid": "k1"}),
        json!({"alg": "ES384", "kid": "k1"}),
        json!({"alg": "ES256K", "kid": "k1"}),
    ]);
    all
}

/// Objects that nobody signed, or that were "signed" with what everybody knows.
fn unsigned(public: &Value, claims: &Value) -> Vec<String> {
    let payload = encode(claims.to_string().as_bytes());
    let mut all = Vec::new();
    for alg in ["none", "None", "NONE", "nOnE", ""] {
        let header = encode(json!({"alg": alg, "kid": "k1"}).to_string().as_bytes());
        all.extend([
            format!("{header}.{payload}."),
            format!("{header}.{payload}.AAAA"),
            format!("{header}.{payload}"),
        ]);
    }
    // A public key as the secret of a MAC.
    let coordinates = [public["x"].as_str().unwrap(), public["y"].as_str().unwrap()].map(decode);
    let point = [&[4_u8][..], &coordinates[0], &coordinates[1]].concat();
    let secrets = [public.to_string().into_bytes(), point, b"k1".to_vec(), Vec::new()];
    for secret in secrets {
        let header = encode(json!({"alg": "HS256", "kid": "k1"}).to_string().as_bytes());
        let signed = format!("{header}.{payload}");
        let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &secret), signed.as_bytes());
        all.push(format!("{signed}.{}", encode(tag.as_ref())));
    }
    // A signature of zeros, and one that is cut off.
    let header = encode(json!({"alg": "ES256", "kid": "k1"}).to_string().as_bytes());
    for signature in [
        vec![0_u8; 64],
        vec![0; 63],
        vec![255; 64],
        vec![0x30, 6, 2, 1, 0, 2, 1, 0],
    ] {
        all.push(format!("{header}.{payload}.{}", encode(&signature)));
    }
    all
}

fn claims(server: &Server, issuer: &str, subject: Option<&str>) -> Value {
    let now = tools::seconds();
    let mut claims =
        json!({"iss": issuer, "aud": server.issuer(), "jti": tools::unique(), "iat": now, "exp": now + 60});
    if let Some(subject) = subject {
        claims["sub"] = json!(subject);
    }
    claims
}

async fn proves(party: &Party, assertion: &str) -> bool {
    let form = [
        ("grant_type", "refresh_token"),
        (
            "client_assertion_type",
            "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        ),
        ("client_assertion", assertion),
    ];
    let reply = party.token_bare(&form).await;
    assert!(reply.status.is_client_error(), "{} {}", reply.status, reply.text);
    reply.json["error"] == "invalid_request"
}

#[tokio::test]
async fn kid_tricks_a_client_assertion_is_verified_by_the_clients_own_keys_whatever_it_says() {
    let server = Server::start(Backend::Sqlite).await;
    let (own, others, attacker) = (
        ClientKey::generate(),
        ClientKey::generate(),
        ClientKey::generate(),
    );
    let site = Site::start().await;
    site.serve("/jwks", &attacker.jwks());
    let by_key = |key: &ClientKey, kid: &str| {
        let mut jwks = key.jwks();
        jwks["keys"][0]["kid"] = json!(kid);
        json!({"token_endpoint_auth_method": "private_key_jwt", "jwks": jwks})
    };
    let party = Party::register_with(&server, by_key(&own, "k1")).await;
    Party::register_with(&server, by_key(&others, "of-another")).await;
    let assertion = || claims(&server, party.id(), Some(party.id()));
    assert!(
        proves(&party, &own.sign(&assertion())).await,
        "the good one is good"
    );
    for header in headers(&attacker, &site, "of-another") {
        let signed = attacker.sign_with(&header, &assertion());
        assert!(!proves(&party, &signed).await, "{header}");
    }
    // The key of another client under its own name, and under this one's.
    for kid in ["of-another", "k1"] {
        let header = json!({"alg": "ES256", "kid": kid});
        assert!(
            !proves(&party, &others.sign_with(&header, &assertion())).await,
            "{kid}"
        );
    }
    for forged in unsigned(&own.jwk(), &assertion()) {
        assert!(!proves(&party, &forged).await, "{forged}");
    }
    assert!(site.asked().is_empty(), "nothing in an object is an address");
}

#[tokio::test]
async fn kid_tricks_a_request_object_is_verified_by_the_clients_own_keys_whatever_it_says() {
    let server = Server::start(Backend::Sqlite).await;
    let hanako = server.person("hanako");
    let (own, attacker, site) = (ClientKey::generate(), ClientKey::generate(), Site::start().await);
    let party = Party::register_with(&server, json!({"jwks": own.jwks()})).await;
    let browser = Actor::new(&server);
    let request = party.request(&Pkce::new(), &[]);
    let mut object = claims(&server, party.id(), None);
    for (name, value) in url::form_urlencoded::parse(request.split_once('?').unwrap().1.as_bytes()) {
        object[name.as_ref()] = json!(value);
    }
    let offer = async |object: &str| {
        let page = browser
            .open(&party.request(&Pkce::new(), &[("request", object)]))
            .await;
        page.away.as_ref().and_then(|_| page.returned("error"))
    };
    browser.authorize(&request, &hanako).await;
    assert_eq!(offer(&own.sign(&object)).await, None, "the good one is good");
    let forged = headers(&attacker, &site, "k1")
        .into_iter()
        .map(|header| attacker.sign_with(&header, &object))
        .chain(unsigned(&own.jwk(), &object));
    for forged in forged {
        assert_eq!(
            offer(&forged).await.as_deref(),
            Some("invalid_request_object"),
            "{}",
            &forged[..60]
        );
    }
    assert!(site.asked().is_empty());
}

#[tokio::test]
async fn kid_tricks_tokens_of_the_hub_are_verified_by_its_own_keys_whatever_they_say() {
    let server = Server::start(Backend::Sqlite).await;
    let hanako = server.person("hanako");
    let (attacker, site) = (ClientKey::generate(), Site::start().await);
    site.serve("/jwks", &attacker.jwks());
    let party = Party::register_with(&server, json!({"jwks": attacker.jwks()})).await;
    let browser = Actor::new(&server);
    let tokens = party.sign_in(&browser, &hanako).await;
    let (access, id) = (tokens.text("access_token"), tokens.text("id_token"));
    let kid = part(access, 0)["kid"].as_str().unwrap().to_owned();
    let hint = async |token: &str| {
        let changes = [("prompt", "none"), ("id_token_hint", token)];
        let page = browser.open(&party.request(&Pkce::new(), &changes)).await;
        page.returned("error")
    };
    assert_eq!(hint(id).await, None, "the good one is good");
    for (typ, token) in [("at+jwt", access), ("JWT", id)] {
        let claims = part(token, 1);
        let mut forged: Vec<String> = headers(&attacker, &site, &kid)
            .into_iter()
            .map(|mut header| {
                header["typ"] = json!(typ);
                attacker.sign_with(&header, &claims)
            })
            .collect();
        let mut named = json!({"alg": "ES256", "typ": typ});
        named["kid"] = json!(part(token, 0)["kid"]);
        forged.push(attacker.sign_with(&named, &claims));
        forged.extend(unsigned(&attacker.jwk(), &claims));
        // Signed by the hub, and put under another header.
        let (_, rest) = token.split_once('.').unwrap();
        named["typ"] = json!("another");
        forged.push(format!("{}.{rest}", encode(named.to_string().as_bytes())));
        for forged in forged {
            assert_ne!(forged, token);
            let header = part(&forged, 0);
            if typ == "at+jwt" {
                let reply = party.userinfo(&forged).await;
                assert_eq!(reply.status.as_u16(), 401, "{header}");
                assert_eq!(reply.json["error"], "invalid_token", "{header}");
            } else {
                assert_eq!(
                    hint(&forged).await.as_deref(),
                    Some("invalid_request"),
                    "{header}"
                );
            }
        }
    }
    assert!(site.asked().is_empty());
}
