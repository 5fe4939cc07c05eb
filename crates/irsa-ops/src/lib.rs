//! The operation of `irsa`: health, metrics, the admin listeners with the status page, logs, and traces. It also
//! contains the small HTTP server [`http`], which the lab uses as well.

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
pub mod trace;
