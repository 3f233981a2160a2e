//! Client metadata: whatever is accepted is accepted again as it is kept.

#![no_main]

use idp::oauth::clients::Metadata;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(value) = serde_json::from_slice(bytes) else {
        return;
    };
    for secure in [false, true] {
        let Ok(metadata) = Metadata::from_json(&value, secure) else {
            continue;
        };
        let kept = serde_json::to_value(&metadata).expect("metadata is written as JSON");
        let again = Metadata::from_json(&kept, secure).expect("metadata that was accepted is accepted again");
        assert_eq!(serde_json::to_value(&again).expect("metadata is written as JSON"), kept);
    }
});
