import Mail
import Testing

@Suite("A body")
struct BodyTests {
    private func text(_ body: [UInt8], charset: String? = nil, encoding: String = "8bit") throws -> String? {
        let type = charset.map { "Content-Type: text/plain; charset=\"\($0)\"\n" } ?? ""
        return try MailMessage(parsing: Array("\(type)Content-Transfer-Encoding: \(encoding)\n\n".utf8) + body).text
    }

    @Test(
        "in base64 is read as far as it goes",
        arguments: [
            ("YWJj", "abc"), ("YWI=", "ab"), ("YQ==", "a"), ("YW\nJj\n", "abc"), (" Y W J j ", "abc"), ("YWI", "ab"), ("YQ", "a"),
            ("Y", ""), ("YWJjZ", "abc"),
            ("YWJj!*-ZGVm", "abcdef"), ("YQ==YmM=", "abc"), ("YQ==\nYQ==\n", "aa"), ("YQ==\n-- \nthe list's footer", "a"), ("====", ""),
            ("", ""), ("!", ""),
            ("+/+/", "\u{FFFD}\u{FFFD}\u{FFFD}"),
        ])
    func base64(body: String, text: String) throws {
        #expect(try self.text(Array(body.utf8), charset: "utf-8", encoding: "BASE64 (c)") == text)
    }

    @Test(
        "in quoted-printable is read as far as it goes",
        arguments: [
            ("a=20b", "a b"), ("=c3=BC", "ü"), ("a=\nb", "ab"), ("a=\r\nb", "ab"), ("a= \t\nb", "ab"), ("a  \nb\t\n", "a\nb\n"),
            ("a=20 \nb", "a \nb"),
            ("a=", "a"), ("a= ", "a"), ("end  ", "end"), ("=3D=3d", "=="), ("a=zz", "a=zz"), ("a=4", "a=4"), ("a==41", "a=A"), ("=\n", ""),
            ("", ""), ("a\r\nb\r\n", "a\nb\n"),
        ])
    func quotedPrintable(body: String, text: String) throws {
        #expect(try self.text(Array(body.utf8), charset: "utf-8", encoding: "Quoted-Printable") == text)
    }

    @Test("with an encoding that is not known is given as it stands there")
    func unknownEncoding() throws {
        let message = try MailMessage("Content-Transfer-Encoding: x-secret\n\nabc=20")
        #expect(message.text == "abc=20")
        #expect(message.problems == ["a transfer encoding that is not known (x-secret): the body is given as it stands there"])
    }

    @Test(
        "is read in its charset",
        arguments: [
            ("utf-8", [0xC3, 0xBC], "ü"), ("UTF8", [0xEF, 0xBB, 0xBF, 0x61], "a"), ("iso-8859-1", [0xFC, 0x80, 0x81], "ü€\u{81}"),
            ("latin1", [0xFC], "ü"),
            ("iso-8859-15", [0xA4], "€"), ("windows-1252", [0x93, 0x94], "“”"), ("cp1250", [0xB9], "ą"), ("WINDOWS-1251", [0xCF], "П"),
            ("koi8-r", [0xF0], "П"),
            ("koi8-u", [0xA4], "є"), ("ibm850", [0x81], "ü"), ("cp437", [0x81], "ü"), ("macintosh", [0x9F], "ü"),
            ("iso-8859-9", [0xFD], "ı"), ("tis-620", [0xA1], "ก"),
            ("shift_jis", [0x93, 0xFA], "日"), ("euc-jp", [0xC6, 0xFC], "日"),
            ("iso-2022-jp", [0x1B, 0x24, 0x42, 0x46, 0x7C, 0x1B, 0x28, 0x42], "日"),
            ("gb2312", [0xD6, 0xD0], "中"), ("gbk", [0xD6, 0xD0], "中"), ("gb18030", [0x81, 0x30, 0x81, 0x30], "\u{80}"),
            ("big5", [0xA4, 0xA4], "中"),
            ("euc-kr", [0xC7, 0xD1], "한"), ("ks_c_5601-1987", [0xC7, 0xD1], "한"),
            ("iso-2022-kr", [0x1B, 0x24, 0x29, 0x43, 0x0E, 0x47, 0x51, 0x0F], "한"),
            ("utf-16be", [0x00, 0xFC, 0xD8, 0x3D, 0xDE, 0x00], "ü😀"), ("utf-16", [0xFF, 0xFE, 0xFC, 0x00], "ü"),
            ("utf-32le", [0xFC, 0, 0, 0], "ü"),
            ("utf-16be", [0x0D, 0x0A, 0x00, 0x0D, 0x00, 0x0A], "\u{D0A}\n"),
            ("utf-7", [0x2B, 0x41, 0x50, 0x77, 0x2D], "ü"), ("big5-hkscs", [0x88, 0x62], "Ê̄"),
            // What is broken
            ("utf-8", [0x61, 0xFF, 0x62], "a\u{FFFD}b"), ("utf-8", [0xE2, 0x82], "\u{FFFD}"),
            ("utf-8", [0xED, 0xA0, 0x80], "\u{FFFD}\u{FFFD}\u{FFFD}"),
            ("shift_jis", [0x61, 0xFF, 0x62], "a\u{FFFD}b"), ("shift_jis", [0x61, 0x93], "a\u{FFFD}"),
            ("utf-16be", [0xDC, 0x00, 0x00, 0x61], "\u{FFFD}a"),
            ("utf-16be", [0x00, 0x61, 0x00], "a\u{FFFD}"), ("us-ascii", [0xC3, 0xBC], "ü"), ("us-ascii", [0xFC], "ü"),
            ("none-such", [0xC3, 0xBC], "ü"),
            ("none-such", [0xFC], "ü"), ("//TRANSLIT", [0xFC], "ü"), ("../../x", [0x61], "a"), ("", [0xC3, 0xBC], "ü"),
            ("iso-8859-99", [0x61], "a"),
            ("iso-2022-cn-ext", [0x61], "a"), ("us-ascii", [0xC3, 0xBC, 0xC3, 0xBC, 0xFF], "üü\u{FFFD}"), ("utf-8", [0], "\u{FFFD}"),
            ("koi8-r", [0], "\u{FFFD}"),
        ] as [(String, [UInt8], String)])
    func charsets(label: String, body: [UInt8], text: String) throws {
        #expect(try self.text(body, charset: label) == text)
    }

