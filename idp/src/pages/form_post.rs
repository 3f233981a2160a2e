//! The page that carries an answer to a client by a form (OAuth 2.0 Form Post Response Mode §2). A small script sends
//! it on; where scripts do not run, a button does.
//!
//! It is written without a template: what a client sent as `state` must come back as it was, and templates take out
//! characters that deceive readers. Nothing of it is shown.

use std::fmt::{self, Write};

use super::{RenderError, Texts};

/// The page.
#[derive(Debug, Clone, Copy)]
pub struct FormPost<'a> {
    /// A verified redirect URI.
    pub action: &'a str,
    /// Names and values.
    pub fields: &'a [(&'a str, &'a str)],
}

impl FormPost<'_> {
    /// The whole HTML document, in the language of `texts`.
    pub fn render(&self, texts: &Texts) -> Result<String, RenderError> {
        let mut page = String::with_capacity(2048);
        self.write(&mut page, texts).map(|()| page)
    }

    fn write(&self, page: &mut String, texts: &Texts) -> Result<(), RenderError> {
        let failed = |_: fmt::Error| RenderError::from(askama::Error::Fmt);
        let title = texts.say("form-post-title")?;
        let button = texts.say("button-continue")?;
        write!(
            page,
            "<!doctype html>\n<html lang=\"{}\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
             <title>{title}</title>\n<link rel=\"stylesheet\" href=\"{}\">\n\
             <script src=\"{}\" defer></script>\n</head>\n<body class=\"narrow\">\n<main>\n<h1>{title}</h1>\n",
            texts.language().tag(),
            texts.asset("musubi.css")?,
            texts.asset("form-post.js")?,
        )
        .map_err(failed)?;
        writeln!(
            page,
            "<form method=\"post\" action=\"{}\">",
            Attribute(self.action)
        )
        .map_err(failed)?;
        for (name, value) in self.fields {
            writeln!(
                page,
                "<input type=\"hidden\" name=\"{}\" value=\"{}\">",
                Attribute(name),
                Attribute(value)
            )
            .map_err(failed)?;
        }
        write!(
            page,
            "<button type=\"submit\">{button}</button>\n</form>\n</main>\n</body>\n</html>\n"
        )
        .map_err(failed)
    }
}

/// Text in a quoted attribute, to be read back exactly.
struct Attribute<'a>(&'a str);

impl fmt::Display for Attribute<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for character in self.0.chars() {
            match character {
                '&' | '<' | '>' | '"' | '\'' | '`' | '\t' | '\n' | '\r' => {
                    write!(formatter, "&#{};", u32::from(character))?;
                }
                other => formatter.write_char(other)?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::pages::{Language, Zone};

    fn fields_of(action: &str, state: &str) -> (String, String) {
        let texts = Texts::new(Language::ALL[0], Zone::named("Asia/Tokyo").unwrap());
        let page = FormPost {
            action,
            fields: &[("state", state)],
        };
        let html = page.render(&texts).unwrap();
        let document = crate::pages::tests::html::Html::parse(&html);
        assert_eq!(document.all("script, form, input, button").len(), 4, "{html}");
        let value = |selector: &str, attribute: &str| {
            let found = document.all(selector);
            let attributes = &found.first().unwrap().attributes;
            let (_, value) = attributes.iter().find(|(name, _)| name == attribute).unwrap();
            value.clone()
        };
        (value("form", "action"), value("input", "value"))
    }

    proptest! {
        #[test]
        fn a_state_comes_back_exactly_and_brings_no_element(state in "[^\\x00\\r]{0,60}") {
            let (_, read) = fields_of("https://rp.example/cb", &state);
            prop_assert_eq!(read, state);
        }
    }

    #[test]
    fn quotes_and_markup_stay_inside_their_attribute() {
        let hostile = "\"><script>alert(1)</script><input name='x' value=`y`>\u{202e}";
        let (action, read) = fields_of("https://rp.example/cb?a=b&c='\"", hostile);
        assert_eq!(action, "https://rp.example/cb?a=b&c='\"");
        assert_eq!(read, hostile);
    }
}
