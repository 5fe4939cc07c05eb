//! What a domain has right and wrong.

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
        question: "Does the domain's name resolve?",
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
        question: "Does the domain take connections?",
        description: "A TCP connection to each of the addresses.",
        causes: &[Cause::EndpointUnreachable, Cause::EndpointTimeout],
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
        description: "The server's certificate: its name, its dates, and whether it is issued by a public CA or one of \
                   --ca-file.",
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
        question: "Does the domain answer a signed request?",
        description: "One signed `GET _plugins/_security/authinfo`, or `GET _cat/indices` of a collection: 429, 5xx and \
                   silence are the domain's own.",
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
        question: "Does it accept the signature?",
        description: "The answer to a signed request: AWS's edge says by its words whether signature, region, service, session \
                   and time are accepted.",
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
        question: "Do IAM's policies and the domain's let it in?",
        description: "The answer to a signed request: `is not authorized to perform: es:ESHttp…`, with or without an explicit \
                   deny.",
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
        question: "Does the domain map the role to a role of its own?",
        description: "The security roles that fine-grained access control gives the caller, by its own word, and whether \
                   they allow `GET /`, by which clients learn the version.",
        causes: &[Cause::FgacNotGranted],
        needs: &["domain-permission"],
    },
    labels,
    |pod, label| Box::pin(grant(pod, label)),
);
