import EmailConnect

/// `policy: { domains: [...], require: [...], forbid_scopes: [...], unmanaged: {...}, limits: {...} }`
extension ManifestDecoder {
    mutating func policy() throws(SyntaxFailure) {
        let node = try yaml.node()
        do throws(Rejection) {
            for member in try node.members("what is not allowed, as in { forbid_scopes: [full] }") {
                do throws(Rejection) { try policy(member) } catch { report(error, at: member.value.position) }
            }
        } catch { report(error, at: node.position) }
    }

    private mutating func policy(_ member: Node.Member) throws(Rejection) {
        switch member.key.text {
        case "domains":
            var patterns: [DomainPattern] = []
            for item in try member.value.items("names of domains, as in [acme.example, \"*.acme.example\"]") {
                let text = try item.text("a domain")
                do throws(Rejection) { patterns.append(try DomainPattern(text)) } catch {
                    throw Rejection(error.problem, error.remedy, at: item.position)
                }
            }
            layer.policy.domains.append(patterns)
        case "require":
            for item in try member.value.items("what is required") {
                layer.policy.require.insert(try Self.word(item, Policy.Requirement.self, "requirement"))
            }
        case "forbid_scopes":
            // A bare name stands for what it means in a key's scopes; but full does not stand alone here.
            for item in try member.value.items("a list of scopes") { layer.policy.forbiddenScopes.formUnion(try Scopes.named(item)) }
        case "unmanaged":
            if case .scalar = member.value {
                let rule = try Self.word(member.value, Policy.Unmanaged.self, "rule")
                for kind in Kind.allCases { layer.policy.unmanaged[kind] = rule }
            } else {
                for part in try member.value.members("a rule by kind, as in { api_keys: forbid }") {
                    let kind = try Self.kind(part.key)
                    layer.policy.unmanaged[kind] = try Self.word(part.value, Policy.Unmanaged.self, "rule")
                }
            }
        case "limits":
            for part in try member.value.members("limits, as in { deletes: 5 }") {
                let limit = try part.value.integer()
                guard limit >= 0 else { throw Rejection("expected a number, 0 or more", at: part.value.position) }
                switch part.key.text {
                case "deletes": layer.policy.mostDeletes = limit
                case "mail_moves": layer.policy.mostMailMoves = limit
                default: throw Self.unknownKey(part.key, "limits", ManifestNames.limits)
                }
            }
        default: throw Self.unknownKey(member.key, "policy", ManifestNames.policy)
        }
    }

    private static func kind(_ key: Scalar) throws(Rejection) -> Kind {
        guard let kind = Kind.allCases.first(where: { $0.plural == key.text }) else {
            throw unknownKey(key, "unmanaged", Kind.allCases.map(\.plural))
        }
        return kind
    }

    private static func word<Word: RawRepresentable<String> & CaseIterable>(
        _ node: Node, _: Word.Type, _ what: String
    ) throws(Rejection) -> Word {
        let text = try node.text("a \(what)")
        if let word = Word(rawValue: text) { return word }
        let known = Word.allCases.map(\.rawValue)
        let guess = Spelling.nearest(to: text, in: known).map { "did you mean \($0)?" }
        throw Rejection("no such \(what)", guess ?? "known are \(known.joined(separator: ", "))", at: node.position)
    }
}
