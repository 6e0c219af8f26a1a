import HTTPTypes

/// Which methods each path takes, for OPTIONS and for 405.
struct KnownPaths: Sendable {
    private var methods: [[String]: [HTTPRequest.Method]] = [:]

    init(_ routes: [(path: String, method: HTTPRequest.Method)]) {
        for route in routes { methods[Self.steps(route.path), default: []].append(route.method) }
    }

    /// What a path takes, as `Allow` says it; nil when there is nothing at it.
    /// - Complexity: O(paths); asked only when no route was found.
    func allowed(at path: String) -> String? {
        let steps = Self.steps(path)
        // What is spelled out goes before an id that could be anything.
        let found = methods.filter { known, _ in
            known.count == steps.count && zip(known, steps).allSatisfy { $0 == "{id}" || $0 == $1 }
        }.min { $0.key.count { $0 == "{id}" } < $1.key.count { $0 == "{id}" } }
        guard var taken = found?.value else { return nil }
        taken += taken.contains(.get) ? [.head, .options] : [.options]
        return taken.map(\.rawValue).sorted().joined(separator: ", ")
    }

    private static func steps(_ path: String) -> [String] { path.split(separator: "/").map(String.init) }
}
