import EmailConnect
@testable import Reconciler
import TestSupport
import Testing

@Suite("moved_from")
struct RenameTests {
    private static let domain = record("domain", "dom_1", #""name":"acme.example""#)
    private static func alias(_ id: String, _ name: String, domain: String = "acme.example", owner: String? = World.owner) -> String {
        record("alias", "alias_\(id)", "\"domain\":\"\(domain)\",\"name\":\"\(name)\"", owner: owner)
    }
    private static func manifest(_ aliases: String) -> String { "domains: { acme.example: { aliases: { \(aliases) } } }" }

    @Test(
        "renames when the new name is not there and the old one is, even if that is filled again; otherwise it is stale",
        arguments: [
            ("help: { moved_from: hilfe }", [alias("1", "hilfe")], ["> alias hilfe@acme.example -> help@acme.example: manifest changed"]),
            (
                "help: { moved_from: Hilfe@ACME.example }", [alias("1", "hilfe")],
                ["> alias hilfe@acme.example -> help@acme.example: manifest changed"]
            ),
            (
                "help: { moved_from: hilfe }, hilfe: {}", [alias("1", "hilfe")],
                ["> alias hilfe@acme.example -> help@acme.example: manifest changed", "+ alias hilfe@acme.example: "]
            ),
            ("help: { moved_from: hilfe }", [alias("1", "help")], []),
            ("help: { moved_from: hilfe }", [], ["+ alias help@acme.example: "]),
            ("help: { moved_from: hilfe }", [alias("1", "hilfe", owner: "web/test")], ["+ alias help@acme.example: "]),
            ("a: { moved_from: b }, b: { moved_from: a }", [alias("1", "a"), alias("2", "b")], []),
            (
                "b: { moved_from: a }, c: { moved_from: b }", [alias("1", "a"), alias("2", "b")],
                ["> alias b@acme.example -> c@acme.example: manifest changed", "+ alias b@acme.example: ", "- alias a"]
            ),
        ])
    func cases(aliases: String, there: [String], rows: [String]) throws {
        let world = try World(Self.manifest(aliases), state: [Self.domain] + there)
        // A chain a -> b -> c finds b there: its first link is stale, and a would be lost, which is said.
        if rows.last == "- alias a" {
            #expect(world.plan().conflicts.map(\.name) == ["b@acme.example"])
        } else {
            #expect(world.rows() == rows)
            #expect(world.plan().conflicts.isEmpty)
        }
    }

    @Test("keeps the fields that do not change out of the plan, and shows those that do")
    func fields() throws {
        let old = record("alias", "alias_1", #""domain":"acme.example","name":"hilfe","description":"old""#)
        let world = try World(Self.manifest("help: { moved_from: hilfe, description: new }"), state: [Self.domain, old])
        let page = PlanPage(world.plan(), server: "s")
        #expect(page.rows.first?.fields.map(\.name) == ["description"])
        #expect(world.plan().counts == Counts(rename: 1))
    }

    @Test("moves an alias out of a domain that goes, without counting it as a deletion")
    func acrossDomains() throws {
        let world = try World(
            Self.manifest("x: { moved_from: x@old.example }"),
            state: [
                Self.domain, record("domain", "dom_2", #""name":"old.example""#), Self.alias("1", "x", domain: "old.example"),
            ])
        #expect(world.rows() == ["- domain old.example: manifest changed", "> alias x@old.example -> x@acme.example: manifest changed"])
    }

    @Test("is refused when both names are there and the old one is not declared: it would be lost")
    func both() throws {
        let world = try World(
            Self.manifest("help: { moved_from: hilfe }"), state: [Self.domain, Self.alias("1", "hilfe"), Self.alias("2", "help")])
        #expect(world.plan().conflicts.map(\.problem) == ["is to be moved from hilfe@acme.example, but both are there"])
    }
}
