//! JWE bombs: an encrypted object that costs its reader more than it weighs (RFC 8725 §3.6, RFC 7518 §8.8): compressed,
//! with millions of rounds of a key derivation, with a giant key, for many recipients, in many layers. End to end: as a
//! request object, which is what the hub opens for others.

use harness::party::{Pkce, encode};
use harness::{Actor, Backend, Party, Server, tools};
use serde_json::{Value, json};

fn node(given: &Value) -> Value {
    let text = tools::run(&mut tools::node("jose.mjs"), &given.to_string());
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("no JSON ({error}): {text}"))
}

struct House {
    server: Server,
    party: Party,
    jwks: Value,
    signed: String,
}

impl House {
    async fn new() -> Self {
        let server = Server::start(Backend::Sqlite).await;
        let keys = node(&json!({"step": "keys", "algorithms": []}));
        let party = Party::register_with(&server, json!({"jwks": keys["public"]})).await;
        let published = party
            .ask(|http, issuer| http.get(format!("{issuer}/oauth/jwks")))
            .await;
        let jwks = published.good().json;
        let mut claims = json!({"iss": party.id(), "aud": server.issuer(), "exp": tools::seconds() + 600});
        let request = party.request(&Pkce::new(), &[]);
        let query = request.split_once('?').unwrap().1;
        for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
            claims[name.as_ref()] = json!(value);
        }
        let given = json!({"step": "seal", "claims": claims, "private": keys["private"], "jwks": jwks,
            "alg": "ECDH-ES", "enc": "A128GCM"});
        let signed = node(&given)["signed"].as_str().unwrap().to_owned();
        Self {
            server,
            party,
            jwks,
            signed,
        }
    }

    fn by_hand(&self, header: &Value, content: &Value) -> String {
        let mut given = json!({"step": "byHand", "jwks": self.jwks, "header": header});
        for (name, value) in content.as_object().unwrap() {
            given[name] = value.clone();
        }
        node(&given)["object"].as_str().unwrap().to_owned()
    }

    /// The error with which an object is refused; none if it is taken.
    async fn error(&self, object: &str) -> Option<String> {
        let query = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("client_id", self.party.id())
            .append_pair("request", object)
            .finish();
        let reply = self
            .party
            .ask(|http, issuer| {
                http.post(format!("{issuer}/oauth/par"))
                    .basic_auth(self.party.id(), Some(self.party.secret()))
                    .header("content-type", "application/x-www-form-urlencoded")
                    .body(query)
            })
            .await;
        assert!(!reply.status.is_server_error(), "{} {}", reply.status, reply.text);
        reply.json["error"].as_str().map(str::to_owned)
    }
}

#[tokio::test]
async fn jwe_bombs_what_is_compressed_is_refused_before_it_is_inflated() {
    let house = House::new().await;
    let plain = house.by_hand(&json!({}), &json!({"content": house.signed}));
    assert_eq!(house.error(&plain).await, None, "without compression it is taken");
    let before = house.server.most_memory();
    for megabytes in [1, 16, 20] {
        let bomb = house.by_hand(&json!({"zip": "DEF"}), &json!({"megabytes": megabytes}));
        assert!(bomb.len() < 40_000, "{}", bomb.len());
        assert_eq!(
            house.error(&bomb).await.as_deref(),
            Some("invalid_request_object")
        );
    }
    for zip in [
        json!("DEF"),
        json!("def"),
        json!("GZ"),
        json!(null),
        json!(["DEF"]),
    ] {
        let small = house.by_hand(&json!({"zip": zip}), &json!({"content": house.signed}));
        assert_eq!(
            house.error(&small).await.as_deref(),
            Some("invalid_request_object"),
            "{zip}"
        );
    }
    // Had the last one been inflated, it alone would have taken more than this.
    let grown = house.server.most_memory().saturating_sub(before);
    assert!(grown < 16 * 1024, "{grown} KiB");
}

