import EmailConnect

/// Something that stands at a place of a file.
struct Marked<Value: Sendable>: Sendable {
    var value: Value
    var position: Position

    init(_ value: Value, at position: Position) {
        self.value = value
        self.position = position
    }
}

/// What an entry states beside the fields of its kind's table. Few entries have any; kept apart, so that the many pay nothing.
struct Extras: Sendable {
    var manage: Bool?
    var owner: Owner?
    var id: String?
    var sink: Sink?
    /// Whether a place for the token is stated, right or wrong, so that one mistake is one message.
    var statesSink = false
    var adopts: String?
    var ignored: [String]?
    var reissue: Timestamp?
    var movedFrom: Scalar?
    /// The names of fields that are written as `null`: what is inherited goes.
    var nulls: [Marked<String>] = []
    /// Where each field stands, nearest first; only when somebody asked.
    var marks: [Marked<String>] = []

    /// The names that are stated here, apart from the table's.
    private func states(_ name: String) -> Bool {
        switch name {
        case "manage": manage != nil
        case "owner": owner != nil
        case "id": id != nil
        case "deliver_to": statesSink
        case "adopt": adopts != nil
        case "ignore_fields": ignored != nil
        case "reissue": reissue != nil
        case "moved_from": movedFrom != nil
        default: false
        }
    }

    private mutating func remove(_ name: String) {
        switch name {
        case "manage": manage = nil
        case "owner": owner = nil
        case "id": id = nil
        case "deliver_to": (sink, statesSink) = (nil, false)
        case "adopt": adopts = nil
        case "ignore_fields": ignored = nil
        case "reissue": reissue = nil
        case "moved_from": movedFrom = nil
        default: break
        }
    }

    /// The names that both state.
    func common(with other: Extras) -> [String] {
        ["manage", "owner", "id", "deliver_to", "adopt", "ignore_fields", "reissue", "moved_from"].filter {
            states($0) && other.states($0)
        }
    }

    /// These over inherited ones. A `null` that removes something has done its work; one that finds nothing stays, for a message.
    /// - Parameter isInherited: whether a field of the table is stated there.
    func over(_ inherited: Extras, isInherited: (String) -> Bool) -> Extras {
        var inherited = inherited
        var merged = self
        merged.nulls.removeAll { inherited.states($0.value) || isInherited($0.value) }
        for null in nulls {
            inherited.remove(null.value)
            inherited.marks.removeAll { $0.value == null.value }
        }
        merged.manage = manage ?? inherited.manage
        merged.owner = owner ?? inherited.owner
        merged.id = id ?? inherited.id
        merged.sink = statesSink ? sink : inherited.sink
        merged.statesSink = statesSink || inherited.statesSink
        merged.adopts = adopts ?? inherited.adopts
        merged.ignored = ignored ?? inherited.ignored
        merged.reissue = reissue ?? inherited.reissue
        merged.movedFrom = movedFrom ?? inherited.movedFrom
        merged.nulls += inherited.nulls
        merged.marks += inherited.marks
        return merged
    }

    /// What is kept of them beside the resource; the alias's name until now is read where its domain is known.
    var options: EntryOptions {
        var options = EntryOptions()
        options.adopts = adopts
        options.ignored = ignored ?? []
        options.reissue = reissue
        return options
    }
}
