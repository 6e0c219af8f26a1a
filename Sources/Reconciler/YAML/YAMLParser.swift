import CYaml
import EmailConnect

/// One event of a YAML document.
enum YAMLEvent: Sendable {
    case scalar(Scalar, anchor: String?)
    case sequenceStart(Position, anchor: String?)
    case sequenceEnd
    case mappingStart(Position, anchor: String?)
    case mappingEnd
    case alias(String, Position)
    case documentStart(Position)
    case documentEnd
    case end(Position)
}

/// How a value is written.
enum YAMLStyle: Sendable {
    case plain, singleQuoted, doubleQuoted, literal, folded
    /// A mapping or a sequence without brackets, and with them.
    case block, flow
}

/// The system's libyaml over bytes in memory. https://pyyaml.org/wiki/LibYAML
///
/// One event struct is reused, and freed before the next: nothing of libyaml's outlives a call.
@safe struct YAMLParser: ~Copyable {
    private let parser: UnsafeMutablePointer<yaml_parser_t>
    private let event: UnsafeMutablePointer<yaml_event_t>
    private let input: UnsafeMutableBufferPointer<UInt8>
    private let file: Int32

    /// - Parameter file: which of several texts it is, for positions.
    /// - Throws: when libyaml has no memory.
    init(_ bytes: [UInt8], file: Int32 = 0) throws(SyntaxFailure) {
        self.file = file
        // libyaml counts a byte order mark as a column.
        let bytes = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? bytes[3...] : bytes[...]
        unsafe input = .allocate(capacity: max(bytes.count, 1))
        _ = unsafe input.initialize(from: bytes)
        unsafe parser = .allocate(capacity: 1)
        unsafe event = .allocate(capacity: 1)
        unsafe event.initialize(to: yaml_event_t())
        unsafe parser.initialize(to: yaml_parser_t())
        guard unsafe yaml_parser_initialize(parser) == 1 else {
            throw SyntaxFailure(position: Position(line: 1, column: 1, file: file), problem: "out of memory", remedy: "")
        }
        unsafe yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING)
        unsafe yaml_parser_set_input_string(parser, input.baseAddress, bytes.count)
    }

    deinit {
        unsafe yaml_event_delete(event)
        unsafe yaml_parser_delete(parser)
        unsafe event.deallocate()
        unsafe parser.deallocate()
        unsafe input.deallocate()
    }

    /// The next event that means something here.
    mutating func next() throws(SyntaxFailure) -> YAMLEvent {
        while true {
            unsafe yaml_event_delete(event)
            guard unsafe yaml_parser_parse(parser, event) == 1 else { throw failure() }
            let start = unsafe Position(event.pointee.start_mark, file)
            switch unsafe event.pointee.type {
            case YAML_SCALAR_EVENT: return try scalar(at: start)
            case YAML_MAPPING_START_EVENT:
                let data = unsafe event.pointee.data.mapping_start
                try unsafe refuseTag(data.tag, at: start)
                return .mappingStart(start, anchor: unsafe Self.text(data.anchor))
            case YAML_MAPPING_END_EVENT: return .mappingEnd
            case YAML_SEQUENCE_START_EVENT:
                let data = unsafe event.pointee.data.sequence_start
                try unsafe refuseTag(data.tag, at: start)
                return .sequenceStart(start, anchor: unsafe Self.text(data.anchor))
            case YAML_SEQUENCE_END_EVENT: return .sequenceEnd
            case YAML_ALIAS_EVENT: return .alias(unsafe Self.text(event.pointee.data.alias.anchor) ?? "", start)
            case YAML_DOCUMENT_START_EVENT: return .documentStart(start)
            case YAML_DOCUMENT_END_EVENT: return .documentEnd
            case YAML_STREAM_END_EVENT: return .end(start)
            default: continue
            }
        }
    }

    /// Where the last event began and ended.
    var span: (start: Position, end: Position) {
        unsafe (Position(event.pointee.start_mark, file), Position(event.pointee.end_mark, file))
    }

    /// How the last event was written.
    var style: YAMLStyle {
        switch unsafe event.pointee.type {
        case YAML_SCALAR_EVENT: unsafe YAMLStyle(event.pointee.data.scalar.style)
        case YAML_MAPPING_START_EVENT: unsafe event.pointee.data.mapping_start.style == YAML_FLOW_MAPPING_STYLE ? .flow : .block
        case YAML_SEQUENCE_START_EVENT: unsafe event.pointee.data.sequence_start.style == YAML_FLOW_SEQUENCE_STYLE ? .flow : .block
        default: .block
        }
    }

    /// Where the last event began and ended, in characters from the start of the text, without a byte order mark.
    var extent: (start: Int, end: Int) { unsafe (Int(event.pointee.start_mark.index), Int(event.pointee.end_mark.index)) }

    private func scalar(at start: Position) throws(SyntaxFailure) -> YAMLEvent {
        let data = unsafe event.pointee.data.scalar
        try unsafe refuseTag(data.tag, at: start)
        let bytes = unsafe UnsafeBufferPointer(start: data.value, count: data.length)
        // libyaml refuses what is not UTF-8.
        let text = unsafe String(decoding: bytes, as: UTF8.self)
        let isPlain = unsafe data.style == YAML_PLAIN_SCALAR_STYLE
        return .scalar(Scalar(text, isPlain ? .plain : .quoted, at: start), anchor: unsafe Self.text(data.anchor))
    }

    private func refuseTag(_ tag: UnsafeMutablePointer<yaml_char_t>?, at start: Position) throws(SyntaxFailure) {
        guard unsafe tag != nil else { return }
        throw SyntaxFailure(
            position: start, problem: "a tag (!...) has no meaning here", remedy: "remove it; each field knows its own type")
    }

    private static func text(_ pointer: UnsafeMutablePointer<yaml_char_t>?) -> String? {
        guard let pointer = unsafe pointer else { return nil }
        return unsafe String(cString: UnsafePointer(pointer))
    }

    private func failure() -> SyntaxFailure {
        let problem = unsafe parser.pointee.problem.map { unsafe String(cString: $0) } ?? ""
        let context = unsafe parser.pointee.context.map { unsafe String(cString: $0) } ?? ""
        if unsafe parser.pointee.error == YAML_READER_ERROR {
            let offset = unsafe Int(parser.pointee.problem_offset)
            let isControl = problem.contains("control characters")
            return SyntaxFailure(
                position: position(offset), problem: isControl ? "a control character" : "the file is not valid UTF-8",
                remedy: isControl ? "remove it, or write it as an escape in double quotes" : "save the file as UTF-8")
        }
        let mark = unsafe Position(parser.pointee.problem_mark, file)
        let start = unsafe Position(parser.pointee.context_mark, file)
        let byte = unsafe byte(at: Int(parser.pointee.problem_mark.index))
        return SyntaxFailure.explaining(problem, context, at: mark, from: start, byte: byte)
    }

    private func byte(at index: Int) -> UInt8? {
        unsafe index < input.count ? input[index] : nil
    }

    /// The place of a byte, in characters; what stands before it was valid.
    private func position(_ offset: Int) -> Position {
        var position = Position(line: 1, column: 1, file: file)
        let end = unsafe min(offset, input.count)
        for index in 0..<end {
            let byte = unsafe input[index]
            if byte == UInt8(ascii: "\n") {
                position = Position(line: position.line + 1, column: 1, file: file)
            } else if byte & 0xC0 != 0x80 {
                position.column += 1
            }
        }
        return position
    }
}

