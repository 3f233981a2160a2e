//! The OpenAPI document as it is served.

use http::Method;

use super::fixture::{FIRST, World};

#[tokio::test]
async fn the_document_is_served_to_everybody_and_describes_bearer_tokens() {
    let world = World::new().await;
    let answer = world
        .send(&Method::GET, FIRST, "/api/openapi.json", None, None)
        .await;
    assert_eq!(
        (answer.status.as_u16(), answer.header("content-type")),
        (200, "application/json")
    );
    let document = answer.json();
    assert!(document["openapi"].as_str().unwrap().starts_with("3."));
    assert_eq!(
        document["components"]["securitySchemes"]["token"]["scheme"],
        "bearer"
    );
    let new_person = &document["components"]["schemas"]["NewPerson"];
    assert_eq!(new_person["additionalProperties"], false);
}
