//! Secrets Manager: the passwords of master users, which RDS manages.
//!
//! Formats and texts: Secrets Manager API Reference 2017-10-17, protocol AWS JSON 1.1, and observed responses. The lab has
//! one endpoint for all regions: the region of a secret is the one that a request must be signed for.

mod error;

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use irsa_chain::{Arn, Region};
use irsa_policy::{Decision, Layer, Outcome as PolicyOutcome, Reason};
use serde::Deserialize;
use serde_json::json;

use self::error::SecretError;
use crate::caller::{authenticate, signed_parts};
use crate::clock::{LabClock, pause, unix_seconds};
use crate::faults::Faults;
use crate::iam;
use crate::ledger::{Ledger, Outcome, RefusalEntry, Service};
use crate::reply;
use crate::sessions::{Session, Sessions};
use crate::sigv4::Target;
use crate::world::{ManagedSecret, Role, World};

const OPERATION: &str = "GetSecretValue";
const GET: &str = "secretsmanager:GetSecretValue";
const DECRYPT: &str = "kms:Decrypt";
const TARGET: &str = "secretsmanager.GetSecretValue";
const MEDIA_TYPE: &str = "application/x-amz-json-1.1";

/// Maximum time by which a request may be signed in the future.
const AHEAD: Duration = Duration::from_mins(5);

/// The service. It uses AWS's clock.
#[derive(Debug)]
pub(crate) struct SecretsManager {
    pub(crate) world: Arc<World>,
    pub(crate) sessions: Arc<Sessions>,
    pub(crate) ledger: Arc<Ledger>,
    pub(crate) faults: Arc<Faults>,
    pub(crate) clock: Arc<dyn LabClock>,
}

/// The parameters of `GetSecretValue`. The lab has the current version of each secret only.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Parameters {
    secret_id: String,
}

/// A caller whose signature was verified.
struct Caller<'a> {
    session: &'a Session,
    role: &'a Role,
    now: SystemTime,
}

impl SecretsManager {
    /// Responds to a request.
    pub(crate) async fn handle(&self, request: &Request<Bytes>) -> Response<Bytes> {
        pause(self.faults.latency(Service::SecretsManager)).await;
        match self.secret_value(request) {
            Ok(body) => {
                self.count(Outcome::Served);
                reply::with_type(MEDIA_TYPE, StatusCode::OK, body)
            }
            Err(error) => {
                self.enter(&error);
                error.response()
            }
        }
    }

    fn secret_value(&self, request: &Request<Bytes>) -> Result<String, SecretError> {
        let target = request.headers().get("x-amz-target");
        if target.is_none_or(|target| target.as_bytes() != TARGET.as_bytes()) {
            return Err(SecretError::unknown_operation());
        }
        let parameters: Parameters = serde_json::from_slice(request.body())
            .map_err(|error| SecretError::parameters(&error.to_string()))?;
        let region = self.region_of(&parameters.secret_id);
        let (signed, now) = (signed_parts(request), self.clock.now());
        let target = Target {
            region: &region,
            service: "secretsmanager",
            tolerance_ahead: AHEAD,
            takes_unsigned_payload: false,
        };
        let found = authenticate(&signed, &target, now, (&self.sessions, &self.world));
        let (session, role) =
            found.map_err(|fault| SecretError::signature(&fault, &signed, (now, AHEAD)))?;
        let caller = Caller {
            session: &session,
            role,
            now,
        };
        self.read(&parameters.secret_id, &caller)
    }

    /// The region in the ARN of a secret; the lab's, for a name.
    fn region_of(&self, id: &str) -> Region {
        let arn = id.parse::<Arn>().ok();
        let region = arn.and_then(|arn| arn.region().parse().ok());
        region.unwrap_or_else(|| self.world.region().clone())
    }

    fn read(&self, id: &str, caller: &Caller<'_>) -> Result<String, SecretError> {
        let outcome = self.decide(caller, (GET, id), None);
        let denied = |why: &Reason| {
            let principal = caller.session.principal().to_string();
            SecretError::denied(&principal, (GET, id), why)
        };
        if outcome.decision != Decision::Allowed {
            return Err(denied(&outcome.reason));
        }
        let found = self.world.managed_secret(id);
        let (secret, master) = found.ok_or_else(SecretError::absent)?;
        // The lab's secrets have no resource-based policies, which other accounts need.
        if secret.arn.account() != caller.role.arn.account().as_str() {
            return Err(denied(&Reason::NothingAllows(Layer::Resource)));
        }
        self.decrypt(secret, caller)?;
        let password = master.password.as_ref().ok_or_else(SecretError::absent)?;
        let text = json!({"username": master.name, "password": password.expose()});
        let name = secret.arn.resource().trim_start_matches("secret:");
        Ok(json!({
            "ARN": secret.arn.as_str(),
            "Name": name.rsplit_once('-').map_or(name, |(name, _)| name),
            "VersionId": "00000000-0000-4000-8000-000000000001",
            "SecretString": text.to_string(),
            "VersionStages": ["AWSCURRENT"],
            "CreatedDate": unix_seconds(caller.now),
        })
        .to_string())
    }

    /// Secrets Manager decrypts with the caller's permissions, except for the AWS managed key.
    fn decrypt(&self, secret: &ManagedSecret, caller: &Caller<'_>) -> Result<(), SecretError> {
        let Some(key) = &secret.kms_key else {
            return Ok(());
        };
        let via = format!(
            "secretsmanager.{}.{}",
            secret.arn.region(),
            self.world.region().partition().dns_suffix()
        );
        let outcome = self.decide(caller, (DECRYPT, key.as_str()), Some(via));
        if outcome.decision == Decision::Allowed {
            return Ok(());
        }
        Err(SecretError::key_denied())
    }

    fn decide(
        &self,
        caller: &Caller<'_>,
        access: (&str, &str),
        via: Option<String>,
    ) -> PolicyOutcome {
        let Caller { session, role, now } = caller;
        let mut question = iam::session_question(session, role, &self.world, access, *now);
        question.context.fill("kms:ViaService", via);
        iam::decide(&question, iam::session_policies(session, role))
    }

    fn count(&self, outcome: Outcome) {
        self.ledger
            .count(Service::SecretsManager, OPERATION, outcome);
    }

    fn enter(&self, error: &SecretError) {
        let Some(cause) = error.cause else {
            return self.count(Outcome::Refused);
        };
        self.ledger.refuse(RefusalEntry {
            service: Service::SecretsManager,
            operation: OPERATION.to_owned(),
            cause,
            code: error.code.to_owned(),
            message: error.log_text().to_owned(),
        });
    }
}
