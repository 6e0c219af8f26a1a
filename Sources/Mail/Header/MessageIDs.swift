/// The identifiers in `Message-ID`, `In-Reply-To`, `References` and `Content-ID`. The angle brackets are not part of them.
/// https://www.rfc-editor.org/rfc/rfc5322#section-3.6.4
enum MessageIDs {
    /// All identifiers in a field: what stands in angle brackets, or the words when nothing does.
    static func all(in raw: ArraySlice<UInt8>, _ decoder: inout TextDecoder, _ problems: inout Problems) -> [String] {
        var slices: [ArraySlice<UInt8>] = []
        var index = raw.startIndex
        while let open = raw[index...].firstIndex(of: UInt8(ascii: "<")) {
            let end = raw.firstIndex(from: open + 1) { $0 == UInt8(ascii: ">") || $0 == UInt8(ascii: "<") }
            slices.append(raw[(open + 1)..<end])
            index = end
        }
        if slices.isEmpty {
            slices = raw.split { $0.isSpace || $0 == UInt8(ascii: ",") }
            if !slices.isEmpty { problems.add("an identifier without angle brackets: read word by word") }
        }
        var identifiers: [String] = []
        for slice in slices {
            // Long ones come folded.
            let octets = slice.filter { !$0.isSpace }
            if !octets.isEmpty { identifiers.append(decoder.text(octets[...], label: nil, &problems)) }
        }
        return identifiers
    }

    /// The first identifier in a field; nil when it has none.
    static func first(in raw: ArraySlice<UInt8>, _ decoder: inout TextDecoder, _ problems: inout Problems) -> String? {
        all(in: raw, &decoder, &problems).first
    }
}
