import EmailConnect

/// A file of a manifest and its canonical layout.
public struct Formatted: Sendable {
    /// The file, as it was named.
    public let file: String
    /// What it holds.
    public let source: [UInt8]
    /// What it holds in its canonical layout; nil when it cannot be formatted.
    public let canonical: [UInt8]?
    /// Why it cannot be formatted.
    public let diagnostics: [Diagnostic]

    /// Whether the file is in its canonical layout already.
    public var isCanonical: Bool { canonical == source }

    /// The canonical layout of a text.
    ///
    /// Nothing is decided by what values mean: a text with mistakes that are not mistakes of syntax has a layout too. Before it is handed
    /// out, the layout is read again and compared with the source.
    /// - Complexity: O(bytes)
    public init(_ source: [UInt8], file: String) {
        self.file = file
        self.source = source
        do throws(SyntaxFailure) {
            let (document, repeated) = try SourceReader.read(source)
            guard repeated.isEmpty else {
                canonical = nil
                diagnostics = repeated.map { Diagnostic(.error, file, at: $0.position, $0.problem, $0.remedy) }
                return
            }
            let text = LayoutPrinter.text(of: document)
            if text != source, !Self.isSame(document, text) {
                canonical = nil
                diagnostics = [
                    Diagnostic(
                        .error, file, at: nil, "its canonical layout would not say the same",
                        "it is left as it is; write what is unusual in it in a plainer way")
                ]
            } else {
                canonical = text
                diagnostics = []
            }
        } catch {
            canonical = nil
            diagnostics = [Diagnostic(error, file)]
        }
    }

    private static func isSame(_ document: SourceDocument, _ text: [UInt8]) -> Bool {
        guard let (other, repeated) = try? SourceReader.read(text) else { return false }
        return repeated.isEmpty && SameMeaning.holds(document, other)
    }

    /// Reads a file, and nothing that it extends or includes, and lays it out.
    public static func read(_ file: String, _ effects: Effects) -> Formatted {
        do throws(FileFailure) { return Formatted(try effects.readFile(file), file: file) } catch {
            return Formatted(unreadable: file, error.problem)
        }
    }

    /// What the canonical layout changes, as a unified diff; empty when nothing.
    public var difference: String { UnifiedDiff.text(file, from: source, to: canonical ?? source) }

    private init(unreadable file: String, _ problem: String) {
        self.file = file
        source = []
        canonical = nil
        diagnostics = [
            Diagnostic(
                .error, file, at: nil, "the manifest cannot be read: \(problem)", "name the manifest, or run where reconcile.yaml is")
        ]
    }
}
