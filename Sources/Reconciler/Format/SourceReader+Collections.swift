import EmailConnect

extension SourceReader {
    /// Reads the entries of a block mapping or sequence.
    /// - Parameters:
    ///   - comments: those between its key and its first entry.
    ///   - isAfterBlank: whether there is a blank line right above the first entry.
    ///   - outer: the column of the block that it stands in.
    mutating func block(
        _ node: inout SourceNode, _ comments: [SourceComment], _ isAfterBlank: Bool, in outer: Int, depth: Int
    ) throws(SyntaxFailure) {
        let column = text.column
        var seen = KeySet()
        var entry = SourceEntry(leading: comments, isAfterBlank: isAfterBlank, value: .unread)
        while !isAtEnd {
            if !node.entries.isEmpty {
                text.passTrivia()
                let leading = text.takeComments()
                entry = SourceEntry(leading: leading, isAfterBlank: text.takeBlank(), value: entry.value)
            }
            if case .mapping = node.kind { try key(of: &entry, &seen) } else { text.advance(to: text.cursor + 1) }
            try fill(&entry, under: column, depth: depth)
            if node.entries.isEmpty, case .mapping = node.kind { node.head = splitHead(&entry, isRoot: depth == 1) }
            node.entries.append(entry)
        }
        text.passTrivia()
        // By indentation: what stands further in than whatever comes next goes to the innermost block that it may belong to.
        let next = current.start >= text.bytes.count ? 0 : current.column
        node.tail = text.takeComments { $0.isOwnLine && $0.column > next && ($0.column >= column || outer <= next) }
        try advance()
    }

    /// Comments above the first entry of a mapping stay at its top when a blank line follows them.
    private func splitHead(_ entry: inout SourceEntry, isRoot: Bool) -> [SourceComment] {
        var count = entry.isAfterBlank ? entry.leading.count : entry.leading.lastIndex(where: \.isAfterBlank) ?? 0
        if isRoot { while count < entry.leading.count, isForTools(entry.leading[count]) { count += 1 } }
        guard count > 0 else { return [] }
        defer { entry.leading.removeFirst(count) }
        return Array(entry.leading.prefix(count))
    }

    /// Whether a comment speaks to an editor or a linter about the whole file.
    private func isForTools(_ comment: SourceComment) -> Bool {
        let words = String(decoding: text.bytes[Int(comment.extent.lowerBound)..<Int(comment.extent.upperBound)], as: UTF8.self)
            .drop { $0 == "#" || $0 == " " }
        return ["yaml-language-server:", "yamllint ", "vim:", "-*-", "$schema"].contains { words.hasPrefix($0) }
    }

    /// Reads a collection in brackets, before whose opening one the cursor stands.
    mutating func flow(_ node: inout SourceNode, _ isMapping: Bool, depth: Int) throws(SyntaxFailure) {
        let start = text.cursor
        text.advance(to: start + 1)
        text.passTrivia()
        var isBroken = text.passedBreak
        if let comment = text.takeTrailing() { node.head = [comment] }
        var seen = KeySet()
        while !isAtEnd {
            let leading = text.takeComments()
            var entry = SourceEntry(
                leading: leading, isAfterBlank: text.takeBlank(), value: .unread)
            if isMapping { try key(of: &entry, &seen) }
            try fill(&entry, under: -1, depth: depth)
            if text.byte == UInt8(ascii: ",") {
                text.advance(to: text.cursor + 1)
                text.passTrivia()
                if entry.trailing == nil { entry.trailing = text.takeTrailing() }
            }
            isBroken = isBroken || needsLines(entry)
            node.entries.append(entry)
        }
        text.passTrivia()
        node.tail = text.takeComments()
        _ = text.takeBlank()
        text.advance(to: text.cursor + 1)
        node.isOneLine = !text.hasBreak(in: Int32(start)..<Int32(text.cursor))
        node.isBroken = !node.head.isEmpty || !node.tail.isEmpty || isBroken && !node.entries.isEmpty
        try advance()
    }

    /// Reads `a: b` in a flow sequence.
    mutating func pair(_ node: inout SourceNode, _ item: inout SourceEntry, depth: Int) throws(SyntaxFailure) {
        var seen = KeySet()
        var entry = SourceEntry(value: .unread)
        try key(of: &entry, &seen)
        // Without its colon it would be a scalar.
        entry.hasColon = true
        try fill(&entry, under: -1, depth: depth)
        (item.trailing, entry.trailing) = (entry.trailing, nil)
        node.isBroken = needsLines(entry)
        node.entries = [entry]
        try advance()
    }

    /// Whether an entry of a flow collection cannot stand on one line with others.
    private func needsLines(_ entry: SourceEntry) -> Bool {
        if !entry.leading.isEmpty || !entry.inner.isEmpty || entry.trailing != nil || entry.value.isBroken { return true }
        if case .scalar = entry.value.kind { return text.hasBreak(in: entry.value.extent) }
        return false
    }

    private var isAtEnd: Bool {
        switch current.event {
        case .mappingEnd, .sequenceEnd: true
        default: false
        }
    }
}
