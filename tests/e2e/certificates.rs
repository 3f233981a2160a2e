//! Clients that show a certificate (RFC 8705), and the hub's own TLS: what opens, and what somebody without the key or with
//! another certificate could try.

use harness::certificates::{Authority, Identity};
use harness::party::{Pkce, hash, http, part};
use harness::{Actor, Backend, Options, Party, Reply, Server, tools};
use reqwest::tls::Version;
use serde_json::{Value, json};
use tempfile::TempDir;

const GRANT: [(&str, &str); 1] = [("grant_type", "client_credentials")];

/// A hub behind a proxy that hands certificates on, and the authority of its clients.
struct Clinic {
    server: Server,
    authority: Authority,
    files: TempDir,
}

impl Clinic {
    async fn open(backend: Backend, trusted: &str) -> Self {
        Self::open_with(backend, trusted, None).await
    }

    /// One that looks up what its authority has revoked, until the first day of a year.
    async fn open_with(backend: Backend, trusted: &str, revoked_until: Option<i32>) -> Self {
        let (authority, files) = (Authority::new(), tempfile::tempdir().unwrap());
        let pem = files.path().join("authorities.pem");
        std::fs::write(&pem, authority.pem()).unwrap();
        let lists = revoked_until.map(|until| {
            let list = files.path().join("revoked.pem");
            std::fs::write(&list, authority.revocations(&[], until)).unwrap();
            format!("client_revocation_files = [\"{}\"]\n", list.display())
        });
        let lines = format!(
            "trusted_proxies = [{trusted}]\nclient_certificate_header = \"Client-Cert\"\nclient_authorities_file = \"{}\"\n{}",
            pem.display(),
            lists.unwrap_or_default()
        );
        let options = Options {
            server: lines,
            ..Options::default()
        };
        Self {
            server: Server::start_with(backend, options).await,
            authority,
            files,
        }
    }

    fn revoke(&self, revoked: &[&Identity], until: i32) {
        let list = self.files.path().join("revoked.pem");
        std::fs::write(list, self.authority.revocations(revoked, until)).unwrap();
    }

    /// A client made by an administrator.
    async fn client(&self, changes: Value) -> Party {
        let mut metadata = json!({
            "grant_types": ["client_credentials"],
            "response_types": [],
            "scope": "musubi:clients.read",
            "tls_client_certificate_bound_access_tokens": true,
        });
        for (name, value) in changes.as_object().unwrap() {
            metadata[name] = value.clone();
        }
        Party::made(&self.server, &metadata).await
    }

    async fn portal(&self) -> Party {
        self.client(json!({
            "token_endpoint_auth_method": "tls_client_auth",
            "tls_client_auth_subject_dn": "CN=portal,O=Test Clinic,C=JP",
        }))
        .await
    }
}

async fn token(party: &Party, headers: &[String]) -> Reply {
    let form = [GRANT[0], ("client_id", party.id())];
    party
        .ask(|_, _| {
            let request = party.token_request().form(&form);
            headers
                .iter()
                .fold(request, |request, value| request.header("client-cert", value))
        })
        .await
}

async fn list(party: &Party, scheme: &str, token: &str, header: Option<String>) -> u16 {
    party
        .ask(|http, issuer| {
            let request = http
                .get(format!("{issuer}/api/v1/clients"))
                .header("authorization", format!("{scheme} {token}"));
            header
                .iter()
                .fold(request, |request, value| request.header("client-cert", value))
        })
        .await
        .status
        .as_u16()
}

#[tokio::test]
async fn a_certificate_that_an_authority_vouches_for_proves_the_client_it_names_and_binds_its_tokens() {
    for backend in Backend::ALL {
        let clinic = Clinic::open(backend, "\"127.0.0.1/32\"").await;
        let party = clinic.portal().await;
        let own = clinic.authority.vouch("portal");
        let tokens = token(&party, &[own.header()]).await.good();
        let bound = tokens.text("access_token");
        assert_eq!(tokens.text("token_type"), "Bearer");
        assert_eq!(part(bound, 1)["cnf"], json!({"x5t#S256": own.thumbprint()}));
        assert_eq!(list(&party, "Bearer", bound, Some(own.header())).await, 200);
        let said = party
            .ask(|http, issuer| http.get(format!("{issuer}/.well-known/openid-configuration")))
            .await
            .json;
        assert_eq!(said["tls_client_certificate_bound_access_tokens"], true);
        for method in ["tls_client_auth", "self_signed_tls_client_auth"] {
            let methods = said["token_endpoint_auth_methods_supported"].as_array().unwrap();
            assert!(methods.contains(&json!(method)), "{methods:?}");
        }
        let renewed = clinic.authority.vouch("portal");
        for (scheme, header) in [
            ("Bearer", None),
            ("Bearer", Some(renewed.header())),
            ("Bearer", Some(Identity::of_its_own("portal").header())),
            ("DPoP", Some(own.header())),
        ] {
            assert_eq!(list(&party, scheme, bound, header).await, 401, "{scheme}");
        }
        clinic.server.assert_log_is_intact();
    }
}

