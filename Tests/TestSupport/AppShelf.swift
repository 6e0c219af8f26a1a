public import EmailConnect
public import EmailConnectClient
import Synchronization

/// Inventories in memory, of a machine that may die: from then on nothing is written any more.
public final class AppShelf: Sendable {
    private struct State {
        var files: [String: [UInt8]] = [:]
        var isDead = false
        var writes = 0
    }

    private let state = Mutex(State())

    /// No inventories.
    public init() {}

    /// Whether the machine has died.
    public var isDead: Bool { state.withLock { $0.isDead } }

    /// The machine dies.
    public func die() { state.withLock { $0.isDead = true } }

    /// Another machine goes on with what was written.
    public func revive() { state.withLock { $0.isDead = false } }

    /// How often an inventory was written.
    public var writes: Int { state.withLock { $0.writes } }

    /// An owner's inventory.
    public subscript(_ owner: Owner) -> String? {
        get { state.withLock { state in state.files[owner.text].map { String(decoding: $0, as: UTF8.self) } } }
        set { state.withLock { $0.files[owner.text] = newValue.map { Array($0.utf8) } } }
    }

    /// The inventories as one owner uses them.
    public func store(_ owner: Owner) -> InventoryStore {
        InventoryStore(
            owner: owner, name: "inventory/\(owner.text).json",
            read: { () throws(AccountFailure) in self.state.withLock { $0.files[owner.text] } },
            readOthers: { () throws(AccountFailure) in
                self.state.withLock { state in
                    state.files.filter { $0.key != owner.text }.map { ("inventory/\($0.key).json", $0.value) }
                }
            },
            write: { bytes throws(AccountFailure) in
                let isWritten = self.state.withLock { state in
                    guard !state.isDead else { return false }
                    state.files[owner.text] = bytes
                    state.writes += 1
                    return true
                }
                if !isWritten { throw AccountFailure(.unreachable, "the machine is gone", "") }
            })
    }
}
