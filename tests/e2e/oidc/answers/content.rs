//! What an answer has in it.

use std::io::Write as _;

use harness::party::Pkce;
use harness::{Actor, Backend};
use serde_json::{Value, json};

use super::{Case, WAYS, algorithm};

/// oidcc-server, oidcc-idtoken-signature, oidcc-userinfo-get, oidcc-userinfo-post-header, oidcc-userinfo-post-body.
#[tokio::test]
async fn however_an_answer_travels_its_parts_belong_together() {
    for backend in Backend::ALL {
        let case = Case::begin(backend).await;
        let browser = Actor::new(&case.server);
        for way in WAYS {
            let pkce = Pkce::new();
            let answer = case.answer(&browser, way, &pkce, &[]).await;
            assert_eq!(answer["state"], "the state & more", "{way:?}");
            for (word, name) in [
                ("code", "code"),
                ("id_token", "id_token"),
                ("token", "access_token"),
            ] {
                let asked = way.0.split(' ').any(|asked| asked == word);
                assert_eq!(asked, answer.contains_key(name), "{way:?}: {name}");
            }
            let mut subjects: Vec<Value> = Vec::new();
            if let Some(token) = answer.get("id_token") {
                assert_eq!(
                    algorithm(token),
                    "RS256",
                    "the default of a client that asks for nothing else"
                );
                let claims = case.claims(way, &answer, &pkce).await;
                assert_eq!(claims["nonce"], "the nonce");
                subjects.push(claims["sub"].clone());
            }
            let mut access: Vec<String> = answer.get("access_token").cloned().into_iter().collect();
            if answer.contains_key("code") {
                let tokens = case.redeem(&answer, &pkce).await;
                let claims = case.party.id_claims(tokens.text("id_token")).await;
                assert_eq!(claims["nonce"], "the nonce");
                subjects.push(claims["sub"].clone());
                access.push(tokens.text("access_token").to_owned());
            }
            for token in &access {
                let got = case.party.userinfo(token).await.good();
                let url = format!("{}/oauth/userinfo", case.server.issuer());
                let in_header = case.party.ask(|http, _| http.post(&url).bearer_auth(token)).await;
                let form = [("access_token", token)];
                let in_body = case.party.ask(|http, _| http.post(&url).form(&form)).await;
                assert_eq!(in_header.good().json, got.json, "{way:?}");
                assert_eq!(in_body.good().json, got.json, "{way:?}");
                subjects.push(got.json["sub"].clone());
            }
            assert!(
                subjects.iter().all(|sub| sub.is_string() && *sub == subjects[0]),
                "{way:?}: {subjects:?}"
            );
        }
    }
}

/// oidcc-scope-profile, -email, -address, -phone, -all.
#[tokio::test]
async fn a_scope_gives_its_claims_at_userinfo_and_in_the_id_token_where_there_is_no_other_place() {
    let details = json!({
        "family_name": "山田", "given_name": "花子", "birthdate": "1950-04-29", "zoneinfo": "Asia/Tokyo",
        "phone_number": "+81312345678", "phone_number_verified": true,
        "address": {"formatted": "東京都港区芝公園4-2-8", "postal_code": "105-0011", "country": "JP"},
    });
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(details.to_string().as_bytes()).unwrap();
    let path = file.path().to_str().unwrap();
    let case = Case::begin_with(Backend::Sqlite, &json!({}), &["--details", path]).await;
    let browser = Actor::new(&case.server);
    let claims = [
        (
            "profile",
            &[
                "name",
                "family_name",
                "given_name",
                "birthdate",
                "preferred_username",
            ][..],
        ),
        ("email", &["email", "email_verified"]),
        ("address", &["address"]),
        ("phone", &["phone_number", "phone_number_verified"]),
    ];
    for way in WAYS {
        for scope in [
            "profile",
            "email",
            "address",
            "phone",
            "profile email address phone",
        ] {
            let pkce = Pkce::new();
            let asked = [("scope", format!("openid {scope}"))];
            let asked = asked.each_ref().map(|(name, value)| (*name, value.as_str()));
            let answer = case.answer(&browser, way, &pkce, &asked).await;
            let told = case.told(way, &answer, &pkce).await;
            for (word, names) in claims {
                let given = scope.split(' ').any(|asked| asked == word);
                for name in names {
                    assert_eq!(given, !told[*name].is_null(), "{way:?} {scope}: {name} in {told}");
                }
            }
        }
    }
}

