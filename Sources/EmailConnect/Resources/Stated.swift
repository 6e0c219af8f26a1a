/// A resource and which of its fields are stated: a manifest's entry, a batch's update and a request's body alike.
public struct Stated<R: Resource>: Equatable, Sendable {
    /// The values; what is not stated has its default.
    public var value: R
    /// One bit a row of the table.
    public private(set) var stated: UInt64

    /// Nothing stated.
    public init() {
        value = R()
        stated = 0
    }

    /// A value of which the rows in `rows` are stated.
    public init(_ value: R, rows: some Sequence<Int>) {
        self.value = value
        stated = rows.reduce(0) { $0 | 1 << UInt64($1) }
    }

    /// A value of which some rows are stated, one bit each.
    public init(_ value: R, rows: UInt64) {
        self.value = value
        stated = rows
    }

    /// Whether a row is stated.
    public func states(_ row: Int) -> Bool { stated & 1 << UInt64(row) != 0 }
    /// Whether the field of that name is stated.
    public func states(_ name: String) -> Bool {
        guard stated != 0 else { return false }
        for (row, field) in R.fields.enumerated() where field.name == name { return states(row) }
        return false
    }
    /// This over what is inherited: what is stated here wins, what is stated there only is taken over, but for the rows in `removed`.
    public func over(_ inherited: Stated<R>, removing removed: [Int]) -> Stated<R> {
        var merged = self
        for row in Rows(inherited.stated) where !removed.contains(row) {
            R.inherit(row, from: inherited.value, into: &merged.value, isStated: states(row))
            merged.stated |= 1 << UInt64(row)
        }
        return merged
    }

    /// The stated rows, in the table's order.
    public var rows: [Int] { Array(Rows(stated)) }
    /// Whether nothing is stated.
    public var isEmpty: Bool { stated == 0 }

    /// States one field in another way than by reading it.
    public mutating func state(_ name: String, _ change: (inout R) -> Void) {
        if let row = R.fields.firstIndex(where: { $0.name == name }) { stated |= 1 << UInt64(row) }
        change(&value)
    }

    /// Reads one field of a manifest's entry.
    /// - Throws: when the value is not of the field's type.
    public mutating func read(_ row: Int, _ node: Node) throws(Rejection) {
        stated |= 1 << UInt64(row)
        try R.read(row, node, into: &value)
    }

    /// Reads one field of a record or a request.
    /// - Throws: when the value is not of the field's type.
    public mutating func take(_ row: Int, _ node: Node, wire name: String) throws(Rejection) {
        stated |= 1 << UInt64(row)
        try R.fields[row].take(node, name, &value)
    }

    /// Writes the stated fields, as members of an object that is open.
    public func write(to json: inout JSONWriter) { value.write(stated, to: &json) }
}

/// The places of the bits that are set, from the lowest on.
private struct Rows: Sequence, IteratorProtocol {
    private var bits: UInt64

    init(_ bits: UInt64) { self.bits = bits }

    mutating func next() -> Int? {
        guard bits != 0 else { return nil }
        defer { bits &= bits - 1 }
        return bits.trailingZeroBitCount
    }
}

extension Resource {
    /// Takes an inherited field over, or merges it with what is stated.
    public static func inherit(_ row: Int, from inherited: Self, into value: inout Self, isStated: Bool) {
        if isStated { fields[row].inherit(inherited, &value) } else { _ = fields[row].keep(nil, inherited, &value) }
    }

    /// Reads one field as a manifest has it.
    public static func read(_ row: Int, _ node: Node, into value: inout Self) throws(Rejection) { try fields[row].read(node, &value) }

    /// The row whose wire name this is.
    public static func row(wire name: String) -> Int? { fields.firstIndex { $0.wireNames.contains(name) } }

    /// The rows that differ from the defaults, one bit each.
    public var worthWriting: UInt64 {
        let (fields, defaults) = (Self.fields, Self())
        var rows: UInt64 = 0
        for row in fields.indices where !fields[row].same(self, defaults) { rows |= 1 << UInt64(row) }
        return rows
    }

    /// Writes the fields of some rows, one bit each.
    public func write(_ rows: UInt64, to json: inout JSONWriter) {
        let fields = Self.fields
        for row in Rows(rows) { fields[row].write(self, &json) }
    }

    /// How `old` differs from this value; empty when it does not. Both walk the table once.
    public func differences(from old: Self, with secrets: Secrets) -> [(row: Int, difference: Difference)] {
        var found: [(row: Int, difference: Difference)] = []
        let fields = Self.fields
        for row in fields.indices where !fields[row].same(self, old) {
            for difference in fields[row].differences(self, old, secrets) { found.append((row, difference)) }
        }
        return found
    }

    /// What to send so that `old` becomes this value.
    public func patch(from old: Self, rows: some Sequence<Int>, with secrets: Secrets) -> Stated<Self> {
        var patch = Self()
        for row in rows { Self.fields[row].patch(self, old, secrets, &patch) }
        return Stated(patch, rows: rows)
    }

    /// This value in the place of whatever is there, where a field would be merged otherwise.
    public var replacing: Self {
        var copy = self
        for field in Self.fields { field.replace(&copy) }
        return copy
    }

    /// This value with one field as `old` has it.
    /// - Parameter field: a field's name, or `headers.NAME`.
    public func keeping(_ field: String, of old: Self) -> Self? {
        let steps = field.split(separator: ".", maxSplits: 1).map(String.init)
        guard let row = Self.fields.firstIndex(where: { $0.name == steps[0] }) else { return nil }
        var copy = self
        return Self.fields[row].keep(steps.count > 1 ? steps[1] : nil, old, &copy) ? copy : nil
    }

    /// What a manifest decides on, as 16 hexadecimal digits: every field that is not at its default, but of secrets only that
    /// they are there. Both ends of the wire come to the same, also when one knows fields that the other does not.
    public var configuration: String {
        let value = withoutSecrets
        var json = JSONWriter()
        json.object { value.write(value.worthWriting, to: &$0) }
        return String(Hex.sha256(json.text).prefix(16))
    }

    /// As it is: most kinds have no fingerprints.
    public var withoutFingerprints: Self { self }

    /// As it is: most kinds have no secrets.
    public var withoutSecrets: Self { self }

    /// How the field of one row may be shown.
    public func shown(at row: Int) -> Shown { Self.fields[row].show(self) }

    /// How the fields of some rows may be shown.
    public func shown(_ rows: some Sequence<Int>) -> [(field: String, value: Shown)] {
        rows.map { (Self.fields[$0].name, Self.fields[$0].show(self)) }
    }
}
