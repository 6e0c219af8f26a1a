public import EmailConnect

extension PlanJSON {
    /// One thing that went wrong, for a program.
    public struct Failure: Equatable, Sendable {
        /// What is wrong.
        public var problem: String
        /// What to do.
        public var remedy: String
        /// Where in a manifest.
        public var file: String?
        /// Where in the file.
        public var position: Position?

        /// Something that went wrong outside a manifest.
        public init(_ problem: String, _ remedy: String) {
            self.problem = problem
            self.remedy = remedy
        }

        /// A mistake in a manifest.
        public init(_ diagnostic: Diagnostic) {
            self.init(diagnostic.problem, diagnostic.remedy)
            file = diagnostic.file
            position = diagnostic.position
        }

        static func write(_ failures: [Failure], to json: inout JSONWriter) {
            json.array("errors") { json in
                for failure in failures {
                    json.object { json in
                        if let file = failure.file { json.member("file", file) }
                        if let position = failure.position {
                            json.member("line", Int(position.line))
                            json.member("column", Int(position.column))
                        }
                        json.member("problem", failure.problem)
                        json.member("remedy", failure.remedy)
                    }
                }
            }
        }
    }
}
