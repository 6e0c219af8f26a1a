import Glibc

/// The system's converter from one charset to UTF-8. https://man7.org/linux/man-pages/man3/iconv.3.html
@safe struct Iconv: ~Copyable {
    private let handle: iconv_t
    private let unit: Int

    /// A converter; nil when the system has no such charset.
    /// - Parameters:
    ///   - name: from the list of charsets, never from a message.
    ///   - unit: how many octets to step over where there is no character.
    init?(_ name: String, unit: Int) {
        guard let opened = unsafe iconv_open("UTF-8", name), Int(bitPattern: opened) != -1 else { return nil }
        unsafe handle = unsafe opened
        self.unit = unit
    }

    deinit { _ = unsafe iconv_close(handle) }

    /// The text in UTF-8, with U+FFFD for what is no character, and whether all of it was.
    /// - Complexity: linear; each call of `iconv` consumes octets of the input or fills a buffer.
    borrowing func utf8(_ bytes: ArraySlice<UInt8>) -> (text: [UInt8], isWhole: Bool) {
        var text: [UInt8] = []
        text.reserveCapacity(bytes.count + bytes.count / 2)
        var isWhole = true
        let room = 4096
        // The state that the last text left behind.
        _ = unsafe iconv(handle, nil, nil, nil, nil)
        unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: room) { buffer in
            unsafe bytes.withUnsafeBytes { input in
                var source = unsafe UnsafeMutablePointer(mutating: input.bindMemory(to: CChar.self).baseAddress)
                var left = input.count
                var isFlushed = false
                while !isFlushed {
                    isFlushed = left == 0
                    var target = buffer.baseAddress
                    var free = room
                    // Without input it writes what it held back: some charsets have characters of two codes.
                    let result =
                        unsafe isFlushed
                        ? iconv(handle, nil, nil, &target, &free) : iconv(handle, &source, &left, &target, &free)
                    let code = errno
                    unsafe text.append(contentsOf: UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(buffer)[..<(room - free)]))
                    if result != -1 || isFlushed {
                        left = 0
                        continue
                    }
                    if code == E2BIG, free < room { continue }
                    isWhole = false
                    text.append(contentsOf: TextDecoder.replacement)
                    // A character that the end cuts off has nothing behind it.
                    let step = code == EILSEQ ? min(unit, left) : left
                    unsafe source = unsafe source.map { unsafe $0 + step }
                    left -= step
                }
            }
        }
        return (text, isWhole)
    }
}