#[tokio::test]
async fn jwe_bombs_nobody_makes_the_hub_derive_unwrap_or_count_for_them() {
    let house = House::new().await;
    let good = house.by_hand(&json!({}), &json!({"content": house.signed}));
    assert_eq!(house.error(&good).await, None);
    let parts: Vec<&str> = good.split('.').collect();
    let header: Value = harness::party::part(&good, 0);
    let with = |changes: Value| {
        let mut header = header.clone();
        for (name, value) in changes.as_object().unwrap() {
            header[name] = value.clone();
        }
        let encoded = encode(header.to_string().as_bytes());
        [&[encoded.as_str()][..], &parts[1..]].concat().join(".")
    };
    let giant = encode(&vec![0_u8; 20_000]);
    let epk = |members: Value| json!({ "epk": members });
    let (x, y) = (&header["epk"]["x"], &header["epk"]["y"]);
    let bombs = [
        // Millions of rounds, and salts that are megabytes.
        with(json!({"alg": "PBES2-HS256+A128KW", "p2c": 2_147_483_647, "p2s": "AAAAAAAAAAA"})),
        with(
            json!({"alg": "PBES2-HS512+A256KW", "p2c": 1_000_000_000_000_000_u64, "p2s": giant.get(..2000)}),
        ),
        with(json!({"alg": "dir"})),
        with(json!({"alg": "RSA1_5"})),
        with(json!({"alg": "RSA-OAEP"})),
        with(json!({"alg": "RSA-OAEP-256"})),
        with(json!({"alg": "A256GCMKW"})),
        with(json!({"alg": "none"})),
        with(json!({"alg": ["ECDH-ES"]})),
        with(json!({"enc": "A192GCM"})),
        with(json!({"enc": "XC20P"})),
        with(json!({"enc": null})),
        with(json!({"crit": ["exp"]})),
        with(json!({"jku": "https://evil.example/jwks"})),
        // Points that are on no curve or on another one, and party information without end.
        with(epk(json!({"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"}))),
        with(epk(json!({"kty": "EC", "crv": "P-256", "x": y, "y": x}))),
        with(epk(json!({"kty": "EC", "crv": "P-521", "x": x, "y": y}))),
        with(epk(json!({"kty": "OKP", "crv": "X25519", "x": x}))),
        with(epk(json!({"kty": "oct", "k": "AAAA"}))),
        with(epk(json!(null))),
        with(json!({"apu": giant.get(..1500), "apv": giant.get(..1500)})),
        with(json!({"kid": "k".repeat(2000)})),
        with(json!({"filler": "x".repeat(5000)})),
        // A giant key, and one where there must be none.
        [parts[0], &giant, parts[2], parts[3], parts[4]].join("."),
        [parts[0], "AAAA", parts[2], parts[3], parts[4]].join("."),
        {
            let wrapped = with(json!({"alg": "ECDH-ES+A256KW"}));
            let header = wrapped.split('.').next().unwrap();
            [header, &giant, parts[2], parts[3], parts[4]].join(".")
        },
        // Cut off, turned round, empty.
        [parts[0], "", "", "", ""].join("."),
        [parts[0], "", parts[2], parts[3], ""].join("."),
        [parts[0], "", parts[2], parts[3], &parts[4][..2]].join("."),
        [parts[0], "", parts[3], parts[2], parts[4]].join("."),
        [parts[0], "", parts[2], &giant, parts[4]].join("."),
        format!("{good}.AAAA"),
        format!("..{good}"),
        "....".to_owned(),
        ".".repeat(20_000),
    ];
    for bomb in &bombs {
        assert_eq!(
            house.error(bomb).await.as_deref(),
            Some("invalid_request_object"),
            "{}…",
            &bomb[..bomb.len().min(120)]
        );
    }
    // The JSON forms, with one recipient or as many as a request has room for.
    let recipient = json!({"header": {"alg": "ECDH-ES"}, "encrypted_key": "AAAA"});
    for recipients in [1, 300] {
        let general = json!({"protected": parts[0], "recipients": vec![recipient.clone(); recipients],
            "iv": parts[2], "ciphertext": parts[3], "tag": parts[4]});
        let error = house.error(&general.to_string()).await;
        assert_eq!(error.as_deref(), Some("invalid_request_object"), "{recipients}");
    }
    let page = Actor::new(&house.server)
        .open(&house.party.request(&Pkce::new(), &[("request", &good)]))
        .await;
    assert!(page.has_form("/signin"), "and goes on");
}

#[tokio::test]
async fn jwe_bombs_an_encrypted_object_holds_a_signed_one_and_no_other_layer() {
    let house = House::new().await;
    let mut layered = house.by_hand(&json!({}), &json!({"content": house.signed}));
    for _ in 0..3 {
        layered = house.by_hand(&json!({"cty": "JWT"}), &json!({"content": layered}));
        assert_eq!(
            house.error(&layered).await.as_deref(),
            Some("invalid_request_object")
        );
    }
    for content in ["", "{}", "e30.e30.", "a.b.c"] {
        let object = house.by_hand(&json!({}), &json!({"content": content}));
        assert_eq!(
            house.error(&object).await.as_deref(),
            Some("invalid_request_object"),
            "{content:?}"
        );
    }
}
