import NIOCore
import Synchronization

/// What all who bring mail may have together, so that nobody fills the server's memory or keeps others out.
struct SMTPLimits: Sendable {
    /// Connections at a time.
    var connections = 100
    /// Connections at a time from one address: half of them, for a mail server in front brings everything from one.
    var connectionsOfAddress = 50
    /// Bytes of messages that are not stored yet.
    var bytes = 128 << 20
    /// How long a client may say nothing. https://www.rfc-editor.org/rfc/rfc5321#section-4.5.3.2.7
    var silence = TimeAmount.minutes(5)
    /// How long one message may take to come.
    var message = TimeAmount.minutes(30)
    /// How long one connection may last.
    var connection = TimeAmount.hours(2)
}

/// What they have.
final class SMTPRoom: Sendable {
    private struct State {
        var addresses: [String: Int] = [:]
        var connections = 0
        var bytes = 0
    }

    let limits: SMTPLimits
    private let state = Mutex(State())

    init(_ limits: SMTPLimits = SMTPLimits()) { self.limits = limits }

    /// Lets a connection in.
    /// - Returns: whether there was room; else it is not to ``leave(_:)``.
    func enter(_ address: String) -> Bool {
        state.withLock { state in
            guard state.connections < limits.connections, state.addresses[address, default: 0] < limits.connectionsOfAddress else {
                return false
            }
            state.connections += 1
            state.addresses[address, default: 0] += 1
            return true
        }
    }

    /// One connection less.
    func leave(_ address: String) {
        state.withLock { state in
            state.connections -= 1
            let left = state.addresses[address, default: 1] - 1
            state.addresses[address] = left > 0 ? left : nil
        }
    }

    /// Whether another message may begin.
    var takesMessages: Bool { state.withLock { $0.bytes < limits.bytes } }

    /// Notes that a connection keeps more or less than it did.
    /// - Returns: whether there is room for it.
    @discardableResult
    func note(_ bytes: Int, before: Int) -> Bool {
        state.withLock { state in
            state.bytes += bytes - before
            return bytes <= before || state.bytes <= limits.bytes
        }
    }
}

extension SMTPReply {
    /// https://www.rfc-editor.org/rfc/rfc3463#section-3.5
    static let noRoom = SMTPReply("452 4.3.1 Too much mail comes at once; try again later")
}
