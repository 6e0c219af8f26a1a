/// A plan as one page that needs nothing else: no script, no font, no request.
public struct PlanHTML {
    private let page: PlanPage

    /// - Parameter driftOnly: only what somebody changed in the account since the last apply.
    public init(_ plan: Plan, server: String, driftOnly: Bool = false) {
        page = PlanPage(plan, server: server, driftOnly: driftOnly)
    }

    /// The whole page.
    /// - Complexity: O(changes)
    public var text: String {
        var html = """
            <!doctype html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
            <title>\(Self.escaped(page.summary))</title>
            <style>
            :root { color-scheme: light dark; }
            body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 70rem; padding: 0 1rem; overflow-wrap: anywhere; }
            h1 { font-size: 1.3rem; } h2 { font-size: 1.1rem; }
            table { border-collapse: collapse; width: 100%; }
            td { border-top: 1px solid #8884; padding: .25rem .75rem .25rem 0; vertical-align: top; }
            td:first-child { font: 1em ui-monospace, monospace; } dl { margin: 0; display: grid; grid-template-columns: max-content 1fr; gap: 0 1rem; }
            dd { margin: 0; } .d { color: #b3261e; } .a { color: #136c37; } .c { color: #8a5300; }
            @media (prefers-color-scheme: dark) { .d { color: #f2a09a; } .a { color: #7bd49b; } .c { color: #f0c27a; } }
            </style>
            </head>
            <body>
            <h1>\(Self.escaped(page.summary))</h1>
            <p>\(Self.escaped(page.title))</p>

            """
        list("In the way", page.conflicts, to: &html)
        list("Refused", page.refusals, to: &html)
        table("Deletions", page.rows.filter { $0.sigil == .delete }, to: &html)
        table("Changes", page.rows.filter { $0.sigil != .delete }, to: &html)
        list("Allowed", page.consented, to: &html)
        list("Due", page.due, to: &html)
        list("Reported", page.reported, to: &html)
        return html + "</body>\n</html>\n"
    }

    private func list(_ title: String, _ entries: [String], to html: inout String) {
        guard !entries.isEmpty else { return }
        html += "<h2>\(title)</h2>\n<ul>\n"
        for entry in entries { html += "<li>\(Self.escaped(entry))</li>\n" }
        html += "</ul>\n"
    }

    private func table(_ title: String, _ rows: [PlanPage.Row], to html: inout String) {
        guard !rows.isEmpty else { return }
        html += "<h2>\(title) (\(rows.count))</h2>\n<table>\n"
        for row in rows {
            let look =
                switch row.sigil {
                case .add: "a"
                case .delete: "d"
                case .change, .rename, .uncertain: "c"
                }
            html +=
                "<tr class=\"\(look)\"><td>\(Self.escaped(row.sigil.rawValue))<td>\(row.kind)<td>\(Self.escaped(row.name))<td>\(Self.escaped(row.note))"
            if !row.fields.isEmpty {
                html += "<dl>"
                for field in row.fields { html += "<dt>\(Self.escaped(field.name))<dd>\(Self.escaped(field.value))" }
                html += "</dl>"
            }
            html += "\n"
        }
        html += "</table>\n"
    }

    /// https://html.spec.whatwg.org/multipage/parsing.html#escapingString
    private static func escaped(_ text: String) -> String {
        text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;").replacing("\"", with: "&quot;")
    }
}
