//! Delegated administration under attack: each test is a way to get more than one was given.

use std::time::Duration;

use harness::{Backend, tools};
use reqwest::Method;
use serde_json::{Value, json};

use super::{EVERYTHING, World, app, call, service, token_of};

/// RFC 3339 so many seconds from now.
fn in_seconds(seconds: i64) -> String {
    let at = tools::seconds() + seconds;
    let mut date = std::process::Command::new(tools::program("date", "coreutils"));
    date.args(["--utc", "--date", &format!("@{at}"), "+%Y-%m-%dT%H:%M:%SZ"]);
    tools::run(&mut date, "").trim().to_owned()
}

#[tokio::test]
async fn joining_a_group_in_which_others_have_power_gives_none() {
    for backend in Backend::ALL {
        let world = World::new(backend).await;
        let town = world.town().await;
        world.administrator("chief", &town.hospital).await;
        let registrar = world.member("registrar", &town.surgery).await;
        world
            .give(&world.root, (&registrar, &town.surgery), &["staff.write"], 0)
            .await
            .good();
        // Powers are given to people, never to a group: whoever joins the administrators' organisation has none.
        let clerk = world.member("clerk", &town.hospital).await;
        assert!(world.held(&clerk).await.is_empty());
        let list = format!("/api/v1/organisations/{}/staff", town.hospital);
        world
            .get(&clerk.token, &list)
            .await
            .refused(404, "organisation.unknown");
        // And the registrar of one group cannot put anybody into another, least of all themselves.
        for (who, id, status) in [
            (&registrar, "organisation.unknown", 404),
            (&clerk, "organisation.unknown", 404),
        ] {
            let path = format!("/api/v1/staff/{}/affiliations", who.staff);
            let body = json!({"organisation": town.hospital});
            world
                .post(&registrar.token, &path, body)
                .await
                .refused(status, id);
        }
    }
}

#[tokio::test]
async fn nobody_grants_themselves_anything_by_editing_their_own_record() {
    for backend in Backend::ALL {
        let world = World::new(backend).await;
        let town = world.town().await;
        let chief = world.administrator("chief", &town.hospital).await;
        let own = |path: &str| {
            path.replace("STAFF", &chief.staff)
                .replace("PLACE", &chief.affiliation)
        };
        // Not a place, not an occupation that consents name, not a power, whatever they may do for others.
        let place = json!({"organisation": town.surgery});
        let placed = world
            .post(&chief.token, &own("/api/v1/staff/STAFF/affiliations"), place)
            .await;
        placed.refused(403, "staff.own");
        let physician = json!({"code": "physician", "licence": "1"});
        let occupied = world
            .post(
                &chief.token,
                &own("/api/v1/affiliations/PLACE/occupations"),
                physician,
            )
            .await;
        occupied.refused(403, "staff.own");
        let given = world
            .give(&chief.token, (&chief, &town.hospital), &["staff.read"], 0)
            .await;
        given.refused(403, "staff.own");
        let path = format!("/api/v1/organisations/{}/invitations", town.surgery);
        let invited = world.post(&chief.token, &path, json!({})).await.good();
        let code = json!({"code": invited["code"]});
        let accepted = world.post(&chief.token, "/api/v1/invitations/accept", code).await;
        accepted.refused(403, "staff.own");
        // A person with the realm's scopes does not either.
        let record = world.get(&chief.token, "/api/v1/staff/self").await.good();
        assert_eq!(record["affiliations"].as_array().unwrap().len(), 1);
        assert_eq!(record["affiliations"][0]["occupations"], json!([]));
        let rows = world.server.log();
        let denied = rows
            .iter()
            .filter(|row| row["reason"] == "staff.own" && row["decision"] == "deny");
        assert_eq!(denied.count(), 4);
    }
}

