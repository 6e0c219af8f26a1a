import Testing
import TestSupport

@Suite("The house")
struct ArchitectureTests {
    /// What each module may import, and the folders that alone may import what is dear.
    private static let allowed: [String: Set<String>] = [
        "EmailConnect": ["FoundationEssentials", "Crypto", "Swift"],
        "OutgoingHTTP": ["AsyncHTTPClient", "NIOCore", "NIOHTTP1"],
        "EmailConnectClient": ["EmailConnect", "OutgoingHTTP", "AsyncHTTPClient", "Glibc", "NIOCore", "NIOHTTP1", "NIOPosix", "NIOSSL"],
        "DNS": [],
        "Mail": ["Glibc"],
        "Reconciler": ["EmailConnect", "FoundationEssentials", "Crypto", "CYaml"],
        "APIServer": [
            "DNS", "EmailConnect", "Mail", "OutgoingHTTP", "AsyncHTTPClient", "FoundationEssentials", "Crypto", "Glibc", "GRDB",
            "GRDBSQLite", "HTTPTypes",
            "Hummingbird",
            "HummingbirdCore", "HummingbirdTLS", "Logging", "Mustache", "NIOCore", "NIOHTTP1", "NIOPosix", "NIOSSL", "ServiceLifecycle",
            "Synchronization", "UnixSignals",
        ],
        "ReconcileCLI": [
            "APIServer", "EmailConnect", "EmailConnectClient", "Reconciler", "ArgumentParser", "Logging", "FoundationEssentials", "Glibc",
            "Synchronization", "UnixSignals",
        ],
    ]
    private static let only: [String: [String]] = [
        "CYaml": ["Reconciler/YAML/"], "GRDB": ["APIServer/Store/"], "GRDBSQLite": ["APIServer/Store/"],
        "Hummingbird": ["APIServer/HTTP/", "APIServer/Routes/", "APIServer/Web/", "APIServer/BundledServer.swift"],
        "Mustache": ["APIServer/Web/"],
        "NIOSSL": ["APIServer/BundledServer.swift", "APIServer/Delivery/", "APIServer/SMTP/", "EmailConnectClient/"],
        "AsyncHTTPClient": ["APIServer/Delivery/", "EmailConnectClient/", "OutgoingHTTP/"],
        "Mail": ["APIServer/Delivery/", "APIServer/SMTP/"], "DNS": ["APIServer/Verification/"],
        "Glibc": ["APIServer/Delivery/", "EmailConnectClient/", "Mail/Text/", "ReconcileCLI/"],
    ]

    @Test("keeps each module to the imports that its place allows")
    func imports() throws {
        var seen: Set<String> = []
        for file in Repository.files("Sources", "swift") {
            let module = String(file.prefix { $0 != "/" })
            let allowed = try #require(Self.allowed[module], "an unknown module: \(module)")
            for line in try Repository.text("Sources/\(file)").split(separator: "\n") {
                let words = line.split(separator: " ")
                guard let place = words.firstIndex(of: "import"),
                    words[..<place].allSatisfy({ $0.hasPrefix("@") || ["public", "package", "internal"].contains($0) }),
                    place + 1 < words.count
                else { continue }
                let name = String(words[place + 1])
                seen.insert(name)
                #expect(allowed.contains(name), "\(file) imports \(name)")
                if let folders = Self.only[name] {
                    #expect(folders.contains { file.hasPrefix($0) }, "\(file) imports \(name)")
                }
            }
        }
        #expect(seen.isSuperset(of: ["CYaml", "GRDB", "Hummingbird", "AsyncHTTPClient"]), "the lines are found at all")
    }

    @Test("prints and exits in the command line only, and has no way around Sendable")
    func effects() throws {
        for file in Repository.files("Sources", "swift") {
            let text = try Repository.text("Sources/\(file)")
            for forbidden in ["@unchecked Sendable", "nonisolated(unsafe)", "try!", "fatalError(", " print(", "TODO"] {
                #expect(!text.contains(forbidden), "\(file) has \(forbidden)")
            }
            #expect(text.split(separator: "\n", omittingEmptySubsequences: false).count <= 400, "\(file) is too long to take in at once")
        }
    }
}
