//! A JSON parser for policies: it keeps duplicate keys, records the position of every value, and limits size and depth.
//!
//! Parsers that fill a map keep only the last of two equal keys, so a policy with two `Condition` elements would lose
//! one. Here, an object is a list of members.

use std::ops::Range;

use crate::limits::{MAX_BYTES, MAX_DEPTH};
use crate::{PolicyError, Problem};

/// A JSON value with all its members in document order, and its byte range in the text.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Json {
    pub(crate) span: Range<usize>,
    pub(crate) value: Value,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    Null,
    Bool(bool),
    /// As written.
    Number(String),
    String(String),
    Array(Vec<Json>),
    Object(Vec<(String, Json)>),
}

/// The reason why the text is not valid JSON, and the byte offset.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Fault {
    pub(crate) problem: Problem,
    pub(crate) at: usize,
}

/// A forward-only parser (RFC 8259).
struct Parser<'t> {
    text: &'t str,
    at: usize,
}

impl From<Fault> for PolicyError {
    fn from(Fault { problem, at }: Fault) -> Self {
        Self::at(None, String::new(), at, problem)
    }
}

impl Json {
    pub(crate) fn parse(text: &str) -> Result<Self, Fault> {
        if text.len() > MAX_BYTES {
            let problem = Problem::TooLarge { bytes: text.len() };
            return Err(Fault { problem, at: 0 });
        }
        let mut parser = Parser { text, at: 0 };
        let json = parser.value(1)?;
        parser.space();
        match parser.rest() {
            "" => Ok(json),
            _ => Err(parser.syntax("unexpected text after the value")),
        }
    }

    /// The type of the value, for messages.
    pub(crate) fn describe(&self) -> &'static str {
        match self.value {
            Value::Null => "null",
            Value::Bool(_) => "a boolean",
            Value::Number(_) => "a number",
            Value::String(_) => "a string",
            Value::Array(_) => "a list",
            Value::Object(_) => "an object",
        }
    }
}

impl<'t> Parser<'t> {
    fn value(&mut self, depth: usize) -> Result<Json, Fault> {
        self.space();
        let start = self.at;
        let value = match self.peek() {
            Some(b'{') => Value::Object(self.object(depth)?),
            Some(b'[') => Value::Array(self.array(depth)?),
            Some(b'"') => Value::String(self.string()?),
            Some(b'-' | b'0'..=b'9') => Value::Number(self.number()?.to_owned()),
            _ => self.word()?,
        };
        let span = start..self.at;
        Ok(Json { span, value })
    }

    fn object(&mut self, depth: usize) -> Result<Vec<(String, Json)>, Fault> {
        let mut members = Vec::new();
        self.items(depth, b'}', |parser| {
            parser.space();
            if parser.peek() != Some(b'"') {
                return Err(parser.syntax("expected a key in double quotes"));
            }
            let name = parser.string()?;
            parser.expect(b':', "expected `:`")?;
            members.push((name, parser.value(depth + 1)?));
            Ok(())
        })?;
        Ok(members)
    }

    fn array(&mut self, depth: usize) -> Result<Vec<Json>, Fault> {
        let mut list = Vec::new();
        self.items(depth, b']', |parser| {
            list.push(parser.value(depth + 1)?);
            Ok(())
        })?;
        Ok(list)
    }

    /// Parses the comma-separated items up to the closing bracket `close`.
    fn items(
        &mut self,
        depth: usize,
        close: u8,
        mut item: impl FnMut(&mut Self) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        if depth > MAX_DEPTH {
            return Err(self.fault(Problem::TooDeep));
        }
        self.at += 1;
        if self.eat(close) {
            return Ok(());
        }
        loop {
            item(self)?;
            if self.eat(close) {
                return Ok(());
            }
            self.expect(b',', "expected `,` or the closing bracket")?;
        }
    }

