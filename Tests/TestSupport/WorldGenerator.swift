/// Makes the steps of a world: manifests that grow out of each other, hand edits of what they declare, crashes.
struct WorldGenerator {
    private var random: SeededGenerator
    /// The latest manifest of each of the two.
    private var latest: [WorldManifest] = [WorldManifest("prop"), WorldManifest("other")]
    /// What somebody has made by hand, and nobody manages.
    private var loose: Set<String> = []

    private static let hooks = ["a", "b", "c", "d"]
    private static let locals = ["x", "y", "z", "info", "*"]
    private static let domains = [["one.example", "two.example", "bücher.example"], ["three.example", "four.example", "one.example"]]
    private static let everyDomain = ["one.example", "two.example", "bücher.example", "three.example", "four.example", "loose.example"]

    init(seed: UInt64) { random = SeededGenerator(seed: seed) }

    mutating func steps(_ count: Int) -> [WorldStep] {
        var steps: [WorldStep] = []
        for place in latest.indices {
            fill(place)
            steps.append(.apply(latest[place], secrets: 0, .fine))
        }
        while steps.count < count {
            let place = random.chance(70) ? 0 : 1
            let secrets = random.chance(85) ? 0 : 1
            switch Int.random(in: 0..<100, using: &random) {
            case 0..<55:
                change(place)
                let fate = random.chance(75) ? .fine : pick(WorldFate.allCases)
                steps.append(.apply(latest[place], secrets: secrets, fate))
                if fate != .fine, random.chance(60) { steps.append(.apply(latest[place], secrets: secrets, .fine)) }
            case 55..<80: steps.append(.edit((0...pick([0, 0, 1, 2])).map { _ in edit() }))
            default:
                if random.chance(70) { change(place) }
                let edits = (0...pick([0, 0, 1])).map { _ in edit() }
                steps.append(.review(latest[place], secrets: secrets, edits: edits, fromFile: random.chance(50)))
            }
        }
        return steps
    }

    private mutating func pick<T>(_ items: [T]) -> T { items[Int.random(in: items.indices, using: &random)] }
    private mutating func any(_ items: some Sequence<String>) -> String? { items.sorted().randomElement(using: &random) }
    private mutating func number() -> Int { Int.random(in: 0..<3, using: &random) }

    // MARK: manifests

    private mutating func fill(_ place: Int) {
        var manifest = WorldManifest(latest[place].name)
        for hook in Self.hooks where random.chance(60) { manifest.webhooks[hook] = .init(hookFields()) }
        latest[place] = manifest
        for domain in Self.domains[place] where random.chance(place == 1 && domain == "one.example" ? 10 : 70) {
            var entry = WorldManifest.Entry(["description": "\"\(number())\""])
            for local in Self.locals where random.chance(45) { entry.aliases[local] = aliasFields(place) }
            latest[place].domains[domain] = entry
        }
        for key in ["k1", "k2"] where random.chance(40) { latest[place].keys[key] = .init(keyFields(key)) }
    }

    private mutating func hookFields() -> [String: String] {
        var fields = ["url": random.chance(25) ? "{ env: URL\(number()) }" : "https://h\(number()).example/in"]
        if let headers = headers() { fields["headers"] = headers }
        if random.chance(25) { fields["signing_secret"] = "{ env: SIGN\(number()) }" }
        if random.chance(20) { fields["enabled"] = "false" }
        return fields
    }

    private mutating func headers() -> String? {
        var headers: [String] = []
        if random.chance(40) { headers.append("X-Team: \"\(number())\"") }
        if random.chance(40) { headers.append("Authorization: { env: TOKEN\(number()), prefix: \"Bearer \" }") }
        return headers.isEmpty ? nil : "{ \(headers.joined(separator: ", ")) }"
    }

