//! `GET /assets/…`: the embedded files.

use axum::Router;
use axum::body::Body;
use axum::extract::Path;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_NONE_MATCH, X_CONTENT_TYPE_OPTIONS};
use axum::http::{HeaderMap, Response, StatusCode};
use axum::response::IntoResponse;
use axum::routing::get;

use super::Assets;
use super::assets::Asset;

/// Under one name the content never changes (RFC 8246).
const FOR_EVER: &str = "public, max-age=31536000, immutable";

/// The routes of this module: `/assets/{*path}`.
pub fn router<S: Clone + Send + Sync + 'static>() -> Router<S> {
    Router::new().route("/assets/{*path}", get(asset))
}

async fn asset(Path(path): Path<String>, headers: HeaderMap) -> impl IntoResponse {
    match Assets::get(&path) {
        Some(asset) => found(asset, &headers).into_response(),
        None => (
            StatusCode::NOT_FOUND,
            [(X_CONTENT_TYPE_OPTIONS, "nosniff"), (CACHE_CONTROL, "no-store")],
        )
            .into_response(),
    }
}

fn found(asset: &'static Asset, headers: &HeaderMap) -> impl IntoResponse {
    let common = [
        (CACHE_CONTROL, FOR_EVER),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (CONTENT_TYPE, asset.content_type),
        (ETAG, asset.etag.as_str()),
    ];
    let known = headers
        .get_all(IF_NONE_MATCH)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|tag| tag.trim().trim_start_matches("W/") == asset.etag || tag.trim() == "*");
    if known {
        return (StatusCode::NOT_MODIFIED, common).into_response();
    }
    let body: Response<Body> = Response::new(match &asset.bytes {
        std::borrow::Cow::Borrowed(bytes) => Body::from(*bytes),
        std::borrow::Cow::Owned(bytes) => Body::from(bytes.clone()),
    });
    (common, body).into_response()
}

#[cfg(test)]
mod tests {
    use axum::http::Request;
    use tower::ServiceExt as _;

    use super::*;

    async fn answer(request: Request<Body>) -> Response<Body> {
        router::<()>().oneshot(request).await.unwrap()
    }

    #[tokio::test]
    async fn an_asset_is_served_to_be_kept_for_ever() {
        let url = Assets::url("musubi.css").unwrap();
        let response = answer(Request::get(url).body(Body::empty()).unwrap()).await;
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(response.headers()[CONTENT_TYPE], "text/css; charset=utf-8");
        assert_eq!(response.headers()[CACHE_CONTROL], FOR_EVER);
        assert_eq!(response.headers()[X_CONTENT_TYPE_OPTIONS], "nosniff");
        let etag = response.headers()[ETAG].clone();
        let again = answer(
            Request::get(url)
                .header(IF_NONE_MATCH, etag)
                .body(Body::empty())
                .unwrap(),
        )
        .await;
        assert_eq!(again.status(), StatusCode::NOT_MODIFIED);
    }

    #[tokio::test]
    async fn any_other_path_is_not_found() {
        for path in [
            "/assets/musubi.css",
            "/assets/..%2fCargo.toml",
            "/assets/%00",
            "/assets/a/b",
        ] {
            let response = answer(Request::get(path).body(Body::empty()).unwrap()).await;
            assert_eq!(response.status(), StatusCode::NOT_FOUND, "{path}");
        }
    }
}
