import EmailConnect
import Hummingbird

extension Routes {
    /// The documented `{"operations": [{"action": "create", "data": {...}}]}`, all or nothing.
    func plainBatch<R: StoredResource>(_: R.Type, _ call: Call) async throws -> Response {
        _ = try call.query()
        let answer = try await largeBodies.one(call) {
            try await commit(plainOperations(R.self, try await call.body()), call)
        }
        var json = JSONWriter()
        answer.write(to: &json)
        return Reply.json(.ok, json.bytes)
    }

    private func commit(_ operations: [AnyOperation], _ call: Call) async throws -> BatchAnswer {
        try await ledger.commit(
            Batch(owner: nil, operations: operations), by: call.caller, CommitOptions(isList: true, setPointer: "/data"))
    }

    private func plainOperations<R: StoredResource>(_: R.Type, _ bytes: [UInt8]) throws -> [AnyOperation] {
        var operations: [AnyOperation] = []
        var isThere = false
        var reader = JSONReader(bytes)
        try reader.object { json, name throws(Rejection) in
            guard name == "operations" else {
                throw Rejection("unknown member", "send {\"operations\": [...]}", pointer: "/\(name.prefix(64))")
            }
            isThere = true
            try json.array { json, index throws(Rejection) in
                let node = try json.node()
                do throws(Rejection) { operations.append(try plainOperation(R.self, node)) } catch {
                    throw Rejection(error.problem, error.remedy, pointer: "/operations/\(index)\(error.pointer)")
                }
            }
        }
        try reader.finish()
        guard isThere else { throw Problem(.invalid, "send {\"operations\": [...]}") }
        return operations
    }

    private func plainOperation<R: StoredResource>(_: R.Type, _ node: Node) throws(Rejection) -> AnyOperation {
        var action = ""
        var data: Node?
        for member in try node.members("an operation") {
            switch member.key.text {
            case "action": action = try member.value.text()
            case "data": data = member.value
            default: throw Rejection("unknown member", "an operation has action and data", pointer: "/\(member.key.text.prefix(64))")
            }
        }
        guard var data else { throw Rejection("the operation has no data", pointer: "/data") }
        switch action {
        case "create": return R.any(Operation(.create(try stated(data)), expect: nil))
        case "update", "delete":
            guard let id = try data.removeText("id") else { throw Rejection("the operation names no id", pointer: "/data/id") }
            if action == "update" { return R.any(Operation<R>(.update(.id(id), try stated(data)), expect: nil)) }
            guard try data.members("an object").isEmpty else { throw Rejection("a delete takes the id only", pointer: "/data") }
            return R.any(Operation<R>(.delete(.id(id), nil), expect: nil))
        default: throw Rejection("no such action", "create, update or delete", pointer: "/action")
        }
    }

    private func stated<R: StoredResource>(_ data: Node) throws(Rejection) -> Stated<R> {
        do throws(Rejection) { return try Stated<R>(request: data) } catch {
            throw Rejection(error.problem, error.remedy, pointer: "/data\(error.pointer)")
        }
    }
}

extension Node {
    /// Takes a member out of an object; nil when it has none.
    mutating func removeText(_ name: String) throws(Rejection) -> String? {
        guard case .mapping(var members, let position) = self, let place = members.firstIndex(where: { $0.key.text == name })
        else { return nil }
        let value = members.remove(at: place).value
        self = .mapping(members, position)
        return try value.text()
    }
}
