import Crypto
import EmailConnect
import FoundationEssentials

/// How a webhook knows that a message comes from here.
enum WebhookSignature {
    /// What `X-EmailConnect-Signature` has: hexadecimal HMAC-SHA-256 over the raw body, keyed with the secret's text.
    static func plain(_ body: [UInt8], _ secret: Secret) -> String {
        Hex.text(Array(HMAC<SHA256>.authenticationCode(for: body, using: SymmetricKey(data: Array(secret.reveal().utf8)))))
    }

    /// What `webhook-signature` has: over id, time and body.
    /// https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md#signature-scheme
    static func standard(_ body: [UInt8], id: String, time: Timestamp, _ secret: Secret) -> String {
        var signed = Array("\(id).\(time.seconds).".utf8)
        signed += body
        let code = HMAC<SHA256>.authenticationCode(for: signed, using: SymmetricKey(data: key(secret)))
        return "v1,\(Data(code).base64EncodedString())"
    }

    /// `whsec_` and Base64 stands for the bytes that it encodes, with or without padding; any other secret for its own.
    private static func key(_ secret: Secret) -> [UInt8] {
        let text = secret.reveal()
        guard text.hasPrefix("whsec_") else { return Array(text.utf8) }
        let encoded = text.dropFirst(6)
        let padding = String(repeating: "=", count: (4 - encoded.utf8.count % 4) % 4)
        return Data(base64Encoded: encoded + padding).map(Array.init) ?? Array(text.utf8)
    }
}
