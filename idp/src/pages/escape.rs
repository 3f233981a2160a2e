//! What every value printed by a template passes, chosen for `.html` files in `askama.toml`.

use std::fmt::{self, Write};

/// Escapes for HTML text and quoted attributes, and takes out what a name could deceive with: characters that turn the
/// direction of text are dropped, control characters and noncharacters become U+FFFD.
#[derive(Debug, Clone, Copy, Default)]
pub struct Escape;

impl askama::filters::Escaper for Escape {
    fn write_escaped_str<W: Write>(&self, mut dest: W, string: &str) -> fmt::Result {
        let mut rest = string;
        while let Some((position, character, replacement)) = rest
            .char_indices()
            .find_map(|(position, character)| replace(character).map(|text| (position, character, text)))
        {
            let (plain, tail) = rest.split_at(position);
            dest.write_str(plain)?;
            dest.write_str(replacement)?;
            rest = tail.get(character.len_utf8()..).unwrap_or_default();
        }
        dest.write_str(rest)
    }
}

fn replace(character: char) -> Option<&'static str> {
    Some(match character {
        '&' => "&amp;",
        '<' => "&lt;",
        '>' => "&gt;",
        '"' => "&#34;",
        '\'' => "&#39;",
        '\n' | '\t' => return None,
        '\u{61C}'
        | '\u{200E}'
        | '\u{200F}'
        | '\u{202A}'..='\u{202E}'
        | '\u{2066}'..='\u{2069}'
        | '\u{FEFF}' => "",
        '\u{2028}' | '\u{2029}' => " ",
        '\u{FDD0}'..='\u{FDEF}' => "\u{FFFD}",
        other if other.is_control() || u32::from(other) & 0xFFFE == 0xFFFE => "\u{FFFD}",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use askama::filters::Escaper as _;
    use proptest::prelude::*;

    use super::Escape;

    fn escaped(text: &str) -> String {
        let mut out = String::new();
        Escape.write_escaped_str(&mut out, text).unwrap();
        out
    }

    #[test]
    fn markup_becomes_text() {
        assert_eq!(
            escaped(r#""><a b='c'>&amp;"#),
            "&#34;&gt;&lt;a b=&#39;c&#39;&gt;&amp;amp;"
        );
    }

    #[test]
    fn names_and_emoji_stay_as_they_are() {
        for name in ["髙橋 﨑子", "葛󠄀城", "👩‍⚕️🏴󠁧󠁢󠁥󠁮󠁧󠁿", "Zoë O\u{2019}Hara", "שלום"]
        {
            assert_eq!(escaped(name), name);
        }
    }

    #[test]
    fn direction_is_not_turned_and_control_characters_are_seen() {
        assert_eq!(escaped("a\u{202E}b\u{2066}c\u{2069}"), "abc");
        assert_eq!(
            escaped("a\0b\u{85}c\u{FFFE}d\re"),
            "a\u{FFFD}b\u{FFFD}c\u{FFFD}d\u{FFFD}e"
        );
        assert_eq!(escaped("a\nb"), "a\nb");
    }

    proptest! {
        #[test]
        fn nothing_that_html_or_bidi_reads_survives(text in "\\PC{0,40}|.{0,40}") {
            let out = escaped(&text);
            let dangerous = ['<', '>', '"', '\'', '\0', '\u{202E}', '\u{2067}'];
            prop_assert!(!out.contains(dangerous));
        }
    }
}
