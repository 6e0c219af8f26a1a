import EmailConnect

extension AgeIdentity {
    /// Where an identity, or the path of a file of them, is found.
    private static let variables = (text: "RECONCILE_AGE_KEY", file: "RECONCILE_AGE_KEY_FILE")

    /// The identities in some files; without any, those that the environment has and names.
    /// - Throws: when a file cannot be read, everybody may read it, or something is no identity; in words, without any key.
    public static func load(files: [String] = [], _ effects: Effects) throws(FileFailure) -> [AgeIdentity] {
        var sources = files
        var found: [AgeIdentity] = []
        if files.isEmpty {
            if let file = effects.environment(variables.file), !file.isEmpty { sources = [file] }
            if let text = effects.environment(variables.text), !text.isEmpty { found += try list(Array(text.utf8), in: variables.text) }
        }
        for file in sources {
            guard !effects.isReadableByAll(file) else {
                throw FileFailure("\(Escaped.line(file)): everybody on this machine may read it; chmod 600 it")
            }
            found += try list(try effects.readFile(file), in: Escaped.line(file))
        }
        return found
    }

    private static func list(_ bytes: [UInt8], in place: String) throws(FileFailure) -> [AgeIdentity] {
        do throws(Rejection) { return try list(in: bytes) } catch { throw FileFailure("\(place): \(error.sentence)") }
    }
}