#[tokio::test]
async fn no_other_certificate_proves_a_client() {
    let clinic = Clinic::open(Backend::Sqlite, "\"127.0.0.1/32\"").await;
    let party = clinic.portal().await;
    let own = clinic.authority.vouch("portal");
    for (what, headers) in [
        ("none", vec![]),
        ("another client's", vec![clinic.authority.vouch("other").header()]),
        (
            "one of another authority",
            vec![Authority::new().vouch("portal").header()],
        ),
        ("one of its own", vec![Identity::of_its_own("portal").header()]),
        (
            "one that is over",
            vec![clinic.authority.vouched("portal").header()],
        ),
        ("two", vec![own.header(), own.header()]),
        ("a broken one", vec![own.header().replace('M', "N")]),
        ("no certificate", vec![":AAAA:".to_owned()]),
    ] {
        let refused = token(&party, &headers).await;
        assert_eq!(
            (refused.status.as_u16(), refused.json["error"].as_str()),
            (401, Some("invalid_client")),
            "{what}"
        );
    }
    let form = [GRANT[0], ("client_id", party.id()), ("client_secret", "guess")];
    let guessed = party
        .ask(|_, _| {
            party
                .token_request()
                .form(&form)
                .header("client-cert", own.header())
        })
        .await;
    guessed.assert_error(401, "invalid_client");
    token(&party, &[own.header()]).await.good();
}

#[tokio::test]
async fn a_revoked_certificate_proves_nobody_and_carries_no_token_once_the_list_has_changed() {
    for backend in Backend::ALL {
        let clinic = Clinic::open_with(backend, "\"127.0.0.1/32\"", Some(2200)).await;
        let party = clinic.portal().await;
        let (lost, kept) = (clinic.authority.vouch("portal"), clinic.authority.vouch("portal"));
        let tokens = token(&party, &[lost.header()]).await.good();
        let others = token(&party, &[kept.header()]).await.good();
        let bound = tokens.text("access_token");
        assert_eq!(list(&party, "Bearer", bound, Some(lost.header())).await, 200);
        clinic.revoke(&[&lost], 2200);
        tools::until("the list is read again", async || {
            token(&party, &[lost.header()]).await.status == 401
        })
        .await;
        assert_eq!(list(&party, "Bearer", bound, Some(lost.header())).await, 401);
        token(&party, &[kept.header()]).await.good();
        let bound = others.text("access_token");
        assert_eq!(list(&party, "Bearer", bound, Some(kept.header())).await, 200);
        // What is no list leaves things as they were.
        std::fs::write(clinic.files.path().join("revoked.pem"), "nothing").unwrap();
        tools::until("the broken list is noticed", async || {
            clinic
                .server
                .printed()
                .contains("the revocation lists stay as they were")
        })
        .await;
        token(&party, &[lost.header()])
            .await
            .assert_error(401, "invalid_client");
        token(&party, &[kept.header()]).await.good();
    }
}

#[tokio::test]
async fn a_list_that_is_out_of_date_or_of_another_authority_vouches_for_nobody() {
    let clinic = Clinic::open_with(Backend::Sqlite, "\"127.0.0.1/32\"", Some(2025)).await;
    let party = clinic.portal().await;
    let own = clinic.authority.vouch("portal");
    token(&party, &[own.header()])
        .await
        .assert_error(401, "invalid_client");
    let elsewhere = Authority::new().revocations(&[], 2200);
    std::fs::write(clinic.files.path().join("revoked.pem"), elsewhere).unwrap();
    tools::until("the list is read again", async || {
        clinic
            .server
            .printed()
            .contains("the revocation lists were read again")
    })
    .await;
    token(&party, &[own.header()])
        .await
        .assert_error(401, "invalid_client");
    clinic.revoke(&[], 2200);
    tools::until("the right list is read", async || {
        token(&party, &[own.header()]).await.status == 200
    })
    .await;
}

