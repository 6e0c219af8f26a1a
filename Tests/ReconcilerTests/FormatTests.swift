import EmailConnect
import Foundation
@testable import Reconciler
import Testing
import TestSupport

/// Each `Snapshots/format/NAME.yaml` stands beside `NAME.expected`, its canonical layout. `RECORD_SNAPSHOTS=1 swift test` writes the
/// expected files anew; read the difference before it is committed.
@Suite("The canonical layout")
struct FormatTests {
    private static let folder = "Tests/ReconcilerTests/Snapshots/format"
    static let names = Repository.files(folder, "yaml")
    static let manifests =
        ManifestSnapshotTests.names.map { "Tests/ReconcilerTests/Snapshots/manifests/\($0)" }
        + Repository.files("examples", "yaml").filter { $0.hasSuffix("reconcile.yaml") }.map { "examples/\($0)" }

    private static func bytes(_ path: String) throws -> [UInt8] {
        [UInt8](try Data(contentsOf: URL(filePath: "\(Repository.root)/\(path)")))
    }

    private func format(_ text: String) -> String? {
        Formatted(Array(text.utf8), file: "f").canonical.map { String(decoding: $0, as: UTF8.self) }
    }

    @Test("is as it was agreed, and its own layout", arguments: names)
    func snapshot(name: String) throws {
        let formatted = Formatted(try Self.bytes("\(Self.folder)/\(name)"), file: name)
        let text = String(decoding: try #require(formatted.canonical, "\(formatted.diagnostics)"), as: UTF8.self)
        #expect(format(text) == text)
        try Snapshot.expect(text, at: "\(Self.folder)/\(name.replacing(".yaml", with: ".expected"))")
    }

    @Test("of a manifest wants the same, and has the same mistakes", arguments: manifests)
    func sameState(path: String) throws {
        let source = try Self.bytes(path)
        let (state, diagnostics) = Manifest.decode(source, file: "f")
        let formatted = Formatted(source, file: "f")
        guard let canonical = formatted.canonical else {
            #expect(state == nil && formatted.diagnostics.allSatisfy { $0.severity == .error && !$0.problem.contains("would not") })
            return
        }
        let (other, others) = Manifest.decode(canonical, file: "f")
        #expect(state.map(ManifestSnapshotTests.describe) == other.map(ManifestSnapshotTests.describe))
        #expect(diagnostics.map(\.problem).sorted() == others.map(\.problem).sorted())
        #expect(Formatted(canonical, file: "f").isCanonical)
    }

    @Test("is what the examples have", arguments: manifests.filter { $0.hasPrefix("examples/") })
    func examples(path: String) throws {
        let formatted = Formatted(try Self.bytes(path), file: path)
        #expect(formatted.isCanonical, "\(formatted.difference)")
    }

    @Test("orders fields as the reference does, and leaves entries as they are")
    func order() {
        #expect(
            format("domains:\n  z.example: { webhook: h, name: z }\n  a.example: { aliases: { z: h, a: h }, name: a }\nversion: 1\n")
                == "version: 1\ndomains:\n  z.example: { name: z, webhook: h }\n  a.example: { name: a, aliases: { z: h, a: h } }\n")
        for names in [Webhook.entryNames, Domain.entryNames, Alias.entryNames, APIKey.entryNames, ManifestNames.sections] {
            #expect(Set(names).count == names.count)
        }
    }

    @Test("keeps keys that nobody knows behind the known ones, in their order")
    func unknown() {
        #expect(format("zebra: 1\nversion: 1\nant: 2\nmanifest: m\n") == "version: 1\nmanifest: m\nzebra: 1\nant: 2\n")
    }

    @Test("keeps the order of a mapping in which an alias would come before its anchor, or mean another one")
    func anchors() {
        let used = "webhooks: &w { h: x }\nversion: 1\nmanifest: *w\n"
        #expect(format(used) == used.replacing("webhooks: &w { h: x }\nversion: 1\n", with: "webhooks: &w { h: x }\nversion: 1\n"))
        #expect(format("manifest: &m x\nversion: *m\n") == "manifest: &m x\nversion: *m\n")
        #expect(format("manifest: &m x\nenvironment: *m\nversion: 1\n") == "version: 1\nmanifest: &m x\nenvironment: *m\n")
        let twice = "manifest: &m x\nversion: &m y\ndomains: *m\n"
        #expect(format(twice) == twice)
    }

