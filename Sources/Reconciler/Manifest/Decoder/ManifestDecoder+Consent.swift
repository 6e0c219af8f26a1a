import EmailConnect

/// What a manifest says of changes that a plan may not make by itself.
extension ManifestDecoder {
    /// `allow: { deletes: 25, mail_moves: 40, adopt: [NAME], take_over: { OWNER: [NAME] } }`
    mutating func allow() throws(SyntaxFailure) {
        let node = try yaml.node()
        layer.consent.position = node.position
        do throws(Rejection) {
            for member in try node.members("what is allowed, as in { deletes: 25 }") {
                do throws(Rejection) {
                    switch member.key.text {
                    case "deletes": layer.consent.deletes = try Self.count(member.value)
                    case "mail_moves": layer.consent.mailMoves = try Self.count(member.value)
                    case "adopt":
                        if case .scalar(let scalar) = member.value, scalar.text == "all" {
                            layer.consent.adoptsAll = true
                        } else {
                            layer.consent.adopt.formUnion(try Self.names(member.value, adopting: true))
                        }
                    case "take_over":
                        for owner in try member.value.members("names by owner, as in { web/production: [acme.example] }") {
                            let from = try Self.at(owner.key) { (text) throws(Rejection) in try Owner(text) }
                            layer.consent.takeOver[from, default: []].formUnion(try Self.names(owner.value))
                        }
                    default: throw Self.unknownKey(member.key, "allow", ManifestNames.allow)
                    }
                } catch { report(error, at: member.value.position) }
            }
        } catch { report(error, at: node.position) }
    }

    /// `removed: [{ alias: old@acme.example }, { domain: legacy.example, keep: true }]`
    mutating func removed() throws(SyntaxFailure) {
        let node = try yaml.node()
        do throws(Rejection) {
            for item in try node.items("what is removed, as in [{ alias: old@acme.example }]") {
                do throws(Rejection) { layer.removals.append(try Self.removal(item)) } catch { report(error, at: item.position) }
            }
        } catch { report(error, at: node.position) }
    }

    /// `manifest_moved_from: OLD`, or `OLD/ENVIRONMENT`; `repository_moved_from: TEXT`
    mutating func moved(_ key: Scalar) throws(SyntaxFailure) {
        let node = try yaml.node()
        do throws(Rejection) {
            let text = try node.text()
            if key.text == "repository_moved_from" {
                guard (1...256).contains(text.utf8.count) else {
                    throw Rejection("not a repository", "write it as CI does, as in acme/mail")
                }
                layer.repositoryMovedFrom = Marked(text, at: node.position)
            } else if text.contains("/") {
                layer.movedFrom = Marked(try Owner(text), at: node.position)
            } else {
                layer.formerManifest = Marked(try Slug(text), at: node.position)
            }
        } catch { report(error, at: node.position) }
    }

    private static func removal(_ item: Node) throws(Rejection) -> Removal {
        var name: ResourceName?
        var keeps = false
        for member in try item.members("what is removed, as in { alias: old@acme.example }") {
            if member.key.text == "keep" {
                keeps = try Bool(member.value)
            } else if let kind = Kind(rawValue: member.key.text), name == nil {
                let text = try member.value.text("a name")
                do throws(Rejection) { name = try ResourceName(kind, written: text) } catch {
                    throw Rejection(error.problem, error.remedy, at: member.value.position)
                }
            } else {
                throw Rejection(
                    "expected one of webhook, domain, alias, api_key, and perhaps keep", "write { alias: NAME }", at: member.key.position)
            }
        }
        guard let name else { throw Rejection("nothing is named", "write { alias: NAME }, or domain, webhook, api_key") }
        return Removal(name: name, keeps: keeps, position: item.position)
    }

    static func names(_ node: Node, adopting: Bool = false) throws(Rejection) -> Set<ResourceName> {
        var names: Set<ResourceName> = []
        for item in try node.items("a list of names") {
            let text = try item.text("a name")
            do throws(Rejection) { names.insert(try adopting ? ResourceName(adopting: text) : ResourceName(text)) } catch {
                throw Rejection(error.problem, error.remedy, at: item.position)
            }
        }
        return names
    }

    static func count(_ node: Node) throws(Rejection) -> Int {
        let number = try node.integer()
        guard number > 0 else { throw Rejection("expected a number above zero", "remove the line to allow none", at: node.position) }
        return number
    }

    private static func at<T>(_ key: Scalar, _ body: (String) throws(Rejection) -> T) throws(Rejection) -> T {
        do throws(Rejection) { return try body(key.text) } catch { throw Rejection(error.problem, error.remedy, at: key.position) }
    }
}
