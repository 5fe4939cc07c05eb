//! What is asked of a database.

use irsa_chain::{Cause, Link};

use super::{connect, endpoint, labels, membership, on_the_way, session};
use crate::pod::state::{Pod, at_once};
use crate::{Check, Place, Step};

pub(in crate::pod) const ENDPOINT: Step<Pod> = Step::each(
    &Check {
        id: "database-endpoint",
        place: Place::Pod,
        link: Link::Signature,
        question: "Is the token signed for the endpoint's own name and region?",
        looks_at: "The name and region that RDS tokens are signed for: RDS refuses those for a CNAME, an address or a \
                   tunnel, and those of another region.",
        causes: &[Cause::SignedForAnotherHost, Cause::SignedForAnotherRegion],
        needs: &[],
    },
    labels,
    |pod, label| at_once(endpoint(pod, label)),
);

pub(in crate::pod) const DNS: Step<Pod> = Step::each(
    &Check {
        id: "database-dns",
        place: Place::Pod,
        link: Link::Endpoint,
        question: "Does the database's name resolve?",
        looks_at: "The addresses of the name that is dialed, by this machine's resolver.",
        causes: &[Cause::EndpointUnresolvable],
        needs: &[],
    },
    labels,
    |pod, label| Box::pin(on_the_way(pod, label, |way| Some(&way.dns))),
);

pub(in crate::pod) const TCP: Step<Pod> = Step::each(
    &Check {
        id: "database-tcp",
        place: Place::Pod,
        link: Link::Endpoint,
        question: "Does the database take connections?",
        looks_at: "A TCP connection to each of the addresses, one a quarter of a second after the other.",
        causes: &[Cause::EndpointUnreachable, Cause::EndpointTimeout],
        needs: &["database-dns"],
    },
    labels,
    |pod, label| Box::pin(on_the_way(pod, label, |way| way.tcp.as_ref())),
);

pub(in crate::pod) const TLS: Step<Pod> = Step::each(
    &Check {
        id: "database-tls",
        place: Place::Pod,
        link: Link::Endpoint,
        question: "Is it the database?",
        looks_at: "The server's certificate: its name, its dates, and an authority among RDS's roots, the public ones \
                   and those of --ca-file. A token is sent to nobody else.",
        causes: &[
            Cause::TlsRefusedByServer,
            Cause::TlsCertificateInvalid,
            Cause::EndpointTimeout,
            Cause::EndpointUnreachable,
        ],
        needs: &["database-tcp"],
    },
    labels,
    |pod, label| Box::pin(on_the_way(pod, label, |way| way.tls.as_ref())),
);

pub(in crate::pod) const MEMBERSHIP: Step<Pod> = Step::each(
    &Check {
        id: "database-membership",
        place: Place::Pod,
        link: Link::Grant,
        question: "Does the server ask this user for a token?",
        looks_at: "What it asks for after the start-up packet with the user's name, which needs no credentials: a \
                   clear-text password of members of rds_iam, SCRAM or MD5 of everybody else.",
        causes: &[
            Cause::RdsIamNotGranted,
            Cause::RoleNotFound,
            Cause::EndpointOverloaded,
            Cause::NotAvailable,
        ],
        needs: &["database-tls"],
    },
    labels,
    |pod, label| Box::pin(membership(pod, label)),
);

pub(in crate::pod) const CONNECT: Step<Pod> = Step::each(
    &Check {
        id: "database-connect",
        place: Place::Pod,
        link: Link::Permissions,
        question: "Does the server accept a fresh token?",
        looks_at: "A login with a token signed now for this endpoint, port, user and region. `PAM authentication failed` \
                   to a user whom the server asked for a token leaves the policies of the role, then the cluster's own \
                   setting.",
        causes: &[
            Cause::IamLoginRefused,
            Cause::RdsIamNotGranted,
            Cause::EndpointTimeout,
            Cause::EndpointUnreachable,
        ],
        needs: &[
            "caller",
            "role-chain",
            "database-endpoint",
            "database-membership",
        ],
    },
    labels,
    |pod, label| Box::pin(connect(pod, label)),
);

pub(in crate::pod) const SESSION: Step<Pod> = Step::each(
    &Check {
        id: "database-session",
        place: Place::Pod,
        link: Link::Grant,
        question: "Does the login end in a session?",
        looks_at: "The rest of the same login: that the database exists, that the user may connect to it, and whether \
                   the server is a reader.",
        causes: &[
            Cause::WrongDatabase,
            Cause::DatabaseAccessDenied,
            Cause::EndpointOverloaded,
            Cause::NotAvailable,
        ],
        needs: &["database-connect"],
    },
    labels,
    |pod, label| Box::pin(session(pod, label)),
);
