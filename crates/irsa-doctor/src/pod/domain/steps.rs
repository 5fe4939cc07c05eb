//! The checks of a domain.

mod request;

use irsa_chain::{Cause, Link};

use self::request::{answer, grant, labels, permission, signature};
use crate::pod::endpoint::steps::connectivity;
use crate::pod::state::Pod;
use crate::pod::state::data_store::DomainState;
use crate::{Check, Place, Step};

pub(in crate::pod) const DNS: Step<Pod> = Step::each(
    &Check {
        id: "domain-dns",
        place: Place::Pod,
        link: Link::Endpoint,
        question: "Does the domain's host name resolve?",
        description: "Resolves the host name of the connection with this machine's resolver.",
        causes: &[Cause::EndpointUnresolvable],
        needs: &[],
    },
    labels,
    |pod, label| {
        Box::pin(connectivity::<DomainState>(pod, label, |one| {
            Some(&one.dns)
        }))
    },
);

pub(in crate::pod) const TCP: Step<Pod> = Step::each(
    &Check {
        id: "domain-tcp",
        place: Place::Pod,
        link: Link::Endpoint,
        question: "Is the domain reachable?",
        description: "Opens a TCP connection to the first address that accepts one.",
        causes: &[
            Cause::EndpointUnreachable,
            Cause::EndpointTimeout,
            Cause::HttpProxyFailed,
        ],
        needs: &["domain-dns"],
    },
    labels,
    |pod, label| {
        Box::pin(connectivity::<DomainState>(pod, label, |one| {
            one.tcp.as_ref()
        }))
    },
);

pub(in crate::pod) const TLS: Step<Pod> = Step::each(
    &Check {
        id: "domain-tls",
        place: Place::Pod,
        link: Link::Endpoint,
        question: "Is the server's certificate trusted?",
        description: "Verifies the server's certificate: its name, its validity period, and that it is issued by a public CA \
                   or a CA in `--ca-file`.",
        causes: &[
            Cause::TlsCertificateInvalid,
            Cause::TlsHandshakeFailed,
            Cause::EndpointTimeout,
            Cause::EndpointUnreachable,
        ],
        needs: &["domain-tcp"],
    },
    labels,
    |pod, label| {
        Box::pin(connectivity::<DomainState>(pod, label, |one| {
            one.tls.as_ref()
        }))
    },
);

pub(in crate::pod) const ANSWER: Step<Pod> = Step::each(
    &Check {
        id: "domain-answer",
        place: Place::Pod,
        link: Link::Endpoint,
        question: "Does the domain respond to a signed request?",
        description: "Sends a signed `GET _plugins/_security/authinfo`, or `GET _cat/indices` to a collection: a status 429 \
                   or 5xx and a timeout are faults of the domain.",
        causes: &[
            Cause::EndpointThrottled,
            Cause::EndpointFailed,
            Cause::EndpointTimeout,
        ],
        needs: &["caller", "role-chain", "domain-tls"],
    },
    labels,
    |pod, label| Box::pin(answer(pod, label)),
);

pub(in crate::pod) const SIGNATURE: Step<Pod> = Step::each(
    &Check {
        id: "domain-signature",
        place: Place::Pod,
        link: Link::Signature,
        question: "Does the domain accept the signature?",
        description: "Evaluates the response to the signed request: its error message shows whether AWS accepts signature, \
                   region, service, session and time.",
        causes: &[
            Cause::SignatureMismatch,
            Cause::SignedForAnotherRegion,
            Cause::SignedForAnotherService,
            Cause::CredentialsUnknown,
            Cause::SessionExpired,
            Cause::RequestUnsigned,
        ],
        needs: &["domain-answer"],
    },
    labels,
    |pod, label| Box::pin(signature(pod, label)),
);

pub(in crate::pod) const PERMISSION: Step<Pod> = Step::each(
    &Check {
        id: "domain-permission",
        place: Place::Pod,
        link: Link::Permissions,
        question: "Do IAM policies and the domain's policy allow the request?",
        description: "Evaluates the response to the signed request: `is not authorized to perform: es:ESHttp…`, with or \
                   without an explicit deny.",
        causes: &[Cause::EsHttpNotAllowed, Cause::EsHttpDenied],
        needs: &["domain-signature"],
    },
    labels,
    |pod, label| Box::pin(permission(pod, label)),
);

pub(in crate::pod) const GRANT: Step<Pod> = Step::each(
    &Check {
        id: "domain-grant",
        place: Place::Pod,
        link: Link::Grant,
        question: "Does the domain map the IAM role to a security role?",
        description: "Reads the security roles that fine-grained access control reports for the caller, and checks that they \
                   allow `GET /`, which clients use to read the version.",
        causes: &[Cause::FgacNotGranted],
        needs: &["domain-permission"],
    },
    labels,
    |pod, label| Box::pin(grant(pod, label)),
);
