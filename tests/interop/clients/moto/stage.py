"""An AWS account as a third party plays it: a JSON line with what exists goes in, a JSON line with the names comes out.

The first line out is the server's URL. Each line in empties the account and sets it up anew, unless it is an object with
a command of the AWS CLI under `run`: then the command is run against the account.
"""

import io
import json
import logging
import re
import shlex
import sys
import threading
from urllib.parse import parse_qs

import boto3
import requests
from botocore import xform_name
from moto.iam.models import iam_backends
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from moto.opensearch.models import opensearch_backends
from moto.rds.models import rds_backends
from werkzeug.serving import make_server

ACCOUNT = "123456789012"
REGION = "eu-central-1"


PATHS = {"/2021-01-01/domain": "es:ListDomainNames", "/2021-01-01/opensearch/domain-info": "es:DescribeDomains"}


class Associations:
    """Pod Identity associations, which moto does not have: the operations in the EKS API reference.

    Botocore, which makes the calls that change them, checks the answers.
    """

    PATH = re.compile(r"/clusters/([^/]+)/pod-identity-associations(?:/([^/]+))?$")

    def __init__(self, app):
        self.app = app
        self.set({})

    def set(self, clusters):
        """The clusters by name, each with its associations."""
        self.clusters = {name: {} for name in clusters}
        self.made = 0
        for name, associations in clusters.items():
            for one in associations:
                self.create(name, one)

    def __call__(self, environ, start_response):
        path = self.PATH.match(environ["PATH_INFO"])
        if path is None:
            return self.app(environ, start_response)
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        given = json.loads(body) if body else {}
        given |= {key: values[0] for key, values in parse_qs(environ["QUERY_STRING"]).items()}
        try:
            status, answer = "200 OK", self.answer(environ["REQUEST_METHOD"], *path.groups(), given)
        except KeyError as error:
            status, answer = "404 Not Found", {"__type": "ResourceNotFoundException", "message": f"No {error} found."}
        text = json.dumps(answer)
        start_response(status, [("Content-Type", "application/json"), ("Content-Length", str(len(text)))])
        return [text.encode()]

    def answer(self, method, cluster, number, given):
        all_ = self.clusters[cluster]
        if number is None and method == "POST":
            return {"association": self.create(cluster, given)}
        if number is None:
            names = ("namespace", "serviceAccount")
            found = [one for one in all_.values() if all(one[name] == given.get(name, one[name]) for name in names)]
            return {"associations": [{key: one[key] for key in one if key != "roleArn"} for one in found]}
        if method == "DELETE":
            return {"association": all_.pop(number)}
        if method == "POST":
            all_[number]["roleArn"] = given["roleArn"]
        return {"association": all_[number]}

    def create(self, cluster, given):
        self.made += 1
        number = f"a-{self.made:017d}"
        arn = f"arn:aws:eks:{REGION}:{ACCOUNT}:podidentityassociation/{cluster}/{number}"
        one = {name: given[name] for name in ("namespace", "serviceAccount", "roleArn")}
        one |= {"clusterName": cluster, "associationId": number, "associationArn": arn}
        self.clusters[cluster][number] = one
        return one


class Refusing:
    """Calls that the credentials may not make, refused in AWS's words; moto would allow them."""

    def __init__(self, app):
        self.app = app
        self.denied = []

    def __call__(self, environ, start_response):
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        environ["wsgi.input"] = io.BytesIO(body)
        name = parse_qs(body.decode(errors="replace")).get("Action", [""])[0]
        of_path = PATHS.get(environ["PATH_INFO"])
        if Associations.PATH.match(environ["PATH_INFO"]):
            of_path = "eks:ListPodIdentityAssociations"
        denied = next((action for action in self.denied if action == of_path or action.split(":")[1] == name), None)
        if denied is None:
            return self.app(environ, start_response)
        text = (
            f"User: arn:aws:iam::123456789012:user/reader is not authorized to perform: {denied} because no "
            f"identity-based policy allows the {denied} action"
        )
        if of_path:
            answer = json.dumps({"Message": text})
        else:
            error = f"<Error><Type>Sender</Type><Code>AccessDenied</Code><Message>{text}</Message></Error>"
            answer = f"<ErrorResponse>{error}<RequestId>1</RequestId></ErrorResponse>"
        start_response("403 Forbidden", [("Content-Length", str(len(answer)))])
        return [answer.encode()]


def client(url, service):
    return boto3.client(
        service, endpoint_url=url, region_name=REGION, aws_access_key_id="stage", aws_secret_access_key="stage"
    )


def filled(value, names):
    """The names that only the account itself gives, put in place of CAPITALS in braces."""
    text = json.dumps(value)
    for name, given in names.items():
        text = text.replace("{" + name + "}", given)
    return json.loads(text)


def cluster(rds, given):
    managed = given.get("managed", False)
    password = {"ManageMasterUserPassword": True} if managed else {"MasterUserPassword": "not-used-here"}
    made = rds.create_db_cluster(
        DBClusterIdentifier=given["name"],
        Engine="aurora-postgresql",
        MasterUsername="admin_user",
        **password,
        EnableIAMDatabaseAuthentication=given["iam"],
    )["DBCluster"]
    rds.describe_db_clusters()
    if given["stopped"]:
        rds.stop_db_cluster(DBClusterIdentifier=given["name"])
    return {"RESOURCE_ID": made["DbClusterResourceId"], "CLUSTER": made["Endpoint"]}


