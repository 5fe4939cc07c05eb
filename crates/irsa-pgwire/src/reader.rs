//! A reader for the fields of a message's body.

use crate::message_error::{Fault, MessageError};

/// A cursor over a message's body. Its errors name the message.
#[derive(Debug)]
pub(crate) struct Reader<'a> {
    message: &'static str,
    rest: &'a [u8],
}

// === impl Reader ===

impl<'a> Reader<'a> {
    pub(crate) fn new(message: &'static str, body: &'a [u8]) -> Self {
        Self {
            message,
            rest: body,
        }
    }

    pub(crate) fn array<const N: usize>(&mut self) -> Result<[u8; N], MessageError> {
        let (array, rest) = self
            .rest
            .split_first_chunk()
            .ok_or_else(|| self.fault(Fault::Truncated))?;
        self.rest = rest;
        Ok(*array)
    }

    pub(crate) fn u8(&mut self) -> Result<u8, MessageError> {
        self.array().map(u8::from_be_bytes)
    }

    pub(crate) fn u32(&mut self) -> Result<u32, MessageError> {
        self.array().map(u32::from_be_bytes)
    }

    pub(crate) fn i32(&mut self) -> Result<i32, MessageError> {
        self.array().map(i32::from_be_bytes)
    }

    pub(crate) fn bytes(&mut self, length: usize) -> Result<&'a [u8], MessageError> {
        let (bytes, rest) = self
            .rest
            .split_at_checked(length)
            .ok_or_else(|| self.fault(Fault::Truncated))?;
        self.rest = rest;
        Ok(bytes)
    }

    /// Reads a string and returns it without its terminating zero byte.
    pub(crate) fn string(&mut self) -> Result<&'a [u8], MessageError> {
        let end = self.rest.iter().position(|&byte| byte == 0);
        let string = self.bytes(end.ok_or_else(|| self.fault(Fault::Unterminated))?)?;
        self.u8()?;
        Ok(string)
    }

    pub(crate) fn text(&mut self) -> Result<&'a str, MessageError> {
        std::str::from_utf8(self.string()?).map_err(|_| self.fault(Fault::NotUtf8))
    }

    pub(crate) fn rest(self) -> &'a [u8] {
        self.rest
    }

    /// Checks that no bytes are left.
    pub(crate) fn finish(self) -> Result<(), MessageError> {
        if self.rest.is_empty() {
            Ok(())
        } else {
            Err(self.fault(Fault::TrailingBytes))
        }
    }

    /// Returns the error for an invalid value.
    pub(crate) fn bad_value(&self, what: &'static str) -> MessageError {
        self.fault(Fault::Value(what))
    }

    fn fault(&self, fault: Fault) -> MessageError {
        MessageError::new(self.message, fault)
    }
}
