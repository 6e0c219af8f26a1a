/// The fields of one header, as ranges of the message.
struct Fields {
    /// One field. The value is folded still: line breaks stand in it before blanks.
    struct Field {
        let name: Range<Int>
        fileprivate(set) var value: Range<Int>
    }

    /// The whole message.
    let bytes: [UInt8]
    private(set) var list: [Field] = []

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    var isEmpty: Bool { list.isEmpty }
    var count: Int { list.count }

    mutating func append(name: Range<Int>, value: Range<Int>) { list.append(Field(name: name, value: value)) }

    /// Makes the last field end later.
    mutating func extendLast(to end: Int) {
        guard let last = list.indices.last else { return }
        list[last].value = list[last].value.lowerBound..<end
    }

    /// The values of all fields with a name.
    /// - Parameter name: in lower case.
    func all(_ name: StaticString) -> [ArraySlice<UInt8>] {
        list.lazy.filter { bytes[$0.name].isWord(name) }.map { bytes[$0.value] }
    }

    /// The value of the first field with a name; a further one is a problem, for programs differ in which they take.
    func first(_ name: StaticString, _ problems: inout Problems) -> ArraySlice<UInt8>? {
        let values = all(name)
        if values.count > 1 { problems.add("the field \(name) stands more than once: the first counts") }
        return values.first
    }

    /// The value of the first field that has the name of another message's part.
    func first(_ name: ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
        let field = list.first { field in
            field.name.count == name.count && zip(bytes[field.name], name).allSatisfy { $0.lowered == $1.lowered }
        }
        return field.map { bytes[$0.value] }
    }
}
