public import EmailConnect
import FoundationEssentials

/// What time it is; tests set it.
public struct Clock: Sendable {
    /// The time now.
    public var now: @Sendable () -> Timestamp

    /// A clock.
    public init(now: @escaping @Sendable () -> Timestamp) { self.now = now }

    /// The machine's clock.
    public static let system = Clock { Timestamp(seconds: Int(Date().timeIntervalSince1970)) }
}

/// Where ids, salts and tokens come from; tests seed it.
public struct Randomness: Sendable {
    /// The next 64 random bits.
    public var next: @Sendable () -> UInt64

    /// A source of randomness.
    public init(next: @escaping @Sendable () -> UInt64) { self.next = next }

    /// The system's generator, fit for secrets.
    public static let system = Randomness {
        var generator = SystemRandomNumberGenerator()
        return generator.next()
    }

    /// A generator for the standard library's functions.
    public struct Generator: RandomNumberGenerator {
        let source: Randomness
        /// The next 64 random bits.
        public mutating func next() -> UInt64 { source.next() }
    }

    /// A generator for the standard library's functions.
    public var generator: Generator { Generator(source: self) }

    /// Letters and digits, 5.95 bits each.
    public func identifier(_ count: Int) -> String {
        var generator = generator
        return Token.random(count, &generator)
    }

    /// Hexadecimal digits, 4 bits each.
    public func hexadecimal(_ count: Int) -> String {
        var text = ""
        while text.utf8.count < count {
            let digits = String(next(), radix: 16)
            text += String(repeating: "0", count: 16 - digits.utf8.count) + digits
        }
        return String(text.prefix(count))
    }
}
