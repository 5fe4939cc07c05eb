//! Collects the pieces of a body into blocks.
//!
//! A piece keeps alive the whole buffer that it was read into, which can be many times larger if a client sends slowly.
//! Small pieces are therefore copied into one block, and large ones are kept as they are.

use bytes::{Bytes, BytesMut};

/// The size from which a piece is kept as it is. Blocks of small pieces have this size, too.
const WORTH_KEEPING: usize = 32 * 1024;

#[derive(Debug, Default)]
pub(super) struct Blocks {
    small: BytesMut,
}

// === impl Blocks ===

impl Blocks {
    /// Adds a piece. Completed blocks are appended to `full`.
    pub(super) fn push(&mut self, piece: Bytes, full: &mut Vec<Bytes>) {
        if piece.len() >= WORTH_KEEPING {
            self.flush(full);
            full.push(piece);
        } else {
            self.small.extend_from_slice(&piece);
            if self.small.len() >= WORTH_KEEPING {
                self.flush(full);
            }
        }
    }

    /// Appends the remaining bytes to `full`.
    pub(super) fn flush(&mut self, full: &mut Vec<Bytes>) {
        if !self.small.is_empty() {
            full.push(std::mem::take(&mut self.small).freeze());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_bytes_in_order_in_few_blocks() {
        let most = WORTH_KEEPING;
        let sizes = [1, most + 5, 3, most, most - 1, 1, 5, 0, 2 * most];
        let pieces =
            sizes.map(|size: usize| Bytes::from(vec![u8::try_from(size % 251).unwrap(); size]));
        let (mut blocks, mut full) = (Blocks::default(), Vec::new());
        for piece in &pieces {
            blocks.push(piece.clone(), &mut full);
        }
        blocks.flush(&mut full);
        assert_eq!(full.concat(), pieces.concat());
        assert_eq!(full.len(), 7);
    }

    #[test]
    fn a_large_piece_is_not_copied() {
        let piece = Bytes::from(vec![7; WORTH_KEEPING]);
        let (mut blocks, mut full) = (Blocks::default(), Vec::new());
        blocks.push(piece.clone(), &mut full);
        assert_eq!(full[0].as_ptr(), piece.as_ptr());
    }

    #[test]
    fn small_pieces_share_a_block() {
        let (mut blocks, mut full) = (Blocks::default(), Vec::new());
        for _ in 0..WORTH_KEEPING {
            blocks.push(Bytes::from_static(b"x"), &mut full);
        }
        assert_eq!(full.len(), 1);
    }
}
