import EmailConnect

/// The keys that a manifest has for webhooks, and how domains and aliases of the account call them.
struct ExportedNames {
    /// By the server's id.
    private var keys: [String: String] = [:]
    /// What else stands for an id.
    private var ids: [String: String] = [:]
    private var records: [String: Record<Webhook>] = [:]
    private var taken: Set<String> = []
    private var used: Set<String> = []
    private var variables: Set<String> = []

    /// Nobody else gets this key.
    mutating func take(_ key: String) { taken.insert(key) }

    /// A webhook of the account.
    mutating func known(_ record: Record<Webhook>) {
        records[record.id] = record
        ids[record.id] = record.id
    }

    /// What else stands for an id.
    mutating func alias(_ reference: String, for id: String) { ids[reference] = id }

    /// A webhook has this key, and is perhaps called by it.
    mutating func assign(_ key: String, to id: String, by reference: String? = nil) {
        keys[id] = key
        taken.insert(key)
        if let reference { ids[reference] = id }
    }

    /// The id behind an id, `KEY` or `OWNER#KEY`.
    func id(of reference: String) -> String? { ids[reference] }

    /// The manifest's key for a webhook; one that has none yet gets one. It counts as used.
    mutating func key(of reference: String) -> String? {
        guard let id = ids[reference] else { return nil }
        used.insert(id)
        if let key = keys[id] { return key }
        guard let record = records[id] else { return nil }
        let key: String
        if let own = record.value.key?.text, record.owner != nil, !taken.contains(own) {
            key = own
        } else {
            key = fresh(for: record.value.name, else: "webhook")
        }
        assign(key, to: id)
        return key
    }

    /// Whether a domain or an alias that is written uses it.
    func isUsed(_ id: String) -> Bool { used.contains(id) }

    /// A key that nobody has, close to a name.
    mutating func fresh(for name: String, else word: String) -> String {
        var slug = ""
        for byte in name.lowercased().utf8.prefix(200) {
            let isAllowed =
                (0x61...0x7A).contains(byte) || (0x30...0x39).contains(byte) || byte == UInt8(ascii: "_") || byte == UInt8(ascii: ".")
            if isAllowed {
                slug.unicodeScalars.append(UnicodeScalar(byte))
            } else if !slug.isEmpty, !slug.hasSuffix("-") {
                slug += "-"
            }
            if slug.utf8.count == 48 { break }
        }
        while slug.hasSuffix("-") { slug.removeLast() }
        if slug.isEmpty { slug = word }
        var key = slug
        var number = 2
        while !taken.insert(key).inserted {
            key = "\(slug)-\(number)"
            number += 1
        }
        return key
    }

    /// A variable that no other secret has.
    mutating func variable(for words: String) -> String {
        var name = ""
        for byte in words.uppercased().utf8 {
            let isAllowed = (0x41...0x5A).contains(byte) || (0x30...0x39).contains(byte)
            name += isAllowed ? String(UnicodeScalar(byte)) : "_"
        }
        if let first = name.utf8.first, (0x30...0x39).contains(first) { name = "WEBHOOK_\(name)" }
        var variable = name
        var number = 2
        while !variables.insert(variable).inserted {
            variable = "\(name)_\(number)"
            number += 1
        }
        return variable
    }
}
