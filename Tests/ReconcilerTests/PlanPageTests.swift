import EmailConnect
import Foundation
@testable import Reconciler
import Testing
import TestSupport

@Suite("A plan as a page")
struct PlanPageTests {
    /// Text that would be something else in a terminal, a comment, a page or a log.
    private static let hostile =
        "````\n# big\n@acme/everyone <img src=x onerror=alert(1)> [a](https://evil.example) ::error::x \u{1B}[31m \u{202E} | `a` &lt;"

    private static func plan(creates: Int = 1, deletes: Int = 0, description: String = "x") throws -> Plan {
        let escaped = String(decoding: try JSONEncoder().encode(description), as: UTF8.self)
        let aliases = (0..<creates).map { "      new\($0): { webhook: hook, description: \(escaped) }\n" }.joined()
        let manifest = """
            webhooks: { hook: { url: https://a.example/ } }
            domains:
              acme.example:
                aliases:
            \(aliases.isEmpty ? "      keep: hook\n" : aliases)
            """
        let state =
            [
                record("webhook", "wh_1", #""key":"hook","name":"hook","url":"https://a.example/""#),
                record("domain", "dom_1", #""name":"acme.example""#),
            ]
            + (0..<deletes).map {
                record("alias", "alias_\($0)", "\"domain\":\"acme.example\",\"name\":\"old\($0)\",\"webhook_id\":\"wh_1\"")
            }
        return try World(manifest, state: state).plan()
    }

    @Test("is a comment with the summary, what is in the way, and every deletion")
    func markdown() throws {
        let text = PlanMarkdown(try Self.plan(creates: 2, deletes: 12), server: "https://api.example/v1").text
        #expect(text.contains("acme/test -> https://api.example/v1  (revision 9)"))
        #expect(text.contains(": 2 to add, 12 to delete."))
        #expect(text.contains("**Refused** (2)") || text.contains("**Refused** (1)"), "\(text)")
        #expect(text.contains("**Deletions** (12)\n\n````diff\n- alias old0@acme.example"))
        for number in 0..<12 { #expect(text.contains("- alias old\(number)@acme.example")) }
        #expect(text.contains("**Changes** (2)") && text.contains("+ alias new0@acme.example  description \"x\", webhook hook"))
    }

    @Test(
        "stays below what a forge takes, cuts changes and keeps deletions, and says what it left out",
        arguments: [(5000, 40), (0, 5000), (3000, 900)])
    func limits(creates: Int, deletes: Int) throws {
        let plan = try Self.plan(creates: creates, deletes: deletes, description: String(repeating: "long ", count: 30))
        let text = PlanMarkdown(plan, server: "https://api.example/v1").text
        #expect(text.utf16.count < PlanMarkdown.limit, "\(text.utf16.count)")
        #expect(text.contains("**Deletions** (\(deletes))"))
        #expect(text.contains("- alias old0@acme.example"))
        if creates > 0 { #expect(text.contains("+ alias new0@acme.example"), "something of what changes is seen") }
        if deletes <= 900 { #expect(text.components(separatedBy: "\n- alias old").count - 1 == deletes, "none is cut") }
        #expect(text.contains("not shown here: `reconcile show`"))
        let html = PlanHTML(plan, server: "https://api.example/v1").text
        #expect(html.utf8.count < 2_000_000)
        #expect(html.components(separatedBy: "<tr").count - 1 == plan.counts.add + plan.counts.delete, "a page has them all")
    }

    @Test("stays below it whatever it has to show: conflicts, ticks, values without end")
    func extremes() throws {
        let ticks = String(repeating: "`", count: 4096)
        for description in [ticks, String(repeating: "\u{1F600}", count: 4096), String(repeating: "x", count: 4096)] {
            let text = PlanMarkdown(try Self.plan(creates: 400, deletes: 3, description: description), server: ticks).text
            #expect(text.utf16.count < PlanMarkdown.limit, "\(text.utf16.count)")
            #expect(text.contains("+ alias new0@acme.example") && text.contains("- alias old2@acme.example"))
        }
        // Everything is another owner's.
        let manifest = "domains: { acme.example: { aliases: { \((0..<5000).map { "old\($0): {}" }.joined(separator: ", ")) } } }"
        let state =
            [record("domain", "dom_1", #""name":"acme.example""#, owner: "web/production")]
            + (0..<5000).map {
                record("alias", "alias_\($0)", "\"domain\":\"acme.example\",\"name\":\"old\($0)\"", owner: "web/production")
            }
        let plan = try World(manifest, state: state).plan()
        #expect(plan.conflicts.count >= 5000)
        let text = PlanMarkdown(plan, server: "s").text
        #expect(text.utf16.count < PlanMarkdown.limit && text.contains("**In the way** (\(plan.conflicts.count))"), "\(text.utf16.count)")
    }

    @Test("is one page below 1 MB at 5,000 changes, that needs no script and no request")
    func html() throws {
        let html = PlanHTML(try Self.plan(creates: 4900, deletes: 100, description: "Support ticket intake"), server: "s").text
        #expect(html.utf8.count < 1_000_000, "\(html.utf8.count)")
        for part in ["<script", "http:", "src=", "@import", "url("] { #expect(!html.contains(part), "\(part)") }
        #expect(html.contains("default-src 'none'"))
    }

    @Test("shows text from outside as text: no markup, no mention, no way out of its fence, no log command")
    func escapes() throws {
        let plan = try Self.plan(description: Self.hostile)
        let server = "https://api.example/v1\n::error::\(Self.hostile)"
        let markdown = PlanMarkdown(plan, server: server).text
        #expect(markdown.contains("@acme/everyone"), "it is shown")
        // Outside fences there is nothing but what the report itself says.
        var fence: String?
        for line in markdown.split(separator: "\n", omittingEmptySubsequences: false).map(String.init) {
            if let open = fence {
                if line == open { fence = nil } else { #expect(!line.hasPrefix("``"), "\(line)") }
            } else if line.hasPrefix("`"), line.hasSuffix("diff") {
                fence = String(line.dropLast(4))
            } else {
                #expect(!line.contains("@") && !line.contains("<") && !line.contains("evil"), "\(line)")
            }
            #expect(!line.hasPrefix("::") && !line.contains("\u{1B}") && !line.contains("\u{202E}"))
        }
        #expect(fence == nil, "every fence is closed")
        let html = PlanHTML(plan, server: server).text
        #expect(!html.contains("<img") && html.contains("&lt;img src=x onerror=alert(1)&gt;"))
        #expect(html.contains("&amp;lt;") && !html.contains("\u{202E}"))
        for page in [markdown, html] { #expect(!page.contains("\r")) }
    }

    @Test("lists what is new below its name where a terminal is too narrow for one line")
    func width() throws {
        let plan = try World("webhooks: { hook: { url: https://a.example/in, description: Opens a ticket } }").plan()
        let line = "  + webhook hook  url \"https://a.example/in\", description \"Opens a ticket\"\n"
        #expect(PlanText(.plain).render(plan, server: "s").contains(line), "a log has no width")
        #expect(PlanText(.plain, width: 80).render(plan, server: "s").contains(line))
        #expect(
            PlanText(.plain, width: 60).render(plan, server: "s").contains(
                "  + webhook hook\n      url \"https://a.example/in\"\n      description \"Opens a ticket\"\n"))
    }
}