    private mutating func aliasFields(_ place: Int) -> [String: String] {
        var fields: [String: String] = [:]
        if random.chance(50) { fields["description"] = "\"\(number())\"" }
        if random.chance(15) { fields["enabled"] = "false" }
        if let hook = any(latest[place].webhooks.keys), random.chance(60) { fields["webhook"] = hook }
        return fields
    }

    private mutating func keyFields(_ key: String) -> [String: String] {
        var fields = ["scopes": pick(["[aliases]", "[domains:read, emails:read]", "[full]"]), "deliver_to": "{ file: \(key).key }"]
        if random.chance(40) { fields["expires_after"] = pick(["90d", "120d"]) }
        if random.chance(20) { fields["allowed_ips"] = "[10.0.0.0/8]" }
        return fields
    }

    /// What was said once, of what is gone and where it came from, often goes with the next change.
    private mutating func change(_ place: Int) {
        if random.chance(10) { return fill(place) }
        if random.chance(60) {
            latest[place].removed = [:]
            latest[place].adopt = []
            latest[place].takeOver = [:]
        }
        if random.chance(60) {
            for domain in latest[place].domains.keys {
                for local in latest[place].domains[domain]?.aliases.keys.sorted() ?? [] {
                    latest[place].domains[domain]?.aliases[local]?["moved_from"] = nil
                }
            }
        }
        for _ in 0...pick([0, 1, 1, 2, 3]) { mutate(place) }
        if random.chance(35), let name = any(loose) { adopt(name, place) }
    }

    private mutating func adopt(_ name: String, _ place: Int) {
        loose.remove(name)
        let parts = name.split(separator: ":", maxSplits: 1).map(String.init)
        switch parts[0] {
        case "webhook": latest[place].webhooks[pick(Self.hooks)] = .init(hookFields().merging(["adopt": "{ id: {{\(parts[1])}} }"]) { $1 })
        case "domain": latest[place].domains[parts[1], default: .init()].fields["description"] = "\"adopted\""
        default:
            let address = parts[1].split(separator: "@").map(String.init)
            latest[place].domains[address[1], default: .init(["manage": "false"])].aliases[address[0]] = aliasFields(place)
        }
        latest[place].adopt = random.chance(30) ? ["all"] : Set(latest[place].names.filter(isAddress))
    }

