// @opensearch-project/opensearch against the server that OPENSEARCH_URL names; one JSON line a check.
//
// OPENSEARCH_URL      base URL, http://localhost:9200 or https://NAME
// OPENSEARCH_CA_FILE  certificate authorities for https
// OPENSEARCH_HEADERS  JSON object: headers of every request
// OPENSEARCH_PREFIX   beginning of every name that is made (interop)
//
// Output: {"check": NAME, "result": VALUE} or {"check": NAME, "error": TEXT}, equal between runs; the exit code is 0.
'use strict';

const crypto = require('node:crypto');
const fs = require('node:fs');
const { Client, errors } = require('@opensearch-project/opensearch');

const env = process.env;
const PREFIX = env.OPENSEARCH_PREFIX || 'interop';
const [ONE, TWO, COPY, BIG] = ['one', 'two', 'copy', 'big'].map((name) => `${PREFIX}-${name}`);
const IDS = ['a/b', '100%', 'a+b', 'me@home', 'wow!', 'k:v', 'two words', 'naïve ☃', 'a%2Fb', 'x=1&y?#;,*', "~'()[]"];
const NUMBERS = { settings: { number_of_shards: 1, number_of_replicas: 0 } };
const MAPPINGS = { properties: { n: { type: 'integer' }, tag: { type: 'keyword' }, body: { type: 'text' } } };

const connect = (more) =>
  new Client({
    node: env.OPENSEARCH_URL || 'http://localhost:9200',
    headers: JSON.parse(env.OPENSEARCH_HEADERS || '{}'),
    ssl: env.OPENSEARCH_CA_FILE ? { ca: fs.readFileSync(env.OPENSEARCH_CA_FILE) } : undefined,
    maxRetries: 0,
    requestTimeout: 60_000,
    ...more,
  });

const hits = (body) => body.hits.hits.map((hit) => hit._id);
const body = async (pending) => (await pending).body;

// The status and the body, whether the client takes it for an error or not.
async function outcome(pending) {
  try {
    const { statusCode, body: saw } = await pending;
    return [statusCode, saw];
  } catch (error) {
    if (!(error instanceof errors.ResponseError)) throw error;
    return [error.name, error.statusCode, error.meta.body];
  }
}

async function each(list, work) {
  const saw = [];
  for (const item of list) saw.push(await work(item, saw.length));
  return saw;
}

async function ofSize(c, size) {
  const count = Math.max(1, Math.floor(size / 100_000));
  const digest = crypto.createHash('sha256').update(String(size)).digest('hex');
  const text = digest.repeat(Math.floor(size / count / 64) + 1);
  const document = (_, n) => [{ index: { _index: BIG, _id: `${size}-${n}` } }, { body: text }];
  const answer = await body(c.bulk({ body: Array.from({ length: count }, document).flat(), refresh: true }));
  const query = { ids: { values: [`${size}-${count - 1}`] } };
  const back = (await body(c.search({ index: BIG, body: { query } }))).hits.hits[0]._source.body;
  return [answer.items.length, answer.errors, back.length, back === text];
}

