//! The database of an application, and the two modes of reaching it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use tokio::process::Command;

use crate::reference_apps::{AppError, jvm};

/// The database of an application.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Database {
    /// Its name.
    pub name: String,
    /// The database user.
    pub user: String,
}

/// How an application reaches its database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DatabaseMode {
    /// Through irsa's listener, with the stock driver and no password.
    ThroughIrsa {
        /// The host that irsa listens on, such as `localhost`.
        host: String,
        /// The port that irsa listens on.
        port: u16,
    },
    /// With the AWS JDBC wrapper, which signs.
    OwnSigning {
        /// The endpoint: the name that the wrapper signs for and that the server's certificate holds.
        endpoint: String,
        /// The port that the wrapper signs for.
        sign_port: u16,
        /// The port on 127.0.0.1 that the wrapper connects to.
        port: u16,
        /// PEM file with the CA of the server's certificate.
        ca_file: PathBuf,
        /// The pod's identity: `AWS_ROLE_ARN`, `AWS_WEB_IDENTITY_TOKEN_FILE` and so on.
        identity: BTreeMap<String, String>,
    },
}

impl DatabaseMode {
    /// Returns the JDBC URL of the database with this name.
    pub fn jdbc_url(&self, database: &str) -> String {
        match self {
            Self::ThroughIrsa { host, port } => {
                format!("jdbc:postgresql://{host}:{port}/{database}")
            }
            Self::OwnSigning {
                endpoint,
                sign_port,
                port,
                ca_file,
                ..
            } => {
                let tunnel = (sign_port != port).then(|| format!("&iamDefaultPort={sign_port}"));
                format!(
                    "jdbc:aws-wrapper:postgresql://{endpoint}:{port}/{database}?wrapperPlugins=iam\
                     &sslmode=verify-full&sslrootcert={}{}",
                    ca_file.display(),
                    tunnel.unwrap_or_default()
                )
            }
        }
    }

    /// Adds to a Java process what it needs besides the URL: nothing through irsa; with its own signing, the pod's
    /// identity and the lab in place of AWS. Files are written into `folder`.
    ///
    /// # Errors
    /// A file cannot be written, or the JDK's `keytool` is missing or fails.
    pub(crate) async fn equip(&self, java: &mut Command, folder: &Path) -> Result<(), AppError> {
        let Self::OwnSigning {
            endpoint,
            ca_file,
            identity,
            ..
        } = self
        else {
            return Ok(());
        };
        let authority = identity.get("AWS_CA_BUNDLE").map(Path::new);
        let authority = authority.unwrap_or(ca_file);
        java.args(jvm::with_aws_here(folder, &[endpoint], authority).await?);
        java.envs(identity);
        Ok(())
    }
}
