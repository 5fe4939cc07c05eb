"""opensearch-py over `urllib3` (the default), `requests` or `aiohttp`, by an argument; see opensearch_report.py."""

import asyncio
import hashlib
import sys

import opensearchpy
from opensearch_report import CA_FILE, HEADERS, PREFIX, URL, line, redirect

IDS = ("a/b", "100%", "a+b", "me@home", "wow!", "k:v", "two words", "naïve ☃", "a%2Fb", "x=1&y?#;,*", "~'()[]")
ONE, TWO = f"{PREFIX}-one", f"{PREFIX}-two"
NUMBERS = {"settings": {"number_of_shards": 1, "number_of_replicas": 0}}
MAPPINGS = {"properties": {"n": {"type": "integer"}, "tag": {"type": "keyword"}, "body": {"type": "text"}}}
CHECKS = []


def check(function):
    CHECKS.append(function)
    return function


class Awaitable:
    """A client that answers at once, called as the asynchronous one is."""

    def __init__(self, inner):
        self.inner = inner

    def __getattr__(self, name):
        attribute = getattr(self.inner, name)
        if not callable(attribute) or hasattr(attribute, "transport"):
            return Awaitable(attribute)

        async def call(*arguments, **options):
            return attribute(*arguments, **options)

        return call


def connect(transport, **more):
    options = {"headers": HEADERS, "timeout": 60, "max_retries": 0, **more}
    if CA_FILE:
        options["ca_certs"] = CA_FILE
    if transport == "aiohttp":
        return opensearchpy.AsyncOpenSearch(URL, **options)
    connections = {"urllib3": opensearchpy.Urllib3HttpConnection, "requests": opensearchpy.RequestsHttpConnection}
    return Awaitable(opensearchpy.OpenSearch(URL, connection_class=connections[transport], **options))


async def refusal(pending):
    try:
        return ["no error", await pending]
    except opensearchpy.TransportError as error:
        return [type(error).__name__, error.status_code, error.info]


async def raw(c, method, target, body=None, headers=None):
    return await c.transport.perform_request(method, target, body=body, headers=headers)


def hits(answer):
    return [hit["_id"] for hit in answer["hits"]["hits"]]


@check
async def start_clean(c):
    return await c.indices.delete(index=f"{PREFIX}-*", ignore_unavailable=True)


@check
async def info(c):
    version = (await c.info())["version"]
    return [await c.ping(), version["distribution"], version["number"]]


@check
async def cluster_health(c):
    health = await c.cluster.health(wait_for_status="yellow")
    return [health["timed_out"], health["number_of_nodes"]]


@check
async def create_index(c):
    bodies = [NUMBERS | {"mappings": MAPPINGS}, NUMBERS]
    made = [await c.indices.create(index=name, body=body) for name, body in zip((ONE, TWO), bodies)]
    return [*made, await c.indices.exists(index=ONE), await c.indices.exists(index=f"{PREFIX}-none")]


@check
async def documents(c):
    saw = []
    for number, name in enumerate(IDS):
        await c.index(index=ONE, id=name, body={"n": number, "tag": "id"}, params={"routing": "r/1"})
        await c.update(index=ONE, id=name, body={"doc": {"body": name}}, params={"routing": "r/1"})
        found = await c.get(index=ONE, id=name, params={"routing": "r/1"})
        there = await c.exists(index=ONE, id=name, params={"routing": "r/1"})
        gone = await c.delete(index=ONE, id=name, params={"routing": "r/1"})
        saw.append([found, there, gone["result"], await c.exists(index=ONE, id=name)])
    return saw


@check
async def dot_segments(c):
    """What the library makes of an id that a path swallows: its own affair, but the same on every route."""
    saw = [await refusal(c.index(index=ONE, id=name, body={"n": 0})) for name in (".", "..", "a/../b")]
    left = [f"/{ONE}/_doc/{name}" for name in ("%2E", "%2E%2E", "a%2F..%2Fb")]
    return [saw, [(await refusal(raw(c, "DELETE", each)))[1:3] for each in left]]


@check
async def bulk(c):
    lines = []
    for number in range(10):
        lines += [{"index": {"_index": (ONE, TWO)[number % 2], "_id": f"{number}/☃", "routing": f"{number % 3}"}}]
        lines += [{"n": number, "tag": "a+b=c", "body": f"text {number}"}]
    answer = await c.bulk(body=lines + [{"delete": {"_index": ONE, "_id": "none"}}], refresh=True)
    return [answer["errors"], [[item["_id"], item["status"]] for each in answer["items"] for item in each.values()]]


@check
async def refresh(c):
    return await c.indices.refresh(index=ONE)


