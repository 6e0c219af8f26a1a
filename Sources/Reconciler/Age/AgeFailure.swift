public import EmailConnect

/// Why a file could not be encrypted or decrypted. It never holds a key or a part of the content.
public enum AgeFailure: Error, Equatable, Sendable {
    /// The file does not start as an age file does.
    case notAge
    /// A later version of the format.
    case unsupportedVersion
    /// Encrypted with a passphrase.
    case passphrase
    /// No key that is read here can open it; the kinds of recipients that it has.
    case otherRecipients([String])
    /// None of the identities opens it.
    case noMatch
    /// The text around the file is not as it must be; where, and why.
    case armor(line: Int, String)
    /// The header is not as it must be; in which of its lines, and why.
    case header(line: Int, String)
    /// The header is not the one that was written.
    case headerChanged
    /// The file ends too early.
    case truncated
    /// The content is not the one that was written.
    case contentChanged
    /// Something stands behind the end of the content.
    case trailing
    /// Nobody could decrypt the file.
    case noRecipients
    /// More recipients than a header may have.
    case tooManyRecipients(limit: Int)
    /// A recipient's key leads to a secret that everybody knows.
    case weakRecipient
    /// There is no key to decrypt with.
    case noIdentities
    /// The content is not UTF-8 where text is asked for.
    case notText
    /// The cryptographic library refused what it should take.
    case library

    /// The same in words: what is wrong, and what to do.
    public var rejection: Rejection {
        switch self {
        case .notAge:
            Rejection("not an age file", "it starts with \(AgeArmor.begin), or with \(AgeHeader.intro)v1 when it is binary")
        case .unsupportedVersion:
            Rejection("a version of the age format that is not known here", "encrypt the file again in the format \(AgeHeader.intro)v1")
        case .passphrase: Rejection("encrypted with a passphrase", "encrypt to a recipient instead: age -r age1...")
        case .otherRecipients(let kinds):
            Rejection(
                "encrypted to recipients of other kinds only\(Self.list(kinds))",
                "encrypt to an X25519 recipient (age1...); SSH keys, plugins and passphrases are not supported")
        case .noMatch:
            Rejection(
                "none of the identities opens the file",
                "use an identity that it was encrypted to, or encrypt it again; an age file does not tell who its recipients are")
        case .armor(let line, let problem): Rejection("line \(line) of the armored file: \(problem)", "copy the file again, as a whole")
        case .header(let line, let problem): Rejection("line \(line) of the age header: \(problem)", Self.remedy)
        case .headerChanged: Rejection("the age header is not the one that was written", Self.remedy)
        case .truncated: Rejection("the age file is cut short", "copy the file again, as a whole")
        case .contentChanged: Rejection("the encrypted content is damaged, cut short or continued", Self.remedy)
        case .trailing: Rejection("the age file goes on behind its end", "remove what was appended, or encrypt again")
        case .noRecipients: Rejection("no recipient to encrypt to", "name at least one (age1...)")
        case .tooManyRecipients(let limit): Rejection("a file has at most \(limit) recipients", "encrypt to fewer")
        case .weakRecipient: AgeRecipient.weak
        case .noIdentities: Rejection("no identity to decrypt with", "give a file with an AGE-SECRET-KEY-1...")
        case .notText: Rejection("the decrypted content is not UTF-8 text", "encrypt text")
        case .library: Rejection("the cryptographic library failed", "please report this")
        }
    }

    private static let remedy = "copy the file again as binary, or encrypt again"

    /// The kinds come from the file, so only those that are a short name are repeated.
    private static func list(_ kinds: [String]) -> String {
        let names = Set(kinds.filter { $0.utf8.count <= 20 && !$0.hasSuffix("-grease") }).sorted().prefix(5)
        return names.isEmpty ? "" : " (\(names.joined(separator: ", ")))"
    }
}
