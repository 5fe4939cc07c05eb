//! Where messages begin and end.

mod header;
mod scanner;

pub use header::{FrameError, HEADER, Header, MAX_BODY};
pub use scanner::Scanner;
