import DNS
import EmailConnect
import NIOCore

/// What the server asks of others; tests answer in their place.
struct Outside: Sendable {
    /// Calls a webhook.
    var send: @Sendable (Outgoing) async -> Attempt
    /// What the domain name system says of a name; nil when nobody answers.
    var lookUp: @Sendable (DNSName, RecordType) async -> [RecordData]?

    /// The network, as the options have it.
    init(_ options: ServerOptions, _ random: Randomness) {
        var sender = HTTPSender(targets: options.webhookTargets)
        sender.deadline = .seconds(10)
        send = sender.send
        if let file = options.dnsFile {
            lookUp = { name, type in try? DNSFile.read(file).answers(name, type) }
        } else {
            lookUp = { name, type in await DNSClient(servers: NameServers.system, random: random).lookUp(name, type) }
        }
    }
}
