import EmailConnect
import EmailConnectClient
import Reconciler

extension Session {
    /// The inventories in a folder, as one owner uses them: `MANIFEST/ENVIRONMENT.json`.
    func inventory(of owner: Owner, in folder: String) -> InventoryStore {
        // A name that begins with a dot would be hidden, or lead elsewhere.
        let parts = owner.text.split(separator: "/").map { $0.hasPrefix(".") ? "%2E\($0.dropFirst())" : String($0) }
        let name = parts.joined(separator: "/") + ".json"
        let effects = effects
        @Sendable func read(_ name: String) throws(AccountFailure) -> [UInt8] {
            do throws(FileFailure) { return try effects.readFile(Paths.join(folder, name)) } catch { throw Self.unfit(error) }
        }
        return InventoryStore(
            owner: owner, name: Escaped.line(Paths.join(folder, name)),
            read: { () throws(AccountFailure) in effects.matching(name, folder).isEmpty ? nil : try read(name) },
            readOthers: { () throws(AccountFailure) in
                var others: [(name: String, bytes: [UInt8])] = []
                for other in effects.matching("*/*.json", folder).sorted() where other != name {
                    others.append((Escaped.line(Paths.join(folder, other)), try read(other)))
                }
                return others
            },
            write: { bytes throws(AccountFailure) in
                do throws(FileFailure) { try effects.writeFile(Paths.join(folder, name), bytes) } catch { throw Self.unfit(error) }
            })
    }

    private static func unfit(_ error: FileFailure) -> AccountFailure {
        AccountFailure(
            .unreachable, "the inventory: \(error.problem)", "make it a file that can be read and written; without it nothing is done")
    }
}
