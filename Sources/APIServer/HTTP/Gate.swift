import EmailConnect
import HTTPTypes
import Hummingbird

/// Lets requests in: who is calling, from where, and whether they have asked too often.
struct Gate: Sendable {
    let authenticator: Authenticator
    /// nil when nobody counts.
    let limiter: RateLimiter?
    let activity: Activity
    /// Whose word for a client's address is taken.
    let trustedProxies: IPRanges

    /// Finds out who calls, and counts the request.
    /// - Parameter headers: with the API key where it belongs.
    /// - Throws: ``Problem``.
    func enter(_ request: Request, _ headers: HTTPFields, _ context: ConnectionContext) async throws -> Caller {
        let caller = try await authenticator.caller(headers, from: address(of: request, context))
        try admit(caller, context)
        return caller
    }

    /// Counts a request of somebody who is known.
    /// - Throws: ``Problem`` when there were too many.
    func admit(_ caller: Caller, _ context: ConnectionContext) throws(Problem) {
        let quota = limiter?.admit(.account(caller.accountID), caller.limits)
        context.notes.enter(caller, quota)
        if let problem = quota?.problem { throw problem }
    }

    /// Counts a request of somebody who is not known yet, before anything is done for them.
    /// - Throws: ``Problem`` when there were too many from their address.
    func admitStranger(_ request: Request, _ context: ConnectionContext) throws(Problem) {
        if let problem = countNobody(request, context) { throw problem }
    }

    /// Counts a request of nobody by its address, so that keys cannot be guessed at leisure.
    /// - Returns: the refusal when there were too many.
    func countNobody(_ request: Request, _ context: ConnectionContext) -> Problem? {
        let found = context.notes.found
        guard let limiter, found.quota == nil, found.isCounted else { return nil }
        let quota = limiter.admit(.address(address(of: request, context).map(Self.network)), AccountLimits(.free))
        context.notes.refuse(quota)
        return quota.problem
    }

    /// Notes what was used of which key.
    func note(_ found: RequestNotes.Found, _ request: Request, _ context: ConnectionContext) {
        guard let caller = found.caller else { return }
        activity.note(caller, from: address(of: request, context))
        activity.note(caller, used: found.scopes)
    }

    /// The client's address: the other end of the connection or, when that is a trusted proxy, the last one in
    /// `X-Forwarded-For` that is none. Everything before it anybody may have written.
    func address(of request: Request, _ context: ConnectionContext) -> [UInt8]? {
        Self.address(peer: context.peer, forwarded: request.headers[values: .forwardedFor], trusting: trustedProxies)
    }

    /// An address that may have a port behind it.
    private static func address(_ text: String) -> [UInt8]? {
        if let bytes = IPAddress.bytes(text) { return IPAddress.unmapped(bytes) }
        guard let colon = text.lastIndex(of: ":") else { return nil }
        var host = text[..<colon]
        if host.hasPrefix("["), host.hasSuffix("]") { host = host.dropFirst().dropLast() }
        return IPAddress.bytes(host).map(IPAddress.unmapped)
    }

    /// Whoever has one IPv6 address has the 2^64 beside it. https://www.rfc-editor.org/rfc/rfc6177
    static func network(_ address: [UInt8]) -> [UInt8] { address.count == 16 ? Array(address.prefix(8)) : address }

    static func address(peer: [UInt8]?, forwarded: [String], trusting trustedProxies: IPRanges) -> [UInt8]? {
        guard let peer = peer.map(IPAddress.unmapped) else { return nil }
        guard !trustedProxies.list.isEmpty, trustedProxies.allow(peer) else { return peer }
        let hops = forwarded.flatMap { $0.split(separator: ",") }
        for hop in hops.reversed() {
            // What cannot be read is somebody, but nobody knows who: not the proxy, which may be allowed more.
            guard let address = Self.address(hop.filter { $0 != " " }) else { return nil }
            if !trustedProxies.allow(address) { return address }
        }
        return peer
    }
}
