import EmailConnect
import Foundation
@testable import Reconciler
import Testing
import TestSupport

/// Each `Snapshots/manifests/NAME.yaml` stands beside `NAME.expected`: what validate would say of it, or what it wants.
/// `RECORD_SNAPSHOTS=1 swift test` writes the expected files anew; read the difference before it is committed.
@Suite("A manifest")
struct ManifestSnapshotTests {
    private static let folder = "Tests/ReconcilerTests/Snapshots/manifests"
    static let names = Repository.files(folder, "yaml")

    @Test("is read, or every mistake in it is explained", arguments: names)
    func snapshot(name: String) throws {
        let path = "\(Repository.root)/\(Self.folder)/\(name)"
        let bytes = [UInt8](try Data(contentsOf: URL(filePath: path)))
        let (state, diagnostics) = Manifest.decode(bytes, file: name)
        var text = DiagnosticText(.plain).render(diagnostics, sources: [name: bytes])
        if let state { text += Self.describe(state) }
        #expect(!text.contains("SECRET"), "what the samples call a secret never shows")
        try Snapshot.expect(text, at: "\(Self.folder)/\(name.replacing(".yaml", with: ".expected"))")
    }

    @Test("has snapshots at all")
    func thereAreSnapshots() { #expect(Self.names.count > 20) }

    static func describe(_ state: DesiredState) -> String {
        var text = "owner \(state.owner.text)\n"
        if let url = state.pins.url { text += "pinned to \(url.text)\n" }
        if let account = state.pins.account { text += "pinned to account \(account)\n" }
        for webhook in state.externalWebhooks { text += "webhook of others \(webhook.key): \(webhook.reference.text)\n" }
        for domain in state.externalDomains { text += "domain of others \(domain.name)\n" }
        for webhook in state.webhooks { text += line(webhook.value) }
        for domain in state.domains { text += line(domain.value) }
        for alias in state.aliases { text += line(alias.value) }
        for key in state.apiKeys { text += line(key.value) }
        for (key, sink) in state.sinks.sorted(by: { $0.key < $1.key }) { text += "\(key) goes to \(sink.label)\n" }
        return text
    }

    private static func line<R: Resource>(_ value: R) -> String {
        let fields = value.shown(Stated(value, rows: value.worthWriting).rows).map { "\($0.field)=\($0.value.cell)" }
        return "\(R.kind.word) \(value.naturalKey?.description ?? "?"): \(fields.joined(separator: " "))\n"
    }
}
