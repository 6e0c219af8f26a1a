public import EmailConnect

/// An account's state in a file: for a review without network, or without the account's key.
public struct SavedState: AccountReader {
    private let file: String
    private let bytes: [UInt8]

    private static let piece = 1 << 16

    /// Reads the file.
    /// - Throws: when it cannot be read.
    public init(_ file: String, _ effects: Effects) throws(FileFailure) {
        self.file = file
        bytes = try effects.readFile(file)
    }

    /// The account as it was when the file was saved.
    /// - Throws: when the file is no whole state.
    public func state(of kinds: [Kind], seenBy viewer: Viewer) async throws(AccountFailure) -> AccountState {
        do throws(Rejection) {
            var decoder = StateDecoder(seenBy: viewer)
            // Piece by piece, since the decoder keeps what it is fed until a line ends.
            for start in stride(from: 0, to: bytes.count, by: Self.piece) {
                try decoder.feed(bytes[start..<min(start + Self.piece, bytes.count)])
            }
            return try decoder.finish()
        } catch {
            throw AccountFailure(
                .unreachable, "\(Escaped.line(file)): \(error.problem)", "save the account's state again: reconcile state --out FILE")
        }
    }

    /// A file does not know what was applied.
    public func applied(_ digest: String, by owner: Owner) async throws(AccountFailure) -> ApplyRecord? { nil }
}
