/// What a JSON value looks like: as much of JSON Schema as the API's document and the manifest's schema need.
/// https://json-schema.org/draft/2020-12/json-schema-validation
public indirect enum Schema: Sendable {
    case boolean
    case integer(ClosedRange<Int>?)
    /// The length is in Unicode scalars.
    case text(format: String? = nil, pattern: String? = nil, length: ClosedRange<Int>? = nil)
    /// Text as YAML's parsers see it: whatever is written, also what looks like a number, a boolean or nothing.
    case written(pattern: String? = nil)
    case values([String])
    case constant(Constant)
    case list(Schema, count: ClosedRange<Int>? = nil, isSet: Bool = false)
    /// An object; a closed one has no other members.
    case object([Member], isClosed: Bool = false)
    /// Any names with values of one kind each.
    case names(Schema, pattern: String? = nil, limit: Int? = nil)
    case nullable(Schema)
    /// An object of which of some members exactly one, and of others at most one, is there, or has a value.
    case choosing(Schema, exactlyOne: [[String]], atMostOne: [[String]], atMostOneValue: [[String]] = [])
    /// An object that has, with each of some members, some others too.
    case together(Schema, [(name: String, others: [String])])
    case either([Schema])
    /// One of the document's components.
    case named(String)
    case anything

    /// A value that stands there and no other.
    public enum Constant: Sendable {
        case text(String)
        case integer(Int)
        case boolean(Bool)
    }

    /// One member of an object.
    public struct Member: Sendable {
        /// Its name.
        public var name: String
        /// What it looks like.
        public var schema: Schema
        /// Whether it has to be there.
        public var isRequired: Bool
        /// One line for people.
        public var about: String

        /// One member of an object.
        public init(_ name: String, _ schema: Schema, _ about: String, isRequired: Bool = true) {
            self.name = name
            self.schema = schema
            self.isRequired = isRequired
            self.about = about
        }
    }

    /// Writes the schema as the value of a member.
    public func write(_ name: String, _ about: String = "", to json: inout JSONWriter) {
        json.object(name) { json in
            keywords(to: &json)
            if !about.isEmpty { json.member("description", about) }
        }
    }

    /// Writes its members into an object.
    public func write(to json: inout JSONWriter) { keywords(to: &json) }

    private func item(to json: inout JSONWriter) { json.object { keywords(to: &$0) } }

    private func keywords(to json: inout JSONWriter) {
        switch self {
        case .boolean: json.member("type", "boolean")
        case .integer(let range):
            json.member("type", "integer")
            if let range {
                json.member("minimum", range.lowerBound)
                if range.upperBound != .max { json.member("maximum", range.upperBound) }
            }
        case .text(let format, let pattern, let length):
            json.member("type", "string")
            if let format { json.member("format", format) }
            if let pattern { json.member("pattern", pattern) }
            if let length {
                if length.lowerBound > 0 { json.member("minLength", length.lowerBound) }
                json.member("maxLength", length.upperBound)
            }
        case .written(let pattern):
            json.member("type", ["string", "number", "boolean", "null"])
            if let pattern { json.member("pattern", pattern) }
        case .values(let values):
            json.member("type", "string")
            json.member("enum", values)
        case .constant(.text(let text)): json.member("const", text)
        case .constant(.integer(let number)): json.member("const", number)
        case .constant(.boolean(let flag)): json.member("const", flag)
        case .list(let schema, let count, let isSet):
            json.member("type", "array")
            schema.write("items", to: &json)
            if let count {
                if count.lowerBound > 0 { json.member("minItems", count.lowerBound) }
                if count.upperBound != .max { json.member("maxItems", count.upperBound) }
            }
            if isSet { json.member("uniqueItems", true) }
        case .object(let members, let isClosed): Self.object(members, isClosed, to: &json)
        case .names(let schema, let pattern, let limit):
            json.member("type", "object")
            schema.write("additionalProperties", to: &json)
            if let pattern { json.object("propertyNames") { $0.member("pattern", pattern) } }
            if let limit { json.member("maxProperties", limit) }
        case .nullable(let schema):
            json.array("anyOf") { json in
                schema.item(to: &json)
                json.object { $0.member("type", "null") }
            }
        case .choosing(let schema, let exactlyOne, let atMostOne, let atMostOneValue):
            schema.keywords(to: &json)
            guard !exactlyOne.isEmpty || !atMostOne.isEmpty || !atMostOneValue.isEmpty else { return }
            json.array("allOf") { json in
                for names in exactlyOne {
                    json.object { json in
                        json.array("oneOf") { json in for name in names { json.object { $0.member("required", [name]) } } }
                    }
                }
                for names in atMostOne { json.object { json in json.object("not") { $0.member("required", names) } } }
                for names in atMostOneValue {
                    json.object { json in
                        json.object("not") { json in
                            json.member("required", names)
                            json.object("properties") { json in for name in names { Schema.text().write(name, to: &json) } }
                        }
                    }
                }
            }
        case .together(let schema, let pairs):
            schema.keywords(to: &json)
            json.object("dependentRequired") { json in for pair in pairs { json.member(pair.name, pair.others) } }
        case .either(let schemas): json.array("anyOf") { json in for schema in schemas { schema.item(to: &json) } }
        case .named(let name): json.member("$ref", "#/components/schemas/\(name)")
        case .anything: break
        }
    }

    private static func object(_ members: [Member], _ isClosed: Bool, to json: inout JSONWriter) {
        json.member("type", "object")
        json.object("properties") { json in
            for member in members { member.schema.write(member.name, member.about, to: &json) }
        }
        let required = members.filter(\.isRequired).map(\.name)
        if !required.isEmpty { json.member("required", required) }
        if isClosed { json.member("additionalProperties", false) }
    }
}
