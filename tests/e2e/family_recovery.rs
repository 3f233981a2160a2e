//! Back into an account with the help of two people of trust; and what others try with that.

use harness::{Actor, Backend, MailSink, Options, Page, Person, Server, tools};
use reqwest::StatusCode;

struct House {
    server: Server,
    sink: MailSink,
    hanako: Person,
    helpers: Vec<(Actor, Person)>,
}

impl House {
    /// Hanako with people whom she trusts, and who accepted.
    async fn new(backend: Backend, delay: u64) -> Self {
        let sink = MailSink::start();
        let configuration = format!(
            "{}[recovery]\nfamily_delay_seconds = {delay}\n",
            sink.configuration()
        );
        let options = Options {
            configuration,
            ..Options::default()
        };
        let server = Server::start_with(backend, options).await;
        let hanako = server.confirmed_person("hanako");
        let mut helpers = Vec::new();
        let owner = Actor::new(&server);
        for login in ["ichiro", "jiro", "saburo"] {
            let helper = server.confirmed_person(login);
            let page = owner.account("/account/trusted", &hanako).await;
            let form = page.form("/account/trusted/name").fill("login", login);
            let named = owner.send(&form).await;
            assert!(named.body.contains("If there is such a person"), "{}", named.body);
            let browser = Actor::new(&server);
            let page = browser.account("/account/trusted", &helper).await;
            let accept = html_button(&page, "/account/trusted/accept");
            let accepted = browser
                .send(&page.form("/account/trusted/accept").press(&accept))
                .await;
            assert!(accepted.body.contains("You have accepted"), "{}", accepted.body);
            helpers.push((browser, helper));
        }
        Self {
            server,
            sink,
            hanako,
            helpers,
        }
    }

    /// Begins a recovery in a browser; gives the code on its screen.
    async fn begin(&self, browser: &Actor, name: &str) -> String {
        let page = browser.open("/recover").await;
        let form = page.form("/recover").fill("name", name).press("family");
        code(&browser.send(&form).await)
    }

    /// What a helper sees once the task has found out whose recovery it is.
    async fn asked(&self, helper: usize) -> Page {
        let (browser, person) = &self.helpers[helper];
        let mut page = browser.account("/account/trusted", person).await;
        let mut rounds = 0;
        while !page.has_form("/account/trusted/help") {
            assert!(rounds < 600, "never asked for help: {}", page.body);
            rounds += 1;
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
            page = browser.account("/account/trusted", person).await;
        }
        page
    }

    async fn help(&self, helper: usize, code: &str) -> Page {
        let page = self.asked(helper).await;
        let id = html_button(&page, "/account/trusted/help");
        let form = page.form("/account/trusted/help").fill("code", code).press(&id);
        self.helpers[helper].0.send(&form).await
    }

    async fn can_sign_in(&self, password: &str) -> bool {
        let browser = Actor::new(&self.server);
        let page = browser.open("/signin").await;
        let form = page
            .form("/signin")
            .fill("login", "hanako")
            .fill("password", password);
        !browser.send(&form).await.has_form("/signin")
    }
}

/// The value of the first button of a form.
fn html_button(page: &Page, action: &str) -> String {
    page.form(action).buttons[0].1.clone()
}

/// The code that the page of whoever began shows.
fn code(page: &Page) -> String {
    let shown = page.body.split("class=\"number\">").nth(1);
    let shown = shown.unwrap_or_else(|| panic!("no code: {}", page.body));
    shown.split('<').next().unwrap().to_owned()
}

fn new_password(page: &Page, password: &str) -> harness::html::Form {
    page.form("/recover/family")
        .fill("password", password)
        .fill("password_again", password)
}

async fn opened(browser: &Actor) -> Page {
    tools::until("the delay is over", async || {
        browser.open("/recover/family").await.has_form("/recover/family")
    })
    .await;
    browser.open("/recover/family").await
}

