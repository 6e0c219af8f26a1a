import DNS
import EmailConnect
import NIOCore

/// What the server asks of others; tests answer in their place.
struct Outside: Sendable {
    /// Calls a webhook.
    var send: @Sendable (Outgoing) async -> Attempt
    /// What the domain name system says of a name; nil when nobody answers.
    var lookUp: @Sendable (DNSName, RecordType) async -> [RecordData]?

    /// What is in the way of every question that would be asked now; nil when nothing is known to be.
    var trouble: @Sendable () -> String?

    /// The network, as the options have it.
    init(_ options: ServerOptions, _ random: Randomness) {
        var sender = HTTPSender(targets: options.webhookTargets)
        sender.deadline = .seconds(10)
        send = sender.send
        if let file = options.dnsFile {
            lookUp = { name, type in try? DNSFile.read(file).answers(name, type) }
            trouble = {
                do throws(DNSFileFailure) { _ = try DNSFile.read(file) } catch { return "the server's --dns-file: \(error.problem)" }
                return nil
            }
        } else {
            lookUp = { name, type in await DNSClient(servers: NameServers.system, random: random).lookUp(name, type) }
            trouble = { nil }
        }
    }
}
