public import EmailConnect
import EmailConnectClient
import NIOCore
import NIOPosix

/// An account whose next batch does not get an answer.
struct LossyAccount: AccountReader, AccountWriter {
    let client: AccountClient
    /// Whether the batch arrives.
    let arrives: Bool

    func state(of kinds: [Kind], seenBy viewer: Viewer) async throws(AccountFailure) -> AccountState {
        try await client.state(of: kinds, seenBy: viewer)
    }

    func applied(_ digest: String, by owner: Owner) async throws(AccountFailure) -> ApplyRecord? {
        try await client.applied(digest, by: owner)
    }

    func commit(_ batch: Batch, idempotencyKey: String) async throws(AccountFailure) -> BatchAnswer {
        if arrives { _ = try await client.commit(batch, idempotencyKey: idempotencyKey) }
        throw AccountFailure(.unknown, "the answer was lost", "")
    }

    func acknowledge(key id: String, prefix: String) async throws(AccountFailure) {
        throw AccountFailure(.unknown, "the answer was lost", "")
    }
}

/// One row of `GET /v1/changes`.
public struct LoggedChange: Sendable, Hashable {
    /// The account's revision that it made.
    public var revision: Int
    /// A kind, or `owner`.
    public var kind: String
    /// The resource's id.
    public var id: String
    /// What was there, by field, without secrets; nil for what is new.
    public var before: [String: String]?
    /// What is there now; nil for what is gone.
    public var after: [String: String]?

    /// As people name it: its natural key, or its id.
    public var title: String {
        let row = after ?? before ?? [:]
        let name = kind == "alias" ? "\(row["name"] ?? "")@\(row["domain"] ?? "")" : kind == "domain" ? row["name"] : row["key"]
        return "\(kind):\(name ?? id)"
    }
}

extension TestServer {
    /// What the history says, the latest first; of one revision, or of all.
    public func changes(revision: Int? = nil) async throws -> [LoggedChange] {
        var found: [LoggedChange] = []
        var query = "limit=100" + (revision.map { "&revision=\($0)" } ?? "")
        while true {
            var reader = JSONReader(try await get("/v1/changes?\(query)"))
            var next: String?
            for member in try reader.node().members("a list") {
                if member.key.text == "next_cursor", !member.value.isNull { next = try member.value.text() }
                guard member.key.text == "data" else { continue }
                for item in try member.value.items("a list") { found.append(try LoggedChange(item)) }
            }
            guard let next else { return found }
            query = "limit=100&cursor=\(next)" + (revision.map { "&revision=\($0)" } ?? "")
        }
    }
}

extension TestServer {
    /// The body of an answer to the first key's holder.
    private func get(_ path: String) async throws -> [UInt8] {
        let group = MultiThreadedEventLoopGroup.singleton
        let answer = group.next().makePromise(of: [UInt8].self)
        let head = "GET \(path) HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer \(key)\r\nConnection: close\r\n\r\n"
        ClientBootstrap(group: group)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(Answer(answer)) }
            }
            .connect(host: "127.0.0.1", port: port)
            .flatMap { $0.writeAndFlush(ByteBuffer(string: head)) }
            .whenFailure { answer.fail($0) }
        let bytes = try await answer.futureResult.get()
        guard let end = bytes.firstRange(of: Array("\r\n\r\n".utf8)) else { throw Rejection("no answer to GET \(path)") }
        return Array(bytes[end.upperBound...])
    }

    /// Everything that a connection brings until it ends.
    private final class Answer: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        private let promise: EventLoopPromise<[UInt8]>
        private var bytes: [UInt8] = []

        init(_ promise: EventLoopPromise<[UInt8]>) { self.promise = promise }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) { bytes += unwrapInboundIn(data).readableBytesView }
        func channelInactive(context: ChannelHandlerContext) { promise.succeed(bytes) }
        func errorCaught(context: ChannelHandlerContext, error: any Error) {
            promise.fail(error)
            context.close(promise: nil)
        }
    }
}

extension LoggedChange {
    init(_ node: Node) throws(Rejection) {
        self.init(revision: 0, kind: "", id: "")
        for member in try node.members("a change") where !member.value.isNull {
            switch member.key.text {
            case "revision": revision = try member.value.integer()
            case "kind": kind = try member.value.text()
            case "resource_id": id = try member.value.text()
            case "before": before = member.value.fields
            case "after": after = member.value.fields
            default: break
            }
        }
    }
}

