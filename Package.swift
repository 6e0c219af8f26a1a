// swift-tools-version: 6.2
import PackageDescription

let package = Package(
    name: "reconcile",
    products: [
        .executable(name: "reconcile", targets: ["ReconcileCLI"])
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-crypto", "3.12.3"..<"5.0.0"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.0"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.0"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.0"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.0"),
        .package(url: "https://github.com/hummingbird-project/swift-mustache", from: "2.1.1"),
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    ],
    targets: [
        // The system's libyaml: module map and shim, nothing else.
        .systemLibrary(name: "CYaml", pkgConfig: "yaml-0.1", providers: [.apt(["libyaml-dev"])]),

        // The contract, pure values: what both ends of the wire agree on.
        .target(
            name: "EmailConnect",
            dependencies: [.product(name: "Crypto", package: "swift-crypto")]
        ),
        // How others are called: what both the client and the server's deliveries need.
        .target(
            name: "OutgoingHTTP",
            dependencies: [
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
            ]
        ),
        // The HTTP client.
        .target(
            name: "EmailConnectClient",
            dependencies: [
                "EmailConnect", "OutgoingHTTP",
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
            ]
        ),
        // The pipeline: manifest -> plan -> report, and operations from a plan.
        .target(
            name: "Reconciler",
            dependencies: ["CYaml", "EmailConnect", .product(name: "Crypto", package: "swift-crypto")]
        ),
        // A raw message in, a value out.
        .target(name: "Mail"),
        // Messages of the domain name system and files of its zones in, values out.
        .target(name: "DNS"),
        // The bundled server, a library.
        .target(
            name: "APIServer",
            dependencies: [
                "DNS", "EmailConnect", "Mail", "OutgoingHTTP",
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "GRDB", package: "GRDB.swift"),
                .product(name: "GRDBSQLite", package: "GRDB.swift"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "HummingbirdCore", package: "hummingbird"),
                .product(name: "HummingbirdTLS", package: "hummingbird"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "Mustache", package: "swift-mustache"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
            ]
        ),
        // The command `reconcile`: options and words only.
        .executableTarget(
            name: "ReconcileCLI",
            dependencies: [
                "APIServer", "EmailConnect", "EmailConnectClient", "Reconciler",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
            ],
            // A command that runs for a tenth of a second is not to touch 6 MB for symbols that nobody looks up, and for a list of
            // addresses to be corrected at its start. https://maskray.me/blog/2021-10-31-relative-relocations-and-relr
            linkerSettings: [
                .unsafeFlags(
                    ["-use-ld=lld"]
                        + ["-z", "pack-relative-relocs", "--no-export-dynamic", "--exclude-libs=ALL"].flatMap { ["-Xlinker", $0] },
                    .when(platforms: [.linux], configuration: .release))
            ]
        ),

        // What the parts of a plan and an apply cost, on files in the place of an account; for Benchmarks/.
        .executableTarget(name: "parts", dependencies: ["EmailConnect", "Reconciler"], path: "Benchmarks/Parts"),

        // What several test targets share: a server on a scratch database, the built binary, seeded randomness.
        .target(
            name: "TestSupport",
            dependencies: [
                "APIServer", "EmailConnect", "EmailConnectClient", "Reconciler",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
            ],
            path: "Tests/TestSupport"
        ),
        .testTarget(name: "EmailConnectTests", dependencies: ["EmailConnect", "TestSupport"]),
        .testTarget(name: "DNSTests", dependencies: ["DNS"]),
        .testTarget(name: "MailTests", dependencies: ["Mail"]),
        .testTarget(
            name: "ReconcilerTests", dependencies: ["EmailConnect", "Reconciler", "TestSupport"], exclude: ["Snapshots"]),
        .testTarget(
            name: "APIServerTests",
            dependencies: [
                "APIServer", "DNS", "EmailConnect", "TestSupport",
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "HummingbirdTesting", package: "hummingbird"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ]
        ),
        .testTarget(
            name: "EndToEndTests",
            dependencies: [
                "APIServer", "EmailConnect", "EmailConnectClient", "ReconcileCLI", "Reconciler", "TestSupport", "parts",
            ],
            exclude: ["Scripts", "Snapshots"]
        ),
    ],
    swiftLanguageModes: [.v6]
)

// One loop, so that no target of ours is held to less than another.
for target in package.targets where target.type != .system {
    target.swiftSettings = [
        // https://github.com/swiftlang/swift-evolution/blob/main/proposals/0335-existential-any.md
        .enableUpcomingFeature("ExistentialAny"),
        // https://github.com/swiftlang/swift-evolution/blob/main/proposals/0409-access-level-on-imports.md
        .enableUpcomingFeature("InternalImportsByDefault"),
        // https://github.com/swiftlang/swift-evolution/blob/main/proposals/0444-member-import-visibility.md
        .enableUpcomingFeature("MemberImportVisibility"),
        // https://github.com/swiftlang/swift-evolution/blob/main/proposals/0461-async-function-isolation.md
        .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
        // https://github.com/swiftlang/swift-evolution/blob/main/proposals/0470-isolated-conformances.md
        .enableUpcomingFeature("InferIsolatedConformances"),
        // https://github.com/swiftlang/swift-evolution/blob/main/proposals/0458-strict-memory-safety.md
        .strictMemorySafety(),
        // https://github.com/swiftlang/swift-evolution/blob/main/proposals/0480-swiftpm-warning-control.md
        .treatAllWarnings(as: .error),
    ]
}
