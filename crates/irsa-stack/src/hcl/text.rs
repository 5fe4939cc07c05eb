//! Texts in quotes.

use std::fmt::Write as _;

use irsa_chain::untrusted::is_deceptive;

/// A part of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Part {
    Literal(String),
    Reference(String),
}

/// A text as `"a ${b.c}"`. `terraform fmt` writes `"${a.b}"` as `a.b`.
pub(super) fn template(parts: &[Part]) -> String {
    if let [Part::Reference(reference)] = parts {
        return reference.clone();
    }
    let mut text = String::new();
    for (number, part) in parts.iter().enumerate() {
        match part {
            Part::Literal(literal) if number + 1 == parts.len() => text += &escaped(literal),
            Part::Literal(literal) => text += &escaped_before_reference(literal),
            Part::Reference(reference) => {
                let _ = write!(text, "${{{reference}}}");
            }
        }
    }
    format!("\"{text}\"")
}

/// A text in quotes.
pub(super) fn quoted(text: &str) -> String {
    format!("\"{}\"", escaped(text))
}

/// A text in ASCII, with the escapes of a text in quotes.
pub(super) fn escape_non_ascii(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for char in text.chars() {
        if char.is_ascii() {
            escaped.push(char);
        } else {
            push_code(&mut escaped, char);
        }
    }
    escaped
}

fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    let mut before = None;
    while let Some(char) = chars.next() {
        let begins_template = (char == '$' || char == '%') && chars.peek() == Some(&'{');
        match char {
            '"' | '\\' => escaped.extend(['\\', char]),
            '\n' => escaped.push_str("\\n"),
            '\r' => escaped.push_str("\\r"),
            '\t' => escaped.push_str("\\t"),
            // After a `$`, `$${` would be ambiguous.
            _ if begins_template && before == Some(char) => push_code(&mut escaped, char),
            _ if begins_template => escaped.extend([char, char]),
            _ if is_deceptive(char) => push_code(&mut escaped, char),
            _ => escaped.push(char),
        }
        before = Some(char);
    }
    escaped
}

/// A text whose last `$` must not join the reference's.
fn escaped_before_reference(text: &str) -> String {
    let mut escaped = escaped(text);
    if let Some(last @ ('$' | '%')) = text.chars().next_back() {
        escaped.pop();
        push_code(&mut escaped, last);
    }
    escaped
}

fn push_code(text: &mut String, char: char) {
    let code = u32::from(char);
    let _ = if code > 0xffff {
        write!(text, "\\U{code:08x}")
    } else {
        write!(text, "\\u{code:04x}")
    };
}
