import EmailConnect

/// The order of a manifest's keys, level by level. All names come from where the reader has them.
indirect enum ManifestLayout: Sendable {
    /// Keys of ours, in this order.
    case fields([Field])
    /// Keys of the author's, or a list: their order stays, and each value has this layout.
    case each(ManifestLayout)
    /// Nothing is known of it.
    case any

    struct Field: Sendable {
        var name: String
        var layout: ManifestLayout
    }

    /// The place of a key in the order; nil for a key that is not ours.
    func rank(of key: String) -> Int? {
        guard case .fields(let fields) = self else { return nil }
        return fields.firstIndex { $0.name == key }
    }

    /// The layout of what stands behind a key.
    func layout(of key: String) -> ManifestLayout {
        switch self {
        case .fields(let fields): fields.first { $0.name == key }?.layout ?? .any
        case .each(let layout): layout
        case .any: .any
        }
    }

    /// The layout of a list's items.
    var item: ManifestLayout { if case .each(let layout) = self { layout } else { .any } }

    private init(_ names: [String], _ layouts: [String: ManifestLayout] = [:]) {
        self = .fields(names.map { Field(name: $0, layout: layouts[$0] ?? .any) })
    }

    /// A file's.
    static let manifest = ManifestLayout(
        ManifestNames.sections,
        [
            "server": ManifestLayout(ManifestNames.server),
            "policy": ManifestLayout(
                ManifestNames.policy,
                ["unmanaged": ManifestLayout(Kind.allCases.map(\.plural)), "limits": ManifestLayout(ManifestNames.limits)]),
            "allow": ManifestLayout(ManifestNames.allow),
            "webhooks": .each(entry(Webhook.self)),
            "alias_sets": .each(.each(entry(Alias.self))),
            "domains": .each(entry(Domain.self, ["aliases": .each(entry(Alias.self))])),
            "api_keys": .each(entry(APIKey.self)),
            "removed": .each(ManifestLayout(ManifestNames.removal)),
        ])

    private static let reference = ManifestLayout(ManifestNames.reference)

    private static func entry<R: ManifestEntry>(_: R.Type, _ layouts: [String: ManifestLayout] = [:]) -> ManifestLayout {
        var layouts = layouts
        for field in R.fields {
            switch field.shape {
            case .secret: layouts[field.name] = reference
            case .headers: layouts[field.name] = .each(reference)
            // A URL may be a reference; other texts are never a mapping.
            case .text: layouts[field.name] = reference
            case .boolean, .list, .token: break
            }
        }
        return ManifestLayout(R.entryNames, layouts)
    }
}
