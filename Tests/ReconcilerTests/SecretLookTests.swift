@testable import Reconciler
import TestSupport
import Testing

@Suite("What looks like a secret")
struct SecretLookTests {
    @Test(
        "is a known form of token, or one long random word",
        arguments: [
            ("ghp_16C7e42F292c6912E7710c838347Ae178B4a", true), ("glpat-abcdefgh12345678", true), ("Bearer abcdefghijkl", true),
            ("eyJhbGciOiJIUzI1NiJ9.e30.x", true), ("AKIAIOSFODNN7EXAMPLE", true), ("q8Zr2vXk9TnB4mWp7LsD3fHc", true),
            ("9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", true), ("support", false),
            ("Help Desk for customers", false),
            ("https://hooks.acme.example/helpdesk", false), ("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", false), ("2026-11-26T18:00:00Z", false),
            ("Support-Ticket-Intake-2026-For-Everyone", false), ("mailbox-number-1234567890-of-the-team", false), ("bearer", false),
            ("wh_4fK2x9QaLm31XyZ0", false),
        ])
    func words(text: String, isSecret: Bool) { #expect(SecretLook.isLikely(text) == isSecret, "\(text)") }

    @Test(
        "stands in a URL's path or query",
        arguments: [
            ("https://hooks.slack.com/services/T000/B000/XXXXXXXXXXXXXXXXXXXXXXXX", true), ("https://a.example/in?token=abcdefgh123", true),
            ("https://a.example/in/q8Zr2vXk9TnB4mWp7LsD3fHc", true),
            ("https://hooks.acme.example/teams/support/intake?team=support", false),
        ])
    func urls(text: String, isSecret: Bool) { #expect(SecretLook.isLikely(inURL: text) == isSecret, "\(text)") }

    @Test("is warned of wherever it stands in a webhook, and not shown")
    func places() throws {
        let token = "ghp_16C7e42F292c6912E7710c838347Ae178B4a"
        for (field, place) in [
            ("headers: { X-A: 'token \(token)' }", "the header X-A"), ("description: '\(token)'", "description"),
            ("headers: { X-A: { env: A, prefix: '\(token) ' } }", "the reference of headers.X-A"),
            ("headers: { X-A: { command: [curl, -H, 'Authorization: Bearer \(token)'] } }", "the reference of headers.X-A"),
        ] {
            let yaml = "version: 1\nmanifest: m\nenvironment: e\nwebhooks: { w: { url: https://a.example/, \(field) } }\n"
            let found = Manifest.decode(Array(yaml.utf8), file: "m").diagnostics
            #expect(found.map(\.problem) == ["\(place) of the webhook w looks like a secret"], "\(field)")
        }
    }

    @Test("is every random token, and hardly a name")
    func random() {
        var generator = SeededGenerator(seed: 4)
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789")
        let seen = (0..<500).count { _ in
            SecretLook.isRandom(String((0..<40).map { _ in alphabet.randomElement(using: &generator) ?? "a" }))
        }
        #expect(seen >= 490)
    }
}
