import ServiceLifecycle

/// Delivers as long as the server runs.
struct DeliveryService: Service {
    let courier: Courier

    func run() async throws { await cancelWhenGracefulShutdown { await courier.run() } }
}
