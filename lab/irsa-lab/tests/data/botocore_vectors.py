"""Makes `botocore_vectors.json`: requests and RDS tokens signed by botocore with fake credentials at a frozen time.

    python3 -m venv /somewhere && /somewhere/bin/pip install botocore
    /somewhere/bin/python botocore_vectors.py > botocore_vectors.json
"""

import datetime
import json

import botocore
import botocore.auth
import botocore.credentials
import botocore.session
from botocore.awsrequest import AWSRequest

FROZEN = datetime.datetime(2026, 11, 24, 21, 8, 0)
# `+`, `/` and `=` are what base64 has that URLs do not.
CREDENTIALS = botocore.credentials.Credentials(
    "ASIAIRSALABVECTORS00",
    "lab/secret+key/for+vectors/only000000000",
    "IQoJlab+session/token+" + "x0/Y1+" * 120 + "==",
)


CLUSTER = "aurora.cluster-c9akciq32rgw.eu-central-1.rds.amazonaws.com"
WITHOUT_TOKEN = botocore.credentials.Credentials(CREDENTIALS.access_key, CREDENTIALS.secret_key)


def freeze():
    botocore.auth.get_current_datetime = lambda remove_tzinfo=True: FROZEN


def header_signed(name, method, url, body="", headers=None, region="eu-central-1", service="sts"):
    request = AWSRequest(method=method, url=url, data=body, headers=headers or {})
    botocore.auth.SigV4Auth(CREDENTIALS, service, region).add_auth(request)
    prepared = request.prepare()
    sent = {key.lower(): value for key, value in prepared.headers.items()}
    sent["host"] = url.split("/")[2]
    path, _, query = ("/" + url.split("/", 3)[3]).partition("?")
    return {"name": name, "method": method, "path": path, "query": query, "headers": sent, "body": body,
            "region": region, "service": service}


def query_signed(name, url, region="eu-central-1", service="sts", headers=None):
    request = AWSRequest(method="GET", url=url, headers=headers or {})
    botocore.auth.SigV4QueryAuth(CREDENTIALS, service, region, expires=60).add_auth(request)
    sent = {key.lower(): value for key, value in request.headers.items()}
    sent["host"] = url.split("/")[2]
    path, _, query = ("/" + request.url.split("/", 3)[3]).partition("?")
    return {"name": name, "method": "GET", "path": path, "query": query, "headers": sent, "body": "",
            "region": region, "service": service}


def rds_token(name, host, port, user, region):
    session = botocore.session.Session()
    session._credentials = CREDENTIALS
    client = session.create_client("rds", region_name=region)
    token = client.generate_db_auth_token(DBHostname=host, Port=port, DBUsername=user, Region=region)
    return {"name": name, "host": host, "port": port, "user": user, "region": region, "token": token}


def odd_token(name, credentials=CREDENTIALS, service="rds-db", expires=900, action="connect"):
    """A token that `generate_db_auth_token` would not make."""
    host, port, user, region = CLUSTER, 5432, "keycloak", "eu-central-1"
    request = AWSRequest(method="GET", url=f"https://{host}:{port}/?Action={action}&DBUser={user}")
    botocore.auth.SigV4QueryAuth(credentials, service, region, expires=expires).add_auth(request)
    token = request.url.removeprefix("https://")
    return {"name": name, "host": host, "port": port, "user": user, "region": region, "token": token}


def main():
    freeze()
    form = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}
    document = {
        "made_by": f"botocore {botocore.__version__}",
        "signed_at": "20261124T210800Z",
        "access_key_id": CREDENTIALS.access_key,
        "secret_access_key": CREDENTIALS.secret_key,
        "session_token": CREDENTIALS.token,
        "requests": [
            header_signed("caller identity", "POST", "https://127.0.0.1:8443/",
                          "Action=GetCallerIdentity&Version=2011-06-15", form),
            header_signed("assume role", "POST", "https://sts.eu-central-1.amazonaws.com/",
                          "Action=AssumeRole&Version=2011-06-15&RoleArn=arn%3Aaws%3Aiam%3A%3A444455556666%3Arole%2Fpartner-role"
                          "&RoleSessionName=pod-1&ExternalId=camunda", form),
            header_signed("query with spaces, plus and accents", "GET",
                          "https://127.0.0.1:8443/?b=two%20words&a=%C3%A9%2B1&b=1&empty="),
            header_signed("header values with inner spaces", "POST", "https://127.0.0.1:8443/", "x",
                          {"X-Amz-Meta": "  a   b  "}),
            header_signed("path with encoded characters", "GET",
                          "https://search.example/index%2Ctwo/_doc/a%20b?q=x", service="es"),
            query_signed("caller identity in the query, as tokens for EKS are",
                         "https://sts.eu-central-1.amazonaws.com/?Action=GetCallerIdentity&Version=2011-06-15",
                         headers={"x-k8s-aws-id": "camunda"}),
            query_signed("search in the query", "https://search.example/index%2Ctwo/_search?q=a%20b&size=1", service="es"),
        ],
        "rds_tokens": [
            rds_token("writer", CLUSTER, 5432, "keycloak", "eu-central-1"),
            rds_token("odd user", CLUSTER, 5432, "it's a/user+é&DBUser=x", "eu-central-1"),
            rds_token("other port", CLUSTER, 6432, "keycloak", "eu-central-1"),
            rds_token("China", "aurora.cluster-c9akciq32rgw.rds.cn-north-1.amazonaws.com.cn", 5432, "keycloak", "cn-north-1"),
            odd_token("life of an hour", expires=3600),
            odd_token("life of a minute", expires=60),
            odd_token("another service", service="rds"),
            odd_token("another action", action="Connect"),
            odd_token("without session token", credentials=WITHOUT_TOKEN),
        ],
    }
    print(json.dumps(document, indent=2))


main()
