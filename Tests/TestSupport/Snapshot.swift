import Foundation
public import Testing

/// Text that is compared with a checked-in file.
public enum Snapshot {
    /// Compares, or with `RECORD_SNAPSHOTS=1` writes the file anew and fails, so that a recording run is never green.
    public static func expect(_ text: String, at path: String, sourceLocation: SourceLocation = #_sourceLocation) throws {
        let file = URL(filePath: "\(Repository.root)/\(path)")
        if ProcessInfo.processInfo.environment["RECORD_SNAPSHOTS"] == "1" {
            try Data(text.utf8).write(to: file)
            Issue.record("recorded \(path)", sourceLocation: sourceLocation)
            return
        }
        let expected = (try? String(contentsOf: file, encoding: .utf8)) ?? ""
        #expect(text == expected, "see \(path); RECORD_SNAPSHOTS=1 writes it anew", sourceLocation: sourceLocation)
    }
}
