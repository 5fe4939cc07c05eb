//! Reads the AWS side of what a namespace uses. What cannot be read is a gap, not a failure.

use std::collections::BTreeSet;
use std::sync::Arc;

use irsa_aws::{AwsReader, ReadError, ReadErrorKind};
use irsa_chain::{OidcProviderArn, Region, RoleArn};
use irsa_cli::Progress;
use irsa_identity::{Environment, Identity, IdentitySettings, SystemClock};
use irsa_stack::adopt::{Association, AwsFacts, Database, Domain, Survey};
use irsa_stack::stack::AdminSecret;

use super::namespace::Gap;

/// Reads everything that the specification needs.
///
/// # Errors
/// The credentials cannot be used.
pub(super) async fn read(
    survey: &Survey,
    mut settings: IdentitySettings,
    progress: &Progress,
) -> Result<(AwsFacts, Vec<Gap>), String> {
    settings.region = settings.region.or_else(|| region(survey));
    let (fips, dual_stack) = (settings.fips, settings.dual_stack);
    let identity = Identity::start(settings, Arc::new(SystemClock));
    let identity = identity.map_err(|error| format!("{error}; {}", error.remedy()))?;
    let reader = AwsReader::new(identity, &Environment::current()).with_variant(fips, dual_stack);
    progress.say("reading AWS");
    let caller = reader.caller().await.map_err(|error| error.text)?;
    let mut reading = Reading {
        reader,
        facts: AwsFacts {
            account: Some(caller.account.to_string()),
            ..AwsFacts::default()
        },
        gaps: Vec::new(),
    };
    reading.databases(survey).await;
    reading.domains(survey).await;
    reading.associations(survey).await;
    reading.roles(survey).await;
    reading.provider(survey).await;
    Ok((reading.facts, reading.gaps))
}

/// The region of the cluster, or of the first data store.
fn region(survey: &Survey) -> Option<Region> {
    let (_, region, _) = survey.cluster();
    let database = survey
        .databases()
        .first()
        .and_then(|one| one.region().cloned());
    let domain = survey.domains().first().map(|one| one.region().clone());
    region
        .and_then(|region| region.parse().ok())
        .or(database)
        .or(domain)
}

/// The name of a gap.
const ASSOCIATIONS: &str = "EKS Pod Identity associations";

struct Reading {
    reader: AwsReader,
    facts: AwsFacts,
    gaps: Vec<Gap>,
}

impl Reading {
    async fn databases(&mut self, survey: &Survey) {
        for endpoint in survey.databases() {
            let found = self.reader.database(&endpoint).await;
            let Some(found) = self.note(endpoint.host(), found) else {
                continue;
            };
            let database = Database {
                identifier: found.name,
                account: found.arn.account().to_owned(),
                resource_id: found.resource_id.to_string(),
                has_iam_authentication: found.iam_authentication,
                engine_version: found.engine_version,
                master_user: found.master_user,
                admin_secret: found.master_user_secret.map(|secret| AdminSecret {
                    arn: secret.arn,
                    kms_key: secret.kms_key.and_then(|key| key.parse().ok()),
                }),
            };
            self.facts
                .databases
                .insert(endpoint.host().to_owned(), database);
        }
    }

    async fn domains(&mut self, survey: &Survey) {
        for endpoint in survey.domains() {
            let found = self.reader.domain(&endpoint).await;
            let Some(found) = self.note(endpoint.host(), found) else {
                continue;
            };
            let domain = Domain {
                name: found.name,
                account: found.arn.account().to_owned(),
                is_fine_grained: found.fine_grained_access,
                engine_version: found.engine_version,
            };
            self.facts
                .domains
                .insert(endpoint.host().to_owned(), domain);
        }
    }

    async fn associations(&mut self, survey: &Survey) {
        let (Some(cluster), Some(region)) = (survey.cluster().0, region(survey)) else {
            self.gaps.push(Gap {
                what: ASSOCIATIONS.to_owned(),
                why: "the kubeconfig does not contain the name of the EKS cluster".to_owned(),
                denied: None,
            });
            return;
        };
        // A cluster of the same name in the caller's account would have other associations.
        let account = survey.cluster().2;
        if account.is_some() && account != self.facts.account.as_deref() {
            self.gaps.push(Gap {
                what: ASSOCIATIONS.to_owned(),
                why: "the EKS cluster is in a different account than the credentials".to_owned(),
                denied: None,
            });
            return;
        }
        for account in survey.service_accounts() {
            let found = self
                .reader
                .pod_identity_association(&region, cluster, &account)
                .await;
            match found {
                Ok(None) => {}
                Ok(Some(found)) => {
                    let association = Association {
                        id: found.id,
                        role: found.role,
                        target_role: found.target_role,
                    };
                    let name = account.name().to_owned();
                    self.facts.associations.insert(name, association);
                }
                // It would be the same for each service account.
                Err(error) => {
                    self.note::<()>(ASSOCIATIONS, Err(error));
                    return;
                }
            }
        }
    }

    /// IAM knows only roles of the caller's account.
    async fn roles(&mut self, survey: &Survey) {
        let own = self.facts.account.clone();
        let associated = self.facts.associations.values();
        let associated = associated.filter_map(|one| one.role.parse().ok());
        let all: BTreeSet<RoleArn> = survey.roles().into_iter().chain(associated).collect();
        for arn in all {
            if Some(arn.account().as_str()) != own.as_deref() {
                let why = "the role is in a different account than the credentials".to_owned();
                self.gaps.push(Gap {
                    what: arn.to_string(),
                    why,
                    denied: None,
                });
                continue;
            }
            match self.reader.role(&arn).await {
                Ok(role) if role.arn == arn => {}
                Ok(_) => self.facts.missing_roles.push(arn.to_string()),
                Err(error) if error.kind == ReadErrorKind::Absent => {
                    self.facts.missing_roles.push(arn.to_string());
                }
                Err(error) => {
                    self.note::<()>(arn.as_str(), Err(error));
                }
            }
        }
    }

    async fn provider(&mut self, survey: &Survey) {
        let issuer = survey.issuer();
        let account = survey
            .cluster()
            .2
            .or(self.facts.account.as_deref())
            .map(str::to_owned);
        let (Some(issuer), Some(account)) = (issuer, account) else {
            return;
        };
        if Some(&account) != self.facts.account.as_ref() {
            return;
        }
        let Some(region) = region(survey) else {
            return;
        };
        let arn = format!(
            "arn:{}:iam::{account}:oidc-provider/{}",
            region.partition(),
            issuer.host_and_path()
        );
        let Ok(arn) = arn.parse::<OidcProviderArn>() else {
            return;
        };
        match self.reader.oidc_provider(&arn).await {
            Ok(_) => self.facts.has_provider = Some(true),
            Err(error) if error.kind == ReadErrorKind::Absent => {
                self.facts.has_provider = Some(false);
            }
            Err(error) => {
                self.note::<()>("the OIDC provider", Err(error));
            }
        }
    }

    fn note<T>(&mut self, what: &str, result: Result<T, ReadError>) -> Option<T> {
        result
            .map_err(|error| {
                self.gaps.push(Gap {
                    what: what.to_owned(),
                    why: error.to_string(),
                    denied: None,
                });
            })
            .ok()
    }
}
