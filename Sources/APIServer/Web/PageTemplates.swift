import Mustache

/// The pages' templates; whatever they show is escaped. https://mustache.github.io/mustache.5.html
struct PageTemplates: Sendable {
    private let library: MustacheLibrary

    /// - Throws: when a template is malformed; a test renders each of them.
    init() throws {
        var library = MustacheLibrary()
        for (name, text) in Self.all { try library.register(text, named: name) }
        self.library = library
    }

    func render(_ name: String, _ content: [String: Any]) throws -> String { library.render(content, withTemplate: name) ?? "" }

    private static let all = [
        "page": page, "login": login, "refused": refused, "keys": keys, "domains": domains, "webhooks": webhooks, "activity": activity,
        "docs": docs, "mail": mail, "chart": chart, "more": more,
    ]

    private static let page = """
        <!doctype html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <title>{{title}} - EmailConnect</title>
        <link rel="stylesheet" href="/assets/style.css">
        <link rel="icon" href="data:,">
        {{$head}}{{/head}}
        </head>
        <body>
        <a class="skip" href="#main">Skip to the content</a>
        <header>
        <strong>EmailConnect</strong>
        {{#isInside}}
        <nav aria-label="Settings">
        {{#tabs}}<a href="{{path}}"{{#isHere}} aria-current="page"{{/isHere}}>{{name}}</a>
        {{/tabs}}
        </nav>
        <form method="post" action="/logout"><input type="hidden" name="pageToken" value="{{pageToken}}"><button class="quiet">Log out</button></form>
        {{/isInside}}
        </header>
        <main id="main">
        <h1>{{title}}</h1>
        {{$body}}{{/body}}
        </main>
        </body>
        </html>
        """

    private static let login = """
        {{<page}}
        {{$body}}
        {{#problem}}<p class="problem" role="alert">{{problem}}</p>{{/problem}}
        {{#link}}
        <form method="post" action="/login" class="card">
        <input type="hidden" name="link" value="{{link}}">
        <p>This link logs this browser in, once.</p>
        <button autofocus>Log in</button>
        </form>
        {{/link}}
        {{^link}}
        <form method="post" action="/login" class="card">
        <label for="key">API key</label>
        <input id="key" name="key" type="password" autocomplete="off" spellcheck="false" required autofocus placeholder="ec_...">
        <p class="hint">The pages show what this key may see. It is not kept in the browser.</p>
        <button>Log in</button>
        </form>
        {{/link}}
        {{/body}}
        {{/page}}
        """

    private static let refused = """
        {{<page}}
        {{$body}}<p class="problem" role="alert">{{problem}}</p>{{/body}}
        {{/page}}
        """

    private static let more = """
        {{#isEmpty}}<p class="hint">Nothing here yet.</p>{{/isEmpty}}
        {{#next}}<p><a class="button" href="{{next}}">More</a></p>{{/next}}
        """

    private static let keys = """
        {{<page}}
        {{$body}}
        {{#problem}}<p class="problem" role="alert">{{problem}}</p>{{/problem}}
        {{#token}}
        <section class="card shown" role="status">
        <h2>{{what}}</h2>
        <p>Copy it now: it is shown once.</p>
        <p><code id="new-key" class="token" tabindex="0">{{token}}</code></p>
        </section>
        {{/token}}
        {{#mayWrite}}
        <details class="card"{{#problem}} open{{/problem}}>
        <summary>New API key</summary>
        <form method="post" action="/settings/api-keys">
        <input type="hidden" name="pageToken" value="{{pageToken}}">
        <label for="name">Name</label>
        <input id="name" name="name" value="{{name}}" maxlength="200" placeholder="What uses it">
        <fieldset>
        <legend>Scopes</legend>
        <label><input type="radio" name="access" value="full"{{^isLimited}} checked{{/isLimited}}> Full: everything</label>
        <label><input type="radio" name="access" value="limited"{{#isLimited}} checked{{/isLimited}}> Limited to</label>
        <div class="choices">
        {{#choices}}<label><input type="checkbox" name="scopes[]" value="{{scope}}"{{#checked}} checked{{/checked}}> {{scope}}</label>
        {{/choices}}
        </div>
        </fieldset>
        <label for="expires">Ends after</label>
        <select id="expires" name="expires">
        {{#periods}}<option value="{{value}}"{{#selected}} selected{{/selected}}>{{text}}</option>
        {{/periods}}
        </select>
        <label for="addresses">Only from these addresses</label>
        <input id="addresses" name="addresses" value="{{addresses}}" placeholder="203.0.113.0/24, 2001:db8::/32">
        <p class="hint">Empty is anywhere.</p>
        <button>Create</button>
        </form>
        </details>
        {{/mayWrite}}
        <table>
        <caption>API keys, the oldest first</caption>
        <thead><tr><th scope="col">Name</th><th scope="col">Scopes</th><th scope="col">State</th><th scope="col">Last used</th><th scope="col">Allowed from</th><th scope="col">Actions</th></tr></thead>
        <tbody>
        {{#rows}}
        <tr>
        <th scope="row">{{name}}<small><code>{{prefixes}}</code></small>{{#owner}}<small>managed by {{owner}}</small>{{/owner}}</th>
        <td data-label="Scopes">{{scopes}}</td>
        <td data-label="State"><span class="state {{status}}">{{status}}</span><small>ends {{ends}}</small></td>
        <td data-label="Last used"><span class="when">{{used}}</span>{{#from}}<small>{{from}}</small>{{/from}}</td>
        <td data-label="Allowed from">{{addresses}}</td>
        <td>{{#isCaller}}<small>this login</small>{{/isCaller}}{{#mayAct}}<details><summary>Rotate</summary>
        <form method="post" action="/settings/api-keys/{{id}}/rotate"><input type="hidden" name="pageToken" value="{{pageToken}}">
        <p>Makes a new token; the old one stays valid for the key's grace.</p><button aria-label="Rotate now: {{name}}">Rotate now</button></form></details>
        <details><summary>Revoke</summary>
        <form method="post" action="/settings/api-keys/{{id}}/revoke"><input type="hidden" name="pageToken" value="{{pageToken}}">
        <p>Ends the key at once, for good.</p><button class="danger" aria-label="Revoke now: {{name}}">Revoke now</button></form></details>{{/mayAct}}</td>
        </tr>
        {{/rows}}
        </tbody>
        </table>
        {{>more}}
        {{/body}}
        {{/page}}
        """

