//! A name for a device that its owner recognises, read from `User-Agent` (RFC 9110 section 10.1.5).
//!
//! Good enough for "is this mine?", never for a decision: anybody can send anything.

use std::fmt;

/// Browser and system, as far as they are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Device {
    browser: Option<&'static str>,
    system: Option<&'static str>,
}

/// Most browsers claim to be their ancestors too: the first that fits is the youngest.
const BROWSERS: [(&str, &str); 9] = [
    ("Edg/", "Edge"),
    ("EdgA/", "Edge"),
    ("EdgiOS/", "Edge"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("OPR/", "Opera"),
    ("Firefox/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
];

const SYSTEMS: [(&str, &str); 7] = [
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS X", "Mac"),
    ("CrOS", "Chromebook"),
    ("Linux", "Linux"),
];

/// The device that a `User-Agent` speaks of; `None` if it says nothing known.
pub fn describe(user_agent: &str) -> Option<Device> {
    let find = |names: &[(&str, &'static str)]| {
        names
            .iter()
            .find(|(mark, _)| user_agent.contains(mark))
            .map(|(_, name)| *name)
    };
    let device = Device {
        browser: find(&BROWSERS),
        system: find(&SYSTEMS),
    };
    (device.browser.is_some() || device.system.is_some()).then_some(device)
}

impl fmt::Display for Device {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.browser, self.system) {
            (Some(browser), Some(system)) => write!(formatter, "{browser} · {system}"),
            (Some(name), None) | (None, Some(name)) => formatter.write_str(name),
            (None, None) => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::describe;

    #[test]
    fn a_device_is_named_as_its_owner_would() {
        let cases = [
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Mobile/15E148 Safari/604.1",
                "Safari · iPhone",
            ),
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36 Edg/130.0.0.0",
                "Edge · Windows",
            ),
            (
                "Mozilla/5.0 (Linux; Android 14; SM-S911B) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Mobile Safari/537.36",
                "Chrome · Android",
            ),
            (
                "Mozilla/5.0 (X11; Linux x86_64; rv:132.0) Gecko/20100101 Firefox/132.0",
                "Firefox · Linux",
            ),
        ];
        for (user_agent, name) in cases {
            assert_eq!(describe(user_agent).unwrap().to_string(), name);
        }
    }

    #[test]
    fn what_is_not_known_is_not_repeated() {
        assert_eq!(describe("<script>alert(1)</script>"), None);
        assert_eq!(describe(""), None);
    }
}
