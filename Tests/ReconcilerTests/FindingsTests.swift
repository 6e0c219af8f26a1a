import EmailConnect
import Foundation
@testable import Reconciler
import Testing

@Suite("What is wrong in a manifest, for a forge")
struct FindingsTests {
    private static let diagnostics: [Diagnostic] = {
        let yaml =
            "version: 1\nmanifest: a\nenvironment: b\nwebhooks:\n  h: { ulr: x, \"a\\n::error::b\": 1 }\n  i: { url: x }\n  j: { url: x }\ncolour: red\n"
        return Manifest.decode(Array(yaml.utf8), file: "mail, prod:1/100%.yaml").diagnostics
    }()

    @Test("is one command a line for GitHub, and nothing in it is another command")
    func github() {
        let lines = Findings.github(Self.diagnostics).split(separator: "\n")
        #expect(lines.count == Self.diagnostics.count && lines.count >= 3)
        for line in lines {
            #expect(line.hasPrefix("::error file=mail%2C prod%3A1/100%25.yaml,line="), "\(line)")
            #expect(!line.contains("\r"))
        }
        #expect(lines.contains { $0.contains("did you mean url?") && $0.contains(",line=5,col=8::") }, "\(lines)")
    }

    @Test("is a report for GitLab and for code scanning, with the place of each")
    func reports() throws {
        let gitlab =
            try JSONSerialization.jsonObject(with: Data(Findings.gitlab(Self.diagnostics, check: "validate").utf8)) as? [[String: Any]]
        #expect(gitlab?.count == Self.diagnostics.count)
        let location = gitlab?.first?["location"] as? [String: Any]
        #expect(location?["path"] as? String == "mail, prod:1/100%.yaml" && (location?["lines"] as? [String: Int])?["begin"] != nil)
        #expect(Set(gitlab?.compactMap { $0["fingerprint"] as? String } ?? []).count == Self.diagnostics.count)
        let sarif = try JSONSerialization.jsonObject(with: Data(Findings.sarif(Self.diagnostics, version: "1").utf8)) as? [String: Any]
        let run = (sarif?["runs"] as? [[String: Any]])?.first
        let results = try #require(run?["results"] as? [[String: Any]])
        #expect(sarif?["version"] as? String == "2.1.0" && results.count == Self.diagnostics.count)
        let place = ((results[0]["locations"] as? [[String: Any]])?.first?["physicalLocation"] as? [String: Any])
        #expect((place?["artifactLocation"] as? [String: String])?["uri"] == "mail%2C%20prod%3A1/100%25.yaml")
        #expect((place?["region"] as? [String: Int])?["startLine"] == Int(Self.diagnostics[0].position?.line ?? 0))
        let empty = try JSONSerialization.jsonObject(with: Data(Findings.sarif([], version: "1").utf8)) as? [String: Any]
        #expect(((empty?["runs"] as? [[String: Any]])?.first?["results"] as? [Any])?.isEmpty == true, "nothing found is a result too")
    }

    @Test("of a plan stand at the lines of the manifest, what must not be missed first")
    func plan() throws {
        let manifest =
            "webhooks:\n  hook: { url: https://a.example/ }\ndomains:\n  acme.example:\n    aliases: { a: hook }\npolicy: { require: [protected_domains] }\n"
        let old = record("alias", "alias_1", #""domain":"acme.example","name":"old""#)
        let world = try World(manifest, state: [old, record("domain", "dom_1", #""name":"acme.example","description":"x""#)])
        let planned = Pipeline.Planned(made: world.plan(), for: world.desired)
        #expect(
            Findings.github(planned.findings()) == """
                ::error file=m,line=7,col=3::policy: the domain acme.example is not protected; add protected: true
                ::warning file=m::- alias old@acme.example  manifest changed
                ::notice file=m,line=5,col=3::+ webhook hook  url "https://a.example/"
                ::notice file=m,line=7,col=3::~ domain acme.example  manifest changed: description "x" -> ""
                ::notice file=m,line=8,col=16::+ alias a@acme.example  webhook hook

                """)
        let gitlab = Findings.gitlab(planned.findings(), check: "plan")
        #expect(gitlab.contains(#""check_name":"reconcile-plan""#) && gitlab.contains(#""severity":"info""#))
        let many = (0..<500).map { "a\($0): hook" }.joined(separator: ", ")
        let large = try World("webhooks: { hook: { url: https://a.example/ } }\ndomains: { acme.example: { aliases: { \(many) } } }")
        let all = Pipeline.Planned(made: large.plan(), for: large.desired)
        let lines = Findings.github(all.findings()).split(separator: "\n")
        #expect(lines.count == 201 && lines.last == "::notice::302 more are not shown here")
    }
}
