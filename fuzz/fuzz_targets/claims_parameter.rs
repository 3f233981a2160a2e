//! The `claims` parameter: what is read is kept as it is, and never reaches beyond the client's scope.

#![no_main]

use idp::oauth::Scope;
use idp::oauth::authorization::ClaimsRequest;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let Ok(claims) = ClaimsRequest::parse(text) else {
        return;
    };
    let kept = serde_json::to_string(&claims).expect("claims are written as JSON");
    assert_eq!(serde_json::from_str::<ClaimsRequest>(&kept).expect("and read again"), claims);
    let scope = Scope::parse("openid email").expect("a scope");
    assert!(scope.covers(&claims.within(&scope).scopes()), "a claim beyond the client's scope");
});
