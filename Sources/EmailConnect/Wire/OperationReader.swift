extension AnyOperation {
    /// Reads an operation as `POST /v1/batch` has it.
    /// - Throws: when it is none; the pointer says where below the operation.
    public init(_ node: Node) throws(Rejection) {
        let parts = try Parts(node)
        switch parts.kind {
        case .webhook: self = .webhook(try parts.operation())
        case .domain: self = .domain(try parts.operation())
        case .alias: self = .alias(try parts.operation())
        case .apiKey: self = .apiKey(try parts.operation())
        }
    }
}

/// The members of an operation, before its kind decides on their types.
private struct Parts {
    var verb = ""
    var kind = Kind.webhook
    var target: Target?
    var expect: Expectation?
    var set: Node?
    var cascade: Cascade?
    var transfer: Transfer?

    init(_ node: Node) throws(Rejection) {
        var hasKind = false
        for member in try node.members("an operation") {
            let name = member.key.text
            try at(name) { () throws(Rejection) in
                switch name {
                case "op": verb = try member.value.text()
                case "kind":
                    guard let known = Kind(rawValue: try member.value.text()) else {
                        throw Rejection("no such kind", "webhook, domain, alias or api_key")
                    }
                    kind = known
                    hasKind = true
                case "id": try setTarget(.id(try member.value.text()))
                case "name": try setTarget(.name(try member.value.text()))
                case "expect": expect = try Expectation(member.value)
                case "set": set = member.value
                case "cascade": cascade = try Cascade(member.value)
                case "adopt": try setTransfer(.adopt, if: Bool(member.value))
                case "release": try setTransfer(.release, if: Bool(member.value))
                case "take_over_from": try setTransfer(.takeOver(Owner(member.value)))
                default: throw Rejection("an operation has no \(name.prefix(64))")
                }
            }
        }
        guard hasKind else { throw Rejection("the operation has no kind", pointer: "/kind") }
    }

    private mutating func setTarget(_ new: Target) throws(Rejection) {
        guard target == nil else { throw Rejection("the operation has both id and name", "keep one") }
        target = new
    }

    private mutating func setTransfer(_ new: Transfer, if isWanted: Bool = true) throws(Rejection) {
        guard isWanted else { throw Rejection("true or nothing", "leave it out") }
        guard transfer == nil else { throw Rejection("the operation changes the owner in two ways", "keep one") }
        transfer = new
    }

    func operation<R: Resource>() throws(Rejection) -> Operation<R> {
        switch verb {
        case "create":
            guard target == nil else { throw Rejection("a create has its name in set", pointer: "/name") }
            if let expect, expect != .absent { throw Rejection("a create expects absent", pointer: "/expect") }
            guard cascade == nil else { throw Rejection("only a delete has a cascade", pointer: "/cascade") }
            guard transfer == nil else { throw Rejection("what is created is nobody's yet, so that its owner cannot change") }
            return Operation(.create(try stated()), expect: expect)
        case "update":
            guard cascade == nil else { throw Rejection("only a delete has a cascade", pointer: "/cascade") }
            return Operation(.update(try known(), try stated()), expect: try versioned(), transfer: transfer)
        case "delete":
            guard set == nil else { throw Rejection("a delete sets nothing", pointer: "/set") }
            guard transfer != .release else { throw Rejection("what is deleted cannot be released", pointer: "/release") }
            return Operation(.delete(try known(), cascade), expect: try versioned(), transfer: transfer)
        default: throw Rejection("no such operation", "create, update or delete", pointer: "/op")
        }
    }

    private func known() throws(Rejection) -> Target {
        guard let target else { throw Rejection("the operation names no resource", "give its id or its name", pointer: "/name") }
        return target
    }

    private func versioned() throws(Rejection) -> Expectation? {
        guard expect != .absent else {
            throw Rejection("what is absent can be neither changed nor deleted", pointer: "/expect")
        }
        return expect
    }

    private func stated<R: Resource>() throws(Rejection) -> Stated<R> {
        guard let set else { throw Rejection("the operation sets nothing", pointer: "/set") }
        return try at("set") { () throws(Rejection) in try Stated<R>(request: set) }
    }
}

extension Expectation {
    init(_ node: Node) throws(Rejection) {
        if case .mapping(let members, _) = node {
            guard members.count == 1, members[0].key.text == "version" else {
                throw Rejection("expected \"absent\" or {\"version\": n}")
            }
            self = .version(try members[0].value.integer())
        } else {
            guard try node.text() == "absent" else { throw Rejection("expected \"absent\" or {\"version\": n}") }
            self = .absent
        }
    }
}

extension Cascade {
    init(_ node: Node) throws(Rejection) {
        var count: Int?
        var digest: String?
        for member in try node.members("a cascade") {
            switch member.key.text {
            case "aliases": count = try member.value.integer()
            case "digest": digest = try member.value.text()
            default: throw Rejection("a cascade has aliases and digest")
            }
        }
        guard let count, let digest else { throw Rejection("a cascade has aliases and digest") }
        self.init(aliases: count, digest: digest)
    }
}

extension Stated {
    /// Reads the fields of a request; what the table does not know is an error.
    /// - Throws: when a field is unknown, stands twice under two names, or has a wrong value.
    public init(request node: Node) throws(Rejection) {
        self.init()
        let isMerge = Set(["headers", "secret_headers"])
        for member in try node.members("an object") {
            let name = member.key.text
            guard let row = R.row(wire: name) else {
                let known = R.fields.flatMap(\.wireNames)
                let guess = Spelling.nearest(to: name, in: known).map { "did you mean \($0)?" }
                throw Rejection("unknown field", guess ?? "the fields are \(known.joined(separator: ", "))", pointer: "/\(name.prefix(64))")
            }
            guard !states(row) || isMerge.contains(name) else {
                throw Rejection("the field stands here twice, under two names", pointer: "/\(name)")
            }
            try at(name) { () throws(Rejection) in try take(row, member.value, wire: name) }
        }
    }
}

/// Puts a member's name before the pointer of what goes wrong inside it.
func at<T>(_ name: String, _ body: () throws(Rejection) -> T) throws(Rejection) -> T {
    do throws(Rejection) { return try body() } catch {
        // https://www.rfc-editor.org/rfc/rfc6901#section-3
        let step = name.prefix(64).replacing("~", with: "~0").replacing("/", with: "~1")
        throw Rejection(error.problem, error.remedy, at: error.position, pointer: "/\(step)\(error.pointer)")
    }
}