/// oidcc-claims-essential.
#[tokio::test]
async fn a_single_claim_that_is_essential_is_told_where_it_was_asked_for() {
    let case = Case::begin(Backend::Sqlite).await;
    let browser = Actor::new(&case.server);
    for way in WAYS {
        let place = if way.0 == "id_token" {
            "id_token"
        } else {
            "userinfo"
        };
        let claims = json!({place: {"name": {"essential": true}}}).to_string();
        let pkce = Pkce::new();
        let asked = [("scope", "openid"), ("claims", claims.as_str())];
        let answer = case.answer(&browser, way, &pkce, &asked).await;
        let told = case.told(way, &answer, &pkce).await;
        assert_eq!(told["name"], case.hanako.name.as_str(), "{way:?}");
        assert!(told["email"].is_null(), "{way:?}: {told}");
    }
}

/// oidcc-codereuse, oidcc-codereuse-30seconds.
#[tokio::test]
async fn a_code_of_any_flow_that_comes_again_is_refused_and_takes_what_it_gave_with_it() {
    let case = Case::begin(Backend::Sqlite).await;
    let browser = Actor::new(&case.server);
    for way in WAYS.into_iter().filter(|way| way.0.starts_with("code")) {
        let pkce = Pkce::new();
        let answer = case.answer(&browser, way, &pkce, &[]).await;
        let tokens = case.redeem(&answer, &pkce).await;
        let again = case.party.redemption(&answer["code"], &pkce);
        case.party.token(&again).await.assert_error(400, "invalid_grant");
        case.party
            .userinfo(tokens.text("access_token"))
            .await
            .assert_error(401, "invalid_token");
    }
}

/// oidcc-refresh-token.
#[tokio::test]
async fn a_code_of_any_flow_brings_a_refresh_token_of_its_client_alone() {
    let case = Case::begin(Backend::Sqlite).await;
    let browser = Actor::new(&case.server);
    let made = case.server.musubi(
        &["client", "create", "--file", "-"],
        &super::metadata(&json!({"client_name": "Other portal"})).to_string(),
    );
    let other = harness::Party::of(&case.server, made);
    for way in WAYS.into_iter().filter(|way| way.0.starts_with("code")) {
        let pkce = Pkce::new();
        let answer = case.answer(&browser, way, &pkce, &[("prompt", "consent")]).await;
        let tokens = case.redeem(&answer, &pkce).await;
        let refresh = tokens.text("refresh_token");
        other.refresh(refresh).await.assert_error(400, "invalid_grant");
        let next = case.party.refresh(refresh).await.good();
        let (first, second) = (
            case.party.id_claims(tokens.text("id_token")).await,
            case.party.id_claims(next.text("id_token")).await,
        );
        for name in ["iss", "sub", "aud"] {
            assert_eq!(first[name], second[name], "{way:?}: {name}");
        }
        case.party.userinfo(next.text("access_token")).await.good();
    }
}

/// oidcc-server-client-secret-post.
#[tokio::test]
async fn a_client_that_sends_its_secret_in_the_form_redeems_codes_of_every_flow() {
    let changes = json!({"token_endpoint_auth_method": "client_secret_post"});
    let case = Case::begin_with(Backend::Sqlite, &changes, &[]).await;
    let browser = Actor::new(&case.server);
    for way in WAYS.into_iter().filter(|way| way.0.starts_with("code")) {
        let pkce = Pkce::new();
        let answer = case.answer(&browser, way, &pkce, &[]).await;
        let tokens = case.redeem(&answer, &pkce).await;
        case.party.id_claims(tokens.text("id_token")).await;
    }
}
