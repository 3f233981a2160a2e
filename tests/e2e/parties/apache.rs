//! Apache with mod_auth_openidc and a person in Chromium: sign-in, the protected page, sign-out.

use std::path::Path;
use std::process::{Child, Command, Stdio};

use harness::{Backend, Party, Server, tools};
use serde_json::json;
use tempfile::TempDir;

const MODULES: &str = "/usr/lib/apache2/modules";

/// A private Apache, ended with this.
struct Apache {
    process: Child,
    _directory: TempDir,
}

impl Drop for Apache {
    fn drop(&mut self) {
        // SIGTERM, which it hands on to its children: SIGKILL would leave them behind. One that is gone already is as
        // ended as it shall be.
        let mut kill = Command::new(tools::program("kill", "procps"));
        tools::output(kill.arg(self.process.id().to_string()), "");
        let _ = self.process.wait();
    }
}

fn write(path: &Path, text: &str) {
    std::fs::write(path, text).unwrap();
}

impl Apache {
    async fn start(port: u16, party: &Party, server: &Server) -> Self {
        let program = tools::program("apache2", "apache2");
        let module = Path::new(MODULES).join("mod_auth_openidc.so");
        assert!(
            module.is_file(),
            "{} is not there: apt-get install libapache2-mod-auth-openidc",
            module.display()
        );
        let directory = tempfile::tempdir().unwrap();
        let root = directory.path();
        std::fs::create_dir_all(root.join("site/protected")).unwrap();
        write(&root.join("site/bye.html"), "<p>Good-bye.</p>");
        write(
            &root.join("site/protected/index.shtml"),
            "<p><!--#echo var=\"REMOTE_USER\" --> <!--#echo var=\"OIDC_CLAIM_name\" -->\n\
             <!--#echo var=\"OIDC_CLAIM_email\" --> <!--#echo var=\"OIDC_CLAIM_preferred_username\" --></p>",
        );
        let modules = [
            "mpm_event",
            "authn_core",
            "authz_core",
            "authz_user",
            "dir",
            "mime",
            "include",
            "filter",
            "auth_openidc",
        ]
        .map(|name| format!("LoadModule {name}_module {MODULES}/mod_{name}.so\n"))
        .concat();
        let (id, secret, issuer, root) = (party.id(), party.secret(), server.issuer(), root.display());
        // Whoever is root gives that up; files of this directory are for all to read, with or without.
        let text = format!(
            "{modules}ServerRoot {root}\nServerName localhost\nListen 127.0.0.1:{port}\nPidFile {root}/pid\n\
             ErrorLog {root}/error.log\nDefaultRuntimeDir {root}\nMutex file:{root}\nUser www-data\nGroup www-data\n\
             StartServers 1\nThreadsPerChild 8\nMaxRequestWorkers 8\nMinSpareThreads 1\nMaxSpareThreads 8\nDocumentRoot {root}/site\nDirectoryIndex index.shtml\n\
             TypesConfig /dev/null\nAddType text/html .shtml .html\nAddOutputFilter INCLUDES .shtml\n\
             OIDCProviderMetadataURL {issuer}/.well-known/openid-configuration\nOIDCClientID {id}\nOIDCClientSecret {secret}\n\
             OIDCRedirectURI http://localhost:{port}/protected/callback\nOIDCCryptoPassphrase a-passphrase-of-the-test\n\
             OIDCScope \"openid profile email\"\nOIDCPKCEMethod S256\nOIDCRemoteUserClaim preferred_username\n\
             OIDCProviderTokenEndpointAuth client_secret_basic\nOIDCSessionType server-cache\n\
             OIDCStateMaxNumberOfCookies 7 true\n\
             <Directory {root}/site>\nOptions +Includes\nRequire all granted\n</Directory>\n\
             <Location /protected>\nAuthType openid-connect\nRequire valid-user\n</Location>\n"
        );
        let file = directory.path().join("apache.conf");
        write(&file, &text);
        let mut permissions = Command::new("chmod");
        tools::run(permissions.args(["-R", "a+rwX"]).arg(directory.path()), "");
        let mut command = Command::new(program);
        command
            .arg("-f")
            .arg(&file)
            .args(["-D", "FOREGROUND"])
            .stdin(Stdio::null())
            .stdout(Stdio::null());
        let process = command.spawn().unwrap();
        let apache = Self {
            process,
            _directory: directory,
        };
        tools::until("Apache answers", || async {
            reqwest::get(format!("http://localhost:{port}/bye.html"))
                .await
                .is_ok_and(|answer| answer.status().is_success())
        })
        .await;
        apache
    }
}