#[tokio::test]
async fn two_people_of_trust_who_were_telephoned_let_their_friend_back_in_after_the_delay() {
    for backend in Backend::ALL {
        let house = House::new(backend, 2).await;
        let intruder = Actor::new(&house.server);
        intruder.account("/account", &house.hanako).await;
        // The second factor that she will have lost.
        intruder.set_up_app().await;
        let browser = Actor::new(&house.server);
        let code = house.begin(&browser, "hanako").await;
        house
            .sink
            .wait_for(&house.hanako.email, "申し込みがありました")
            .await;
        house
            .sink
            .wait_for("ichiro@example.jp", "助けを必要としている")
            .await;
        let first = house.help(0, &code).await;
        assert!(first.body.contains("You have confirmed it"), "{}", first.body);
        assert!(!browser.open("/recover/family").await.has_form("/recover/family"));
        house.help(1, &code).await;
        house.sink.wait_for(&house.hanako.email, "2人が").await;
        let page = opened(&browser).await;
        let new = format!("silver harmonica {}", tools::unique());
        house.server.secret(&new);
        let weak = browser.send(&new_password(&page, "hanako1234")).await;
        assert_eq!(weak.status, StatusCode::BAD_REQUEST);
        let done = browser.send(&new_password(&page, &new)).await;
        assert!(done.has_form("/signin"), "{}", done.body);
        assert!(house.can_sign_in(&new).await);
        tools::until("the intruder is out", async || {
            intruder.open("/account").await.has_form("/signin")
        })
        .await;
        house
            .sink
            .wait_for(&house.hanako.email, "再び使えるようになりました")
            .await;
        let twice = browser
            .send(&new_password(&page, "somebody else's long choice"))
            .await;
        assert!(twice.status.is_client_error(), "{}", twice.status);
        assert!(house.can_sign_in(&new).await);
        let log = house.server.log();
        for (action, least) in [
            ("recovery.family.begin", 1),
            ("recovery.family.confirm", 2),
            ("recovery.family.finish", 1),
        ] {
            let rows = log
                .iter()
                .filter(|row| row["action"] == action && row["decision"] == "permit");
            assert!(rows.count() >= least, "{action}");
        }
        house.server.assert_log_is_intact();
    }
}

#[tokio::test]
async fn one_person_counts_once_and_a_wrong_code_or_a_stranger_not_at_all() {
    let house = House::new(Backend::Sqlite, 0).await;
    let browser = Actor::new(&house.server);
    let code = house.begin(&browser, "hanako").await;
    let page = house.asked(0).await;
    let id = html_button(&page, "/account/trusted/help");
    let form = page.form("/account/trusted/help").fill("code", &code).press(&id);
    let ichiro = &house.helpers[0].0;
    let (once, twice) = (ichiro.send(&form).await, ichiro.send(&form).await);
    assert_eq!(once.status, StatusCode::OK);
    assert_eq!(twice.status, StatusCode::BAD_REQUEST, "the same person again");

    let stranger = Actor::new(&house.server);
    let eve = house.server.person("eve");
    let hers = stranger.account("/account/trusted", &eve).await;
    let csrf = hers
        .form("/account/trusted/name")
        .value("csrf")
        .unwrap()
        .to_owned();
    let forged = stranger.send(&form.clone().forge("csrf", &csrf)).await;
    assert_eq!(forged.status, StatusCode::BAD_REQUEST, "nobody trusts her");
    let owner = Actor::new(&house.server);
    let own = owner.account("/account/trusted", &house.hanako).await;
    let csrf = own
        .form("/account/trusted/name")
        .value("csrf")
        .unwrap()
        .to_owned();
    let forged = owner.send(&form.clone().forge("csrf", &csrf)).await;
    assert_eq!(forged.status, StatusCode::BAD_REQUEST, "nobody trusts themselves");

    let wrong = format!("{:06}", (code.parse::<u32>().unwrap() + 1) % 1_000_000);
    for _ in 0..5 {
        assert_eq!(house.help(1, &wrong).await.status, StatusCode::BAD_REQUEST);
    }
    assert_eq!(
        house.help(1, &code).await.status,
        StatusCode::BAD_REQUEST,
        "too many guesses"
    );
    assert!(!browser.open("/recover/family").await.has_form("/recover/family"));
    house.help(2, &code).await;
    opened(&browser).await;
}

#[tokio::test]
async fn who_began_it_confirms_nothing_in_that_browser_and_who_was_named_since_does_not_count() {
    let house = House::new(Backend::Sqlite, 0).await;
    let attacker = &house.helpers[0].0;
    let code = house.begin(attacker, "hanako").await;
    let refused = house.help(0, &code).await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST);
    assert!(refused.body.contains("begun in this browser"), "{}", refused.body);

    let late = house.server.confirmed_person("shiro");
    let owner = Actor::new(&house.server);
    let page = owner.account("/account/trusted", &house.hanako).await;
    owner
        .send(&page.form("/account/trusted/name").fill("login", "shiro"))
        .await;
    let browser = Actor::new(&house.server);
    let page = browser.account("/account/trusted", &late).await;
    let accept = html_button(&page, "/account/trusted/accept");
    let page = browser
        .send(&page.form("/account/trusted/accept").press(&accept))
        .await;
    assert!(
        !page.has_form("/account/trusted/help"),
        "trusted only since it was begun"
    );
}

