//! How an application reaches its database.

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

/// One of the two ways.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DatabaseWay {
    /// The stock driver without a password, to irsa's listener.
    ThroughIrsa {
        /// Where irsa listens, such as `localhost`.
        host: String,
        /// Its port.
        port: u16,
    },
    /// The AWS JDBC wrapper signs for itself.
    ItsOwn {
        /// The endpoint: what the wrapper signs for and what the server's certificate names.
        endpoint: String,
        /// The port that is signed for.
        sign_port: u16,
        /// The port that is dialled on 127.0.0.1.
        port: u16,
        /// The authority of the server's certificate, as PEM.
        ca_file: PathBuf,
        /// The pod's identity: AWS_ROLE_ARN, AWS_WEB_IDENTITY_TOKEN_FILE and so on.
        identity: BTreeMap<String, String>,
    },
}

impl DatabaseWay {
    /// The URL that the driver is given for the database of this name.
    pub fn jdbc_url(&self, database: &str) -> String {
        match self {
            Self::ThroughIrsa { host, port } => {
                format!("jdbc:postgresql://{host}:{port}/{database}")
            }
            Self::ItsOwn {
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

    /// Gives a process of Java what it needs besides the URL: nothing, or where it signs for itself the pod's identity,
    /// and a lab in AWS's place. Files for that are written into `folder`.
    ///
    /// # Errors
    /// A file can't be written, or the JDK's `keytool` is missing or fails.
    pub(crate) async fn equip(&self, java: &mut Command, folder: &Path) -> Result<(), AppError> {
        let Self::ItsOwn {
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
