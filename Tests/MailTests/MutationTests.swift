import Mail
import Testing

@Suite("Mail that was damaged at random")
struct MutationTests {
    /// Small messages that together have everything in them.
    private static let corpus: [[UInt8]] = [
        "From: \"A, B\" <a@b.example>, g: c@d.example;\nTo: =?utf-8?b?SsO8cmdlbg==?= (c) <\"x y\"@[192.0.2.1]>\nSubject: =?koi8-r?q?=F0?= =?utf-8?q?=C3?=\n =?utf-8?q?=BC?=\nDate: Fri, 21 Nov 1997 09:55:06 -0600\nMessage-ID: <1@a>\n\ntext\n",
        "Content-Type: multipart/mixed; boundary=\"b\"\n\npre\n--b\nContent-Type: multipart/alternative; boundary=bb\n\n--bb\n\nplain\n--bb\nContent-Type: text/html; charset=shift_jis\nContent-Transfer-Encoding: base64\n\nk/qTew==\n--bb--\n--b\nContent-Type: a/b; name*0*=utf-8''%C3; name*1*=%BC\nContent-Transfer-Encoding: quoted-printable\n\n=C3=\n=BC \n--b--\n",
        "Content-Type: text/plain; charset=iso-2022-jp\r\n\r\n\u{1B}$BF|\u{1B}(B\r\n",
        "Content-Type: multipart/related\n\n--x\nContent-Type: message/rfc822\n\nSubject: i\n\n--x--",
        "Content-Type: text/plain; charset=utf-16\n\na\0b\0",
    ].map { Array($0.utf8) }
    private static let spices: [[UInt8]] =
        ["\n", "\r", "\r\n\r\n", "--b", "--b--", "=?", "?=", "\"", "(", ")", "<", ">", "@", ",", ":", ";", "=", "*", "%", "\\", "\0", "\t"]
        .map { Array($0.utf8) } + [[0xFF], [0xC3], [0x80]]

    @Test("is read without a crash, into valid text and no more than there was, and twice in the same way")
    func mutations() throws {
        var generator = Generator(state: 2027)
        for _ in 0..<1_500 {
            var bytes = Self.corpus[generator.below(Self.corpus.count)]
            for _ in 0...generator.below(4) { Self.damage(&bytes, &generator) }
            let message = try MailMessage(parsing: bytes)
            #expect(message.attachments.reduce(0) { $0 + $1.bytes.count } <= bytes.count)
            #expect((message.text?.utf8.count ?? 0) + (message.html?.utf8.count ?? 0) <= 3 * bytes.count + 8)
            let text =
                [message.text ?? "", message.html ?? "", message.subject ?? ""] + message.headers.map(\.value) + message.to.map(\.name)
            for text in text {
                // A string that was made from octets unchecked would not survive this.
                #expect(String(validating: Array(text.utf8), as: UTF8.self) == text)
                #expect(!text.utf8.contains(0))
            }
            #expect(message.headers.allSatisfy { !$0.value.utf8.contains { $0 == 0x0A || $0 == 0x0D } })
            if generator.below(10) == 0 { #expect(try MailMessage(parsing: bytes) == message) }
        }
    }

    private static func damage(_ bytes: inout [UInt8], _ generator: inout Generator) {
        let place = generator.below(bytes.count + 1)
        let length = min(generator.below(20), bytes.count - place)
        switch generator.below(6) {
        case 0: bytes.removeSubrange(place..<(place + length))
        case 1: bytes.insert(contentsOf: spices[generator.below(spices.count)], at: place)
        case 2: bytes.insert(contentsOf: bytes[place..<(place + length)], at: generator.below(bytes.count + 1))
        case 3: bytes.removeSubrange(place...)
        case 4: if place < bytes.count { bytes[place] = UInt8(truncatingIfNeeded: generator.below(256)) }
        default: bytes += corpus[generator.below(corpus.count)]
        }
    }

    /// https://prng.di.unimi.it/splitmix64.c
    private struct Generator {
        var state: UInt64

        mutating func below(_ limit: Int) -> Int {
            state &+= 0x9E37_79B9_7F4A_7C15
            var bits = state
            bits = (bits ^ bits >> 30) &* 0xBF58_476D_1CE4_E5B9
            bits = (bits ^ bits >> 27) &* 0x94D0_49BB_1331_11EB
            return Int((bits ^ bits >> 31) % UInt64(limit))
        }
    }
}
