// node-postgres through whatever PGHOST and its friends name; one JSON line a check.
'use strict';

const crypto = require('node:crypto');
const fs = require('node:fs');
const { pipeline: pump } = require('node:stream/promises');
const { Readable, Writable } = require('node:stream');
const { Client, Pool } = require('pg');
const { from: copyFrom, to: copyTo } = require('pg-copy-streams');
const Cursor = require('pg-cursor');

const BIG = 16 * 1024 * 1024;

// node-postgres reads PGHOST, PGPORT, PGUSER and PGDATABASE itself; TLS is spelt out, as libpq understands it.
function tls() {
  switch (process.env.PGSSLMODE || 'disable') {
    case 'disable':
      return false;
    case 'verify-full':
      return { ca: fs.readFileSync(process.env.PGSSLROOTCERT, 'utf8'), servername: process.env.PGHOST };
    default:
      return { rejectUnauthorized: false };
  }
}

const options = (more) => ({ ssl: tls(), connectionTimeoutMillis: 20_000, ...more });

async function withClient(more, work) {
  const client = new Client(options(more));
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

const value = async (client, text, values) => Object.values((await client.query(text, values)).rows[0])[0];

async function refusal(promise) {
  try {
    await promise;
  } catch (error) {
    return error.code;
  }
  throw new Error('no error');
}

const checks = {
  async session(client) {
    const { rows } = await client.query('select current_user::text as u, current_database()::text as d');
    return [rows[0].u, rows[0].d, await value(client, 'show server_version')];
  },

  startup_parameters() {
    const more = { application_name: 'interop', statement_timeout: 12345, options: '-c work_mem=5MB' };
    return withClient(more, async (client) => {
      const shown = [];
      for (const name of ['application_name', 'statement_timeout', 'work_mem']) {
        shown.push(await value(client, `show ${name}`));
      }
      return shown;
    });
  },

  // Terminate goes out before the startup packet: its length is none that a startup packet has.
  async end_before_startup() {
    const client = new Client(options());
    const events = [];
    client.on('error', ({ message }) => events.push(message));
    client.on('end', () => events.push('end'));
    // The driver settles it only where the server answers.
    client.connect().catch(({ message }) => events.push(message));
    await client.end();
    return events;
  },

  async simple_query(client) {
    const results = await client.query("select 1 as a; select 'two' as b; select 3 as c where false");
    return results.map((result) => result.rows);
  },

  async extended_query(client) {
    const text = "select $1::int8 + 1 as a, $2::text || '!' as b, $3::bytea as c, $4::int[] as d, $5::jsonb as e";
    const { rows } = await client.query(text, [41, 'naïve ☃', Buffer.from([0, 255]), [1, 2, 3], { a: 1 }]);
    return { ...rows[0], c: rows[0].c.toString('hex') };
  },

  async prepared_statement(client) {
    let total = 0;
    for (let number = 0; number < 200; number += 1) {
      const query = { name: 'double', text: 'select $1::int * 2 as n', values: [number] };
      total += (await client.query(query)).rows[0].n;
    }
    return [total, await value(client, "select count(*) from pg_prepared_statements where name = 'double'")];
  },

  async many_queries(client) {
    const text = "select $1::int as n, repeat('x', 4096) as x";
    let [numbers, length] = [0, 0];
    for (let number = 0; number < 500; number += 1) {
      const { rows } = await client.query(text, [number]);
      numbers += rows[0].n;
      length += rows[0].x.length;
    }
    return [numbers, length];
  },

  async transaction_error(client) {
    await client.query('begin');
    const codes = [await refusal(client.query('select 1 / 0')), await refusal(client.query('select 1'))];
    await client.query('rollback');
    return [...codes, await value(client, "select 'alive'")];
  },

  async notice(client) {
    const seen = [];
    const listener = ({ severity, message }) => seen.push([severity, message]);
    client.on('notice', listener);
    await client.query("do $$ begin raise notice 'heard'; end $$");
    client.off('notice', listener);
    return seen;
  },

  async copy_both_ways(client) {
    await client.query('create temp table copied (id int, body text)');
    const lines = function* lines() {
      for (let number = 0; number < 50_000; number += 1) yield `${number}\tline ${number}\n`;
    };
    const into = client.query(copyFrom('copy copied from stdin'));
    await pump(Readable.from(lines()), into);
    const digest = crypto.createHash('sha256');
    const sink = new Writable({ write: (chunk, _encoding, done) => done(void digest.update(chunk)) });
    await pump(client.query(copyTo('copy (select * from copied order by id) to stdout')), sink);
    return [into.rowCount, digest.digest('hex')];
  },

  async copy_failure(client) {
    await client.query('create temp table refused (id int)');
    const rows = Readable.from(Array.from({ length: 10_000 }, () => 'not a number\n'));
    const code = await refusal(pump(rows, client.query(copyFrom('copy refused from stdin'))));
    return [code, await value(client, 'select count(*) from refused')];
  },

  async cursor_fetch(client) {
    const cursor = client.query(new Cursor('select generate_series(1, 1000) as n'));
    let sum = 0;
    for (let rows = await cursor.read(100); rows.length > 0; rows = await cursor.read(100)) {
      sum += rows.reduce((total, { n }) => total + n, 0);
    }
    await cursor.close();
    return sum;
  },

  async big_row(client) {
    const body = await value(client, "select repeat('0123456789abcdef', $1::int)", [BIG / 16]);
    return [body.length, crypto.createHash('sha256').update(body).digest('hex')];
  },

  async big_parameter(client) {
    const body = 'fedcba9876543210'.repeat(BIG / 16);
    const { rows } = await client.query('select length($1::text) as n, md5($1::text) as md5', [body]);
    return rows[0];
  },

  async listen_notify(client) {
    const heard = [];
    const three = new Promise((resolve) => {
      client.on('notification', ({ payload }) => heard.push(payload) === 3 && resolve());
    });
    // A database's channels are for all its sessions: other clients' checks may run in this one.
    const channel = `interop_${await value(client, 'select pg_backend_pid()')}`;
    await client.query(`listen ${channel}`);
    await withClient({}, async (other) => {
      for (const payload of ['0', '1', '2']) await other.query('select pg_notify($1, $2)', [channel, payload]);
    });
    await three;
    await client.query('unlisten *');
    return heard;
  },

  async cancel(client) {
    const backend = client.processID;
    const sleeping = refusal(client.query('select pg_sleep(60)'));
    const running = "select 1 from pg_stat_activity where pid = $1 and state = 'active' and query like 'select pg_sleep%'";
    await withClient({}, async (other) => {
      while ((await other.query(running, [backend])).rowCount === 0);
    });
    // The driver's own `cancel` skips the TLS request, so its connection is driven by hand.
    const wire = new Client(options()).connection;
    const request = () => wire.cancel(client.processID, client.secretKey);
    wire.once('connect', () => (tls() ? wire.requestSsl() : request()));
    wire.once('sslconnect', request);
    // The server closes without an answer.
    const closed = new Promise((resolve, reject) => {
      wire.once('end', resolve);
      wire.once('error', reject);
    });
    wire.connect(client.port, client.host);
    await closed;
    return [await sleeping, await value(client, "select 'alive'")];
  },

  async process_id(client) {
    return client.processID === (await value(client, 'select pg_backend_pid()'));
  },

  async parallel_sessions() {
    const pool = new Pool(options({ max: 20 }));
    const clients = await Promise.all(Array.from({ length: 20 }, () => pool.connect()));
    const backends = await Promise.all(clients.map((each) => value(each, 'select pg_backend_pid()')));
    clients.forEach((each) => each.release());
    await pool.end();
    return new Set(backends).size;
  },
};

async function main() {
  await withClient({}, async (client) => {
    for (const [name, run] of Object.entries(checks)) {
      const check = name.replaceAll('_', '-');
      try {
        console.log(JSON.stringify({ check, ok: true, saw: await run(client) }));
      } catch (error) {
        process.exitCode = 1;
        console.log(JSON.stringify({ check, ok: false, error: `${error.name}: ${error.message}` }));
      }
    }
  });
}

main().catch((error) => {
  console.error(String(error));
  process.exit(1);
});