    private mutating func mutate(_ place: Int) {
        let other = latest[1 - place]
        let domain = any(latest[place].domains.keys)
        let local = domain.flatMap { latest[place].domains[$0]?.aliases.keys.sorted() }.flatMap { any($0) }
        switch Int.random(in: 0..<100, using: &random) {
        case 0..<12:
            let hook = pick(Self.hooks)
            latest[place].webhooks[hook] = latest[place].webhooks[hook] == nil || random.chance(60) ? .init(hookFields()) : nil
        case 12..<22:
            guard let hook = any(latest[place].webhooks.keys) else { return }
            let changes = [
                ("enabled", "false"), ("description", "\"\(number())\""), ("ignore_fields", "[headers.X-Team, description]"),
                ("protected", pick(["true", "false"])), ("adopt", "{ id: {{loose\(number() % 2)}} }"), ("name", "\"n\(number())\""),
            ]
            let change = draw(changes)
            latest[place].webhooks[hook]?.fields[change.0] = change.1
        case 22..<32:
            let name = random.chance(85) ? pick(Self.domains[place]) : pick(Self.everyDomain)
            if latest[place].domains[name] != nil, random.chance(50) {
                latest[place].domains[name] = nil
            } else {
                latest[place].domains[name, default: .init()].aliases[pick(Self.locals)] = aliasFields(place)
            }
        case 32..<42:
            guard let domain else { return }
            let hook = any(latest[place].webhooks.keys) ?? "a"
            let changes = [
                ("include_envelope", "true"), ("description", "\"\(number())\""), ("ignore_fields", "[description]"),
                ("protected", pick(["true", "false"])), ("webhook", hook), ("enabled", "false"), ("manage", "false"),
            ]
            let change = draw(changes)
            latest[place].domains[domain]?.fields[change.0] = change.1
        case 42..<52:
            guard let domain, let local else { return }
            let hook = any(latest[place].webhooks.keys) ?? "a"
            let changes = [
                ("enabled", "false"), ("description", "\"\(number())\""), ("ignore_fields", "[webhook, enabled]"),
                ("protected", pick(["true", "false"])), ("webhook", hook), ("moved_from", pick(Self.locals).replacing("*", with: "\"*\"")),
            ]
            let change = draw(changes)
            latest[place].domains[domain]?.aliases[local]?[change.0] = change.1
        case 52..<66:
            guard let domain, let local, let target = any(latest[place].domains.keys) else { return }
            var fields = latest[place].domains[domain]?.aliases.removeValue(forKey: local) ?? [:]
            let new = pick(Self.locals)
            fields["moved_from"] = "\"\(target == domain && random.chance(50) ? local : "\(local)@\(domain)")\""
            latest[place].domains[target]?.aliases[new] = fields
        case 66..<76: remove(place)
        case 76..<82:
            latest[place].adopt = random.chance(30) ? ["all"] : Set(latest[place].names.filter(isAddress))
        case 82..<90:
            guard let name = any(other.names) else { return }
            latest[place].takeOver[other.owner, default: []].insert(name)
            declare(name, from: other, place)
        case 90..<94:
            guard let hook = any(other.webhooks.filter { !$0.value.isExternal }.keys) else { return }
            latest[place].webhooks[hook] = .init(["manage": "false", "owner": other.owner])
        case 94..<96: latest[place].webhooks["d"] = .init(["manage": "false", "id": "{{loose\(number() % 2)}}"])
        case 96..<98:
            guard place == 0 else { return }
            latest[0].movedFrom = latest[0].name
            latest[0].name = latest[0].name == "prop" ? "prop2" : "prop"
        default:
            let key = pick(["k1", "k2"])
            latest[place].keys[key] = latest[place].keys[key] == nil || random.chance(60) ? .init(keyFields(key)) : nil
        }
    }

    private func isAddress(_ name: String) -> Bool { name.hasPrefix("alias:") || name.hasPrefix("domain:") }

    /// A field and its new value; nil takes the field away.
    private mutating func draw(_ changes: [(String, String)]) -> (String, String?) {
        let change = pick(changes)
        return (change.0, random.chance(75) ? change.1 : nil)
    }

    /// Takes something out, and usually writes it down.
    private mutating func remove(_ place: Int) {
        guard let name = any(latest[place].names) else { return }
        let parts = name.split(separator: ":", maxSplits: 1).map(String.init)
        switch parts[0] {
        case "webhook": latest[place].webhooks[parts[1]] = nil
        case "domain": latest[place].domains[parts[1]] = nil
        case "api_key": latest[place].keys[parts[1]] = nil
        default:
            let address = parts[1].split(separator: "@").map(String.init)
            latest[place].domains[address[1]]?.aliases[address[0]] = nil
        }
        if random.chance(80) { latest[place].removed[name] = random.chance(40) }
    }

    private mutating func declare(_ name: String, from other: WorldManifest, _ place: Int) {
        let parts = name.split(separator: ":", maxSplits: 1).map(String.init)
        switch parts[0] {
        case "webhook": latest[place].webhooks[parts[1]] = other.webhooks[parts[1]]
        case "domain":
            var entry = other.domains[parts[1]] ?? .init()
            if random.chance(50) { entry.aliases = [:] }
            latest[place].domains[parts[1]] = entry
            for local in entry.aliases.keys { latest[place].takeOver[other.owner, default: []].insert("alias:\(local)@\(parts[1])") }
        case "api_key": latest[place].keys[parts[1]] = other.keys[parts[1]]
        default:
            let address = parts[1].split(separator: "@").map(String.init)
            latest[place].domains[address[1], default: .init(["manage": "false"])].aliases[address[0]] = aliasFields(place)
        }
        if random.chance(70) { forget(name, 1 - place) }
    }

