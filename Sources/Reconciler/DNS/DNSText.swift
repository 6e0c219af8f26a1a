public import EmailConnect

/// The DNS records that domains need, in the forms in which they are put to use.
public enum DNSText {
    /// For people: each domain with its status and its records; of those that were looked for, what there is.
    public static func table(_ domains: [DomainStatus], _ style: TextStyle) -> String {
        domains.map { domain in
            let status = domain.verification.status
            let colour: TextStyle.Colour = status == .verified ? .green : status == .failed ? .red : .yellow
            let checked = domain.verification.checkedAt.map { " (checked \($0.text))" } ?? ""
            let width = domain.records.map(\.name.utf8.count).max() ?? 0
            let lines = domain.records.map { record in
                let name = record.name + String(repeating: " ", count: width - record.name.utf8.count)
                let type = record.type + String(repeating: " ", count: 3 - record.type.utf8.count)
                return "  \(type)  \(name)  \(Escaped.line(record.value))\(missing(record, domain.verification))\n"
            }
            return "\(style.bold(domain.name.text))  \(style.paint(status.rawValue, colour))\(checked)\n" + lines.joined()
        }.joined(separator: "\n")
    }

    /// What a record lacked when it was looked for.
    private static func missing(_ record: DNSRecord, _ verification: DomainVerification) -> String {
        let looked = verification.records.first { $0.type == record.type && $0.name == record.name && $0.expected == record.value }
        return switch looked?.result {
        case nil, .found: ""
        case .missing: "  <- missing"
        case .unanswered: "  <- no name server answered"
        case .different: "  <- there is \((looked?.found ?? []).map(Escaped.quoted).joined(separator: ", "))"
        }
    }

    /// Whether mail for one of the domains would be led to whatever machine sends it: what a server says that was not told its own name.
    /// https://www.rfc-editor.org/rfc/rfc6761#section-6.3
    public static func leadsNowhere(_ domains: [DomainStatus]) -> Bool {
        domains.contains { domain in
            domain.records.contains { if case .mx(_, let exchange) = $0.data { exchange.text.hasSuffix(".localhost") } else { false } }
        }
    }

    /// As one JSON object and a line feed.
    public static func json(_ domains: [DomainStatus], errors: [PlanJSON.Failure], exit: ExitStatus) -> String {
        var json = JSONWriter()
        json.object { json in
            json.member("format", PlanJSON.format)
            json.member("command", "dns")
            json.array("domains") { json in
                for domain in domains {
                    json.object { json in
                        json.member("name", domain.name.text)
                        json.member("id", domain.id)
                        json.member("managed_by", domain.owner?.text)
                        domain.writeMembers(to: &json)
                    }
                }
            }
            PlanJSON.Failure.write(errors, to: &json)
            exit.write(to: &json)
        }
        return json.text + "\n"
    }

    /// As a part of a zone's file, for `$INCLUDE` or to be copied. https://www.rfc-editor.org/rfc/rfc1035#section-5
    public static func zoneFile(_ zone: DNSZone) -> String {
        var lines = ["$ORIGIN \(zone.name.text)."]
        for node in zone.nodes {
            for record in node.records {
                let value =
                    switch record.data {
                    case .mx(let preference, let exchange): "\(preference) \(exchange.text)."
                    case .txt(let text): parts(text).map { "\"\(escaped($0))\"" }.joined(separator: " ")
                    }
                lines.append("\(node.name.isEmpty ? "@" : node.name)\t\(DNSZone.timeToLive)\tIN\t\(record.type)\t\(value)")
            }
        }
        return lines.joined(separator: "\n") + "\n"
    }

    /// As the file that octoDNS's YamlProvider reads for a zone. https://octodns.readthedocs.io/en/latest/records.html
    public static func octoDNS(_ zone: DNSZone) -> String {
        var text = "---\n"
        for node in zone.nodes {
            text += node.name.isEmpty ? "'':\n" : "\(YAMLText.scalar(node.name)):\n"
            let isList = node.records.count > 1
            for record in node.records {
                var lines = ["ttl: \(DNSZone.timeToLive)", "type: \(record.type)"]
                switch record.data {
                case .mx(let preference, let exchange):
                    lines += ["value:", "  exchange: \(YAMLText.scalar("\(exchange.text)."))", "  preference: \(preference)"]
                case .txt(let value): lines.append("value: \(YAMLText.scalar(value.replacing(";", with: "\\;")))")
                }
                for (index, line) in lines.enumerated() { text += "\(isList && index == 0 ? "- " : "  ")\(line)\n" }
            }
        }
        return text
    }

    /// As resources of Terraform's and OpenTofu's provider hashicorp/dns, which speaks to any server that takes dynamic updates.
    /// https://registry.terraform.io/providers/hashicorp/dns/latest/docs
    public static func terraform(_ zones: [DNSZone]) -> String {
        zones.flatMap { zone in
            zone.nodes.flatMap { node in node.records.map { resource($0, node.name, zone.name) } }
        }.joined(separator: "\n")
    }

    private static func resource(_ record: DNSRecord, _ name: String, _ zone: DomainName) -> String {
        var lines = ["  zone = \"\(zone.text).\""]
        // The zone itself has no name.
        if !name.isEmpty { lines.append("  name = \"\(name)\"") }
        switch record.data {
        case .mx(let preference, let exchange):
            lines += [
                "  ttl  = \(DNSZone.timeToLive)", "", "  mx {", "    preference = \(preference)", "    exchange   = \"\(exchange.text).\"",
                "  }",
            ]
        case .txt(let text): lines += ["  ttl  = \(DNSZone.timeToLive)", "  txt  = [\"\(hcl(text))\"]"]
        }
        return
            "resource \"dns_\(record.type.lowercased())_record_set\" \"\(identifier(record.name))\" {\n\(lines.joined(separator: "\n"))\n}\n"
    }

    /// A resource's name that no other record's name comes to. Names are in lower case, and begin with no dot: so a capital stands for what
    /// the dots have taken, and one `_` before what may not be the first is no `_` of the name, which would be two.
    static func identifier(_ name: String) -> String {
        let rest = { (text: Substring) in String(text).replacing("_", with: "U").replacing(".", with: "_") }
        guard let first = name.utf8.first else { return "_" }
        if first == UInt8(ascii: "_") { return "__\(rest(name.dropFirst()))" }
        return (0x61...0x7A).contains(first) ? rest(name[...]) : "_\(rest(name[...]))"
    }

    /// Inside quotes. https://developer.hashicorp.com/terraform/language/expressions/strings#escape-sequences
    private static func hcl(_ text: String) -> String { escaped(text).replacing("${", with: "$${").replacing("%{", with: "%%{") }

    private static func escaped(_ text: String) -> String { text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"") }

    /// A record's text in pieces of at most 255 bytes.
    private static func parts(_ text: String) -> [String] {
        guard !text.isEmpty else { return [""] }
        let bytes = Array(text.utf8)
        return stride(from: 0, to: bytes.count, by: 255).map { String(decoding: bytes[$0..<min($0 + 255, bytes.count)], as: UTF8.self) }
    }
}
