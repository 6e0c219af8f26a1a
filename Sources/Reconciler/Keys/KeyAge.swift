import EmailConnect

/// How old a key's token is, and what falls due by the server's clock.
struct KeyAge {
    /// When the newest token that is in use was made; nil when none was delivered.
    var issuedAt: Timestamp?
    /// When the token, or the key, ends.
    var endsAt: Timestamp?
    /// When another token is due.
    var rotationAt: Timestamp?
    let now: Timestamp
    /// Whether another token would not help: the key itself has ended.
    private let isEnded: Bool

    init(_ record: Record<APIKey>, _ state: AccountState) {
        now = state.header.time
        let live = state.tokens[record.id, default: []].filter { $0.acknowledgedAt != nil && $0.graceUntil == nil }
        issuedAt = live.map(\.issuedAt).max()
        endsAt = record.value.expiresAt
        isEnded = record.value.expiresAt.map { [now] in $0 <= now } ?? false
        if let issuedAt, let after = record.value.expiresAfter { endsAt = issuedAt + after }
        if let issuedAt, let rotate = record.value.rotateEvery { rotationAt = issuedAt + rotate }
    }

    /// Whether it has ended.
    var isOver: Bool { endsAt.map { $0 <= now } ?? false }
    /// Whether another token is due. A key with a written end needs a later one, not another token.
    var isDue: Bool { !isEnded && (rotationAt.map { $0 <= now } ?? false || isOver) }
}
