"""Signs HTTP requests as botocore does.

Each line of the input is a request as JSON, each line of the output what botocore makes of it. botocore signs the query
as it stands: its parameters must be encoded already, `+` and `=` in a value too. With --vectors COUNT the requests are
made up, the same ones each time, and each line of the output is a request with its authorization.
"""

import json
import random
import sys
from urllib.parse import quote

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

HOST = "search-orders-a1b2c3d4e5f6.eu-central-1.es.amazonaws.com"


def sign(request):
    """`headers` are signed as they stand, and none but those and the ones that carry the signature."""
    credentials = Credentials(*(request[part] for part in ("access_key_id", "secret_access_key", "session_token")))
    signer = SigV4Auth(credentials, request["service"], request["region"])
    url = f"https://{request['host']}{request['path_and_query']}"
    outgoing = AWSRequest(method=request["method"], url=url)
    outgoing.context["timestamp"] = request["x_amz_date"]
    headers = {
        "host": request["host"],
        "content-type": request["content_type"],
        "x-amz-content-sha256": request["x_amz_content_sha256"],
        "x-amz-date": request["x_amz_date"],
        "x-amz-security-token": request["session_token"],
    }
    for name, value in headers.items():
        if value is not None:
            outgoing.headers[name] = value
    canonical_request = signer.canonical_request(outgoing)
    string_to_sign = signer.string_to_sign(outgoing, canonical_request)
    signature = signer.signature(string_to_sign, outgoing)
    signed_headers = signer.signed_headers(signer.headers_to_sign(outgoing))
    return {
        "canonical_request": canonical_request,
        "string_to_sign": string_to_sign,
        "authorization": f"AWS4-HMAC-SHA256 Credential={signer.scope(outgoing)}, "
        f"SignedHeaders={signed_headers}, Signature={signature}",
    }


class Generator:
    """Makes requests up whose query is encoded as botocore expects it: it signs that as it stands."""

    TEXTS = ("", "a", "A0-_.~", "orders-*", "*,-.hidden", "a/b", "a b", "x+y", "k=v", "100%", "%41", "größe", "日本")
    TEXTS += ("!@:$'();&?#[]", "\x7f", "😀")
    METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE", "PATCH")
    TYPES = (None, "application/json", "application/x-ndjson; charset=UTF-8", "  application/json;   charset=utf-8 ")
    TIMES = ("20251124T160000Z", "20251231T235959Z", "20240229T000000Z", "19700101T000001Z")

    def __init__(self):
        self.random = random.Random("canonical form")

    def request(self):
        pick = self.random.choice
        payload = pick(("UNSIGNED-PAYLOAD", self.random.randbytes(32).hex(), self.random.randbytes(32).hex()))
        return {
            "method": pick(self.METHODS),
            "path_and_query": self.path() + self.query(),
            "host": pick((HOST, "127.0.0.1:9200", "orders.example.com:443")),
            "content_type": pick(self.TYPES),
            "x_amz_content_sha256": payload,
            "x_amz_date": pick(self.TIMES),
            "access_key_id": "ASIAIOSFODNN7EXAMPLE",
            "secret_access_key": pick(("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "hush")),
            "session_token": pick((None, "IQoJb3JpZ2luX2VjEXAMPLE//////////wEaDHh5eg+/==")),
            "region": pick(("eu-central-1", "us-gov-west-1")),
            "service": pick(("es", "aoss")),
        }

    def text(self):
        return "".join(self.random.choices(self.TEXTS, k=self.random.randrange(3)))

    def path(self):
        # What a segment leaves as it is differs from client to client.
        segments = [quote(self.text(), safe=self.random.choice(("", "*,", "!$&'()*+,;=:@"))) for _ in range(4)]
        segments = self.random.sample([*segments, ".", "..", "_search"], self.random.randrange(5))
        # A dot segment at the end leaves a slash by RFC 3986, but none by botocore.
        end = "/" if segments and segments[-1] in (".", "..") else ""
        return "/" + "/".join(segments) + end

    def query(self):
        def part():
            return quote(self.text(), safe="")

        pairs = [f"{part()}={part()}" for _ in range(self.random.randrange(5))]
        return "?" + "&".join(pairs) if pairs else self.random.choice(("", "?"))


def main():
    if sys.argv[1:2] == ["--vectors"]:
        generator = Generator()
        requests = [generator.request() for _ in range(int(sys.argv[2]))]
        lines = ({**request, "authorization": sign(request)["authorization"]} for request in requests)
    else:
        lines = (sign(json.loads(line)) for line in sys.stdin)
    for line in lines:
        print(json.dumps(line), flush=True)


main()
