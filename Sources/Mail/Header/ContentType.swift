/// What a part is, as its `Content-Type` says. https://www.rfc-editor.org/rfc/rfc2045#section-5
struct ContentType {
    /// In lower case, such as `text`.
    let type: String
    /// In lower case, such as `plain`.
    let subtype: String
    let parameters: Parameters

    /// What a part without the field is. https://www.rfc-editor.org/rfc/rfc2045#section-5.2
    static let plain = ContentType(type: "text", subtype: "plain", parameters: Parameters())
    /// What a part of a digest without the field is. https://www.rfc-editor.org/rfc/rfc2046#section-5.1.5
    static let message = ContentType(type: "message", subtype: "rfc822", parameters: Parameters())

    /// Octets of which nothing is known.
    static let octets = ContentType(type: "application", subtype: "octet-stream", parameters: Parameters())

    /// Type and subtype.
    var name: String { "\(type)/\(subtype)" }
    /// May be the message's text.
    var isPlain: Bool { type == "text" && subtype == "plain" }
    /// May be the message's HTML.
    var isHTML: Bool { type == "text" && subtype == "html" }

    private init(type: String, subtype: String, parameters: Parameters) {
        self.type = type
        self.subtype = subtype
        self.parameters = parameters
    }

    /// Reads a field's value; what is no type counts as `text/plain`.
    init(_ raw: ArraySlice<UInt8>, _ problems: inout Problems) {
        let end = raw.firstIndex(of: UInt8(ascii: ";")) ?? raw.endIndex
        let words = Comment.removed(from: raw[..<end]).split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false).map(\.trimmed)
        parameters = Parameters(raw[end...], &problems)
        if words.count == 2, words.allSatisfy({ !$0.isEmpty && $0.count <= 127 && $0.allSatisfy(\.isToken) }) {
            type = words[0].loweredText
            subtype = words[1].loweredText
        } else {
            problems.add("a Content-Type that is no type: read as text/plain")
            (type, subtype) = ("text", "plain")
        }
    }

    /// The same parameters under another type.
    func asPlain() -> ContentType { ContentType(type: "text", subtype: "plain", parameters: parameters) }
}
