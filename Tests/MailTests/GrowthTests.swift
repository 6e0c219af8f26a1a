import Glibc
import Mail
import Testing

/// Four times the input takes about four times the time of the processor, whatever the input is; a quadratic step would make it sixteen.
@Suite("Reading hostile mail")
struct GrowthTests {
    private static let parts = "Content-Type: multipart/mixed; boundary=b\n\n"

    @Test(
        "takes time in proportion to its size",
        arguments: [
            ("To: ", "("), ("To: ", "\" "), ("To: \"", "\\"), ("To: ", "<"), ("To: ", "["), ("To: ", "@"), ("To: ", "a. "),
            ("To: ", "a@b,"), ("To: ", "g:;"), ("To: ", "(a)"),
            ("Subject: ", "=?utf-8?q?a?= "), ("Subject: ", "=?utf-8?q?a "), ("Subject: ", "=?"), ("Subject: ", "=?utf-8?q?"),
            ("Subject: ", "=?koi8-r?q?=C1?= =?big5?q?a?="),
            ("Subject: x", "\n a"), ("", "A: b\n"), ("", "To: b\n"), ("A: b", "\r"), ("A: b\n", "junk\nFrom: x\n"), ("References: ", "<"),
            ("Date: ", "("),
            ("Content-Type: a/b", "; a=b"), ("Content-Type: a/b; ", "("), ("Content-Type: a/b; ", "x=( (;"),
            ("Content-Type: a/b; a=\"", "\\"), ("Content-Type: a/b; ", "a*0="),
            ("", "Content-Type: multipart/mixed; boundary=b\n\n--b\n"), (parts, "--b\n"), (parts, "--\n"),
            (parts, "--b\nContent-Type: multipart/mixed\n\nx\n"),
            ("Content-Transfer-Encoding: base64\n\n", "="), ("Content-Transfer-Encoding: quoted-printable\n\n", "= "),
            ("Content-Transfer-Encoding: quoted-printable\n\n", " "),
            ("Content-Type: text/plain; charset=iso-2022-jp\n\n", "\u{1B}"), ("Content-Type: text/plain; charset=utf-7\n\n", "+"),
            ("Content-Type: text/plain; charset=big5\n\n", "\u{80}"),
            ("\n", "\u{80}\n\0"),
        ])
    func growth(start: String, unit: String) throws {
        func text(_ size: Int) -> String { start + String(repeating: unit, count: size / unit.utf8.count) }
        try expectLinear(small: text(2_048), large: text(8_192))
    }

    @Test("takes time in proportion to the number of boundaries, of which far more stand in each other than are followed")
    func boundaries() throws {
        func text(_ count: Int) -> String { (0..<count).map { "Content-Type: multipart/mixed; boundary=b\($0)\n\n--b\($0)\n" }.joined() }
        try expectLinear(small: text(400), large: text(1_600))
    }

    private func expectLinear(small: String, large: String) throws {
        let small = try Self.time(Array(small.utf8))
        let large = try Self.time(Array(large.utf8))
        #expect(large < small * 9 + 0.002)
    }

    /// What reading takes of this thread's time of the processor, in seconds: it does not matter what else the machine does.
    private static func time(_ bytes: [UInt8]) throws -> Double {
        var limits = MailLimits()
        limits.headerBytes = limits.bytes
        return try (0..<3).map { _ in
            let begin = processorTime()
            _ = try MailMessage(parsing: bytes, limits: limits)
            return processorTime() - begin
        }.min() ?? 0
    }

    private static func processorTime() -> Double {
        var time = timespec()
        _ = unsafe clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
}
