//! What whoever operates `irsa` sees of it: health, metrics, the admin listener with its status
//! page, and logs. And [`http`], the small HTTP server under it, which the lab uses as well.

pub mod admin;
pub mod health;
pub mod http;
pub mod log_limit;
pub mod logging;
pub mod metrics;
pub mod panics;
pub mod refusals;
pub mod session_log;
pub mod status;
