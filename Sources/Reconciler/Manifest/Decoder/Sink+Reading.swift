import EmailConnect

extension Sink {
    init(_ node: Node) throws(Rejection) {
        let members = try node.members("the place where the key goes, as in { file: PATH }")
        let names = members.map(\.key.text)
        guard let first = members.first(where: { $0.key.text != "recipients" }), names.count == (names.contains("recipients") ? 2 : 1)
        else {
            throw Self.unknown(node)
        }
        switch first.key.text {
        case "file" where members.count == 1: self = .file(try Self.path(first.value))
        case "command" where members.count == 1: self = .command(try first.value.words())
        case "age_file":
            guard let list = members.first(where: { $0.key.text == "recipients" }) else {
                throw Rejection(
                    "an age file needs recipients, who can open it", "add recipients: [age1...]; reconcile secrets keygen makes one",
                    at: node.position)
            }
            var recipients: [AgeRecipient] = []
            for item in try list.value.items("recipients, as in [age1...]") {
                let text = try item.text("a recipient")
                do throws(Rejection) { recipients.append(try AgeRecipient(text)) } catch {
                    throw Rejection(error.problem, error.remedy, at: item.position)
                }
            }
            guard !recipients.isEmpty else {
                throw Rejection("nobody could open it", "list at least one recipient", at: list.value.position)
            }
            self = .ageFile(try Self.path(first.value), recipients: recipients)
        default: throw Self.unknown(node)
        }
    }

    private static func path(_ node: Node) throws(Rejection) -> String {
        let path = try node.text("a file's path")
        guard !path.isEmpty, !path.hasSuffix("/") else { throw Rejection("the path names no file", at: node.position) }
        return path
    }

    private static func unknown(_ node: Node) -> Rejection {
        Rejection(
            "not a place where a key can go",
            "write { file: PATH }, { age_file: PATH, recipients: [age1...] }, or { command: [PROGRAM, ARGUMENT] } that reads it from standard input",
            at: node.position)
    }
}
