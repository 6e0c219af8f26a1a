import EmailConnect
import Testing
import TestSupport

@Suite("JSON")
struct JSONTests {
    private func read(_ text: String) throws -> Node {
        var reader = JSONReader(Array(text.utf8))
        let node = try reader.node()
        try reader.finish()
        return node
    }

    @Test(
        "that is malformed is refused",
        arguments: [
            "", "{", "[", "\"", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "[1,]", "[1 2]", "{a:1}", "nul", "NaN", "Infinity", "01", "1.", ".5",
            "1e", "+1",
            "-", "\"\\x\"", "\"\\u12\"", "\"\\ud800\"", "\"\\ud800\\u0041\"", "\"\u{1}\"", "{} {}", "'a'", "// c", "{\"a\":1,\"a\":2}",
            "\"a\nb\"",
            "\"\\u+123\"", "[1]x",
        ])
    func malformed(text: String) {
        #expect(throws: Rejection.self) { try read(text) }
    }

    @Test("that is not UTF-8 is refused")
    func invalidUTF8() {
        for bytes: [UInt8] in [[0x22, 0xFF, 0x22], [0x22, 0xC3, 0x22], [0x22, 0xED, 0xA0, 0x80, 0x22]] {
            #expect(throws: Rejection.self) {
                var reader = JSONReader(bytes)
                _ = try reader.node()
            }
        }
    }

    @Test("may be 64 levels deep and no deeper")
    func depth() throws {
        _ = try read(String(repeating: "[", count: 64) + String(repeating: "]", count: 64))
        #expect(throws: Rejection.self) { try read(String(repeating: "[", count: 65) + String(repeating: "]", count: 65)) }
        #expect(throws: Rejection.self) { try read(String(repeating: "{\"a\":", count: 100_000)) }
    }

    @Test("text of every kind survives being written and read")
    func roundTrip() throws {
        var generator = SeededGenerator(seed: 7)
        let alphabet: [Unicode.Scalar] = ["a", "\"", "\\", "\n", "\u{1}", "/", "é", "😀", "\u{2028}", "\u{7F}", "\t"]
        for _ in 0..<500 {
            var text = ""
            for _ in 0..<Int.random(in: 0..<20, using: &generator) {
                text.unicodeScalars.append(alphabet.randomElement(using: &generator) ?? "a")
            }
            var json = JSONWriter()
            json.object { $0.member(text, text) }
            #expect(try read(json.text) == .mapping([.init(Scalar(text, .quoted), .scalar(Scalar(text, .quoted)))], .start))
        }
    }

    @Test("escapes of every kind are read")
    func escapes() throws {
        #expect(try read(#""\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00""#) == .scalar(Scalar("\"\\/\u{8}\u{C}\n\r\té😀", .quoted)))
    }

    @Test("a text ends where its quote is, wherever that is, and holds no control character")
    func places() throws {
        for length in 0..<40 {
            let text = String(repeating: "a", count: length)
            #expect(try read("\"\(text)\" ") == .scalar(Scalar(text, .quoted)))
            for place in 0..<length {
                let bytes = Array(text.utf8)
                for (byte, isFine) in [(UInt8(0x1F), false), (0x20, true), (0x7F, true), (0x80, false), (0xFF, false), (0, false)] {
                    var changed = bytes
                    changed[place] = byte
                    var reader = JSONReader([UInt8(ascii: "\"")] + changed + [UInt8(ascii: "\"")])
                    let node = Result { try reader.node() }
                    #expect((try? node.get()) == (isFine ? .scalar(Scalar(String(decoding: changed, as: UTF8.self), .quoted)) : nil))
                }
            }
        }
    }

    @Test("an object of many members is checked for repeats as one of few is")
    func manyMembers() throws {
        let members = (0..<1000).map { "\"k\($0)\":1" }.joined(separator: ",")
        _ = try read("{\(members)}")
        #expect(throws: Rejection.self) { try read("{\(members),\"k3\":1}") }
        #expect(throws: Rejection.self) { try read("{\(members),\"k999\":1}") }
    }
}
