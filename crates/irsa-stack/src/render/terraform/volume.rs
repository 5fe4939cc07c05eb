//! Sizes of volumes.

/// The number of GiB in a text such as `100GiB`.
pub(super) fn gibibytes(text: &str) -> Option<u64> {
    text.strip_suffix("GiB")?.parse().ok()
}
