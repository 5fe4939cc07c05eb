#!/usr/bin/env python3
"""Writes schemas/VERSION.json: the arguments and attributes of the AWS provider's types that the tests use.

Source: the npm packages with the provider's types for the Cloud Development Kit for Terraform (MPL-2.0). Only names,
types and whether a value is required, optional or computed are read.

    npm pack @cdktf/provider-aws@16.0.4     # provider 5.9.0; 19.65.1: 5.99.1; @cdktn/provider-aws@25.7.0: 6.66.0
    tar -xzf cdktf-provider-aws-16.0.4.tgz && python3 schema.py package schemas

An attribute is a text: `required`, `optional` and `computed`, and its type. A member with `body` is a nested block or, if
it has `flags`, an attribute whose value is a collection of objects. `max` is the maximum number of blocks."""
import base64
import json
import pathlib
import re
import sys

RESOURCES = """cloudwatch_log_group cloudwatch_log_resource_policy db_instance db_subnet_group eks_addon
eks_pod_identity_association iam_openid_connect_provider iam_policy iam_role iam_role_policy
iam_role_policy_attachment iam_service_linked_role launch_template opensearch_domain opensearch_domain_policy
rds_cluster rds_cluster_instance rds_cluster_parameter_group security_group security_group_rule
vpc_security_group_egress_rule vpc_security_group_ingress_rule"""
DATA = """caller_identity db_instance eks_cluster iam_openid_connect_provider iam_policy iam_role
opensearch_domain partition rds_cluster region security_group subnet vpc"""

CLASS = re.compile(r"^(?:export )?class (\w+) extends cdkt[fn]\.(\w+) \{\n(.*?)^\}", re.S | re.M)
MEMBER = re.compile(
    r"^ +// (\w+) - computed: (\w+), optional: (\w+), required: (\w+)\n(.*?)(?=^ +// \w+ - computed: |\Z)",
    re.S | re.M,
)
GETTER = re.compile(r"""(Fn\.tolist\()?this\.get(\w*)Attribute\(['"](\w+)['"]\)""")
NESTED = re.compile(r"""new (?:cdkt[fn]\.)?(\w+)\(this, ['"](\w+)['"](?:, (true|false))?\)""")
TYPES = {"String": "string", "Number": "number", "Boolean": "bool", "Any": "string"}


def simple(kind, is_set):
    """Returns the type that a getter such as `getStringMapAttribute` returns."""
    if kind == "List":
        return "set(string)" if is_set else "list(string)"
    for suffix, collection in (("List", "set" if is_set else "list"), ("Map", "map")):
        if kind.endswith(suffix):
            return f"{collection}({TYPES[kind.removesuffix(suffix)]})"
    return TYPES[kind]


def body(name, classes):
    members = {}
    for key, computed, optional, required, code in MEMBER.findall(classes[name][1]):
        flags = [flag for flag, is_on in (("required", required), ("optional", optional), ("computed", computed))
                 if is_on == "true"]
        getter = next((match for match in GETTER.finditer(code) if match[3] == key), None)
        nested = next((match for match in NESTED.finditer(code) if match[2] == key), None)
        if nested and nested[1].endswith("Map") and nested[1] not in classes:
            members[key] = " ".join([*flags, f"map({TYPES[nested[1].removesuffix('Map')]})"])
        elif nested:
            members[key] = structure(key, flags, nested[1], nested[3] == "true", classes)
        elif getter:
            members[key] = " ".join([*flags, simple(getter[2], getter[1] is not None)])
        else:
            sys.exit(f"{name}.{key}: unknown form")
    return dict(sorted(members.items()))


def structure(key, flags, name, is_set, classes):
    is_single = name.endswith("OutputReference")
    inner = name if is_single else name.removesuffix("List") + "OutputReference"
    nested = {"kind": "single" if key == "timeouts" else "set" if is_set else "list"}
    if "computed" in flags:
        nested["flags"] = " ".join(flags)
    else:
        if "required" in flags:
            nested["min"] = 1
        if is_single and key != "timeouts":
            nested["max"] = 1
    nested["body"] = body(inner, classes)
    return nested


def source(file):
    """Returns the TypeScript in the source map if there is one: older packages lack the comments in JavaScript."""
    text = file.read_text()
    source_map = re.search(r"sourceMappingURL=data:application/json;base64,(\S+)", text)
    return json.loads(base64.b64decode(source_map[1]))["sourcesContent"][0] if source_map else text


def read(package, folder):
    text = source(package / "lib" / folder / "index.js")
    classes = {name: (base, code) for name, base, code in CLASS.findall(text)}
    bases = ("TerraformResource", "TerraformDataSource")
    return body(next(name for name, (base, _) in classes.items() if base in bases), classes)


def all_of(package, prefix, names):
    found = {}
    for name in sorted(names.split()):
        folder = prefix + name.replace("_", "-")
        if (package / "lib" / folder).is_dir():
            found[f"aws_{name}"] = read(package, folder)
    return found


def main():
    package, into = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    description = json.loads((package / "package.json").read_text())
    version = (description.get("cdktn") or description["cdktf"])["provider"]["version"]
    schema = {"resources": all_of(package, "", RESOURCES), "data": all_of(package, "data-aws-", DATA)}
    (into / f"{version}.json").write_text(json.dumps(schema, indent=1) + "\n")


main()
