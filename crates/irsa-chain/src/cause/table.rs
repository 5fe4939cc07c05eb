//! The table of causes, in the order of the chain. To add a cause, add a row.
//!
//! A row is id, variant, link, summary and remedy. The facts are from the AWS troubleshooting pages for IRSA, EKS Pod
//! Identity and IAM database authentication.

use super::Row;
use crate::Link;

causes! {
    "no-identity-given" NoIdentityGiven ServiceAccount {
        "the pod has neither an IRSA nor an EKS Pod Identity configuration"
        "run `kubectl annotate serviceaccount NAME -n NAMESPACE eks.amazonaws.com/role-arn=ROLE_ARN` (IRSA) or `aws eks create-pod-identity-association`, then delete the pod: restarting its containers is not enough; on a laptop, use `--identity profile`" }
    "half-an-identity" HalfAnIdentity ServiceAccount {
        "only one of the two variables that an identity needs is set"
        "remove the variable from `env` in the pod template and delete the pod, so that EKS sets both (it sets neither if one is already set), or set both yourself: AWS_ROLE_ARN and AWS_WEB_IDENTITY_TOKEN_FILE, or AWS_CONTAINER_CREDENTIALS_FULL_URI and AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE" }
    "service-account-missing" ServiceAccountMissing ServiceAccount {
        "the pod's service account does not exist in its namespace"
        "run `kubectl -n NAMESPACE get serviceaccounts` and correct `serviceAccountName` in the pod template, or create the account: `kubectl -n NAMESPACE create serviceaccount NAME`" }
    "service-account-default" ServiceAccountDefault ServiceAccount {
        "the pod runs as the service account `default`, which other pods may share"
        "set `serviceAccountName: NAME` in the pod template to the service account that has the annotation eks.amazonaws.com/role-arn" }
    "annotation-missing" AnnotationMissing ServiceAccount {
        "the service account has no annotation eks.amazonaws.com/role-arn"
        "run `kubectl -n NAMESPACE annotate serviceaccount NAME eks.amazonaws.com/role-arn=ROLE_ARN` and delete the pod" }
    "annotation-misspelled" AnnotationMisspelled ServiceAccount {
        "the service account's role annotation is misspelled"
        "rename the annotation to `eks.amazonaws.com/role-arn`, without spaces, and delete the pod" }
    "role-arn-malformed" RoleArnMalformed ServiceAccount {
        "the role ARN is malformed"
        "set the annotation eks.amazonaws.com/role-arn to the output of `aws iam get-role --role-name ROLE --query Role.Arn --output text`, and delete the pod" }
    "partition-mismatch" PartitionMismatch ServiceAccount {
        "the role's partition does not match the region"
        "in the annotation eks.amazonaws.com/role-arn, use `arn:aws-cn:` in China, `arn:aws-us-gov:` in GovCloud and `arn:aws:` elsewhere, and delete the pod" }
    "pod-not-mutated" PodNotMutated ServiceAccount {
        "the service account has a role, but the webhook did not inject it into the pod"
        "delete the pod so that it is created again: it may be older than the annotation; if the new pod has no role either, check that the webhook `pod-identity-webhook` runs and selects the pod" }
    "pod-skipped" PodSkipped ServiceAccount {
        "a label of the pod excludes it from identity injection"
        "remove the label eks.amazonaws.com/skip-pod-identity-webhook from the pod template: `kubectl -n NAMESPACE patch deployment NAME --type json -p '[{\"op\": \"remove\", \"path\": \"/spec/template/metadata/labels/eks.amazonaws.com~1skip-pod-identity-webhook\"}]'`" }
    "container-skipped" ContainerSkipped ServiceAccount {
        "a pod annotation excludes this container from identity injection"
        "remove the container's name from the annotation eks.amazonaws.com/skip-containers in the pod template, and recreate the pod" }
    "role-arn-differs" RoleArnDiffers ServiceAccount {
        "the pod's AWS_ROLE_ARN is not the role of its service account"
        "remove AWS_ROLE_ARN from `env` in the pod template (a Helm chart may set it), or correct the annotation eks.amazonaws.com/role-arn, and delete the pod" }
    "webhook-missing" WebhookMissing ServiceAccount {
        "the cluster has no pod identity webhook"
        "on EKS, contact AWS Support: the webhook is part of the control plane; elsewhere, install amazon-eks-pod-identity-webhook, or add the variables, the volume and the mount to the pod template yourself" }
    "webhook-certificate-wrong" WebhookCertificateWrong ServiceAccount {
        "the webhook's certificate is not signed by its caBundle"
        "restart the component that renews the certificate (cert-manager's cainjector, or the webhook's own pods), then compare `kubectl get mutatingwebhookconfiguration pod-identity-webhook -o jsonpath='{.webhooks[0].clientConfig.caBundle}'` with the certificate" }
    "webhook-locks-out" WebhookLocksOut ServiceAccount {
        "the webhook fails closed for all pods, including its own"
        "add an objectSelector or a namespaceSelector to the webhook that excludes kube-system and the webhook's own namespace, or set `failurePolicy: Ignore`" }
    "webhook-fails-open" WebhookFailsOpen ServiceAccount {
        "the webhook fails open: pods created while it is down have no identity"
        "alert on pods without AWS_ROLE_ARN, or set `failurePolicy: Fail` with an objectSelector that matches only the pods that need an identity" }
    "another-identity-given" AnotherIdentityGiven ServiceAccount {
        "the container also has other credentials, which AWS SDKs use first"
        "remove AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN and AWS_PROFILE from the container; if it has both IRSA and Pod Identity, keep one: EKS injects their variables, so remove the annotation eks.amazonaws.com/role-arn or delete the association (`aws eks delete-pod-identity-association`), then delete the pod" }
    "identity-not-as-specified" IdentityNotAsSpecified ServiceAccount {
        "the cluster gives the workload a different identity than irsa.yaml specifies"
        "compare `kubectl -n NAMESPACE get serviceaccount NAME -o yaml` and `aws eks list-pod-identity-associations --cluster-name CLUSTER --namespace NAMESPACE --service-account NAME` with `irsa show`; then correct irsa.yaml, or apply its files again: `irsa render kubernetes --out .` (service accounts, sidecars) and `irsa render terraform --out .` (associations)" }
    "region-missing" RegionMissing ServiceAccount {
        "no region is set, so the STS endpoint is unknown"
        "set AWS_REGION in the container (the EKS webhook sets it) or pass `--region REGION`; the region in a data store's host name is not used for STS" }
    "credentials-uri-not-allowed" CredentialsUriNotAllowed ServiceAccount {
        "AWS SDKs reject the host in AWS_CONTAINER_CREDENTIALS_FULL_URI"
        "remove AWS_CONTAINER_CREDENTIALS_FULL_URI from `env` in the pod template: EKS sets it to the Pod Identity agent, `http://169.254.170.23/v1/credentials`; any other host must be a loopback address or use https" }
    "token-file-missing" TokenFileMissing ProjectedToken {
        "the token file named in the environment does not exist"
        "check in `kubectl get pod POD -o yaml` that this container mounts the projected volume: the annotation eks.amazonaws.com/skip-containers may list the container, or another volume may be mounted over /var/run/secrets" }
    "token-file-unreadable" TokenFileUnreadable ProjectedToken {
        "this user has no permission to read the token file"
        "set `securityContext.fsGroup` of the pod (65534, for example), or run all containers of the pod as the same user" }
    "token-file-empty" TokenFileEmpty ProjectedToken {
        "the token file is empty"
        "delete the pod so that the kubelet writes a new token; if the new file is empty too, search the kubelet log on the node for `failed to fetch token`" }
    "token-malformed" TokenMalformed ProjectedToken {
        "the token file does not contain a JSON Web Token"
        "point AWS_WEB_IDENTITY_TOKEN_FILE (Pod Identity: AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE) at the projected file itself; it contains only the token: three parts joined by dots, without `Bearer`" }
    "token-expired" TokenExpired ProjectedToken {
        "the projected token has expired"
        "the kubelet renews the file after 80 % of the token's lifetime: search its log on the node for `failed to fetch token`, compare `date -u` on the node with the actual time, and make the application read the file again for each request to STS" }
    "token-audience-wrong" TokenAudienceWrong ProjectedToken {
        "the token's audience is not a client ID of the OIDC provider"
        "project the token with `audience: sts.amazonaws.com`: remove the annotation eks.amazonaws.com/audience from the service account and delete the pod; if the provider lacks sts.amazonaws.com, run `aws iam add-client-id-to-open-id-connect-provider --open-id-connect-provider-arn PROVIDER_ARN --client-id sts.amazonaws.com`; never add the API server's own audience" }
    "token-audience-missing" TokenAudienceMissing ProjectedToken {
        "the token has no audience: it is a legacy token from a Secret"
        "use a projected token (a `serviceAccountToken` volume with `audience: sts.amazonaws.com`) instead of the token in the Secret" }
    "token-volume-missing" TokenVolumeMissing ProjectedToken {
        "the container does not mount a projected token for AWS"
        "delete the pod so that the webhook adds `aws-iam-token`; if a Helm chart sets `volumes` itself, add a `serviceAccountToken` source with `audience: sts.amazonaws.com` and mount it at /var/run/secrets/eks.amazonaws.com/serviceaccount" }
    "token-not-yet-valid" TokenNotYetValid ProjectedToken {
        "the projected token is not valid yet: this node's clock is behind"
        "run `timedatectl` or `chronyc tracking` on the node, and synchronize its clock with 169.254.169.123" }
    "token-lifetime-refused" TokenLifetimeRefused ProjectedToken {
        "the requested token lifetime is out of range"
        "set `expirationSeconds` (annotation eks.amazonaws.com/token-expiration) to 600 to 86400 seconds; EKS shortens longer lifetimes to one day" }
    "token-of-another-account" TokenOfAnotherAccount ProjectedToken {
        "the token belongs to a different service account than the pod's"
        "check which volume the container mounts at AWS_WEB_IDENTITY_TOKEN_FILE; a token copied from another pod works only for that pod's role" }
    "issuer-unknown" IssuerUnknown OidcProvider {
        "the role's account has no OIDC provider for the token's issuer"
        "compare `aws iam list-open-id-connect-providers`, in the role's account, with the token's `iss` without https://: they must match byte for byte; to create the provider, run `eksctl utils associate-iam-oidc-provider --cluster CLUSTER --approve`" }
    "token-signature-invalid" TokenSignatureInvalid OidcProvider {
        "the token's signature cannot be verified with the issuer's keys"
        "delete the pod to get a token signed with a current key; if that fails too, the token is from a different cluster, or the cluster's signing key was replaced and is missing from the JWKS that the issuer publishes" }
    "verification-key-unavailable" VerificationKeyUnavailable OidcProvider {
        "AWS could not fetch the keys of the token's issuer"
        "retry, because AWS returns this for transient network errors too; if it persists, check from the internet that `curl ISSUER/.well-known/openid-configuration` and its jwks_uri respond over TLS and that the key set contains the token's `kid`" }
    "issuer-mismatch" IssuerMismatch OidcProvider {
        "the issuer's discovery document names a different issuer than the token"
        "make the API server's `--service-account-issuer` and the `issuer` in ISSUER/.well-known/openid-configuration identical, byte for byte: a trailing slash or a different case makes a different issuer" }
    "signing-key-missing" SigningKeyMissing OidcProvider {
        "the issuer's key set does not contain the key that signed the token"
        "publish the key with the `kid` in the token's header at the issuer's jwks_uri, and keep the older keys there until their tokens have expired; or delete the pod to get a token signed with a current key" }
    "thumbprint-mismatch" ThumbprintMismatch OidcProvider {
        "the OIDC provider's thumbprint does not match the issuer's CA certificate"
        "run `aws iam update-open-id-connect-provider-thumbprint --open-id-connect-provider-arn PROVIDER_ARN --thumbprint-list SHA1_OF_ROOT` with the thumbprint of the root CA certificate, not the server's; AWS ignores thumbprints for issuers whose CA it trusts" }
    "trust-denied" TrustDenied TrustPolicy {
        "the role's trust policy, an SCP or an RCP does not let the pod assume the role"
        "compare `aws iam get-role --role-name ROLE --query Role.AssumeRolePolicyDocument` with the token's claims (`cut -d. -f2 $AWS_WEB_IDENTITY_TOKEN_FILE | tr _- /+ | base64 -d`): Federated provider, `:sub`, `:aud`, Action `sts:AssumeRoleWithWebIdentity`; if they all match, check the organization's service and resource control policies (SCPs, RCPs); STS gives the same error if the role does not exist" }
    "trust-subject-mismatch" TrustSubjectMismatch TrustPolicy {
        "the trust policy names a different service account than the token's subject"
        "name this service account in the trust policy's condition: `\"StringEquals\": {\"ISSUER_WITHOUT_HTTPS:sub\": \"system:serviceaccount:NAMESPACE:NAME\"}`; use StringLike for a value with `*`" }
    "trust-audience-mismatch" TrustAudienceMismatch TrustPolicy {
        "the trust policy requires a different audience than the token's"
        "set the trust policy's condition to `\"StringEquals\": {\"ISSUER_WITHOUT_HTTPS:aud\": \"sts.amazonaws.com\"}`, or to the value of the service account's annotation eks.amazonaws.com/audience" }
    "trust-provider-mismatch" TrustProviderMismatch TrustPolicy {
        "the trust policy names a different OIDC provider than the cluster's"
        "set `\"Principal\": {\"Federated\": \"arn:aws:iam::ACCOUNT:oidc-provider/ISSUER_WITHOUT_HTTPS\"}` and start the condition keys with the same issuer, which `aws eks describe-cluster --name CLUSTER --query cluster.identity.oidc.issuer` prints" }
    "trust-action-mismatch" TrustActionMismatch TrustPolicy {
        "the trust policy does not allow the action that the pod's identity type needs"
        "for IRSA, set `\"Action\": \"sts:AssumeRoleWithWebIdentity\"` in the trust policy; for Pod Identity, allow `[\"sts:AssumeRole\", \"sts:TagSession\"]` to the service pods.eks.amazonaws.com" }
    "role-unknown" RoleUnknown TrustPolicy {
        "the role does not exist in the account that its ARN names"
        "compare the annotation eks.amazonaws.com/role-arn with `aws iam get-role --role-name ROLE --query Role.Arn`, including account and path, then correct it and delete the pod" }
    "trust-key-malformed" TrustKeyMalformed TrustPolicy {
        "the trust policy uses a condition key that this OIDC provider does not set"
        "write the keys as `ISSUER_WITHOUT_HTTPS:sub` and `ISSUER_WITHOUT_HTTPS:aud`: without https://, and not as the provider's ARN" }
    "trust-wildcard-literal" TrustWildcardLiteral TrustPolicy {
        "the trust policy uses StringEquals with `*`, which it matches literally"
        "replace StringEquals with StringLike in that condition, or give the full name of the service account" }
    "trust-principal-deleted" TrustPrincipalDeleted TrustPolicy {
        "the trust policy names a deleted principal"
        "replace the principal ID (AROA…), which stands for a deleted role, with the ARN of the role that replaced it, even if the ARN is the same as before" }
    "trust-too-broad" TrustTooBroad TrustPolicy {
        "the trust policy admits more than this service account"
        "add `\"StringEquals\": {\"ISSUER_WITHOUT_HTTPS:sub\": \"system:serviceaccount:NAMESPACE:NAME\"}` to the trust policy's condition" }
    "sts-unreachable" StsUnreachable StsSession {
        "STS is unreachable"
        "run `curl -v STS_URL` in the pod with the URL from the error; in a private VPC, create an interface endpoint for STS in this region with private DNS, and allow port 443 from the pods in its security group; with an HTTP proxy, check HTTPS_PROXY and NO_PROXY" }
    "sts-throttled" StsThrottled StsSession {
        "STS throttled the request"
        "wait: irsa retries with increasing delays; restart pods a few at a time, and share one session per pod instead of one per process" }
    "sts-internal-error" StsInternalError StsSession {
        "STS returned an internal error"
        "wait: irsa retries and uses the current session until it expires; if it persists, check the AWS Health Dashboard and use the STS endpoint of a different region (`--sts-endpoint`)" }
    "session-expired" SessionExpired StsSession {
        "the temporary credentials have expired"
        "find out why the last refresh failed in the log or on the status page, and fix that; an application with its own credentials must refresh them instead of reading them once at startup" }
    "session-name-invalid" SessionNameInvalid StsSession {
        "the session name is not valid for STS"
        "set AWS_ROLE_SESSION_NAME to 2 to 64 letters, digits or characters of `_+=,.@-`, or unset it" }
    "region-disabled" RegionDisabled StsSession {
        "STS is not active in this region for this account"
        "activate it in the IAM console under Account settings, Security Token Service (enable an opt-in region first: `aws account enable-region --region-name REGION`), or set AWS_REGION to an active region" }
    "duration-exceeds-maximum" DurationExceedsMaximum StsSession {
        "the requested session duration exceeds the role's maximum"
        "request a shorter session, or run `aws iam update-role --role-name ROLE --max-session-duration SECONDS` (3600 to 43200); with role chaining, a session lasts at most 3600 seconds" }
    "chained-role-denied" ChainedRoleDenied StsSession {
        "the first role is not allowed to assume the next role"
        "allow `sts:AssumeRole` on the next role's ARN in this role's policies, and this role's ARN as `\"Principal\": {\"AWS\": \"…\"}` in the next role's trust policy, with the same external ID; for sessions from Pod Identity, allow `sts:TagSession` in both places too" }
    "credentials-unknown" CredentialsUnknown StsSession {
        "AWS does not recognize the access key or its session token"
        "unset AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN if they are left over in the environment; in an opt-in region, use the regional STS endpoint (`AWS_STS_REGIONAL_ENDPOINTS=regional`)" }
    "imds-refused" ImdsRefused StsSession {
        "the instance metadata service returned no credentials"
        "give the pod its own role with IRSA or Pod Identity; to use the node's role on purpose, run `aws ec2 modify-instance-metadata-options --instance-id ID --http-put-response-hop-limit 2`" }
    "pod-identity-refused" PodIdentityRefused StsSession {
        "the EKS Pod Identity agent returned no credentials"
        "run `aws eks list-pod-identity-associations --cluster-name CLUSTER --namespace NAMESPACE --service-account NAME` and `kubectl -n kube-system get pods -l app.kubernetes.io/name=eks-pod-identity-agent -o wide`; the role must trust pods.eks.amazonaws.com for `sts:AssumeRole` and `sts:TagSession`" }
    "caller-differs" CallerDiffers StsSession {
        "STS GetCallerIdentity returned a different role than requested"
        "check which credentials the process uses: `irsa whoami`; the reason may be a role that was created again under a different path, or credentials left in the environment" }
    "node-role-reachable" NodeRoleReachable StsSession {
        "the pod can get credentials for the node's role, which an SDK may fall back to"
        "run `aws ec2 modify-instance-metadata-options --instance-id ID --http-put-response-hop-limit 1` for each node (`metadata_options` in the launch template), and set AWS_EC2_METADATA_DISABLED=true in the pod" }
    "connect-not-allowed" ConnectNotAllowed Permissions {
        "no policy of the role allows rds-db:connect"
        "attach `{\"Effect\": \"Allow\", \"Action\": \"rds-db:connect\", \"Resource\": \"arn:aws:rds-db:REGION:ACCOUNT:dbuser:RESOURCE_ID/DB_USER\"}` to the role (rds-db, not rds); if there is a permissions boundary or a service control policy, it must allow it too" }
    "connect-denied" ConnectDenied Permissions {
        "a policy explicitly denies rds-db:connect"
        "find the statement with `aws iam simulate-principal-policy --policy-source-arn ROLE_ARN --action-names rds-db:connect --resource-arns DB_USER_ARN` (MatchedStatements) and narrow or remove it: an explicit Deny overrides every Allow; check service control policies too" }
    "resource-id-mismatch" ResourceIdMismatch Permissions {
        "the policy names a different database, or this one by name instead of by ID"
        "in the policy's Resource, put after `dbuser:` what `aws rds describe-db-clusters --db-cluster-identifier CLUSTER --query 'DBClusters[].DbClusterResourceId'` prints (db-… for an RDS instance, prx-… for a proxy), and check its region and account" }
    "db-user-mismatch" DbUserMismatch Permissions {
        "the policy allows rds-db:connect for a different database user"
        "end the policy's Resource with the user that the client logs in as, `…:dbuser:RESOURCE_ID/DB_USER` (case-sensitive, as in PostgreSQL), or correct the user in the client's settings" }
    "es-http-not-allowed" EsHttpNotAllowed Permissions {
        "neither the role's policies nor the domain's access policy allow the HTTP method"
        "check that a policy of the role has a Resource that ends in `:domain/DOMAIN/*`: the domain's ARN without `/*` matches no request; if no policy names the domain, attach `{\"Effect\": \"Allow\", \"Action\": [\"es:ESHttpGet\", \"es:ESHttpHead\", \"es:ESHttpPost\", \"es:ESHttpPut\", \"es:ESHttpDelete\"], \"Resource\": \"arn:aws:es:REGION:ACCOUNT:domain/DOMAIN/*\"}` to the role; if the role is in a different account, the domain's access policy must allow it too" }
    "es-http-denied" EsHttpDenied Permissions {
        "a policy explicitly denies the HTTP method on the domain"
        "find the Deny in the role's policies, in `aws opensearch describe-domain --domain-name DOMAIN --query DomainStatus.AccessPolicies` or in a service control policy, and narrow or remove it: an explicit Deny overrides every Allow" }
    "domain-resource-mismatch" DomainResourceMismatch Permissions {
        "the policy names a different domain, or this one without the trailing `/*`"
        "end the policy's Resource with `:domain/DOMAIN/*`: the domain's ARN alone covers its configuration, not its indices; DOMAIN is the name, not the endpoint (`aws opensearch list-domain-names`)" }
    "boundary-not-allowing" BoundaryNotAllowing Permissions {
        "the role's permissions boundary does not allow the request"
        "allow the action and resource in the policy that `aws iam get-role --role-name ROLE --query Role.PermissionsBoundary` prints: a boundary limits what the role's other policies allow" }
    "condition-never-met" ConditionNeverMet Permissions {
        "the statement that would allow the request has a condition that is never met"
        "remove the condition: IAM database authentication does not set aws:SourceIp, aws:SourceVpc, aws:SourceVpce, aws:VpcSourceIp, aws:UserAgent or aws:Referer" }
    "iam-login-refused" IamLoginRefused Permissions {
        "the server rejected the IAM token; PostgreSQL does not say why"
        "check, in order: 1. a policy of the role allows `rds-db:connect` on this resource ID and user, and so does its permissions boundary; 2. IAM authentication is enabled: `aws rds describe-db-clusters --region REGION --query 'DBClusters[].[DBClusterIdentifier,IAMDatabaseAuthenticationEnabled]'`; 3. the token is signed for this endpoint, port, user and region; the CloudWatch log export `iam-db-auth-error` has the reason" }
    "signature-mismatch" SignatureMismatch Signature {
        "the signature does not match the one that AWS calculates"
        "sign with the access key, secret key and session token of the same session, and check that nothing between the signer and AWS decodes, re-encodes, truncates or rewrites the token or request" }
    "signed-for-another-host" SignedForAnotherHost Signature {
        "the token is signed for a different host or port than the endpoint's"
        "sign for the endpoint's own host and port, not for a CNAME, a tunnel or 127.0.0.1: configure the upstream as `postgres://ENDPOINT:5432?dial=HOST:PORT`, or add `sign-host=ENDPOINT` to it" }
    "signed-for-another-region" SignedForAnotherRegion Signature {
        "the signature is scoped to a different region than the endpoint's"
        "use the region in the endpoint's name; if the name contains no region (the writer of a global database, a custom domain), add `region=REGION` to the upstream" }
    "signed-for-another-user" SignedForAnotherUser Signature {
        "the token is signed for a different database user than the one that logs in"
        "sign for exactly the user that the client sends, in the same case: `aws rds generate-db-auth-token` takes it as `--username`; the proxy reads it from the client's startup message" }
    "rds-token-expired" RdsTokenExpired Signature {
        "the RDS token is older than 15 minutes, or the session that signed it has expired"
        "sign a new token for each login, as the proxy and `irsa token` do, instead of keeping one in a file or pool; then compare `date -u` on the node with the actual time" }
    "rds-token-malformed" RdsTokenMalformed Signature {
        "the password is not an RDS token"
        "send the token as the password, complete and unchanged: `HOST:PORT/?Action=connect&DBUser=…&X-Amz-Signature=…` without https://; it is 1 to 2 kB long, and some drivers and poolers truncate passwords" }
    "rds-token-lifetime-too-long" RdsTokenLifetimeTooLong Signature {
        "the token's lifetime exceeds 15 minutes"
        "sign with `X-Amz-Expires=900`: RDS rejects longer lifetimes even if the signature is valid" }
    "request-unsigned" RequestUnsigned Signature {
        "the request is not signed, so AWS treats the caller as anonymous"
        "send the request through `irsa proxy`, which signs it, or enable AWS signing in the client; a domain that uses IAM ignores a user name and password" }
    "authorization-malformed" AuthorizationMalformed Signature {
        "the Authorization header is not a SigV4 signature"
        "remove user, password, token and API key from the client's settings: `Basic` and `Bearer` cannot be combined with a signature; `irsa proxy` removes them" }
    "signed-for-another-service" SignedForAnotherService Signature {
        "the signature is scoped to a different service than the endpoint's"
        "sign for `es` for a domain and for `aoss` for an OpenSearch Serverless collection; with a custom host name, add `service=es` or `service=aoss` to the upstream" }
    "payload-hash-unsigned" PayloadHashUnsigned Signature {
        "the signed header with the body's hash, required by OpenSearch Serverless, is missing"
        "send the header `x-amz-content-sha256` and include it in SignedHeaders, as `irsa proxy` does; older releases of OpenSearch's own signers omit it" }
    "clock-skew" ClockSkew Signature {
        "the signer's clock differs from AWS's by several minutes"
        "compare `date -u` on the node with the `Date` header of a response from AWS (`curl -sI` to any AWS endpoint), and fix time synchronization on the node (on EC2: chronyd with 169.254.169.123)" }
    "endpoint-unresolvable" EndpointUnresolvable Endpoint {
        "the endpoint's host name does not resolve"
        "run `getent hosts ENDPOINT` in the pod, and compare the name with `aws rds describe-db-clusters --query 'DBClusters[].[Endpoint,ReaderEndpoint]'` or `aws opensearch describe-domain --domain-name DOMAIN --query DomainStatus.Endpoints`; if other names do not resolve either, check CoreDNS and network policies for port 53" }
    "endpoint-unreachable" EndpointUnreachable Endpoint {
        "the TCP connection to the endpoint failed"
        "run `nc -vz ENDPOINT PORT` in the pod; allow the port (5432 or 443) from the pods' security group or subnets in the security group of the database or domain, then check routes, peering and egress network policies" }
    "http-proxy-failed" HttpProxyFailed Endpoint {
        "the HTTP proxy did not open a connection to the data store"
        "run `curl -v -x http://PROXY:PORT https://ENDPOINT:PORT` in the pod; let the proxy allow CONNECT to the endpoint's host and port (many allow only 443), give it the user and password that it asks for in HTTPS_PROXY with `http-proxy=env`, or remove `http-proxy` from the upstream to connect directly" }
    "tls-refused-by-server" TlsRefusedByServer Endpoint {
        "the server does not offer TLS"
        "check what listens at this address: RDS and Aurora always offer TLS, so a tunnel, a pooler or a different server responded; irsa never sends a token without TLS" }
    "tls-certificate-invalid" TlsCertificateInvalid Endpoint {
        "the server's certificate is not trusted, has expired or is for a different name"
        "use the endpoint's own name instead of a CNAME or an IP address, and pass the CA with `--ca-file`: https://truststore.pki.rds.amazonaws.com/global/global-bundle.pem for RDS and Aurora; RDS Proxy and OpenSearch use public CAs, which are built in" }
    "tls-handshake-failed" TlsHandshakeFailed Endpoint {
        "the TLS handshake failed, but not because of the server's certificate"
        "check what listens at this address: RDS, Aurora and OpenSearch use TLS 1.2 and 1.3, so a tunnel, a pooler or a different server responded, or a device on the path closes connections" }
    "clear-text-refused" ClearTextRefused Endpoint {
        "the server accepts only TLS connections"
        "connect with `sslmode=verify-full`; if a PAM failure precedes this error, fix that one: with `sslmode=prefer`, libpq only retried without TLS" }
    "endpoint-timeout" EndpointTimeout Endpoint {
        "the endpoint did not respond in time"
        "check for a security group or network ACL that drops packets, for a failover or a paused Serverless v2 cluster that is resuming (`aws rds describe-events --source-type db-cluster --duration 60`), and the domain's health" }
    "endpoint-overloaded" EndpointOverloaded Endpoint {
        "the server has reached its connection limit"
        "use fewer connections (`--max-connections`, the client's pool), or raise max_connections or the instance size; stay below 200 new IAM logins per second" }
    "request-too-large" RequestTooLarge Endpoint {
        "the request exceeds the size limit of the domain's instances"
        "send smaller bulk requests: the limit is 10 MiB for small instances (t2, t3, *.large of most families) and 100 MiB for others (\"Network quotas\" in the OpenSearch Service guide), and AWS does not raise it" }
    "endpoint-throttled" EndpointThrottled Endpoint {
        "the domain rejects requests because it receives too many"
        "wait, then send fewer requests in parallel; check ThreadpoolWriteRejected, ThreadpoolSearchRejected and JVMMemoryPressure of the domain in CloudWatch, and scale it if this is its usual load" }
    "endpoint-failed" EndpointFailed Endpoint {
        "the domain closed the connection or sent an invalid response"
        "retry if the request is safe to repeat; check the domain's health, whether a deployment is in progress (`aws opensearch describe-domain --domain-name DOMAIN --query DomainStatus.Processing`), and any proxies in between" }
    "iam-authentication-off" IamAuthenticationOff Endpoint {
        "IAM database authentication is not enabled on the cluster"
        "run `aws rds modify-db-cluster --db-cluster-identifier CLUSTER --enable-iam-database-authentication --apply-immediately`; for an instance outside Aurora, use `modify-db-instance --db-instance-identifier INSTANCE`" }
    "cluster-unknown" ClusterUnknown Endpoint {
        "the account has no database cluster with this endpoint"
        "compare the endpoint with `aws rds describe-db-clusters --region REGION --query 'DBClusters[].[Endpoint,ReaderEndpoint]'`, in the account that owns the cluster" }
    "domain-unknown" DomainUnknown Endpoint {
        "the account has no OpenSearch domain with this endpoint"
        "compare the endpoint with `aws opensearch describe-domain --domain-name DOMAIN --query 'DomainStatus.[Endpoint,Endpoints]'`, in the account that owns the domain" }
    "not-available" NotAvailable Endpoint {
        "the cluster or domain is not available"
        "check its state and wait until it is available: `aws rds describe-db-clusters --query 'DBClusters[].[DBClusterIdentifier,Status]'`, `aws opensearch describe-domain --domain-name DOMAIN --query DomainStatus.Processing`" }
    "rds-iam-not-granted" RdsIamNotGranted Grant {
        "the database user is not a member of rds_iam, so the server asks for a password"
        "run `GRANT rds_iam TO \"DB_USER\";` as the master user; if the user is a member, check that IAM authentication is enabled on the cluster: `aws rds modify-db-cluster --db-cluster-identifier CLUSTER --enable-iam-database-authentication --apply-immediately` (for an instance outside Aurora, `modify-db-instance --db-instance-identifier INSTANCE`)" }
    "role-not-found" RoleNotFound Grant {
        "the database user does not exist"
        "run `CREATE USER \"DB_USER\"; GRANT rds_iam TO \"DB_USER\";` as the master user; without the quotes, PostgreSQL folds the name to lower case" }
    "database-access-denied" DatabaseAccessDenied Grant {
        "the login succeeded, but the user has no access to the database"
        "run `GRANT CONNECT ON DATABASE \"DB\" TO \"DB_USER\";`, then grant USAGE on the schema and privileges on its tables; IAM is not involved in this" }
    "wrong-database" WrongDatabase Grant {
        "the database does not exist on this server"
        "list the databases with `psql -l` and correct the name in the client's settings (without one, PostgreSQL uses the user's name), or run `CREATE DATABASE \"DB\";`" }
    "fgac-not-granted" FgacNotGranted Grant {
        "the domain's fine-grained access control denies the role this request"
        "as the master user, map the role's ARN, including its path, as a backend role: `PATCH _plugins/_security/api/rolesmapping/ROLE [{\"op\": \"add\", \"path\": \"/backend_roles/-\", \"value\": \"arn:aws:iam::ACCOUNT:role/PATH/NAME\"}]` (a `PUT` would replace the existing mapping); if it is mapped, that security role lacks the permission that the response names" }
    "fine-grained-access-off" FineGrainedAccessOff Grant {
        "fine-grained access control is off: only the domain's access policy applies"
        "run `aws opensearch update-domain-config --domain-name DOMAIN --advanced-security-options Enabled=true,…`, which requires encryption at rest, node-to-node encryption and HTTPS; until then, restrict the domain's access policy to the role" }
}
