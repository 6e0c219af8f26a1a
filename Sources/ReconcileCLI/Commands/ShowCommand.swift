import ArgumentParser
import Reconciler

/// `reconcile show`: offline.
struct ShowCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Shows a plan that plan --out saved, without a server.",
        discussion: "A file that is not as plan wrote it is an error.")

    @Argument(help: "The saved plan; - reads standard input.", completion: .file())
    var file: String

    @Option(help: "text, json, markdown or html.")
    var format = PageFormat.text

    @OptionGroup var output: OutputOptions

    func run() async throws {
        let session = Session(output)
        try await session.run("show", format.output) {
            let saved = try session.savedPlan(file, else: .failed)
            switch format {
            case .text: try session.write(PlanText(session.style, width: session.width).render(saved.plan, server: saved.server))
            case .json: try session.writeJSON(PlanJSON.render(saved.plan, server: saved.server, command: "show", exit: .done))
            case .markdown: try session.write(PlanMarkdown(saved.plan, server: saved.server).text)
            case .html: try session.write(PlanHTML(saved.plan, server: saved.server).text)
            }
        }
    }
}
