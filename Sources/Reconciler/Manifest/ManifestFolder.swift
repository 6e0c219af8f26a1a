/// A folder with the manifests of all environments.
public enum ManifestFolder {
    /// The manifests at or below a folder, sorted: the YAML files that name a manifest and an environment. What they extend and
    /// include, and what is no manifest at all, is left out.
    /// - Throws: when the folder, or a file of it, cannot be read.
    /// - Complexity: O(bytes of all YAML files)
    public static func manifests(in folder: String, _ effects: Effects) throws(FileFailure) -> [String] {
        var found: [String] = []
        for file in try effects.listFiles(folder).sorted() where file.hasSuffix(".yaml") || file.hasSuffix(".yml") {
            if namesAnOwner(try effects.readFile(file)) { found.append(file) }
        }
        return found
    }

    /// By its lines and not by its events: a manifest that is broken is one all the same.
    private static func namesAnOwner(_ bytes: [UInt8]) -> Bool {
        var (hasManifest, hasEnvironment) = (false, false)
        for line in bytes.split(separator: UInt8(ascii: "\n")) {
            if states("manifest", line) { hasManifest = true }
            if states("environment", line) { hasEnvironment = true }
            if hasManifest, hasEnvironment { return true }
        }
        return false
    }

    /// Whether a line begins with `NAME:`, `"NAME":` or `{ NAME:`.
    private static func states(_ name: String, _ line: ArraySlice<UInt8>) -> Bool {
        var rest = line.drop { " {\"'".utf8.contains($0) }
        guard rest.starts(with: name.utf8), line.first != UInt8(ascii: " ") else { return false }
        rest = rest.dropFirst(name.utf8.count).drop { " \"'".utf8.contains($0) }
        return rest.first == UInt8(ascii: ":")
    }
}
