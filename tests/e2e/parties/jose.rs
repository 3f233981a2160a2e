//! npm jose: ID tokens and answers that the hub encrypts for a client, request objects that a client encrypts for it.

use harness::party::{self, Pkce, part};
use harness::{Actor, Backend, Party, Server, tools};
use serde_json::{Value, json};

use super::step;

const ALGORITHMS: [&str; 4] = ["RSA-OAEP-256", "ECDH-ES", "ECDH-ES+A128KW", "ECDH-ES+A256KW"];

fn node(given: &Value) -> Value {
    step(tools::node("jose.mjs"), given)
}

async fn jwks(party: &Party) -> Value {
    let reply = party
        .ask(|http, issuer| http.get(format!("{issuer}/oauth/jwks")))
        .await;
    reply.good().json
}

#[tokio::test]
async fn what_a_client_wants_encrypted_only_its_key_opens() {
    for backend in Backend::ALL {
        let server = Server::start(backend).await;
        let hanako = server.person("hanako");
        let keys = node(&json!({"step": "keys", "algorithms": ALGORITHMS}));
        for (alg, enc) in ALGORITHMS
            .iter()
            .zip(["A128CBC-HS256", "A256GCM", "A128GCM", "A256CBC-HS512"])
        {
            let metadata = json!({
                "jwks": keys["public"],
                "id_token_signed_response_alg": "ES256",
                "id_token_encrypted_response_alg": alg,
                "id_token_encrypted_response_enc": enc,
                "authorization_encrypted_response_alg": alg,
                "userinfo_signed_response_alg": "PS256",
                "userinfo_encrypted_response_alg": alg,
                "userinfo_encrypted_response_enc": enc,
            });
            let party = Party::register_with(&server, metadata).await;
            let open = async |object: &str| {
                let given = json!({"step": "open", "object": object, "private": keys["private"], "jwks": jwks(&party).await,
                    "issuer": server.issuer(), "audience": party.id()});
                node(&given)
            };
            let pkce = Pkce::new();
            let request = party.request(&pkce, &[("response_mode", "query.jwt")]);
            let page = Actor::new(&server).authorize(&request, &hanako).await;
            let response = page.returned("response").unwrap();
            let answer = open(&response).await;
            assert_eq!(answer["header"]["enc"], "A128CBC-HS256", "JARM §3: the default");
            assert_eq!(answer["claims"]["state"], "the state & more");
            let code = answer["claims"]["code"].as_str().unwrap();
            server.secret(code);
            let tokens = party.token(&party.redemption(code, &pkce)).await.good();
            assert_eq!(tokens.text("id_token").split('.').count(), 5);
            let id = open(tokens.text("id_token")).await;
            assert_eq!(
                (&id["header"]["alg"], &id["header"]["enc"]),
                (&json!(alg), &json!(enc))
            );
            assert_eq!(id["claims"]["nonce"], "the nonce");
            let who = party.userinfo(tokens.text("access_token")).await.good();
            assert_eq!(who.headers["content-type"], "application/jwt");
            let who = open(&who.text).await;
            assert_eq!(who["claims"]["email"], hanako.email.as_str());
        }
    }
}

