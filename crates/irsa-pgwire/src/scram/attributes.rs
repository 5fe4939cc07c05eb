//! Parsing of SCRAM messages, which have the form `a=value,b=value` (RFC 5802, section 7).

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

use super::{MAX_MESSAGE, ScramError};

/// A reader for the attributes of a message.
pub(super) struct Attributes<'a> {
    rest: Option<&'a str>,
}

// === impl Attributes ===

impl<'a> Attributes<'a> {
    pub(super) fn new(message: &'a str) -> Self {
        Self {
            rest: Some(message),
        }
    }

    /// Returns the value of the next attribute, which must have the name `name`.
    pub(super) fn expect(
        &mut self,
        name: char,
        missing: &'static str,
    ) -> Result<&'a str, ScramError> {
        match self.next()? {
            Some((found, value)) if found == name => Ok(value),
            Some(('m', _)) => Err(ScramError::MandatoryExtension),
            _ => Err(ScramError::Malformed(missing)),
        }
    }

    /// Skips optional extensions. An extension must not have the name `reserved`.
    pub(super) fn skip_extensions(mut self, reserved: char) -> Result<(), ScramError> {
        while let Some((name, _)) = self.next()? {
            if name == reserved {
                return Err(ScramError::Malformed("an attribute is out of order"));
            }
        }
        Ok(())
    }

    fn next(&mut self) -> Result<Option<(char, &'a str)>, ScramError> {
        let Some(rest) = self.rest else {
            return Ok(None);
        };
        let (attribute, rest) = match rest.split_once(',') {
            Some((attribute, rest)) => (attribute, Some(rest)),
            None => (rest, None),
        };
        self.rest = rest;
        attribute
            .split_once('=')
            .and_then(|(name, value)| Some((single_letter(name)?, value)))
            .map(Some)
            .ok_or(ScramError::Malformed(
                "an attribute is not a letter, `=` and a value",
            ))
    }
}

/// Returns a message as text, if it does not exceed [`MAX_MESSAGE`].
pub(super) fn text(message: &[u8]) -> Result<&str, ScramError> {
    if message.len() > MAX_MESSAGE {
        return Err(ScramError::Malformed("it is too long"));
    }
    match std::str::from_utf8(message) {
        Ok(text) if !text.contains('\0') => Ok(text),
        _ => Err(ScramError::Malformed("it is not UTF-8 text")),
    }
}

/// Validates a nonce: at least one character of printable ASCII. Attributes never contain a comma.
pub(super) fn nonce(value: &str) -> Result<&str, ScramError> {
    if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_graphic()) {
        Ok(value)
    } else {
        Err(ScramError::Malformed(
            "its nonce is empty or not printable ASCII",
        ))
    }
}

/// Parses a decimal number without a sign.
pub(super) fn number(value: &str) -> Option<u32> {
    let digits = value.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| value.parse().ok()).flatten()
}

pub(super) fn encode(bytes: impl AsRef<[u8]>) -> String {
    BASE64_STANDARD.encode(bytes)
}

pub(super) fn decode(value: &str) -> Option<Vec<u8>> {
    BASE64_STANDARD.decode(value).ok()
}

fn single_letter(name: &str) -> Option<char> {
    let mut letters = name.chars();
    let letter = letters.next().filter(char::is_ascii_alphabetic)?;
    letters.next().is_none().then_some(letter)
}
