//! Message framing: headers and message boundaries.

mod header;
mod scanner;

pub use header::{FrameError, HEADER, Header, MAX_BODY};
pub use scanner::Scanner;
