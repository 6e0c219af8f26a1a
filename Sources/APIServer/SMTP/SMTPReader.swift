/// Cuts what a client sends into commands and messages, however it comes in pieces.
struct SMTPReader: Sendable {
    /// What the client has said.
    enum Piece: Equatable, Sendable {
        /// A command, without its end of line.
        case line([UInt8])
        /// A command that is too long; none of it is kept.
        case longLine
        /// A message, without the dots that its lines were given for the way.
        case message([UInt8])
        /// A message that is too large; none of it is kept.
        case largeMessage
    }

    /// Where in a message it is. Only CR LF dot CR LF ends it: whoever takes other line ends for that can be made to see two messages
    /// where the server before it has seen one. https://www.rfc-editor.org/rfc/rfc5321#section-4.1.1.4
    private enum Place {
        case start
        case dot
        case dotReturn
        case text
        case textReturn
    }

    /// Octets of a command; the standard's 512, and what its extensions add, are less.
    private static let lineLimit = 2000

    private let messageLimit: Int
    private var waiting: ArraySlice<UInt8> = []
    private var kept: [UInt8] = []
    private var isTooLong = false
    private var place: Place?

    init(messageLimit: Int) { self.messageLimit = messageLimit }

    /// Takes what has come.
    mutating func feed(_ bytes: some Collection<UInt8>) { waiting = waiting + bytes }

    /// Whether nothing has come that was not read.
    var isEmpty: Bool { waiting.isEmpty }

    /// How much of a message is kept that has not come to its end.
    var messageBytes: Int { place == nil ? 0 : kept.count }

    /// Keeps nothing of the message that comes; at its end it was too large.
    mutating func giveUpMessage() {
        guard place != nil else { return }
        kept = []
        isTooLong = true
    }

    /// What follows is a message, not commands.
    mutating func beginMessage() { place = .start }

    /// The next piece that is whole; nil until more has come.
    mutating func next() -> Piece? {
        while let byte = waiting.popFirst() {
            if let piece = place == nil ? command(byte) : message(byte) { return piece }
        }
        return nil
    }

    private mutating func command(_ byte: UInt8) -> Piece? {
        guard byte == UInt8(ascii: "\n") else {
            keep(byte, Self.lineLimit)
            return nil
        }
        let isLong = isTooLong
        var line = taken()
        if line.last == UInt8(ascii: "\r") { line.removeLast() }
        return isLong ? .longLine : .line(line)
    }

    private mutating func message(_ byte: UInt8) -> Piece? {
        let isReturn = byte == UInt8(ascii: "\r")
        switch place {
        case .start where byte == UInt8(ascii: "."):
            place = .dot
            return nil
        case .dot where isReturn:
            place = .dotReturn
            return nil
        case .dotReturn where byte == UInt8(ascii: "\n"):
            place = nil
            let isLarge = isTooLong
            let message = taken()
            return isLarge ? .largeMessage : .message(message)
        case .dotReturn: keep(UInt8(ascii: "\r"), messageLimit)
        case .textReturn where byte == UInt8(ascii: "\n"):
            keep(byte, messageLimit)
            place = .start
            return nil
        default: break
        }
        keep(byte, messageLimit)
        place = isReturn ? .textReturn : .text
        return nil
    }

    private mutating func keep(_ byte: UInt8, _ limit: Int) {
        guard !isTooLong else { return }
        guard kept.count < limit else {
            isTooLong = true
            kept = []
            return
        }
        kept.append(byte)
    }

    private mutating func taken() -> [UInt8] {
        defer {
            kept = []
            isTooLong = false
        }
        return kept
    }
}
