import EmailConnect
import FoundationEssentials
import Glibc
import Reconciler

extension Effects {
    /// The effects of this process.
    static func system(isInterrupted: @escaping @Sendable () -> Bool) -> Effects {
        Effects(
            readFile: { path throws(FileFailure) in try SystemFiles.read(path) },
            matching: { pattern, folder in SystemFiles.matching(pattern, in: folder) },
            listFiles: { folder throws(FileFailure) in try SystemFiles.list(folder) },
            resolve: { path, folder throws(FileFailure) in try SystemFiles.resolve(path, below: folder) },
            writeSecret: { path, secret throws(FileFailure) in
                try SystemFiles.replace(path, with: Array((secret.reveal() + "\n").utf8), mode: 0o600, folderMode: 0o700, isSecret: true)
            },
            writeFile: { path, bytes throws(FileFailure) in
                try SystemFiles.replace(path, with: bytes, mode: 0o644, folderMode: 0o755, keepsMode: true)
            },
            runProgram: { program throws(FileFailure) in try SystemProgram.run(program) },
            isReadableByAll: { path in
                var status = stat()
                return unsafe stat(path, &status) == 0 && status.st_mode & S_IROTH != 0 && status.st_mode & S_IFMT == S_IFREG
            },
            isRegularFile: { path in
                var status = stat()
                // What is not there is said where it is read.
                return unsafe stat(path, &status) != 0 || status.st_mode & S_IFMT == S_IFREG || status.st_mode & S_IFMT == S_IFDIR
            },
            probe: { sink, folder throws(FileFailure) in try SystemFiles.probe(sink, in: folder) },
            isInterrupted: isInterrupted,
            environment: { ProcessInfo.processInfo.environment[$0] },
            random: {
                var generator = SystemRandomNumberGenerator()
                return generator.next()
            })
    }
}
