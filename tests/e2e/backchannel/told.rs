//! Clients that want to be told (CIBA §10.2): what they hear, and what their own answer changes.

use harness::party::part;
use harness::site::Site;
use harness::{Actor, Backend, Options, Party, Person, Reply, Server, tools};
use serde_json::json;

use super::{answer, begin, counter, look, outcome, poll};

const BELL: &str = "8d67dc78-7faa-4d41-aabd-67707b374255";

/// A hub whose clients wait long between two polls.
async fn slow_hub(backend: Backend) -> Server {
    let configuration = "[tokens]\ndevice_interval_seconds = 60\n".to_owned();
    let options = Options {
        configuration,
        ..Options::default()
    };
    Server::start_with(backend, options).await
}

async fn told_at(server: &Server, address: &str) -> Party {
    let metadata = json!({
        "backchannel_token_delivery_mode": "ping",
        "backchannel_client_notification_endpoint": address,
    });
    counter(server, metadata).await
}

/// A request that the person answers; it waits until the client was told.
async fn answered(server: &Server, party: &Party, person: &Person, site: &Site, decision: &str) -> Reply {
    let before = site.times("/ping");
    let begun = begin(party, &[("client_notification_token", BELL)]).await.good();
    poll(party, &begun)
        .await
        .assert_error(400, "authorization_pending");
    poll(party, &begun).await.assert_error(400, "slow_down");
    let actor = Actor::new(server);
    let page = look(&actor, person).await;
    answer(&actor, &page, decision).await;
    tools::until("the client is told", async || site.times("/ping") > before).await;
    begun
}

/// fapi-ciba-id1, fapi-ciba-id1-user-rejects-authentication and what else a client does that was told.
#[tokio::test]
async fn who_was_told_asks_at_once_and_hears_the_answer_whatever_the_pause_between_polls() {
    for backend in Backend::ALL {
        let server = slow_hub(backend).await;
        let hanako = server.person("hanako");
        let site = Site::start().await;
        site.say("/ping", "204 No Content", "", "");
        let party = told_at(&server, &site.url("/ping")).await;
        let begun = answered(&server, &party, &hanako, &site, "allow").await;
        let tokens = poll(&party, &begun).await.good();
        assert_eq!(part(tokens.text("id_token"), 1)["aud"], party.id());
        poll(&party, &begun).await.assert_error(400, "invalid_grant");
        let begun = answered(&server, &party, &hanako, &site, "deny").await;
        poll(&party, &begun).await.assert_error(400, "access_denied");
    }
}

/// fapi-ciba-id1-ping-backchannel-notification-endpoint-response-has-body, -401, -403, -return-redirect-request.
#[tokio::test]
async fn what_the_place_says_that_was_told_changes_nothing_and_leads_nowhere() {
    let server = slow_hub(Backend::Sqlite).await;
    let (site, elsewhere) = (Site::start().await, Site::start().await);
    let party = told_at(&server, &site.url("/ping")).await;
    let to = format!("location: {}\r\n", elsewhere.url("/ping"));
    for (number, (status, headers, body)) in [
        (
            "200 OK",
            "content-type: application/json\r\n",
            "{\"error\": \"access_denied\"}",
        ),
        ("401 Unauthorized", "", ""),
        ("403 Forbidden", "", ""),
        ("301 Moved Permanently", to.as_str(), ""),
    ]
    .into_iter()
    .enumerate()
    {
        // Nobody is asked more than three times in a while.
        let person = server.person(&format!("person{number}"));
        site.say("/ping", status, headers, body);
        let before = site.times("/ping");
        let asked = [
            ("client_notification_token", BELL),
            ("login_hint", person.login.as_str()),
        ];
        let begun = begin(&party, &asked).await.good();
        let actor = Actor::new(&server);
        let page = look(&actor, &person).await;
        answer(&actor, &page, "allow").await;
        tools::until("the client is told", async || site.times("/ping") > before).await;
        outcome(&party, &begun).await.good();
        assert_eq!(site.times("/ping"), before + 1, "{status}: told once");
    }
    assert!(elsewhere.asked().is_empty());
}
