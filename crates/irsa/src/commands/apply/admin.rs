//! How to log in as the administrator of a PostgreSQL cluster.

mod kubernetes;
mod local;
mod managed;
mod source;

use std::path::PathBuf;
use std::sync::Arc;

use irsa_apply::ApplyError;
use irsa_apply::postgres::{Admin, AdminPassword, LoginSource, PasswordLogin};
use irsa_aws::AwsReader;
use irsa_identity::{Identity, IdentityError, IdentitySettings, RdsSigner, RdsTarget, SystemClock};
use irsa_net::tls::Roots;
use irsa_stack::stack::PostgresStore;

pub(super) use self::source::AdminSource;

/// What logins need.
pub(super) struct Access {
    /// The source of the password; without one, the specification decides.
    pub(super) source: Option<AdminSource>,
    pub(super) dial: Option<(String, u16)>,
    pub(super) identity: IdentitySettings,
    pub(super) roots: Roots,
    pub(super) cluster: ClusterAccess,
}

/// How to reach the Kubernetes API.
pub(super) struct ClusterAccess {
    pub(super) kubeconfig: Option<PathBuf>,
    pub(super) context: Option<String>,
}

/// A login, and the host to connect to and its port, where they are not the endpoint's.
type Login = ((String, AdminPassword), Option<(String, Option<u16>)>);

// === impl Access ===

impl Access {
    /// Returns the administrator of a cluster.
    pub(super) async fn admin(
        self: &Arc<Self>,
        store: &PostgresStore,
    ) -> Result<Admin, ApplyError> {
        let login = self.password_login(store).await?;
        let has_password = login.is_some();
        let (login, address) = match login {
            Some(login) => by_password(login),
            None => (self.by_iam(store)?, None),
        };
        let mut admin = Admin::new(login, (&store.endpoint, store.port), &self.roots)?;
        if has_password {
            admin = admin.with_source(self.login_source(store));
        }
        let address = address.map(|(host, port)| (host, port.unwrap_or(store.port)));
        Ok(match self.dial.clone().or(address) {
            Some((host, port)) => admin.with_dial(host, port),
            None => admin,
        })
    }

    /// Reads the user and the password, unless the administrator logs in by IAM.
    async fn password_login(
        &self,
        store: &PostgresStore,
    ) -> Result<Option<PasswordLogin>, ApplyError> {
        Ok(Some(match self.source(store)? {
            AdminSource::Iam(_) => return Ok(None),
            AdminSource::Managed => self.managed(store).await?,
            AdminSource::Kubernetes(secret) => kubernetes::login(&self.cluster, secret).await?,
            AdminSource::File(path) => local::from_path(path)?,
            AdminSource::Variable(name) => local::from_variable(name)?,
        }))
    }

    /// RDS and others rotate passwords while a run is in progress.
    fn login_source(self: &Arc<Self>, store: &PostgresStore) -> LoginSource {
        let (access, store) = (Arc::clone(self), store.clone());
        Box::new(move || {
            let (access, store) = (Arc::clone(&access), store.clone());
            Box::pin(async move {
                let login = access.password_login(&store).await?;
                login.ok_or_else(|| ApplyError::new("the administrator has no password"))
            })
        })
    }

    /// The given source, or the one that the specification names.
    fn source(&self, store: &PostgresStore) -> Result<&AdminSource, ApplyError> {
        let given = self.source.as_ref();
        let named = store.admin.as_ref().map(|_| &AdminSource::Managed);
        given.or(named).ok_or_else(|| {
            ApplyError::new(format!("the administrator of `{}` is unknown", store.key)).with_remedy(
                "set --admin; or, if AWS manages the password, `admin: {user: USER, password: managed}` in irsa.yaml",
            )
        })
    }

    async fn managed(&self, store: &PostgresStore) -> Result<PasswordLogin, ApplyError> {
        let reader = AwsReader::new(self.identity(store)?, &self.identity.environment);
        let reader = reader.with_variant(self.identity.fips, self.identity.dual_stack);
        managed::login(&reader, store).await
    }

    fn by_iam(&self, store: &PostgresStore) -> Result<(String, AdminPassword), ApplyError> {
        let user = match &self.source {
            Some(AdminSource::Iam(user)) => user.as_ref(),
            _ => None,
        };
        let user = user.or(store.admin.as_ref()).ok_or_else(|| {
            ApplyError::new(format!("the administrator of `{}` has no name", store.key))
                .with_remedy("set --admin iam:USER, or `admin.user` in irsa.yaml")
        })?;
        let target = RdsTarget {
            sign_host: store.endpoint.clone(),
            port: store.port,
            user: user.clone(),
            region: store.region.clone(),
        };
        let signer = RdsSigner::new(self.identity(store)?, Arc::new(SystemClock));
        Ok((user.clone(), AdminPassword::Iam(signer, target)))
    }

    /// The identity that calls AWS, in the region of the cluster if no other one is set.
    fn identity(&self, store: &PostgresStore) -> Result<Identity, ApplyError> {
        let mut settings = self.identity.clone();
        settings.region.get_or_insert_with(|| store.region.clone());
        let identity = Identity::start(settings, Arc::new(SystemClock));
        identity.map_err(|error| unidentified(&error))
    }
}

fn by_password(login: PasswordLogin) -> Login {
    let password = AdminPassword::Password(login.password);
    ((login.user, password), login.address)
}

/// The link and the cause are part of the message: exit code 3 means that something differs.
fn unidentified(error: &IdentityError) -> ApplyError {
    let link = error.link().id();
    ApplyError::new(format!("{error} (link: {link})")).with_remedy(error.remedy())
}