@check
async def search(c):
    body = {"query": {"range": {"n": {"gte": 4}}}, "sort": ["n"]}
    return [
        await c.search(index=ONE, body=body),
        hits(await c.search(index=f"{ONE},{TWO}", body=body)),
        hits(await c.search(index=f"{PREFIX}-*", body=body, params={"routing": "0,1"})),
        await c.count(index=[ONE, TWO], body={"query": {"term": {"tag": "a+b=c"}}}),
    ]


@check
async def multi_search(c):
    lines = [{"index": ONE}, {"sort": ["n"], "size": 2}, {"index": f"{PREFIX}-none"}, {}, {}, {"size": 0}]
    return await c.msearch(body=lines, index=TWO)


@check
async def scroll(c):
    page = await c.search(index=f"{PREFIX}-*", body={"sort": ["n"]}, size=4, scroll="60000ms")
    pages = []
    while hits(page):
        pages.append(hits(page))
        page = await c.scroll(body={"scroll_id": page["_scroll_id"], "scroll": "60s"})
    cleared = await c.clear_scroll(body={"scroll_id": [page["_scroll_id"]]})
    return [pages, cleared, (await refusal(c.scroll(body={"scroll_id": page["_scroll_id"]})))[:2]]


@check
async def point_in_time(c):
    point = await c.create_pit(index=ONE, keep_alive="1m")
    body = {"pit": {"id": point["pit_id"], "keep_alive": "1m"}, "sort": ["n"], "size": 2}
    found = await c.search(body=body)
    return [hits(found), await c.delete_pit(body={"pit_id": [point["pit_id"]]})]


@check
async def templates(c):
    name, pattern = f"{PREFIX}-template", f"{PREFIX}-made-*"
    component = {"template": {"settings": {"number_of_replicas": 0}, "mappings": MAPPINGS}}
    template = {"index_patterns": [pattern], "composed_of": [name], "priority": 20}
    saw = [
        await c.cluster.put_component_template(name=name, body=component),
        await c.indices.put_index_template(name=name, body=template),
        (await c.cluster.get_component_template(name=name))["component_templates"][0]["component_template"],
        (await c.indices.get_index_template(name=f"{PREFIX}-temp*"))["index_templates"][0]["index_template"],
        await c.indices.create(index=f"{PREFIX}-made-1"),
        (await c.indices.get_mapping(index=f"{PREFIX}-made-1")),
        await c.indices.delete_index_template(name=name),
        await c.cluster.delete_component_template(name=name),
    ]
    return [*saw, await c.indices.exists_index_template(name=name)]


@check
async def aliases(c):
    alias = f"{PREFIX}-alias"
    actions = [{"add": {"index": each, "alias": alias}} for each in (ONE, TWO)]
    made = await c.indices.update_aliases(body={"actions": actions})
    return [made, await c.indices.exists_alias(name=alias), await c.indices.get_alias(name=alias)]


@check
async def settings(c):
    saw = await c.indices.put_settings(index=ONE, body={"index": {"refresh_interval": "2s"}})
    shown = await c.indices.get_settings(index=ONE, name="index.refresh_interval")
    return [saw, shown, await c.indices.get(index=f"{PREFIX}-o*", params={"filter_path": "*.aliases,*.mappings"})]


@check
async def reindex(c):
    body = {"source": {"index": [ONE, TWO]}, "dest": {"index": f"{PREFIX}-copy"}}
    return await c.reindex(body=body, refresh=True, wait_for_completion=True)


@check
async def update_by_query(c):
    script = {"source": "ctx._source.n += params.by", "params": {"by": 100}}
    body = {"query": {"range": {"n": {"lt": 3}}}, "script": script}
    return await c.update_by_query(index=f"{PREFIX}-copy", body=body, refresh=True, conflicts="proceed")


@check
async def delete_by_query(c):
    copy = f"{PREFIX}-copy"
    first = await c.delete_by_query(index=copy, body={"query": {"range": {"n": {"gte": 100}}}}, refresh=True)
    everything = {"query": {"match_all": {}}}
    task = await c.delete_by_query(index=copy, body=everything, refresh=True, wait_for_completion=False)
    done = await c.tasks.get(task_id=task["task"], wait_for_completion=True)
    return [first, done["completed"], done["response"]["deleted"]]


@check
async def ingest_pipeline(c):
    name = f"{PREFIX}-pipeline"
    saw = [
        await c.ingest.put_pipeline(id=name, body={"description": "none", "processors": []}),
        await c.ingest.get_pipeline(id=name),
        await c.ingest.delete_pipeline(id=name),
    ]
    unknown = {"processors": [{"no-such-processor": {}}]}
    return [*saw, await refusal(c.ingest.put_pipeline(id=name, body=unknown))]