    /// The other one lets it go from its manifest, as two people would agree.
    private mutating func forget(_ name: String, _ place: Int) {
        let parts = name.split(separator: ":", maxSplits: 1).map(String.init)
        if parts[0] == "domain" { latest[place].domains[parts[1]] = nil }
        if parts[0] == "webhook" { latest[place].webhooks[parts[1]] = nil }
    }

    // MARK: hand edits

    private mutating func edit() -> String {
        let manifest = latest[random.chance(65) ? 0 : 1]
        let address = (random.chance(90) ? any(manifest.addresses) : nil) ?? "\(pick(Self.locals))@\(pick(Self.everyDomain))"
        let domain = (random.chance(90) ? any(manifest.domains.keys) : nil) ?? pick(Self.everyDomain)
        let hook = "\(manifest.owner)#\(any(manifest.webhooks.keys) ?? "a")"
        let key = "\(manifest.owner)#\(any(manifest.keys.keys) ?? "k1")"
        let words = "\"description\":\"by hand \(number())\""
        func update(_ kind: String, _ name: String, _ set: String) -> String {
            #"{"op":"update","kind":"\#(kind)","name":"\#(name)","set":{\#(set)}}"#
        }
        func delete(_ kind: String, _ name: String) -> String { #"{"op":"delete","kind":"\#(kind)","name":"\#(name)"}"# }
        let flag = random.chance(50)
        switch Int.random(in: 0..<100, using: &random) {
        case 0..<8: return update("alias", address, words)
        case 8..<14: return update("alias", address, "\"enabled\":\(flag),\(words)")
        case 14..<20: return update("alias", address, flag ? "\"webhook\":null" : "\"webhook\":\"\(hook)\"")
        case 20..<30: return delete("alias", address)
        case 30..<38: return update("alias", address, "\"name\":\"\(pick(Self.locals))\"")
        case 38..<43: return update("alias", address, "\"domain\":\"\(domain)\"")
        case 43..<51:
            let local = pick(Self.locals)
            loose.insert("alias:\(local)@\(domain)")
            return #"{"op":"create","kind":"alias","set":{"domain":"\#(domain)","name":"\#(local)"}}"#
        case 51..<54:
            let name = pick(Self.everyDomain)
            loose.insert("domain:\(name)")
            return #"{"op":"create","kind":"domain","set":{"name":"\#(name)"}}"#
        case 54..<58:
            let name = "loose\(number() % 2)"
            loose.insert("webhook:\(name)")
            return #"{"op":"create","kind":"webhook","set":{"name":"\#(name)","url":"https://\#(name).example/"}}"#
        case 58..<62: return update("domain", domain, flag ? words : "\"enabled\":false")
        case 62..<65: return update("domain", domain, "\"webhook\":\"\(hook)\"")
        case 65..<68: return update("domain", domain, "\"name\":\"\(pick(Self.everyDomain))\"")
        case 68..<73: return #"{"op":"delete","kind":"domain","name":"\#(domain)","cascade":{{below \#(domain)}}}"#
        case 73..<76: return update(flag ? "domain" : "alias", flag ? domain : address, "\"protected\":\(random.chance(60))")
        case 76..<80: return update("webhook", hook, flag ? words : "\"enabled\":false")
        case 80..<83: return update("webhook", hook, "\"url\":\"https://h\(number()).example/hand\"")
        case 83..<86: return update("webhook", hook, "\"headers\":{\"X-Team\":\(flag ? "null" : "\"hand\"")}")
        case 86..<89: return update("webhook", hook, "\"secret_headers\":{\"Authorization\":\"canary-hand\"}")
        case 89..<93: return delete("webhook", hook)
        case 93..<95: return #"{"op":"delete","kind":"webhook","id":"{{loose\#(number() % 2)}}"}"#
        case 95..<98: return update("api_key", key, flag ? words : "\"scopes\":[\"aliases:read\"]")
        default: return delete("api_key", key)
        }
    }
}
