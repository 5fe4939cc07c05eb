//! Strategies for the values in messages.

use bytes::Bytes;
use irsa_pgwire::error_response::{ErrorResponse, Severity};
use irsa_pgwire::sqlstate::SqlState;
use irsa_pgwire::startup::{CancelKey, Startup, Version};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

/// The bytes that strings of the protocol can contain: all except zero.
pub(crate) fn string() -> impl Strategy<Value = Bytes> {
    vec(1..=u8::MAX, 0..40).prop_map(Bytes::from)
}

pub(crate) fn name() -> impl Strategy<Value = Bytes> {
    vec(1..=u8::MAX, 1..40).prop_map(Bytes::from)
}

pub(crate) fn text() -> impl Strategy<Value = String> {
    "[^\0]{0,40}"
}

pub(crate) fn data() -> impl Strategy<Value = Bytes> {
    vec(any::<u8>(), 0..200).prop_map(Bytes::from)
}

pub(crate) fn version_3() -> impl Strategy<Value = Version> {
    any::<u16>().prop_map(|minor| Version { major: 3, minor })
}

pub(crate) fn cancel_key() -> impl Strategy<Value = CancelKey> {
    (any::<u32>(), vec(any::<u8>(), 4..=256))
        .prop_map(|(process_id, secret)| CancelKey::new(process_id, secret))
}

pub(crate) fn startup() -> impl Strategy<Value = Startup> {
    let others = vec((name(), string()), 0..8).prop_map(|mut others| {
        others.retain(|(name, _)| name != "user");
        others
    });
    (version_3(), name(), others, any::<prop::sample::Index>()).prop_map(
        |(version, user, mut parameters, position)| {
            let position = position.index(parameters.len() + 1);
            parameters.insert(position, (Bytes::from_static(b"user"), user));
            Startup {
                version,
                parameters,
            }
        },
    )
}

pub(crate) fn error_response() -> impl Strategy<Value = ErrorResponse> {
    let code = "[0-9A-Z]{5}".prop_map(|code| code.parse::<SqlState>().unwrap());
    let letter = select(b"PpqWstcdnFLRxyz".to_vec());
    (
        select(Severity::ALL.to_vec()),
        code,
        text(),
        option::of(text()),
        option::of(text()),
        vec((letter, text()), 0..4),
    )
        .prop_map(|(severity, code, message, detail, hint, others)| {
            let mut response = ErrorResponse::new(severity, code, message);
            response.detail = detail;
            response.hint = hint;
            response.others = others;
            response
        })
}
