extension StateHeader {
    /// Reads the first line of a state.
    /// - Throws: when it is none, or of another format.
    public init(_ json: inout JSONReader) throws(Rejection) {
        var texts: [String: String] = [:]
        var numbers: [String: Int] = [:]
        var kinds: [Kind] = []
        var ownKeys: [String] = []
        var owners: [OwnerRecord] = []
        var limits: [Kind: Int] = [:]
        try json.object { json, name throws(Rejection) in
            let node = try json.node()
            switch name {
            case "format", "revision": numbers[name] = try node.integer()
            case "server_id", "account_id", "epoch", "time": texts[name] = try node.text()
            case "caller_key": texts[name] = node.isNull ? nil : try node.text()
            case "own_keys": for item in try node.items("ids") { ownKeys.append(try item.text()) }
            case "owners": for item in try node.items("owners") { owners.append(try OwnerRecord(item)) }
            case "limits":
                for member in try node.members("limits") {
                    guard let kind = Kind.allCases.first(where: { $0.plural == member.key.text }) else { continue }
                    limits[kind] = try member.value.integer()
                }
            case "kinds":
                for item in try node.items("kinds") {
                    let name = try item.text()
                    if let kind = Kind.allCases.first(where: { $0.plural == name }) { kinds.append(kind) }
                }
            default: break
            }
        }
        try json.finish()
        guard let format = numbers["format"] else { throw Rejection("this is no account's state") }
        guard format == Self.format else {
            throw Rejection("the server writes states of format \(format); this version reads 1", "install a newer reconcile")
        }
        guard let serverID = texts["server_id"], let accountID = texts["account_id"], let epoch = texts["epoch"],
            let revision = numbers["revision"], let time = texts["time"]
        else { throw Rejection("the account's state has an incomplete first line") }
        self.init(
            serverID: serverID, accountID: accountID, epoch: epoch, revision: revision, kinds: kinds,
            time: try Timestamp(time), ownKeys: ownKeys, callerKey: texts["caller_key"], owners: owners,
            resourceLimits: limits)
    }
}

extension OwnerRecord {
    init(_ node: Node) throws(Rejection) {
        var name: Owner?
        var repository: String?
        var sequence: Int?
        for member in try node.members("an owner") where !member.value.isNull {
            switch member.key.text {
            case "name": name = try Owner(member.value)
            case "repository": repository = try member.value.text()
            case "sequence": sequence = try member.value.integer()
            default: break
            }
        }
        guard let name else { throw Rejection("an owner in the account's state has no name") }
        self.init(name: name, repository: repository, sequence: sequence)
    }
}
