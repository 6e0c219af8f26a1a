@testable import Reconciler
import Testing
import TestSupport

@Suite("A unified diff")
struct UnifiedDiffTests {
    private func diff(_ old: String, _ new: String) -> String { UnifiedDiff.text("f", from: Array(old.utf8), to: Array(new.utf8)) }

    @Test("shows what changed, three lines around it, and where")
    func hunks() {
        let old = (1...20).map { "\($0)\n" }.joined()
        let new = old.replacing("\n4\n", with: "\nfour\n").replacing("\n18\n", with: "\n")
        #expect(
            diff(old, new) == """
                --- f
                +++ f
                @@ -1,7 +1,7 @@
                 1
                 2
                 3
                -4
                +four
                 5
                 6
                 7
                @@ -15,6 +15,5 @@
                 15
                 16
                 17
                -18
                 19
                 20

                """)
    }

    @Test("is empty when nothing changed, and names a missing line feed")
    func ends() {
        #expect(diff("a\n", "a\n").isEmpty)
        #expect(diff("", "a\n") == "--- f\n+++ f\n@@ -0,0 +1 @@\n+a\n")
        #expect(diff("a", "a\n") == "--- f\n+++ f\n@@ -1 +1 @@\n-a\n\\ No newline at end of file\n+a\n")
    }

    @Test("turns one text into the other, whatever they are", arguments: 0..<200 as Range<UInt64>)
    func applies(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let lines = (0..<Int.random(in: 0...60, using: &random)).map { _ in "\(Int.random(in: 0..<20, using: &random))\n" }
        var others = lines
        for _ in 0..<Int.random(in: 0...8, using: &random) where !others.isEmpty {
            let place = Int.random(in: 0..<others.count, using: &random)
            switch Int.random(in: 0...2, using: &random) {
            case 0: others.remove(at: place)
            case 1: others.insert("new\(place)\n", at: place)
            default: others.swapAt(place, Int.random(in: 0..<others.count, using: &random))
            }
        }
        #expect(try Self.apply(diff(lines.joined(), others.joined()), to: lines) == others)
    }

    @Test("of a hundred thousand lines in another order does not take long")
    func large() {
        let lines = (0..<20_000).map { "line \($0 % 4000)\n" }
        let text = diff(lines.joined(), lines.reversed().joined())
        #expect(text.hasPrefix("--- f\n"))
    }

    private static func apply(_ diff: String, to lines: [String]) throws -> [String] {
        var result: [String] = []
        var place = 0
        for line in diff.split(separator: "\n").dropFirst(2) {
            if line.hasPrefix("@@") {
                let range = try #require(line.split(separator: " ").dropFirst().first).dropFirst().split(separator: ",").compactMap {
                    Int($0)
                }
                let start = range.count > 1 && range[1] == 0 ? range[0] : range[0] - 1
                result += lines[place..<start]
                place = start
            } else {
                let text = "\(line.dropFirst())\n"
                if !line.hasPrefix("+") {
                    #expect(lines[place] == text)
                    place += 1
                }
                if !line.hasPrefix("-") { result.append(text) }
            }
        }
        return result + lines[place...]
    }
}
