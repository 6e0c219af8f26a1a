import EmailConnect

/// Walks mappings key by key, reports what is wrong with each and goes on. Only a syntax error ends the walk.
extension ManifestDecoder {
    /// How a value begins where a mapping is expected.
    enum Beginning {
        /// It was entered.
        case mapping
        /// A written `null`: what is inherited goes.
        case null(Position)
        /// Something else; it was reported and passed over.
        case other
    }

    /// Enters a mapping, where `null` has a meaning too.
    mutating func begin(_ what: String, at key: Scalar) throws(SyntaxFailure) -> Beginning {
        switch try yaml.peek() {
        case .mappingStart:
            _ = try yaml.next()
            return .mapping
        case .scalar(let scalar, _) where scalar.isNull:
            _ = try yaml.next()
            return .null(scalar.position)
        case .scalar(let scalar, _) where scalar.isBlank: report(.blank(at: key.position))
        case .scalar(let scalar, _): report(Rejection("expected \(what), found a scalar", at: scalar.position).hidingValue())
        case .sequenceStart(let position, _):
            report(Rejection("expected \(what), found a list", "write key: value below it, without -", at: position))
        default: break
        }
        try yaml.skip()
        return .other
    }

    /// Enters a mapping; false, with the value passed over, when it is none.
    mutating func enter(_ what: String, at key: Scalar) throws(SyntaxFailure) -> Bool {
        switch try begin(what, at: key) {
        case .mapping: return true
        case .null(let position):
            report(Rejection("null has no meaning here", "remove the line", at: position))
            return false
        case .other: return false
        }
    }

    /// The next key of the mapping that was entered; nil at its end. A repeated key is reported and passed over.
    mutating func nextKey(_ seen: inout KeySet) throws(SyntaxFailure) -> Scalar? {
        while let key = try nextKey() {
            guard let first = seen[key.text] else {
                seen.insert(key.text, at: key.position)
                return key
            }
            report(.twice(key, first: first))
            try yaml.skip()
        }
        return nil
    }

    /// As ``nextKey(_:)``, where the caller looks for repeated keys. Merge keys are reported and passed over.
    mutating func nextKey() throws(SyntaxFailure) -> Scalar? {
        while true {
            switch try yaml.next() {
            case .mappingEnd: return nil
            case .scalar(let key, _):
                if key.text == "<<", key.style == .plain {
                    report(Rejection("merge keys (<<) are not read", "write the fields out", at: key.position))
                } else if key.isBlank {
                    report(Rejection("a key is missing", "write key: value", at: key.position))
                } else {
                    return key
                }
                try yaml.skip()
            case .mappingStart(let position, _), .sequenceStart(let position, _):
                throw .noScalar(at: position)
            default: throw SyntaxFailure(position: .start, problem: "a key is missing", remedy: "write key: value")
            }
        }
    }

    /// Reports a key that nobody knows; its value is passed over and never shown.
    mutating func unknown(_ key: Scalar, in what: String, known: [String]) throws(SyntaxFailure) {
        try yaml.skip()
        report(Self.unknownKey(key, what, known))
    }

    /// What a key that nobody knows is told; it is shown only if it may be meant as one, since any file can be named to be read.
    static func unknownKey(_ key: Scalar, _ what: String, _ known: [String]) -> Rejection {
        let guess = Spelling.nearest(to: key.text, in: known).map { "did you mean \($0)?" }
        let isName =
            key.text.utf8.count <= 40
            && key.text.utf8.allSatisfy {
                (0x30...0x39).contains($0) || (0x41...0x5A).contains($0) || (0x61...0x7A).contains($0) || "-_.".utf8.contains($0)
            }
        let remedy = guess ?? "known here: \(known.joined(separator: ", "))"
        guard isName, !SecretLook.isLikely(key.text) else {
            return Rejection("an unknown key in \(what)", remedy, at: key.position).hidingValue()
        }
        return Rejection("unknown key \(Escaped.quoted(key.text)) in \(what)", remedy, at: key.position)
    }