def domain(es, given, names):
    options = {}
    if given["access_policy"] is not None:
        options["AccessPolicies"] = json.dumps(filled(given["access_policy"], names))
    made = es.create_domain(
        DomainName=given["name"],
        AdvancedSecurityOptions={"Enabled": given["fine_grained"]},
        DomainEndpointOptions={"EnforceHTTPS": given["https"]},
        **options,
    )["DomainStatus"]
    if given["deleted"]:
        # moto removes a domain at once, AWS shows it as deleted until it is gone.
        opensearch_backends[ACCOUNT][REGION].domains[given["name"]].delete()
    return {"DOMAIN": made["Endpoint"]}


def role(iam, given, names):
    document = lambda value: json.dumps(filled(value, names))
    boundary = {}
    if given["boundary"] is not None:
        made = iam.create_policy(PolicyName="boundary", PolicyDocument=document(given["boundary"]))
        boundary["PermissionsBoundary"] = made["Policy"]["Arn"]
    name = given["name"]
    iam.create_role(
        RoleName=name,
        Path=given["path"],
        AssumeRolePolicyDocument=document(given["trust"]),
        MaxSessionDuration=given["max_session"],
        **boundary,
    )
    for policy, text in given["inline"].items():
        iam.put_role_policy(RoleName=name, PolicyName=policy, PolicyDocument=document(text))
    for policy, text in given["attached"].items():
        made = iam.create_policy(PolicyName=policy, PolicyDocument=document(text))
        iam.attach_role_policy(RoleName=name, PolicyArn=made["Policy"]["Arn"])


def stage(url, given):
    names = {}
    iam = client(url, "iam")
    for provider in given["providers"]:
        iam.create_open_id_connect_provider(
            Url=provider["url"], ClientIDList=provider["client_ids"], ThumbprintList=["9e99a48a9960b14926bb7f3b02e22da2b0ab7280"]
        )
    if given["cluster"] is not None:
        names |= cluster(client(url, "rds"), given["cluster"])
    if given["domain"] is not None:
        names |= domain(client(url, "opensearch"), given["domain"], names)
    if given["role"] is not None:
        role(iam, given["role"], names)
    return names


def run(url, command):
    """Runs a command of the AWS CLI, whose names of operations and options are those of botocore's models."""
    program, service, operation, *rest = shlex.split(command)
    if program != "aws":
        raise ValueError(f"{program} is not the AWS CLI")
    api = client(url, service)
    operations = {xform_name(name, "-"): name for name in api.meta.service_model.operation_names}
    shape = api.meta.service_model.operation_model(operations[operation]).input_shape
    members = {xform_name(name, "-"): name for name in shape.members}
    flags = {f"no-{option}": name for option, name in members.items() if shape.members[name].type_name == "boolean"}
    arguments = {}
    while rest:
        option = rest.pop(0)
        if not option.startswith("--"):
            raise ValueError(f"{option} is not an option")
        values = []
        while rest and not rest[0].startswith("--"):
            values.append(rest.pop(0))
        if option == "--region":
            if values != [REGION]:
                raise ValueError(f"the account is in {REGION}, not in {values}")
            continue
        if option[2:] in flags:
            arguments[flags[option[2:]]] = False
            continue
        name = members[option[2:]]
        kind = shape.members[name].type_name
        if kind == "boolean":
            arguments[name] = True
        elif kind == "list":
            arguments[name] = values
        else:
            (value,) = values
            arguments[name] = int(value) if kind == "integer" else value
    if operation == "add-client-id-to-open-id-connect-provider":
        # moto has no such operation.
        providers = iam_backends[ACCOUNT]["aws"].open_id_providers
        providers[arguments["OpenIDConnectProviderArn"]].client_id_list.append(arguments["ClientID"])
        return
    getattr(api, xform_name(operations[operation]))(**arguments)
    if "EnableIAMDatabaseAuthentication" in arguments:
        # moto reads it when a cluster is created, and at no other time.
        cluster = rds_backends[ACCOUNT][REGION].clusters[arguments["DBClusterIdentifier"]]
        cluster.iam_auth = arguments["EnableIAMDatabaseAuthentication"]


def main():
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    associations = Associations(DomainDispatcherApplication(create_backend_app))
    app = Refusing(associations)
    server = make_server("127.0.0.1", 0, app, threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}"
    print(json.dumps({"url": url}), flush=True)
    for line in sys.stdin:
        app.denied = []
        try:
            given = json.loads(line)
            if "run" in given:
                run(url, given["run"])
                print(json.dumps("ran"), flush=True)
                continue
            requests.post(f"{url}/moto-api/reset", timeout=10).raise_for_status()
            associations.set(given["associations"])
            said = {"names": stage(url, given)}
            app.denied = given["denied"]
        except Exception as error:  # Whatever it is, the test is to show it.
            said = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(said), flush=True)


main()