#[tokio::test]
async fn a_certificate_in_a_header_of_a_stranger_is_not_read() {
    let clinic = Clinic::open(Backend::Sqlite, "\"192.0.2.0/24\"").await;
    let party = clinic.portal().await;
    let own = clinic.authority.vouch("portal");
    token(&party, &[own.header()])
        .await
        .assert_error(401, "invalid_client");
}

#[tokio::test]
async fn a_certificate_that_a_client_registered_itself_proves_it_without_an_authority() {
    let clinic = Clinic::open(Backend::Sqlite, "\"127.0.0.1/32\"").await;
    let own = Identity::of_its_own("clinic");
    let party = clinic
        .client(json!({
            "token_endpoint_auth_method": "self_signed_tls_client_auth",
            "jwks": {"keys": [own.jwk()]},
        }))
        .await;
    let tokens = token(&party, &[own.header()]).await.good();
    assert_eq!(
        part(tokens.text("access_token"), 1)["cnf"]["x5t#S256"],
        own.thumbprint()
    );
    for other in [Identity::of_its_own("clinic"), clinic.authority.vouch("clinic")] {
        token(&party, &[other.header()])
            .await
            .assert_error(401, "invalid_client");
    }
}

#[tokio::test]
async fn a_refresh_token_of_a_public_client_is_worth_nothing_with_another_certificate() {
    let clinic = Clinic::open(Backend::Sqlite, "\"127.0.0.1/32\"").await;
    let hanako = clinic.server.person("hanako");
    let party = clinic
        .client(json!({
            "redirect_uris": ["https://rp.example/callback"],
            "response_types": ["code"],
            "grant_types": ["authorization_code", "refresh_token"],
            "token_endpoint_auth_method": "none",
            "scope": "openid email",
        }))
        .await;
    let (own, other) = (Identity::of_its_own("device"), Identity::of_its_own("device"));
    let with = |form: Vec<(String, String)>, shown: Option<String>| {
        let party = party.clone();
        async move {
            party
                .ask(|_, _| {
                    let request = party.token_request().form(&form);
                    shown
                        .iter()
                        .fold(request, |request, value| request.header("client-cert", value))
                })
                .await
        }
    };
    let owned = |form: &[(&str, &str)]| -> Vec<(String, String)> {
        let all = [form, &[("client_id", party.id())]].concat();
        all.iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect()
    };
    let pkce = Pkce::new();
    let browser = Actor::new(&clinic.server);
    let scope = [("scope", "openid email")];
    let code = party.code(&browser, &hanako, &pkce, &scope).await;
    let tokens = with(owned(&party.redemption(&code, &pkce)), Some(own.header()))
        .await
        .good();
    let form = [
        ("grant_type", "refresh_token"),
        ("refresh_token", tokens.text("refresh_token")),
    ];
    with(owned(&form), Some(other.header()))
        .await
        .assert_error(400, "invalid_grant");
    with(owned(&form), None)
        .await
        .assert_error(400, "invalid_request");
    with(owned(&form), Some(own.header())).await.good();
}

#[tokio::test]
async fn a_client_of_certificates_is_registered_with_one_subject_or_with_its_certificates() {
    let clinic = Clinic::open(Backend::Sqlite, "\"127.0.0.1/32\"").await;
    let desk = Party::service(&clinic.server, "musubi:clients.write");
    let tokens = desk.token(&GRANT).await.good();
    for changes in [
        json!({"token_endpoint_auth_method": "tls_client_auth"}),
        json!({"token_endpoint_auth_method": "tls_client_auth", "tls_client_auth_subject_dn": "portal"}),
        json!({
            "token_endpoint_auth_method": "tls_client_auth",
            "tls_client_auth_subject_dn": "CN=portal",
            "tls_client_auth_san_dns": "portal.example",
        }),
        json!({"token_endpoint_auth_method": "tls_client_auth", "tls_client_auth_san_ip": "portal"}),
        json!({"token_endpoint_auth_method": "self_signed_tls_client_auth"}),
    ] {
        let mut metadata = json!({"grant_types": ["client_credentials"], "response_types": [], "scope": "x"});
        for (name, value) in changes.as_object().unwrap() {
            metadata[name] = value.clone();
        }
        let refused = desk
            .ask(|http, issuer| {
                http.post(format!("{issuer}/api/v1/clients"))
                    .bearer_auth(tokens.text("access_token"))
                    .json(&metadata)
            })
            .await;
        assert_eq!(refused.status.as_u16(), 422, "{changes}: {}", refused.text);
    }
}

