import Foundation
import Testing
import TestSupport

/// `Scripts/kill-matrix.sh` says what is done at each point. By hand, with every point: `KILL_STRIDE=1`.
@Suite("Killed at any system call")
struct KillMatrixTests {
    @Test(
        "leaves the old account or the new one, and the next apply mends the rest",
        arguments: [("first", 40), ("local", 35), ("client", 15), ("rotate", 10), ("server", 40), ("start", 35)])
    func matrix(mode: String, least: Int) async throws {
        let folder = try Scratch()
        let environment = ProcessInfo.processInfo.environment.filter { $0.key == "KILL_STRIDE" }
        let result = try await Command.run(
            "/bin/bash", ["\(Repository.root)/Tests/EndToEndTests/Scripts/kill-matrix.sh", Command.binary, folder.path, mode],
            in: folder.path, environment: environment)
        print(result.output)
        #expect(result.code == 0, "\(result.errors)")
        let points = try #require(result.output.firstMatch(of: /: killed at (\d+) points/).flatMap { Int($0.1) }, "\(result.errors)")
        #expect(points >= least, "too few points to say anything")
        let left = try #require(result.output.firstMatch(of: /left the old account (\d+) times, the new one (\d+) times/))
        // A rotation changes no resource, so that both accounts are the same.
        let meetsOne = mode == "start" || mode == "rotate"
        #expect(left.1 != "0" && (left.2 != "0" || meetsOne), "a matrix that never meets one of them proves nothing")
    }
}
