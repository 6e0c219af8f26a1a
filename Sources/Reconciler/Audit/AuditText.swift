import EmailConnect

/// What an audit found, for people, for programs and for code scanning.
public enum AuditText {
    /// A line each, the worst first, with a line feed at their end.
    public static func render(_ audit: Audit, _ style: TextStyle) -> String {
        guard !audit.findings.isEmpty else { return "Nothing found.\n" }
        let lines = audit.findings.map { finding in
            let severity = finding.check.severity
            let colour: TextStyle.Colour = severity == .high ? .red : severity == .medium ? .yellow : .cyan
            let word = severity.rawValue + String(repeating: " ", count: 6 - severity.rawValue.count)
            return
                "\(style.paint(word, colour))  \(finding.subject) \(finding.problem)\n        = \(finding.remedy)  (\(finding.check.rawValue))\n"
        }
        let counts = AuditSeverity.allCases.reversed().map { severity in
            "\(audit.findings.count { $0.check.severity == severity }) \(severity.rawValue)"
        }
        return lines.joined() + "\n" + style.bold("\(audit.findings.count) found: \(counts.joined(separator: ", ")).") + "\n"
    }

    /// As one JSON object and a line feed.
    public static func json(_ audit: Audit, exit: ExitStatus) -> String {
        var json = JSONWriter()
        json.object { json in
            json.member("format", PlanJSON.format)
            json.member("command", "audit")
            json.array("findings") { json in
                for finding in audit.findings {
                    json.object { json in
                        json.member("check", finding.check.rawValue)
                        json.member("severity", finding.check.severity.rawValue)
                        json.member("subject", finding.subject)
                        json.member("problem", finding.problem)
                        json.member("remedy", finding.remedy)
                    }
                }
            }
            json.array("errors") { _ in }
            exit.write(to: &json)
        }
        return json.text + "\n"
    }

    /// For code scanning, at the entries of a manifest where they are declared.
    public static func sarif(_ audit: Audit, _ desired: DesiredState?, version: String) -> String {
        let names = Set(audit.findings.compactMap(\.resource))
        let places = desired.map { Places($0, of: names) }
        let results = audit.findings.map { finding in
            let position = finding.resource.flatMap { places?[$0] }
            let file = position.flatMap { place in
                desired.flatMap { $0.files.indices.contains(Int(place.file)) ? $0.files[Int(place.file)] : nil }
            }
            let severity: Diagnostic.Severity =
                switch finding.check.severity {
                case .high: .error
                case .medium: .warning
                case .low: .notice
                }
            let diagnostic = Diagnostic(
                severity, file ?? desired?.files.first ?? "reconcile.yaml", at: position, "\(finding.subject) \(finding.problem)",
                finding.remedy)
            return (rule: finding.check.rawValue, diagnostic: diagnostic)
        }
        return Findings.sarif(results, rules: AuditCheck.allCases.map { ($0.rawValue, $0.about) }, version: version)
    }
}
