//! Sanitizes untrusted text for messages: one line of limited length, without control characters and invisible
//! characters.
//!
//! Unicode Technical Report 36 ("Unicode Security Considerations") lists the characters: controls, marks of the writing
//! direction (UAX #9, section 2), zero-width characters, tags and noncharacters. Spaces other than the ASCII space look
//! like it and are included.

use std::fmt::{self, Display, Formatter, Write as _};

/// The default number of characters that are shown of a text.
const LONGEST: usize = 200;

/// Returns whether a character has an effect on the output or is invisible.
pub fn is_deceptive(char: char) -> bool {
    char.is_control()
        || (char.is_whitespace() && char != ' ')
        || matches!(char,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{fffe}' | '\u{ffff}'
            | '\u{e0000}'..='\u{e007f}')
}

/// The character to show if columns must be kept: a space for line ends and tabs, U+FFFD for other deceptive characters,
/// and all other characters unchanged.
pub fn replacement(char: char) -> char {
    match char {
        '\t' | '\n' | '\r' | '\u{2028}' | '\u{2029}' => ' ',
        char if is_deceptive(char) => char::REPLACEMENT_CHARACTER,
        char => char,
    }
}

/// Escapes deceptive characters in JSON strings (`\\u202e`; beyond the Basic Multilingual Plane as a surrogate pair, RFC
/// 8259 section 7). Line ends between values are kept.
pub fn escape_json(json: &str) -> String {
    let mut escaped = String::with_capacity(json.len());
    for char in json.chars() {
        if char == '\n' || !is_deceptive(char) {
            escaped.push(char);
            continue;
        }
        for unit in char.encode_utf16(&mut [0; 2]) {
            // Writing to a String does not fail.
            let _ = write!(escaped, "\\u{unit:04x}");
        }
    }
    escaped
}

/// The text with deceptive characters escaped as in Rust string literals (`\n`, `\u{202e}`), truncated to 200 characters
/// with an ellipsis.
pub fn printable(text: &str) -> Printable<'_> {
    Printable {
        text,
        longest: LONGEST,
    }
}

/// Like [`printable`], but in backticks. Backticks in the text become apostrophes.
pub fn quoted(text: &str) -> Quoted<'_> {
    Quoted(printable(text))
}

/// See [`printable`].
#[derive(Clone, Copy, Debug)]
pub struct Printable<'a> {
    text: &'a str,
    longest: usize,
}

/// See [`quoted`].
#[derive(Clone, Copy, Debug)]
pub struct Quoted<'a>(Printable<'a>);

// === impl Printable ===

impl Printable<'_> {
    /// Shows at most so many characters of the text.
    #[must_use]
    pub fn longest(self, longest: usize) -> Self {
        Self { longest, ..self }
    }

    fn write(self, f: &mut Formatter<'_>, convert: fn(char) -> char) -> fmt::Result {
        let mut chars = self.text.chars();
        for char in chars.by_ref().take(self.longest) {
            if is_deceptive(char) {
                Display::fmt(&char.escape_default(), f)?;
            } else {
                f.write_char(convert(char))?;
            }
        }
        match chars.next() {
            Some(_) => f.write_char('…'),
            None => Ok(()),
        }
    }
}

impl Display for Printable<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.write(f, |char| char)
    }
}

// === impl Quoted ===

impl Quoted<'_> {
    /// Shows at most so many characters of the text.
    #[must_use]
    pub fn longest(self, longest: usize) -> Self {
        Self(self.0.longest(longest))
    }
}

impl Display for Quoted<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_char('`')?;
        self.0
            .write(f, |char| if char == '`' { '\'' } else { char })?;
        f.write_char('`')
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deceptive_characters_are_escaped_and_others_are_not() {
        let text = "é `a\u{1b}[31m\r\nb\u{202e}c\u{9b}\u{200b}\u{feff}\u{ffff}\u{e0041}\u{2028}";
        let shown = printable(text).to_string();
        assert!(!shown.chars().any(is_deceptive), "{shown:?}");
        assert!(
            shown.starts_with("é `a\\u{1b}[31m\\r\\nb\\u{202e}c\\u{9b}"),
            "{shown}"
        );
    }

    #[test]
    fn a_quoted_text_stays_within_its_backticks() {
        assert_eq!(quoted("a`b`\n").to_string(), r"`a'b'\n`");
        assert_eq!(quoted("").to_string(), "``");
    }

    #[test]
    fn json_keeps_its_meaning() {
        let json = "{\"a\": \"\u{202e}\u{e0041}é\"}\n";
        assert_eq!(escape_json(json), "{\"a\": \"\\u202e\\udb40\\udc41é\"}\n");
    }

    #[test]
    fn a_replacement_keeps_columns() {
        let text = "a\t\n\u{1b}\u{202e}é";
        let shown: String = text.chars().map(replacement).collect();
        assert_eq!(shown, "a  \u{fffd}\u{fffd}é");
    }

    #[test]
    fn long_texts_are_truncated() {
        let long = "é".repeat(100_000);
        assert_eq!(printable(&long).to_string().chars().count(), LONGEST + 1);
        assert_eq!(quoted("abcd").longest(3).to_string(), "`abc…`");
        assert_eq!(printable("abc").longest(3).to_string(), "abc");
    }

    #[test]
    fn all_unicode_control_characters_are_deceptive() {
        let bidirectional = "\u{61c}\u{200e}\u{200f}\u{202a}\u{202b}\u{202c}\u{202d}\u{202e}\u{2066}\u{2067}\u{2068}\u{2069}";
        let without_width = "\u{200b}\u{200c}\u{200d}\u{2060}\u{feff}\u{ad}";
        let controls = (0..=0x1f).chain(0x7f..=0x9f).filter_map(char::from_u32);
        for char in controls
            .chain(bidirectional.chars())
            .chain(without_width.chars())
        {
            assert!(is_deceptive(char), "{:x}", u32::from(char));
        }
        for char in "\u{a0}\u{2003}\u{3000}".chars() {
            assert!(is_deceptive(char), "{:x}", u32::from(char));
        }
        for char in "aé漢字🦀 ~\u{301}".chars() {
            assert!(!is_deceptive(char), "{char}");
        }
    }
}
