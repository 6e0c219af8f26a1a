import Foundation
import Testing
import TestSupport

@Suite("The command fmt")
struct FmtTests {
    private static let odd = "manifest:   m # a comment\nversion: 1\nextends: gone.yaml\n"
    private static let canonical = "version: 1\nmanifest: m # a comment\nextends: gone.yaml\n"

    private func folder(_ files: [String: String]) throws -> Scratch {
        let folder = try Scratch()
        for (name, text) in files { try folder.write(text, to: name) }
        return folder
    }

    @Test("rewrites and names what is not canonical, keeps permissions, and does what it can beside a mistake")
    func inPlace() async throws {
        let folder = try folder(["reconcile.yaml": Self.odd, "good.yaml": Self.canonical, "bad.yaml": "a: [\n"])
        try FileManager.default.setAttributes([.posixPermissions: 0o640], ofItemAtPath: folder.file("reconcile.yaml"))
        let result = try await Command.reconcile("fmt", "bad.yaml", "good.yaml", "reconcile.yaml", in: folder.path)
        #expect(result.code == 1)
        #expect(result.output == "reconcile.yaml\n")
        #expect(result.errors.contains("bad.yaml:2:1: error: "))
        #expect(try folder.read("reconcile.yaml") == Self.canonical)
        #expect(try folder.read("bad.yaml") == "a: [\n")
        let mode = try FileManager.default.attributesOfItem(atPath: folder.file("reconcile.yaml"))[.posixPermissions] as? Int
        #expect(mode == 0o640)
        let again = try await Command.reconcile("fmt", in: folder.path)
        #expect(again.code == 0 && again.output.isEmpty && again.errors.isEmpty)
    }

    @Test("--check names, --diff shows, and neither writes")
    func check() async throws {
        let folder = try folder(["reconcile.yaml": Self.odd, "good.yaml": Self.canonical])
        let check = try await Command.reconcile("fmt", "--check", "reconcile.yaml", "good.yaml", in: folder.path)
        #expect(check.code == 1 && check.output == "reconcile.yaml\n")
        let good = try await Command.reconcile("fmt", "--check", "good.yaml", in: folder.path)
        #expect(good.code == 0 && good.output.isEmpty)
        let diff = try await Command.reconcile("fmt", "--diff", in: folder.path)
        #expect(diff.code == 0)
        #expect(
            diff.output == """
                --- reconcile.yaml
                +++ reconcile.yaml
                @@ -1,3 +1,3 @@
                -manifest:   m # a comment
                 version: 1
                +manifest: m # a comment
                 extends: gone.yaml

                """)
        let both = try await Command.reconcile("fmt", "--check", "--diff", in: folder.path)
        #expect(both.code == 1 && both.output == diff.output)
        #expect(try folder.read("reconcile.yaml") == Self.odd)
    }

    @Test("- goes from standard input to standard output")
    func streams() async throws {
        let folder = try folder(["odd.yaml": Self.odd])
        let result = try await Command.run("/bin/sh", ["-c", "\"$0\" fmt - < odd.yaml", Command.binary], in: folder.path)
        #expect(result.code == 0 && result.output == Self.canonical)
    }
}