extension YAMLStyle {
    fileprivate init(_ style: yaml_scalar_style_t) {
        switch style {
        case YAML_SINGLE_QUOTED_SCALAR_STYLE: self = .singleQuoted
        case YAML_DOUBLE_QUOTED_SCALAR_STYLE: self = .doubleQuoted
        case YAML_LITERAL_SCALAR_STYLE: self = .literal
        case YAML_FOLDED_SCALAR_STYLE: self = .folded
        default: self = .plain
        }
    }
}

extension Position {
    /// libyaml counts from 0.
    fileprivate init(_ mark: yaml_mark_t, _ file: Int32) {
        self.init(line: Int32(clamping: mark.line) + 1, column: Int32(clamping: mark.column) + 1, file: file)
    }
}

extension SyntaxFailure {
    /// libyaml's words as what a writer of a manifest needs.
    fileprivate static func explaining(_ problem: String, _ context: String, at mark: Position, from start: Position, byte: UInt8?)
        -> SyntaxFailure
    {
        if byte == UInt8(ascii: "\t"), problem.contains("cannot start any token") || problem.contains("tab character") {
            return .init(position: mark, problem: "a tab in the indentation", remedy: "indent with spaces")
        }
        if context.contains("scanning an alias") {
            return .init(position: start, problem: "an unquoted * begins a YAML alias", remedy: "quote the catch-all: \"*\"")
        }
        switch problem {
        case let text where text.contains("cannot start any token"):
            return .init(
                position: mark, problem: "a character that cannot begin a value", remedy: "put the text in double quotes")
        case let text where text.contains("mapping values are not allowed"):
            return .init(
                position: mark, problem: "a colon where no value can begin",
                remedy: "check the indentation, or put text that contains \": \" in quotes")
        case let text where text.contains("did not find expected key") || text.contains("block end"):
            return .init(
                position: mark, problem: "the indentation matches no block above",
                remedy: "align the line with its siblings")
        case let text where text.contains("could not find expected ':'"):
            return .init(position: start, problem: "a key without a colon", remedy: "write key: value")
        case let text where text.contains("unexpected end of stream"):
            return .init(position: start, problem: "a quote that is not closed", remedy: "close it on the same line")
        case let text where text.contains("did not find expected ',' or"):
            return .init(
                position: mark, problem: "expected a comma or the closing bracket",
                remedy: "check what opens at \(start.line):\(start.column)")
        case let text where text.contains("unknown escape") || text.contains("hexdecimal"):
            return .init(
                position: mark, problem: "an unknown escape in double quotes", remedy: "double the backslash, or use single quotes")
        case let text where text.contains("did not find expected <document start>"):
            return .init(position: mark, problem: "something follows the end of the manifest", remedy: "check the indentation")
        default:
            return .init(position: mark, problem: "this is no YAML: \(problem)", remedy: "check the line and the one above it")
        }
    }
}
