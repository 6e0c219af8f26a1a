import Mail

extension MailMessage {
    /// A message written as a test has it: in UTF-8, with LF at each line's end.
    init(_ text: String, limits: MailLimits = MailLimits()) throws {
        try self.init(parsing: Array(text.utf8), limits: limits)
    }

    /// A message whose body is a multipart of parts, each with its header.
    init(_ type: String, parts: [String]) throws {
        let body = parts.map { "--b\n\($0)\n" }.joined() + "--b--\n"
        try self.init("Content-Type: multipart/\(type); boundary=b\n\n" + body)
    }
}
