//! How a request says who is asking (OpenSearch documentation, "Proxy-based authentication").
//!
//! The node believes these headers from 127.0.0.1, so a front must drop what a client sent of them before it writes
//! its own. Without [`FORWARDED_FOR`] the other two are ignored, and the answer is 401.

/// Where the request came from: an IP address, and nothing else (a word in it gives 500).
pub const FORWARDED_FOR: &str = "x-forwarded-for";
/// The name of the user: for IAM its ARN.
pub const USER: &str = "x-proxy-user";
/// The backend roles: for IAM the ARN of the role, several separated by [`ROLES_SEPARATOR`].
pub const ROLES: &str = "x-proxy-roles";
/// Separates backend roles; a comma could stand in the name of an IAM role.
pub const ROLES_SEPARATOR: &str = ";";
/// The backend role that is mapped to `all_access` from the start.
pub const ADMIN: &str = "admin";

/// The headers of the administrator: may do everything, the security API included.
pub const fn admin() -> [(&'static str, &'static str); 3] {
    [(FORWARDED_FOR, "127.0.0.1"), (USER, ADMIN), (ROLES, ADMIN)]
}