    fn string(&mut self) -> Result<String, Fault> {
        self.at += 1;
        let mut string = String::new();
        loop {
            let rest = self.rest();
            let special = |char: char| matches!(char, '"' | '\\' | '\0'..='\x1f');
            let plain = rest.find(special).unwrap_or(rest.len());
            string.push_str(rest.get(..plain).unwrap_or_default());
            self.at += plain;
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(string);
                }
                Some(b'\\') => string.push(self.escape()?),
                None => return Err(self.syntax("unterminated string")),
                Some(_) => return Err(self.syntax("control character in a string")),
            }
        }
    }

    fn escape(&mut self) -> Result<char, Fault> {
        self.at += 1;
        let char = match self.peek() {
            Some(byte @ (b'"' | b'\\' | b'/')) => char::from(byte),
            Some(b'b') => '\x08',
            Some(b'f') => '\x0c',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => return self.unicode(),
            _ => return Err(self.syntax("invalid escape sequence")),
        };
        self.at += 1;
        Ok(char)
    }

    /// The character of `uXXXX`, or of two that form a surrogate pair.
    fn unicode(&mut self) -> Result<char, Fault> {
        let high = self.hex()?;
        let unit = match high {
            0xd800..=0xdbff if self.rest().starts_with("\\u") => {
                self.at += 1;
                let low = self.hex()?;
                let pair = (0xdc00..=0xdfff).contains(&low);
                pair.then(|| 0x1_0000 + ((high - 0xd800) << 10) + (low - 0xdc00))
            }
            _ => Some(high),
        };
        let char = unit.and_then(char::from_u32);
        char.ok_or_else(|| self.syntax("invalid escape sequence"))
    }

    fn hex(&mut self) -> Result<u32, Fault> {
        let digits = self.rest().get(1..5).unwrap_or_default();
        let is_hex = digits.len() == 4 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        let unit = u32::from_str_radix(digits, 16).ok().filter(|_| is_hex);
        let unit = unit.ok_or_else(|| self.syntax("invalid escape sequence"))?;
        self.at += 5;
        Ok(unit)
    }

    fn number(&mut self) -> Result<&'t str, Fault> {
        let start = self.at;
        self.take(b"-");
        match self.peek() {
            Some(b'0') => self.at += 1,
            _ => self.digits()?,
        }
        if self.take(b".") {
            self.digits()?;
        }
        if self.take(b"eE") {
            self.take(b"+-");
            self.digits()?;
        }
        Ok(self.text.get(start..self.at).unwrap_or_default())
    }

    fn digits(&mut self) -> Result<(), Fault> {
        if !self.take(b"0123456789") {
            return Err(self.syntax("invalid number"));
        }
        while self.take(b"0123456789") {}
        Ok(())
    }

    fn word(&mut self) -> Result<Value, Fault> {
        for (word, value) in [
            ("true", Value::Bool(true)),
            ("false", Value::Bool(false)),
            ("null", Value::Null),
        ] {
            if self.rest().starts_with(word) {
                self.at += word.len();
                return Ok(value);
            }
        }
        Err(self.syntax("expected a value"))
    }

    fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn space(&mut self) {
        while self.take(b" \t\n\r") {}
    }

    /// Consumes the next byte if it is one of these.
    fn take(&mut self, bytes: &[u8]) -> bool {
        let found = self.peek().is_some_and(|byte| bytes.contains(&byte));
        self.at += usize::from(found);
        found
    }

    /// Skips white space, then consumes the next byte if it is this one.
    fn eat(&mut self, byte: u8) -> bool {
        self.space();
        self.take(&[byte])
    }

    fn expect(&mut self, byte: u8, otherwise: &str) -> Result<(), Fault> {
        if self.eat(byte) {
            return Ok(());
        }
        Err(self.syntax(otherwise))
    }

    fn syntax(&self, what: &str) -> Fault {
        self.fault(Problem::Syntax(what.to_owned()))
    }

    fn fault(&self, problem: Problem) -> Fault {
        let at = self.at;
        Fault { problem, at }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::Position;

    /// The same value as serde_json represents it; duplicate keys are lost.
    fn as_serde(json: &Json) -> serde_json::Value {
        match &json.value {
            Value::Null => serde_json::Value::Null,
            Value::Bool(value) => (*value).into(),
            Value::Number(text) => serde_json::from_str(text).unwrap(),
            Value::String(text) => text.as_str().into(),
            Value::Array(list) => list.iter().map(as_serde).collect(),
            Value::Object(members) => members
                .iter()
                .map(|(name, json)| (name.clone(), as_serde(json)))
                .collect(),
        }
    }

    #[test]
    fn keeps_both_of_two_equal_keys_with_their_positions() {
        let json = Json::parse(r#" {"a": true, "a": [1]}"#).unwrap();
        let Value::Object(members) = json.value else {
            panic!("an object")
        };
        let spans: Vec<_> = members.iter().map(|(_, json)| json.span.clone()).collect();
        assert_eq!((json.span, spans), (1..22, vec![7..11, 18..21]));
    }

    #[test]
    fn reports_the_position_of_a_syntax_error() {
        for (text, expected) in [
            ("", "1:1 expected a value"),
            ("{\n  \"a\": }", "2:8 expected a value"),
            ("{} {}", "1:4 unexpected text after the value"),
            ("[1 2]", "1:4 expected `,` or the closing bracket"),
            ("{1: 2}", "1:2 expected a key in double quotes"),
            ("\"é\\x\"", "1:4 invalid escape sequence"),
            ("\"a", "1:3 unterminated string"),
            ("01", "1:2 unexpected text after the value"),
            ("-", "1:2 invalid number"),
        ] {
            let fault = Json::parse(text).unwrap_err();
            let (at, what) = expected.split_once(' ').unwrap();
            assert_eq!(
                Position::from_offset(text, fault.at).to_string(),
                at,
                "{text}"
            );
            assert_eq!(fault.problem.to_string(), format!("not valid JSON: {what}"));
        }
    }

    #[test]
    fn rejects_more_levels_than_the_limit() {
        let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
        assert!(Json::parse(&nested(MAX_DEPTH)).is_ok());
        for text in [nested(MAX_DEPTH + 1), "{\"a\":".repeat(100_000)] {
            assert_eq!(Json::parse(&text).unwrap_err().problem, Problem::TooDeep);
        }
    }

    #[test]
    fn rejects_more_bytes_than_the_limit_without_parsing_them() {
        // Parsed, it would have too many levels.
        let text = "[".repeat(MAX_BYTES + 1);
        let bytes = MAX_BYTES + 1;
        assert_eq!(
            Json::parse(&text).unwrap_err().problem,
            Problem::TooLarge { bytes }
        );
    }

    proptest! {
        #[test]
        fn agrees_with_serde_json(text in r#"([{}\[\],: \n]|"a"|"b"|"\\u00e9"|"\\ud83d\\ude00"|"\\ud83d"|-?[0-9]{1,2}|1\.5|2e-1|true|null){0,12}"#) {
            let theirs = serde_json::from_str::<serde_json::Value>(&text).ok();
            let ours = Json::parse(&text).ok().map(|json| as_serde(&json));
            prop_assert_eq!(ours, theirs, "{}", text);
        }
    }
}