    private static let domains = """
        {{<page}}
        {{$body}}
        <table>
        <caption>Domains, the oldest first</caption>
        <thead><tr><th scope="col">Name</th><th scope="col">State</th><th scope="col">Aliases</th><th scope="col">Webhook</th><th scope="col">Managed by</th></tr></thead>
        <tbody>
        {{#rows}}
        <tr><th scope="row">{{name}}{{#about}}<small>{{about}}</small>{{/about}}</th>
        <td data-label="State"><span class="state {{state}}">{{state}}</span>{{#isProtected}}<small>{{isProtected}}</small>{{/isProtected}}</td>
        <td data-label="Aliases">{{aliases}}</td><td data-label="Webhook" class="name">{{webhook}}</td>
        <td data-label="Managed by" class="name">{{owner}}</td></tr>
        {{/rows}}
        </tbody>
        </table>
        {{>more}}
        {{/body}}
        {{/page}}
        """

    private static let activity = """
        {{<page}}
        {{$body}}
        {{#hasLimits}}
        <h2>Requests</h2>
        <ul class="limits">
        {{#limits}}<li><strong>{{used}}</strong> of {{limit}} this {{window}}<small>anew at {{reset}}</small></li>
        {{/limits}}
        </ul>
        {{/hasLimits}}
        <h2>Use of keys</h2>
        <table>
        <caption>The last 100 tokens that were used</caption>
        <thead><tr><th scope="col">Key</th><th scope="col">Last used</th><th scope="col">From</th><th scope="col">Requests</th><th scope="col">Scopes used</th></tr></thead>
        <tbody>
        {{#uses}}
        <tr><th scope="row">{{name}}<small><code>{{prefix}}</code></small></th><td data-label="Last used" class="when">{{last}}</td>
        <td data-label="From">{{address}}</td><td data-label="Requests">{{requests}}</td><td data-label="Scopes used">{{scopes}}</td></tr>
        {{/uses}}
        </tbody>
        </table>
        <h2>Changes</h2>
        <table>
        <caption>The last 50 commits</caption>
        <thead><tr><th scope="col">Revision</th><th scope="col">When</th><th scope="col">By key</th><th scope="col">For</th><th scope="col">Operations</th></tr></thead>
        <tbody>
        {{#commits}}
        <tr><th scope="row">{{revision}}</th><td data-label="When" class="when">{{time}}</td>
        <td data-label="By key" class="name"><code>{{actor}}</code>{{#who}}<small>{{who}}</small>{{/who}}</td>
        <td data-label="For" class="name">{{owner}}{{#commit}}<small>commit {{commit}}</small>{{/commit}}</td><td data-label="Operations">{{operations}}</td></tr>
        {{/commits}}
        </tbody>
        </table>
        {{/body}}
        {{/page}}
        """

    private static let docs = """
        {{<page}}
        {{$head}}{{#hasSwagger}}<link rel="stylesheet" href="/assets/swagger/swagger-ui.css">
        <script src="/assets/swagger/swagger-ui-bundle.js" defer></script>
        <script src="/assets/docs.js" defer></script>{{/hasSwagger}}{{/head}}
        {{$body}}
        <section class="card">
        <p>Send a key with every request: <code>Authorization: Bearer ec_...</code>. Make one under <a href="/settings/api-keys">API Keys</a>.
        {{#hasSwagger}}Calls that are tried here go out as this login, with the scopes: {{scopes}}.{{/hasSwagger}}</p>
        {{#hasLimits}}<p>100 requests a minute, 1,000 an hour, 10,000 a day; Pro has twice that, Enterprise its own. A batch counts as one.
        Each answer says what is left, in <code>X-RateLimit-Limit</code>, <code>X-RateLimit-Remaining</code> and <code>X-RateLimit-Reset</code>;
        over it 429 with <code>Retry-After</code>.</p>
        <ul class="limits">{{#limits}}<li><strong>{{remaining}}</strong> of {{limit}} left this {{window}}</li>{{/limits}}</ul>{{/hasLimits}}
        <p><a href="/openapi.json">openapi.json</a></p>
        </section>
        {{#hasSwagger}}<div id="swagger" data-token="{{pageToken}}"></div>{{/hasSwagger}}
        {{^hasSwagger}}
        {{#groups}}
        <h2>{{name}}</h2>
        {{#routes}}<article class="route"><h3><span class="method">{{method}}</span> <code>{{path}}</code></h3><p>{{about}}</p>
        {{#example}}<pre><code>{{example}}</code></pre>{{/example}}</article>
        {{/routes}}
        {{/groups}}
        {{/hasSwagger}}
        {{/body}}
        {{/page}}
        """
}
