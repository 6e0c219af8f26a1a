import ServiceLifecycle

/// Writes the activity down once a second, and a last time at the end.
struct ActivityWriter: Service {
    let activity: Activity

    func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                try? await Task.sleep(for: .seconds(1))
                await activity.flush()
            }
        }
    }
}
