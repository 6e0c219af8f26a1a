public import EmailConnect

/// Everything that the outside gives: files, environment, randomness. One value; in tests each effect fails unless the
/// test sets it.
public struct Effects: Sendable {
    /// The bytes of a file.
    public var readFile: @Sendable (_ path: String) throws(FileFailure) -> [UInt8]
    /// The paths of the files that a pattern with `*`, `?` and `[...]` stands for, as seen from a folder.
    public var matching: @Sendable (_ pattern: String, _ folder: String) -> [String]
    /// The paths of the files at or below a folder, each with the folder before it; hidden folders and links are left out.
    public var listFiles: @Sendable (_ folder: String) throws(FileFailure) -> [String]
    /// The path of a file below a folder, with links followed; fails when it leads out of the folder.
    public var resolve: @Sendable (_ path: String, _ folder: String) throws(FileFailure) -> String
    /// Replaces a file as a whole, readable for this user only; makes missing folders.
    public var writeSecret: @Sendable (_ path: String, _ secret: Secret) throws(FileFailure) -> Void
    /// Replaces a file as a whole.
    public var writeFile: @Sendable (_ path: String, _ bytes: [UInt8]) throws(FileFailure) -> Void
    /// Runs a program in a folder, perhaps with a secret on its standard input, to its end.
    /// - Returns: what it printed; only when it got nothing, else that is dropped.
    public var runProgram: @Sendable (ProgramRun) throws(FileFailure) -> Secret
    /// Whether a file may be read by anybody on this machine.
    public var isReadableByAll: @Sendable (_ path: String) -> Bool
    /// Whether there is a file, and no pipe, device or folder.
    public var isRegularFile: @Sendable (_ path: String) -> Bool
    /// Finds out whether a secret can be delivered to a place, seen from a folder, without delivering anything.
    public var probe: @Sendable (_ sink: Sink, _ folder: String) throws(FileFailure) -> Void
    /// Whether the user wants the run to end after what is being sent.
    public var isInterrupted: @Sendable () -> Bool
    /// A variable of the environment.
    public var environment: @Sendable (_ name: String) -> String?
    /// The next 64 random bits, fit for secrets.
    public var random: @Sendable () -> UInt64

    /// The effects of a process, or of a test.
    public init(
        readFile: @escaping @Sendable (String) throws(FileFailure) -> [UInt8],
        matching: @escaping @Sendable (String, String) -> [String],
        listFiles: @escaping @Sendable (String) throws(FileFailure) -> [String],
        resolve: @escaping @Sendable (String, String) throws(FileFailure) -> String,
        writeSecret: @escaping @Sendable (String, Secret) throws(FileFailure) -> Void,
        writeFile: @escaping @Sendable (String, [UInt8]) throws(FileFailure) -> Void,
        runProgram: @escaping @Sendable (ProgramRun) throws(FileFailure) -> Secret,
        isReadableByAll: @escaping @Sendable (String) -> Bool, isRegularFile: @escaping @Sendable (String) -> Bool,
        probe: @escaping @Sendable (Sink, String) throws(FileFailure) -> Void,
        isInterrupted: @escaping @Sendable () -> Bool,
        environment: @escaping @Sendable (String) -> String?, random: @escaping @Sendable () -> UInt64
    ) {
        self.readFile = readFile
        self.matching = matching
        self.listFiles = listFiles
        self.resolve = resolve
        self.writeSecret = writeSecret
        self.writeFile = writeFile
        self.runProgram = runProgram
        self.isReadableByAll = isReadableByAll
        self.isRegularFile = isRegularFile
        self.probe = probe
        self.isInterrupted = isInterrupted
        self.environment = environment
        self.random = random
    }

    struct Generator: RandomNumberGenerator {
        let random: @Sendable () -> UInt64
        mutating func next() -> UInt64 { random() }
    }
}

/// A program that a manifest names, and what it gets.
public struct ProgramRun: Sendable {
    /// The program and its arguments.
    public var words: [String]
    /// The folder that it runs in.
    public var folder: String
    /// What it gets on its standard input.
    public var input: Secret?
    /// The variables that are none of its business: those that the manifest takes secrets from.
    public var withheld: Set<String>
}

/// Why a file could not be read or written, in words.
public struct FileFailure: Error, Equatable, Sendable {
    /// What is wrong.
    public var problem: String

    /// Why a file could not be read or written.
    public init(_ problem: String) { self.problem = problem }
}

/// A path's folder.
public enum Paths {
    /// The folder of a file; `.` when the path has none.
    public static func folder(of file: String) -> String {
        guard let slash = file.lastIndex(of: "/") else { return "." }
        return slash == file.startIndex ? "/" : String(file[..<slash])
    }

    /// A path without `.`, empty steps and steps back, as far as the text tells.
    public static func normal(_ path: String) -> String {
        var steps: [Substring] = []
        for step in path.split(separator: "/") where step != "." {
            if step == "..", let last = steps.last, last != ".." { steps.removeLast() } else { steps.append(step) }
        }
        let joined = steps.joined(separator: "/")
        return path.hasPrefix("/") ? "/" + joined : joined.isEmpty ? "." : joined
    }

    /// Whether two paths are the same, as far as the text tells.
    public static func isSame(_ first: String, _ second: String) -> Bool { normal(first) == normal(second) }

    /// A path as it stands in a file of `folder`.
    public static func join(_ folder: String, _ path: String) -> String {
        path.hasPrefix("/") || folder == "." ? path : "\(folder)/\(path)"
    }
}
