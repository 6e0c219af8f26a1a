extension PageTemplates {
    /// The tab Mail.
    static let mail = """
        {{<page}}
        {{$body}}
        {{#problem}}<p class="problem" role="alert">{{problem}}</p>{{/problem}}
        {{#chart}}{{>chart}}{{/chart}}
        <table>
        <caption>Mail, the latest first</caption>
        <thead><tr><th scope="col">Message</th><th scope="col">For</th><th scope="col">Came</th><th scope="col">State</th><th scope="col">Webhook</th><th scope="col">Deliveries</th></tr></thead>
        <tbody>
        {{#rows}}
        <tr>
        <th scope="row">{{subject}}{{#from}}<small>{{from}}</small>{{/from}}</th>
        <td data-label="For" class="name">{{recipient}}</td>
        <td data-label="Came"><span class="when">{{received}}</span></td>
        <td data-label="State"><span class="state {{status}}">{{status}}</span>{{#reason}}<small>{{reason}}</small>{{/reason}}{{#next}}<small>next attempt {{next}}</small>{{/next}}</td>
        <td data-label="Webhook" class="name">{{webhook}}</td>
        <td class="name">{{#attempts}}<details><summary>{{outcome}}</summary><p><span class="when">{{started}}</span>{{#excerpt}}<small><code>{{excerpt}}</code></small>{{/excerpt}}</p></details>{{/attempts}}
        {{#mayReplay}}<form method="post" action="/settings/mail/{{id}}/replay"><input type="hidden" name="pageToken" value="{{pageToken}}"><button class="quiet" aria-label="Replay: {{subject}}">Replay</button></form>{{/mayReplay}}</td>
        </tr>
        {{/rows}}
        </tbody>
        </table>
        {{>more}}
        {{/body}}
        {{/page}}
        """

    /// What came and what was tried, over time. The drawings are for the eye, and each says in words what it shows; the numbers are in the
    /// table below them.
    static let chart = """
        <section class="charts" aria-label="Mail over time">
        <p class="hint">In {{period}}, by UTC. {{#switch}}<a href="{{path}}">The last {{text}}</a>{{/switch}}</p>
        {{^hasRows}}<p class="hint">Nothing came.</p>{{/hasRows}}
        {{#charts}}
        <figure>
        <figcaption><strong>{{title}}</strong> {{#legend}}<span class="key"><span class="swatch {{look}}"></span>{{text}}</span> {{/legend}}</figcaption>
        <p class="most">{{most}}</p>
        <svg class="bars" role="img" aria-labelledby="{{id}}-title {{id}}-about" viewBox="0 0 {{width}} 100" preserveAspectRatio="none">
        <title id="{{id}}-title">{{title}}</title>
        <desc id="{{id}}-about">{{about}}</desc>
        {{#steps}}<g><title>{{tip}}</title>{{#rectangles}}<rect class="{{look}}" x="{{x}}" y="{{y}}" width="{{width}}" height="{{height}}"/>{{/rectangles}}</g>
        {{/steps}}
        </svg>
        <p class="axis"><span>{{start}}</span><span>{{end}}</span></p>
        </figure>
        {{/charts}}
        {{#hasRows}}
        <details><summary>The numbers</summary>
        <table>
        <caption>Mail and attempts in {{period}}, where there were any</caption>
        <thead><tr><th scope="col">{{unit}} from, UTC</th><th scope="col">Mail that came</th><th scope="col">Attempts to deliver</th></tr></thead>
        <tbody>
        {{#rows}}<tr><th scope="row" class="when">{{time}}</th><td data-label="Mail that came">{{mail}}</td><td data-label="Attempts to deliver">{{attempts}}</td></tr>
        {{/rows}}
        </tbody>
        </table>
        </details>
        {{/hasRows}}
        </section>
        """
}
