import EmailConnect

/// Fetches the values behind a manifest's references, as far as they are at hand.
struct SecretResolver {
    private let manifest: String
    private let run: Run
    private let effects: Effects
    /// The variables that hold secrets of the manifest.
    private let withheld: Set<String>
    private var diagnostics: [Diagnostic] = []
    /// What age values are opened with; nil until one is there, and when there are none.
    private var identities: [AgeIdentity]?

    private init(_ references: [SecretReference], _ manifest: String, _ run: Run, _ effects: Effects) {
        withheld = references.variables
        self.manifest = manifest
        self.run = run
        self.effects = effects
    }

    /// The values, and a warning for each reference that could not be used. What is unset, empty or blank is not at hand, nor is what a
    /// program prints that may not run.
    static func resolve(
        _ references: [SecretReference], manifest: String, _ effects: Effects, run: Run = Run()
    ) -> (Secrets, [Diagnostic]) {
        var resolver = SecretResolver(references, manifest, run, effects)
        var values: [SecretReference: Secret] = [:]
        for reference in references {
            guard let text = resolver.text(of: reference)?.reveal(), text.contains(where: { !$0.isWhitespace }) else { continue }
            values[reference] = Secret(reference.prefix + text)
        }
        return (Secrets(values), resolver.diagnostics)
    }

    private mutating func text(of reference: SecretReference) -> Secret? {
        do throws(FileFailure) {
            switch reference.source {
            case .env(let name):
                guard run.mayRead(variable: name) else { throw FileFailure("--allow-env does not name it") }
                return effects.environment(name).map { Secret($0) }
            case .file(let path): return try read(path, below: folder(of: reference))
            case .command(let words):
                guard run.allowsCommands else { return nil }
                return Self.withoutNewline(
                    try effects.runProgram(ProgramRun(words: words, folder: folder(of: reference), input: nil, withheld: withheld)))
            case .age(let text): return try opened(text)
            }
        } catch {
            // A program that may run and fails is no secret that is not at hand.
            var isError = false
            if case .command = reference.source { isError = true }
            warn("the \(Escaped.line(reference.label)) cannot be used: \(error.problem)", isError ? .error : .warning)
            return nil
        }
    }

    private func folder(of reference: SecretReference) -> String {
        let folder = Paths.folder(of: manifest)
        return reference.folder.isEmpty ? folder : Paths.join(folder, reference.folder)
    }

    /// The text of a file below a folder.
    private func read(_ path: String, below folder: String) throws(FileFailure) -> Secret {
        let file = try effects.resolve(path, folder)
        guard !effects.isReadableByAll(file) else {
            throw FileFailure("everybody on this machine may read it; chmod 600 \(Escaped.line(path))")
        }
        guard let text = String(validating: try effects.readFile(file), as: UTF8.self) else { throw FileFailure("it is not valid UTF-8") }
        return Self.withoutNewline(Secret(text))
    }

    /// What is behind an age value; nil when nobody here has a key to it.
    private mutating func opened(_ file: String) throws(FileFailure) -> Secret? {
        let known = loadIdentities()
        guard !known.isEmpty else { return nil }
        do throws(AgeFailure) { return Self.withoutNewline(try Age.secret(in: file, with: known)) } catch {
            guard error != .noMatch else { return nil }
            throw FileFailure("\(error.rejection.problem)")
        }
    }

    private mutating func loadIdentities() -> [AgeIdentity] {
        if let identities { return identities }
        var found: [AgeIdentity] = []
        do throws(FileFailure) { found = try AgeIdentity.load(effects) } catch { warn("the age identity in \(error.problem)") }
        identities = found
        return found
    }

    private mutating func warn(_ problem: String, _ severity: Diagnostic.Severity = .warning) {
        diagnostics.append(Diagnostic(severity, manifest, at: nil, problem, "what refers to it is neither compared nor sent"))
    }

    /// A text without the newline that a file or a program ends with.
    private static func withoutNewline(_ secret: Secret) -> Secret {
        let text = secret.reveal()
        return text.hasSuffix("\r\n") || text.hasSuffix("\n") ? Secret(String(text.dropLast())) : secret
    }
}

extension [SecretReference] {
    /// The variables that they name.
    var variables: Set<String> {
        Set(compactMap { if case .env(let name) = $0.source { name } else { nil } })
    }
}
