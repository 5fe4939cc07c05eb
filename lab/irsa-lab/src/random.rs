//! Random identifiers.

use rand::Rng as _;

/// The characters of AWS's identifiers (base 32).
const BASE_32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
/// The characters of the suffixes that Kubernetes generates.
const POD_SUFFIX: &[u8; 27] = b"bcdfghjklmnpqrstvwxz2456789";

/// Returns a random UUID, version 4, for request IDs and pod UIDs.
pub(crate) fn uuid() -> String {
    let mut bytes = [0_u8; 16];
    rand::rng().fill_bytes(&mut bytes);
    let random = u128::from_be_bytes(bytes);
    let value = (random & !(0xf << 76) & !(0x3 << 62)) | (0x4 << 76) | (0x2 << 62);
    let part = |shift: u32, mask: u128| (value >> shift) & mask;
    format!(
        "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
        part(96, 0xffff_ffff),
        part(80, 0xffff),
        part(64, 0xffff),
        part(48, 0xffff),
        part(0, 0xffff_ffff_ffff)
    )
}

/// Returns `prefix` and `length` random characters: `ASIA…`.
pub(crate) fn aws_id(prefix: &str, length: usize) -> String {
    prefix.chars().chain(letters(BASE_32, length)).collect()
}

/// Returns the ID of an EC2 instance: `i-` and 17 hex digits.
pub(crate) fn instance_id() -> String {
    let hex = uuid().replace('-', "");
    format!("i-{}", hex.get(..17).unwrap_or(&hex))
}

/// Returns the suffix that the ReplicaSet controller appends to a name: `x2k4q`.
pub(crate) fn pod_suffix() -> String {
    letters(POD_SUFFIX, 5).collect()
}

fn letters(alphabet: &'static [u8], length: usize) -> impl Iterator<Item = char> {
    let mut bytes = vec![0_u8; length];
    rand::rng().fill_bytes(&mut bytes);
    let pick = |byte: u8| {
        alphabet
            .get(usize::from(byte) % alphabet.len())
            .copied()
            .map_or('a', char::from)
    };
    bytes.into_iter().map(pick)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uuids_are_of_version_4() {
        let uuid = uuid();
        let parts: Vec<&str> = uuid.split('-').collect();
        assert_eq!(
            parts.iter().map(|part| part.len()).collect::<Vec<_>>(),
            [8, 4, 4, 4, 12]
        );
        assert!(
            parts[2].starts_with('4') && parts[3].starts_with(['8', '9', 'a', 'b']),
            "{uuid}"
        );
    }

    #[test]
    fn identifiers_differ() {
        assert_ne!(aws_id("ASIA", 16), aws_id("ASIA", 16));
        assert_eq!(pod_suffix().len(), 5);
    }
}
