//! The lines of Aurora's `iam-db-auth-error` log (Aurora User Guide, "Troubleshooting for IAM DB
//! authentication").

use irsa_chain::AssumedRoleArn;

/// The token is malformed, is signed by unknown credentials, or is for something else.
pub fn invalid(user: &str) -> String {
    format!(
        "Failed to authenticate the connection request for user '{user}' because the provided \
         token is malformed or otherwise invalid. (Status Code: 400, Error Code: InvalidToken)"
    )
}

/// The token, or the session that signed it, has expired.
pub fn expired(user: &str) -> String {
    format!(
        "Failed to authenticate the connection request for user '{user}' because the token age is \
         longer than 15 minutes. (Status Code: 400, Error Code: ExpiredToken)"
    )
}

/// The policies do not allow `rds-db:connect`.
pub fn not_authorized(user: &str, caller: &AssumedRoleArn) -> String {
    format!(
        "Failed to authorize the connection request for user '{user}' because the IAM policy \
         assumed by the caller '{caller}' is not authorized to perform `rds-db:connect` on the DB \
         instance. (Status Code: 403, Error Code: NotAuthorized)"
    )
}

/// More than 200 new connections per second.
pub fn throttled(user: &str) -> String {
    format!(
        "Failed to authorize the connection request for user '{user}' due to IAM DB authentication \
         throttling. (Status Code: 429, Error Code: ThrottlingException)"
    )
}

/// The IAM service does not respond.
pub fn internal(user: &str) -> String {
    format!(
        "Failed to authorize the connection request for user '{user}' due to an internal IAM DB \
         Auth error. (Status Code: 500, Error Code: InternalError)"
    )
}
