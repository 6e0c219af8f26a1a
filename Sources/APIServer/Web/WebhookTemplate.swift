extension PageTemplates {
    /// The tab Webhooks.
    static let webhooks = """
        {{<page}}
        {{$body}}
        {{#problem}}<p class="problem" role="alert">{{problem}}</p>{{/problem}}
        <table>
        <caption>Webhooks, the oldest first</caption>
        <thead><tr><th scope="col">Name</th><th scope="col">URL</th><th scope="col">State</th><th scope="col">Deliveries</th><th scope="col">Aliases</th><th scope="col">Managed by</th></tr></thead>
        <tbody>
        {{#rows}}
        <tr><th scope="row">{{name}}{{#about}}<small>{{about}}</small>{{/about}}</th><td data-label="URL"><code>{{url}}</code></td>
        <td data-label="State"><span class="state {{state}}">{{state}}</span>{{#suspended}}<small>since {{suspended}}; tried once an hour</small>
        {{#mayResume}}<form method="post" action="/settings/webhooks/{{id}}/resume"><input type="hidden" name="pageToken" value="{{pageToken}}"><button class="quiet" aria-label="Resume: {{name}}">Resume</button></form>{{/mayResume}}{{/suspended}}</td>
        <td data-label="Deliveries">{{#queued}}<small>{{queued}} queued</small>{{/queued}}{{#delivered}}<small>last delivered {{delivered}}</small>{{/delivered}}
        {{#row}}<small class="state failed">{{row}} failed in a row</small>{{/row}}
        {{#hasFailed}}<details><summary>Last failures</summary><ul class="plain">{{#failures}}<li>{{outcome}}<small>{{started}}, attempt {{attempt}}</small></li>{{/failures}}</ul></details>{{/hasFailed}}</td>
        <td data-label="Aliases">{{aliases}}</td>
        <td data-label="Managed by" class="name">{{owner}}</td></tr>
        {{/rows}}
        </tbody>
        </table>
        {{>more}}
        {{/body}}
        {{/page}}
        """
}
