@testable import DNS
import Testing

@Suite("An answer of a name server")
struct MessageTests {
    /// A message as bytes, built by hand: its header, its question, and whatever comes behind them.
    struct Message {
        var id: UInt16 = 0x1234
        var flags: UInt16 = 0x8180
        var questions: UInt16 = 1
        var answers: UInt16 = 1
        var name: [UInt8] = Message.wire("acme.example")
        var type = RecordType.mx
        var rest: [UInt8] = []

        static func word(_ value: Int) -> [UInt8] { [UInt8(value >> 8), UInt8(value & 0xFF)] }
        static func wire(_ name: String) -> [UInt8] { name.split(separator: ".").flatMap { [UInt8($0.utf8.count)] + Array($0.utf8) } + [0] }
        static func record(_ name: [UInt8], _ type: Int, _ data: [UInt8], class: Int = 1) -> [UInt8] {
            name + word(type) + word(`class`) + [0, 0, 14, 16] + word(data.count) + data
        }

        var bytes: [UInt8] {
            [Int(id), Int(flags), Int(questions), Int(answers), 0, 0].flatMap(Self.word) + name + Self.word(Int(type.rawValue))
                + Self.word(1) + rest
        }

        func read() throws -> Response {
            try Response(bytes, to: Query(id: 0x1234, name: try #require(DNSName("acme.example")), type: type))
        }
    }

    /// The question's name, by its place.
    static let name: [UInt8] = [0xC0, 12]

    static func mx(_ preference: UInt16, _ host: String) throws -> RecordData {
        .mx(preference: preference, exchange: try #require(DNSName(host)))
    }

    @Test("is the bytes that others make of it")
    func others() throws {
        // As dnspython 2.9 writes the question and the answer, with names compressed.
        let query = Query(id: 0x1234, name: try #require(DNSName("acme.example")), type: .mx)
        #expect(
            query.bytes == [
                0x12, 0x34, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 4, 97, 99, 109, 101, 7, 101, 120, 97, 109, 112, 108, 101, 0, 0, 15, 0, 1,
            ])
        let answer: [UInt8] = [
            0x12, 0x34, 0x81, 0x80, 0, 1, 0, 2, 0, 0, 0, 0, 4, 97, 99, 109, 101, 7, 101, 120, 97, 109, 112, 108, 101, 0, 0, 15, 0, 1, 192,
            12,
            0, 15, 0, 1, 0, 0, 14, 16, 0, 8, 0, 10, 3, 109, 120, 49, 192, 12, 192, 12, 0, 15, 0, 1, 0, 0, 14, 16, 0, 8, 0, 20, 3, 109, 120,
            50,
            192, 12,
        ]
        #expect(try Response(answer, to: query) == .records([Self.mx(10, "mx1.acme.example"), Self.mx(20, "mx2.acme.example")]))
    }

    @Test("has records of the type, also of the name that the name is an alias of")
    func records() throws {
        var message = Message()
        message.rest = Message.record(Self.name, 15, [0, 10] + Message.wire("MX.Acme.example"))
        #expect(try message.read() == .records([Self.mx(10, "mx.acme.example")]))
        message.type = .txt
        message.rest = Message.record(Self.name, 16, [2, 97, 98, 1, 99])
        #expect(try message.read() == .records([.txt(Array("abc".utf8))]), "its parts are one text")
        message.answers = 3
        message.rest =
            Message.record(Self.name, 5, Message.wire("b.example"))
            + Message.record(Message.wire("b.example"), 5, Message.wire("c.example"))
            + Message.record(Message.wire("c.example"), 16, [1, 120])
        #expect(try message.read() == .records([.txt([120])]))
        message.answers = 2
        message.rest = Message.record(Self.name, 5, Message.wire("b.example")) + Message.record(Message.wire("b.example"), 5, Self.name)
        #expect(try message.read() == .records([]), "an alias of an alias of itself")
    }

    @Test("leaves out what nobody asked for")
    func beside() throws {
        var message = Message(answers: 4)
        message.rest =
            Message.record(Self.name, 1, [127, 0, 0, 1]) + Message.record(Message.wire("other.example"), 15, [0, 1] + Message.wire("x.y"))
            + Message.record(Self.name, 15, [0, 1] + Message.wire("x.y"), class: 3)
            + Message.record(Self.name, 15, [0, 5] + Message.wire("mx.y"))
        #expect(try message.read() == .records([Self.mx(5, "mx.y")]))
        message.rest += [1, 2, 3]
        #expect(try message.read() == .records([Self.mx(5, "mx.y")]), "what is behind the answers is not read")
    }

    @Test("says that there is none, that it is cut off, or that the server cannot say")
    func codes() throws {
        var message = Message(answers: 0)
        #expect(try message.read() == .records([]))
        message.flags = 0x8183
        #expect(try message.read() == .records([]), "no such name")
        message.flags = 0x8380
        #expect(try message.read() == .truncated)
        for code: UInt16 in [1, 2, 4, 5, 9] {
            message.flags = 0x8180 | code
            #expect(try message.read() == .failed(UInt8(code)))
        }
    }

    @Test("is none when it answers something else, or is no answer")
    func strangers() throws {
        let good = Message(rest: Message.record(Self.name, 15, [0, 10] + Message.wire("mx.acme.example")))
        #expect(throws: Never.self) { try good.read() }
        var changed: [Message] = []
        func change(_ body: (inout Message) -> Void) {
            var message = good
            body(&message)
            changed.append(message)
        }
        change { $0.id = 0x1235 }
        change { $0.flags = 0x0180 }
        change { $0.flags = 0xA180 }
        change { $0.questions = 0 }
        change { $0.questions = 2 }
        change { $0.name = Message.wire("acme.invalid") }
        change { $0.answers = 2 }
        for message in changed { #expect(throws: MalformedMessage.self) { try message.read() } }
        let query = Query(id: 0x1234, name: try #require(DNSName("acme.example")), type: .txt)
        #expect(throws: MalformedMessage.self) { try Response(good.bytes, to: query) }
    }

    @Test("does not lead a reader round in circles, out of the message, or into endless names")
    func pointers() throws {
        let here = UInt8(Message().bytes.count)
        let names: [[UInt8]] = [
            [0xC0, here], [0xC0, here + 2], [0xFF, 0xFF], [1, 97, 0xC0, here], [0x40, 0], [0x80, 0], [63, 97], [0xC0],
            (0..<5).flatMap { _ in [63] + [UInt8](repeating: 97, count: 63) } + [0],
        ]
        for name in names {
            let message = Message(rest: Message.record(name, 15, [0, 1, 0]))
            #expect(throws: MalformedMessage.self, "\(name.prefix(8))") { try message.read() }
        }
        // Each name ends where the one before begins: a small message could keep a reader busy for long.
        for (count, isName) in [(127, true), (128, false), (8000, false)] {
            var (bytes, last) = ([UInt8]([1, 97, 0]), 0)
            for _ in 0..<count {
                let place = bytes.count
                bytes += [0xC0 | UInt8(last >> 8), UInt8(last & 0xFF)]
                last = place
            }
            var reader = WireReader(bytes)
            _ = try reader.bytes(last)
            let name = try? reader.name()
            #expect(name == (isName ? DNSName("a") : nil), "\(count)")
        }
    }

    @Test("ends where its lengths say, or is none")
    func lengths() throws {
        for data: [UInt8] in [[], [0], [0, 10], [0, 10, 1], [0, 10, 0, 0]] {
            #expect(throws: MalformedMessage.self, "\(data)") { try Message(rest: Message.record(Self.name, 15, data)).read() }
        }
        for data: [UInt8] in [[2, 97], [255], [1]] {
            #expect(throws: MalformedMessage.self, "\(data)") {
                try Message(type: .txt, rest: Message.record(Self.name, 16, data)).read()
            }
        }
        let good = Message(rest: Message.record(Self.name, 15, [0, 10] + Message.wire("mx.acme.example"))).bytes
        let query = Query(id: 0x1234, name: try #require(DNSName("acme.example")), type: .mx)
        for count in good.indices { #expect(throws: MalformedMessage.self) { try Response(Array(good.prefix(count)), to: query) } }
    }

    @Test("with whatever bytes takes no reader down", arguments: 0..<8)
    func mutations(seed: UInt64) throws {
        var noise = Noise(seed: seed)
        let rest =
            Message.record(Self.name, 5, Message.wire("b.example"))
            + Message.record(Message.wire("b.example"), 15, [0, 10, 1, 97] + Self.name)
            + Message.record(Message.wire("b.example"), 16, [3, 97, 98, 99])
        let good = Message(answers: 3, rest: rest).bytes
        let query = Query(id: 0x1234, name: try #require(DNSName("acme.example")), type: .mx)
        var (read, refused) = (0, 0)
        for _ in 0..<4000 {
            var bytes = good
            for _ in 0...noise.below(3) {
                // The question is left alone most of the time: else little is read behind it.
                let place = noise.below(8) == 0 ? noise.below(bytes.count) : 30 + noise.below(max(1, bytes.count - 30))
                switch noise.below(4) {
                case 0: bytes[min(place, bytes.count - 1)] = UInt8(noise.below(256))
                case 1: bytes.insert([0, 0xC0, 63, 255][noise.below(4)], at: min(place, bytes.count))
                case 2: bytes.remove(at: min(place, bytes.count - 1))
                default: bytes[min(place, bytes.count - 1)] ^= 1 << UInt8(noise.below(8))
                }
            }
            do {
                if case .records(let records) = try Response(bytes, to: query) { read += records.count }
            } catch { refused += 1 }
        }
        #expect(read > 100 && refused > 100, "\(read) records, \(refused) refusals")
    }
}
