"""Load from opensearch-py, for `cargo xtask bench opensearch`: WAY OPERATION CLIENTS SECONDS.

WAY        unsigned, irsa (nothing signed by the client), self-signing (opensearch-py's own signer for urllib3)
OPERATION  search (a small one), bulk (1 MiB)

See opensearch_report.py for the server's variables. Output: one JSON line of requests, seconds and percentiles.
"""

import json
import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import botocore.session
import opensearchpy
from opensearch_report import CA_FILE, URL, redirect

MIB = 1024 * 1024
RECORD = json.dumps({"index": {"_index": "orders"}}) + "\n" + json.dumps({"text": "x" * 1000}) + "\n"
BULK = RECORD * (MIB // len(RECORD))
OPERATIONS = {
    "search": ("GET", "/orders/_search", {"size": 1}, '{"query":{"match_all":{}}}'),
    "bulk": ("POST", "/_bulk", {}, BULK),
}


def client(way, clients):
    options = {"connection_class": opensearchpy.Urllib3HttpConnection, "pool_maxsize": clients, "max_retries": 0}
    if way == "self-signing":
        credentials = botocore.session.get_session().get_credentials().get_frozen_credentials()
        options["http_auth"] = opensearchpy.Urllib3AWSV4SignerAuth(credentials, os.environ["AWS_REGION"], "es")
    return opensearchpy.OpenSearch(URL, ca_certs=CA_FILE, timeout=60, **options)


def work(transport, operation, until, times):
    method, path, params, body = OPERATIONS[operation]
    while (begun := time.perf_counter()) < until:
        transport.perform_request(method, path, params=dict(params), body=body)
        times.append(time.perf_counter() - begun)


def main(way, operation, clients, seconds):
    redirect()
    clients, seconds = int(clients), float(seconds)
    transport = client(way, clients).transport
    work(transport, operation, time.perf_counter() + 0.2, [])
    begun = time.perf_counter()
    times = [[] for _ in range(clients)]
    with ThreadPoolExecutor(clients) as threads:
        working = [threads.submit(work, transport, operation, begun + seconds, mine) for mine in times]
        for each in working:
            each.result()
    took = time.perf_counter() - begun
    sorted_times = sorted(each for mine in times for each in mine)
    at = lambda share: sorted_times[int(share * (len(sorted_times) - 1))] * 1000
    print(json.dumps({"requests": len(sorted_times), "seconds": took, "p50_ms": at(0.5), "p99_ms": at(0.99)}))


main(*sys.argv[1:])
