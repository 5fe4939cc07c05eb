"""What the OpenSearch programs share: the server that the environment names, and lines that compare equal between runs.

OPENSEARCH_URL      base URL, http://localhost:9200 or https://NAME
OPENSEARCH_CA_FILE  certificate authorities for https
OPENSEARCH_HEADERS  JSON object: headers of every request
OPENSEARCH_PREFIX   beginning of every name that is made (interop)
OPENSEARCH_DIAL     HOST:PORT that is dialled whatever the URL's host is, which stays in Host, SNI and the signature

Output: one line a check, {"check": NAME, "result": VALUE} or {"check": NAME, "error": TEXT}; the exit code is 0.
"""

import json
import os
import re
import socket

URL = os.environ.get("OPENSEARCH_URL", "http://localhost:9200")
CA_FILE = os.environ.get("OPENSEARCH_CA_FILE")
HEADERS = json.loads(os.environ.get("OPENSEARCH_HEADERS", "{}"))
PREFIX = os.environ.get("OPENSEARCH_PREFIX", "interop")
if CA_FILE:
    os.environ["REQUESTS_CA_BUNDLE"] = CA_FILE  # requests prefers this variable to what the client asks of it

MASKED = {
    "took", "_seq_no", "_primary_term", "task", "_scroll_id", "scroll_id", "pit_id", "creation_time", "node", "uuid",
    "cluster_uuid", "index_uuid", "throttled_millis", "throttled_until_millis", "name", "creation_date",
}  # fmt: skip
PATTERNS = (
    (re.compile(r"/[\w-]{22}\]"), "/*]"),  # an index's uuid in an error text
    (re.compile(r"(127\.0\.0\.1|localhost):\d+"), "*"),
    (re.compile(r"0x[0-9a-f]+"), "*"),
)


def mask(value):
    if isinstance(value, dict):
        return {key: "*" if key in MASKED else mask(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [mask(each) for each in value]
    if isinstance(value, str):
        for pattern, replacement in PATTERNS:
            value = pattern.sub(replacement, value)
    return value


def line(check, **outcome):
    print(json.dumps({"check": check, **mask(outcome)}, ensure_ascii=False, sort_keys=True), flush=True)


def redirect():
    """Every name resolves to OPENSEARCH_DIAL, port included."""
    if dial := os.environ.get("OPENSEARCH_DIAL"):
        host, _, port = dial.rpartition(":")
        resolve = socket.getaddrinfo
        socket.getaddrinfo = lambda _name, _port, *more, **named: resolve(host, int(port), *more, **named)
