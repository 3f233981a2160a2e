//! The crate openidconnect: discovery, code flow, ID token, access token hash, refresh, userinfo.

use std::future::Future;
use std::pin::Pin;

use harness::party::{CALLBACK, http};
use harness::{Actor, Backend, Party, Server};
use openidconnect::core::{CoreAuthenticationFlow, CoreClient, CoreProviderMetadata, CoreUserInfoClaims};
use openidconnect::{
    AccessTokenHash, AuthorizationCode, ClientId, ClientSecret, CsrfToken, HttpRequest, HttpResponse,
    IssuerUrl, Nonce, OAuth2TokenResponse as _, PkceCodeChallenge, RedirectUrl, Scope, TokenResponse as _,
};

type Sending = Pin<Box<dyn Future<Output = Result<HttpResponse, reqwest::Error>> + Send>>;

/// The crate's HTTP client, over this house's reqwest.
fn carry(request: HttpRequest) -> Sending {
    Box::pin(async move {
        let response = http().execute(request.try_into()?).await?;
        let mut built = openidconnect::http::Response::builder().status(response.status());
        for (name, value) in response.headers() {
            built = built.header(name, value);
        }
        Ok(built.body(response.bytes().await?.to_vec()).expect("a response"))
    })
}

async fn sign_in(backend: Backend) {
    let server = Server::start(backend).await;
    let hanako = server.person("hanako");
    let party = Party::register(&server).await;
    let issuer = IssuerUrl::new(server.issuer()).unwrap();
    let provider = CoreProviderMetadata::discover_async(issuer, &carry)
        .await
        .unwrap();
    let client = CoreClient::from_provider_metadata(
        provider,
        ClientId::new(party.id().to_owned()),
        Some(ClientSecret::new(party.secret().to_owned())),
    )
    .set_redirect_uri(RedirectUrl::new(CALLBACK.to_owned()).unwrap());

    let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
    let (url, state, nonce) = client
        .authorize_url(
            CoreAuthenticationFlow::AuthorizationCode,
            CsrfToken::new_random,
            Nonce::new_random,
        )
        .add_scopes(["profile", "email", "offline_access"].map(|scope| Scope::new(scope.to_owned())))
        .set_pkce_challenge(challenge)
        .url();
    let page = Actor::new(&server).authorize(url.as_str(), &hanako).await;
    assert_eq!(page.returned("state").as_ref(), Some(state.secret()));

    let code = AuthorizationCode::new(page.returned("code").unwrap());
    let tokens = client
        .exchange_code(code)
        .unwrap()
        .set_pkce_verifier(verifier)
        .request_async(&carry)
        .await
        .unwrap();
    for secret in [
        tokens.access_token().secret(),
        tokens.refresh_token().unwrap().secret(),
    ] {
        server.secret(secret);
    }
    let id_token = tokens.id_token().unwrap();
    let proof = client.id_token_verifier();
    let claims = id_token.claims(&proof, &nonce).unwrap();
    let hash = AccessTokenHash::from_token(
        tokens.access_token(),
        id_token.signing_alg().unwrap(),
        id_token.signing_key(&proof).unwrap(),
    );
    assert_eq!(claims.access_token_hash(), Some(&hash.unwrap()));
    assert!(
        id_token
            .claims(&proof, &Nonce::new("another".to_owned()))
            .is_err()
    );

    let who: CoreUserInfoClaims = client
        .user_info(tokens.access_token().clone(), Some(claims.subject().clone()))
        .unwrap()
        .request_async(&carry)
        .await
        .unwrap();
    assert_eq!(
        who.email().map(|email| email.as_str()),
        Some(hanako.email.as_str())
    );

    let refresh = tokens.refresh_token().unwrap();
    let next = client
        .exchange_refresh_token(refresh)
        .unwrap()
        .request_async(&carry)
        .await
        .unwrap();
    server.secret(next.access_token().secret());
    assert_ne!(next.refresh_token().unwrap().secret(), refresh.secret());
}

#[tokio::test]
async fn openidconnect_signs_a_person_in_on_sqlite() {
    sign_in(Backend::Sqlite).await;
}

#[tokio::test]
async fn openidconnect_signs_a_person_in_on_postgresql_and_redis() {
    sign_in(Backend::PostgresRedis).await;
}