/// A client of HTTPS that trusts an authority and may show a certificate.
fn browser(authority: &Authority, shown: Option<&Identity>) -> reqwest::ClientBuilder {
    let root = reqwest::Certificate::from_pem(authority.pem().as_bytes()).unwrap();
    let builder = reqwest::Client::builder().tls_certs_only([root]);
    match shown {
        Some(identity) => {
            let pem = format!("{}{}", identity.key(), identity.pem());
            builder.identity(reqwest::Identity::from_pem(pem.as_bytes()).unwrap())
        }
        None => builder,
    }
}

/// A hub that speaks TLS itself and asks for certificates.
struct Secure {
    server: Server,
    authority: Authority,
    first: Identity,
    files: TempDir,
}

impl Secure {
    async fn open() -> Self {
        Self::open_with("").await
    }

    async fn open_with(more: &str) -> Self {
        let (authority, files) = (Authority::new(), tempfile::tempdir().unwrap());
        let first = authority.vouch("hub");
        let at = |name: &str, text: &str| {
            let path = files.path().join(name);
            std::fs::write(&path, text).unwrap();
            path.display().to_string()
        };
        let lines = format!(
            "tls_certificate_file = \"{}\"\ntls_key_file = \"{}\"\nask_client_certificates = true\n\
             client_authorities_file = \"{}\"\n{more}",
            at("hub.pem", &first.pem()),
            at("hub.key", &first.key()),
            at("authorities.pem", &authority.pem())
        );
        let options = Options {
            server: lines,
            authority: Some(authority.pem()),
            ..Options::default()
        };
        Self {
            server: Server::start_with(Backend::Sqlite, options).await,
            authority,
            first,
            files,
        }
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.files.path().join(name), text).unwrap();
    }
}

#[tokio::test]
async fn a_certificate_of_the_handshake_proves_a_client_and_binds_its_token() {
    let hub = Secure::open().await;
    let scope = "musubi:clients.read musubi:clients.write";
    let desk = hub
        .server
        .musubi(&["client", "create", "--name", "Desk", "--scope", scope], "");
    let text = |value: &Value, name: &str| value[name].as_str().unwrap().to_owned();
    hub.server.secret(&text(&desk, "client_secret"));
    let with = |shown: Option<&Identity>| browser(&hub.authority, shown).build().unwrap();
    let request = with(None)
        .post(hub.server.url("/oauth/token"))
        .basic_auth(text(&desk, "client_id"), Some(text(&desk, "client_secret")));
    let tokens: Value = request.form(&GRANT).send().await.unwrap().json().await.unwrap();
    let own = hub.authority.vouch("portal");
    let metadata = json!({
        "grant_types": ["client_credentials"],
        "response_types": [],
        "scope": "musubi:clients.read",
        "token_endpoint_auth_method": "tls_client_auth",
        "tls_client_auth_san_dns": "localhost",
        "tls_client_certificate_bound_access_tokens": true,
    });
    let made = with(None)
        .post(hub.server.url("/api/v1/clients"))
        .bearer_auth(text(&tokens, "access_token"))
        .json(&metadata)
        .send();
    let made: Value = made.await.unwrap().json().await.unwrap();
    let id = text(&made, "client_id");
    let form = [GRANT[0], ("client_id", id.as_str())];
    let ask = |shown: Option<&Identity>| {
        with(shown)
            .post(hub.server.url("/oauth/token"))
            .form(&form)
            .send()
    };
    for other in [
        None,
        Some(&Authority::new().vouch("portal")),
        Some(&Identity::of_its_own("portal")),
    ] {
        assert_eq!(ask(other).await.unwrap().status(), 401);
    }
    let tokens: Value = ask(Some(&own)).await.unwrap().json().await.unwrap();
    let token = text(&tokens, "access_token");
    assert_eq!(part(&token, 1)["cnf"]["x5t#S256"], own.thumbprint());
    let list = |shown: Option<&Identity>| {
        let request = with(shown).get(hub.server.url("/api/v1/clients"));
        request.bearer_auth(&token).send()
    };
    assert_eq!(list(Some(&own)).await.unwrap().status(), 200);
    assert_eq!(list(None).await.unwrap().status(), 401);
    assert_eq!(
        list(Some(&hub.authority.vouch("portal"))).await.unwrap().status(),
        401
    );
}

