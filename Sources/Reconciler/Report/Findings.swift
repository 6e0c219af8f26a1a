import EmailConnect

/// What is wrong in manifests, as forges and scanners read it.
public enum Findings {
    /// Commands in a log, which GitHub shows at the manifest's lines.
    /// https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands
    public static func github(_ diagnostics: [Diagnostic]) -> String {
        let shown = diagnostics.prefix(githubLimit).map { diagnostic in
            var place = "file=\(property(diagnostic.file))"
            if let position = diagnostic.position { place += ",line=\(position.line),col=\(position.column)" }
            return "::\(diagnostic.severity.rawValue) \(place)::\(data(sentence(diagnostic)))\n"
        }.joined()
        let rest = diagnostics.count - githubLimit
        return rest > 0 ? shown + "::notice::\(rest) more are not shown here\n" : shown
    }

    /// A log with more commands than that is slow to read, and GitHub shows ten of a kind at most.
    private static let githubLimit = 200

    /// A code quality report, which GitLab shows in the merge request. https://docs.gitlab.com/ci/testing/code_quality/
    /// - Parameter check: what found it: `validate` or `plan`.
    public static func gitlab(_ diagnostics: [Diagnostic], check: String) -> String {
        var json = JSONWriter()
        json.array { json in
            for (diagnostic, fingerprint) in zip(diagnostics, fingerprints(diagnostics)) {
                json.object { json in
                    json.member("description", sentence(diagnostic))
                    json.member("check_name", "reconcile-\(check)")
                    json.member("fingerprint", fingerprint)
                    json.member("severity", diagnostic.severity.gitlab)
                    json.object("location") { json in
                        json.member("path", diagnostic.file)
                        json.object("lines") { $0.member("begin", Int(diagnostic.position?.line ?? 1)) }
                    }
                }
            }
        }
        json.endLine()
        return json.text
    }

    /// What is wrong in manifests, for code scanning.
    public static func sarif(_ diagnostics: [Diagnostic], version: String) -> String {
        sarif(
            diagnostics.map { ("manifest", $0) }, rules: [("manifest", "The manifest cannot be read, or not as it was meant.")],
            version: version)
    }

    /// SARIF 2.1.0. https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
    static func sarif(_ results: [(rule: String, diagnostic: Diagnostic)], rules: [(id: String, about: String)], version: String) -> String
    {
        var json = JSONWriter()
        json.object { json in
            json.member("$schema", "https://json.schemastore.org/sarif-2.1.0.json")
            json.member("version", "2.1.0")
            json.array("runs") { json in
                json.object { json in
                    json.object("tool") { json in
                        json.object("driver") { json in
                            json.member("name", "reconcile")
                            json.member("version", version)
                            json.array("rules") { json in
                                for rule in rules {
                                    json.object { json in
                                        json.member("id", rule.id)
                                        json.object("shortDescription") { $0.member("text", rule.about) }
                                    }
                                }
                            }
                        }
                    }
                    json.array("results") { json in
                        for (result, fingerprint) in zip(results, fingerprints(results.map(\.diagnostic))) {
                            self.result(result.rule, result.diagnostic, fingerprint, to: &json)
                        }
                    }
                }
            }
        }
        json.endLine()
        return json.text
    }

    private static func result(_ rule: String, _ diagnostic: Diagnostic, _ fingerprint: String, to json: inout JSONWriter) {
        json.object { json in
            json.member("ruleId", rule)
            json.member("level", diagnostic.severity == .notice ? "note" : diagnostic.severity.rawValue)
            json.object("message") { $0.member("text", sentence(diagnostic)) }
            json.object("partialFingerprints") { $0.member("problem/v1", fingerprint) }
            json.array("locations") { json in
                json.object { json in
                    json.object("physicalLocation") { json in
                        json.object("artifactLocation") { $0.member("uri", uri(diagnostic.file)) }
                        json.object("region") { json in
                            json.member("startLine", Int(diagnostic.position?.line ?? 1))
                            json.member("startColumn", Int(diagnostic.position?.column ?? 1))
                        }
                    }
                }
            }
        }
    }

    private static func sentence(_ diagnostic: Diagnostic) -> String {
        Escaped.line(diagnostic.remedy.isEmpty ? diagnostic.problem : "\(diagnostic.problem); \(diagnostic.remedy)")
    }

    /// The same while other lines move; the second of two that are alike has another.
    private static func fingerprints(_ diagnostics: [Diagnostic]) -> [String] {
        var seen: [String: Int] = [:]
        return diagnostics.map { diagnostic in
            let what = "\(diagnostic.file)\n\(diagnostic.severity.rawValue)\n\(diagnostic.problem)"
            let number = seen[what, default: 0]
            seen[what] = number + 1
            return String(Hex.sha256(number == 0 ? what : "\(what)\n\(number)").prefix(32))
        }
    }

    private static func data(_ text: String) -> String {
        text.replacing("%", with: "%25").replacing("\r", with: "%0D").replacing("\n", with: "%0A")
    }

    private static func property(_ text: String) -> String {
        data(Escaped.line(text)).replacing(":", with: "%3A").replacing(",", with: "%2C")
    }

    /// A path as a relative reference. https://www.rfc-editor.org/rfc/rfc3986#section-4.2
    private static func uri(_ path: String) -> String {
        var uri = ""
        for byte in path.utf8 {
            let isPlain =
                (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte) || "-._~/".utf8.contains(byte)
            uri += isPlain ? String(UnicodeScalar(byte)) : "%" + Hex.text([byte]).uppercased()
        }
        return uri
    }
}

extension Diagnostic.Severity {
    /// As a code quality report has it.
    fileprivate var gitlab: String {
        switch self {
        case .error: "major"
        case .warning: "minor"
        case .notice: "info"
        }
    }
}
