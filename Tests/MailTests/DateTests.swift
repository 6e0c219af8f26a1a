import Mail
import Testing

@Suite("A date")
struct DateTests {
    @Test(
        "is read in every form that mail has it",
        arguments: [
            // https://www.rfc-editor.org/rfc/rfc5322#appendix-A
            ("Fri, 21 Nov 1997 09:55:06 -0600", 880_127_706), ("Fri, 21 Nov 1997 09(comment):   55  :  06 -0600", 880_127_706),
            ("Thu,\n      13\n        Feb\n          1969\n      23:32\n               -0330 (Newfoundland Time)", -27_723_480),
            ("21 Nov 97 09:55:06 GMT", 880_106_106),
            ("Tue, 1 Jul 2003 10:52:37 +0200", 1_057_049_557), ("Tue,1 Jul 2003 10:52:37 +0200 (CEST)", 1_057_049_557),
            ("1 JUL 2003 10:52 +0000", 1_057_056_720), ("Tue, 1 Jul 2003 10:52:37 EDT", 1_057_071_157),
            ("Tue, 1 Jul 2003 10:52:37 Z", 1_057_056_757),
            ("Tue, 1 Jul 2003 10:52:37", 1_057_056_757), ("Tue, 1 Jul 2003 10:52:37 -0000", 1_057_056_757),
            ("Tue, 1 Jul 2003 10:52:37 XYZ", 1_057_056_757),
            ("Tue Jul  1 10:52:37 2003", 1_057_056_757), ("Tuesday, July 1, 2003 10:52:37 GMT", 1_057_056_757),
            ("01-Jul-2003 10:52:37 +02:00", 1_057_049_557),
            ("Tue, 1 Jul 2003 10:52:37+0200", 1_057_049_557), ("1 Jul 103 10:52:37 +0000", 1_057_056_757),
            ("1 Jul 70 00:00:00 +0000", 15_638_400),
            ("Tue, 1 Jul 2003 10:52:37.123 +0200", 1_057_049_557), ("Sat, 29 Feb 2020 12:00:00 +0000", 1_582_977_600),
            ("29 Feb 2000 0:0:0 +0000", 951_782_400),
            ("31 Dec 2016 23:59:60 +0000", 1_483_228_800), ("1 Jan 1970 00:00:00 +0000", 0), ("1 Jan 0001 00:00:00 +0000", -62_135_596_800),
            ("1 Mar 0000 00:00:00 +0000", -62_162_035_200),
            ("", nil), ("garbage", nil), ("Mon, 31 Feb 2025 10:00:00 +0000", nil), ("29 Feb 1900 10:00:00 +0000", nil), ("1 Jul 2003", nil),
            ("1 Jul 2003 24:00:00 +0000", nil), ("1 Jul 2003 10:60:00 +0000", nil), ("0 Jul 2003 10:00:00 +0000", nil),
            ("1 Jul 99999 10:00:00 +0000", nil),
            ("1 2 2003 10:00:00 +0000", nil), ("1 Jul 2003 10:00:00:00", nil), ("1 Jul 2003 :: +0000", nil), ("-", nil), ("1--- Jul", nil),
        ] as [(String, Int?)])
    func forms(raw: String, seconds: Int?) throws {
        let message = try MailMessage("Date: \(raw)\n\n")
        #expect(message.date == seconds)
        #expect(message.problems.isEmpty == (seconds != nil))
    }

    @Test("of each day of a year is a day later than the one before")
    func calendar() throws {
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        for year in [1600, 1899, 1900, 1970, 1999, 2000, 2024, 2025, 2100, 2400] {
            var before: Int?
            for month in months {
                for day in 1...31 {
                    guard let seconds = try MailMessage("Date: \(day) \(month) \(year) 12:00 +0000\n\n").date else { continue }
                    if let before { #expect(seconds - before == 86_400) }
                    before = seconds
                }
            }
        }
    }
}
