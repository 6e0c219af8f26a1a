@testable import Reconciler
import Testing

@Suite("What a run may read")
struct RunTests {
    @Test(
        "is what a pattern names, with * for any text",
        arguments: [
            ("A", ["A"], true), ("A", ["B"], false), ("A", ["B", "A"], true), ("MAIL_TOKEN", ["MAIL_*"], true), ("MAIL", ["MAIL_*"], false),
            ("X_MAIL_TOKEN", ["*_MAIL_*"], true), ("MAIL_TOKEN", ["*"], true), ("AB", ["A*B"], true), ("A", ["A*A"], false),
            ("AXBXC", ["A*B*C"], true), ("AXC", ["A*B*C"], false), ("", [""], true), ("A", [], false), ("ABAB", ["*AB"], true),
        ])
    func variables(name: String, patterns: [String], isAllowed: Bool) {
        #expect(Run(variables: patterns).mayRead(variable: name) == isAllowed)
        #expect(Run().mayRead(variable: name), "without patterns it is anything")
    }
}
