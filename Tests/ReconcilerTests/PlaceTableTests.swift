@testable import Reconciler
import Testing

@Suite("A table of places")
struct PlaceTableTests {
    @Test("finds what is there, of two of one name the later one, and nothing else", arguments: [0, 1, 2, 3, 7, 8, 1000])
    func finds(count: Int) {
        let names = (0..<count).map { $0 % 5 == 4 ? nil : "n\($0)" }
        let table = PlaceTable<String>(count: count) { names[$0] }
        for (place, name) in names.enumerated() {
            if let name { #expect(table.place(of: .init(name)) { names[$0] == name } == place) }
        }
        #expect(table.place(of: .init("other")) { names[$0] == "other" } == nil)
        let twice = PlaceTable<String>(count: count) { _ in "same" }
        #expect(twice.place(of: .init("same")) { _ in true } == (count > 0 ? count - 1 : nil))
    }

    @Test("grows as places come, and finds the first of one name")
    func grows() {
        let names = (0..<1000).map { "n\($0 % 700)" }
        var table = PlaceTable<String>()
        for (place, name) in names.enumerated() { table.insert(.init(name), place) }
        for (place, name) in names.enumerated() {
            #expect(table.place(of: .init(name)) { names[$0] == name } == place % 700)
        }
        #expect(table.place(of: .init("n700")) { names[$0] == "n700" } == nil)
    }
}
