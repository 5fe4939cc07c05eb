//! The headers with a request's identity (OpenSearch documentation, "Proxy-based authentication").
//!
//! The node trusts these headers from 127.0.0.1, so a front must remove those that a client sent before it sets its
//! own. Without [`FORWARDED_FOR`] the other two are ignored, and the response is 401.

/// The client's IP address; any other text results in 500.
pub const FORWARDED_FOR: &str = "x-forwarded-for";
/// The user's name: the ARN of an IAM principal.
pub const USER: &str = "x-proxy-user";
/// The backend roles, separated by [`ROLES_SEPARATOR`]: the ARN of an IAM role.
pub const ROLES: &str = "x-proxy-roles";
/// The separator of backend roles; not a comma, which IAM allows in role names.
pub const ROLES_SEPARATOR: &str = ";";
/// The backend role that is mapped to `all_access` from the start.
pub const ADMIN: &str = "admin";

/// Returns the headers of the administrator, who has all permissions, including the security API.
pub const fn admin() -> [(&'static str, &'static str); 3] {
    [(FORWARDED_FOR, "127.0.0.1"), (USER, ADMIN), (ROLES, ADMIN)]
}
