//! The compression of exports.

use std::io::{self, Write as _};

use flate2::write::GzEncoder;
use http::header::HeaderValue;

/// A compression that collectors support.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Compression {
    #[default]
    None,
    Gzip,
}

impl Compression {
    /// Parses the value of `OTEL_EXPORTER_OTLP_COMPRESSION`.
    pub(super) fn parse(name: &str) -> Option<Self> {
        match name {
            "none" => Some(Self::None),
            "gzip" => Some(Self::Gzip),
            _ => None,
        }
    }

    /// Returns the value of `Content-Encoding`.
    pub(super) fn content_encoding(self) -> Option<HeaderValue> {
        match self {
            Self::None => None,
            Self::Gzip => Some(HeaderValue::from_static("gzip")),
        }
    }

    /// Returns the compressed body.
    pub(super) fn compress(self, body: Vec<u8>) -> io::Result<Vec<u8>> {
        match self {
            Self::None => Ok(body),
            Self::Gzip => {
                // The names of attributes repeat in every span, so that the lowest level suffices.
                let mut encoder = GzEncoder::new(Vec::new(), flate2::Compression::fast());
                encoder.write_all(&body)?;
                encoder.finish()
            }
        }
    }
}
