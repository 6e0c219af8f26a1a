import EmailConnect

/// Both sides of one kind, regrouped by natural key: what is wanted and not there, what is on both sides and not equal,
/// what is ours and no longer wanted. The diff is these three.
struct Side<R: Resource> {
    /// What is on both sides, and how it becomes ours if it is not.
    struct Pair {
        var want: R
        var have: Record<R>
        var transfer: Transfer?
    }

    var missing: [R] = []
    var both: [Pair] = []
    var gone: [Record<R>] = []
    /// Ours, and let go.
    var released: [Record<R>] = []
    var conflicts: [Conflict] = []

    /// - Parameter renames: the places of records that are wanted under another name, by that name.
    init(_ desired: [Desired<R>], _ records: [Record<R>], _ manifest: DesiredState, renames: [R.Name: Int] = [:]) {
        let owner = manifest.owner
        // By place, here and below: a copy of each record costs more than all that is done with it.
        let index = PlaceTable<R.Name>(count: records.count) { place in
            // A slug is unique for its owner only; a name or an address is unique in the account.
            records[place].owner == owner || R.isUniqueInAccount ? records[place].value.naturalKey : nil
        }
        var seen = [Bool](repeating: false, count: records.count)
        for place in renames.values { seen[place] = true }
        let others = Others(records, manifest)
        for wanted in desired.indices {
            guard let name = desired[wanted].entry.value.naturalKey else { continue }
            var found = index.place(of: .init(name)) { records[$0].value.naturalKey == name }
            if let place = found, seen[place] { found = nil }
            if found == nil { found = renames[name] ?? others.place(of: name) }
            if let place = found, renames[name] != place, seen[place] || others.isTaken(place, by: name) {
                conflicts.append(.claimedTwice(ResourceName(R.kind, name), records[place].id))
                continue
            }
            guard let place = found else {
                missing.append(desired[wanted].value)
                continue
            }
            seen[place] = true
            let isOurs = records[place].owner == owner
            // What is equal, as nearly everything is, is not looked at again.
            if isOurs, desired[wanted].entry.value == records[place].value { continue }
            let record = records[place]
            var transfer: Transfer?
            if !isOurs {
                transfer = Self.transfer(of: record, name, manifest)
                guard transfer != nil else {
                    conflicts.append(.taken(record, R.kind, name.description))
                    continue
                }
                if case .takeOver = transfer, record.value.protected {
                    conflicts.append(.protected(record, R.kind, name.description))
                    continue
                }
            }
            var want = desired[wanted].value
            // Protection ends only when the manifest says so.
            if !desired[wanted].statesProtection { want.protected = record.value.protected }
            if !manifest.options.isEmpty, let ignored = manifest.options[ResourceName(R.kind, name)]?.ignored {
                for field in ignored { want = want.keeping(field, of: record.value) ?? want }
            }
            both.append(Pair(want: want, have: record, transfer: transfer))
        }
        conflicts += others.missing
        for place in records.indices where !seen[place] && records[place].owner == owner { gone.append(records[place]) }
    }

    /// How a record that is not ours may become ours; nil when nobody has agreed to that.
    private static func transfer(of record: Record<R>, _ name: R.Name, _ manifest: DesiredState) -> Transfer? {
        let resource = ResourceName(R.kind, name)
        guard let other = record.owner else {
            let isNamed = manifest.options[resource]?.adopts == record.id
            return isNamed || manifest.consent.adopts(resource) ? .adopt : nil
        }
        return manifest.consent.takesOver(resource, from: other) ? .takeOver(other) : nil
    }

    func changes(
        _ secrets: Secrets, owner: Owner, cascade: (Record<R>) -> [Record<Alias>]
    ) -> [Change<R>] {
        var changes: [Change<R>] = missing.map(Change.create)
        for pair in both {
            var differences = pair.want.differences(from: pair.have.value, with: secrets).map(\.difference)
            if pair.transfer != nil { differences.append(Change<R>.transfer(from: pair.have.owner, to: owner)) }
            if !differences.isEmpty { changes.append(.update(old: pair.have, new: pair.want, differences: differences)) }
        }
        for record in gone { changes.append(.delete(record, cascade: cascade(record))) }
        for record in released {
            changes.append(.update(old: record, new: record.value, differences: [Change<R>.transfer(from: owner, to: nil)]))
        }
        // Places are sorted, not the changes: those are large.
        let names = changes.map(\.name)
        let order = changes.indices.sorted { left, right in
            guard let first = names[left], let second = names[right] else { return names[right] != nil && names[left] == nil }
            return first < second
        }
        return order.map { changes[$0] }
    }
}