#[tokio::test]
async fn nobody_delegates_beyond_their_subtree_their_powers_their_end_or_their_depth() {
    for backend in Backend::ALL {
        let world = World::new(backend).await;
        let town = world.town().await;
        let head = world.member("head", &town.surgery).await;
        let nurse = world.member("nurse", &town.surgery).await;
        let cook = world.member("cook", &town.kitchen).await;
        let body = json!({"affiliation": head.affiliation, "organisation": town.surgery, "powers": ["staff.write"],
            "may_delegate": 1, "until": in_seconds(3600)});
        world.post(&world.root, "/api/v1/delegations", body).await.good();
        let ask = |organisation: &str, powers: &[&str], may_delegate: u8, until: Option<String>| {
            let mut body = json!({"affiliation": nurse.affiliation, "organisation": organisation, "powers": powers,
                "may_delegate": may_delegate});
            if let Some(until) = until {
                body["until"] = until.into();
            }
            world.post(&head.token, "/api/v1/delegations", body)
        };
        let soon = || Some(in_seconds(60));
        ask(&town.hospital, &["staff.read"], 0, soon())
            .await
            .refused(404, "organisation.unknown");
        ask(&town.kitchen, &["staff.read"], 0, soon())
            .await
            .refused(404, "organisation.unknown");
        ask(&town.surgery, &["organisations.read"], 0, soon())
            .await
            .refused(403, "delegation.beyond");
        ask(&town.surgery, &["staff.read", "attendance.read"], 0, soon())
            .await
            .refused(403, "delegation.beyond");
        ask(&town.surgery, &["staff.read"], 1, soon())
            .await
            .refused(403, "delegation.beyond");
        ask(&town.surgery, &["staff.read"], 0, None)
            .await
            .refused(403, "delegation.beyond");
        ask(&town.surgery, &["staff.read"], 0, Some(in_seconds(7200)))
            .await
            .refused(403, "delegation.beyond");
        // Nor to somebody who is not staff of theirs.
        let stranger = world
            .give(&head.token, (&cook, &town.surgery), &["staff.read"], 0)
            .await;
        stranger.refused(404, "affiliation.unknown");
        ask(&town.surgery, &["staff.read"], 0, soon()).await.good();
        // What may not be handed on is not.
        let on = world
            .give(&nurse.token, (&head, &town.surgery), &["staff.read"], 0)
            .await;
        on.refused(403, "delegation.beyond");
        assert_eq!(world.held(&nurse).await[&town.surgery], ["staff.read"]);
    }
}

#[tokio::test]
async fn a_withdrawal_and_a_use_come_one_after_the_other_and_never_leave_what_nobody_gave() {
    for backend in Backend::ALL {
        let world = World::new(backend).await;
        let town = world.town().await;
        let chief = world.administrator("chief", &town.hospital).await;
        let head = world.member("head", &town.surgery).await;
        let nurse = world.member("nurse", &town.surgery).await;
        for round in 0..12 {
            let given = world
                .give(&chief.token, (&head, &town.surgery), &["staff.write"], 1)
                .await
                .good();
            let withdraw = format!("/api/v1/delegations/{}/withdraw", given["id"].as_str().unwrap());
            let path = format!("/api/v1/organisations/{}/staff", town.surgery);
            let new = json!({"login": format!("n{round}"), "name": "New"});
            let (gone, handed_on, registered) = tokio::join!(
                world.post(&chief.token, &withdraw, Value::Null),
                world.give(&head.token, (&nurse, &town.surgery), &["staff.read"], 0),
                world.post(&head.token, &path, new),
            );
            gone.good();
            for answer in [&handed_on, &registered] {
                let refused =
                    answer.status == 404 && answer.json["type"] == "urn:musubi:problem:organisation.unknown";
                assert!(answer.status == 201 || refused, "{answer:?}");
            }
            // Whichever was first: nothing stands on what was withdrawn, and nothing more is done with it.
            let list = world.get(&world.root, "/api/v1/delegations").await.good();
            assert_eq!(list["total"], 1, "only the chief's own stands");
            assert!(world.held(&nurse).await.is_empty());
            let late = json!({"login": format!("late{round}"), "name": "Late"});
            let late = world.post(&head.token, &path, late).await;
            late.refused(404, "organisation.unknown");
        }
    }
}

#[tokio::test]
async fn what_one_node_withdraws_no_node_lets_use() {
    let world = World::new(Backend::PostgresRedis).await;
    let other = world.server.join().await;
    let town = world.town().await;
    let chief = world.administrator("chief", &town.hospital).await;
    let list = format!("/api/v1/organisations/{}/staff", town.surgery);
    let host = world.server.issuer();
    let there = |token: String| {
        let request = harness::party::http()
            .get(format!("http://127.0.0.1:{}{list}", other.port()))
            .header("host", host.trim_start_matches("http://"))
            .bearer_auth(token);
        async { request.send().await.unwrap().status().as_u16() }
    };
    assert_eq!(there(chief.token.clone()).await, 200);
    let delegations = world.get(&world.root, "/api/v1/delegations").await.good();
    let id = delegations["items"][0]["id"].as_str().unwrap();
    let path = format!("/api/v1/delegations/{id}/withdraw");
    world.post(&world.root, &path, Value::Null).await.good();
    assert_eq!(there(chief.token).await, 404);
}

