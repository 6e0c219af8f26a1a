/// What the header of a part says about its body. https://www.rfc-editor.org/rfc/rfc2045#section-3
struct PartHeader {
    /// How the body is to be shown. https://www.rfc-editor.org/rfc/rfc2183
    enum Disposition {
        case unstated
        case inline
        /// Also every disposition that is unknown. https://www.rfc-editor.org/rfc/rfc2183#section-2.8
        case attachment
    }

    var contentType: ContentType
    var encoding: TransferEncoding
    let disposition: Disposition
    /// The file name as the sender wrote it; nil when there is none.
    let name: String?
    /// Without its angle brackets.
    let contentID: String?

    /// - Parameter standard: the type of a part that states none.
    init(_ fields: Fields, standard: ContentType, _ decoder: inout TextDecoder, _ problems: inout Problems) {
        contentType = fields.first("content-type", &problems).map { ContentType($0, &problems) } ?? standard
        encoding = fields.first("content-transfer-encoding", &problems).map { TransferEncoding($0, &problems) } ?? .none
        var named: String?
        if let raw = fields.first("content-disposition", &problems) {
            let end = raw.firstIndex(of: UInt8(ascii: ";")) ?? raw.endIndex
            let kind = Comment.removed(from: raw[..<end]).trimmed
            disposition = kind.isWord("inline") ? .inline : kind.isEmpty ? .unstated : .attachment
            named = Parameters(raw[end...], &problems).text("filename", &decoder, &problems)
        } else {
            disposition = .unstated
        }
        name = (named ?? contentType.parameters.text("name", &decoder, &problems)).flatMap { Self.fileName($0, &problems) }
        contentID = fields.first("content-id", &problems).flatMap { MessageIDs.first(in: $0, &decoder, &problems) }
    }

    /// The last component of what may be a path. https://www.rfc-editor.org/rfc/rfc2183#section-2.3
    private static func fileName(_ written: String, _ problems: inout Problems) -> String? {
        let last = written.utf8.lastIndex { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "\\") }
        guard let last else { return written.isEmpty || written == "." || written == ".." ? nil : written }
        problems.add("a file name with a path: only its last component is given")
        return fileName(String(written[written.utf8.index(after: last)...]), &problems)
    }
}

extension PartHeader {
    /// Stands for what is not read further.
    static let rest = PartHeader()

    private init() {
        contentType = .octets
        encoding = .none
        disposition = .attachment
        (name, contentID) = (nil, nil)
    }
}
