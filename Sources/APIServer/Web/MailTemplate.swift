extension PageTemplates {
    /// The tab Mail.
    static let mail = """
        {{<page}}
        {{$body}}
        {{#problem}}<p class="problem" role="alert">{{problem}}</p>{{/problem}}
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
}
