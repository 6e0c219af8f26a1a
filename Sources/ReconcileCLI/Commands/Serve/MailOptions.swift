import APIServer
import ArgumentParser
import EmailConnect

/// Where a server takes mail, and how it delivers it.
struct MailOptions: ParsableArguments {
    @Option(help: "Listen for mail by SMTP at this port; 0 lets the system choose.")
    var smtp: Int?

    @Option(help: "The address to listen at for mail. (default: 127.0.0.1)")
    var smtpHost: String?

    /// The address that is listened at, if there is a port.
    var host: String { smtpHost ?? "127.0.0.1" }

    @Option(
        help: ArgumentHelp("Offer STARTTLS for mail with this certificate chain, PEM; else with --tls-cert.", valueName: "file"),
        completion: .file())
    var smtpCert: String?

    @Option(help: ArgumentHelp("The private key of --smtp-cert, PEM.", valueName: "file"), completion: .file())
    var smtpKey: String?

    @Flag(help: "Accept webhooks whose host is private to a network or this machine.")
    var allowPrivateTargets = false

    @Option(
        help: ArgumentHelp("Accept webhooks into this private network, and send there; may be repeated.", valueName: "cidr"))
    var allowWebhookNet: [String] = []

    @Option(
        help: ArgumentHelp(
            "How long to wait after each attempt to deliver that failed, as in 5s,5m,1h; after one more it is given up. (default: 5s,5m,30m,2h,5h,10h,10h)",
            valueName: "pauses"))
    var retryPauses: String?

    func validate() throws {
        guard (0...65535).contains(smtp ?? 0) else { throw ValidationError("--smtp takes 0 to 65535") }
        guard (smtpCert == nil) == (smtpKey == nil) else { throw ValidationError("--smtp-cert and --smtp-key go together") }
        guard smtp != nil || smtpHost == nil else { throw ValidationError("--smtp-host is for --smtp PORT") }
        guard smtp != nil || smtpCert == nil else { throw ValidationError("--smtp-cert is for --smtp PORT") }
        var options = ServerOptions()
        try set(in: &options)
    }

    /// Sets what they say. The certificate for HTTP is set before.
    func set(in options: inout ServerOptions) throws {
        options.mailAddress = smtp.map { .init(host: host, port: $0) }
        options.mailCertificate = options.certificate
        if let smtpCert, let smtpKey { options.mailCertificate = .init(chain: smtpCert, key: smtpKey) }
        options.webhookTargets.allowsAll = allowPrivateTargets
        do throws(Rejection) { for text in allowWebhookNet { options.webhookTargets.networks.append(try IPRange(text)) } } catch {
            throw ValidationError("--allow-webhook-net takes addresses as in 10.0.0.0/8: \(error.problem)")
        }
        guard let retryPauses else { return }
        do throws(Rejection) {
            var pauses: [TimeSpan] = []
            for text in retryPauses.split(separator: ",", omittingEmptySubsequences: false) { pauses.append(try TimeSpan(String(text))) }
            options.retries = try RetrySchedule(pauses)
        } catch { throw ValidationError("--retry-pauses takes durations as in 5s,5m,1h: \(error.problem)") }
    }
}
