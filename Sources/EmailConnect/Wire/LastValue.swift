/// What a member said in the record before: most say the same in record after record.
struct LastValue: Sendable {
    private(set) var bytes: [UInt8] = []
    private(set) var node: Node?
    private var misses = 0

    /// What was another value so often in a row, an id or a text, is not kept any more.
    private static let mostMisses = 8

    mutating func isHit() { misses = 0 }

    /// Takes note of another value, if it is worth that.
    mutating func isMissed(_ node: Node, _ written: ArraySlice<UInt8>) {
        guard misses < Self.mostMisses, case .scalar = node else { return self.node = nil }
        misses += 1
        self.node = node
        bytes.removeAll(keepingCapacity: true)
        bytes.append(contentsOf: written)
    }
}
