//! The table of causes, in the order of the chain: add a cause by adding a row.
//!
//! A row is id, variant, link, summary and remedy. The facts behind them are those of the AWS
//! troubleshooting pages for IRSA, EKS Pod Identity and IAM database authentication.

use super::Row;
use crate::Link;

causes! {
    "no-identity-given" NoIdentityGiven ServiceAccount {
        "the pod was given neither a web identity nor a pod identity"
        "run `kubectl annotate serviceaccount NAME -n NAMESPACE eks.amazonaws.com/role-arn=ROLE_ARN` (IRSA) or `aws eks create-pod-identity-association`, then delete the pod, since restarting a container is not enough; on a laptop use `--identity profile`" }
    "half-an-identity" HalfAnIdentity ServiceAccount {
        "only one of the two variables of an identity is set"
        "remove the one that is set from the `env` of the pod's template (EKS adds neither when it finds one) and delete the pod, or set both: AWS_ROLE_ARN and AWS_WEB_IDENTITY_TOKEN_FILE, or AWS_CONTAINER_CREDENTIALS_FULL_URI and AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE" }
    "service-account-missing" ServiceAccountMissing ServiceAccount {
        "the pod's service account does not exist in its namespace"
        "run `kubectl -n NAMESPACE get serviceaccounts`, put the right name into the pod's `serviceAccountName`, or create it: `kubectl -n NAMESPACE create serviceaccount NAME`" }
    "service-account-default" ServiceAccountDefault ServiceAccount {
        "the pod runs as the service account `default`, which other pods may share too"
        "set `serviceAccountName: NAME` in the pod's template to the account that carries eks.amazonaws.com/role-arn" }
    "annotation-missing" AnnotationMissing ServiceAccount {
        "the service account has no annotation eks.amazonaws.com/role-arn"
        "run `kubectl -n NAMESPACE annotate serviceaccount NAME eks.amazonaws.com/role-arn=ROLE_ARN` and delete the pod" }
    "annotation-misspelled" AnnotationMisspelled ServiceAccount {
        "an annotation of the service account is nearly the right one"
        "rename the annotation to `eks.amazonaws.com/role-arn`, without a space around it, and delete the pod" }
    "role-arn-malformed" RoleArnMalformed ServiceAccount {
        "the ARN of the role is malformed"
        "set the annotation eks.amazonaws.com/role-arn to what `aws iam get-role --role-name ROLE --query Role.Arn --output text` prints, and delete the pod" }
    "partition-mismatch" PartitionMismatch ServiceAccount {
        "the role is of another partition than the region"
        "use `arn:aws-cn:` in China, `arn:aws-us-gov:` in GovCloud and `arn:aws:` elsewhere in the annotation eks.amazonaws.com/role-arn, and delete the pod" }
    "pod-not-mutated" PodNotMutated ServiceAccount {
        "the service account has a role, but the pod was not given it"
        "the pod is older than the annotation, or the webhook was not asked: delete the pod so that it is created anew; if it stays, look at the webhook `pod-identity-webhook`" }
    "pod-skipped" PodSkipped ServiceAccount {
        "a label of the pod keeps the identity out of it"
        "remove the label eks.amazonaws.com/skip-pod-identity-webhook from the pod's template: `kubectl -n NAMESPACE patch deployment NAME --type json -p '[{\"op\": \"remove\", \"path\": \"/spec/template/metadata/labels/eks.amazonaws.com~1skip-pod-identity-webhook\"}]'`" }
    "container-skipped" ContainerSkipped ServiceAccount {
        "an annotation of the pod keeps the identity out of this container"
        "take the container's name out of the pod's annotation eks.amazonaws.com/skip-containers and create the pod anew" }
    "role-arn-differs" RoleArnDiffers ServiceAccount {
        "the pod's AWS_ROLE_ARN is not the role of its service account"
        "remove AWS_ROLE_ARN from the `env` of the pod's template (a chart may set it), or correct the annotation eks.amazonaws.com/role-arn, and delete the pod" }
    "webhook-missing" WebhookMissing ServiceAccount {
        "the cluster has no admission webhook that gives pods an identity"
        "on EKS ask AWS's support, since the control plane brings it; elsewhere install amazon-eks-pod-identity-webhook, or set variables, volume and mount in the pod's template yourself" }
    "webhook-certificate-wrong" WebhookCertificateWrong ServiceAccount {
        "the webhook's caBundle does not vouch for the certificate it serves"
        "restart what renews the certificate (cert-manager's `inject-ca-from`, or the webhook's own pods), and compare `kubectl get mutatingwebhookconfiguration pod-identity-webhook -o jsonpath='{.webhooks[0].clientConfig.caBundle}'`" }
    "webhook-locks-out" WebhookLocksOut ServiceAccount {
        "the admission webhook fails closed for every pod, its own included"
        "give the webhook an objectSelector or a namespaceSelector that leaves kube-system and its own namespace out, or `failurePolicy: Ignore`" }
    "webhook-fails-open" WebhookFailsOpen ServiceAccount {
        "the admission webhook fails open: a pod it misses has no identity"
        "watch for pods without AWS_ROLE_ARN, or set `failurePolicy: Fail` with an objectSelector that takes in only the pods which need it" }
    "another-identity-given" AnotherIdentityGiven ServiceAccount {
        "another identity is given too, and AWS's SDKs would use it first"
        "remove AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN and AWS_PROFILE from the container; of IRSA and Pod Identity keep one: EKS injects their variables, so remove the annotation eks.amazonaws.com/role-arn or delete the association (`aws eks delete-pod-identity-association`), then delete the pod" }
    "region-missing" RegionMissing ServiceAccount {
        "no region is set, so the endpoint of STS is unknown"
        "set AWS_REGION in the container (EKS's webhook sets it), or give `--region REGION`; a region in the name of a data store's endpoint does not count for STS" }
    "credentials-uri-not-allowed" CredentialsUriNotAllowed ServiceAccount {
        "the host in AWS_CONTAINER_CREDENTIALS_FULL_URI is one that AWS's SDKs refuse"
        "remove AWS_CONTAINER_CREDENTIALS_FULL_URI from the `env` of the pod's template: EKS sets it to the Pod Identity agent, `http://169.254.170.23/v1/credentials`; other hosts must be loopback addresses or use https" }
    "token-file-missing" TokenFileMissing ProjectedToken {
        "the token file that the environment names does not exist"
        "look in `kubectl get pod POD -o yaml` for the projected volume and its mount in this container: the pod may list it in the annotation eks.amazonaws.com/skip-containers, or mount another volume over /var/run/secrets" }
    "token-file-unreadable" TokenFileUnreadable ProjectedToken {
        "the token file exists, but this user may not read it"
        "set the pod's `securityContext.fsGroup` (65534 will do), or run all containers of the pod as the same user" }
    "token-file-empty" TokenFileEmpty ProjectedToken {
        "the token file is empty"
        "delete the pod so that the kubelet writes a new token; if it stays empty, look for `failed to fetch token` in the kubelet's log on the node" }
    "token-malformed" TokenMalformed ProjectedToken {
        "the token file does not hold a JSON Web Token"
        "let AWS_WEB_IDENTITY_TOKEN_FILE (Pod Identity: AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE) name the projected file itself, which holds the bare token: three parts joined by dots, without `Bearer`" }
    "token-expired" TokenExpired ProjectedToken {
        "the projected token has expired"
        "the kubelet renews the file at 80 % of its life: look for `failed to fetch token` in the kubelet's log, compare `date -u` on the node with the true time, and let the application read the file afresh for each exchange" }
    "token-audience-wrong" TokenAudienceWrong ProjectedToken {
        "the token's audience is not among the client IDs of the OIDC provider"
        "project the token with `audience: sts.amazonaws.com`: remove the annotation eks.amazonaws.com/audience from the service account and delete the pod; if the provider lacks sts.amazonaws.com, run `aws iam add-client-id-to-open-id-connect-provider --open-id-connect-provider-arn PROVIDER_ARN --client-id sts.amazonaws.com`; never add the API server's own audience" }
    "token-audience-missing" TokenAudienceMissing ProjectedToken {
        "the token has no audience: it is a legacy token from a Secret"
        "use a projected token (a `serviceAccountToken` volume with `audience: sts.amazonaws.com`), not the token of a Secret" }
    "token-volume-missing" TokenVolumeMissing ProjectedToken {
        "the container mounts no projected token for AWS"
        "delete the pod so that the webhook adds `aws-iam-token`; if a chart sets `volumes` by hand, add a `serviceAccountToken` source with `audience: sts.amazonaws.com` and mount it at /var/run/secrets/eks.amazonaws.com/serviceaccount" }
    "token-not-yet-valid" TokenNotYetValid ProjectedToken {
        "the projected token is not valid yet: the clock of this node is behind"
        "run `timedatectl` or `chronyc tracking` on the node, and let it synchronise with 169.254.169.123" }
    "token-lifetime-refused" TokenLifetimeRefused ProjectedToken {
        "the projected token's life is one that is not given"
        "set `expirationSeconds` (annotation eks.amazonaws.com/token-expiration) to 600 to 86400 seconds; EKS cuts longer ones to a day" }
    "token-of-another-account" TokenOfAnotherAccount ProjectedToken {
        "the token is of another service account than the pod's"
        "look which volume the container mounts at AWS_WEB_IDENTITY_TOKEN_FILE; a token copied from another pod is good only for that one's role" }
    "issuer-unknown" IssuerUnknown OidcProvider {
        "the role's account has no OIDC provider for the token's issuer"
        "compare `aws iam list-open-id-connect-providers` in the account of the role with the token's `iss`, byte for byte and without https://; to create it, run `eksctl utils associate-iam-oidc-provider --cluster CLUSTER --approve`" }
    "token-signature-invalid" TokenSignatureInvalid OidcProvider {
        "the token's signature does not verify with the issuer's keys"
        "delete the pod to get a token signed with a current key; if it stays, the token is from another cluster, or the cluster's signing key was replaced and is missing from the JWKS that the issuer publishes" }
    "verification-key-unavailable" VerificationKeyUnavailable OidcProvider {
        "AWS could not fetch the keys of the token's issuer"
        "retry, since AWS gives this answer to passing network faults too; if it stays, see that `curl ISSUER/.well-known/openid-configuration` and its jwks_uri answer from the internet over TLS and list the token's `kid`" }
    "issuer-mismatch" IssuerMismatch OidcProvider {
        "the issuer's discovery document names another issuer than the token"
        "make the API server's `--service-account-issuer` and the `issuer` of ISSUER/.well-known/openid-configuration equal, byte for byte: a slash at the end or upper case makes it another" }
    "signing-key-missing" SigningKeyMissing OidcProvider {
        "the issuer's key set lacks the key that signed the token"
        "publish the key whose `kid` the token's header names at the issuer's jwks_uri, beside the older ones until their tokens have expired; or delete the pod to get a token of a current key" }
    "thumbprint-mismatch" ThumbprintMismatch OidcProvider {
        "the OIDC provider's thumbprint is not of the issuer's authority"
        "run `aws iam update-open-id-connect-provider-thumbprint --open-id-connect-provider-arn PROVIDER_ARN --thumbprint-list SHA1_OF_ROOT`: the root's, not the server's own; it counts only for authorities that AWS does not trust anyway" }
    "trust-denied" TrustDenied TrustPolicy {
        "the role's trust policy does not let this token assume it; AWS does not say why"
        "compare `aws iam get-role --role-name ROLE --query Role.AssumeRolePolicyDocument` with the token's claims (`cut -d. -f2 $AWS_WEB_IDENTITY_TOKEN_FILE | tr _- /+ | base64 -d`): Federated provider, `:sub`, `:aud`, Action `sts:AssumeRoleWithWebIdentity`; if all match, a service or resource control policy denies" }
    "trust-subject-mismatch" TrustSubjectMismatch TrustPolicy {
        "the trust policy names another service account than the token's subject"
        "put this service account into the trust policy's condition: `\"StringEquals\": {\"ISSUER_WITHOUT_HTTPS:sub\": \"system:serviceaccount:NAMESPACE:NAME\"}`; a value with `*` needs StringLike" }
    "trust-audience-mismatch" TrustAudienceMismatch TrustPolicy {
        "the trust policy asks for another audience than the token's"
        "set the trust policy's condition to `\"StringEquals\": {\"ISSUER_WITHOUT_HTTPS:aud\": \"sts.amazonaws.com\"}`, or to the value of the service account's annotation eks.amazonaws.com/audience" }
    "trust-provider-mismatch" TrustProviderMismatch TrustPolicy {
        "the trust policy names the OIDC provider of another cluster"
        "set `\"Principal\": {\"Federated\": \"arn:aws:iam::ACCOUNT:oidc-provider/ISSUER_WITHOUT_HTTPS\"}` and begin the condition keys with the same issuer: `aws eks describe-cluster --name CLUSTER --query cluster.identity.oidc.issuer`" }
    "trust-action-mismatch" TrustActionMismatch TrustPolicy {
        "the trust policy allows another action than the one the pod needs"
        "set `\"Action\": \"sts:AssumeRoleWithWebIdentity\"` in the trust policy for IRSA; Pod Identity needs `[\"sts:AssumeRole\", \"sts:TagSession\"]` for the service pods.eks.amazonaws.com" }
    "role-unknown" RoleUnknown TrustPolicy {
        "the role does not exist in the account that its ARN names"
        "compare the annotation eks.amazonaws.com/role-arn with `aws iam get-role --role-name ROLE --query Role.Arn`, account and path included, correct it and delete the pod" }
    "trust-key-malformed" TrustKeyMalformed TrustPolicy {
        "a condition key of the trust policy is not one that this provider fills"
        "write the keys as `ISSUER_WITHOUT_HTTPS:sub` and `ISSUER_WITHOUT_HTTPS:aud`: without https://, and not as the provider's ARN" }
    "trust-wildcard-literal" TrustWildcardLiteral TrustPolicy {
        "the trust policy compares a value with `*` by StringEquals"
        "replace StringEquals by StringLike in that condition, or name the service account in full" }
    "trust-principal-deleted" TrustPrincipalDeleted TrustPolicy {
        "the trust policy names a principal that was deleted"
        "a principal such as AROA… stands for a role that is gone: put the ARN of the one that took its place into the trust policy, even if it reads the same" }
    "trust-too-broad" TrustTooBroad TrustPolicy {
        "the trust policy lets in more than this service account"
        "add `\"StringEquals\": {\"ISSUER_WITHOUT_HTTPS:sub\": \"system:serviceaccount:NAMESPACE:NAME\"}` to the trust policy's condition" }
    "sts-unreachable" StsUnreachable StsSession {
        "STS could not be reached"
        "run `curl -v STS_URL` in the pod, with the URL that the error names; in a private VPC create an interface endpoint for STS in this region with private DNS, and let its security group accept port 443 from the pods; behind a proxy check HTTPS_PROXY and NO_PROXY" }
    "sts-throttled" StsThrottled StsSession {
        "STS answered that too many requests were made"
        "wait, since it is retried with growing pauses; restart pods a few at a time, and share one session in a pod rather than one for each process" }
    "sts-internal-error" StsInternalError StsSession {
        "STS failed on its own side"
        "wait, since it is retried while the last session lives; if it lasts, look at the AWS Health Dashboard and name another region's STS with `--sts-endpoint`" }
    "session-expired" SessionExpired StsSession {
        "the temporary credentials have expired"
        "find in the log or on the status page why the last refresh failed, and put that right; an application with its own credentials must refresh them, not read them once at start" }
    "session-name-invalid" SessionNameInvalid StsSession {
        "STS refuses the session name"
        "set AWS_ROLE_SESSION_NAME to 2 to 64 letters, digits or characters of `_+=,.@-`, or unset it" }
    "region-disabled" RegionDisabled StsSession {
        "STS is not active for this account in the region"
        "activate it in the IAM console under Account settings, Security Token Service (an opt-in region must be enabled for the account first: `aws account enable-region --region-name REGION`), or set AWS_REGION to an active region" }
    "duration-exceeds-maximum" DurationExceedsMaximum StsSession {
        "the session asked for is longer than the role allows"
        "ask for a shorter session, or run `aws iam update-role --role-name ROLE --max-session-duration SECONDS` (3600 to 43200); a role assumed from another role's session is limited to 3600 in any case" }
    "chained-role-denied" ChainedRoleDenied StsSession {
        "the next role of the chain can't be assumed from this one"
        "allow `sts:AssumeRole` on the next role's ARN in this role's policies, and this role's ARN as `\"Principal\": {\"AWS\": \"…\"}` in the next role's trust policy, with the same external ID; sessions from Pod Identity need `sts:TagSession` in both places too" }
    "credentials-unknown" CredentialsUnknown StsSession {
        "AWS does not know the access key or its session token"
        "look for a stale AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY or AWS_SESSION_TOKEN in the environment and unset all three; in an opt-in region use the regional STS endpoint (`AWS_STS_REGIONAL_ENDPOINTS=regional`)" }
    "imds-refused" ImdsRefused StsSession {
        "the instance metadata service gave no credentials"
        "give the pod a role of its own by IRSA or Pod Identity; if you do want the node's role, run `aws ec2 modify-instance-metadata-options --instance-id ID --http-put-response-hop-limit 2`" }
    "pod-identity-refused" PodIdentityRefused StsSession {
        "the EKS Pod Identity agent gave no credentials"
        "run `aws eks list-pod-identity-associations --cluster-name CLUSTER --namespace NAMESPACE --service-account NAME` and `kubectl -n kube-system get pods -l app.kubernetes.io/name=eks-pod-identity-agent -o wide`; the role must trust pods.eks.amazonaws.com for `sts:AssumeRole` and `sts:TagSession`" }
    "caller-differs" CallerDiffers StsSession {
        "AWS takes the caller for another role than was asked for"
        "look which credentials this process uses: `irsa whoami`; a role re-created under another path, or credentials left in the environment, show here" }
    "node-role-reachable" NodeRoleReachable StsSession {
        "the pod can get the node's role, and an SDK would fall back to it"
        "run `aws ec2 modify-instance-metadata-options --instance-id ID --http-put-response-hop-limit 1` for the nodes (`metadata_options` in the launch template), and set AWS_EC2_METADATA_DISABLED=true in the pod" }
    "connect-not-allowed" ConnectNotAllowed Permissions {
        "no policy of the role allows rds-db:connect"
        "attach `{\"Effect\": \"Allow\", \"Action\": \"rds-db:connect\", \"Resource\": \"arn:aws:rds-db:REGION:ACCOUNT:dbuser:RESOURCE_ID/DB_USER\"}` to the role (rds-db, not rds); a permissions boundary or service control policy must allow it as well" }
    "connect-denied" ConnectDenied Permissions {
        "a policy denies rds-db:connect explicitly"
        "find the statement with `aws iam simulate-principal-policy --policy-source-arn ROLE_ARN --action-names rds-db:connect --resource-arns DB_USER_ARN` (MatchedStatements) and narrow or remove it: no Allow outweighs a Deny; look at service control policies too" }
    "resource-id-mismatch" ResourceIdMismatch Permissions {
        "the policy names another database, or this one by its name instead of its ID"
        "put into the Resource, after `dbuser:`, what `aws rds describe-db-clusters --db-cluster-identifier CLUSTER --query 'DBClusters[].DbClusterResourceId'` shows (db-… for an RDS instance, prx-… for a proxy), and check its region and account" }
    "db-user-mismatch" DbUserMismatch Permissions {
        "the policy allows rds-db:connect for another database user"
        "end the policy's Resource with the user that the client names, upper and lower case as in PostgreSQL: `…:dbuser:RESOURCE_ID/DB_USER`; or correct the user in the client's settings" }
    "es-http-not-allowed" EsHttpNotAllowed Permissions {
        "neither a policy of the role nor the domain's access policy allows the HTTP method"
        "see that a policy of the role ends its Resource in `:domain/DOMAIN/*`, since the domain's bare ARN without `/*` covers no request; if none names the domain, attach `{\"Effect\": \"Allow\", \"Action\": [\"es:ESHttpGet\", \"es:ESHttpHead\", \"es:ESHttpPost\", \"es:ESHttpPut\", \"es:ESHttpDelete\"], \"Resource\": \"arn:aws:es:REGION:ACCOUNT:domain/DOMAIN/*\"}` to the role; a role of another account needs the domain's access policy as well" }
    "es-http-denied" EsHttpDenied Permissions {
        "a policy denies the HTTP method on the domain explicitly"
        "find the Deny in the role's policies, in `aws opensearch describe-domain --domain-name DOMAIN --query DomainStatus.AccessPolicies` or in a service control policy, and narrow or remove it: no Allow outweighs it" }
    "domain-resource-mismatch" DomainResourceMismatch Permissions {
        "the policy names another domain, or this one without `/*` behind its name"
        "end the policy's Resource with `:domain/DOMAIN/*`: the domain's bare ARN covers its configuration, not its indices; DOMAIN is the name, not the endpoint (`aws opensearch list-domain-names`)" }
    "boundary-not-allowing" BoundaryNotAllowing Permissions {
        "the role's permissions boundary does not allow it"
        "allow the action and resource in the policy that `aws iam get-role --role-name ROLE --query Role.PermissionsBoundary` names: a boundary limits what the role's other policies allow" }
    "condition-never-met" ConditionNeverMet Permissions {
        "the statement that would allow it has a condition that is never met"
        "remove the condition: IAM database authentication fills no aws:SourceIp, aws:SourceVpc, aws:SourceVpce, aws:VpcSourceIp, aws:UserAgent or aws:Referer" }
    "iam-login-refused" IamLoginRefused Permissions {
        "the server refused the IAM token; PostgreSQL does not say why"
        "check, in order: 1. a policy of the role allows `rds-db:connect` on this resource ID and user, and its permissions boundary allows it too; 2. IAM authentication is on: `aws rds describe-db-clusters --region REGION --query 'DBClusters[].[DBClusterIdentifier,IAMDatabaseAuthenticationEnabled]'`; 3. the token is signed for this endpoint, port, user and region; the log export `iam-db-auth-error` in CloudWatch names the reason" }
    "signature-mismatch" SignatureMismatch Signature {
        "the signature is not the one that AWS computes"
        "sign with access key, secret key and session token of one and the same session, and pass the token or request on unchanged: not decoded, encoded again, cut off, or rewritten by a proxy in between" }
    "signed-for-another-host" SignedForAnotherHost Signature {
        "the token was signed for another host or port than the endpoint's"
        "sign for the endpoint's own name and port, not for a CNAME, a tunnel or 127.0.0.1: give the proxy `postgres://ENDPOINT:5432?dial=HOST:PORT`, or add `sign-host=ENDPOINT` to the upstream" }
    "signed-for-another-region" SignedForAnotherRegion Signature {
        "the signature is scoped to another region than the endpoint's"
        "use the region in the endpoint's name, or add `region=REGION` to the upstream when the name has none: a global database's writer or a custom domain" }
    "signed-for-another-user" SignedForAnotherUser Signature {
        "the token was signed for another database user than the one that logs in"
        "sign for the user that the client sends, upper and lower case alike: `aws rds generate-db-auth-token` takes it as `--username`, the proxy reads it from the client's start-up packet" }
    "rds-token-expired" RdsTokenExpired Signature {
        "the RDS token is older than 15 minutes, or the session that signed it is over"
        "sign a new token for each login, as the proxy and `irsa token` do, rather than keep one in a file or pool; then compare `date -u` on the node with the true time" }
    "rds-token-malformed" RdsTokenMalformed Signature {
        "the password is not an RDS token"
        "send the token as the password, whole and unchanged: `HOST:PORT/?Action=connect&DBUser=…&X-Amz-Signature=…` without https://; it is 1 to 2 kB long, and some drivers and poolers cut passwords off" }
    "rds-token-lifetime-too-long" RdsTokenLifetimeTooLong Signature {
        "the token asks for a life of more than 15 minutes"
        "sign with `X-Amz-Expires=900`: RDS refuses any longer life, however it was signed" }
    "request-unsigned" RequestUnsigned Signature {
        "the request carries no signature, so that AWS sees an anonymous caller"
        "send it through `irsa proxy`, which signs every request, or turn the client's AWS signing on; a user and password in its place are not looked at by a domain that uses IAM" }
    "authorization-malformed" AuthorizationMalformed Signature {
        "the Authorization header is not a SigV4 signature"
        "take user, password, token or API key out of the client's settings: `Basic` and `Bearer` can't stand beside a signature; `irsa proxy` drops them" }
    "signed-for-another-service" SignedForAnotherService Signature {
        "the signature is scoped to another service than the endpoint's"
        "sign for `es` at a domain and for `aoss` at a collection of OpenSearch Serverless; behind a name of your own say so with `service=es` or `service=aoss`" }
    "payload-hash-unsigned" PayloadHashUnsigned Signature {
        "the hash of the body, which OpenSearch Serverless wants sent and signed, is missing"
        "let the client send the header and name it in SignedHeaders, as `irsa proxy` does; older releases of OpenSearch's own signers leave it out" }
    "clock-skew" ClockSkew Signature {
        "the signer's clock differs from AWS's by minutes"
        "compare `date -u` on the node with the `Date` of AWS's answers (`curl -sI` of any AWS endpoint), and repair the node's time service (chronyd with 169.254.169.123 on EC2)" }
    "endpoint-unresolvable" EndpointUnresolvable Endpoint {
        "the endpoint's name does not resolve"
        "run `getent hosts ENDPOINT` in the pod, and compare the name with `aws rds describe-db-clusters --query 'DBClusters[].[Endpoint,ReaderEndpoint]'` or `aws opensearch describe-domain --domain-name DOMAIN --query DomainStatus.Endpoints`; if other names fail too, look at CoreDNS and at network policies for port 53" }
    "endpoint-unreachable" EndpointUnreachable Endpoint {
        "no TCP connection to the endpoint"
        "let the security group of the database or domain take its port (5432, 443) from the pods' security group or subnets, then check routes, peering and egress network policies: `nc -vz ENDPOINT PORT` in the pod" }
    "tls-refused-by-server" TlsRefusedByServer Endpoint {
        "the server does not offer TLS"
        "see what listens at the address: RDS and Aurora always offer TLS, so a tunnel, a pooler or another server answered; a token is never sent in clear text" }
    "tls-certificate-invalid" TlsCertificateInvalid Endpoint {
        "the server's certificate is not trusted, has expired or is for another name"
        "name the endpoint itself rather than a CNAME or an address, and give the CA with `--ca-file`: https://truststore.pki.rds.amazonaws.com/global/global-bundle.pem for RDS and Aurora; RDS Proxy and OpenSearch have public roots, which are built in" }
    "tls-handshake-failed" TlsHandshakeFailed Endpoint {
        "the TLS handshake with the server failed, and not because of its certificate"
        "see what listens at the address: RDS, Aurora and OpenSearch speak TLS 1.2 and 1.3, so a tunnel, a pooler or another server answered, or something on the way breaks connections off" }
    "clear-text-refused" ClearTextRefused Endpoint {
        "the server takes only TLS connections"
        "connect with `sslmode=verify-full`; when this follows a PAM failure, libpq's `sslmode=prefer` merely tried again without TLS, and the first error is the one that counts" }
    "endpoint-timeout" EndpointTimeout Endpoint {
        "the endpoint did not answer in time"
        "look for a security group or network ACL that drops packets, with `aws rds describe-events --source-type db-cluster --duration 60` for a failover or a paused Serverless v2 cluster that resumes, and at the domain's health" }
    "endpoint-overloaded" EndpointOverloaded Endpoint {
        "the server accepts no more connections now"
        "lower the number of connections (`--max-connections`, the client's pool), or raise max_connections or the instance's size; keep below 200 new IAM logins a second" }
    "request-too-large" RequestTooLarge Endpoint {
        "the request is larger than the domain's instances take"
        "send smaller bulks: 10 MiB is the limit of small instances (t2, t3, *.large of most families), 100 MiB that of the others (\"Network quotas\" in the OpenSearch Service guide), and AWS does not raise it" }
    "endpoint-throttled" EndpointThrottled Endpoint {
        "the domain turns requests down because there are too many"
        "wait and send fewer at once; look at ThreadpoolWriteRejected, ThreadpoolSearchRejected and JVMMemoryPressure of the domain in CloudWatch, and scale it if that is its usual load" }
    "endpoint-failed" EndpointFailed Endpoint {
        "the domain broke the connection off or answered nonsense"
        "retry if the request may be repeated; look at the domain's health, at a running deployment (`aws opensearch describe-domain --domain-name DOMAIN --query DomainStatus.Processing`) and at what stands in between" }
    "iam-authentication-off" IamAuthenticationOff Endpoint {
        "IAM database authentication is not enabled on the cluster"
        "run `aws rds modify-db-cluster --db-cluster-identifier CLUSTER --enable-iam-database-authentication --apply-immediately`; for an instance outside of Aurora it is `modify-db-instance --db-instance-identifier INSTANCE`" }
    "cluster-unknown" ClusterUnknown Endpoint {
        "the account has no database cluster with this endpoint"
        "compare the endpoint with `aws rds describe-db-clusters --region REGION --query 'DBClusters[].[Endpoint,ReaderEndpoint]'`, in the account that owns the cluster" }
    "domain-unknown" DomainUnknown Endpoint {
        "the account has no OpenSearch domain with this endpoint"
        "compare the endpoint with `aws opensearch describe-domain --domain-name DOMAIN --query 'DomainStatus.[Endpoint,Endpoints]'`, in the account that owns the domain" }
    "not-available" NotAvailable Endpoint {
        "the cluster or domain is not available"
        "wait for it, or look why: `aws rds describe-db-clusters --query 'DBClusters[].[DBClusterIdentifier,Status]'`, `aws opensearch describe-domain --domain-name DOMAIN --query DomainStatus.Processing`" }
    "rds-iam-not-granted" RdsIamNotGranted Grant {
        "the database user is no member of rds_iam, so the server asks for a password"
        "run `GRANT rds_iam TO \"DB_USER\";` as the master user; if it is a member, see that the cluster has IAM authentication on: `aws rds modify-db-cluster --db-cluster-identifier CLUSTER --enable-iam-database-authentication --apply-immediately` (for an instance outside of Aurora `modify-db-instance --db-instance-identifier INSTANCE`)" }
    "role-not-found" RoleNotFound Grant {
        "the database user does not exist"
        "run `CREATE USER \"DB_USER\"; GRANT rds_iam TO \"DB_USER\";` as the master user; without the quotes PostgreSQL folds the name to lower case" }
    "database-access-denied" DatabaseAccessDenied Grant {
        "the login succeeded, but the user may not use the database"
        "run `GRANT CONNECT ON DATABASE \"DB\" TO \"DB_USER\";`, then grant USAGE on the schema and rights on its tables; IAM has no part in this" }
    "wrong-database" WrongDatabase Grant {
        "the database does not exist on this server"
        "list the databases with `psql -l` and correct the one in the client's settings (when it is absent, PostgreSQL takes the user's name), or run `CREATE DATABASE \"DB\";`" }
    "fgac-not-granted" FgacNotGranted Grant {
        "the domain's fine-grained access control grants the role no permission for this"
        "map the role's ARN, path included, as a backend role, as the master user: `PATCH _plugins/_security/api/rolesmapping/ROLE [{\"op\": \"add\", \"path\": \"/backend_roles/-\", \"value\": \"arn:aws:iam::ACCOUNT:role/PATH/NAME\"}]` (a `PUT` would replace whom it is mapped to already); if it is mapped, that security role lacks the action that the answer names" }
    "fine-grained-access-off" FineGrainedAccessOff Grant {
        "fine-grained access control is off: the domain's policy alone decides"
        "run `aws opensearch update-domain-config --domain-name DOMAIN --advanced-security-options Enabled=true,…`: it needs encryption at rest, node-to-node encryption and HTTPS; until then narrow the domain's access policy to the role" }
}
