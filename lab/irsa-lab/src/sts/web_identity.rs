//! `AssumeRoleWithWebIdentity`: a projected token in exchange for a session of a role. The request is not signed: the
//! token is the proof.
//!
//! The order of checks is AWS's: parameters, token, provider of its issuer in the role's account, audience, key,
//! signature, expiry, trust policy, duration.

use std::time::SystemTime;

use http::StatusCode;
use irsa_chain::{Cause, RoleArn};
use irsa_explain::{OidcRequest, RequestContext, trust_cause};
use irsa_policy::Decision;

use super::Sts;
use super::error::StsError;
use super::issue::{assumed_role_user, credentials, packed_policy_size};
use super::parameters::Parameters;
use super::passed::Passed;
use super::validate::{Assume, web_identity_token};
use super::xml::Element;
use crate::clock::unix_seconds;
use crate::iam;
use crate::jwt::{Jwt, KeyFault, TimeFault};
use crate::sessions::Origin;
use crate::world::{OidcProvider, Role};

const ACTION: &str = "sts:AssumeRoleWithWebIdentity";
const NOT_A_JWT: &str = "The ID Token provided is not a valid JWT. (You may see this error if you \
                         sent an Access Token)";
/// STS API Reference, `InvalidIdentityToken`. The text of the service for an invalid signature is not published.
const NOT_VALID: &str = "The web identity token that was passed could not be validated by AWS.";
/// The two spaces are AWS's.
const NO_KEY: &str = "Couldn't retrieve verification key from your identity provider,  please \
                      reference AssumeRoleWithWebIdentity documentation for requirements";

impl Sts {
    pub(super) fn assume_role_with_web_identity(
        &self,
        parameters: &Parameters,
    ) -> Result<Vec<Element>, StsError> {
        let now = self.clock.now();
        let assume = Assume::read(parameters)?;
        let passed = Passed::with_policy(parameters)?;
        let packed = packed_policy_size(passed.packed);
        // Token files may end in a line break, which SDKs send along and STS accepts.
        let token = Jwt::parse(web_identity_token(parameters)?.trim_ascii_end())
            .map_err(|_| StsError::identity_token(NOT_A_JWT, Cause::TokenMalformed))?;
        let provider = self.provider(&assume.role, &token)?;
        let audience = audience(&token, provider)?.to_owned();
        self.check_signature(&token)?;
        check_time(&token, now)?;
        let role = self.trusting_role(&assume, &token, provider, now)?;
        let session = self.issue(role, assume, passed, Origin::WebIdentity, now)?;
        let mut result = vec![
            Element::Text("Audience", audience),
            assumed_role_user(&session, role),
            Element::Text("Provider", provider.arn.to_string()),
            credentials(&session),
            Element::Text("SubjectFromWebIdentityToken", token.claims.sub),
        ];
        result.extend(packed);
        Ok(result)
    }

    /// Returns the issuer's provider in the account of the role.
    fn provider(&self, role: &RoleArn, token: &Jwt<'_>) -> Result<&OidcProvider, StsError> {
        let issuer = &token.claims.iss;
        self.world
            .oidc_provider(role.account(), issuer)
            .ok_or_else(|| {
                let message =
                    format!("No OpenIDConnect provider found in your account for {issuer}");
                StsError::identity_token(message, Cause::IssuerUnknown)
            })
    }

    fn check_signature(&self, token: &Jwt<'_>) -> Result<(), StsError> {
        let unavailable = |why: &str| {
            StsError::identity_token(NO_KEY, Cause::VerificationKeyUnavailable).because(why)
        };
        if self.faults.current().hides_issuer_keys() {
            return Err(unavailable("the key set cannot be fetched"));
        }
        if token.claims.iss != self.issuer.url().as_str() {
            return Err(unavailable("the issuer's address does not respond"));
        }
        token
            .check_signature(&self.issuer.jwks())
            .map_err(|fault| match fault {
                KeyFault::NoKey => unavailable("the key set does not contain the key"),
                KeyFault::Signature => {
                    StsError::identity_token(NOT_VALID, Cause::TokenSignatureInvalid)
                }
            })
    }

    /// Returns the role, if its trust policy allows the token's subject to assume it.
    fn trusting_role(
        &self,
        assume: &Assume,
        token: &Jwt<'_>,
        provider: &OidcProvider,
        now: SystemTime,
    ) -> Result<&Role, StsError> {
        let denied =
            |cause| StsError::access_denied(format!("Not authorized to perform {ACTION}"), cause);
        let role = self.world.role(&assume.role);
        let role =
            role.ok_or_else(|| denied(Cause::RoleUnknown).because("the role does not exist"))?;
        let (subject, audiences) = (&token.claims.sub, token.claims.aud.iter().cloned());
        let request = OidcRequest::new(&provider.arn, subject, audiences, &assume.session_name);
        let context = RequestContext::from(&request);
        let question = iam::question(provider.arn.to_string(), (ACTION, None), context, now);
        let outcome = iam::decide(&question, iam::trust_policy(role));
        let why = match outcome.decision {
            Decision::Allowed => return Ok(role),
            Decision::ExplicitlyDenied => "a statement denies it".to_owned(),
            Decision::ImplicitlyDenied => {
                iam::nearest_miss(&outcome).unwrap_or("no statement allows it".to_owned())
            }
        };
        Err(denied(trust_cause(&outcome)).because(why))
    }
}

/// Returns the audience that the provider accepts.
fn audience<'a>(token: &'a Jwt<'_>, provider: &OidcProvider) -> Result<&'a str, StsError> {
    let audiences = &token.claims.aud;
    if audiences.is_empty() {
        return Err(StsError::identity_token(
            "Missing a required claim: aud",
            Cause::TokenAudienceMissing,
        ));
    }
    let accepted = audiences
        .iter()
        .find(|audience| provider.client_ids.contains(audience));
    accepted.map(String::as_str).ok_or_else(|| {
        StsError::identity_token("Incorrect token audience", Cause::TokenAudienceWrong)
    })
}

fn check_time(token: &Jwt<'_>, now: SystemTime) -> Result<(), StsError> {
    let (seconds, expiry) = (unix_seconds(now), token.claims.exp);
    token.check_time(now).map_err(|fault| match fault {
        TimeFault::Expired => StsError::new(
            StatusCode::BAD_REQUEST,
            "ExpiredTokenException",
            format!(
                "Token expired: current date/time {seconds} must be before the expiration \
                     date/time {expiry}"
            ),
            fault.cause(),
        ),
        TimeFault::NotYet => StsError::identity_token(NOT_VALID, fault.cause()).because(
            "it is not \
                                                                                         valid yet",
        ),
    })
}
