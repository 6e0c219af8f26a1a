import EmailConnect

/// Fetches the values behind a manifest's references, as far as they are at hand.
enum SecretResolver {
    /// The values, and a warning for each file that could not be used. What is unset, empty or blank is not at hand.
    static func resolve(_ references: [SecretReference], manifest: String, _ effects: Effects) -> (Secrets, [Diagnostic]) {
        var values: [SecretReference: Secret] = [:]
        var diagnostics: [Diagnostic] = []
        for reference in references {
            var text: String?
            switch reference.source {
            case .env(let name): text = effects.environment(name)
            case .file(let path):
                do throws(FileFailure) {
                    let folder = Paths.folder(of: manifest)
                    text = try read(path, below: reference.folder.isEmpty ? folder : Paths.join(folder, reference.folder), effects)
                } catch {
                    diagnostics.append(
                        Diagnostic(
                            .warning, manifest, at: nil, "the file \(Escaped.quoted(path)) cannot be used: \(error.problem)",
                            "what refers to it is neither compared nor sent"))
                }
            }
            guard let text, text.contains(where: { !$0.isWhitespace }) else { continue }
            values[reference] = Secret(reference.prefix + text)
        }
        return (Secrets(values), diagnostics)
    }

    /// The text of a file below the manifest's folder, without one trailing newline.
    private static func read(_ path: String, below folder: String, _ effects: Effects) throws(FileFailure) -> String {
        let bytes = try effects.readFile(try effects.resolve(path, folder))
        guard var text = String(validating: bytes, as: UTF8.self) else { throw FileFailure("it is not valid UTF-8") }
        if text.hasSuffix("\r\n") || text.hasSuffix("\n") { text.removeLast() }
        return text
    }
}
