import Foundation

/// A folder that is gone when the test is.
public final class Scratch: Sendable {
    /// The folder.
    public let path: String

    /// Makes the folder.
    public init() throws {
        path = "\(NSTemporaryDirectory())/t-\(UUID().uuidString.prefix(8))".replacing("//", with: "/")
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// A path in the folder.
    public func file(_ name: String) -> String { "\(path)/\(name)" }

    /// Writes a file in the folder.
    public func write(_ text: String, to name: String) throws {
        let url = URL(filePath: file(name))
        try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: url)
    }

    /// The names of the files in the folder, sorted.
    public var names: [String] { ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []).sorted() }

    /// Reads a file in the folder.
    public func read(_ name: String) throws -> String { try String(contentsOfFile: file(name), encoding: .utf8) }
}

/// Where the package is.
public enum Repository {
    /// The folder with `Package.swift`.
    public static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .path

    /// The text of a file of the repository.
    public static func text(_ path: String) throws -> String { try String(contentsOfFile: "\(root)/\(path)", encoding: .utf8) }

    /// The paths of all files with an extension below a folder, relative to it, sorted.
    public static func files(_ folder: String, _ fileExtension: String) -> [String] {
        let found = FileManager.default.enumerator(atPath: "\(root)/\(folder)")?.compactMap { $0 as? String } ?? []
        return found.filter { $0.hasSuffix(".\(fileExtension)") }.sorted()
    }
}
