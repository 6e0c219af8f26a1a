import EmailConnect

/// How two plans of one manifest differ: what has moved between the review and the write, by name.
enum Movement {
    /// A line for each change that only one of the two has, or has otherwise.
    static func describe(from reviewed: Plan, to current: Plan) -> [String] {
        var lines: [String] = []
        if reviewed.movedFrom != current.movedFrom { lines.append("the owner's name") }
        lines += compare(reviewed.webhooks, current.webhooks) + compare(reviewed.domains, current.domains)
        lines += compare(reviewed.aliases, current.aliases) + compare(reviewed.apiKeys, current.apiKeys)
        let (then, now) = (Set(reviewed.ensured.map(\.name)), Set(current.ensured.map(\.name)))
        lines += now.symmetricDifference(then).sorted().map { "\($0): the secret that it refers to" }
        return lines
    }

    private static func compare<R: Resource>(_ reviewed: [Change<R>], _ current: [Change<R>]) -> [String] {
        let then = Dictionary(reviewed.map { (name($0), $0) }) { first, _ in first }
        let now = Dictionary(current.map { (name($0), $0) }) { first, _ in first }
        return Set(then.keys).union(now.keys).sorted().compactMap { name in
            switch (then[name], now[name]) {
            case (let old?, nil): "\(R.kind.word) \(name): \(word(old)) was reviewed, and is not there any more"
            case (nil, let new?): "\(R.kind.word) \(name): \(word(new)) was not reviewed"
            case (let old?, let new?): says(old) == says(new) ? nil : "\(R.kind.word) \(name): \(word(new)), but not as reviewed"
            case (nil, nil): nil
            }
        }
    }

    private static func name<R: Resource>(_ change: Change<R>) -> String { change.name?.description ?? change.id ?? "" }

    private static func word<R: Resource>(_ change: Change<R>) -> String {
        switch change {
        case .create: "its creation"
        case .update: "its change"
        case .delete: "its deletion"
        }
    }

    /// What a digest says of a change.
    private static func says<R: Resource>(_ change: Change<R>) -> String {
        var json = JSONWriter()
        PlanDigest.write(change, to: &json)
        return json.text
    }
}
