/// Where a secret's value is found. A manifest holds references, never values.
public struct SecretReference: Hashable, Comparable, Sendable {
    /// The places that a value may come from.
    public enum Source: Hashable, Sendable {
        /// An environment variable.
        case env(String)
        /// A file below the folder of the manifest's file that names it.
        case file(String)
        /// A program that prints it, with its arguments.
        case command([String])
        /// The value itself, encrypted: an armored age file. https://age-encryption.org/v1
        case age(String)
    }

    /// Where the value is.
    public var source: Source
    /// Text put before the value, as in `Bearer `.
    public var prefix: String
    /// The folder of the file that names it, as seen from the manifest's; empty when it is the same.
    public var folder = ""

    /// A reference.
    public init(_ source: Source, prefix: String = "") {
        self.source = source
        self.prefix = prefix
    }

    /// For people: `env HELPDESK_TOKEN`. Never the prefix, which somebody may have put too much into.
    public var label: String {
        switch source {
        case .env(let name): "env \(name)"
        case .file(let path): folder.isEmpty ? "file \(path)" : "file \(folder)/\(path)"
        case .command(let words): "command \(Self.shown(words))"
        case .age(let text): "age \(Hex.sha256(text).prefix(8))"
        }
    }

    /// What a reviewer approves: as the label, but no two references have the same.
    public var identity: String {
        switch source {
        case .env, .file: label
        case .command(let words): "command \(Self.list(words))"
        case .age(let text): "age \(Hex.sha256(text))"
        }
    }

    /// Words as a shell would take them. https://pubs.opengroup.org/onlinepubs/9799919799/utilities/V3_chap02.html#tag_19_02_02
    public static func shown(_ words: [String]) -> String {
        words.map { word in
            let isPlain =
                !word.isEmpty
                && word.utf8.allSatisfy {
                    (0x30...0x39).contains($0) || (0x41...0x5A).contains($0) || (0x61...0x7A).contains($0) || "-_./:=,@%+".utf8.contains($0)
                }
            return isPlain ? word : "'\(word.replacing("'", with: "'\\''"))'"
        }.joined(separator: " ")
    }

    /// Words as one text, so that no two lists are alike.
    public static func list(_ words: [String]) -> String {
        var json = JSONWriter()
        json.array { json in for word in words { json.item(word) } }
        return json.text
    }

    /// By identity, then prefix.
    public static func < (left: SecretReference, right: SecretReference) -> Bool {
        (left.identity, left.prefix) < (right.identity, right.prefix)
    }

    /// Reads `{ env: NAME }`, `{ file: PATH }`, `{ command: [...] }` or `{ age: TEXT }`, each with an optional `prefix`.
    /// - Throws: when it is none of these.
    public init(_ node: Node) throws(Rejection) {
        var sources: [Source] = []
        var prefix = ""
        var folder = ""
        for member in try node.members("a reference such as { env: NAME }") {
            switch member.key.text {
            case "env", "file", "command", "age":
                guard sources.isEmpty else { throw Rejection("the reference names two sources", "keep one", at: member.key.position) }
                sources.append(try Source(member))
            case "prefix": prefix = try member.value.text("text")
            // Only a saved plan has it; what reads a manifest refuses it.
            case "folder": folder = try member.value.text("a folder")
            default:
                throw Rejection(
                    "a reference has env, file, command or age, and perhaps a prefix",
                    "write { env: NAME } or { file: PATH }, with prefix: \"...\" if needed", at: member.key.position
                ).hidingValue()
            }
        }
        guard let source = sources.first else {
            throw Rejection("the reference names no source", "write { env: NAME } or { file: PATH }", at: node.position)
        }
        self.init(source, prefix: prefix)
        self.folder = folder
    }

    /// Writes it as a member, as a manifest has it.
    public func write(_ name: String, to json: inout JSONWriter) {
        json.object(name) { json in
            switch source {
            case .env(let name): json.member("env", name)
            case .file(let path): json.member("file", path)
            case .command(let words): json.member("command", words)
            case .age(let text): json.member("age", text)
            }
            if !prefix.isEmpty { json.member("prefix", prefix) }
            if !folder.isEmpty { json.member("folder", folder) }
        }
    }
}

extension SecretReference.Source {
    fileprivate init(_ member: Node.Member) throws(Rejection) {
        switch member.key.text {
        case "env":
            let name = try member.value.text("a variable's name")
            guard Self.isVariable(name) else {
                throw Rejection("not a variable's name", "use letters, digits and _", at: member.value.position)
            }
            // A pull request must not be able to send what CI has for itself.
            guard !name.hasPrefix("EMAILCONNECT_"), !name.hasPrefix("RECONCILE_") else {
                throw Rejection("\(name) is for reconcile itself, and goes nowhere", "name another variable", at: member.value.position)
            }
            self = .env(name)
        case "file":
            let path = try member.value.text("a file's path")
            guard !path.isEmpty else { throw Rejection("the path is empty", at: member.value.position) }
            guard !path.hasPrefix("/"), !path.split(separator: "/").contains("..") else {
                throw Rejection(
                    "a secret's file stands below the manifest's folder", "write a path without .. and without a leading /",
                    at: member.value.position)
            }
            self = .file(path)
        case "command": self = .command(try member.value.words())
        default:
            let text = try member.value.text("an armored age file")
            let isArmored = text.contains("-----BEGIN AGE ENCRYPTED FILE-----") && text.contains("-----END AGE ENCRYPTED FILE-----")
            guard isArmored else {
                throw Rejection(
                    "not an armored age file", "make one with: reconcile secrets encrypt", at: member.value.position
                ).hidingValue()
            }
            self = .age(text)
        }
    }

    private static func isVariable(_ name: String) -> Bool {
        guard let first = name.utf8.first, !(0x30...0x39).contains(first) else { return false }
        return name.utf8.allSatisfy {
            (0x30...0x39).contains($0) || (0x41...0x5A).contains($0) || (0x61...0x7A).contains($0) || $0 == UInt8(ascii: "_")
        }
    }
}

extension Node {
    /// A program and its arguments.
    /// - Throws: when it is no list of words, or names no program.
    public func words() throws(Rejection) -> [String] {
        var words: [String] = []
        for item in try items("a program and its arguments, as in [gh, secret, set, NAME]") {
            let word = try item.text("a word")
            guard !word.utf8.contains(0) else { throw Rejection("a NUL character in an argument", at: item.position) }
            words.append(word)
        }
        guard let program = words.first, !program.isEmpty else {
            throw Rejection("the command names no program", "write [PROGRAM, ARGUMENT, ...]", at: position)
        }
        return words
    }
}

/// The values behind references, as far as they are at hand: unset, empty and blank ones are not.
public struct Secrets: Sendable {
    private var values: [SecretReference: Secret]

    /// The values behind references.
    public init(_ values: [SecretReference: Secret] = [:]) { self.values = values }

    /// The value with its prefix; nil when it is not at hand.
    public subscript(_ reference: SecretReference) -> Secret? { values[reference] }
}
