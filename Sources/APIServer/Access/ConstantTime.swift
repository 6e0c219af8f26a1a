/// Comparing what only one side may know.
enum ConstantTime {
    /// Whether two texts are the same, in a time that does not tell how much of them is.
    static func isSame(_ left: String, _ right: String) -> Bool {
        let (left, right) = (Array(left.utf8), Array(right.utf8))
        guard left.count == right.count else { return false }
        return zip(left, right).reduce(0) { $0 | $1.0 ^ $1.1 } == 0
    }
}
