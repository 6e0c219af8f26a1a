import EmailConnect
@testable import Reconciler
import TestSupport

/// A manifest in memory.
enum Manifest {
    /// What it wants and what is wrong with it.
    static func decode(_ bytes: some Sequence<UInt8>, file: String) -> (state: DesiredState?, diagnostics: [Diagnostic]) {
        let bytes = Array(bytes)
        var effects = Effects.test()
        effects.readFile = { path throws(FileFailure) in
            guard path == file else { throw FileFailure("there is no file \(path)") }
            return bytes
        }
        let loaded = Pipeline.load(file, effects)
        return (loaded.desired, loaded.diagnostics)
    }
}
