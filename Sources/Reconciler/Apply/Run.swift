/// What a run says of itself: for the history, and for the order of runs.
public struct Run: Sendable, Equatable {
    /// Commit, actor, repository and the like.
    public var context: [String: String]
    /// The number of the run; an older one does not come after a newer one.
    public var sequence: Int?
    /// Whether an older one does all the same.
    public var allowsOlder: Bool
    /// Whether it may start the programs that a manifest names.
    public var allowsCommands: Bool
    /// The variables that a manifest may name, with `*` for any text; all when nil.
    public var variables: [String]?

    /// A run.
    public init(
        context: [String: String] = [:], sequence: Int? = nil, allowsOlder: Bool = false, allowsCommands: Bool = false,
        variables: [String]? = nil
    ) {
        self.context = context
        self.sequence = sequence
        self.allowsOlder = allowsOlder
        self.allowsCommands = allowsCommands
        self.variables = variables
    }

    /// Whether a manifest may name a variable, so that no pull request sends one where it does not belong.
    func mayRead(variable name: String) -> Bool { variables?.contains { Self.matches(name[...], $0[...]) } ?? true }

    /// Whether a name is what a pattern stands for; a `*` stands for any text.
    private static func matches(_ name: Substring, _ pattern: Substring) -> Bool {
        let parts = pattern.split(separator: "*", omittingEmptySubsequences: false)
        guard parts.count > 1, let first = parts.first, let last = parts.last else { return name == pattern }
        guard name.hasPrefix(first), name.count >= first.count + last.count, name.hasSuffix(last) else { return false }
        var rest = name.dropFirst(first.count).dropLast(last.count)
        for part in parts.dropFirst().dropLast() where !part.isEmpty {
            guard let found = rest.firstRange(of: part) else { return false }
            rest = rest[found.upperBound...]
        }
        return true
    }

    /// The repository that it runs for.
    public var repository: String? { context["repository"] }

    /// What a CI's environment tells, and what the user adds or corrects.
    /// GitHub: https://docs.github.com/en/actions/reference/workflows-and-actions/variables
    /// GitLab: https://docs.gitlab.com/ci/variables/predefined_variables
    public static func context(_ environment: (String) -> String?, adding given: [String: String] = [:]) -> [String: String] {
        let known = [
            ("commit", ["GITHUB_SHA", "CI_COMMIT_SHA"]), ("actor", ["GITHUB_ACTOR", "GITLAB_USER_LOGIN"]),
            ("repository", ["GITHUB_REPOSITORY", "CI_PROJECT_PATH"]), ("run", ["GITHUB_RUN_ID", "CI_PIPELINE_ID"]),
        ]
        var context: [String: String] = [:]
        for (name, variables) in known {
            if let value = variables.lazy.compactMap(environment).first(where: { !$0.isEmpty }) {
                context[name] = String(value.prefix(256))
            }
        }
        return context.merging(given) { $1 }
    }
}
