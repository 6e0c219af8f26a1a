/// Where a field stands in its resource. A key path says it; where the field is stored, its place in memory is worked out once, since
/// a walk along a key path costs more than all that is done with the value.
struct FieldPlace<R: Sendable, Value: Sendable>: Sendable {
    private let path: any WritableKeyPath<R, Value> & Sendable
    /// In bytes from the resource's first; nil for what is computed.
    private let offset: Int?

    init(_ path: any WritableKeyPath<R, Value> & Sendable) {
        self.path = path
        offset = MemoryLayout<R>.offset(of: path)
    }

    /// The field's value.
    @inline(__always)
    func callAsFunction(_ owner: R) -> Value {
        guard let offset else { return owner[keyPath: path] }
        return unsafe withUnsafePointer(to: owner) { unsafe UnsafeRawPointer($0).load(fromByteOffset: offset, as: Value.self) }
    }

    /// Changes the field where it stands.
    @inline(__always)
    func change<Result, Failure: Error>(
        _ owner: inout R, _ body: (inout Value) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        guard let offset else { return try body(&owner[keyPath: path]) }
        return try unsafe withUnsafeMutablePointer(to: &owner) { pointer throws(Failure) in
            let place = unsafe (UnsafeMutableRawPointer(pointer) + offset).assumingMemoryBound(to: Value.self)
            return try unsafe body(&place.pointee)
        }
    }
}