#[tokio::test]
async fn an_affiliation_that_is_over_opens_nothing_although_nobody_ended_it() {
    for backend in Backend::ALL {
        let world = World::new(backend).await;
        let town = world.town().await;
        // Another place, so that they stay staff and their sign-in goes on.
        let locum = world.member("locum", &town.kitchen).await;
        let path = format!("/api/v1/staff/{}/affiliations", locum.number);
        let until = tools::seconds() + 12;
        let body = json!({"organisation": town.surgery, "until": in_seconds(12)});
        let made = world.post(&world.root, &path, body).await.good();
        let affiliation = made["affiliations"][0]["id"].as_str().unwrap();
        let body = json!({"affiliation": affiliation, "organisation": town.surgery, "powers": EVERYTHING});
        world.post(&world.root, "/api/v1/delegations", body).await.good();
        while tools::seconds() <= until {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        let staff = format!("/api/v1/organisations/{}/staff", town.surgery);
        world
            .get(&locum.token, &staff)
            .await
            .refused(404, "organisation.unknown");
        let new = json!({"login": "friend", "name": "Friend"});
        world
            .post(&locum.token, &staff, new)
            .await
            .refused(404, "organisation.unknown");
        let powers = world.get(&locum.token, "/api/v1/staff/self/powers").await.good();
        assert_eq!(powers["held"], json!([]));
        // Nothing can be given on it any more either.
        let body =
            json!({"affiliation": affiliation, "organisation": town.surgery, "powers": ["staff.read"]});
        let given = world.post(&world.root, "/api/v1/delegations", body).await;
        given.refused(409, "delegation.affiliation");
    }
}

#[tokio::test]
async fn nobody_moves_a_subtree_under_themselves_or_under_a_friend() {
    for backend in Backend::ALL {
        let world = World::new(backend).await;
        let town = world.town().await;
        // May arrange the whole hospital, but only runs the kitchen's staff; a friend there runs its staff too.
        let planner = world.member("planner", &town.kitchen).await;
        let friend = world.member("friend", &town.kitchen).await;
        world
            .give(
                &world.root,
                (&planner, &town.hospital),
                &["organisations.write"],
                2,
            )
            .await
            .good();
        let own = world
            .give(&world.root, (&planner, &town.kitchen), &["staff.write"], 2)
            .await
            .good();
        let path = format!("/api/v1/organisations/{}/move", town.surgery);
        let under = json!({"parent": town.kitchen});
        world
            .post(&planner.token, &path, under.clone())
            .await
            .refused(403, "organisation.gain");
        let withdraw = format!("/api/v1/delegations/{}/withdraw", own["id"].as_str().unwrap());
        world.post(&world.root, &withdraw, Value::Null).await.good();
        let friends = world
            .give(&world.root, (&friend, &town.kitchen), &["staff.write"], 0)
            .await
            .good();
        world
            .post(&planner.token, &path, under.clone())
            .await
            .refused(403, "organisation.gain");
        // What stands beside theirs they cannot take, nor the root of what they hold.
        let beside = format!("/api/v1/organisations/{}/move", town.pharmacy);
        world
            .post(&planner.token, &beside, under.clone())
            .await
            .refused(404, "organisation.unknown");
        let own_root = format!("/api/v1/organisations/{}/move", town.hospital);
        let free = world
            .post(&planner.token, &own_root, json!({"parent": null}))
            .await;
        free.refused(403, "staff.power");
        // Where nobody gains, it moves.
        let withdraw = format!("/api/v1/delegations/{}/withdraw", friends["id"].as_str().unwrap());
        world.post(&world.root, &withdraw, Value::Null).await.good();
        world.post(&planner.token, &path, under).await.good();
    }
}

#[tokio::test]
async fn a_move_withdraws_what_loses_its_giver_and_moving_back_brings_nothing_back() {
    for backend in Backend::ALL {
        let world = World::new(backend).await;
        let town = world.town().await;
        let chief = world.administrator("chief", &town.hospital).await;
        let head = world.member("head", &town.surgery).await;
        let nurse = world.member("nurse", &town.surgery).await;
        world
            .give(&chief.token, (&head, &town.surgery), &["staff.write"], 1)
            .await
            .good();
        world
            .give(&head.token, (&nurse, &town.surgery), &["staff.read"], 0)
            .await
            .good();
        let path = format!("/api/v1/organisations/{}/move", town.surgery);
        world
            .post(&world.root, &path, json!({"parent": town.pharmacy}))
            .await
            .good();
        assert!(world.held(&head).await.is_empty());
        assert!(world.held(&nurse).await.is_empty());
        let list = format!("/api/v1/organisations/{}/staff", town.surgery);
        world
            .get(&chief.token, &list)
            .await
            .refused(404, "organisation.unknown");
        world
            .post(&world.root, &path, json!({"parent": town.hospital}))
            .await
            .good();
        assert!(world.held(&head).await.is_empty());
        assert!(world.held(&nurse).await.is_empty());
        world.get(&chief.token, &list).await.good();
    }
}

#[tokio::test]
async fn an_invitation_is_good_once_for_its_address_in_its_realm_while_its_inviter_may_invite() {
    for backend in Backend::ALL {
        let world = World::new(backend).await;
        let town = world.town().await;
        let chief = world.administrator("chief", &town.hospital).await;
        let (hanako, jiro) = (world.person("hanako").await, world.person("jiro").await);
        let path = format!("/api/v1/organisations/{}/invitations", town.surgery);
        let accept = "/api/v1/invitations/accept";
        let invite = async |body: Value| {
            let made = world.post(&chief.token, &path, body).await.good();
            json!({"code": made["code"]})
        };
        // It carries a place, never powers.
        let with_powers = json!({"title": "Nurse", "powers": EVERYTHING});
        world
            .post(&chief.token, &path, with_powers)
            .await
            .refused(422, "body.member");
        // For one address: whoever else has the code gets the same answer as for a code that does not exist.
        let code = invite(json!({"email": "hanako@example.jp", "title": "Nurse"})).await;
        world
            .post(&jiro.token, accept, code.clone())
            .await
            .refused(404, "invitation.unknown");
        world
            .post(&jiro.token, accept, json!({"code": "x"}))
            .await
            .refused(404, "invitation.unknown");
        // In its realm only.
        let other = format!("http://127.0.0.1:{}", world.server.port());
        world
            .server
            .musubi(&["realm", "add", "--issuer", &other, "--name", "Other"], "");
        let elsewhere = call(
            &world.server,
            &hanako.token,
            Method::POST,
            accept,
            Some(code.clone()),
        )
        .await;
        let stranger = harness::party::http()
            .post(format!("{other}{accept}"))
            .bearer_auth(&hanako.token)
            .json(&code)
            .send()
            .await
            .unwrap();
        assert_eq!(
            stranger.status().as_u16(),
            401,
            "a token of one realm says nothing in another"
        );
        // Once: the call above, to its own realm, took it.
        let joined = elsewhere.good();
        assert_eq!(joined["affiliations"][0]["title"], "Nurse");
        world
            .post(&hanako.token, accept, code.clone())
            .await
            .refused(404, "invitation.unknown");
        let open = invite(json!({})).await;
        let taken = open["code"].as_str().unwrap().to_owned();
        let (one, two) = tokio::join!(
            world.post(&jiro.token, accept, json!({"code": taken})),
            world.post(&jiro.token, accept, json!({"code": taken})),
        );
        let mut statuses = [one.status, two.status];
        statuses.sort_unstable();
        assert_eq!(statuses, [201, 404]);
    }
}

#[tokio::test]
async fn an_invitation_that_is_withdrawn_or_whose_inviter_may_not_invite_any_more_is_gone() {
    for backend in Backend::ALL {
        let world = World::new(backend).await;
        let town = world.town().await;
        let chief = world.administrator("chief", &town.hospital).await;
        let path = format!("/api/v1/organisations/{}/invitations", town.surgery);
        let accept = "/api/v1/invitations/accept";
        let saburo = world.person("saburo").await;
        let made = world.post(&chief.token, &path, json!({})).await.good();
        let withdraw = format!("/api/v1/invitations/{}/withdraw", made["id"].as_str().unwrap());
        assert_eq!(world.post(&chief.token, &withdraw, Value::Null).await.status, 204);
        let code = json!({"code": made["code"]});
        world
            .post(&saburo.token, accept, code)
            .await
            .refused(404, "invitation.unknown");
        let made = world.post(&chief.token, &path, json!({})).await.good();
        let code = json!({"code": made["code"]});
        let end = format!("/api/v1/affiliations/{}/end", chief.affiliation);
        world.post(&world.root, &end, Value::Null).await.good();
        world
            .post(&saburo.token, accept, code)
            .await
            .refused(404, "invitation.unknown");
        assert_eq!(
            world.get(&saburo.token, "/api/v1/staff/self").await.good()["affiliations"],
            json!([])
        );
    }
}

#[tokio::test]
async fn a_code_of_one_realm_is_unknown_in_another_even_to_its_own_people() {
    let world = World::new(Backend::Sqlite).await;
    let town = world.town().await;
    let path = format!("/api/v1/organisations/{}/invitations", town.surgery);
    let made = world.post(&world.root, &path, json!({})).await.good();
    // The other hub stands for any other realm: the hash of a code is keyed by its realm.
    let other = harness::Server::start(Backend::Sqlite).await;
    let theirs = app(&other);
    let jiro = other.person("jiro");
    let token = token_of(&other, &theirs, &jiro).await;
    let body = json!({"code": made["code"]});
    let answer = call(
        &other,
        &token,
        Method::POST,
        "/api/v1/invitations/accept",
        Some(body),
    )
    .await;
    answer.refused(404, "invitation.unknown");
}

#[tokio::test]
async fn an_import_file_that_carries_powers_registers_nobody() {
    for backend in Backend::ALL {
        let world = World::new(backend).await;
        let town = world.town().await;
        let chief = world.administrator("chief", &town.hospital).await;
        let path = format!("/api/v1/organisations/{}/staff/import", town.surgery);
        let list = format!("/api/v1/organisations/{}/staff", town.surgery);
        let good = json!({"login": "a", "name": "A"});
        for bad in [
            json!({"login": "b", "name": "B", "powers": ["staff.write"]}),
            json!({"login": "b", "name": "B", "delegations": []}),
            json!({"login": "b", "name": "B", "occupations": [{"code": "clerk", "role": "admin"}]}),
        ] {
            let file = json!({"staff": [good, bad]});
            world
                .post(&chief.token, &path, file)
                .await
                .refused(422, "staff.import.powers");
        }
        let csv = |text: &str| {
            let request = harness::party::http()
                .post(world.server.url(&path))
                .bearer_auth(&chief.token)
                .header("content-type", "text/csv")
                .body(text.to_owned());
            async { request.send().await.unwrap() }
        };
        let powers = csv("login,name,powers\na,A,\n").await;
        assert_eq!(powers.status().as_u16(), 422);
        // All or nobody: the second line has a login that is taken.
        let taken = csv("login,name\na,A\nchief,B\n").await;
        assert_eq!(taken.status().as_u16(), 409);
        assert_eq!(world.get(&chief.token, &list).await.good()["total"], 0);
        let text = "\u{feff}login,name,email,occupation,licence\r\na,青木,a@example.jp,nurse,N-1\r\nb,馬場,,clerk,\r\n";
        let done: Value = csv(text).await.json().await.unwrap();
        assert_eq!(done["registered"].as_array().unwrap().len(), 2, "{done}");
        let staff = world.get(&chief.token, &list).await.good();
        // Keys of one millisecond have no order.
        let licensed = |one: &&Value| one["affiliations"][0]["occupations"][0]["licence"] == "N-1";
        let nurses = staff["items"].as_array().unwrap().iter().filter(licensed).count();
        assert_eq!(nurses, 1, "{staff}");
        // Nor does it reach where the caller does not.
        let elsewhere = format!("/api/v1/organisations/{}/staff/import", town.pharmacy);
        let file = json!({"staff": [{"login": "c", "name": "C"}]});
        world
            .post(&chief.token, &elsewhere, file)
            .await
            .refused(404, "organisation.unknown");
    }
}

#[tokio::test]
async fn who_may_reset_passwords_does_not_become_an_administrator_by_it() {
    let world = World::new(Backend::Sqlite).await;
    let town = world.town().await;
    let chief = world.administrator("chief", &town.hospital).await;
    let nurse = world.member("nurse", &town.hospital).await;
    let helpdesk = service(&world.server, "musubi:people.write musubi:people.read").await;
    for action in ["password-link", "reset-factors"] {
        let path = format!("/api/v1/people/{}/{action}", chief.number);
        let taken = world.post(&helpdesk, &path, Value::Null).await;
        taken.refused(403, "power.beyond_own");
        let path = format!("/api/v1/people/{}/{action}", nurse.number);
        world.post(&helpdesk, &path, Value::Null).await.good();
    }
}
