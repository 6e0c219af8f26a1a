"use strict";
// Sends the calls of examples/integrations to a server: integrations.js FOLDER URL KEY. Templates are filled in as each tool does, from
// the answers before. Prints a line a call and ends with 1 when one is refused.
const fs = require("fs");
const path = require("path");
const [folder, host, key] = process.argv.slice(2);
const read = (name) => JSON.parse(fs.readFileSync(path.join(folder, name), "utf8"));

async function send(name, method, url, headers, body) {
  const answer = await fetch(url, { method: method.toUpperCase(), headers, body });
  const text = await answer.text();
  const shown = url.slice(host.length).replace(/(dom|alias|wh)_[A-Za-z0-9]+/g, "$1_ID");
  console.log(`${name}: ${method.toUpperCase()} ${shown} -> ${answer.status}`);
  if (!answer.ok) throw new Error(`${name}: ${method} ${url} ${body || ""}: ${text}`);
  return text ? JSON.parse(text) : {};
}

/** What `a.b[0].c` is in an object; lists begin at `first`. */
function dig(value, steps, first) {
  for (const step of steps.match(/[A-Za-z_]\w*|\[\d+\]/g) || []) {
    value = step[0] === "[" ? value[Number(step.slice(1, -1)) - first] : value[step];
    if (value === undefined) throw new Error(`nothing at ${step} of ${steps}`);
  }
  return value;
}

const json = { "Content-Type": "application/json" };

/** The EmailConnect trigger node: its calls when a workflow is tested, published, and switched off. */
async function trigger(name, domain) {
  const node = read(name).nodes.find((each) => each.type === "n8n-nodes-emailconnect.emailConnectTrigger");
  const { aliasMode, aliasLocalPart, webhookName, webhookDescription } = node.parameters;
  const call = (method, where, body, source = {}) =>
    send(name, method, host + where, { "X-API-KEY": key, ...(body && json), ...source }, body && JSON.stringify(body));
  const url = (kind) => `https://n8n.example/${kind}/${node.webhookId}/emailconnect`;
  const alias = aliasMode === "catchall" ? { aliasType: "catchall", syncWithDomain: true } : { aliasType: "specific", localPart: aliasLocalPart };
  const upsert = (kind) =>
    call("POST", "/api/webhooks/alias", {
      domainId: domain, webhookUrl: url(kind), webhookName, webhookDescription, firstOrCreate: true, updateWebhookData: true, autoVerify: true,
      ...alias,
    }, { "X-EmailConnect-Source": "n8n-node" });
  const { webhooks } = await call("GET", "/api/webhooks");
  if (webhooks.some((each) => each.url === url("webhook-test"))) throw new Error("it is on already");
  await call("GET", `/api/domains/${domain}`);
  const test = await upsert("webhook-test");
  if ((await call("GET", `/api/webhooks/${test.webhook.id}`)).url !== url("webhook-test")) throw new Error("the URL is another one");
  const live = await upsert("webhook");
  for (const [kind, action] of [["webhook-test", "skipped_superseded"], ["webhook", "deleted"]]) {
    const end = await call("POST", "/api/webhooks/alias/teardown", { webhookId: live.webhook.id, expectedUrl: url(kind) });
    if (end.action !== action) throw new Error(`${end.action}, not ${action}`);
  }
}

async function n8n(name) {
  const { nodes } = read(name);
  const answers = {};
  const fill = (text) =>
    text[0] !== "=" ? text : text.slice(1).replace(/\{\{ \$\('([^']+)'\)\.item\.json\.([^ ]+) \}\}/g, (_, node, steps) => dig(answers[node], steps, 0));
  for (const node of nodes) {
    const { method, url, jsonBody, assignments } = node.parameters;
    if (node.type === "n8n-nodes-base.set") {
      answers[node.name] = Object.fromEntries(assignments.assignments.map((each) => [each.name, each.value]));
      answers[node.name].host = host;
    } else if (node.type === "n8n-nodes-base.httpRequest") {
      if (node.name === "Delete the alias") {
        // The alias was changed in between, so that it stayed.
        const left = await fetch(fill(url), { headers: { "X-API-KEY": key } });
        if (left.status !== 200) throw new Error(`the alias is gone: ${left.status}`);
      }
      answers[node.name] = await send(name, method, fill(url), { "X-API-KEY": key, ...(jsonBody && json) }, jsonBody && fill(jsonBody));
    }
  }
}

async function make(name) {
  const outputs = {};
  const fill = (text) => text.replace(/\{\{(\d+)\.([^}]+)\}\}/g, (_, module, steps) => dig(outputs[module], steps, 1));
  for (const { id, module, mapper } of read(name).flow) {
    if (module === "util:SetVariables") {
      outputs[id] = { ...Object.fromEntries(mapper.variables.map((each) => [each.name, each.value])), host, key };
      continue;
    }
    const headers = Object.fromEntries(mapper.headers.map((each) => [each.name, fill(each.value)]));
    if (mapper.data) headers["Content-Type"] = mapper.contentType;
    outputs[id] = { data: await send(name, mapper.method, fill(mapper.url), headers, mapper.data && fill(mapper.data)) };
  }
}

async function zapier(name, domain) {
  const app = require(path.resolve(folder, name, "index.js"));
  const bundle = { authData: { host, apiKey: key }, inputData: { domainId: domain, localPart: "zap" }, targetUrl: "https://hooks.zapier.example/1" };
  const z = {
    request: async (request) => {
      for (const step of app.beforeRequest) request = step({ headers: {}, ...request }, z, bundle);
      const headers = { ...request.headers, ...(request.body && json) };
      return { data: await send(name, request.method, request.url, headers, request.body && JSON.stringify(request.body)) };
    },
  };
  await z.request({ ...app.authentication.test, url: app.authentication.test.url.replace("{{bundle.authData.host}}", host) });
  const { domains, received, polled } = app.triggers;
  if (!(await domains.operation.perform(z, bundle)).every((each) => each.id && each.domain)) throw new Error("a domain without id or name");
  bundle.subscribeData = await received.operation.performSubscribe(z, bundle);
  for (const list of [await received.operation.performList(z, bundle), await polled.operation.perform(z, bundle)]) {
    if (!Array.isArray(list) || !list.every((each) => each.id)) throw new Error("Zapier takes lists of things with an id");
  }
  await received.operation.performUnsubscribe(z, bundle);
  const made = await app.creates.alias.operation.perform(z, bundle);
  await send(name, "DELETE", `${host}/api/aliases/${made.id}`, { "X-API-KEY": key });
}

(async () => {
  const domain = await send("setup", "POST", `${host}/api/domains`, { "X-API-KEY": key, ...json }, '{"domain":"acme.example"}');
  await trigger("n8n-trigger.json", domain.id);
  await n8n("n8n-http.json");
  await make("make-blueprint.json");
  await zapier("zapier", domain.id);
})().catch((error) => {
  console.error(error.message);
  process.exit(1);
});
