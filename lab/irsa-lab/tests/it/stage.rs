//! A lab without databases, and requests to it.

use irsa_chain::Cause;
use irsa_lab::ledger::RefusalRecord;
use irsa_lab::{Lab, LabOptions, World};

use crate::client::{Answer, Call, call};
use crate::signer::{Credentials, Signing};

pub(crate) const KEYCLOAK_ROLE: &str = "arn:aws:iam::111122223333:role/camunda/keycloak-role";
pub(crate) const GATEWAY_ROLE: &str = "arn:aws:iam::111122223333:role/partner-gateway-role";
pub(crate) const PARTNER_ROLE: &str = "arn:aws:iam::444455556666:role/partner-role";

/// The form of `GetCallerIdentity`.
pub(crate) const GET_CALLER_IDENTITY: &str = "Action=GetCallerIdentity&Version=2011-06-15";

/// Starts a lab of the built-in world.
pub(crate) async fn lab() -> Lab {
    lab_with(World::camunda_8_3()).await
}

/// Starts a lab of any world.
pub(crate) async fn lab_with(world: World) -> Lab {
    let mut options = LabOptions::new(world);
    options.aurora = false;
    Lab::start(options).await.unwrap()
}

/// Calls a service of the lab.
pub(crate) async fn ask(lab: &Lab, url: &str, request: &Call) -> Answer {
    call(url, &lab.facts().ca_file, request).await
}

/// Posts a form to STS.
pub(crate) async fn sts(lab: &Lab, form: &str) -> Answer {
    ask(lab, &lab.facts().sts.url, &Call::post("/", form)).await
}

/// Posts a signed form to STS.
pub(crate) async fn signed(lab: &Lab, signing: &Signing, form: &str) -> Answer {
    let url = &lab.facts().sts.url;
    let host = url.split_once("://").unwrap().1;
    ask(lab, url, &signing.sign(host, form)).await
}

/// Calls `GetCallerIdentity`.
pub(crate) async fn caller(lab: &Lab, signing: &Signing) -> Answer {
    signed(lab, signing, GET_CALLER_IDENTITY).await
}

/// Returns the ARN of the session whose credentials the answer of an endpoint has.
pub(crate) async fn session_arn(lab: &Lab, answer: &Answer) -> String {
    let signing = Signing::new(Credentials::from_json(answer));
    caller(lab, &signing).await.xml("Arn")
}

/// Calls `AssumeRoleWithWebIdentity` with a valid session name.
pub(crate) async fn assume(lab: &Lab, role: &str, token: &str) -> Answer {
    sts(lab, &assume_form(role, "pod-1", token)).await
}

/// Returns the form of `AssumeRoleWithWebIdentity`.
pub(crate) fn assume_form(role: &str, session: &str, token: &str) -> String {
    url::form_urlencoded::Serializer::new(String::new())
        .append_pair("Action", "AssumeRoleWithWebIdentity")
        .append_pair("Version", "2011-06-15")
        .append_pair("RoleArn", role)
        .append_pair("RoleSessionName", session)
        .append_pair("WebIdentityToken", token)
        .finish()
}

/// Returns the token in a workload's file.
pub(crate) fn token_of(lab: &Lab, workload: &str) -> String {
    let workload = lab
        .facts()
        .workloads
        .iter()
        .find(|one| one.name == workload)
        .unwrap();
    std::fs::read_to_string(&workload.token_file).unwrap()
}

/// Returns credentials of a workload by web identity.
pub(crate) async fn credentials_of(lab: &Lab, workload: &str, role: &str) -> Credentials {
    Credentials::from_sts(&assume(lab, role, &token_of(lab, workload)).await)
}

/// Returns the newest refusal in the ledger.
pub(crate) fn last_refusal(lab: &Lab) -> RefusalRecord {
    lab.ledger().last_refusal().unwrap().clone()
}

/// The expected refusal, as caller and ledger see it.
pub(crate) struct Expected {
    pub(crate) status: u16,
    pub(crate) code: &'static str,
    pub(crate) message: &'static str,
    pub(crate) cause: Cause,
}

/// Compares an STS error with the expected one; `message` may be only the start.
pub(crate) fn check_refusal(lab: &Lab, name: &str, answer: &Answer, expected: &Expected) {
    assert_eq!(answer.status, expected.status, "{name}: {}", answer.body);
    assert_eq!(answer.xml("Code"), expected.code, "{name}");
    assert!(
        answer.xml("Message").starts_with(expected.message),
        "{name}: {}",
        answer.xml("Message")
    );
    assert_eq!(answer.headers["content-type"], "text/xml", "{name}");
    assert_eq!(
        answer.headers["x-amzn-requestid"],
        answer.xml("RequestId"),
        "{name}"
    );
    let refusal = last_refusal(lab);
    assert_eq!(refusal.cause, expected.cause, "{name}: {}", refusal.message);
    assert_eq!(refusal.link, expected.cause.link(), "{name}");
    assert_eq!(refusal.code, expected.code, "{name}");
}
