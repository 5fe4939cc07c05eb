//! The `a=value,b=value` of SCRAM messages (RFC 5802, section 7).

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

use super::{MAX_MESSAGE, ScramError};

/// Takes attributes off the front of a message.
pub(super) struct Attributes<'a> {
    rest: Option<&'a str>,
}

// === impl Attributes ===

impl<'a> Attributes<'a> {
    pub(super) fn of(message: &'a str) -> Self {
        Self {
            rest: Some(message),
        }
    }

    /// The value of the next attribute, which must be `name`.
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

    /// Passes over optional extensions. None may have the name `reserved`.
    pub(super) fn skip_extensions(mut self, reserved: char) -> Result<(), ScramError> {
        while let Some((name, _)) = self.next()? {
            if name == reserved {
                return Err(ScramError::Malformed("an attribute is in the wrong place"));
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
                "an attribute is not a letter and a value",
            ))
    }
}

/// A message as text of a bearable length.
pub(super) fn text(message: &[u8]) -> Result<&str, ScramError> {
    if message.len() > MAX_MESSAGE {
        return Err(ScramError::Malformed("it is too long"));
    }
    match std::str::from_utf8(message) {
        Ok(text) if !text.contains('\0') => Ok(text),
        _ => Err(ScramError::Malformed("it is not text")),
    }
}

/// A nonce: printable ASCII, at least one character. A comma can't get here.
pub(super) fn nonce(value: &str) -> Result<&str, ScramError> {
    if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_graphic()) {
        Ok(value)
    } else {
        Err(ScramError::Malformed("its nonce is not printable"))
    }
}

/// A decimal number without a sign.
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