    @Test("has no byte order mark, no carriage return, no blank line at either end, and one line feed behind the last")
    func frame() {
        #expect(format("\u{FEFF}\r\n\r\nversion: 1\r\n\r\n\r\n\r\nmanifest: m  \r\n\r\n") == "version: 1\n\nmanifest: m\n")
        #expect(format("version: 1") == "version: 1\n")
        #expect(format("---\nversion: 1\n...\n") == "version: 1\n")
        #expect(format("") == "")
        #expect(format("\n\n") == "")
        #expect(format("\n#  only a comment  \n\n") == "#  only a comment\n")
    }

    @Test("keeps what a block scalar says when the file ends without a line feed")
    func unterminated() throws {
        #expect(format("a: |\n   text") == "a: |-\n  text\n")
        #expect(format("manifest: |+\n   text\n\n\nversion: 1\n") == "version: 1\nmanifest: |+\n  text\n\n\n")
    }

    @Test("is refused for a mistake of syntax and for a key that stands twice, with the place of each")
    func refused() {
        let twice = Formatted(Array("a: 1\nb: { c: 1, c: 2 }\na: 2\n".utf8), file: "f")
        #expect(twice.canonical == nil)
        #expect(twice.diagnostics.sorted().map(\.position) == [Position(line: 2, column: 12), Position(line: 3, column: 1)])
        for text in ["a: [\n", "a: b: c\n", "a: *b\n", "a: &b [*b]\n", "? [a]\n: b\n", "a: !x b\n", "a: 1\n---\nb: 1\n", "\tb: 1\n"] {
            let formatted = Formatted(Array(text.utf8), file: "f")
            #expect(formatted.canonical == nil && formatted.diagnostics.count == 1, "\(text)")
        }
        let deep = String(repeating: "[", count: 40) + String(repeating: "]", count: 40)
        #expect(Formatted(Array(deep.utf8), file: "f").diagnostics.first?.problem == "nested more than 32 levels deep")
    }

    @Test("does not show the value of a key that stands twice")
    func secrets() {
        let source = Array("headers: { token: SECRET1, token: SECRET2 }\n".utf8)
        let text = DiagnosticText(.plain).render(Formatted(source, file: "f").diagnostics, sources: ["f": source])
        #expect(text.contains("stands here twice") && !text.contains("SECRET"))
    }

    @Test("of a file that is not there names it")
    func missing() {
        let formatted = Formatted.read("gone.yaml", .test(files: ["m.yaml": "version:  1\n"]))
        #expect(formatted.canonical == nil && formatted.diagnostics.first?.problem.contains("gone.yaml") == true)
        #expect(Formatted.read("m.yaml", .test(files: ["m.yaml": "version:  1\n"])).isCanonical == false)
    }

    @Test("of a text that was cut or damaged is refused for its syntax, or found", arguments: names)
    func damaged(name: String) throws {
        let source = try Self.bytes("\(Self.folder)/\(name)")
        func check(_ text: [UInt8], _ what: String) {
            let formatted = Formatted(text, file: "f")
            #expect(!formatted.diagnostics.contains { $0.problem.contains("would not") }, "\(what)")
            guard let canonical = formatted.canonical else { return }
            #expect(Formatted(canonical, file: "f").isCanonical, "\(what)")
        }
        let bytes: [UInt8] = [0x0A, 0x20, 0x23, 0x2D, 0x3A, 0x7B]
        for index in source.indices where index.isMultiple(of: 5) {
            check(Array(source[..<index]), "cut at \(index)")
            var damaged = source
            damaged[index] = bytes[index % bytes.count]
            check(damaged, "byte \(index) as \(damaged[index])")
        }
    }
}
