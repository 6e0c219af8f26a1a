/// A manifest's text as a tree: what libyaml says of its structure, with the places of everything, and the comments that libyaml drops.
struct SourceDocument: Sendable {
    /// The text, with line feeds only and without a byte order mark.
    var source: [UInt8]
    /// Lines before the document, with their directives and `---`; empty when there are no directives.
    var preamble: [SourceComment] = []
    /// Comments above the root that do not belong to its first entry.
    var head: [SourceComment] = []
    /// nil when there are only comments.
    var root: SourceEntry?
    /// Comments below the root.
    var tail: [SourceComment] = []
    /// For each alias, by its number, the number of the node whose anchor it means.
    var aliases: [(alias: Int32, target: Int32)] = []
    /// The numbers of the nodes whose anchor has a name that another one has too, and of the aliases of that name, rising.
    var ambiguous: [Int32] = []
    /// What all its comments come to, in any order.
    var commentTally: UInt64 = 0
}

/// One comment, or one line of a preamble.
struct SourceComment: Sendable {
    /// From its `#` to the last character that shows.
    var extent: Range<Int32>
    /// Counted from 0.
    var column: Int32
    /// Whether nothing stands before it on its line.
    var isOwnLine: Bool
    /// Whether there is a blank line above it.
    var isAfterBlank: Bool
}

/// A key and its value, an item of a sequence, or the root.
struct SourceEntry: Sendable {
    /// Comments above it.
    var leading: [SourceComment] = []
    /// Whether there is a blank line right above it, below its comments.
    var isAfterBlank = false
    var key: SourceNode?
    /// Whether a colon stands behind the key; `{ a }` has none.
    var hasColon = true
    /// Comments between the key, or the dash, and the value.
    var inner: [SourceComment] = []
    var value: SourceNode
    /// The comment on the line where it ends.
    var trailing: SourceComment?
}

/// A value, or a key.
struct SourceNode: Sendable {
    enum Kind: Sendable {
        case scalar(YAMLStyle)
        case alias
        case mapping(YAMLStyle)
        case sequence(YAMLStyle)
        /// `a: b` as an item of a flow sequence: a mapping without braces.
        case pair
    }

    var kind: Kind
    /// How many nodes begin before it.
    var number: Int32
    /// How many nodes begin before its end.
    var following: Int32
    /// The text of a scalar or an alias, without its anchor.
    var extent: Range<Int32> = 0..<0
    /// With its `&`; empty when there is none.
    var anchor: Range<Int32> = 0..<0
    /// The characters of a scalar, unescaped; the name of an alias.
    var text = ""
    /// How far the content of a block scalar is indented.
    var indentation: Int32 = 0
    var entries: [SourceEntry] = []
    /// Of a flow collection the comment behind its bracket; of a mapping the comments above its first entry that stay there.
    var head: [SourceComment] = []
    /// Comments at its end.
    var tail: [SourceComment] = []
    /// Of a flow collection: whether it stands on one line.
    var isOneLine = true
    /// Of a flow collection: whether something in it asks for one entry a line.
    var isBroken = false

    init(_ kind: Kind, number: Int32) {
        self.kind = kind
        self.number = number
        following = number + 1
    }

    /// Stands for a value that is not read yet.
    static let unread = SourceNode(.scalar(.plain), number: 0)

    /// `key:` with nothing behind it.
    var isBlank: Bool {
        if case .scalar = kind { extent.isEmpty && anchor.isEmpty } else { false }
    }

    var isBlockCollection: Bool {
        switch kind {
        case .mapping(.block), .sequence(.block): true
        default: false
        }
    }

    var isBlockScalar: Bool {
        switch kind {
        case .scalar(.literal), .scalar(.folded): true
        default: false
        }
    }
}
