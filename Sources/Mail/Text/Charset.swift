/// How a text's octets stand for characters.
enum Charset: Equatable {
    case utf8
    /// Says nothing about octets above 127: mail in it that has them is in some other charset.
    case ascii
    /// Also what is labelled ISO-8859-1: the controls that this has at 128 to 159 are in no mail, the characters that Windows
    /// has there are in much. https://encoding.spec.whatwg.org/#names-and-labels
    case windows1252
    /// One that the system's `iconv` reads, by its name there.
    case other(String)

    /// What a label in a message means; nil when it is unknown, or not on the list.
    ///
    /// The list is short on purpose: a sender picks the label, and behind each name that `iconv` knows there is a module in C.
    /// Labels are compared by their letters and digits, for mail has `iso8859_1` and `UTF8` too. A charset of which mail uses a
    /// superset under the same name is read as that superset, as browsers do. https://encoding.spec.whatwg.org/#names-and-labels
    init?(label: String) {
        guard label.utf8.count <= 40 else { return nil }
        let key = String(decoding: label.utf8.map(\.lowered).filter { $0.isDigit || $0.isLetter }, as: UTF8.self)
        switch key {
        case "utf8", "unicode11utf8", "xunicode20utf8", "utf8mb4": self = .utf8
        case "usascii", "ascii", "ansix341968", "iso646us", "us": self = .ascii
        case "iso88591", "iso885911987", "latin1", "l1", "ibm819", "cp819", "windows1252", "win1252", "cp1252", "xcp1252", "ansi":
            self = .windows1252
        default:
            guard let name = Self.names[key] ?? Self.numbered(key) else { return nil }
            self = .other(name)
        }
    }

    /// How many octets `iconv` must step over when it cannot read a character.
    var unit: Int {
        guard case .other(let name) = self else { return 1 }
        return name.hasPrefix("UTF-16") ? 2 : name.hasPrefix("UTF-32") ? 4 : 1
    }

    /// The families whose members differ in a number only.
    private static func numbered(_ key: String) -> String? {
        for (prefix, name, numbers) in families where key.hasPrefix(prefix) {
            if let number = Int(key.dropFirst(prefix.count)), numbers.contains(number) { return "\(name)\(number)" }
        }
        return nil
    }

    private static let families: [(prefix: String, name: String, numbers: Set<Int>)] = [
        ("iso8859", "ISO-8859-", [2, 3, 4, 5, 6, 7, 8, 10, 13, 14, 15, 16]),
        ("windows", "CP", windows), ("xcp", "CP", windows), ("win", "CP", windows), ("cp", "CP", windows.union(dos)),
        ("ibm", "IBM", dos),
    ]
    private static let windows: Set<Int> = [874, 1250, 1251, 1253, 1254, 1255, 1256, 1257, 1258]
    private static let dos: Set<Int> = [437, 850, 852, 855, 857, 858, 860, 861, 862, 863, 865, 866, 869]

    private static let names: [String: String] = [
        "latin2": "ISO-8859-2", "latin3": "ISO-8859-3", "latin4": "ISO-8859-4", "latin9": "ISO-8859-15",
        "iso88599": "CP1254", "latin5": "CP1254", "iso885911": "CP874", "tis620": "CP874",
        "iso88598i": "ISO-8859-8", "iso88598e": "ISO-8859-8", "iso88596i": "ISO-8859-6",
        "koi8r": "KOI8-R", "koi8": "KOI8-R", "koi8u": "KOI8-U", "koi8ru": "KOI8-U",
        "macintosh": "MACINTOSH", "macroman": "MACINTOSH", "xmacroman": "MACINTOSH", "xmaccyrillic": "MAC-CYRILLIC",
        "gb2312": "GBK", "gbk": "GBK", "xgbk": "GBK", "cp936": "GBK", "windows936": "GBK", "csgb2312": "GBK", "euccn": "GBK",
        "gb18030": "GB18030", "big5": "BIG5-HKSCS", "big5hkscs": "BIG5-HKSCS", "cp950": "CP950", "xxbig5": "BIG5-HKSCS",
        "shiftjis": "CP932", "sjis": "CP932", "xsjis": "CP932", "mskanji": "CP932", "windows31j": "CP932", "cp932": "CP932",
        "eucjp": "EUC-JP-MS", "xeucjp": "EUC-JP-MS", "iso2022jp": "ISO-2022-JP", "csiso2022jp": "ISO-2022-JP",
        "iso2022jp1": "ISO-2022-JP", "iso2022jp2": "ISO-2022-JP-2", "iso2022jp3": "ISO-2022-JP-3",
        "euckr": "UHC", "ksc5601": "UHC", "ksc56011987": "UHC", "windows949": "UHC", "cp949": "UHC", "uhc": "UHC",
        "iso2022kr": "ISO-2022-KR", "viscii": "VISCII", "tcvn": "TCVN", "armscii8": "ARMSCII-8",
        "utf7": "UTF-7", "unicode11utf7": "UTF-7", "utf16": "UTF-16", "utf16le": "UTF-16LE", "utf16be": "UTF-16BE",
        "unicode": "UTF-16", "ucs2": "UTF-16", "utf32": "UTF-32", "utf32le": "UTF-32LE", "utf32be": "UTF-32BE",
    ]
}
