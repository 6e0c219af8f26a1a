/// A manifest to be written: entries in their order, with what somebody has to decide beside them.
struct ExportedManifest {
    /// A field's name and its value, as YAML.
    struct Field {
        var name: String
        var value: String
        /// What somebody has to decide; stands behind the value.
        var note: String?
    }

    /// One webhook, domain or API key.
    struct Entry {
        var key: String
        /// What to know of it; stands above.
        var notes: [String] = []
        var fields: [Field] = []
        /// A webhook's headers.
        var headers: [Field] = []
        /// A domain's aliases.
        var aliases: [Alias] = []
    }

    /// One alias.
    struct Alias {
        var name: String
        var fields: [Field] = []
        var note: String?

        /// `helpdesk`, or `{ description: ..., webhook: helpdesk }`.
        var value: String {
            if fields.count == 1, fields[0].name == "webhook" { return fields[0].value }
            if fields.isEmpty { return "{}" }
            return "{ \(fields.map { "\($0.name): \($0.value)" }.joined(separator: ", ")) }"
        }
    }

    /// What stands above everything.
    var head: [String] = []
    /// Lines of `version:` and the like, with what stands behind them.
    var top: [Field] = []
    /// The account, as a pin.
    var account: String?
    var adoptsAll = false
    var webhooks: [Entry] = []
    var domains: [Entry] = []
    var apiKeys: [Entry] = []

    /// Whether there is anything in it.
    var isEmpty: Bool { webhooks.isEmpty && domains.isEmpty && apiKeys.isEmpty }

    /// As it is written: in the order that `fmt` keeps.
    /// - Complexity: O(entries)
    var text: String {
        var text = head.map { $0.isEmpty ? "#\n" : "# \($0)\n" }.joined()
        if !top.isEmpty {
            text += "\n"
            for field in top { text += line(field, indent: 0) }
        }
        if let account { text += "\nserver:\n  account: \(YAMLText.scalar(account))\n" }
        if adoptsAll {
            text += "\n# For the first apply: what nobody manages becomes this manifest's. Remove it then.\nallow:\n  adopt: all\n"
        }
        section("webhooks", webhooks, to: &text)
        section("domains", domains, to: &text)
        section("api_keys", apiKeys, to: &text)
        return text
    }

    private func section(_ name: String, _ entries: [Entry], to text: inout String) {
        guard !entries.isEmpty else { return }
        text += "\n\(name):\n"
        for (index, entry) in entries.enumerated() {
            if index > 0, entry.isLarge || entries[index - 1].isLarge { text += "\n" }
            for note in entry.notes { text += "  # \(Escaped.line(note))\n" }
            let isBare = entry.fields.isEmpty && entry.headers.isEmpty && entry.aliases.isEmpty
            text += "  \(YAMLText.scalar(entry.key)):\(isBare ? " {}" : "")\n"
            // The headers stand where the table has them, before what is signed.
            let signing = entry.fields.filter { $0.name == "signing_secret" || $0.name == "adopt" }
            for field in entry.fields where !signing.contains(where: { $0.name == field.name }) { text += line(field, indent: 4) }
            if !entry.headers.isEmpty {
                text += "    headers:\n"
                for header in entry.headers { text += line(header, indent: 6) }
            }
            for field in signing { text += line(field, indent: 4) }
            if !entry.aliases.isEmpty {
                text += "    aliases:\n"
                for alias in entry.aliases {
                    text += line(Field(name: YAMLText.scalar(alias.name), value: alias.value, note: alias.note), indent: 6)
                }
            }
        }
    }

    private func line(_ field: Field, indent: Int) -> String {
        let note = field.note.map { " # \(Escaped.line($0))" } ?? ""
        return "\(String(repeating: " ", count: indent))\(field.name): \(field.value)\(note)\n"
    }
}

extension ExportedManifest.Entry {
    /// Whether it takes more than a few lines, so that space around it helps.
    fileprivate var isLarge: Bool { !headers.isEmpty || !aliases.isEmpty || fields.count > 3 }
}
