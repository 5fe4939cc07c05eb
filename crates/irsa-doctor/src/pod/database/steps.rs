//! The checks of a database.

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
        question: "Are tokens signed for the endpoint's own name and region?",
        description: "Compares the name and region that RDS tokens are signed for with the endpoint's: RDS rejects tokens \
                   for a CNAME, an IP address, a tunnel or a different region.",
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
        question: "Does the database's host name resolve?",
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
        question: "Is the database reachable?",
        description: "Opens a TCP connection to the first address that accepts one; the attempts start a quarter of a second \
                   apart.",
        causes: &[
            Cause::EndpointUnreachable,
            Cause::EndpointTimeout,
            Cause::HttpProxyFailed,
        ],
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
        description: "Verifies the server's certificate: its name, its validity period, and that it is issued by an RDS CA, \
                   a public CA or a CA in `--ca-file`. Tokens are never sent to a server that fails this check.",
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
        question: "Does the database accept logins?",
        description: "Sends a startup message with the user's name, which needs no credentials: a server without free \
                   connection slots, or one that is starting, stopping or not responding, fails for all users.",
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
        description: "Evaluates the response to the startup message, which needs no credentials: the server asks members of \
                   rds_iam for a clear-text password, and all other users, even unknown ones, for a SCRAM or MD5 password.",
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
        question: "Does the database respond to a login?",
        description: "Logs in with a new token for this endpoint, port, user and region. A timeout, a closed connection and \
                   an overloaded RDS Proxy say nothing about the token.",
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
        question: "Does the server accept a new token?",
        description: "Evaluates the response to the login. `PAM authentication failed` for a user that the server asked for \
                   a token leaves two causes: the role's policies, and the cluster's IAM authentication setting.",
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
        question: "Does the login succeed?",
        description: "Completes the login: the database must exist, and the user must be allowed to connect to it. Reports \
                   whether the server is read-only.",
        causes: &[Cause::WrongDatabase, Cause::DatabaseAccessDenied],
        needs: &["database-connect"],
    },
    labels,
    |pod, label| Box::pin(session(pod, label)),
);
