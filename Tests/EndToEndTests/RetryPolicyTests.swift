import EmailConnectClient
import Testing

@Suite("Trying again")
struct RetryPolicyTests {
    private func pause(
        _ trouble: RetryPolicy.Trouble, _ attempt: Int, elapsed: Double = 0, limit: Double = 60, jitter: Double = 0
    ) -> Duration? {
        RetryPolicy.pause(after: trouble, attempt: attempt, elapsed: .seconds(elapsed), limit: .seconds(limit), jitter: jitter)
    }

    @Test(
        "waits twice as long each time, and gives up in the end",
        arguments: [
            (RetryPolicy.Trouble.notConnected, [125, 250, 500, nil]), (.broken, [125, 250, 500, 1000, 2000, nil]),
            (.busy(retryAfter: nil), [125, 250, 500, 1000, 2000, 4000, 4000]),
            (.busy(retryAfter: 3), [3000, 3000, 3000, 3000, 3000, 4000]),
            (.final, [nil]),
        ] as [(RetryPolicy.Trouble, [Int?])])
    func backoff(trouble: RetryPolicy.Trouble, milliseconds: [Int?]) {
        #expect(milliseconds.indices.map { pause(trouble, $0) } == milliseconds.map { $0.map { .milliseconds($0) } })
    }

    @Test("does as the server says, but not beyond the limit")
    func retryAfter() {
        #expect(pause(.busy(retryAfter: 30), 0) == .seconds(30))
        #expect(pause(.busy(retryAfter: 30), 0, elapsed: 31) == nil)
        #expect(pause(.busy(retryAfter: 61), 0) == nil)
        #expect(pause(.busy(retryAfter: -5), 0) == .milliseconds(125))
        #expect(pause(.busy(retryAfter: 0), 0, limit: 0) == nil, "--retry 0 sends once")
        #expect(pause(.busy(retryAfter: 1), 19) != nil)
        #expect(pause(.busy(retryAfter: 1), 20) == nil, "a clock that stands is no endless loop")
    }

    @Test("spreads clients that failed together")
    func jitter() {
        #expect(pause(.broken, 0, jitter: 0.999)! > pause(.broken, 0, jitter: 0)!)
        #expect(pause(.broken, 0, jitter: 0.999)! < .milliseconds(250))
    }
}
