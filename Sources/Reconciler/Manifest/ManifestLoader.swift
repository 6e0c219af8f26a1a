import EmailConnect

/// Reads the files of a manifest and puts them together: what a file includes is joined with it, what it extends is inherited.
struct ManifestLoader {
    private let effects: Effects
    private let isTraced: Bool
    private var files: [SourceFile] = []
    private var diagnostics: [Diagnostic] = []
    /// The files that are being read, from the manifest on.
    private var chain: [String] = []

    /// What a manifest may not exceed.
    private static let most = (depth: 16, files: 1000, patterns: 3)

    /// Everything that a manifest's files say.
    struct Loaded {
        var layer: Layer
        var files: [SourceFile]
        var diagnostics: [Diagnostic]
    }

    private init(_ effects: Effects, isTraced: Bool) {
        self.effects = effects
        self.isTraced = isTraced
    }

    /// Reads a manifest and all that belongs to it.
    /// - Throws: when the manifest itself cannot be read.
    static func load(_ file: String, _ effects: Effects, isTraced: Bool = false) throws(FileFailure) -> Loaded {
        var loader = ManifestLoader(effects, isTraced: isTraced)
        let bytes = try effects.readFile(file)
        let path = file.split(separator: "/").last.map(String.init) ?? file
        let layer = loader.layer(SourceFile(number: 0, name: file, path: path, bytes: bytes), isPart: false)
        return Loaded(layer: layer, files: loader.files, diagnostics: loader.diagnostics)
    }

    /// What a file states with all that it includes and extends.
    private mutating func layer(_ source: consuming SourceFile, isPart: Bool) -> Layer {
        files.append(copy source)
        chain.append(Paths.normal(source.path))
        defer { chain.removeLast() }
        var (layer, found) = ManifestDecoder.decode(copy source, isTraced: isTraced)
        diagnostics += found
        // What another file names is a regular file: if there is something to show of it, it can be read again.
        if source.number > 0, found.isEmpty {
            files[Int(source.number)].bytes = []
            source.bytes = []
        }
        var clashes: [Clash] = []
        for include in layer.includes {
            for path in paths(include, of: source) {
                guard var part = file(path, at: include.position) else {
                    layer.isWhole = false
                    continue
                }
                part.isPart = true
                layer = layer.joined(with: self.layer(part, isPart: true), &clashes)
            }
        }
        for clash in clashes {
            report(
                Rejection("\(clash.what) stands here twice", "remove one; the first is at \(place(clash.first))", at: clash.second))
        }
        guard let extends = layer.extends else { return layer }
        if isPart {
            report(Rejection("a file that is included cannot extend another", "write extends: in the manifest", at: extends.position))
            return layer
        }
        guard let base = file(Paths.join(Paths.folder(of: source.path), extends.value), at: extends.position) else {
            layer.isWhole = false
            return layer
        }
        return layer.over(self.layer(base, isPart: false))
    }

    /// The paths that a pattern stands for, sorted, as seen from the manifest's folder.
    private mutating func paths(_ include: Marked<String>, of source: SourceFile) -> [String] {
        let path = Paths.join(Paths.folder(of: source.path), include.value)
        guard include.value.contains(where: { "*?[".contains($0) }) else { return [path] }
        let steps = include.value.split(separator: "/").filter { $0.contains { "*?[".contains($0) } }
        guard !steps.contains(where: { $0.contains("**") }), steps.count <= Self.most.patterns else {
            report(
                Rejection(
                    "a pattern that this reader does not follow",
                    "write at most \(Self.most.patterns) steps with *, and a pattern for each level in place of **",
                    at: include.position))
            return []
        }
        let found = effects.matching(path, Paths.folder(of: files[0].name)).map(Paths.normal).sorted()
        if found.isEmpty { report(Rejection("no file matches", "correct the pattern, or remove it", at: include.position)) }
        return found
    }

    /// Reads a file that another one names.
    private mutating func file(_ path: String, at position: Position) -> SourceFile? {
        let path = Paths.normal(path)
        if chain.contains(path) {
            report(
                Rejection(
                    "the files lead in a circle: \((chain + [path]).map(Escaped.line).joined(separator: " -> "))", "remove one step",
                    at: position))
            return nil
        }
        if let first = files.first(where: { Paths.normal($0.path) == path }) {
            report(Rejection("\(Escaped.line(first.name)) belongs to this manifest already", "name it once", at: position))
            return nil
        }
        guard chain.count < Self.most.depth, files.count < Self.most.files else {
            report(Rejection("more than \(Self.most.depth) files deep, or more than \(Self.most.files) files", "join some", at: position))
            return nil
        }
        let name = Paths.normal(Paths.join(Paths.folder(of: files[0].name), path))
        do throws(FileFailure) {
            guard effects.isRegularFile(name) else { throw FileFailure("it is a pipe or a device") }
            return SourceFile(number: Int32(files.count), name: name, path: path, bytes: try effects.readFile(name))
        } catch {
            report(Rejection("the file cannot be read: \(error.problem)", "write its path relative to this file", at: position))
            return nil
        }
    }

    private func place(_ position: Position) -> String {
        "\(Escaped.line(files[Int(position.file)].name)):\(position.line):\(position.column)"
    }

    private mutating func report(_ rejection: Rejection) {
        let name = files[Int(rejection.position?.file ?? 0)].name
        diagnostics.append(Diagnostic(.error, name, at: rejection.position, rejection.problem, rejection.remedy))
    }
}
