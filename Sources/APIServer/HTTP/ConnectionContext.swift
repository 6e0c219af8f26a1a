import EmailConnect
import HTTPTypes
import Hummingbird
import NIOCore
import Synchronization

/// What the server knows of a request's connection while it answers.
struct ConnectionContext: RequestContext {
    var coreContext: CoreRequestContextStorage
    /// The address at the other end, 4 or 16 bytes; nil over a Unix socket.
    let peer: [UInt8]?
    /// The connection, to end it.
    let channel: any Channel
    /// What is found out while the request is answered.
    let notes = RequestNotes()

    init(source: ApplicationRequestContextSource) {
        channel = source.channel
        coreContext = .init(source: source)
        switch source.channel.remoteAddress {
        case .v4, .v6: peer = source.channel.remoteAddress?.ipAddress.flatMap { IPAddress.bytes($0) }
        default: peer = nil
        }
    }

    /// A body's bytes, all of them within a time that a slow line needs and a hostile one has to keep to.
    /// - Throws: ``Problem`` when there are too many.
    func body(of request: Request, upTo limit: Int) async throws -> [UInt8] {
        let tooLarge = Problem(.tooLarge, "the body is larger than \(limit) bytes")
        if let length = request.headers[.contentLength].flatMap(Int.init), length > limit { throw tooLarge }
        let channel = channel
        let cutOff = channel.eventLoop.scheduleTask(in: .seconds(limit > Call.bodyLimit ? 300 : 30)) { channel.close(promise: nil) }
        defer { cutOff.cancel() }
        do { return Array(try await request.body.collect(upTo: limit).readableBytesView) } catch is NIOTooManyBytesError {
            throw tooLarge
        } catch {
            // Chunks that are none, a line that broke, a length that is not so.
            throw Problem(.malformed, "the body is malformed, or ended before its end")
        }
    }

    /// A body to send, all of it within a time, if it is not one small piece: a reader that stalls would keep what it reads alive.
    func limited(_ body: ResponseBody) -> ResponseBody {
        if let length = body.contentLength, length < 64 << 10 { return body }
        let channel = channel
        return ResponseBody(contentLength: body.contentLength) { writer in
            let cutOff = channel.eventLoop.scheduleTask(in: Self.readDeadline) { channel.close(promise: nil) }
            defer { cutOff.cancel() }
            try await body.write(writer)
        }
    }

    /// A reader that takes longer would keep the write-ahead log from being folded in.
    private static var readDeadline: TimeAmount { .seconds(120) }
}

/// What is found out about a request while it is answered, for the answer's headers, the log and the counters.
final class RequestNotes: Sendable {
    struct Found: Sendable {
        /// The request's id, as the answer and the log have it.
        var id = ""
        /// Whose key it was.
        var caller: Caller?
        /// What is left of the account's or the address's requests.
        var quota: Quota?
        /// Whether the request counts at all.
        var isCounted = true
        /// Scopes that it needed.
        var scopes: Set<Scope> = []
    }

    private let state = Mutex(Found())

    var found: Found { state.withLock { $0 } }
    func begin(_ id: String) { state.withLock { $0.id = id } }
    func enter(_ caller: Caller, _ quota: Quota?) {
        state.withLock { found in
            found.caller = caller
            found.quota = quota
        }
    }
    func use(_ scopes: some Sequence<Scope>) { state.withLock { $0.scopes.formUnion(scopes) } }
    func refuse(_ quota: Quota) { state.withLock { $0.quota = quota } }
    func doNotCount() { state.withLock { $0.isCounted = false } }
}
