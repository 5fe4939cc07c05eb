//! The password that RDS manages in Secrets Manager.

use irsa_apply::ApplyError;
use irsa_apply::postgres::PasswordLogin;
use irsa_aws::{AwsReader, ReadError, ReadErrorKind};
use irsa_chain::endpoint::RdsEndpoint;
use irsa_chain::untrusted::quoted;
use irsa_identity::ExposeSecret as _;
use irsa_stack::OUTPUTS_COMMAND;
use irsa_stack::stack::{AdminSecret, PostgresStore};

/// The actions that find the secret of a cluster or an instance.
const DESCRIBE: [&str; 2] = ["rds:DescribeDBClusters", "rds:DescribeDBInstances"];
const DECRYPT: &str = "kms:Decrypt";

/// Reads the login of a cluster's master user.
///
/// # Errors
/// The secret is unknown or can't be read, has no login, or has one of a different user.
pub(super) async fn login(
    reader: &AwsReader,
    store: &PostgresStore,
) -> Result<PasswordLogin, ApplyError> {
    let secret = match &store.admin_secret {
        Some(secret) => secret.clone(),
        None => described(reader, store).await?,
    };
    let text = reader.secret_text(&secret.arn).await;
    let text = text.map_err(|error| unreadable(store, Some(&secret), &error))?;
    let login = PasswordLogin::from_secret(text.expose_secret()).map_err(|error| {
        ApplyError::new(format!(
            "the secret {} {error}",
            quoted(secret.arn.as_str())
        ))
    })?;
    check_user(store, &secret, &login)?;
    Ok(login)
}

/// The secret that RDS names for the cluster behind the endpoint.
async fn described(reader: &AwsReader, store: &PostgresStore) -> Result<AdminSecret, ApplyError> {
    let endpoint: RdsEndpoint = store
        .endpoint
        .parse()
        .map_err(|error| ApplyError::new(format!("{error}")))?;
    let found = reader.database(&endpoint).await;
    let found = found.map_err(|error| unreadable(store, None, &error))?;
    let managed = found.master_user_secret.ok_or_else(|| {
        let message = format!(
            "RDS does not manage the password of {}: {} has no `MasterUserSecret`",
            quoted(&store.key),
            found.arn
        );
        ApplyError::new(message).with_remedy(
            "set `manage_master_user_password` on the cluster, or pass the login by --admin kubernetes:, file: or env:",
        )
    })?;
    Ok(AdminSecret {
        kms_key: managed.kms_key.and_then(|key| key.parse().ok()),
        arn: managed.arn,
    })
}

/// The checks of the specification know one administrator.
fn check_user(
    store: &PostgresStore,
    secret: &AdminSecret,
    login: &PasswordLogin,
) -> Result<(), ApplyError> {
    let Some(expected) = store.admin.as_ref().filter(|user| **user != login.user) else {
        return Ok(());
    };
    let message = format!(
        "the secret {} is of user {}, but `postgres.{}.admin.user` is {}",
        quoted(secret.arn.as_str()),
        quoted(&login.user),
        store.key,
        quoted(expected)
    );
    let remedy = "set `admin.user` in irsa.yaml to the cluster's master user";
    Err(ApplyError::new(message).with_remedy(remedy))
}

fn unreadable(
    store: &PostgresStore,
    secret: Option<&AdminSecret>,
    error: &ReadError,
) -> ApplyError {
    let about = secret.map_or_else(String::new, |secret| {
        format!(" in {}", quoted(secret.arn.as_str()))
    });
    let message = format!(
        "cannot read the password of the administrator of {}{about}: {error}",
        quoted(&store.key)
    );
    match remedy(store, secret, error) {
        Some(remedy) => ApplyError::new(message).with_remedy(remedy),
        None => ApplyError::new(message),
    }
}

fn remedy(
    store: &PostgresStore,
    secret: Option<&AdminSecret>,
    error: &ReadError,
) -> Option<String> {
    let action = error.action;
    Some(match error.kind {
        ReadErrorKind::Denied if action == DECRYPT => {
            let key = secret.and_then(|secret| secret.kms_key.as_ref());
            let key = key.map_or_else(|| "the secret's key".to_owned(), |key| format!("`{key}`"));
            format!(
                "allow `{DECRYPT}` on {key} in a policy of this role, and in the key's policy; {BY_TERRAFORM}"
            )
        }
        ReadErrorKind::Denied if DESCRIBE.contains(&action) => format!(
            "run `{OUTPUTS_COMMAND}`, which names the secret; or allow `{action}` in a policy of this role"
        ),
        ReadErrorKind::Denied => {
            let arn = secret.map_or_else(String::new, |secret| format!(" on `{}`", secret.arn));
            format!("allow `{action}`{arn} in a policy of this role; {BY_TERRAFORM}")
        }
        ReadErrorKind::Absent if secret.is_some() => format!(
            "RDS may have replaced the secret: run `{OUTPUTS_COMMAND}` again, or remove `admin_secret` from it to look it \
             up in RDS"
        ),
        ReadErrorKind::Unreachable => {
            let service = if DESCRIBE.contains(&action) {
                "RDS"
            } else {
                "Secrets Manager"
            };
            let region = &store.region;
            format!(
                "check the network: a private subnet needs a NAT gateway, or a VPC endpoint for {service} in {region}"
            )
        }
        _ => return None,
    })
}

const BY_TERRAFORM: &str =
    "`irsa render terraform` does so for the role of the setup, if irsa.yaml has `setup`";
