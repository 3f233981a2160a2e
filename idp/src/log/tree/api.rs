//! `GET /log/checkpoint`, `/log/tile/…`, `/log/proof`, `/log/consistency`: what anybody may know of the log, so that nobody
//! has to believe it (C2SP tlog-tiles, tlog-proof). Hashes only; no row leaves here, and nothing is read of anybody's.

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use http::header::{ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderValue, StatusCode};
use platform::database::DatabaseError;
use platform::http::Problem;
use uuid::Uuid;

use super::head::{decimal, lines};
use super::reading::TILE;
use crate::http::Call;
use crate::hub::Shared;

/// For what changes with each second.
const FRESH: &str = "public, max-age=1";
/// For what never changes.
const FOREVER: &str = "public, max-age=31536000, immutable";

const TEXT: &str = "text/plain; charset=utf-8";

fn empty() -> Problem {
    Problem::new(StatusCode::NOT_FOUND, "log.empty", "Nothing has been logged yet")
}

fn absent() -> Problem {
    Problem::new(
        StatusCode::NOT_FOUND,
        "log.absent",
        "The tree over the access log has no such part",
    )
}

fn unavailable() -> Problem {
    Problem::new(
        StatusCode::SERVICE_UNAVAILABLE,
        "unavailable",
        "The hub cannot answer at the moment",
    )
}

/// The routes of this folder.
pub fn router() -> Router<Shared> {
    Router::new()
        .route("/log/checkpoint", get(checkpoint))
        .route("/log/tile/{level}/{*place}", get(tile))
        .route("/log/proof", get(proof))
        .route("/log/consistency", get(consistency))
}

fn asked(parameter: &'static str) -> Problem {
    Problem::new(
        StatusCode::BAD_REQUEST,
        "log.parameter",
        "A parameter is missing or cannot be read",
    )
    .detail(parameter)
}

fn found(body: impl Into<Body>, media: &'static str, caching: &'static str) -> Response {
    let mut response = Response::new(body.into());
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(media));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static(caching));
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    response
}

fn answer(outcome: Result<Result<Response, Problem>, DatabaseError>) -> Response {
    match outcome {
        Ok(Ok(response)) => response,
        Ok(Err(problem)) => problem.into_response(),
        Err(error) => {
            tracing::warn!(%error, "the tree over the access log cannot be read");
            unavailable().into_response()
        }
    }
}

/// The newest checkpoint.
async fn checkpoint(State(hub): State<Shared>, _call: Call) -> Response {
    let newest = hub.tree.checkpoint().await;
    answer(newest.map(|note| note.map(|note| found(note, TEXT, FRESH)).ok_or_else(empty)))
}

/// A tile, whole or the begin of one.
async fn tile(
    State(hub): State<Shared>,
    Path((level, place)): Path<(String, String)>,
    _call: Call,
) -> Response {
    let place = decimal(&level)
        .and_then(|level| u32::try_from(level).ok())
        .zip(read_place(&place));
    let Some((level, (index, width))) = place else {
        return absent().into_response();
    };
    let tile = hub.tree.tile(level, index, width).await;
    answer(tile.map(|hashes| {
        hashes
            .map(|hashes| found(hashes.concat(), "application/octet-stream", FOREVER))
            .ok_or_else(absent)
    }))
}

/// `x001/x234/067`, and `.p/8` after it for a tile that is not whole: its index and width.
fn read_place(place: &str) -> Option<(u64, u64)> {
    let (path, width) = match place.split_once(".p/") {
        Some((path, width)) => (path, decimal(width).filter(|width| (1..TILE).contains(width))?),
        None => (place, TILE),
    };
    let (mut index, mut parts) = (0_u64, path.split('/').peekable());
    while let Some(part) = parts.next() {
        let digits = match parts.peek() {
            Some(_) => part.strip_prefix('x')?,
            None => part,
        };
        let whole = digits.len() == 3 && digits.bytes().all(|byte| byte.is_ascii_digit());
        let part: u64 = Some(digits).filter(|_| whole)?.parse().ok()?;
        index = index.checked_mul(1000)?.checked_add(part)?;
    }
    let shortest = path.len() == 3 || !path.starts_with("x000");
    shortest.then_some((index, width))
}

/// Shows that a row, named by its writer and its place in that one's chain, is in the log.
async fn proof(State(hub): State<Shared>, call: Call) -> Response {
    let Ok(query) = call.query() else {
        return asked("writer, seq").into_response();
    };
    let writer = query.get("writer").and_then(|text| Uuid::try_parse(text).ok());
    let seq = query
        .get("seq")
        .and_then(decimal)
        .and_then(|seq| i64::try_from(seq).ok());
    let (Some(writer), Some(seq)) = (writer, seq) else {
        return asked("writer, seq").into_response();
    };
    let shown = hub.tree.inclusion(writer.into(), seq).await;
    answer(shown.map(|shown| {
        shown
            .map(|shown| found(shown.to_text(), TEXT, FRESH))
            .ok_or_else(absent)
    }))
}

/// Shows that the tree of one size begins with that of another.
async fn consistency(State(hub): State<Shared>, call: Call) -> Response {
    let Ok(query) = call.query() else {
        return asked("from, to").into_response();
    };
    let size = |name: &str| query.get(name).and_then(decimal);
    let (Some(from), Some(to)) = (size("from"), size("to")) else {
        return asked("from, to").into_response();
    };
    let shown = hub.tree.consistency(from, to).await;
    answer(shown.map(|hashes| {
        hashes
            .map(|hashes| found(lines(&hashes), TEXT, FOREVER))
            .ok_or_else(absent)
    }))
}

#[cfg(test)]
mod tests {
    use super::read_place;

    #[test]
    fn a_tile_has_one_address() {
        assert_eq!(read_place("000"), Some((0, 256)));
        assert_eq!(read_place("067.p/8"), Some((67, 8)));
        assert_eq!(read_place("x001/x234/067"), Some((1_234_067, 256)));
        for wrong in [
            "",
            "0",
            "0000",
            "x067",
            "x000/067",
            "001/067",
            "x001/x067",
            "067.p/0",
            "067.p/256",
            "067.p/08",
            "06a",
            "067/",
            "+67",
        ] {
            assert_eq!(read_place(wrong), None, "{wrong}");
        }
    }
}
