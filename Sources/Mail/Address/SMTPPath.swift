/// The path of `MAIL FROM:` or `RCPT TO:`. https://www.rfc-editor.org/rfc/rfc5321#section-4.1.2
///
/// Other than in a header, what is wrong is refused: the sender is still there to be told.
public struct SMTPPath: Hashable, Sendable {
    /// The mailbox; nil for `<>`, the sender of a message about another message. Its domain is empty in `<postmaster>`.
    public let address: AddrSpec?
    /// What stands behind the path: the parameters, with the space before them.
    public let parameters: ArraySlice<UInt8>

    /// Why a path is refused, as one sentence without a full stop.
    public struct Failure: Error, Hashable, Sendable, CustomStringConvertible {
        /// What is wrong with it.
        public let description: String
    }

    /// Reads what stands behind the colon of the command.
    /// - Parameters:
    ///   - text: begins with the angle bracket.
    ///   - allowsUTF8: whether the command has the parameter SMTPUTF8. https://www.rfc-editor.org/rfc/rfc6531#section-3.3
    /// - Throws: when it is no path.
    /// - Complexity: linear in its length, which is at most 256 octets.
    public init(parsing text: ArraySlice<UInt8>, allowsUTF8: Bool) throws(Failure) {
        var scanner = PathScanner(text, allowsUTF8: allowsUTF8)
        (address, parameters) = try scanner.path()
    }
}