    @Test(
        "is read in each charset that is known by name",
        arguments: [
            "utf8mb4", "unicode-1-1-utf-8", "ANSI_X3.4-1968", "iso646-us", "ansi", "x-cp1252", "iso-8859-2", "iso8859-3", "ISO_8859-4",
            "iso-8859-5", "iso-8859-6",
            "iso-8859-7", "iso-8859-8", "iso-8859-8-i", "iso-8859-10", "iso-8859-11", "iso-8859-13", "iso-8859-14", "iso-8859-16", "latin2",
            "latin3", "latin4", "latin5",
            "latin9", "windows-874", "windows-1250", "windows-1253", "win-1254", "x-cp1255", "cp1256", "cp1257", "windows-1258", "ibm852",
            "cp855", "cp857", "cp858", "cp860",
            "cp861", "cp862", "cp863", "cp865", "cp866", "cp869", "koi8", "koi8-ru", "x-mac-roman", "x-mac-cyrillic", "euc-cn", "cp936",
            "cp950", "x-x-big5", "x-sjis",
            "windows-31j", "ms_kanji", "x-euc-jp", "iso-2022-jp-1", "iso-2022-jp-2", "iso-2022-jp-3", "uhc", "cp949", "viscii", "tcvn",
            "armscii-8", "unicode-1-1-utf-7",
        ])
    func labels(label: String) throws {
        let message = try MailMessage("Content-Type: text/plain; charset=\"\(label)\"\n\nabc")
        #expect(message.text == "abc")
        #expect(message.problems.isEmpty, "\(message.problems)")
    }

    @Test("longer than the converter's buffer loses nothing, wherever it is cut")
    func longText() throws {
        for count in [4_095, 4_096, 4_097, 12_288, 20_000] {
            let text = try self.text(Array(repeating: 0xCF, count: count), charset: "windows-1251")
            #expect(text == String(repeating: "П", count: count))
        }
    }

    @Test("of plain text has LF at its lines' ends; format=flowed and HTML stay as they are")
    func lineEnds() throws {
        #expect(try MailMessage("\r\na \r\nb\rc\r\n").text == "a \nb\nc\n")
        #expect(try MailMessage("Content-Type: text/plain; format=flowed\r\n\r\n> a \r\n> b\r\n").text == "> a \n> b\n")
        #expect(try MailMessage("Content-Type: text/html\r\n\r\n<script>\r\n").html == "<script>\r\n")
    }

    @Test("that is no text is an attachment")
    func single() throws {
        let message = try MailMessage(
            "Content-Type: application/pdf; name=a.pdf\nContent-Transfer-Encoding: base64\nContent-ID: <1@a>\n\nAAEC")
        #expect(message.text == nil)
        #expect(message.attachments.map(\.bytes) == [[0, 1, 2]])
        #expect(message.attachments.map(\.contentID) == ["1@a"])
    }
}
