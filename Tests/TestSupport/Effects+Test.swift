public import EmailConnect
public import Reconciler
import Glibc
import Synchronization

extension Effects {
    /// Every effect fails, or does what the test gives it.
    public static func test(
        files: [String: String] = [:], environment: [String: String] = [:], sink: TestSink? = nil
    ) -> Effects {
        Effects(
            readFile: { path throws(FileFailure) in
                guard let text = files[path] else { throw FileFailure("there is no file \(path)") }
                return Array(text.utf8)
            },
            matching: { pattern, folder in
                let prefix = folder == "." ? "" : "\(folder)/"
                let names = files.keys.filter { $0.hasPrefix(prefix) }.map { String($0.dropFirst(prefix.count)) }
                return names.filter { unsafe fnmatch(pattern, $0, FNM_PATHNAME) == 0 }
            },
            listFiles: { folder throws(FileFailure) in files.keys.filter { folder == "." || $0.hasPrefix("\(folder)/") } },
            resolve: { path, folder throws(FileFailure) in folder == "." ? path : "\(folder)/\(path)" },
            writeSecret: { path, secret throws(FileFailure) in
                guard let sink else { throw FileFailure("this test has no sink") }
                try sink.write(path, secret)
            },
            writeFile: { path, _ throws(FileFailure) in throw FileFailure("this test writes no file \(path)") },
            runProgram: { program throws(FileFailure) in
                let words = program.words
                guard let secret = program.input else {
                    guard words.first == "echo" else { throw FileFailure("the program \(words[0]) cannot be started") }
                    return Secret(words.dropFirst().joined(separator: " ") + "\n")
                }
                guard let sink else { throw FileFailure("this test has no sink") }
                try sink.write(words.joined(separator: " "), secret)
                return Secret("")
            },
            isReadableByAll: { $0.hasSuffix(".open") }, isRegularFile: { !$0.hasSuffix(".fifo") },
            probe: { sink, _ throws(FileFailure) in
                if sink.label.contains("nowhere") { throw FileFailure("it cannot be written") }
            },
            isInterrupted: { false },
            environment: { environment[$0] },
            random: {
                var generator = SystemRandomNumberGenerator()
                return generator.next()
            })
    }
}

/// Where a test's secrets go.
public final class TestSink: Sendable {
    private let files = Mutex<[String: Secret]>([:])
    private let isBroken: Bool

    /// A sink that works, or one that does not.
    public init(isBroken: Bool = false) { self.isBroken = isBroken }

    /// What was written last to a path.
    public subscript(_ path: String) -> Secret? { files.withLock { $0[path] } }

    func write(_ path: String, _ secret: Secret) throws(FileFailure) {
        if isBroken { throw FileFailure("the sink is broken") }
        files.withLock { $0[path] = secret }
    }
}
