import EmailConnect

/// A folder with the manifests of all environments.
public enum ManifestFolder {
    /// The manifests at or below a folder, sorted: the YAML and JSON files that state a manifest and an environment. What they extend
    /// and include, what is no manifest, hidden folders and links are left out.
    /// - Throws: when the folder, or a file of it, cannot be read.
    /// - Complexity: O(bytes of all these files)
    public static func manifests(in folder: String, _ effects: Effects) throws(FileFailure) -> [String] {
        var found: [String] = []
        for file in try effects.listFiles(folder).sorted() {
            let name = file.lowercased()
            guard [".yaml", ".yml", ".json"].contains(where: name.hasSuffix) else { continue }
            let bytes = try effects.readFile(file)
            if let keys = topKeys(bytes) ?? likelyKeys(bytes), keys.contains("manifest"), keys.contains("environment") {
                found.append(file)
            }
        }
        return found
    }

    /// The keys that a file states at its top; nil when it is broken.
    private static func topKeys(_ bytes: [UInt8]) -> Set<String>? {
        do throws(SyntaxFailure) {
            var reader = try YAMLReader(bytes)
            guard case .mappingStart = try reader.next() else { return [] }
            var keys: Set<String> = []
            while case .scalar(let key, _) = try reader.next() {
                keys.insert(key.text)
                try reader.skip()
            }
            return keys
        } catch { return nil }
    }

    /// The keys that a broken file seems to state at its top, so that it is reported and not passed over: a line begins with them.
    private static func likelyKeys(_ bytes: [UInt8]) -> Set<String>? {
        var keys: Set<String> = []
        for line in bytes.split(separator: UInt8(ascii: "\n")) {
            let text = line.drop { " {\"'".utf8.contains($0) || $0 >= 0x80 }
            for name in ["manifest", "environment"] where text.starts(with: name.utf8) {
                let rest = text.dropFirst(name.utf8.count).drop { " \"'".utf8.contains($0) }
                if rest.first == UInt8(ascii: ":"), line.first != UInt8(ascii: " ") { keys.insert(name) }
            }
        }
        return keys
    }
}
