import EmailConnect

/// Mail and attempts over time, as stacked bars that need no script: the template draws what is computed here.
struct MailChart {
    let series: MailSeries

    /// A part of a bar: which steps it is of, and how it looks.
    private struct Part: Sendable {
        /// The class, and the word in the legend.
        let look: String
        let name: String
        let count: @Sendable (MailSeries.Step) -> Int
    }

    private static let mail = [
        Part(look: "delivered", name: "delivered") { $0.emails[.delivered, default: 0] },
        Part(look: "queued", name: "queued") { $0.emails[.queued, default: 0] },
        Part(look: "failed", name: "failed") { $0.emails[.failed, default: 0] },
        Part(look: "refused", name: "blocked or refused") { $0.emails[.blocked, default: 0] + $0.emails[.refused, default: 0] },
    ]
    private static let attempts = [
        Part(look: "delivered", name: "answered 2xx") { $0.delivered },
        Part(look: "failed", name: "failed") { $0.failed },
    ]

    private var isByHour: Bool { series.span == .day }
    private var period: String { isByHour ? "the last 24 hours" : "the last 30 days" }

    /// What the template shows.
    var content: [String: Any] {
        let shown = series.steps.filter { step in (Self.mail + Self.attempts).contains { $0.count(step) > 0 } }
        guard !shown.isEmpty else { return ["period": period, "switch": link] }
        let rows = shown.map { step in
            [
                "time": label(step), "mail": words(Self.mail, step), "attempts": words(Self.attempts, step),
            ]
        }
        return [
            "period": period, "switch": link, "unit": isByHour ? "Hour" : "Day", "rows": rows, "hasRows": true,
            "charts": [bars("Mail that came", "mail", Self.mail), bars("Attempts to deliver", "attempts", Self.attempts)],
        ]
    }

    private var link: [String: String] {
        isByHour ? ["path": "/settings/mail?chart=month", "text": "30 days"] : ["path": "/settings/mail", "text": "24 hours"]
    }

    /// As in `2027-01-15 08:00`, UTC.
    private func label(_ step: MailSeries.Step) -> String {
        let text = step.start.text
        return isByHour ? "\(text.prefix(10)) \(text.dropFirst(11).prefix(5))" : String(text.prefix(10))
    }

    /// As in `3 delivered, 1 failed`.
    private func words(_ parts: [Part], _ step: MailSeries.Step) -> String {
        let words = parts.map { ($0.count(step), $0.name) }.filter { $0.0 > 0 }.map { "\($0.0) \($0.1)" }
        return words.isEmpty ? "none" : words.joined(separator: ", ")
    }

    private func bars(_ title: String, _ id: String, _ parts: [Part]) -> [String: Any] {
        let totals = parts.map { part in series.steps.reduce(0) { $0 + part.count($1) } }
        let most = series.steps.map { step in parts.reduce(0) { $0 + $1.count(step) } }.max() ?? 0
        let unit = isByHour ? "hour" : "day"
        let legend = zip(parts, totals).map { part, total in ["look": part.look, "text": "\(total) \(part.name)"] }
        let all = totals.reduce(0, +)
        return [
            "id": id, "title": title, "legend": legend, "most": "\(most) in the fullest \(unit)",
            "about": "\(title) in \(period): \(all) in all, \(most) in the fullest \(unit). "
                + zip(parts, totals).map {
                    "\($1) \($0.name)"
                }.joined(separator: ", ") + ".",
            "width": String(series.steps.count * Self.stepWidth), "start": series.steps.first.map(label) ?? "",
            "end": series.steps.last.map(label) ?? "", "steps": series.steps.enumerated().compactMap { step($0, $1, parts, most) },
        ]
    }

    private static let stepWidth = 10

    /// One bar, from the bottom up; nil for nothing. 100 units stand for the most that any step has.
    private func step(_ place: Int, _ step: MailSeries.Step, _ parts: [Part], _ most: Int) -> [String: Any]? {
        var (rectangles, sum): ([[String: String]], Int) = ([], 0)
        for part in parts where part.count(step) > 0 {
            let (bottom, top) = (sum * 100 / max(most, 1), (sum + part.count(step)) * 100 / max(most, 1))
            // What is little beside the most is seen all the same.
            let height = max(top - bottom, 1)
            rectangles.append([
                "x": String(place * Self.stepWidth + 1), "y": String(100 - bottom - height), "width": String(Self.stepWidth - 2),
                "height": String(height), "look": part.look,
            ])
            sum += part.count(step)
        }
        return rectangles.isEmpty ? nil : ["tip": "\(label(step)): \(words(parts, step))", "rectangles": rectangles]
    }
}
