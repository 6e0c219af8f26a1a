import EmailConnect

/// Reads one file straight from its events into what it states, and collects every error on the way.
struct ManifestDecoder: ~Copyable {
    let source: SourceFile
    var yaml: YAMLReader
    var diagnostics: [Diagnostic] = []
    var layer = Layer()
    /// Room for the keys of an alias, which there are many of.
    var aliasKeys = KeySet()
    /// Whether the place of each field is kept.
    let isTraced: Bool

    private init(_ source: SourceFile, isTraced: Bool) throws(SyntaxFailure) {
        self.source = source
        self.isTraced = isTraced
        yaml = try YAMLReader(source.bytes, file: source.number)
    }

    /// What a file states, and everything that is wrong with it by itself.
    /// - Complexity: O(bytes), one pass.
    static func decode(_ source: SourceFile, isTraced: Bool = false) -> (layer: Layer, diagnostics: [Diagnostic]) {
        do throws(SyntaxFailure) {
            var decoder = try ManifestDecoder(source, isTraced: isTraced)
            do throws(SyntaxFailure) { try decoder.document() } catch {
                decoder.diagnostics.append(Diagnostic(error, source.name))
                decoder.layer.isWhole = false
            }
            return (decoder.layer, decoder.diagnostics)
        } catch {
            var layer = Layer()
            layer.isWhole = false
            return (layer, [Diagnostic(error, source.name)])
        }
    }

    private mutating func document() throws(SyntaxFailure) {
        guard try enter("a mapping with version, manifest and environment", at: Scalar("", .plain)) else {
            layer.isWhole = false
            return try yaml.finish()
        }
        var seen = KeySet()
        while let key = try nextKey(&seen) {
            switch key.text {
            case "version", "manifest", "environment": try identity(key)
            case "extends", "include": try files(key)
            case "server": try server(key)
            case "policy": try policy()
            case "webhooks": try webhooks(key)
            case "alias_sets": try aliasSets(key)
            case "domains": try domains(key)
            case "api_keys": try apiKeys(key)
            case "allow": try allow()
            case "removed": try removed()
            case "manifest_moved_from", "repository_moved_from": try moved(key)
            default: try unknown(key, in: "a manifest", known: ManifestNames.sections)
            }
        }
        try yaml.finish()
    }

    private mutating func identity(_ key: Scalar) throws(SyntaxFailure) {
        let node = try yaml.node()
        do throws(Rejection) {
            switch key.text {
            case "version":
                layer.version = node.position
                guard try node.text("the number 1") == "1" else {
                    throw Rejection("this manifest is of another version", "this reconcile reads version: 1")
                }
            case "manifest": layer.manifest = Marked(try Slug(node), at: key.position)
            default: layer.environment = Marked(try Slug(node), at: key.position)
            }
        } catch {
            // What is there but wrong is not also missing.
            let placeholder = Self.placeholder.map { Marked($0, at: key.position) }
            if key.text == "manifest" { layer.manifest = placeholder }
            if key.text == "environment" { layer.environment = placeholder }
            report(error, at: node.position)
        }
    }

    private static var placeholder: Slug? { try? Slug("invalid") }

    /// `extends: PATH`, `include: PATTERN` or a list of patterns.
    private mutating func files(_ key: Scalar) throws(SyntaxFailure) {
        let node = try yaml.node()
        do throws(Rejection) {
            if key.text == "extends" {
                layer.extends = Marked(try Self.path(node), at: node.position)
            } else if case .sequence(let items, _) = node {
                for item in items { layer.includes.append(Marked(try Self.path(item), at: item.position)) }
            } else {
                layer.includes = [Marked(try Self.path(node), at: node.position)]
            }
        } catch { report(error, at: node.position) }
    }

    private static func path(_ node: Node) throws(Rejection) -> String {
        let path = try node.text("a file's path")
        guard !path.isEmpty, !path.hasPrefix("/"), !path.utf8.contains(0), path != "-" else {
            throw Rejection("not a path of a file", "write it relative to this file, as in ../base.yaml", at: node.position)
        }
        return path
    }

    private mutating func server(_ section: Scalar) throws(SyntaxFailure) {
        guard try enter("url, account and dialect", at: section) else { return }
        layer.pins.position = section.position
        var seen = KeySet()
        while let key = try nextKey(&seen) {
            guard ManifestNames.server.contains(key.text) else {
                try unknown(key, in: "server", known: ManifestNames.server)
                continue
            }
            let node = try yaml.node()
            do throws(Rejection) {
                if key.text == "url" {
                    do throws(Rejection) { layer.pins.url = try HTTPURL(node) } catch { throw error.hidingValue() }
                } else if key.text == "dialect" {
                    let text = try node.text("v1 or app")
                    guard let dialect = ServerDialect(rawValue: text) else {
                        throw Rejection("no dialect of a server", "v1, or app for /api", at: node.position)
                    }
                    layer.pins.dialect = dialect
                } else {
                    layer.pins.account = try node.text("an account's id")
                }
            } catch { report(error, at: node.position) }
        }
    }
}
