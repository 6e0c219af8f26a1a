import FoundationEssentials

/// Where the files of Swagger UI are, which are fetched at set-up and are not part of this program.
enum SwaggerFiles {
    /// Beside an installed program, or in the folder that it was built in.
    static var folder: String? {
        guard let program = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe") else { return nil }
        let home = program.split(separator: "/").dropLast(2).joined(separator: "/")
        return ["/\(home)/share/reconcile/swagger-ui", "/\(home)/../swagger-ui", "/\(home)/swagger-ui"].first(where: areIn)
    }

    static func areIn(_ folder: String) -> Bool {
        FileManager.default.fileExists(atPath: "\(folder)/swagger-ui-bundle.js")
            && FileManager.default.fileExists(atPath: "\(folder)/swagger-ui.css")
    }
}
