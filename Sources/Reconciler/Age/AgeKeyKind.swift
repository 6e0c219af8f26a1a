import EmailConnect

/// Telling apart what people have in place of a key, so that the message says what to do.
enum AgeKeyKind {
    case recipient, identity

    private var name: String { self == .recipient ? "an age recipient" : "an age identity" }
    private var form: String { self == .recipient ? "age1... in small letters" : "AGE-SECRET-KEY-1... in capitals" }

    private var unknown: Rejection { reject("not \(name)", "it reads \(form)") }

    private func reject(_ problem: String, _ remedy: String) -> Rejection {
        let rejection = Rejection(problem, remedy)
        return self == .identity ? rejection.hidingValue() : rejection
    }

    /// Why a text is not a key of this kind, as far as its start tells; nil when it may be one.
    static func rejection(of text: String, expecting kind: AgeKeyKind) -> Rejection? {
        let folded = text.lowercased()
        // The last 1 ends the prefix; all others are a part of it.
        let prefix = folded.lastIndex(of: "1").map { folded[..<$0] } ?? folded[...]
        if folded.hasPrefix("age-secret-key-pq-") || prefix == "age1pq" {
            return kind.reject("post-quantum age keys are not supported", "use an X25519 key: age-keygen without -pq").hidingValue()
        }
        // With a wrong checksum it is rather one of ours in which an l was read as a 1.
        if folded.hasPrefix("age-plugin-") || (prefix.hasPrefix("age1") && (try? Bech32.parts(of: text)) != nil) {
            return kind.reject("keys of age plugins are not supported", "use an X25519 key, as age-keygen makes it").hidingValue()
        }
        if folded.hasPrefix("ssh-") || folded.hasPrefix("ecdsa-sha2-") || folded.hasPrefix("sk-") || isPrivateKeyFile(folded) {
            return kind.reject("SSH keys are not supported", "use an X25519 key, as age-keygen makes it").hidingValue()
        }
        let isSecret = folded.hasPrefix(AgeIdentity.prefix)
        switch kind {
        case .recipient:
            if isSecret {
                return Rejection(
                    "this is a secret key, not a recipient",
                    "give its public key (age1...), as age-keygen -y prints it; if this was published, make a new key"
                ).hidingValue()
            }
            guard text.hasPrefix("\(AgeRecipient.prefix)1") else { return kind.unknown.hidingValue() }
        case .identity:
            if prefix == AgeRecipient.prefix {
                return kind.reject("this is a recipient, not a secret key", "give the key file that age-keygen wrote")
            }
            guard text.hasPrefix("\(AgeIdentity.prefix.uppercased())1") else { return kind.unknown }
        }
        return nil
    }

    /// Why a text that starts as a key is none.
    static func rejection(for failure: Bech32.Failure, _ kind: AgeKeyKind) -> Rejection {
        switch failure {
        case .mixedCase: kind.reject("\(kind.name) has letters in one case only", "copy it again: \(kind.form)")
        case .character: kind.reject("a character that stands in no age key", "copy the key again")
        case .noPrefix, .checksum, .padding: kind.reject("a mistyped or incomplete age key: its checksum is wrong", "copy the key again")
        }
    }

    /// A key of another length, which has a right checksum all the same.
    static func wrongLength(_ kind: AgeKeyKind) -> Rejection { kind.reject("not \(kind.name): it has no 32 bytes", "copy the key again") }

    private static func isPrivateKeyFile(_ folded: String) -> Bool {
        folded.hasPrefix("-----begin ") && folded.hasSuffix(" private key-----")
    }
}
