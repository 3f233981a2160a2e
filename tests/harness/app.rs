//! An app that shows one-time codes (RFC 6238), written from the specification.

use std::time::Duration;

use aws_lc_rs::hmac;

use crate::tools;

/// An app with a secret. It shows no code twice, as a patient person would use it.
#[derive(Debug)]
pub struct App {
    key: Vec<u8>,
    last: u64,
}

impl App {
    /// From the secret as a page shows it, in base 32.
    pub fn new(secret: &str) -> Self {
        Self {
            key: base32(secret),
            last: 0,
        }
    }

    /// The code now; waits for the next one if this one was shown already.
    pub async fn code(&mut self) -> String {
        loop {
            let step = u64::try_from(tools::seconds()).expect("a time after 1970") / 30;
            if step > self.last {
                self.last = step;
                return self.at(step);
            }
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
    }

    /// The code of the step before the present one, which a hub takes too. For a second code without waiting.
    pub fn earlier(&mut self) -> String {
        let step = u64::try_from(tools::seconds()).expect("a time after 1970") / 30 - 1;
        self.last = self.last.max(step);
        self.at(step)
    }

    fn at(&self, step: u64) -> String {
        let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &self.key);
        let tag = hmac::sign(&key, &step.to_be_bytes());
        let bytes = tag.as_ref();
        let offset = usize::from(bytes[19] & 0x0f);
        let word = u32::from_be_bytes(bytes[offset..offset + 4].try_into().expect("four bytes"));
        format!("{:06}", (word & 0x7fff_ffff) % 1_000_000)
    }
}

fn base32(text: &str) -> Vec<u8> {
    let (mut bytes, mut buffer, mut bits) = (Vec::new(), 0_u32, 0);
    for letter in text.bytes().filter(|byte| !byte.is_ascii_whitespace()) {
        let value = match letter {
            b'A'..=b'Z' => letter - b'A',
            b'2'..=b'7' => letter - b'2' + 26,
            _ => panic!("{text} is not base 32"),
        };
        buffer = ((buffer << 5) | u32::from(value)) & 0xffff;
        bits += 5;
        if bits >= 8 {
            bits -= 8;
            bytes.push(u8::try_from((buffer >> bits) & 0xff).expect("eight bits"));
        }
    }
    bytes
}
