@testable import Reconciler
import Testing

@Suite("A table of places")
struct PlaceTableTests {
    @Test("finds what is there, of two of one name the later one, and nothing else", arguments: [0, 1, 2, 3, 7, 8, 1000])
    func finds(count: Int) {
        let names = (0..<count).map { $0 % 5 == 4 ? nil : "n\($0)" }
        let table = PlaceTable<String>(count: count) { names[$0] }
        for (place, name) in names.enumerated() {
            if let name { #expect(table.place(of: name) { names[$0] == name } == place) }
        }
        #expect(table.place(of: "other") { names[$0] == "other" } == nil)
        let twice = PlaceTable<String>(count: count) { _ in "same" }
        #expect(twice.place(of: "same") { _ in true } == (count > 0 ? count - 1 : nil))
    }
}
