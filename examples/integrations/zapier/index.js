"use strict";
// A Zapier integration: a REST hook that is told of each mail, a poll that looks for it, and an action that makes an alias.

const authorize = (request, z, bundle) => {
  request.headers = { ...request.headers, Authorization: `Bearer ${bundle.authData.apiKey}` };
  return request;
};

const get = async (z, bundle, path) => (await z.request({ method: "GET", url: bundle.authData.host + path })).data;
const post = async (z, bundle, path, body) => (await z.request({ method: "POST", url: bundle.authData.host + path, body })).data;

const address = [
  { key: "domainId", label: "Domain", required: true, dynamic: "domains.id.domain" },
  { key: "localPart", label: "Mailbox", required: true, helpText: "What stands before the @." },
];

const mail = { id: "email_4fK2x9QaB7cD1eF0", recipient: "support@acme.example", received_at: "2026-11-24T08:00:00Z" };

/** The latest mail, the newest first: Zapier tells what is new by `id`. */
const latest = async (z, bundle) => (await get(z, bundle, "/v1/emails?limit=25")).data;

const domains = {
  key: "domains",
  noun: "Domain",
  display: { label: "Domains", description: "Fills the list of domains.", hidden: true },
  operation: { perform: async (z, bundle) => (await get(z, bundle, "/api/domains")).domains },
};

const received = {
  key: "received",
  noun: "Mail",
  display: { label: "New Mail", description: "Triggers at once when a mailbox gets mail." },
  operation: {
    type: "hook",
    inputFields: address,
    performSubscribe: (z, bundle) =>
      post(z, bundle, "/api/webhooks/alias", {
        domainId: bundle.inputData.domainId,
        localPart: bundle.inputData.localPart,
        aliasType: "specific",
        webhookUrl: bundle.targetUrl,
        webhookName: "Zapier",
        firstOrCreate: true,
        updateWebhookData: true,
        autoVerify: true,
      }),
    performUnsubscribe: (z, bundle) =>
      post(z, bundle, "/api/webhooks/alias/teardown", {
        webhookId: bundle.subscribeData.webhook.id,
        expectedUrl: bundle.targetUrl,
      }),
    perform: (z, bundle) => [bundle.cleanedRequest],
    performList: latest,
    sample: mail,
  },
};

const polled = {
  key: "polled",
  noun: "Mail",
  display: { label: "New Mail in the Account", description: "Looks for new mail every few minutes, whatever the mailbox." },
  operation: { perform: latest, sample: mail },
};

const alias = {
  key: "alias",
  noun: "Alias",
  display: { label: "Create Alias", description: "Makes a mailbox whose mail goes to the domain's webhook." },
  operation: {
    inputFields: address,
    perform: (z, bundle) => post(z, bundle, "/api/aliases", { domainId: bundle.inputData.domainId, localPart: bundle.inputData.localPart }),
    sample: { id: "alias_4fK2x9QaB7cD1eF0", email: "support@acme.example" },
  },
};

module.exports = {
  version: require("./package.json").version,
  platformVersion: require("./package.json").dependencies["zapier-platform-core"],
  authentication: {
    type: "custom",
    fields: [
      { key: "host", label: "Host", required: true, default: "https://app.emailconnect.eu" },
      { key: "apiKey", label: "API Key", required: true, type: "password" },
    ],
    test: { method: "GET", url: "{{bundle.authData.host}}/api/domains" },
    connectionLabel: "{{bundle.authData.host}}",
  },
  beforeRequest: [authorize],
  triggers: { [domains.key]: domains, [received.key]: received, [polled.key]: polled },
  creates: { [alias.key]: alias },
};
