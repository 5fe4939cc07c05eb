//! The real program against the lab, with a real PostgreSQL behind it.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that can't go on fails"
)]

mod admin;
mod apply_admin_kubernetes;
mod apply_admin_managed;
mod apply_opensearch;
mod apply_sql;
mod attacks;
mod chart;
mod client_auth;
mod clock;
mod credentials;
mod doctor;
mod doctor_setup;
mod drain;
mod drain_outcome;
mod exec;
mod exec_environment;
mod hangs;
mod helm;
mod http;
mod http_proxy;
mod image;
mod init_from;
mod journey;
mod kube_cache;
mod kube_requests;
mod kubernetes;
mod lab;
mod log_records;
mod moto;
mod opensearch;
mod outage;
mod pod;
mod profile;
mod proxy;
mod proxy_files;
mod reload;
mod rendered_helm;
mod rendered_sql;
mod rendered_terraform;
mod rendered_webhook;
mod rotation;
mod secrets;
mod set_up;
mod settings;
mod setup_job;
mod socket;
mod sql;
mod stage;
mod stalled_log;
mod status;
mod token;
mod token_file;
mod traces;
mod webhook;
mod whoami;
mod wire;
