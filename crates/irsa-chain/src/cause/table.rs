//! The table of causes: add one by adding a row.

use super::Row;
use crate::Link;

causes! {
    "no-identity-given" NoIdentityGiven ServiceAccount {
        "the pod was given neither a web identity nor a pod identity"
        "annotate the service account with eks.amazonaws.com/role-arn=ROLE_ARN (IRSA) or run `aws eks create-pod-identity-association`, then delete the pod: a restart of the container is not enough; on a laptop use `--identity profile`"
    }
    "half-an-identity" HalfAnIdentity ServiceAccount {
        "only one of the two variables of an identity is set"
        "set both AWS_ROLE_ARN and AWS_WEB_IDENTITY_TOKEN_FILE (or both AWS_CONTAINER_CREDENTIALS_FULL_URI and AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE), or remove the one that the chart sets by hand, since EKS then adds neither, and delete the pod"
    }
    "token-file-missing" TokenFileMissing ProjectedToken {
        "the file that AWS_WEB_IDENTITY_TOKEN_FILE names does not exist"
        "check `kubectl get pod POD -o yaml` for the projected volume and its mount in this container; if they are absent, the annotation eks.amazonaws.com/skip-containers names it or another volume covers /var/run/secrets"
    }
    "token-file-unreadable" TokenFileUnreadable ProjectedToken {
        "the token file exists, but this user may not read it"
        "set `securityContext.fsGroup` of the pod (65534 will do), or run all its containers as the same user"
    }
    "token-file-empty" TokenFileEmpty ProjectedToken {
        "the token file is empty"
        "delete the pod so that the kubelet writes a new token; if it stays empty, look for `failed to fetch token` in the kubelet's log on the node"
    }
    "token-malformed" TokenMalformed ProjectedToken {
        "the token file does not hold a JSON Web Token"
        "point AWS_WEB_IDENTITY_TOKEN_FILE at the projected file itself, /var/run/secrets/eks.amazonaws.com/serviceaccount/token, with nothing before or after the token"
    }
    "token-expired" TokenExpired ProjectedToken {
        "the projected token has expired"
        "the kubelet renews the file at 80 % of its life: look for `failed to fetch token` in the kubelet's log, compare the node's clock with `date -u`, and make sure that the application reads the file afresh at each exchange"
    }
    "token-audience-wrong" TokenAudienceWrong ProjectedToken {
        "the token's audience is not among the client IDs of the OIDC provider"
        "run `aws iam add-client-id-to-open-id-connect-provider --open-id-connect-provider-arn ARN --client-id sts.amazonaws.com`, or remove the annotation eks.amazonaws.com/audience from the service account and delete the pod"
    }
    "token-audience-missing" TokenAudienceMissing ProjectedToken {
        "the token has no audience: it is a legacy service account token from a Secret"
        "use a projected token (`serviceAccountToken` volume with `audience: sts.amazonaws.com`), not /var/run/secrets/kubernetes.io/serviceaccount/token or a Secret's"
    }
    "issuer-unknown" IssuerUnknown OidcProvider {
        "the role's account has no OIDC provider for the token's issuer"
        "run `eksctl utils associate-iam-oidc-provider --cluster CLUSTER --approve` in the account of the role; the provider's URL must equal the token's `iss` byte for byte, trailing slash and case included"
    }
    "token-signature-invalid" TokenSignatureInvalid OidcProvider {
        "the token's signature does not verify with the issuer's keys"
        "delete the pod to get a token signed with a current key; if the cluster's signing key was replaced, publish the new key in the issuer's JWKS; make sure that the token comes from this cluster"
    }
    "verification-key-unavailable" VerificationKeyUnavailable OidcProvider {
        "AWS could not fetch the keys of the token's issuer"
        "wait and retry, since AWS reports passing network faults so; if it stays, ISSUER/.well-known/openid-configuration and its jwks_uri must answer `curl` from the internet over TLS and list the token's `kid`"
    }
    "trust-denied" TrustDenied TrustPolicy {
        "the role's trust policy does not let this token assume it; AWS does not say why"
        "run `irsa policy` on the output of `aws iam get-role --role-name ROLE` with this token's claims: compare Federated, `:sub`, `:aud` and the Action sts:AssumeRoleWithWebIdentity; if they match, look for a service or resource control policy"
    }
    "trust-subject-mismatch" TrustSubjectMismatch TrustPolicy {
        "the trust policy names another service account than the token's subject"
        "set the condition \"StringEquals\": {\"ISSUER_HOST_AND_PATH:sub\": \"system:serviceaccount:NAMESPACE:NAME\"} to the token's `sub`; a `*` in the value needs StringLike"
    }
    "trust-audience-mismatch" TrustAudienceMismatch TrustPolicy {
        "the trust policy asks for another audience than the token's"
        "set the condition \"StringEquals\": {\"ISSUER_HOST_AND_PATH:aud\": \"sts.amazonaws.com\"}, or the value of the annotation eks.amazonaws.com/audience if there is one"
    }
    "trust-provider-mismatch" TrustProviderMismatch TrustPolicy {
        "the trust policy names the OIDC provider of another cluster"
        "set \"Principal\": {\"Federated\": \"arn:aws:iam::ACCOUNT:oidc-provider/ISSUER_HOST_AND_PATH\"} and the prefix of the condition keys to this cluster's issuer, without https:// (`aws eks describe-cluster --name CLUSTER --query cluster.identity.oidc.issuer`)"
    }
    "trust-action-mismatch" TrustActionMismatch TrustPolicy {
        "the trust policy allows another action than the one the pod uses"
        "set \"Action\": \"sts:AssumeRoleWithWebIdentity\" for IRSA; for Pod Identity the principal is pods.eks.amazonaws.com and the actions are sts:AssumeRole and sts:TagSession"
    }
    "role-unknown" RoleUnknown TrustPolicy {
        "the role does not exist in the account that its ARN names"
        "compare the annotation eks.amazonaws.com/role-arn with `aws iam get-role --role-name ROLE --query Role.Arn`, path and account included, then delete the pod"
    }
    "sts-unreachable" StsUnreachable StsSession {
        "STS could not be reached"
        "run `curl -v https://sts.REGION.amazonaws.com/` in the pod; in a private VPC create the interface endpoint com.amazonaws.REGION.sts with private DNS and let the pods' security group reach its port 443; behind a proxy set HTTPS_PROXY and NO_PROXY"
    }
    "sts-throttled" StsThrottled StsSession {
        "STS answered that too many requests were made"
        "wait: retries back off by themselves; restart pods in smaller groups, and share one session per pod rather than one per process"
    }
    "sts-internal-error" StsInternalError StsSession {
        "STS failed on its own side"
        "wait: it is retried until the current session expires; if it lasts, see the AWS Health Dashboard, or name another region's endpoint with `--sts-endpoint`"
    }
    "session-expired" SessionExpired StsSession {
        "the temporary credentials have expired"
        "see why the last refresh failed (log, or the status page); in an application of its own, make it refresh its credentials instead of reading them once at start"
    }
    "session-name-invalid" SessionNameInvalid StsSession {
        "STS refuses the session name"
        "give `AWS_ROLE_SESSION_NAME` 2 to 64 letters, digits or characters of _+=,.@- (no slash), or unset it so that the pod's name is used"
    }
    "region-disabled" RegionDisabled StsSession {
        "STS is not active for this account in the region"
        "activate the region under IAM, Account settings, STS endpoints, or set AWS_REGION to an active one"
    }
    "duration-exceeds-maximum" DurationExceedsMaximum StsSession {
        "the session asked for is longer than the role allows"
        "ask for a shorter session, or run `aws iam update-role --role-name ROLE --max-session-duration SECONDS` (3600 to 43200); a chained role is limited to 3600"
    }
    "chained-role-denied" ChainedRoleDenied StsSession {
        "the next role of the chain can't be assumed from this one"
        "allow sts:AssumeRole on the next role in the policy of this one, and name this role's ARN as \"Principal\": {\"AWS\": …} in the trust policy of the next; check `external-id`; sessions from Pod Identity need sts:TagSession as well"
    }
    "credentials-unknown" CredentialsUnknown StsSession {
        "AWS does not know the access key or its session token"
        "unset AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN if they are stale; in an opt-in region use the regional STS endpoint (AWS_STS_REGIONAL_ENDPOINTS=regional)"
    }
    "imds-refused" ImdsRefused StsSession {
        "the instance metadata service gave no credentials"
        "give the pod a role of its own by IRSA or Pod Identity; if the node's role is what you want, raise the hop limit with `aws ec2 modify-instance-metadata-options --instance-id ID --http-put-response-hop-limit 2`"
    }
    "pod-identity-refused" PodIdentityRefused StsSession {
        "the EKS Pod Identity agent gave no credentials"
        "check `aws eks list-pod-identity-associations --cluster-name CLUSTER --namespace NS --service-account NAME`, the agent's pod on this node (`kubectl -n kube-system get pods -l app.kubernetes.io/name=eks-pod-identity-agent`), and that the role trusts pods.eks.amazonaws.com for sts:AssumeRole and sts:TagSession"
    }
    "connect-not-allowed" ConnectNotAllowed Permissions {
        "no policy of the role allows rds-db:connect"
        "attach {\"Effect\": \"Allow\", \"Action\": \"rds-db:connect\", \"Resource\": \"arn:aws:rds-db:REGION:ACCOUNT:dbuser:CLUSTER_RESOURCE_ID/DB_USER\"} to the role: the action is rds-db:connect, not rds:connect, and a permissions boundary or service control policy must allow it too"
    }
    "connect-denied" ConnectDenied Permissions {
        "a policy denies rds-db:connect explicitly"
        "find the Deny that matches with `irsa policy` over the role's policies, its permissions boundary and the service control policies; an Allow can't outweigh it"
    }
    "resource-id-mismatch" ResourceIdMismatch Permissions {
        "the policy names another database: its name, ARN or another resource ID"
        "put the ID that `aws rds describe-db-clusters --db-cluster-identifier CLUSTER --query 'DBClusters[0].DbClusterResourceId'` shows (cluster-…; db-… for an RDS instance, prx-… for a proxy) into the Resource after dbuser:, and check region and account"
    }
    "db-user-mismatch" DbUserMismatch Permissions {
        "the policy allows rds-db:connect for another database user"
        "put the user as the client sends it, upper and lower case included, after the last slash of the Resource, or change the client's user; `/*` allows every user"
    }
    "signature-mismatch" SignatureMismatch Signature {
        "the signature is not the one that AWS computes"
        "sign with the credentials of the current session, its session token included, and send the token or request unchanged: not decoded, encoded twice, cut off or rewritten by a proxy in between"
    }
    "signed-for-another-host" SignedForAnotherHost Signature {
        "the token was signed for another host or port than the database's endpoint"
        "sign for the endpoint's own name and port, not for a CNAME, tunnel or 127.0.0.1: postgres://ENDPOINT:5432?dial=HOST:PORT, or `sign-host=ENDPOINT` if the name that is dialled must stay"
    }
    "signed-for-another-region" SignedForAnotherRegion Signature {
        "the signature is scoped to another region than the endpoint's"
        "set `region=REGION` of the upstream, or AWS_REGION, to the region in the endpoint's name; a global or custom name has none, so it must be given"
    }
    "signed-for-another-user" SignedForAnotherUser Signature {
        "the token was signed for another database user than the one that logs in"
        "sign for the user in the client's start-up packet, upper and lower case included; don't use one user's token for another"
    }
    "rds-token-expired" RdsTokenExpired Signature {
        "the RDS token is older than 15 minutes, or the session that signed it is over"
        "sign a new token for each login (`irsa token` or the proxy do), and check the clocks of pod and node"
    }
    "rds-token-malformed" RdsTokenMalformed Signature {
        "the password is not an RDS token"
        "send the whole token, HOST:PORT/?Action=connect&DBUser=…&X-Amz-Signature=…, without https:// and not decoded; it is 1 to 2 KB long, and some drivers and poolers cut passwords off"
    }
    "rds-token-lifetime-too-long" RdsTokenLifetimeTooLong Signature {
        "the token's X-Amz-Expires is more than 900 seconds"
        "sign with X-Amz-Expires=900, the longest that RDS accepts"
    }
    "clock-skew" ClockSkew Signature {
        "the signer's clock differs from AWS's by minutes"
        "compare `date -u` on the node with `curl -sI https://sts.amazonaws.com | grep -i ^date`, and repair its time service (chronyd with 169.254.169.123 on EC2)"
    }
    "endpoint-unresolvable" EndpointUnresolvable Endpoint {
        "the endpoint's name does not resolve"
        "run `getent hosts ENDPOINT` in the pod; compare the name with `aws rds describe-db-cluster-endpoints`, and look at CoreDNS and at network policies for port 53"
    }
    "endpoint-unreachable" EndpointUnreachable Endpoint {
        "no TCP connection to the endpoint"
        "let the security group of the database accept the port from the pods' security group or subnet; check routes, peering and egress network policies"
    }
    "tls-refused-by-server" TlsRefusedByServer Endpoint {
        "the server does not offer TLS"
        "make sure that the address is the database's and not a plaintext proxy's or tunnel's; RDS and Aurora always offer TLS, so something in between answered; a token is never sent in clear text"
    }
    "tls-certificate-invalid" TlsCertificateInvalid Endpoint {
        "the server's certificate is not trusted or is for another name"
        "dial the endpoint's own name rather than a CNAME or address; give the CA with `--ca-file` (https://truststore.pki.rds.amazonaws.com/global/global-bundle.pem for RDS, the public roots for RDS Proxy)"
    }
    "clear-text-refused" ClearTextRefused Endpoint {
        "the server takes only TLS connections"
        "connect with TLS (`sslmode=verify-full`): rds.force_ssl is on; after a PAM failure this line only means that the client tried again without TLS, so look at the first error"
    }
    "endpoint-timeout" EndpointTimeout Endpoint {
        "the endpoint did not answer in time"
        "look for packets dropped by a security group or network ACL, and for a failover or a paused Serverless v2 cluster that is resuming (`aws rds describe-events --source-type db-cluster`)"
    }
    "endpoint-overloaded" EndpointOverloaded Endpoint {
        "the server accepts no more connections now"
        "lower the number of connections (`--max-connections`), raise max_connections or the instance's size, and keep below 200 new IAM logins a second for a cluster"
    }
    "rds-iam-not-granted" RdsIamNotGranted Grant {
        "the database user is not a member of rds_iam, so the server asks for a password"
        "run `GRANT rds_iam TO \"DB_USER\";` as the master user"
    }
    "iam-login-refused" IamLoginRefused Grant {
        "the server refused the IAM login; PostgreSQL does not say why"
        "check in this order: IAM authentication is on (`aws rds describe-db-clusters --query 'DBClusters[].IAMDatabaseAuthenticationEnabled'`), the role allows rds-db:connect on this resource ID and user, the token is fresh and signed for this endpoint; the log export iam-db-auth-error names the reason"
    }
    "role-not-found" RoleNotFound Grant {
        "the database user does not exist"
        "run `CREATE USER \"DB_USER\"; GRANT rds_iam TO \"DB_USER\";` as the master user; names in upper case need the quotes"
    }
    "database-access-denied" DatabaseAccessDenied Grant {
        "the login succeeded, but the user may not use the database"
        "run `GRANT CONNECT ON DATABASE DB TO \"DB_USER\";`, then grant USAGE on the schema and the rights on its tables: this is not IAM's refusal"
    }
    "wrong-database" WrongDatabase Grant {
        "the database does not exist on this server"
        "list the databases with `psql -l`, then correct the database in the client's settings (it defaults to the user's name) or run `CREATE DATABASE DB OWNER \"DB_USER\";`"
    }
}
