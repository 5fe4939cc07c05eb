//! h2_domain
