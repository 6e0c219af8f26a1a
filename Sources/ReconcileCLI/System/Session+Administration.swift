import APIServer
import ArgumentParser
import EmailConnect
import FoundationEssentials
import Reconciler

extension Session {
    /// Does something to a server's database and says what goes wrong.
    func administering(_ options: DatabaseOptions, _ body: (ServerAdministration) async throws -> Void) async throws {
        do {
            guard FileManager.default.fileExists(atPath: options.db) else {
                fail("there is no database \(Escaped.line(options.db))", "name it with --db FILE, or start the server first")
                throw ExitCode(ExitStatus.failed.rawValue)
            }
            let server = try ServerAdministration(database: options.db)
            do { try await body(server) } catch {
                await server.close()
                throw error
            }
            await server.close()
        } catch let failure as StoreFailure {
            fail(failure.problem, failure.remedy)
            throw ExitCode(ExitStatus.failed.rawValue)
        }
    }
}