#[tokio::test]
async fn an_answer_about_a_token_that_a_client_wants_encrypted_only_its_key_opens() {
    let server = Server::start(Backend::Sqlite).await;
    let hanako = server.person("hanako");
    let keys = node(&json!({"step": "keys", "algorithms": ALGORITHMS}));
    for (alg, enc, used) in [
        ("ECDH-ES+A256KW", Some("A256GCM"), "A256GCM"),
        ("RSA-OAEP-256", None, "A128CBC-HS256"),
    ] {
        let metadata = json!({
            "jwks": keys["public"],
            "introspection_signed_response_alg": "ES256",
            "introspection_encrypted_response_alg": alg,
            "introspection_encrypted_response_enc": enc,
        });
        let party = Party::register_with(&server, metadata).await;
        let tokens = party.sign_in(&Actor::new(&server), &hanako).await;
        let ask = async |accept: &str, token: &str| {
            party
                .ask(|http, issuer| {
                    http.post(format!("{issuer}/oauth/introspect"))
                        .basic_auth(party.id(), Some(party.secret()))
                        .header("accept", accept)
                        .form(&[("token", token)])
                })
                .await
                .good()
        };
        for (token, active) in [(tokens.text("access_token"), true), ("garbage", false)] {
            let answer = ask("application/token-introspection+jwt", token).await;
            assert_eq!(
                answer.headers["content-type"],
                "application/token-introspection+jwt"
            );
            assert_eq!(answer.text.split('.').count(), 5, "{}", answer.text);
            let given = json!({"step": "open", "object": answer.text, "private": keys["private"],
                "jwks": jwks(&party).await, "issuer": server.issuer(), "audience": party.id()});
            let opened = node(&given);
            assert_eq!(
                (&opened["header"]["alg"], &opened["header"]["enc"]),
                (&json!(alg), &json!(used))
            );
            assert_eq!(opened["claims"]["token_introspection"]["active"], active);
        }
        let plain = ask("application/json", tokens.text("access_token")).await;
        assert_eq!(plain.json["active"], true);
    }
    for changes in [
        json!({"introspection_encrypted_response_alg": "ECDH-ES"}),
        json!({"jwks": keys["public"], "introspection_encrypted_response_enc": "A256GCM"}),
        json!({"jwks": keys["public"], "introspection_encrypted_response_alg": "RSA1_5"}),
    ] {
        let mut metadata = json!({"redirect_uris": ["https://rp.example/callback"]});
        for (name, value) in changes.as_object().unwrap() {
            metadata[name] = value.clone();
        }
        let token = server.registration_token(1);
        let request = party::http()
            .post(server.url("/oauth/register"))
            .bearer_auth(token)
            .json(&metadata);
        party::send(request, &server.secrets())
            .await
            .assert_error(400, "invalid_client_metadata");
    }
}

#[tokio::test]
async fn a_request_object_may_be_encrypted_for_the_hub_and_must_be_where_the_client_said_so() {
    for backend in Backend::ALL {
        let server = Server::start(backend).await;
        let hanako = server.person("hanako");
        let keys = node(&json!({"step": "keys", "algorithms": []}));
        let strict = json!({"jwks": keys["public"], "request_object_encryption_alg": "ECDH-ES+A256KW",
            "request_object_encryption_enc": "A256GCM"});
        let party = Party::register_with(&server, strict).await;
        let pkce = Pkce::new();
        let request = party.request(&pkce, &[]);
        let mut claims = json!({"iss": party.id(), "aud": server.issuer(), "exp": tools::seconds() + 60});
        for (name, value) in url::form_urlencoded::parse(request.split_once('?').unwrap().1.as_bytes()) {
            claims[name.as_ref()] = json!(value);
        }
        let seal = async |alg: &str, enc: &str| {
            let given = json!({"step": "seal", "claims": claims, "private": keys["private"], "jwks": jwks(&party).await,
                "alg": alg, "enc": enc});
            node(&given)
        };
        let browser = Actor::new(&server);
        let made = seal("ECDH-ES+A256KW", "A256GCM").await;
        let object = made["object"].as_str().unwrap();
        assert_eq!(part(object, 0)["cty"], "JWT");
        let page = browser
            .authorize(&party.request(&pkce, &[("request", object)]), &hanako)
            .await;
        let code = page.returned("code").unwrap();
        party.token(&party.redemption(&code, &pkce)).await.good();

        let other = seal("ECDH-ES", "A128GCM").await;
        let mut broken = object.to_owned();
        broken.replace_range(broken.len() - 4.., "AAAA");
        for refused in [
            made["signed"].as_str().unwrap(),
            other["object"].as_str().unwrap(),
            &broken,
        ] {
            let page = browser.open(&party.request(&pkce, &[("request", refused)])).await;
            assert_eq!(page.returned("error").as_deref(), Some("invalid_request_object"));
        }
    }
}
