import EmailConnect
import Testing
import TestSupport

@Suite("Secrets")
struct SecretTests {
    @Test("never show in a description, a dump or a mirror")
    func redaction() {
        let secret = Secret("canary-1")
        let sensitive = Sensitive.reference(SecretReference(.env("TOKEN"), prefix: "canary-2 "))
        var dumped = String(describing: secret) + String(reflecting: secret) + String(describing: [secret]) + "\(sensitive.shown)"
        dump(secret, to: &dumped)
        #expect(!dumped.contains("canary"))
    }

    @Test("match their own fingerprint under any salt, and no other")
    func fingerprints() {
        let fingerprint = Fingerprint(of: Secret("value"), salt: "0011")
        #expect(fingerprint.matches(Secret("value")))
        #expect(!fingerprint.matches(Secret("valuE")))
        #expect(fingerprint.hmac != Fingerprint(of: Secret("value"), salt: "0012").hmac)
        // https://www.rfc-editor.org/rfc/rfc4231#section-4.3
        #expect(
            Fingerprint(of: Secret("what do ya want for nothing?"), salt: "Jefe").hmac
                == "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843")
    }

    @Test("of a key have a form that is checked before anything is looked up")
    func tokens() {
        var generator = SeededGenerator(seed: 1)
        let token = Token(using: &generator)
        let text = token.secret.reveal()
        #expect(text.utf8.count == 61)
        #expect(Token(text)?.hash == token.hash)
        #expect(token.hash.prefix == String(text.prefix(11)))
        let last: Character = text.last == "a" ? "b" : "a"
        #expect(Token(text.dropLast() + String(last)) == nil)
        #expect(Token("ec_short") == nil)
    }

    @Test("are compared by fingerprint, made sure of without one, and left alone when not at hand")
    func comparison() {
        let reference = SecretReference(.env("T"))
        let wanted = Sensitive.reference(reference)
        let stored = Sensitive.stored(Fingerprint(of: Secret("v"), salt: "s"))
        #expect(wanted.differences(from: stored, named: "x", with: Secrets([reference: Secret("v")])).isEmpty)
        #expect(wanted.differences(from: stored, named: "x", with: Secrets([reference: Secret("w")])).map(\.certainty) == [.changed])
        #expect(wanted.differences(from: .stored(nil), named: "x", with: Secrets([reference: Secret("v")])).map(\.certainty) == [.ensure])
        #expect(wanted.differences(from: stored, named: "x", with: Secrets()).map(\.certainty) == [.unavailable])
    }
}
