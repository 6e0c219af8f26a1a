import EmailConnect
@testable import Reconciler
import Testing
import TestSupport

@Suite("A reference")
struct SecretResolverTests {
    private func resolve(_ reference: SecretReference, files: [String: String] = [:], environment: [String: String] = [:]) -> String? {
        let (secrets, _) = SecretResolver.resolve([reference], manifest: "m.yaml", .test(files: files, environment: environment))
        return secrets[reference]?.reveal()
    }

    @Test("to a variable that is unset, empty or blank is not at hand")
    func variables() {
        #expect(resolve(SecretReference(.env("A")), environment: ["A": "v"]) == "v")
        #expect(resolve(SecretReference(.env("A"), prefix: "Bearer "), environment: ["A": "v"]) == "Bearer v")
        #expect(resolve(SecretReference(.env("A"), prefix: "Bearer "), environment: ["A": ""]) == nil)
        #expect(resolve(SecretReference(.env("A")), environment: ["A": " \n"]) == nil)
        #expect(resolve(SecretReference(.env("A"))) == nil)
    }

    @Test("to a file drops one trailing line feed")
    func files() {
        #expect(resolve(SecretReference(.file("f")), files: ["f": "v\n"]) == "v")
        #expect(resolve(SecretReference(.file("f")), files: ["f": "v\n\n"]) == "v\n")
        #expect(resolve(SecretReference(.file("f")), files: ["f": "v\r\n"]) == "v")
        #expect(resolve(SecretReference(.file("f"))) == nil)
    }
}