#[tokio::test]
async fn the_person_stops_it_by_the_link_or_from_any_session_and_nothing_has_changed() {
    for by_link in [true, false] {
        let house = House::new(Backend::Sqlite, 0).await;
        let attacker = Actor::new(&house.server);
        let code = house.begin(&attacker, "hanako").await;
        house.help(0, &code).await;
        if by_link {
            let mail = house
                .sink
                .wait_for(&house.hanako.email, "申し込みがありました")
                .await;
            let link = mail.link(&format!("{}/recover/stop?", house.server.issuer()));
            let path = link.strip_prefix(&house.server.issuer()).unwrap();
            let telephone = Actor::new(&house.server);
            let page = telephone.open(path).await;
            assert!(
                attacker.open("/recover/family").await.body.contains(&code),
                "a look stops nothing"
            );
            let stopped = telephone.send(&page.form("/recover/stop")).await;
            assert!(stopped.body.contains("It was stopped"), "{}", stopped.body);
            let again = telephone.send(&page.form("/recover/stop")).await;
            assert_eq!(again.status, StatusCode::GONE);
            let forged = path.replace("recovery=", "recovery=0");
            assert_eq!(telephone.open(&forged).await.status, StatusCode::GONE);
        } else {
            let owner = Actor::new(&house.server);
            let page = owner.account("/account/trusted", &house.hanako).await;
            let stopped = owner.send(&page.form("/account/trusted/stop")).await;
            assert!(stopped.body.contains("It was stopped"), "{}", stopped.body);
        }
        let page = attacker.open("/recover/family").await;
        assert!(!page.body.contains(&code) && !page.has_form("/recover/family"));
        let (ichiro, person) = &house.helpers[1];
        let page = ichiro.account("/account/trusted", person).await;
        assert!(!page.has_form("/account/trusted/help"));
        assert!(house.can_sign_in(&house.hanako.password).await);
        house
            .sink
            .wait_for(&house.hanako.email, "手続きを止めました")
            .await;
    }
}

#[tokio::test]
async fn of_stopping_and_finishing_at_the_same_moment_one_wins() {
    for backend in Backend::ALL {
        let house = House::new(backend, 0).await;
        let browser = Actor::new(&house.server);
        let code = house.begin(&browser, "hanako").await;
        house.help(0, &code).await;
        house.help(1, &code).await;
        let page = opened(&browser).await;
        let owner = Actor::new(&house.server);
        let own = owner.account("/account/trusted", &house.hanako).await;
        let stop = own.form("/account/trusted/stop");
        let new = format!("silver harmonica {}", tools::unique());
        house.server.secret(&new);
        let finish = new_password(&page, &new);
        let (stopped, finished) = tokio::join!(owner.send(&stop), browser.send(&finish));
        let (stopped, finished) = (
            stopped.body.contains("It was stopped"),
            finished.has_form("/signin"),
        );
        assert!(!(stopped && finished), "{backend:?}: both");
        assert_eq!(house.can_sign_in(&new).await, finished);
        assert_eq!(house.can_sign_in(&house.hanako.password).await, !finished);
    }
}

#[tokio::test]
async fn too_few_people_of_trust_or_a_name_of_nobody_look_the_same_and_lead_nowhere() {
    let house = House::new(Backend::Sqlite, 0).await;
    house.server.confirmed_person("lonely");
    for name in ["lonely", "nobody"] {
        let browser = Actor::new(&house.server);
        let code = house.begin(&browser, name).await;
        assert_eq!(code.len(), 6);
        tools::until("it was looked into", async || {
            browser.open("/recover/family").await.body.contains(&code)
        })
        .await;
        let form = browser.open("/recover/family").await;
        assert!(!form.has_form("/recover/family"));
    }
    let other = Actor::new(&house.server);
    let page = other.open("/recover/family").await;
    assert!(page.body.contains("begun in another browser"), "{}", page.body);
}
