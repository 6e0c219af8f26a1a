@testable import APIServer
import EmailConnect
import HTTPTypes
import NIOCore
import Testing
import TestSupport

@Suite("Where webhooks lead")
struct WebhookTargetTests {
    private static func bytes(_ text: String) throws -> [UInt8] { try #require(IPAddress.bytes(text), "\(text)") }

    @Test(
        "is never inside: private, loopback, link-local, shared, metadata, documentation, multicast, or IPv4 in the clothes of IPv6",
        arguments: [
            "0.0.0.0", "0.1.2.3", "10.0.0.1", "10.255.255.255", "100.64.0.1", "100.127.255.255", "127.0.0.1", "127.255.255.254",
            "169.254.0.1", "169.254.169.254", "172.16.0.1", "172.31.255.255", "192.0.0.8", "192.0.2.1", "192.88.99.1", "192.168.0.1",
            "198.18.0.1", "198.19.255.255", "198.51.100.7", "203.0.113.9", "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255",
            "::", "::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "::127.0.0.1", "64:ff9b::7f00:1", "64:ff9b:1::1",
            "100::1", "2001::1", "2001:db8::1", "2002:7f00:1::", "3fff::1", "5f00::1", "fc00::1", "fd00:ec2::254", "fe80::1", "fec0::1",
            "ff02::1",
        ])
    func refused(text: String) throws {
        #expect(!WebhookTargets().allow(try Self.bytes(text)))
        var all = WebhookTargets()
        all.allowsAll = true
        #expect(all.allow(try Self.bytes(text)))
    }

    @Test(
        "is anywhere else",
        arguments: [
            "1.1.1.1", "9.255.255.255", "100.63.255.255", "100.128.0.1", "172.15.0.1", "172.32.0.1", "192.1.0.1",
            "223.255.255.255", "::ffff:8.8.8.8", "2001:4860:4860::8888", "2606:4700::1111", "2a00:1450:4001::1",
        ])
    func allowed(text: String) throws { #expect(WebhookTargets().allow(try Self.bytes(text))) }

    @Test("is a network that whoever runs the server allows, and no other")
    func networks() throws {
        var targets = WebhookTargets()
        targets.networks = [try IPRange("10.1.0.0/16"), try IPRange("fd00::/8")]
        for text in ["10.1.2.3", "::ffff:10.1.2.3"] { #expect(targets.allow(try Self.bytes(text))) }
        #expect(targets.allow(try Self.bytes("fd12::1")))
        for text in ["10.2.0.1", "127.0.0.1", "fe80::1"] { #expect(!targets.allow(try Self.bytes(text))) }
        for (url, isAllowed) in [
            ("http://10.1.2.3/", true), ("http://10.2.0.1/", false), ("http://localhost/", false), ("http://a.localhost/", false),
            ("http://[::1]/", false), ("https://a.example/", true),
        ] { #expect(targets.allow(try HTTPURL(url)) == isAllowed, "\(url)") }
        targets.networks.append(try IPRange("127.0.0.0/8"))
        #expect(targets.allow(try HTTPURL("http://localhost:8000/")))
        #expect(WebhookTargets.special.count == 23, "every range is one")
    }

    @Test("is looked up for each attempt; one address that is refused refuses the host")
    func hosts() async throws {
        func outcome(_ addresses: String...) async throws -> String {
            let found = try addresses.map { try Self.bytes($0) }
            let sender = HTTPSender(targets: WebhookTargets(), resolve: { _ in found })
            do throws(DeliveryFailure) { return IPAddress.text(try await sender.target(of: "a.example")) } catch { return error.rawValue }
        }
        #expect(try await outcome("1.1.1.1", "2606:4700::1111") == "1.1.1.1")
        #expect(try await outcome("::ffff:1.1.1.1") == "1.1.1.1")
        #expect(try await outcome("1.1.1.1", "127.0.0.1") == "address_refused")
        #expect(try await outcome("::ffff:169.254.169.254") == "address_refused")
        #expect(try await outcome() == "unresolvable")
        #expect(await Resolver.addresses("127.0.0.1") == [[127, 0, 0, 1]])
        #expect(await Resolver.addresses("localhost").contains([127, 0, 0, 1]))
        #expect(await Resolver.addresses("no-such-host.invalid").isEmpty)
    }

    @Test("is what the address was checked to be: the connection goes there, whatever the name stands for by then")
    func connection() async throws {
        let body = "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 5\r\n\r\nmoved"
        let counter = RequestCounter()
        try await CannedServer.with(answering: body, counting: counter) { port in
            let outgoing = Outgoing(url: try HTTPURL("http://hooks.invalid:\(port)/in"), headers: [(name: "X-A", value: "1")], body: [1])
            var targets = WebhookTargets()
            let refused = await HTTPSender(targets: targets, resolve: { _ in [[127, 0, 0, 1]] }).send(outgoing)
            #expect(refused.failure == .addressRefused && counter.count == 0)
            targets.networks = [try IPRange("127.0.0.0/8")]
            let sent = await HTTPSender(targets: targets, resolve: { _ in [[127, 0, 0, 1]] }).send(outgoing)
            #expect(sent.status == 302 && !sent.isDelivered && counter.count == 1, "and follows nobody: \(sent)")
            if case .success(let answer) = sent.result { #expect(String(decoding: answer.body, as: UTF8.self) == "moved") }
            let secure = Outgoing(url: try HTTPURL("https://hooks.invalid:\(port)/in"), headers: [], body: [1])
            #expect(await HTTPSender(targets: targets, resolve: { _ in [[127, 0, 0, 1]] }).send(secure).failure == .tls)
        }
        var targets = WebhookTargets()
        targets.allowsAll = true
        let nobody = Outgoing(url: try HTTPURL("http://127.0.0.1:1/"), headers: [], body: [1])
        #expect(await HTTPSender(targets: targets).send(nobody).failure == .unreachable)
        try await CannedServer.with(answering: "no HTTP at all\r\n\r\n") { port in
            let outgoing = Outgoing(url: try HTTPURL("http://127.0.0.1:\(port)/"), headers: [], body: [1])
            #expect(await HTTPSender(targets: targets).send(outgoing).failure == .malformed)
        }
    }

    @Test(
        "may answer with a status that is none, and the attempt fails as one without HTTP", arguments: ["000", "001", "042", "099"],
        ["Content-Length: 0\r\n\r\n", "Content-Length: 2\r\n\r\nhi", "Transfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n", "\r\nhi"])
    func noStatus(code: String, rest: String) async throws {
        for before in ["", "HTTP/1.1 100 Continue\r\n\r\n"] {
            try await CannedServer.with(answering: "\(before)HTTP/1.1 \(code) Foo\r\n\(rest)") { port in
                #expect(await Self.send(port).failure == .malformed)
            }
        }
    }

    @Test(
        "may answer oddly and is heard all the same",
        arguments: [
            ("101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\nbytes of x", 101),
            ("101 Switching Protocols\r\nContent-Length: 5\r\n\r\nhello", 101),
            ("150 Odd\r\nContent-Length: 5\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n", 204),
            ("204 No Content\r\n\r\nHTTP/1.1 000 Foo\r\n\r\nHTTP/1.1 200 OK\r\n\r\n", 204),
            ("999 Odd\r\nContent-Length: 0\r\n\r\n", 999),
        ])
    func odd(answer: String, status: Int) async throws {
        try await CannedServer.with(answering: "HTTP/1.1 \(answer)") { port in #expect(await Self.send(port).status == status) }
    }

    @Test("may say a hundred times that it will answer, and no more often")
    func interims() async throws {
        for (count, isHeard) in [(100, true), (101, false), (10_000, false)] {
            let answer = String(repeating: "HTTP/1.1 103 Early Hints\r\n\r\n", count: count) + "HTTP/1.1 204 No Content\r\n\r\n"
            try await CannedServer.with(answering: answer) { port in
                let attempt = await Self.send(port)
                #expect(isHeard ? attempt.status == 204 : attempt.failure == .malformed, "\(count): \(attempt)")
            }
        }
    }

    @Test("has to be found within the time that an attempt has")
    func silentNames() async throws {
        let outgoing = Outgoing(url: try HTTPURL("http://slow.example/"), headers: [], body: [1])
        var sender = HTTPSender(
            targets: WebhookTargets(),
            resolve: { _ in
                await untilCancelled()
                return []
            })
        sender.deadline = .milliseconds(10)
        #expect(await sender.send(outgoing).failure == .timeout)
    }

    private static func send(_ port: Int) async -> Attempt {
        var targets = WebhookTargets()
        targets.allowsAll = true
        guard let url = try? HTTPURL("http://127.0.0.1:\(port)/") else { return Attempt(milliseconds: 0, result: .failure(.unresolvable)) }
        return await HTTPSender(targets: targets).send(Outgoing(url: url, headers: [], body: [1]))
    }
}
