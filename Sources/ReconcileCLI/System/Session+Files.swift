import ArgumentParser
import EmailConnect
import FoundationEssentials
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

    /// Findings with their files as seen from the checkout, where a forge looks for them.
    func inCheckout(_ findings: [Diagnostic]) -> [Diagnostic] {
        let roots = ["GITHUB_WORKSPACE", "CI_PROJECT_DIR"].compactMap(effects.environment).filter { !$0.isEmpty }
        guard let root = roots.first.map(Paths.normal), root.hasPrefix("/") else { return findings }
        let here = FileManager.default.currentDirectoryPath
        return findings.map { finding in
            let path = Paths.normal(Paths.join(here, finding.file))
            guard path.hasPrefix("\(root)/") else { return finding }
            var moved = finding
            moved.file = String(path.dropFirst(root.utf8.count + 1))
            return moved
        }
    }

    /// The keys that a manifest declares under some names; ends the command when there is none of a name.
    func keys(_ names: [String], of desired: DesiredState) throws -> [Slug] {
        let known = desired.apiKeys.compactMap(\.value.key)
        return try names.map { name in
            if let key = known.first(where: { $0.text == name }) { return key }
            let guess = Spelling.nearest(to: name, in: known.map(\.text)).map { "did you mean \($0)?" }
            fail("the manifest has no api key \(Escaped.line(name))", guess ?? "it declares \(known.map(\.text).joined(separator: ", "))")
            throw ExitCode(ExitStatus.failed.rawValue)
        }
    }

    /// Says what is wrong with an age file, and how the command ends.
    func failing(_ failure: AgeFailure) -> ExitCode {
        fail(failure.rejection.problem, failure.rejection.remedy)
        return ExitCode(ExitStatus.failed.rawValue)
    }
}
