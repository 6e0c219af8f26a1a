import EmailConnect

/// How many changes of each sort a plan has. A change counts once, under what stands out most.
public struct Counts: Equatable, Sendable {
    /// To be created.
    public var add = 0
    /// To be changed.
    public var change = 0
    /// To get another name.
    public var rename = 0
    /// That nobody managed.
    public var adopt = 0
    /// That somebody else managed.
    public var takeOver = 0
    /// That nobody will manage.
    public var release = 0
    /// To be deleted, with what goes along.
    public var delete = 0
    /// Secrets that could not be compared.
    public var uncertain = 0

    /// Each that is not zero, in words.
    public var words: [String] {
        let all = [
            (add, "to add"), (change, "to change"), (rename, "to rename"), (adopt, "to adopt"), (takeOver, "to take over"),
            (release, "to release"), (delete, "to delete"), (uncertain, "with secrets that could not be compared"),
        ]
        return all.filter { $0.0 > 0 }.map { "\($0.0) \($0.1)" }
    }

    mutating func count<R>(_ changes: [Change<R>]) {
        for change in changes {
            switch (change, change.transfer) {
            case (.create, _): add += 1
            case (.update, .adopt): adopt += 1
            case (.update, .takeOver): takeOver += 1
            case (.update, .release): release += 1
            case (.update, nil):
                if change.formerName != nil { rename += 1 } else if change.isCertain { self.change += 1 } else { uncertain += 1 }
            case (.delete(_, let cascade), _): delete += 1 + cascade.count
            }
        }
    }
}

extension Plan {
    /// How many of each.
    public var counts: Counts {
        var counts = Counts()
        counts.count(webhooks)
        counts.count(domains)
        counts.count(aliases)
        counts.count(apiKeys)
        return counts
    }
}
