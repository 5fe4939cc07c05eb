//! What a database has right and wrong.

mod login;

use irsa_chain::{Cause, Link};

use self::login::{answer, connect, endpoint, labels, login, membership, session};
use crate::pod::endpoint::steps::connectivity;
use crate::pod::outcome::ready;
use crate::pod::state::Pod;
use crate::pod::state::data_store::DatabaseState;
use crate::{Check, Place, Step};

pub(in crate::pod) const ENDPOINT: Step<Pod> = Step::each(
    &Check {
        id: "database-endpoint",
        place: Place::Pod,
        link: Link::Signature,
        question: "Is the token signed for the endpoint's own name and region?",
        description: "The name and region that RDS tokens are signed for: RDS refuses those for a CNAME, an address or a \
                   tunnel, and those of another region.",
        causes: &[Cause::SignedForAnotherHost, Cause::SignedForAnotherRegion],
        needs: &[],
    },
    labels,
    |pod, label| ready(endpoint(pod, label)),
);

pub(in crate::pod) const DNS: Step<Pod> = Step::each(
    &Check {
        id: "database-dns",
        place: Place::Pod,
        link: Link::Endpoint,
        question: "Does the database's name resolve?",
        description: "Resolves the host name of the connection with this machine's resolver.",
        causes: &[Cause::EndpointUnresolvable],
        needs: &[],
    },
    labels,
    |pod, label| {
        Box::pin(connectivity::<DatabaseState>(pod, label, |one| {
            Some(&one.dns)
        }))
    },
);

pub(in crate::pod) const TCP: Step<Pod> = Step::each(
    &Check {
        id: "database-tcp",
        place: Place::Pod,
        link: Link::Endpoint,
        question: "Does the database take connections?",
        description: "A TCP connection to each of the addresses, one a quarter of a second after the other.",
        causes: &[Cause::EndpointUnreachable, Cause::EndpointTimeout],
        needs: &["database-dns"],
    },
    labels,
    |pod, label| {
        Box::pin(connectivity::<DatabaseState>(pod, label, |one| {
            one.tcp.as_ref()
        }))
    },
);

pub(in crate::pod) const TLS: Step<Pod> = Step::each(
    &Check {
        id: "database-tls",
        place: Place::Pod,
        link: Link::Endpoint,
        question: "Is the server's certificate trusted?",
        description: "The server's certificate: its name, its dates, and whether it is issued by an RDS CA, a public CA or \
                   one of --ca-file. A token is sent to no other server.",
        causes: &[
            Cause::TlsRefusedByServer,
            Cause::TlsCertificateInvalid,
            Cause::TlsHandshakeFailed,
            Cause::EndpointTimeout,
            Cause::EndpointUnreachable,
        ],
        needs: &["database-tcp"],
    },
    labels,
    |pod, label| {
        Box::pin(connectivity::<DatabaseState>(pod, label, |one| {
            one.tls.as_ref()
        }))
    },
);

pub(in crate::pod) const ANSWER: Step<Pod> = Step::each(
    &Check {
        id: "database-answer",
        place: Place::Pod,
        link: Link::Endpoint,
        question: "Does the database take logins now?",
        description: "What it answers to the start-up packet with the user's name, which needs no credentials: a server \
                   that is full, that starts, that stops or that is silent is so for everybody.",
        causes: &[
            Cause::EndpointOverloaded,
            Cause::NotAvailable,
            Cause::EndpointTimeout,
            Cause::EndpointUnreachable,
        ],
        needs: &["database-tls"],
    },
    labels,
    |pod, label| Box::pin(answer(pod, label)),
);

pub(in crate::pod) const MEMBERSHIP: Step<Pod> = Step::each(
    &Check {
        id: "database-membership",
        place: Place::Pod,
        link: Link::Grant,
        question: "Does the server ask this user for a token?",
        description: "What it asks for after the start-up packet with the user's name, which needs no credentials: members of \
                   rds_iam for a clear-text password, everybody else for one by SCRAM or MD5, those it does not know \
                   included.",
        causes: &[
            Cause::RdsIamNotGranted,
            Cause::RoleNotFound,
            Cause::DatabaseAccessDenied,
        ],
        needs: &["database-answer"],
    },
    labels,
    |pod, label| Box::pin(membership(pod, label)),
);

pub(in crate::pod) const LOGIN: Step<Pod> = Step::each(
    &Check {
        id: "database-login",
        place: Place::Pod,
        link: Link::Endpoint,
        question: "Does the database answer a login?",
        description: "A login with a token signed now for this endpoint, port, user and region. Silence, a connection that breaks \
                   and an RDS proxy that has too much to do say nothing of the token.",
        causes: &[
            Cause::EndpointTimeout,
            Cause::EndpointUnreachable,
            Cause::EndpointOverloaded,
            Cause::NotAvailable,
        ],
        needs: &[
            "caller",
            "role-chain",
            "database-endpoint",
            "database-membership",
        ],
    },
    labels,
    |pod, label| Box::pin(login(pod, label)),
);

pub(in crate::pod) const CONNECT: Step<Pod> = Step::each(
    &Check {
        id: "database-connect",
        place: Place::Pod,
        link: Link::Permissions,
        question: "Does the server accept a fresh token?",
        description: "The answer to a login with a token signed now for this endpoint, port, user and region. `PAM \
                   authentication failed` to a user whom the server asked for a token leaves the policies of the role, \
                   then the cluster's own setting.",
        causes: &[Cause::IamLoginRefused, Cause::RdsIamNotGranted],
        needs: &["database-login"],
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
        description: "The end of a login with a token: that the database exists, that the user may connect to it, and whether \
                   the server is a reader.",
        causes: &[Cause::WrongDatabase, Cause::DatabaseAccessDenied],
        needs: &["database-connect"],
    },
    labels,
    |pod, label| Box::pin(session(pod, label)),
);