#[tokio::test]
async fn the_hub_speaks_tls_itself_takes_a_certificate_in_the_handshake_and_asks_nobody_for_one() {
    let hub = Secure::open().await;
    let Secure {
        server,
        authority,
        first,
        ..
    } = &hub;
    let write = |name: &str, text: &str| hub.write(name, text);
    let service = server.musubi(
        &[
            "client",
            "create",
            "--name",
            "Desk",
            "--scope",
            "musubi:clients.read",
        ],
        "",
    );
    let (id, secret) = (
        service["client_id"].as_str().unwrap(),
        service["client_secret"].as_str().unwrap(),
    );
    server.secret(secret);
    let ask = |client: reqwest::ClientBuilder| {
        let url = server.url("/oauth/token");
        let request = client.tls_info(true).build().unwrap().post(url);
        request.basic_auth(id, Some(secret)).form(&GRANT).send()
    };
    for shown in [None, Some(authority.vouch("x")), Some(Identity::of_its_own("x"))] {
        let answer = ask(browser(authority, shown.as_ref())).await.unwrap();
        assert_eq!(answer.status(), 200, "nobody must show one, anybody may");
    }
    let old = browser(authority, None).tls_version_max(Version::TLS_1_2);
    assert!(ask(old).await.is_err(), "TLS 1.2 is spoken only where it is set");
    let stranger = browser(&Authority::new(), None);
    assert!(ask(stranger).await.is_err());
    let plain = http().get(server.url("/healthz").as_str().replace("https:", "http:"));
    assert!(plain.send().await.is_err());

    let second = authority.vouch("hub");
    write("hub.pem", &second.pem());
    write("hub.key", &second.key());
    server.signal("HUP");
    loop {
        let answer = ask(browser(authority, None)).await.unwrap();
        let info = answer.extensions().get::<reqwest::tls::TlsInfo>().unwrap();
        let shown = hash(info.peer_certificate().unwrap());
        if shown == second.thumbprint() {
            break;
        }
        assert_eq!(shown, first.thumbprint());
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    write("hub.pem", "nothing");
    server.signal("HUP");
    let answer = ask(browser(authority, None)).await.unwrap();
    assert_eq!(
        answer.status(),
        200,
        "what cannot be used leaves things as they were"
    );
}

#[tokio::test]
async fn tls_1_2_is_spoken_where_it_is_set_with_forward_secrecy_and_authenticated_encryption_alone() {
    let hub = Secure::open_with("tls_1_2 = true\n").await;
    let health = hub.server.url("/healthz");
    let with = |versions: std::ops::RangeInclusive<Version>| {
        browser(&hub.authority, None)
            .tls_version_min(*versions.start())
            .tls_version_max(*versions.end())
            .build()
            .unwrap()
            .get(health.clone())
            .send()
    };
    assert_eq!(
        with(Version::TLS_1_2..=Version::TLS_1_2).await.unwrap().status(),
        200
    );
    assert_eq!(
        with(Version::TLS_1_3..=Version::TLS_1_3).await.unwrap().status(),
        200
    );
    let openssl = tools::program("openssl", "openssl");
    let spoken = |suite: &str| {
        let to = format!("127.0.0.1:{}", hub.server.port());
        let arguments = ["s_client", "-connect", &to, "-tls1_2", "-cipher", suite];
        let output = std::process::Command::new(&openssl)
            .args(arguments)
            .stdin(std::process::Stdio::null())
            .output()
            .unwrap();
        String::from_utf8_lossy(&output.stdout).contains(&format!("Cipher is {suite}"))
    };
    assert!(spoken("ECDHE-ECDSA-AES128-GCM-SHA256"));
    assert!(spoken("ECDHE-ECDSA-AES256-GCM-SHA384"));
    for weak in [
        "ECDHE-ECDSA-AES128-SHA256",
        "ECDHE-ECDSA-AES128-SHA",
        "ECDHE-ECDSA-CHACHA20-POLY1305",
        "AES128-GCM-SHA256",
    ] {
        assert!(!spoken(weak), "{weak}");
    }
}
