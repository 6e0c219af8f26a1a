import EmailConnect
import HTTPTypes

/// How a family of clients speaks to the API: where, what they call the members of a resource, what an answer looks like. Names and
/// shapes, no behaviour: behind each are the same ledger, scopes, limits and rules.
struct Dialect: Sendable {
    /// One member of a resource, as a request or an answer has it.
    struct Member: Sendable {
        /// How its value is written.
        enum Form: Sendable {
            case text
            case boolean
        }

        /// What the dialect calls it.
        let name: String
        /// The field that a request sets with it, by its name on the wire; nil for what is answered only.
        let field: String?
        /// Where an answer takes it from: the kind's table is `t`, an alias's domain `d`.
        let column: String
        let form: Form
        let schema: Schema
        /// Whether an answer may have null, where no request does.
        var mayBeMissing = false
        let about: String
    }

    /// Where its paths begin. The document shows the first, the others are the same.
    let roots: [String]
    /// A header that the API key may stand in, in place of `Authorization`.
    let keyHeader: HTTPField.Name?
    /// The content type of an error.
    let problemType: String
    /// The document's schema of an error.
    let problemSchema: String
    /// Whether answers tell versions as ETags.
    let hasVersions: Bool
    /// The members of each kind; nil when they are those of the field tables.
    let members: [Kind: [Member]]?
    /// Members without which nothing is created.
    let required: [Kind: [String]]
    /// Kinds of which a create is answered inside another object, under the kind's name.
    let wrapped: Set<Kind>
    /// Writes an error.
    let writeProblem: @Sendable (Problem, inout JSONWriter) -> Void

    /// What EmailConnect documents, and a reconciler needs.
    static let documented = Dialect(
        roots: ["/v1"], keyHeader: nil, problemType: "application/problem+json", problemSchema: "Problem", hasVersions: true, members: nil,
        required: [:], wrapped: [],
        writeProblem: { $0.write(to: &$1) })

    /// The dialect that is spoken at a path, also where nothing is.
    static func at(_ path: String) -> Dialect {
        path.split(separator: "/", maxSplits: 1).first == "api" ? .live : .documented
    }

    /// The request's headers with the API key where everything else expects it.
    /// - Throws: ``Problem`` when two keys were sent.
    func headers(_ headers: HTTPFields) throws(Problem) -> HTTPFields {
        guard let keyHeader, let key = headers[keyHeader] else { return headers }
        guard headers[.authorization] == nil else {
            throw Problem(.unauthorized, "send the API key as \(keyHeader) or as Authorization: Bearer KEY, not as both")
        }
        var copy = headers
        copy[.authorization] = "Bearer \(key)"
        return copy
    }
}

extension Dialect {
    /// A request's body under the names of the field tables.
    /// - Throws: when a member is not known, or missing.
    func read(_ kind: Kind, _ body: Node, isNew: Bool) throws(Rejection) -> Node {
        guard let known = members?[kind]?.filter({ $0.field != nil }) else { return body }
        var renamed: [Node.Member] = []
        for member in try body.members("an object") {
            let name = member.key.text
            guard let field = known.first(where: { $0.name == name })?.field else {
                throw Self.unknown(name, known: known.map(\.name))
            }
            renamed.append(Node.Member(Scalar(field, .quoted, at: member.key.position), member.value))
        }
        if isNew {
            let given = Set(try body.members("an object").map(\.key.text))
            for name in required[kind, default: []] where !given.contains(name) {
                throw Rejection("\(name) is required", pointer: "/\(name)")
            }
        }
        return .mapping(renamed, body.position)
    }

    /// A member that nobody knows.
    static func unknown(_ name: String, known: [String]) -> Rejection {
        let guess = Spelling.nearest(to: name, in: known).map { "did you mean \($0)?" }
        return Rejection("unknown field", guess ?? "the fields are \(known.joined(separator: ", "))", pointer: "/\(name.prefix(64))")
    }

    /// What it calls the fields of a kind.
    func names(_ kind: Kind) -> [String: String] {
        (members?[kind] ?? []).reduce(into: [:]) { names, member in
            guard let field = member.field else { return }
            names[field] = member.name
            // A reference is called without `_id` by the rules.
            if field.hasSuffix("_id") { names[String(field.dropLast(3))] = member.name }
        }
    }

    /// `SELECT ... FROM ...` for rows of a kind, without a condition; the id comes first, then the version.
    func select<R: StoredResource>(_: R.Type) -> String {
        guard let members = members?[R.kind] else { return R.query.select }
        let join = R.kind == .alias ? " JOIN domains d ON d.id = t.domain_id" : ""
        return "SELECT t.id, t.version, t.rowid, t.name, \(members.map(\.column).joined(separator: ", ")) FROM \(R.kind.table) t\(join)"
    }

    /// Writes one row as an object.
    func write<R: StoredResource>(
        _: R.Type, _ row: StoredRow, _ view: RecordView, in transaction: Transaction, to json: inout JSONWriter
    ) throws {
        guard let members = members?[R.kind] else { return try R.query.write(row, view, in: transaction, to: &json) }
        json.object { json in
            for (place, member) in members.enumerated() {
                switch member.form {
                case .text: json.member(member.name, row.optionalText(place + 4))
                case .boolean: json.member(member.name, row.boolean(place + 4))
                }
            }
        }
    }
}

extension Route {
    /// Does what speaks of fields by the names of the field tables; what goes wrong in it is told under the names that the client knows.
    func renaming<T>(_ body: () async throws -> T) async throws -> T {
        do { return try await body() } catch { throw renamed(error) }
    }

    private func renamed(_ error: any Error) -> any Error {
        guard !names.isEmpty else { return error }
        var problem: Problem
        switch error {
        case let known as Problem: problem = known
        case let rejection as Rejection: problem = Problem(rejection)
        default: return error
        }
        for place in problem.items.indices {
            var steps = problem.items[place].pointer.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
            guard steps.count > 1, let name = names[steps[1]] else { continue }
            steps[1] = name
            problem.items[place].pointer = steps.joined(separator: "/")
        }
        return problem
    }
}
