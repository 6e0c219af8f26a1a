import EmailConnect

extension SourceReader {
    /// Reads the value of an entry whose key or dash was passed, with the comments before it and on its last line.
    /// - Parameter column: where the block stands that the entry belongs to.
    mutating func fill(_ entry: inout SourceEntry, under column: Int, depth: Int) throws(SyntaxFailure) {
        text.passTrivia()
        if case .scalar(_, nil) = current.event, current.style == .plain, current.start == current.end {
            entry.value = newNode(.scalar(.plain))
            try advance()
            return fillBlank(&entry)
        }
        entry.inner += text.takeComments()
        let isAfterBlank = text.takeBlank()
        if depth == 0 { entry.isAfterBlank = isAfterBlank }
        entry.value = try value(&entry, isAfterBlank, under: column, depth: depth)
        guard !entry.value.isBlockCollection else { return }
        text.passTrivia()
        if entry.trailing == nil { entry.trailing = text.takeTrailing() }
    }

    /// The comments of an entry without a value: what stands below belongs to whoever comes next.
    private mutating func fillBlank(_ entry: inout SourceEntry) {
        entry.trailing = text.takeTrailing()
        guard !entry.inner.isEmpty else { return }
        if entry.trailing == nil { entry.trailing = entry.inner.removeFirst() }
        text.giveBack(entry.inner.map { SourceComment($0, isOwnLine: true) })
        entry.inner = []
    }

    /// Reads a value, at whose beginning the cursor stands.
    private mutating func value(
        _ entry: inout SourceEntry, _ isAfterBlank: Bool, under column: Int, depth: Int
    ) throws(SyntaxFailure) -> SourceNode {
        switch current.event {
        case .alias(let name, let position): return try alias(name, at: position)
        case .scalar: return try scalar(&entry, under: column)
        case _ where text.cursor != current.start: throw unexpected
        case .mappingStart(_, let name), .sequenceStart(_, let name):
            try checkDepth(depth + 1)
            let isMapping = if case .mappingStart = current.event { true } else { false }
            var node = newNode(isMapping ? .mapping(current.style) : .sequence(current.style))
            var isAfterBlank = isAfterBlank
            anchor(name, of: &node, &entry.inner)
            if name != nil {
                text.passTrivia()
                entry.inner += text.takeComments()
                isAfterBlank = text.takeBlank()
            }
            let isPair = current.style == .flow && isMapping && text.byte != UInt8(ascii: "{")
            try advance()
            if node.isBlockCollection {
                var first = entry.inner
                entry.inner = []
                if column >= 0, let comment = first.first, !comment.isOwnLine { entry.inner = [first.removeFirst()] }
                try block(&node, first, isAfterBlank, in: column, depth: depth + 1)
            } else if isPair {
                node.kind = .pair
                try pair(&node, &entry, depth: depth + 1)
            } else {
                try flow(&node, isMapping, depth: depth + 1)
            }
            close(&node)
            return node
        default: throw SyntaxFailure(position: .start, problem: "a value is missing", remedy: "write key: value")
        }
    }

    private mutating func scalar(_ entry: inout SourceEntry, under column: Int) throws(SyntaxFailure) -> SourceNode {
        guard case .scalar(let scalar, let name) = current.event, text.cursor == current.start || current.start == current.end else {
            throw unexpected
        }
        let style = current.style
        let (start, end) = (current.start, current.end)
        if style == .plain, ["-", "?", ":"].contains(scalar.text) {
            // What it is depends on what stands behind it.
            throw SyntaxFailure(position: scalar.position, problem: "a lone \(scalar.text) as a value", remedy: "put it in quotes")
        }
        var node = newNode(.scalar(style))
        node.text = scalar.text
        if let name {
            anchor(name, of: &node, &entry.inner)
            close(&node)
            if end == start + 1 + name.utf8.count {
                try advance()
                return node
            }
            text.passTrivia()
            entry.inner += text.takeComments()
            _ = text.takeBlank()
            guard text.cursor < end else { throw unexpected }
        }
        if style == .literal || style == .folded {
            blockScalar(&node, &entry, end, under: column)
        } else if start < end {
            node.extent = Int32(text.cursor)..<Int32(end)
            text.advance(to: end)
        }
        try advance()
        return node
    }

    /// libyaml sees a value elsewhere than this reader: what lies between is not what it looks like.
    var unexpected: SyntaxFailure {
        SyntaxFailure(
            position: current.event.position ?? .start, problem: "a value with something odd in front of it",
            remedy: "write the line anew, without invisible characters")
    }

    private mutating func blockScalar(_ node: inout SourceNode, _ entry: inout SourceEntry, _ end: Int, under column: Int) {
        let scalar = BlockScalar(text.bytes, text.cursor..<end, under: column)
        node.extent = Int32(text.cursor)..<Int32(scalar.end)
        node.indentation = Int32(scalar.indentation)
        text.advance(to: scalar.headerEnd)
        while text.byte == UInt8(ascii: " ") || text.byte == UInt8(ascii: "\t") { text.advance(to: text.cursor + 1) }
        if text.byte == UInt8(ascii: "#") {
            entry.trailing = text.passComment()
        }
        text.advance(to: max(scalar.end, text.cursor))
    }

    /// Reads a key with the colon behind it.
    mutating func key(of entry: inout SourceEntry, _ seen: inout KeySet) throws(SyntaxFailure) {
        let position = current.event.position ?? .start
        let isExplicit = text.byte == UInt8(ascii: "?") && current.start > text.cursor
        if isExplicit {
            text.advance(to: text.cursor + 1)
            text.passTrivia()
            entry.inner += text.takeComments()
            _ = text.takeBlank()
        }
        check(current.event, &seen)
        switch current.event {
        case .alias(let name, let position): entry.key = try alias(name, at: position)
        case .scalar: entry.key = try scalar(&entry, under: -1)
        default: throw .noScalar(at: position)
        }
        if isExplicit, let key = entry.key, !isSimple(key) {
            throw SyntaxFailure(position: position, problem: "a key that needs its ?", remedy: "write key: value")
        }
        text.passTrivia()
        entry.hasColon = text.byte == UInt8(ascii: ":")
        guard entry.hasColon else { return }
        entry.inner += text.takeComments()
        _ = text.takeBlank()
        text.advance(to: text.cursor + 1)
    }

    /// Whether a key can be written without `?`. https://yaml.org/spec/1.2.2/#742-flow-mappings
    private func isSimple(_ key: SourceNode) -> Bool {
        !key.isBlank && !key.isBlockScalar && key.extent.count <= 900 && !text.hasBreak(in: key.extent)
    }
}

extension SourceComment {
    init(_ comment: SourceComment, isOwnLine: Bool) {
        self = comment
        self.isOwnLine = isOwnLine
    }
}