extension Node {
    /// An object's members as texts, without their places.
    fileprivate var fields: [String: String] {
        guard case .mapping(let members, _) = self else { return [:] }
        return Dictionary(members.filter { !$0.value.isNull }.map { ($0.key.text, $0.value.plain) }) { $1 }
    }

    fileprivate var plain: String {
        switch self {
        case .scalar(let scalar): scalar.text
        case .mapping(let members, _): "{\(members.map { "\($0.key.text)=\($0.value.plain)" }.joined(separator: ","))}"
        case .sequence(let items, _): "[\(items.map(\.plain).joined(separator: ","))]"
        }
    }
}

/// A resource of any kind as an account has it, with its references by id, so that it is compared as it stands in its row.
public struct Held: Sendable, Equatable {
    /// Its kind.
    public var kind: Kind
    /// The server's id.
    public var id: String
    /// Its natural key; nil when it has none.
    public var name: String?
    /// Who manages it.
    public var owner: Owner?
    /// Whether it is protected.
    public var isProtected: Bool
    /// The webhook that it points at, by id.
    public var webhook: String?
    /// Whatever the account says of it.
    public var text: String
    /// What a reviewer sees of it, by field.
    public var fields: [String: String]

    /// As people name it.
    public var title: String { "\(kind.rawValue):\(name ?? id)" }
}

extension AccountState {
    /// Every resource, by id.
    public var held: [String: Held] {
        var ids: [String: String] = [:]
        for webhook in webhooks {
            if let key = webhook.value.key, let owner = webhook.owner { ids["\(owner.text)#\(key.text)"] = webhook.id }
        }
        func resolved(_ reference: WebhookReference?) -> WebhookReference? {
            guard case .key(let key) = reference else { return reference }
            return .id(ids[key] ?? "unknown \(key)")
        }
        var all: [String: Held] = [:]
        func add<R: Resource>(_ records: [Record<R>], webhook: (inout R) -> WebhookReference?) {
            for var record in records {
                let points = webhook(&record.value)
                let fields = record.value.withoutSecrets.shown(R.fields.indices.filter { R.fields[$0].name != "token" })
                var json = JSONWriter()
                json.object { Stated(record.value, rows: R.fields.indices).write(to: &$0) }
                let text = "\(record.version) \(record.applied ?? "") \(json.text) \(tokens[record.id] ?? [])"
                all[record.id] = Held(
                    kind: R.kind, id: record.id, name: record.value.naturalKey?.description, owner: record.owner,
                    isProtected: record.value.protected, webhook: points?.text, text: text,
                    fields: Dictionary(uniqueKeysWithValues: fields.map { ($0.field, "\($0.value)") }))
            }
        }
        add(webhooks) { _ in nil }
        add(domains) { domain in
            domain.webhook = resolved(domain.webhook)
            return domain.webhook
        }
        add(aliases) { alias in
            alias.webhook = resolved(alias.webhook)
            return alias.webhook
        }
        add(apiKeys) { _ in nil }
        return all
    }

    /// A text with `{{loose0}}` replaced by the id of the webhook of that name that nobody manages, and `{{below DOMAIN}}` by
    /// what a deletion of the domain takes along.
    public func expanding(_ text: String) -> String {
        var text = text
        while let range = text.firstRange(of: /\{\{[^}]*\}\}/) {
            let words = text[range].dropFirst(2).dropLast(2).split(separator: " ").map(String.init)
            if words.first == "below", let name = try? DomainName(words.last ?? "") {
                let below = aliases.filter { $0.value.domain?.name == name }.map { ($0.id, $0.version) }
                let cascade = Cascade(aliases: below)
                text.replaceSubrange(range, with: #"{"aliases":\#(cascade.aliases),"digest":"\#(cascade.digest)"}"#)
            } else {
                let webhook = webhooks.first { $0.owner == nil && $0.value.name == words.first }
                text.replaceSubrange(range, with: webhook?.id ?? "wh_none")
            }
        }
        return text
    }
}