@check
async def paths(c):
    targets = (
        f"{ONE},{TWO}", f"{PREFIX}-o*", f"{ONE}%2C{TWO}", f"{PREFIX}-%2A", f"%{ord(ONE[0]):02x}{ONE[1:]}",
        f"{PREFIX}-none,{ONE}", f"/{ONE}/",
    )  # fmt: skip
    return [[each, (await refusal(raw(c, "GET", f"/{each}/_count")))[1:3]] for each in targets]


@check
async def query_strings(c):
    queries = (
        "q=tag:a%2Bb%3Dc", "q=body:text+3", "q=body:(text%20AND%203)", "q=tag:a+b=c", "q=n:1&q=n:2", "q=n:%3E%3D7&",
        "q=n%3A(1%202)&sort=n:desc&sort=_id", "q=&size=1", "q=n:4&pretty", "q=body:%C3%A9",
    )  # fmt: skip
    path = "sort=n&filter_path=hits.total.value,hits.hits._id"
    return [[q, (await refusal(raw(c, "GET", f"/{PREFIX}-*/_search?{path}&{q}")))[1:3]] for q in queries]


@check
async def filter_path(c):
    encoded = await raw(c, "GET", f"/{ONE}/_search?sort=n&filter_path=hits.total%2C-hits.total.relation,hits.hits.*ource")
    return [encoded, await c.search(index=ONE, sort="n", params={"filter_path": "hits.hits._id,hits.hits.sort"})]


@check
async def bodies_with_get_and_delete(c):
    found = await raw(c, "GET", f"/{ONE}/_search", {"query": {"term": {"n": 4}}})
    return [hits(found), (await refusal(raw(c, "DELETE", "/_search/scroll", {"scroll_id": ["bm90LWEtc2Nyb2xs"]})))[:2]]


@check
async def errors(c):
    return [
        await refusal(c.search(index=f"{PREFIX}-none", body={})),
        await refusal(c.search(index=ONE, body={"query": {"no_such": {}}})),
        await refusal(c.search(index=ONE, body="{not json")),
        await refusal(c.get(index=ONE, id="none")),
        await refusal(c.create(index=ONE, id="0/☃", body={"n": 0}, params={"routing": "0"})),
        await refusal(c.indices.create(index=ONE)),
        await refusal(c.indices.create(index="UPPER")),
        await refusal(raw(c, "GET", f"/{ONE}/_search?no_such_parameter=1")),
        await refusal(raw(c, "POST", "/_bulk", "", {"content-type": "text/csv"})),
        await refusal(raw(c, "DELETE", "/_cluster/health")),
    ]


async def of_size(c, size):
    documents = max(1, size // 100_000)
    text = hashlib.sha256(str(size).encode()).hexdigest() * (size // documents // 64 + 1)
    lines = []
    for number in range(documents):
        lines += [{"index": {"_index": f"{PREFIX}-big", "_id": f"{size}-{number}"}}, {"body": text}]
    answer = await c.bulk(body=lines, refresh=True)
    found = await c.search(index=f"{PREFIX}-big", body={"query": {"ids": {"values": [f"{size}-{documents - 1}"]}}})
    back = "".join(hit["_source"]["body"] for hit in found["hits"]["hits"])
    return [len(answer["items"]), answer["errors"], len(back), back == text]


@check
async def body_sizes(c):
    return [await of_size(c, size) for size in (1_000, 100_000, 1_000_000, 8_000_000)]


@check
async def compressed_bodies(_c):
    c = connect(TRANSPORT, http_compress=True)
    try:
        await c.index(index=TWO, id="gzip/1", body={"n": 77}, refresh=True)
        found = hits(await c.search(index=TWO, body={"query": {"term": {"n": 77}}}))
        return [found, await of_size(c, 1_001), await of_size(c, 8_000_001)]
    finally:
        await c.close()


@check
async def many_at_once(c):
    body = {"query": {"term": {"n": 4}}}
    found = await asyncio.gather(*(c.search(index=f"{PREFIX}-one", body=body) for _ in range(32)))
    return sum(each["hits"]["total"]["value"] for each in found)


@check
async def clean_up(c):
    return [await c.indices.delete(index=f"{PREFIX}-*"), await c.indices.exists(index=ONE)]


async def main():
    c = connect(TRANSPORT)
    try:
        for function in CHECKS:
            name = function.__name__.replace("_", "-")
            try:
                line(name, result=await function(c))
            except Exception as error:  # every check reports, whatever broke it
                line(name, error=f"{type(error).__name__}: {error}")
    finally:
        await c.close()


TRANSPORT = sys.argv[1] if len(sys.argv) > 1 else "urllib3"
redirect()
asyncio.run(main())
