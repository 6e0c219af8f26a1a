/// Whether text is for a terminal that shows colours. https://no-color.org
public struct TextStyle: Sendable {
    /// The colours that are used.
    public enum Colour: Int, Sendable {
        case red = 31
        case green = 32
        case yellow = 33
        case cyan = 36
    }

    private let isColoured: Bool

    /// With colours or without.
    public init(coloured: Bool) { isColoured = coloured }

    /// Without colours.
    public static let plain = TextStyle(coloured: false)

    func paint(_ text: String, _ colour: Colour) -> String { isColoured ? "\u{1B}[\(colour.rawValue)m\(text)\u{1B}[0m" : text }
    func bold(_ text: String) -> String { isColoured ? "\u{1B}[1m\(text)\u{1B}[0m" : text }
}