const checks = {
  start_clean: (c) => outcome(c.indices.delete({ index: `${PREFIX}-*`, ignore_unavailable: true })),

  async info(c) {
    const { version } = await body(c.info());
    return [await body(c.ping()), version.distribution, version.number];
  },

  async cluster_health(c) {
    const health = await body(c.cluster.health({ wait_for_status: 'yellow', timeout: '30s' }));
    return [health.timed_out, health.number_of_nodes];
  },

  create_index: async (c) => [
    await outcome(c.indices.create({ index: ONE, body: { ...NUMBERS, mappings: MAPPINGS } })),
    await outcome(c.indices.create({ index: TWO, body: NUMBERS })),
    await outcome(c.indices.exists({ index: ONE })),
    await outcome(c.indices.exists({ index: `${PREFIX}-none` })),
  ],

  documents: (c) =>
    each(IDS, async (id, n) => {
      const where = { index: ONE, id, routing: 'r/1' };
      return [
        (await outcome(c.index({ ...where, body: { n, tag: 'id' } })))[0],
        (await outcome(c.update({ ...where, body: { doc: { body: id } } })))[0],
        await outcome(c.get(where)),
        await body(c.exists(where)),
        (await body(c.delete(where))).result,
        await body(c.exists(where)),
      ];
    }),

  dot_segments: async (c) => [
    await each(['.', '..', 'a/../b'], (id) => outcome(c.index({ index: ONE, id, body: { n: 0 } }))),
    await each(['%2E', '%2E%2E', 'a%2F..%2Fb'], (id) =>
      outcome(c.transport.request({ method: 'DELETE', path: `/${ONE}/_doc/${id}` })),
    ),
  ],

  async bulk(c) {
    const lines = Array.from({ length: 10 }, (_, n) => [
      { index: { _index: [ONE, TWO][n % 2], _id: `${n}/☃`, routing: String(n % 3) } },
      { n, tag: 'a+b=c', body: `text ${n}` },
    ]).flat();
    const answer = await body(c.bulk({ body: [...lines, { delete: { _index: ONE, _id: 'none' } }], refresh: true }));
    return [answer.errors, answer.items.flatMap(Object.values).map((item) => [item._id, item.status])];
  },

  refresh: (c) => outcome(c.indices.refresh({ index: ONE })),

  search: async (c) => [
    await outcome(c.search({ index: ONE, body: { query: { range: { n: { gte: 4 } } }, sort: ['n'] } })),
    hits(await body(c.search({ index: [ONE, TWO], body: { sort: ['n'] } }))),
    hits(await body(c.search({ index: `${PREFIX}-*`, routing: '0,1', body: { sort: ['n'] } }))),
    await outcome(c.count({ index: `${ONE},${TWO}`, body: { query: { term: { tag: 'a+b=c' } } } })),
  ],

  multi_search: (c) => {
    const lines = [{ index: ONE }, { sort: ['n'], size: 2 }, { index: `${PREFIX}-none` }, {}, {}, { size: 0 }];
    return outcome(c.msearch({ index: TWO, body: lines }));
  },

  async scroll(c) {
    let page = await body(c.search({ index: `${PREFIX}-*`, scroll: '60000ms', size: 4, body: { sort: ['n'] } }));
    const pages = [];
    while (page.hits.hits.length > 0) {
      pages.push(hits(page));
      page = await body(c.scroll({ body: { scroll_id: page._scroll_id, scroll: '60s' } }));
    }
    const cleared = await outcome(c.clearScroll({ body: { scroll_id: [page._scroll_id] } }));
    return [pages, cleared, (await outcome(c.scroll({ body: { scroll_id: page._scroll_id } }))).slice(0, 2)];
  },

  async point_in_time(c) {
    const { pit_id: id } = await body(c.createPit({ index: ONE, keep_alive: '1m' }));
    const found = await body(c.search({ body: { pit: { id, keep_alive: '1m' }, sort: ['n'], size: 2 } }));
    return [hits(found), await outcome(c.deletePit({ body: { pit_id: [id] } }))];
  },

  async templates(c) {
    const [name, made] = [`${PREFIX}-template`, `${PREFIX}-made-1`];
    const component = { template: { settings: { number_of_replicas: 0 }, mappings: MAPPINGS } };
    const template = { index_patterns: [`${PREFIX}-made-*`], composed_of: [name], priority: 20 };
    return [
      await outcome(c.cluster.putComponentTemplate({ name, body: component })),
      await outcome(c.indices.putIndexTemplate({ name, body: template })),
      (await body(c.cluster.getComponentTemplate({ name }))).component_templates[0].component_template,
      (await body(c.indices.getIndexTemplate({ name: `${PREFIX}-temp*` }))).index_templates[0].index_template,
      await outcome(c.indices.create({ index: made })),
      await outcome(c.indices.getMapping({ index: made })),
      await outcome(c.indices.deleteIndexTemplate({ name })),
      await outcome(c.cluster.deleteComponentTemplate({ name })),
      await outcome(c.indices.existsIndexTemplate({ name })),
    ];
  },

  async aliases(c) {
    const name = `${PREFIX}-alias`;
    const actions = [ONE, TWO].map((index) => ({ add: { index, alias: name } }));
    return [
      await outcome(c.indices.updateAliases({ body: { actions } })),
      await outcome(c.indices.existsAlias({ name })),
      await outcome(c.indices.getAlias({ name })),
    ];
  },

  settings: async (c) => [
    await outcome(c.indices.putSettings({ index: ONE, body: { index: { refresh_interval: '2s' } } })),
    await outcome(c.indices.getSettings({ index: ONE, name: 'index.refresh_interval' })),
    await outcome(c.indices.get({ index: `${PREFIX}-o*`, filter_path: ['*.aliases', '*.mappings'] })),
  ],

  reindex: (c) => outcome(c.reindex({ refresh: true, body: { source: { index: [ONE, TWO] }, dest: { index: COPY } } })),

  update_by_query: (c) => {
    const script = { source: 'ctx._source.n += params.by', params: { by: 100 } };
    return outcome(c.updateByQuery({ index: COPY, refresh: true, body: { query: { range: { n: { lt: 3 } } }, script } }));
  },

  async delete_by_query(c) {
    const query = { range: { n: { gte: 100 } } };
    const first = await outcome(c.deleteByQuery({ index: COPY, refresh: true, body: { query } }));
    const everything = { index: COPY, refresh: true, wait_for_completion: false, body: { query: { match_all: {} } } };
    const { task: task_id } = await body(c.deleteByQuery(everything));
    const done = await body(c.tasks.get({ task_id, wait_for_completion: true, timeout: '30s' }));
    return [first, done.completed, done.response.deleted];
  },

  async ingest_pipeline(c) {
    const id = `${PREFIX}-pipeline`;
    return [
      await outcome(c.ingest.putPipeline({ id, body: { description: 'none', processors: [] } })),
      await outcome(c.ingest.getPipeline({ id })),
      await outcome(c.ingest.deletePipeline({ id })),
      await outcome(c.ingest.putPipeline({ id, body: { processors: [{ 'no-such-processor': {} }] } })),
    ];
  },

  paths: (c) => {
    const wild = [`${PREFIX}-o*`, `${PREFIX}-%2A`];
    const targets = [`${ONE},${TWO}`, `${ONE}%2C${TWO}`, ...wild, `${PREFIX}-none,${ONE}`, `/${ONE}/`];
    const count = (target) => outcome(c.transport.request({ method: 'GET', path: `/${target}/_count` }));
    return each(targets, async (target) => [target, ...(await count(target))]);
  },

  query_strings: (c) => {
    const queries = [
      'q=tag:a%2Bb%3Dc', 'q=body:text+3', 'q=body:(text%20AND%203)', 'q=tag:a+b=c', 'q=n:1&q=n:2', 'q=n:%3E%3D7&',
      'q=n%3A(1%202)', 'q=&size=1', 'q=n:4&pretty', 'q=body:%C3%A9',
    ];
    const path = `/${PREFIX}-*/_search?sort=n&filter_path=hits.total.value,hits.hits._id&`;
    const find = (query) => outcome(c.transport.request({ method: 'GET', path: path + query }));
    return each(queries, async (query) => [query, ...(await find(query))]);
  },

  filter_path: async (c) => [
    await outcome(c.search({ index: ONE, sort: 'n', filter_path: 'hits.total,-hits.total.relation,hits.hits.*ource' })),
    await outcome(c.search({ index: ONE, sort: ['n:desc'], filter_path: ['hits.hits._id', 'hits.hits.sort'] })),
  ],

  async bodies_with_get_and_delete(c) {
    const request = (method, path, content) => outcome(c.transport.request({ method, path, body: content }));
    const [status, found] = await request('GET', `/${ONE}/_search`, { query: { term: { n: 4 } } });
    return [status, hits(found), await request('DELETE', '/_search/scroll', { scroll_id: ['bm90LWEtc2Nyb2xs'] })];
  },

  errors: (c) => {
    const raw = (method, path, content, headers) =>
      c.transport.request({ method, path, body: content }, { headers: headers || {} });
    return each(
      [
        () => c.search({ index: `${PREFIX}-none`, body: {} }),
        () => c.search({ index: ONE, body: { query: { no_such: {} } } }),
        () => c.search({ index: ONE, body: '{not json' }),
        () => c.get({ index: ONE, id: 'none' }),
        () => c.create({ index: ONE, id: '0/☃', routing: '0', body: { n: 0 } }),
        () => c.indices.create({ index: ONE }),
        () => c.indices.create({ index: 'UPPER' }),
        () => raw('GET', `/${ONE}/_search?no_such_parameter=1`),
        () => raw('POST', '/_bulk', 'a,b', { 'content-type': 'text/csv' }),
        () => raw('DELETE', '/_cluster/health'),
      ],
      (call) => outcome(call()),
    );
  },

  body_sizes: (c) => each([1_000, 100_000, 1_000_000, 8_000_000], (size) => ofSize(c, size)),

  async compressed_bodies() {
    const c = connect({ compression: 'gzip', suggestCompression: true });
    await c.index({ index: TWO, id: 'gzip/1', body: { n: 77 }, refresh: true });
    const found = hits(await body(c.search({ index: TWO, body: { query: { term: { n: 77 } } } })));
    const saw = [found, await ofSize(c, 1_001), await ofSize(c, 8_000_001)];
    await c.close();
    return saw;
  },

  async many_at_once(c) {
    const find = () => body(c.search({ index: ONE, body: { query: { term: { n: 4 } } } }));
    const found = await Promise.all(Array.from({ length: 32 }, find));
    return found.reduce((sum, { hits: { total } }) => sum + total.value, 0);
  },

  clean_up: async (c) => [
    await outcome(c.indices.delete({ index: `${PREFIX}-*` })),
    await outcome(c.indices.exists({ index: ONE })),
  ],
};

const MASKED = new Set([
  'took', '_seq_no', '_primary_term', 'task', '_scroll_id', 'scroll_id', 'pit_id', 'creation_time', 'creation_date',
  'node', 'uuid', 'cluster_uuid', 'index_uuid', 'throttled_millis', 'throttled_until_millis', 'name',
]);

function masked(key, value) {
  if (MASKED.has(key)) return '*';
  if (value !== null && value.constructor === Object) return Object.fromEntries(Object.entries(value).sort());
  if (typeof value !== 'string') return value;
  return value.replace(/\/[\w-]{22}\]/g, '/*]').replace(/(127\.0\.0\.1|localhost):\d+/g, '*');
}

const line = (check, outcome) => console.log(JSON.stringify({ check: check.replaceAll('_', '-'), ...outcome }, masked));

async function main() {
  const c = connect();
  for (const [name, run] of Object.entries(checks)) {
    try {
      line(name, { result: await run(c) });
    } catch (error) {
      line(name, { error: `${error.constructor.name}: ${error.message}` });
    }
  }
  await c.close();
}

main();
