import EmailConnect
import APIServer
import EmailConnectClient

/// A sequence of things that happen to one account: made from a seed, run against a server, made smaller when a property fails.
public struct World: Sendable, CustomStringConvertible {
    /// Where it comes from.
    public let seed: Int
    /// What happens.
    public var steps: [WorldStep]

    /// The world of a seed.
    public init(seed: Int, steps count: Int) {
        self.seed = seed
        var generator = WorldGenerator(seed: UInt64(seed))
        steps = generator.steps(count)
    }

    /// A world that was found once.
    public init(_ steps: [WorldStep]) { (seed, self.steps) = (0, steps) }

    /// For people: every step, with its YAML.
    public var description: String {
        steps.enumerated().map { "--- step \($0.offset + 1): \($0.element)" }.joined()
    }

    /// Runs it on a server of its own.
    /// - Returns: the first property that does not hold; nil when all do.
    public func failure() async throws -> WorldFailure? {
        try await TestServer.with(.keys, clock: SettableClock().clock) { server in
            try await AccountClient.with(server.endpoint) { client in
                var run = WorldRun(client, server, seed: UInt64(seed))
                do {
                    for step in steps { try await run.take(step) }
                    return nil
                } catch let failure as WorldFailure { return failure }
            }
        }
    }

    /// Runs it, and when a property fails runs smaller worlds as long as it still fails.
    /// - Parameter tries: how many smaller worlds are run at most.
    /// - Returns: what a developer needs to see it again; nil when every property holds.
    public func report(tries: Int) async throws -> String? {
        guard var failure = try await failure() else { return nil }
        var smallest = self
        smallest.steps.removeSubrange(min(failure.step, steps.count)...)
        var left = tries
        var isSmaller = true
        while isSmaller, left > 0 {
            isSmaller = false
            for candidate in smallest.smaller where left > 0 {
                // What was taken away by the candidate before may be in this one again.
                guard candidate.size < smallest.size else { continue }
                left -= 1
                guard let found = try await candidate.failure(), found.property == failure.property else { continue }
                smallest = candidate
                smallest.steps.removeSubrange(min(found.step, candidate.steps.count)...)
                failure = found
                isSmaller = true
                break
            }
        }
        return """
            seed \(seed), \(failure)
            again: WORLD_FIRST=\(seed) WORLD_SEEDS=1 swift test --filter Property
            the smallest world after \(tries - left) tries:
            \(smallest)
            """
    }

    /// How much there is to read.
    private var size: Int { description.utf8.count + steps.count }

    /// Worlds with less in them, those with much less first.
    private var smaller: [World] {
        var found: [World] = []
        func add(_ change: (inout World) -> Void) {
            var copy = self
            change(&copy)
            found.append(copy)
        }
        if steps.count > 3 {
            add { $0.steps.removeFirst($0.steps.count / 2) }
            add { $0.steps.removeSubrange(($0.steps.count / 4)..<($0.steps.count / 2)) }
        }
        for place in steps.indices { add { $0.steps.remove(at: place) } }
        // One thing out of every manifest at once, then out of one.
        let manifests = steps.compactMap(\.manifest)
        for part in Set(manifests.flatMap(\.parts)).sorted(by: { $0.count == $1.count ? $0.joined() < $1.joined() : $0.count < $1.count }) {
            add { world in world.steps = world.steps.map { step in step.manifest.map { step.with($0.without(part)) } ?? step } }
        }
        for (place, step) in steps.enumerated() {
            switch step {
            case .edit(let operations) where operations.count > 1:
                for index in operations.indices {
                    add {
                        var rest = operations
                        rest.remove(at: index)
                        $0.steps[place] = .edit(rest)
                    }
                }
            case .review(let manifest, let secrets, let operations, let fromFile):
                for index in operations.indices {
                    add {
                        var rest = operations
                        rest.remove(at: index)
                        $0.steps[place] = .review(manifest, secrets: secrets, edits: rest, fromFile: fromFile)
                    }
                }
                add { $0.steps[place] = .apply(manifest, secrets: secrets, .fine) }
            case .apply(let manifest, let secrets, let fate) where secrets != 0 || fate != .fine:
                add { $0.steps[place] = .apply(manifest, secrets: 0, fate) }
                add { $0.steps[place] = .apply(manifest, secrets: secrets, .fine) }
            default: break
            }
            guard let manifest = step.manifest else { continue }
            for part in manifest.parts { add { $0.steps[place] = step.with(manifest.without(part)) } }
        }
        return found
    }
}

extension WorldManifest {
    /// Everything that can be taken out of it, as a path.
    fileprivate var parts: [[String]] {
        var found: [[String]] = []
        for (section, entries) in [("webhooks", webhooks), ("domains", domains), ("keys", keys)] {
            for (key, entry) in entries.sorted(by: { $0.key < $1.key }) {
                found.append([section, key])
                for (local, fields) in entry.aliases.sorted(by: { $0.key < $1.key }) {
                    found.append([section, key, "", local])
                    found += fields.keys.sorted().map { [section, key, "", local, $0] }
                }
                found += entry.fields.keys.sorted().filter { !["url", "scopes", "deliver_to"].contains($0) }.map { [section, key, $0] }
            }
        }
        found += removed.keys.sorted().map { ["removed", $0] } + adopt.sorted().map { ["adopt", $0] }
        for (owner, names) in takeOver.sorted(by: { $0.key < $1.key }) { found += names.sorted().map { ["take_over", owner, $0] } }
        return found + (movedFrom == nil ? [] : [["moved"]])
    }

    /// The same without one part.
    fileprivate func without(_ path: [String]) -> WorldManifest {
        var copy = self
        func cut(_ entries: inout [String: Entry]) {
            switch path.count {
            case 2: entries[path[1]] = nil
            case 3: entries[path[1]]?.fields[path[2]] = nil
            case 4: entries[path[1]]?.aliases[path[3]] = nil
            default: entries[path[1]]?.aliases[path[3]]?[path[4]] = nil
            }
        }
        switch path[0] {
        case "webhooks": cut(&copy.webhooks)
        case "domains": cut(&copy.domains)
        case "keys": cut(&copy.keys)
        case "removed": copy.removed[path[1]] = nil
        case "adopt": copy.adopt.remove(path[1])
        case "take_over": copy.takeOver[path[1]]?.remove(path[2])
        default: copy.movedFrom = nil
        }
        return copy
    }
}
