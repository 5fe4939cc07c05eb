"""Who botocore's default chain ends up as: the provider that answered, and the caller that STS sees."""

import json

import botocore.session


def saw():
    session = botocore.session.get_session()
    credentials = session.get_credentials()
    if credentials is None:
        return ["none", "nobody"]
    caller = session.create_client("sts").get_caller_identity()
    return [credentials.method, caller["Arn"]]


line = {"check": "default-chain"}
try:
    line |= {"ok": True, "saw": saw()}
except Exception as error:  # what the chain refuses is what is to be seen
    line |= {"ok": False, "error": f"{type(error).__name__}: {error}"}
print(json.dumps(line))