/// Records of others that a slug of the manifest stands for: named by id to be adopted, or by owner to be taken over.
private struct Others<R: Resource> {
    private var places: [String: Int] = [:]
    private var ours: Set<Int> = []
    private(set) var missing: [Conflict] = []

    init(_ records: [Record<R>], _ manifest: DesiredState) {
        guard !R.isUniqueInAccount, !manifest.options.isEmpty || !manifest.consent.takeOver.isEmpty else { return }
        var ids: [String: Int] = [:]
        var keys: [String: Int] = [:]
        for (place, record) in records.enumerated() {
            ids[record.id] = place
            if let owner = record.owner, let key = record.value.naturalKey { keys["\(owner.text)#\(key)"] = place }
        }
        for (owner, names) in manifest.consent.takeOver.sorted(by: { $0.key < $1.key }) {
            for name in names where name.kind == R.kind {
                guard let place = keys["\(owner.text)#\(name.name)"] else { continue }
                if let other = places[name.name] { missing.append(.ofTwo(name, records[other].owner, records[place].owner)) }
                places[name.name] = place
            }
        }
        for (name, options) in manifest.options where name.kind == R.kind {
            guard let id = options.adopts ?? options.found, keys["\(manifest.owner.text)#\(name.name)"] == nil else { continue }
            if let place = ids[id] {
                places[name.name] = place
                if records[place].owner == manifest.owner { ours.insert(place) }
            } else {
                missing.append(.notThere(name, id))
            }
        }
    }

    func place(of name: R.Name) -> Int? { places.isEmpty ? nil : places[name.description] }

    /// Whether an id is adopted under a name though it is ours under another one.
    func isTaken(_ place: Int, by name: R.Name) -> Bool { ours.contains(place) && places[name.description] == place }
}

extension Side where R == APIKey {
    /// A revoked key stays so until the manifest says that it shall be issued again; it is not changed either.
    mutating func holdRevoked(_ revoked: [String: Timestamp], _ manifest: DesiredState, _ records: [Record<APIKey>]) -> [Refusal] {
        guard !revoked.isEmpty else { return [] }
        var refusals: [Refusal] = []
        let wanted = Dictionary(manifest.apiKeys.compactMap { key in key.value.key.map { ($0, key.value) } }) { first, _ in first }
        for record in records where record.owner == manifest.owner {
            guard let slug = record.value.key, let want = wanted[slug], let since = revoked[record.id] else { continue }
            let place = both.firstIndex { $0.have.id == record.id }
            if let reissue = manifest.options[ResourceName(.apiKey, slug)]?.reissue, since < reissue {
                var have = record
                have.value.token = .undelivered
                if let place { both[place].have = have } else { both.append(Pair(want: want, have: have, transfer: nil)) }
            } else {
                if let place { both.remove(at: place) }
                refusals.append(
                    Refusal(
                        guarded: "revoked", count: 1, problem: "api key \(slug.text) was revoked at \(since.text)",
                        remedy: "remove it from the manifest, or write reissue: with a later date to have a new token made"))
            }
        }
        return refusals
    }

    /// A shorter life that would already be over means a new token, never an instant end; a written date is taken as it is.
    func reissuing(_ tokens: [String: [TokenRecord]], at now: Timestamp) -> Side {
        var side = self
        for place in side.both.indices {
            let (want, have) = (side.both[place].want, side.both[place].have)
            guard let after = want.expiresAfter, have.value.expiresAfter != after, have.value.token == .delivered else { continue }
            let live = tokens[have.id, default: []].filter { $0.acknowledgedAt != nil && $0.graceUntil == nil }
            if live.allSatisfy({ $0.issuedAt + after <= now }) { side.both[place].have.value.token = .undelivered }
        }
        return side
    }
}

extension Resource {
    static var isUniqueInAccount: Bool { kind == .domain || kind == .alias }
}
