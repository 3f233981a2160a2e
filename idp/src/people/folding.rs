//! What keyboards write in several ways is kept in one: full-width letters and digits, half-width kana, hiragana where a
//! reading stands.
//!
//! Names are not normalised beyond the width of their characters: whose name is written with 﨑 or 祐 (one of its
//! compatibility forms) does not want to be called by another character, which NFKC would do.

use unicode_normalization::UnicodeNormalization as _;

/// One line without outer spaces; half-width kana become kana, full-width letters and digits ASCII, ideographic spaces
/// spaces, and several spaces one.
pub fn fold_width(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    let mut run = String::new();
    for character in text.chars() {
        // The block of half-width and full-width forms; voiced marks stand behind their letter there.
        if ('\u{ff01}'..='\u{ff9f}').contains(&character) {
            run.push(character);
            continue;
        }
        folded.extend(run.nfkc());
        run.clear();
        folded.push(if character == '\u{3000}' { ' ' } else { character });
    }
    folded.extend(run.nfkc());
    folded
        .split(' ')
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

/// A reading in katakana, whatever kana it was typed in.
pub fn katakana(text: &str) -> String {
    let composed: String = text.nfkc().collect();
    let spaced = fold_width(&composed);
    spaced.chars().map(to_katakana).collect()
}

/// Whether a text is a reading: katakana, the prolonged sound mark, the middle dot and single spaces.
pub fn is_katakana(text: &str) -> bool {
    text.chars()
        .all(|character| matches!(character, 'ァ'..='ヺ' | 'ー' | '・' | 'ヽ' | 'ヾ' | ' '))
}

/// The form in which names are searched: without spaces, dots and case, whatever width and compatibility form they were
/// typed in.
pub fn searched(text: &str) -> String {
    text.nfkc()
        .filter(|character| !character.is_whitespace() && !matches!(character, '・' | '.' | '-' | '‐'))
        .flat_map(char::to_lowercase)
        .collect()
}

/// The same for a reading.
pub fn searched_reading(text: &str) -> String {
    searched(text).chars().map(to_katakana).collect()
}

fn to_katakana(character: char) -> char {
    match character {
        'ぁ'..='ゖ' | 'ゝ' | 'ゞ' => char::from_u32(u32::from(character) + 0x60).unwrap_or(character),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_keyboards_write_in_several_ways_is_one() {
        assert_eq!(fold_width("　ﾔﾏﾀﾞ　　ﾊﾅｺ "), "ヤマダ ハナコ");
        assert_eq!(fold_width("１−２−３　ｱﾊﾟｰﾄ２０１"), "1−2−3 アパート201");
        assert_eq!(katakana("やまだ はなこ"), "ヤマダ ハナコ");
        assert_eq!(katakana("ﾔﾏﾀﾞゞ"), "ヤマダヾ");
    }

    #[test]
    fn the_character_of_a_name_stays_the_one_that_was_written() {
        for name in ["髙﨑", "\u{fa19}田", "𠮷野"] {
            assert_eq!(fold_width(name), name);
        }
        assert_eq!(searched("\u{fa19} 田"), searched("神田"));
    }

    #[test]
    fn a_reading_is_katakana_and_nothing_else() {
        assert!(is_katakana("ヤマダ ハナコ") && is_katakana("メアリー・アン"));
        for other in ["山田", "やまだ", "Yamada", "ﾔﾏﾀﾞ", "ヤマダ1"] {
            assert!(!is_katakana(other), "{other}");
        }
        assert_eq!(searched_reading("やまだ・はなこ"), searched_reading("ﾔﾏﾀﾞ ﾊﾅｺ"));
    }
}
