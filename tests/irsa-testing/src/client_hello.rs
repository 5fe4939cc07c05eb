//! The first message of a TLS client.

/// Returns the first `length` bytes of a ClientHello of 64 KiB in records of the maximum size.
#[must_use]
pub fn incomplete_client_hello(length: usize) -> Vec<u8> {
    const RECORD: usize = 16 * 1024;
    let mut records = Vec::new();
    while records.len() < length {
        let begins = records.is_empty();
        records.extend([0x16, 3, 1, 0x40, 0]);
        let payload = records.len();
        if begins {
            records.extend([1, 0, 0xff, 0xff, 3, 3]);
        }
        records.resize(payload + RECORD, 0);
    }
    records.truncate(length);
    records
}
