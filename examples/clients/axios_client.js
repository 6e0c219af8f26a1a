#!/usr/bin/env node
// A walk through the API with axios: axios_client.js [DOMAIN]
// EMAILCONNECT_URL (it ends with /v1) and EMAILCONNECT_API_KEY come from the environment.
'use strict';
const axios = require('axios');

function setting(name) {
  if (process.env[name]) return process.env[name];
  console.error(`error: ${name} is not set`);
  process.exit(64);
}

const api = axios.create({
  baseURL: setting('EMAILCONNECT_URL'),
  headers: { Authorization: `Bearer ${setting('EMAILCONNECT_API_KEY')}` },
  timeout: 30_000,
  validateStatus: () => true, // call() looks at the status
});

// Resolves to the response, if its status is the expected one, or any 2xx. Waits when the rate limit is reached.
async function call(method, path, data, { key, ifMatch, expect, params } = {}) {
  const headers = {};
  if (key) headers.Authorization = `Bearer ${key}`;
  if (ifMatch) headers['If-Match'] = ifMatch;
  for (let left = 3; ; left -= 1) {
    const response = await api.request({ method, url: path, data, headers, params });
    const { status } = response;
    if (status === 429 && left > 0) {
      const wait = Number(response.headers['retry-after'] ?? 1);
      console.error(`rate limited, waiting ${wait} s`);
      await new Promise((resolve) => setTimeout(resolve, wait * 1000));
    } else if (expect ? status === expect : status >= 200 && status < 300) {
      return response;
    } else {
      throw new Error(`${method} ${path}: ${status} ${JSON.stringify(response.data)}`);
    }
  }
}

async function walk(name, made) {
  console.log(`listed ${(await call('GET', '/domains')).data.total} domains`);

  const domain = (await call('POST', '/domains', { name })).data.id;
  made.push(`/domains/${domain}?cascade=true`);
  console.log(`created domain ${domain}`);

  const intake = { domain_id: domain, name: 'support', description: 'Support ticket intake' };
  const alias = (await call('POST', '/aliases', intake)).data;
  console.log(`created alias ${alias.id}, ${alias.address}`);

  const target = { alias_id: alias.id, url: 'https://your-app.com/webhook', headers: { 'X-Custom-Header': 'value' } };
  const webhook = (await call('POST', '/webhooks', target)).data;
  made.push(`/webhooks/${webhook.id}`);
  console.log(`created webhook ${webhook.id}, attached to ${webhook.alias_ids[0]}`);

  const first = (await call('GET', '/aliases', undefined, { params: { page: 1, limit: 100 } })).data;
  console.log(`page ${first.page} has ${first.data.length} of ${first.total} aliases`);

  const operations = [ // all or nothing
    { action: 'create', data: { domain_id: domain, name: 'sales' } },
    { action: 'create', data: { domain_id: domain, name: 'billing' } },
    { action: 'update', data: { id: alias.id, description: 'Tickets' } },
  ];
  const { results } = (await call('POST', '/aliases/batch', { operations })).data;
  console.log(`batch: ${results.map(({ status, id }) => `${status} ${id}`).join(', ')}`);

  // If-Match: the change is made only to the version that was read, so that nobody else's change is lost.
  const { etag } = (await call('GET', `/aliases/${alias.id}`)).headers;
  const changed = await call('PATCH', `/aliases/${alias.id}`, { description: 'Support tickets' }, { ifMatch: etag });
  console.log(`changed alias ${alias.id} from ${etag} to ${changed.headers.etag}`);
  const late = { description: 'Too late' };
  const stale = await call('PATCH', `/aliases/${alias.id}`, late, { ifMatch: etag, expect: 412 });
  console.log(`the same If-Match again: ${stale.status} ${stale.data.code}`);

  // A cursor does not skip or repeat anything while others write, as page numbers can.
  let [pages, count, params] = [0, 0, { limit: 2 }];
  while (params) {
    const page = (await call('GET', '/aliases', undefined, { params })).data;
    pages += 1;
    count += page.data.length;
    params = page.has_more && page.next_cursor ? { limit: 2, cursor: page.next_cursor } : null;
  }
  console.log(`walked ${count} aliases (pages: ${pages})`);

  const key = (await call('POST', '/api-keys', { name: 'Reads aliases', scopes: ['aliases:read'] })).data;
  let token = key.api_key; // shown this once
  made.push(`/api-keys/${key.id}`);
  console.log(`created key ${key.id}, ${token.slice(0, 11)}...`);
  console.log(`that key reads ${(await call('GET', '/aliases', undefined, { key: token })).data.total} aliases`);
  token = (await call('POST', `/api-keys/${key.id}/rotate`)).data.api_key; // the older one stays valid for a day
  console.log(`rotated key ${key.id}, ${token.slice(0, 11)}...`);
  await call('POST', `/api-keys/${key.id}/revoke`);
  const refused = await call('GET', '/aliases', undefined, { key: token, expect: 401 });
  console.log(`revoked key ${key.id}: ${refused.status}`);
  console.log(`requests left: ${(await call('GET', '/domains')).headers['x-ratelimit-remaining'] ?? 'n/a'}`);
}

async function main() {
  const made = []; // whatever happens, it goes: first the domain with its aliases, then the webhook that they used
  try {
    await walk(process.argv[2] ?? 'acme.example', made);
  } finally {
    for (const path of made) {
      await call('DELETE', path);
      console.log(`deleted ${path.split('?')[0]}`);
    }
  }
}

main().catch((error) => {
  console.error(`error: ${error.message}`);
  process.exitCode = 1;
});
