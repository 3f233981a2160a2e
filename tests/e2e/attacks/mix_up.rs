//! Mix-up: a client of two servers is made to take the answer of one for that of the other (RFC 9207, RFC 9700 §4.4). Every
//! answer says whose it is, also an error; two realms share no address; and a code is worth nothing at the other.

use std::collections::HashSet;

use harness::party::{Pkce, part};
use harness::{Backend, Page, Party, Realm, Server};
use serde_json::{Value, json};

async fn document(realm: &Realm<'_>) -> Value {
    let address = realm.url("/.well-known/openid-configuration");
    reqwest::get(address).await.unwrap().json().await.unwrap()
}

/// A parameter of an answer, wherever it travels.
fn parameter(page: &Page, name: &str) -> Option<String> {
    let away = page.away.as_ref()?;
    let fragment = away.fragment().unwrap_or_default();
    let in_fragment = url::form_urlencoded::parse(fragment.as_bytes());
    let mut pairs = away.query_pairs().chain(in_fragment);
    pairs
        .find(|(known, _)| known == name)
        .map(|(_, value)| value.into_owned())
}

#[tokio::test]
async fn mix_up_every_answer_names_its_issuer_and_the_two_issuers_of_one_server_differ() {
    let server = Server::start(Backend::Sqlite).await;
    for realm in [Realm::first(&server), Realm::add(&server)] {
        let said = document(&realm).await;
        assert_eq!(said["issuer"], realm.issuer());
        assert_eq!(said["authorization_response_iss_parameter_supported"], true);
        let hanako = realm.person("hanako");
        let everything = json!({
            "client_name": "Old portal",
            "redirect_uris": [harness::party::CALLBACK],
            "grant_types": ["authorization_code", "implicit"],
            "response_types": ["code", "id_token", "code id_token"],
            "scope": "openid profile email",
        });
        let party = realm.made(&everything);
        let browser = realm.actor();
        browser
            .authorize(&party.request(&Pkce::new(), &[]), &hanako)
            .await;
        for changes in [
            &[("response_mode", "query")][..],
            &[("response_mode", "fragment")],
            &[("response_type", "id_token")],
            &[("response_type", "code id_token")],
            // Errors of the request, of the person's standing, and of an unknown type.
            &[("prompt", "nonsense")],
            &[("max_age", "0"), ("prompt", "none")],
            &[("response_type", "nonsense")],
            &[("scope", "nothing.known")],
            &[("request", "e30.e30.e30")],
            &[("code_challenge_method", "plain")],
        ] {
            let page = browser.open(&party.request(&Pkce::new(), changes)).await;
            assert_eq!(
                parameter(&page, "iss").as_deref(),
                Some(realm.issuer()),
                "{changes:?}: {:?} {}",
                page.away,
                page.body
            );
        }
        let page = browser
            .open(&party.request(&Pkce::new(), &[("response_mode", "query.jwt")]))
            .await;
        let response = parameter(&page, "response").unwrap();
        assert_eq!(part(&response, 1)["iss"], realm.issuer());
        assert_eq!(part(&response, 1)["aud"], party.id());
        let page = browser
            .open(&party.request(&Pkce::new(), &[("response_mode", "form_post")]))
            .await;
        let form = page.form(harness::party::CALLBACK);
        assert_eq!(form.value("iss"), Some(realm.issuer()));
    }
}

#[tokio::test]
async fn mix_up_two_realms_share_no_address_and_no_key() {
    let server = Server::start(Backend::Sqlite).await;
    let (one, other) = (Realm::first(&server), Realm::add(&server));
    let (here, there) = (document(&one).await, document(&other).await);
    let addresses = |said: &Value| -> HashSet<String> {
        let members = said.as_object().unwrap();
        let texts = members.values().filter_map(Value::as_str);
        texts
            .filter(|text| text.starts_with("http"))
            .map(str::to_owned)
            .collect()
    };
    let (own, others) = (addresses(&here), addresses(&there));
    assert!(own.len() >= 10, "{here:#}");
    assert!(own.is_disjoint(&others), "{:?}", own.intersection(&others));
    assert!(own.iter().all(|address| address.starts_with(one.issuer())));
    assert!(others.iter().all(|address| address.starts_with(other.issuer())));
    let kids = async |realm: &Realm<'_>| -> HashSet<String> {
        let jwks: Value = reqwest::get(realm.url("/oauth/jwks"))
            .await
            .unwrap()
            .json()
            .await
            .unwrap();
        let keys = jwks["keys"].as_array().unwrap();
        keys.iter()
            .map(|key| key["kid"].as_str().unwrap().to_owned())
            .collect()
    };
    let (own, others) = (kids(&one).await, kids(&other).await);
    assert!(own.len() >= 4 && own.is_disjoint(&others));
}

#[tokio::test]
async fn mix_up_a_code_that_is_carried_to_the_other_server_is_worth_nothing_there_and_still_good_at_home() {
    let server = Server::start(Backend::Sqlite).await;
    let (honest, attacker) = (Realm::first(&server), Realm::add(&server));
    let (hanako, pkce) = (honest.person("hanako"), Pkce::new());
    let party = honest.party(json!({})).await;
    let at_attacker = attacker.party(json!({})).await;
    let code = party.code(&honest.actor(), &hanako, &pkce, &[]).await;
    at_attacker
        .token(&at_attacker.redemption(&code, &pkce))
        .await
        .assert_error(400, "invalid_grant");
    // The client's own credentials are none there.
    let form = party.redemption(&code, &pkce);
    let asked = Party::at(&server, attacker.issuer(), party.registration.clone());
    asked.token(&form).await.assert_error(401, "invalid_client");
    party.token(&form).await.good();
}
