import FoundationEssentials

/// Why a file cannot be read.
enum FileTrouble {
    /// What is wrong with it; nil when it can be read.
    static func reason(_ path: String) -> String? {
        var isFolder = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else { return "there is no such file" }
        if isFolder { return "it is a folder" }
        return FileManager.default.isReadableFile(atPath: path) ? nil : "it may not be read"
    }
}