    /// Reads one field of an entry; false when the table has none of that name.
    mutating func field<R: Resource>(_ key: Scalar, into entry: inout Stated<R>, _ extras: inout Extras) throws(SyntaxFailure) -> Bool {
        guard let row = R.manifestRow(key.text) else { return false }
        let node = try yaml.node()
        if isTraced {
            // Each header is a field of its own.
            if R.fields[row].shape == .headers, case .mapping(let members, _) = node {
                extras.marks += members.map { Marked("\(key.text).\($0.key.text)", at: $0.value.position) }
            } else {
                extras.marks.append(Marked(key.text, at: node.position))
            }
        }
        if case .scalar(let scalar) = node, scalar.isBlank {
            report(.blank(at: key.position))
            return true
        }
        if node.isNull {
            extras.nulls.append(Marked(key.text, at: node.position))
            return true
        }
        do throws(Rejection) { try entry.read(row, node) } catch {
            let mayBeSecret = R.fields[row].shape == .secret || R.fields[row].shape == .headers
            report(mayBeSecret ? error.hidingValue() : error, at: node.position)
        }
        return true
    }

    /// Reads one of the keys beside the table's; false when there is none of that name.
    mutating func extra(_ key: Scalar, of known: [String], into extras: inout Extras) throws(SyntaxFailure) -> Bool {
        guard known.contains(key.text) else { return false }
        let node = try yaml.node()
        if isTraced { extras.marks.append(Marked(key.text, at: node.position)) }
        if node.isNull {
            extras.nulls.append(Marked(key.text, at: node.position))
            return true
        }
        do throws(Rejection) {
            switch key.text {
            case "manage": extras.manage = try Bool(node)
            case "owner": extras.owner = try Owner(node)
            case "id":
                extras.id = try node.text("a webhook's id")
                guard extras.id?.hasPrefix("wh_") == true else { throw Rejection("not a webhook's id", "an id begins with wh_") }
            case "deliver_to":
                extras.statesSink = true
                extras.sink = try Sink(node)
            case "adopt":
                let members = try node.members("the id of what is adopted, as in { id: wh_... }")
                guard members.count == 1, members[0].key.text == "id" else {
                    throw Rejection("what is adopted is named by its id", "write { id: wh_... }")
                }
                extras.adopts = try members[0].value.text("an id")
            case "reissue": extras.reissue = try Timestamp(node)
            case "ignore_fields":
                var names: [String] = []
                for item in try node.items("the names of fields") { names.append(try item.text("a field's name")) }
                extras.ignored = names
            case "moved_from":
                guard case .scalar(let scalar) = node, !scalar.text.isEmpty else {
                    throw Rejection("expected the alias's name until now", "write its local part, or its whole address")
                }
                extras.movedFrom = scalar
            default: return false
            }
        } catch { report(error, at: node.position) }
        return true
    }

    /// Reads an entry's key as a slug.
    mutating func slug(_ key: Scalar) -> Slug? {
        do throws(Rejection) { return try Slug(key.text) } catch {
            report(error, at: key.position)
            return nil
        }
    }

    mutating func report(_ rejection: Rejection, at fallback: Position? = nil) {
        for other in rejection.others { report(other, at: fallback) }
        var diagnostic = Diagnostic(.error, source.name, at: rejection.position ?? fallback, rejection.problem, rejection.remedy)
        diagnostic.hidesValue = rejection.hidesValue
        diagnostics.append(diagnostic)
    }

    mutating func warn(_ problem: String, _ remedy: String, at position: Position) {
        diagnostics.append(Diagnostic(.warning, source.name, at: position, problem, remedy))
    }
}

extension Resource {
    /// The row that an entry may state under this name.
    static func manifestRow(_ name: String) -> Int? { fields.firstIndex { $0.isInManifest && $0.name == name } }
    /// Whether a field may be left to others: all but the natural key, and each header by its name.
    static func mayIgnore(_ field: String) -> Bool {
        if kind == .domain, field == "name" { return false }
        if manifestRow(field) != nil { return true }
        return field.hasPrefix("headers.") && Self().keeping(field, of: Self()) != nil
    }
    /// The names that an entry may state.
    static var manifestNames: [String] { fields.filter(\.isInManifest).map(\.name) }
}
