import ArgumentParser
import EmailConnect
import Reconciler

extension Session {
    /// All of standard input.
    func standardInput() throws -> [UInt8] { try bytes(of: "-") }

    /// The bytes of a file; ends the command when it cannot be read.
    func bytes(of file: String) throws -> [UInt8] {
        do throws(FileFailure) { return try effects.readFile(file) } catch {
            fail(error.problem, "name a file that can be read")
            throw ExitCode(ExitStatus.failed.rawValue)
        }
    }

    /// Says what is wrong with an age file, and how the command ends.
    func failing(_ failure: AgeFailure) -> ExitCode {
        fail(failure.rejection.problem, failure.rejection.remedy)
        return ExitCode(ExitStatus.failed.rawValue)
    }
}