async fn visit(backend: Backend) {
    let server = Server::start(backend).await;
    let hanako = server.person("hanako");
    let port = tools::free_port();
    let site = format!("http://localhost:{port}");
    let callback = format!("{site}/protected/callback");
    let party = Party::register_with(
        &server,
        json!({"redirect_uris": [callback], "post_logout_redirect_uris": [format!("{site}/bye.html")],
            "grant_types": ["authorization_code"], "scope": "openid profile email"}),
    )
    .await;
    let _apache = Apache::start(port, &party, &server).await;
    let bye = url::form_urlencoded::byte_serialize(format!("{site}/bye.html").as_bytes()).collect::<String>();
    let given = json!({"site": format!("{site}/protected/"), "logout": format!("{callback}?logout={bye}"),
        "login": hanako.login, "password": hanako.password, "name": hanako.name, "email": hanako.email});
    let mut script = tools::node("apache.mjs");
    script.env("MUSUBI_TEST_CHROMIUM", tools::program("chromium", "chromium"));
    assert_eq!(tools::run(&mut script, &given.to_string()).trim(), "done");

    let actions: Vec<String> = server
        .log()
        .iter()
        .map(|row| row["action"].as_str().unwrap().to_owned())
        .collect();
    for action in [
        "sign_in.password",
        "consent.grant",
        "authorization.issue",
        "token.issue.authorization_code",
        "session.end",
    ] {
        assert!(
            actions.iter().any(|known| known == action),
            "{action} is not in {actions:?}"
        );
    }
}

/// Apache is told that the session has ended, by `channel`, and shows its page no more.
async fn hear(backend: Backend, channel: &str) {
    let server = Server::start(backend).await;
    let hanako = server.person("hanako");
    let port = tools::free_port();
    let site = format!("http://localhost:{port}");
    let callback = format!("{site}/protected/callback");
    let mut metadata = json!({"redirect_uris": [callback], "grant_types": ["authorization_code"],
        "scope": "openid profile email"});
    let (member, kind) = match channel {
        "back" => ("backchannel_logout_uri", "backchannel"),
        _ => ("frontchannel_logout_uri", "get"),
    };
    metadata[member] = json!(format!("{callback}?logout={kind}"));
    let party = Party::register_with(&server, metadata).await;
    let _apache = Apache::start(port, &party, &server).await;
    let given = json!({"site": format!("{site}/protected/"), "issuer": server.issuer(), "login": hanako.login,
        "password": hanako.password, "channel": channel});
    let mut script = tools::node("apache-logout.mjs");
    script.env("MUSUBI_TEST_CHROMIUM", tools::program("chromium", "chromium"));
    assert_eq!(tools::run(&mut script, &given.to_string()).trim(), "done");
}

#[tokio::test]
async fn apache_honours_a_logout_token() {
    hear(Backend::Sqlite, "back").await;
}

#[tokio::test]
async fn apache_honours_a_sign_out_in_a_frame() {
    hear(Backend::Sqlite, "front").await;
}

#[tokio::test]
async fn apache_shows_its_page_to_a_person_in_chromium_on_sqlite() {
    visit(Backend::Sqlite).await;
}

#[tokio::test]
async fn apache_shows_its_page_to_a_person_in_chromium_on_postgresql_and_redis() {
    visit(Backend::PostgresRedis).await;
}
