import EmailConnect

/// The JSON Schema of what `--format json` writes, for programs that read it. Members may be added; what is there keeps its meaning
/// while `format` is 1. https://json-schema.org/draft/2020-12
public enum PlanSchema {
    /// The schema, with a line feed at its end.
    public static var json: String {
        var json = JSONWriter()
        json.object { json in
            json.member("$schema", "https://json-schema.org/draft/2020-12/schema")
            json.member("title", "reconcile result")
            json.member("description", "What plan, apply, destroy and show write with --format json; without a plan only what went wrong.")
            Schema.object(members).write(to: &json)
        }
        json.endLine()
        return json.text
    }

    private static func optional(_ name: String, _ schema: Schema, _ about: String) -> Schema.Member {
        .init(name, schema, about, isRequired: false)
    }

    private static var members: [Schema.Member] {
        [
            .init("format", .constant(.integer(PlanJSON.format)), "The format: 1."),
            .init("command", .text(), "The command that wrote it."),
            .init(
                "exit", .object([.init("code", .integer(0...255), "The exit code."), .init("reason", .text(), "The same in a word.")]),
                "How the command ended."),
            .init("errors", .list(failure), "What went wrong."),
            optional("owner", .text(), "manifest/environment."),
            optional("server", .text(), "The account's server, for people."),
            optional("server_id", .text(), "The database's random id."), optional("account", .text(), "The account's id."),
            optional("epoch", .text(), "Changes when the account is restored."),
            optional("revision", .integer(0...(.max)), "The account's revision when it was read."),
            optional("digest", .text(pattern: "^[0-9a-f]{64}$"), "What a reviewer approves."),
            optional("owner_moved_from", .text(), "The owner's name until now."),
            optional("changes", .list(change), "What apply would do, sorted by kind and name."),
            optional("conflicts", .list(conflict), "What is in the way: exit 5."),
            optional("refusals", .list(refusal), "What a guard or a policy refuses: exit 4."),
            optional("allowed", .list(.text()), "Consent that is used, or not needed."),
            optional("due", .list(.text()), "Rotations that are due; no changes."),
            optional("reported", .list(.text()), "What nobody manages, as far as the policy wants to see it."),
            optional("summary", summary, "Counts."), optional("explained", .list(explained), "What --explain asked for."),
            optional("already_applied_as", .integer(0...(.max)), "The revision that it was applied as before."),
            optional("applied", applied, "What apply did."),
        ]
    }

    private static var failure: Schema {
        .object([
            .init("problem", .text(), "What is wrong."), .init("remedy", .text(), "What to do."),
            optional("file", .text(), "Where."), optional("line", .integer(1...(.max)), "From 1."),
            optional("column", .integer(1...(.max)), "From 1."),
        ])
    }

    private static var change: Schema {
        .object([
            .init("op", .values(["create", "update", "delete"]), "What is done."),
            .init("kind", .values(Kind.allCases.map(\.rawValue)), "The resource's kind."),
            .init("name", .nullable(.text()), "Its natural key after the change."),
            optional("id", .text(), "The server's id; not for a create."),
            optional("renamed_from", .text(), "Its name until now."),
            optional("owner_change", .values(["adopt", "take_over", "release"]), "How its owner changes."),
            optional("reason", .values(["manifest", "server", "both"]), "Why: the manifest changed, the server drifted, or both."),
            optional("fields", .either([.names(.anything), .list(difference)]), "create: by name. update: each difference."),
            optional("cascade", .list(.text()), "delete: the aliases that go along."),
        ])
    }

    private static var difference: Schema {
        .object([
            .init("name", .text(), "The field, or headers.NAME."), .init("from", .anything, "A secret is { secret: where it comes from }."),
            .init("to", .anything, "The same."),
            .init("certainty", .values(["changed", "ensure", "unavailable"]), "Whether it is known to differ."),
        ])
    }

    private static var conflict: Schema {
        .object([
            .init("kind", .values(Kind.allCases.map(\.rawValue) + ["owner"]), "The resource's kind."),
            .init("name", .text(), "Its name."), .init("problem", .text(), "What is in the way."),
            .init("remedy", .text(), "The ways out."),
        ])
    }

    private static var refusal: Schema {
        .object([
            .init("guard", .text(), "deletes, mail_moves, policy, policy_limit, unmanaged and others."),
            .init("count", .integer(0...(.max)), "How many."), .init("problem", .text(), "What is refused."),
            .init("remedy", .text(), "The ways out."),
        ])
    }

    private static var summary: Schema {
        let counts = ["add", "change", "rename", "adopt", "take_over", "release", "delete", "uncertain"]
        return .object(
            counts.map { .init($0, .integer(0...(.max)), "How many.") } + [
                .init("unmanaged", .names(.integer(1...(.max))), "What nobody manages, by kind.")
            ])
    }

    private static var explained: Schema {
        .object([
            .init("kind", .values(Kind.allCases.map(\.rawValue)), "The resource's kind."), .init("name", .text(), "Its name."),
            .init("declared_at", .nullable(.text()), "file:line:column."),
            .init(
                "fields",
                .list(
                    .object([
                        .init("name", .text(), "The field."), .init("value", .text(), "As people read it."),
                        .init("places", .list(.text()), "Where it stands, nearest first; none for a default."),
                    ])), "Its fields."), .init("change", .list(.text()), "What the plan does with it."),
        ])
    }

    private static var applied: Schema {
        .object([
            .init("revision", .integer(0...(.max)), "The account's revision now."),
            .init("delivered", .list(.text()), "New keys that are where they belong."),
            .init("delivered_elsewhere", .list(.text()), "Keys that another run delivered."),
            .init(
                "undelivered",
                .list(.object([.init("key", .text(), "The key."), .init("problem", .text(), "Why.")])), "New keys that are not: exit 6."),
            optional("done", .list(.text()), "What was done, where only a part was: exit 6."),
            optional("left", .list(.text()), "What was not done then."),
        ])
    }
}
