"""Signed requests, the incumbents' own way: opensearch-py's signers over `urllib3` (the default), `requests` or
`aiohttp`, or `botocore` alone over urllib3, by an argument; see opensearch_report.py for the server's variables.

AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN   what is signed with, found by botocore's default chain
AWS_REGION, OPENSEARCH_SERVICE                                the scope (service: es)
TAMPER=1                                                      one digit of each signature is changed: shows the refusals

With OPENSEARCH_URL=https://ENDPOINT and OPENSEARCH_DIAL=127.0.0.1:PORT, ENDPOINT is what is signed, what TLS asks for
and what the Host header says, without a port.
"""

import asyncio
import inspect
import json
import os
import sys
import urllib.parse

import botocore.session
import opensearchpy
import urllib3
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from opensearch_report import CA_FILE, HEADERS, PREFIX, URL, line, redirect

REGION = os.environ.get("AWS_REGION", "us-east-1")
SERVICE = os.environ.get("OPENSEARCH_SERVICE", "es")
INDEX = f"{PREFIX}-signed"


def tampering(sign):
    """The same signer, but for the last digit of the signature."""

    def signed(*arguments, **named):
        headers = sign(*arguments, **named)
        name = next(name for name in headers if name.lower() == "authorization")
        return {**headers, name: headers[name][:-1] + ("1" if headers[name][-1] == "0" else "0")}

    return signed if os.environ.get("TAMPER") else sign


class Botocore:
    """botocore's signature over urllib3's connections: nothing of OpenSearch's in between."""

    def __init__(self, credentials):
        self.pool = urllib3.PoolManager(ca_certs=CA_FILE, retries=False)
        self.signature = SigV4Auth(credentials, SERVICE, REGION)

    async def perform_request(self, method, target, body=None):
        data = json.dumps(body).encode() if body is not None else None
        headers = HEADERS | ({"content-type": "application/json"} if data else {})
        request = AWSRequest(method, URL + target, headers, data)
        request.headers["x-amz-content-sha256"] = self.signature.payload(request)
        answer = self.pool.request(method, URL + target, headers=tampering(self.sign)(request), body=data)
        is_json = answer.headers.get("content-type", "").startswith("application/json")
        saw = json.loads(answer.data) if is_json else answer.data.decode()
        if answer.status >= 300:
            raise opensearchpy.TransportError(answer.status, "", saw)
        return saw

    def sign(self, request):
        self.signature.add_auth(request)
        return dict(request.headers.items())

    async def close(self):
        self.pool.clear()


TRANSPORTS = {
    "urllib3": (opensearchpy.Urllib3HttpConnection, opensearchpy.Urllib3AWSV4SignerAuth),
    "requests": (opensearchpy.RequestsHttpConnection, opensearchpy.RequestsAWSV4SignerAuth),
    "aiohttp": (opensearchpy.AsyncHttpConnection, opensearchpy.AWSV4SignerAsyncAuth),
}


class Client:
    """opensearch-py's own, whichever transport."""

    def __init__(self, transport, credentials):
        connection, signer = TRANSPORTS[transport]
        auth = signer(credentials, REGION, SERVICE)
        auth.signer.sign = tampering(auth.signer.sign)
        kind = opensearchpy.AsyncOpenSearch if transport == "aiohttp" else opensearchpy.OpenSearch
        options = {"headers": HEADERS, "timeout": 60, "max_retries": 0, "ca_certs": CA_FILE}
        self.inner = kind(URL, http_auth=auth, connection_class=connection, **options)

    async def perform_request(self, method, target, body=None):
        answer = self.inner.transport.perform_request(method, target, body=body)
        return await answer if inspect.isawaitable(answer) else answer

    async def close(self):
        closed = self.inner.close()
        if inspect.isawaitable(closed):
            await closed


async def outcome(pending):
    try:
        return ["ok", await pending]
    except opensearchpy.TransportError as error:
        return [error.status_code, error.info if isinstance(error.info, (dict, str)) else str(error.error)]


def checks(c, state):
    """Each is sent, whatever became of the one before."""
    ask = c.perform_request
    strange = urllib.parse.quote("a/b+c", safe="")
    found = f"/{INDEX}/_search?filter_path=hits.hits._id%2Chits.total&q="
    yield "info", ask("GET", "/")
    yield "index", ask("PUT", f"/{INDEX}/_doc/{strange}?refresh=true", {"n": 1, "body": "naïve ☃"})
    yield "get", ask("GET", f"/{INDEX}/_doc/{strange}")
    yield "raw-path", ask("GET", f"/{INDEX},{PREFIX}-sig*/_count")
    yield "query", ask("GET", found + "body%3Ana%C3%AFve")
    yield "query-with-space", ask("GET", found + "n%3A1%20OR%20n%3A2")
    yield "query-not-encoded", ask("GET", f"/{INDEX}/_search?filter_path=hits.hits._id,hits.total&q=n:1")
    yield "search", ask("POST", f"/{INDEX}/_search", {"query": {"match_all": {}}})
    yield "scroll", ask("POST", f"/{INDEX}/_search?scroll=60000ms", {"size": 1})
    ids = {"scroll_id": state.get("_scroll_id", "none")}
    yield "scroll-on", ask("POST", "/_search/scroll", {**ids, "scroll": "60s"})
    yield "clear-scroll", ask("DELETE", "/_search/scroll", ids)
    yield "special-id", ask("GET", f"/{INDEX}/_doc/me@home!*'()")
    yield "delete-index", ask("DELETE", f"/{INDEX}")


async def main(transport):
    credentials = botocore.session.get_session().get_credentials().get_frozen_credentials()
    c = Botocore(credentials) if transport == "botocore" else Client(transport, credentials)
    try:
        state = {}
        for name, pending in checks(c, state):
            try:
                saw = await outcome(pending)
                line(name, result=saw)
                state.update(saw[1] if isinstance(saw[1], dict) else {})
            except Exception as error:  # every check reports, whatever broke it
                line(name, error=f"{type(error).__name__}: {error}")
    finally:
        await c.close()


redirect()
asyncio.run(main(sys.argv[1] if len(sys.argv) > 1 else "urllib3"))
