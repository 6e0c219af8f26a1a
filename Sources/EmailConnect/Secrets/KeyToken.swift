/// Whether an API key's token has reached its sink, as a field of the key.
public enum KeyToken: Equatable, Sendable {
    /// A token was acknowledged and is in use.
    case delivered
    /// No token was acknowledged, or the one that was has to be replaced: a new one is made.
    case undelivered
    /// In a request: the prefix and hash of a token that the client made.
    case made(TokenHash)
}

/// What the account learns of a token that a client made.
public struct TokenHash: Hashable, Sendable {
    /// `ec_` and the 8 characters that identify the token; stored and shown.
    public let prefix: String
    /// SHA-256 of the whole token, 64 hexadecimal digits.
    public let sha256: String

    /// What the account learns of a token.
    public init(prefix: String, sha256: String) {
        self.prefix = prefix
        self.sha256 = sha256
    }
}

extension KeyToken: FieldValue {
    /// What it looks like.
    public static var shape: Shape { .token }

    /// Reads the value as a manifest has it.
    public init(_ node: Node) throws(Rejection) {
        var parts: [String: String] = [:]
        for member in try node.members("a token's prefix and sha256") { parts[member.key.text] = try member.value.text() }
        guard parts.count == 2, let prefix = parts["prefix"], let sha256 = parts["sha256"], Token.isPrefix(prefix),
            sha256.utf8.count == 64, sha256.utf8.allSatisfy({ (0x30...0x39).contains($0) || (0x61...0x66).contains($0) })
        else {
            throw Rejection("expected a token's prefix and sha256", "ec_ and 8 characters; 64 lower-case digits", at: node.position)
        }
        self = .made(TokenHash(prefix: prefix, sha256: sha256))
    }

    /// A state says only whether a token was delivered; a request brings what the account learns of a new one.
    public init(_ node: Node, wire name: String) throws(Rejection) {
        switch node {
        case .scalar(let scalar) where scalar.text == "delivered": self = .delivered
        case .scalar(let scalar) where scalar.text == "undelivered": self = .undelivered
        default: try self.init(node)
        }
    }

    /// Writes the member as the wire has it.
    public func write(_ name: String, to json: inout JSONWriter) {
        switch self {
        case .made(let hash):
            json.object(name) { json in
                json.member("prefix", hash.prefix)
                json.member("sha256", hash.sha256)
            }
        case .delivered: json.member(name, "delivered")
        case .undelivered: json.member(name, "undelivered")
        }
    }

    /// How it may be shown.
    public var shown: Shown {
        switch self {
        case .delivered: .word("delivered")
        case .undelivered: .word("not delivered")
        case .made(let hash): .word(hash.prefix)
        }
    }
}

/// An API key's token: `ec_` + 8 base62 (its id) + `_` + 43 base62 (256 random bits) + 6 base62 (CRC-32 of what stands
/// before).
public struct Token: Sendable {
    /// The whole token.
    public let secret: Secret
    /// What the account learns of it.
    public let hash: TokenHash

    private static let alphabet = Array("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz".utf8)

    /// A new token.
    public init(using generator: inout some RandomNumberGenerator) {
        let prefix = "ec_" + Self.random(8, &generator)
        let body = "\(prefix)_\(Self.random(43, &generator))"
        self.init(text: body + Self.checksum(body), prefix: prefix)
    }

    /// Reads a token; nil when its form or its checksum is wrong.
    public init?(_ text: String) {
        guard text.utf8.count == 61, text.hasPrefix("ec_"), text.utf8.dropFirst(11).first == UInt8(ascii: "_") else { return nil }
        guard Self.checksum(String(text.dropLast(6))) == text.suffix(6) else { return nil }
        self.init(text: text, prefix: String(text.prefix(11)))
    }

    private init(text: String, prefix: String) {
        secret = Secret(text)
        hash = TokenHash(prefix: prefix, sha256: Hex.sha256(text))
    }

    /// Whether a text is the shown part of a token.
    public static func isPrefix(_ text: String) -> Bool {
        text.utf8.count == 11 && text.hasPrefix("ec_") && text.utf8.dropFirst(3).allSatisfy(alphabet.contains)
    }

    /// Random characters, each with 5.95 bits: six bits of the generator each, but for two values in 64.
    public static func random(_ count: Int, _ generator: inout some RandomNumberGenerator) -> String {
        var text: [UInt8] = []
        text.reserveCapacity(count)
        while text.count < count {
            var bits: UInt64 = generator.next()
            for _ in 0..<10 where text.count < count {
                let index = Int(bits & 63)
                bits >>= 6
                if index < alphabet.count { text.append(alphabet[index]) }
            }
        }
        return String(decoding: text, as: UTF8.self)
    }

    private static func checksum(_ text: String) -> String {
        var value = crc32(text.utf8)
        var digits: [UInt8] = []
        for _ in 0..<6 {
            digits.append(alphabet[Int(value % 62)])
            value /= 62
        }
        return String(decoding: digits.reversed(), as: UTF8.self)
    }

    /// https://www.rfc-editor.org/rfc/rfc1952#section-8
    private static func crc32(_ bytes: some Sequence<UInt8>) -> UInt32 {
        var crc = UInt32.max
        for byte in bytes {
            crc ^= UInt32(byte)
            for _ in 0..<8 { crc = crc & 1 == 1 ? crc >> 1 ^ 0xEDB8_8320 : crc >> 1 }
        }
        return ~crc
    }
}
