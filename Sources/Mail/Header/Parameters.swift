/// The parameters of a field: `; name=value; name="value"`, continued and encoded ones too.
/// https://www.rfc-editor.org/rfc/rfc2045#section-5.1 and https://www.rfc-editor.org/rfc/rfc2231#section-3
struct Parameters {
    /// One parameter, or one piece of a continued one.
    private struct Piece {
        let name: String
        /// `name*2` has 2.
        let number: Int?
        /// `name*` and `name*2*` have percent signs.
        let isEncoded: Bool
        let value: ArraySlice<UInt8>
    }

    private var pieces: [Piece] = []

    init() {}

    /// The parameters behind a field's value; it begins with a semicolon.
    init(_ raw: ArraySlice<UInt8>, _ problems: inout Problems) {
        var scanner = ParameterScanner(raw)
        while let (name, value) = scanner.next(&problems) {
            let parts = name.split(separator: UInt8(ascii: "*"), omittingEmptySubsequences: false)
            guard let base = parts.first, parts.count <= 3 else { continue }
            let isEncoded = parts.count > 1 && parts.last?.isEmpty == true
            let numbers = parts.dropFirst().dropLast(isEncoded ? 1 : 0)
            let number = numbers.first.flatMap { $0.count <= 4 ? Int(String(decoding: $0, as: UTF8.self)) : nil }
            guard numbers.isEmpty || (number ?? -1) >= 0 else { continue }
            pieces.append(Piece(name: base.loweredText, number: number, isEncoded: isEncoded, value: value))
        }
    }

    /// A parameter's octets, for those that are compared and not shown; nil when it is missing.
    /// - Parameter name: in lower case.
    func octets(_ name: String) -> [UInt8]? { chosen(name).map { Self.joined($0).bytes } }

    /// A parameter as text; nil when it is missing.
    /// - Parameter name: in lower case.
    func text(_ name: String, _ decoder: inout TextDecoder, _ problems: inout Problems) -> String? {
        guard let chosen = chosen(name) else { return nil }
        let (charset, bytes) = Self.joined(chosen)
        // Encoded words have no place here, and much mail has them here.
        return chosen.contains(where: \.isEncoded)
            ? decoder.text(HeaderText.unfolded(bytes[...]), label: charset, &problems)
            : HeaderText.decode(bytes[...], &decoder, &problems)
    }

    /// The pieces that make up a parameter: the encoded form if there is one, else the continued one, else the plain one, which is
    /// then for programs that know neither. https://www.rfc-editor.org/rfc/rfc6266#section-4.3
    private func chosen(_ name: String) -> [Piece]? {
        let own = pieces.filter { $0.name == name }
        if let encoded = own.first(where: { $0.isEncoded && $0.number == nil }) { return [encoded] }
        var numbered: [Int: Piece] = [:]
        for piece in own { if let number = piece.number, numbered[number] == nil { numbered[number] = piece } }
        guard var number = numbered.keys.min() else { return own.first.map { [$0] } }
        var continued: [Piece] = []
        while let piece = numbered[number] {
            continued.append(piece)
            number += 1
        }
        return continued
    }

    /// The pieces' octets in a row, and the charset that the first of them names.
    private static func joined(_ pieces: [Piece]) -> (charset: String?, bytes: [UInt8]) {
        var charset: String?
        var bytes: [UInt8] = []
        for (index, piece) in pieces.enumerated() {
            var value = piece.value
            if index == 0, piece.isEncoded { (charset, value) = Self.charset(of: value) }
            bytes += piece.isEncoded ? percentDecoded(value) : Array(value)
        }
        return (charset, bytes)
    }

    /// What stands before `'language'`, and the rest. https://www.rfc-editor.org/rfc/rfc2231#section-4
    private static func charset(of value: ArraySlice<UInt8>) -> (String?, ArraySlice<UInt8>) {
        let quote = UInt8(ascii: "'")
        guard let first = value.firstIndex(of: quote), let second = value[(first + 1)...].firstIndex(of: quote) else { return (nil, value) }
        return (value[..<first].loweredText, value[(second + 1)...])
    }

    private static func percentDecoded(_ text: ArraySlice<UInt8>) -> [UInt8] {
        var bytes: [UInt8] = []
        var index = text.startIndex
        while index < text.endIndex {
            if text[index] == UInt8(ascii: "%"), index + 2 < text.endIndex,
                let high = text[index + 1].hexValue, let low = text[index + 2].hexValue
            {
                bytes.append(high << 4 | low)
                index += 3
            } else {
                bytes.append(text[index])
                index += 1
            }
        }
        return bytes
    }
}
