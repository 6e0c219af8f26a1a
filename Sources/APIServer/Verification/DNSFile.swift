public import DNS
import FoundationEssentials

/// Answers from a file in place of the domain name system, for a laptop and for tests: records as a zone's file has them.
public enum DNSFile {
    /// The largest one, in bytes.
    private static let limit = 16 << 20

    /// Reads one. It is read again for each question, so that what is added counts at once.
    /// - Throws: when it cannot be read, or is none.
    public static func read(_ path: String) throws(DNSFileFailure) -> MasterFile {
        guard let data = try? Data(contentsOf: URL(filePath: path)) else {
            throw DNSFileFailure(FileTrouble.reason(path) ?? "it cannot be read")
        }
        guard data.count <= limit else { throw DNSFileFailure("it is larger than \(limit) bytes") }
        do throws(MasterFileFailure) { return try MasterFile(parsing: Array(data)) } catch {
            throw DNSFileFailure("line \(error.line): \(error.problem)")
        }
    }
}

/// Why a file has no answers.
public struct DNSFileFailure: Error, Sendable {
    /// What is wrong with it.
    public let problem: String

    init(_ problem: String) { self.problem = problem }
}
