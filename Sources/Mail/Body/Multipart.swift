/// A multipart whose end was not reached yet. https://www.rfc-editor.org/rfc/rfc2046#section-5.1
struct Multipart {
    /// What the parts are to each other.
    enum Kind {
        /// One after the other; every unknown subtype too. https://www.rfc-editor.org/rfc/rfc2046#section-5.1.3
        case mixed
        /// The same in several forms.
        case alternative
        /// A first one, and what it refers to. https://www.rfc-editor.org/rfc/rfc2387
        case related
        /// One after the other, each a message unless it says otherwise.
        case digest
    }

    let kind: Kind
    let header: PartHeader
    /// Stands behind two hyphens on the lines between the parts.
    let boundary: [UInt8]
    /// Where the body begins.
    let start: Int
    /// How many parts have begun.
    var parts = 0
    /// Which part the text was taken from, when they are alternatives.
    var textPart: Int?
    /// Which part the HTML was taken from, when they are alternatives.
    var htmlPart: Int?

    init(_ header: PartHeader, boundary: [UInt8], start: Int) {
        switch header.contentType.subtype {
        case "alternative": kind = .alternative
        case "related": kind = .related
        case "digest": kind = .digest
        default: kind = .mixed
        }
        self.header = header
        self.boundary = boundary
        self.start = start
    }

    /// What a line is to this multipart.
    enum Delimiter { case next, last }

    /// What a line that begins with two hyphens is to this multipart; nil when it is nothing. Only blanks may follow the boundary, so that
    /// one boundary may begin with another. https://www.rfc-editor.org/rfc/rfc2046#section-5.1.1
    /// - Parameter line: what stands behind the hyphens.
    func delimiter(_ line: ArraySlice<UInt8>) -> Delimiter? {
        guard line.starts(with: boundary) else { return nil }
        let rest = line.dropFirst(boundary.count)
        if rest.allSatisfy(\.isBlank) { return .next }
        return rest.starts(with: [0x2D, 0x2D]) && rest.dropFirst(2).allSatisfy(\.isBlank) ? .last : nil
    }
}
