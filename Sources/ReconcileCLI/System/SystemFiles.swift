import EmailConnect
import FoundationEssentials
import Glibc
import Reconciler

/// Files, with failures in words.
enum SystemFiles {
    /// The longest name of a file, in bytes. https://man7.org/linux/man-pages/man3/pathconf.3.html
    static let longestName = 255

    /// The largest file that is read, in bytes; a pipe has no end of its own.
    private static let limit = 256 << 20

    static func read(_ path: String) throws(FileFailure) -> [UInt8] {
        let path = path == "-" ? "/dev/stdin" : path
        var isFolder = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
            throw FileFailure("there is no file \(Escaped.line(path))")
        }
        if isFolder { throw FileFailure("\(Escaped.line(path)) is a folder") }
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw FileFailure("\(Escaped.line(path)) may not be read") }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var status = stat()
        if unsafe fstat(descriptor, &status) == 0, status.st_size > 0, status.st_size < Self.limit {
            bytes.reserveCapacity(Int(status.st_size))
        }
        var chunk = [UInt8](repeating: 0, count: 1 << 20)
        while true {
            let count = unsafe chunk.withUnsafeMutableBytes { unsafe Glibc.read(descriptor, $0.baseAddress, $0.count) }
            guard count >= 0 else { throw FileFailure("\(Escaped.line(path)) may not be read") }
            if count == 0 { return bytes }
            bytes += chunk[..<count]
            guard bytes.count <= Self.limit else { throw FileFailure("\(Escaped.line(path)) is larger than 256 MiB") }
        }
    }

    /// The paths that a pattern stands for, as seen from the folder. https://man7.org/linux/man-pages/man3/glob.3.html
    static func matching(_ pattern: String, in folder: String) -> [String] {
        let literal = folder.map { "*?[\\".contains($0) ? "\\\($0)" : String($0) }.joined()
        var found = unsafe glob_t()
        defer { unsafe globfree(&found) }
        guard unsafe glob("\(literal)/\(pattern)", 0, nil, &found) == 0 else { return [] }
        var paths: [String] = []
        for index in 0..<Int(unsafe found.gl_pathc) {
            guard let path = unsafe found.gl_pathv[index] else { continue }
            paths.append(String(unsafe String(cString: path).dropFirst(folder.count + 1)))
        }
        return paths
    }

    /// The files at or below a folder. Links lead in circles, and `.git` has many.
    static func list(_ folder: String) throws(FileFailure) -> [String] {
        var isFolder = false
        guard FileManager.default.fileExists(atPath: folder, isDirectory: &isFolder) else {
            throw FileFailure("there is no folder \(Escaped.line(folder))")
        }
        guard isFolder else { throw FileFailure("\(Escaped.line(folder)) is no folder") }
        var files: [String] = []
        var folders = [folder]
        while let next = folders.popLast() {
            guard let names = try? FileManager.default.contentsOfDirectory(atPath: next) else {
                throw FileFailure("\(Escaped.line(next)) may not be read")
            }
            for name in names where !name.hasPrefix(".") {
                let path = Paths.join(next, name)
                var status = stat()
                guard unsafe lstat(path, &status) == 0 else { continue }
                if status.st_mode & S_IFMT == S_IFDIR { folders.append(path) }
                if status.st_mode & S_IFMT == S_IFREG { files.append(path) }
            }
            guard files.count <= Self.mostFiles else { throw FileFailure("\(Escaped.line(folder)) has more than \(Self.mostFiles) files") }
        }
        return files
    }

    /// More files than that are no folder of manifests.
    private static let mostFiles = 100_000

    /// The file behind a path, which must stand below a folder, also when links are followed.
    static func resolve(_ path: String, below folder: String) throws(FileFailure) -> String {
        guard !path.hasPrefix("/") else { throw FileFailure("it must stand below the manifest's folder") }
        guard let root = real(folder), let file = real("\(folder)/\(path)") else { throw FileFailure("there is no such file") }
        guard file.hasPrefix(root == "/" ? "/" : root + "/") else { throw FileFailure("it must stand below the manifest's folder") }
        return file
    }

    /// Replaces a file as a whole: a reader sees the old one or the new one. Missing folders are made.
    /// - Parameter keepsMode: whether a file that is there already keeps its permissions.
    static func replace(
        _ path: String, with bytes: [UInt8], mode: mode_t, folderMode: Int, keepsMode: Bool = false, isSecret: Bool = false
    ) throws(FileFailure) {
        guard !path.isEmpty else { throw FileFailure("the path is empty") }
        var status = stat()
        if isSecret, unsafe lstat(path, &status) == 0, status.st_mode & S_IFMT != S_IFREG, status.st_mode & S_IFMT != S_IFLNK {
            throw FileFailure("\(Escaped.line(path)) is no file")
        }
        // A link is followed, and what is no regular file (a terminal, a pipe) is written to, not replaced. A secret is led nowhere: it
        // takes the link's place.
        let path = isSecret ? path : real(path) ?? path
        let isThere = isSecret ? false : unsafe stat(path, &status) == 0
        if isThere, status.st_mode & S_IFMT != S_IFREG {
            guard status.st_mode & S_IFMT != S_IFDIR else { throw FileFailure("\(Escaped.line(path)) is a folder") }
            let descriptor = unsafe open(path, O_WRONLY | O_CLOEXEC)
            guard descriptor >= 0 else { throw FileFailure("\(Escaped.line(path)) may not be written") }
            defer { close(descriptor) }
            guard write(bytes, to: descriptor) else { throw FileFailure("cannot write \(Escaped.line(path))") }
            return
        }
        let folder = Paths.folder(of: path)
        do {
            try FileManager.default.createDirectory(
                atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: folderMode])
        } catch { throw FileFailure("cannot make the folder \(Escaped.line(folder))") }
        var generator = SystemRandomNumberGenerator()
        let ending = "\(Token.random(8, &generator)).tmp"
        // A name that is itself as long as it may be has no room for more.
        let hasRoom = (path.split(separator: "/").last?.utf8.count ?? 0) + 1 + ending.utf8.count <= longestName
        let draft = hasRoom ? "\(path).\(ending)" : "\(folder)/.\(ending)"
        let descriptor = unsafe open(draft, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode)
        guard descriptor >= 0 else { throw FileFailure("cannot write in the folder \(Escaped.line(folder))") }
        if keepsMode, isThere { _ = fchmod(descriptor, status.st_mode & 0o777) }
        let isWritten = write(bytes, to: descriptor) && fsync(descriptor) == 0
        close(descriptor)
        guard isWritten, unsafe rename(draft, path) == 0 else {
            unsafe unlink(draft)
            throw FileFailure("cannot write \(Escaped.line(path))")
        }
        let parent = unsafe open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        if parent >= 0 {
            fsync(parent)
            close(parent)
        }
    }

    /// Finds out whether a secret can be delivered to a place: its folder takes a file, its program is there.
    static func probe(_ sink: Sink, in folder: String) throws(FileFailure) {
        switch sink {
        case .file(let path), .ageFile(let path, _):
            let file = Paths.join(folder, path)
            var status = stat()
            // A link could lead a key into a log, or out of what was reviewed.
            if unsafe lstat(file, &status) == 0 {
                guard status.st_mode & S_IFMT != S_IFLNK else { throw FileFailure("it is a link; name the file itself") }
                guard status.st_mode & S_IFMT == S_IFREG else { throw FileFailure("it is no file") }
            }
            // The nearest folder that is there; what is missing is made below it.
            var nearest = Paths.folder(of: file)
            while unsafe stat(nearest, &status) != 0 {
                let above = Paths.folder(of: nearest)
                guard above != nearest else { break }
                nearest = above
            }
            guard unsafe stat(nearest, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else {
                throw FileFailure("\(Escaped.line(nearest)) is no folder")
            }
            guard unsafe access(nearest, W_OK | X_OK) == 0 else {
                throw FileFailure("the folder \(Escaped.line(nearest)) may not be written")
            }
        case .command(let words):
            let program = words[0]
            let isThere: (String) -> Bool = { path in unsafe access(path, X_OK) == 0 }
            let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":").map(String.init)
            guard program.contains("/") ? isThere(Paths.join(folder, program)) : folders.contains(where: { isThere("\($0)/\(program)") })
            else {
                throw FileFailure("there is no program \(Escaped.line(program))")
            }
        }
    }

    /// Writes a whole text.
    /// - Returns: false when it could not be written.
    static func write(_ bytes: [UInt8], to descriptor: Int32) -> Bool {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = unsafe rest.withUnsafeBytes { unsafe Glibc.write(descriptor, $0.baseAddress, $0.count) }
            guard count > 0 else { return false }
            rest = rest.dropFirst(count)
        }
        return true
    }

    private static func real(_ path: String) -> String? {
        guard let pointer = unsafe realpath(path, nil) else { return nil }
        defer { unsafe free(pointer) }
        return unsafe String(cString: pointer)
    }
}
