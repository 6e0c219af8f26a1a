/// One of the files that a manifest is read from.
struct SourceFile: Sendable {
    /// Its number; the manifest itself is 0.
    var number: Int32
    /// As people name it.
    var name: String
    /// As seen from the manifest's folder.
    var path: String
    var bytes: [UInt8]
    /// Whether another file includes it, so that it is no manifest by itself.
    var isPart = false

    /// Its folder, as seen from the manifest's; empty when it is the same.
    var folder: String {
        let folder = Paths.folder(of: path)
        return folder == "." ? "" : folder
    }
}
