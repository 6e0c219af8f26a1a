@testable import APIServer
import DNS
import EmailConnect
import Foundation
import Synchronization

/// Whom a server asks: name servers and endpoints. Nobody answers, unless a test says what.
final class Others: Sendable {
    private struct State {
        var records: [DNSName: [RecordData]]?
        var asked: [String] = []
        var answer: (@Sendable (Outgoing, String) -> Result<Attempt.Answer, DeliveryFailure>)?
        var called: [Outgoing] = []
    }

    private let state = Mutex(State())

    /// What name servers say; nil for none that answers.
    func say(_ records: [String: [RecordData]]?) {
        let records = records.map { Dictionary(uniqueKeysWithValues: $0.compactMap { name, data in DNSName(name).map { ($0, data) } }) }
        state.withLock { $0.records = records }
    }

    /// What endpoints answer to a call with a code.
    func answer(_ body: @escaping @Sendable (Outgoing, _ code: String) -> Result<Attempt.Answer, DeliveryFailure>) {
        state.withLock { $0.answer = body }
    }

    /// The endpoints' answer to whatever they are sent: a status and a body.
    func answer(_ status: Int, _ body: @escaping @Sendable (_ code: String) -> String) {
        answer { _, code in .success(.init(status: status, body: Array(body(code).utf8))) }
    }

    var asked: [String] { state.withLock { $0.asked } }
    var called: [Outgoing] { state.withLock { $0.called } }
    /// The code of the latest call.
    var code: String { called.last.map { Self.code($0) } ?? "" }

    static func code(_ call: Outgoing) -> String {
        (try? JSONSerialization.jsonObject(with: Data(call.body)) as? [String: Any])?["code"] as? String ?? ""
    }

    func lookUp(_ name: DNSName, _ type: RecordType) -> [RecordData]? {
        state.withLock { state in
            state.asked.append("\(type) \(name)")
            return state.records.map { ($0[name] ?? []).filter { $0.type == type } }
        }
    }

    func answer(_ outgoing: Outgoing) -> Attempt {
        let answer = state.withLock { state in
            state.called.append(outgoing)
            return state.answer
        }
        return Attempt(milliseconds: 1, result: answer?(outgoing, Self.code(outgoing)) ?? .failure(.unreachable))
    }
}
