import EmailConnect
import HTTPTypes
import Hummingbird
import NIOCore

/// The API's reference: Swagger UI where its files were set up, else a plain one.
extension Pages {
    func docsRoutes(_ documented: [APIServer.Route]) -> [Route] {
        [
            .init(.get, "/docs", inside { try docs($0, documented) }),
            .init(.get, "/assets/docs.js", { _, context in Self.asset(context, "text/javascript; charset=utf-8", Self.script) }),
            .init(.get, "/assets/swagger/{id}", { try await swagger($0, $1) }),
        ]
    }

    private static let files = [
        "swagger-ui.css": "text/css; charset=utf-8", "swagger-ui-bundle.js": "text/javascript; charset=utf-8",
        "favicon-32x32.png": "image/png",
    ]

    private func docs(_ call: PageCall, _ routes: [APIServer.Route]) throws -> Response {
        let hasSwagger = options.swaggerFolder != nil
        let groups = routes.reduce(into: [(name: String, routes: [[String: String]])]()) { groups, route in
            if groups.last?.name != route.group { groups.append((route.group, [])) }
            groups[groups.count - 1].routes.append(
                Cells([
                    "method": route.method.rawValue, "path": route.path, "about": route.about, "example": route.body?.example ?? "",
                ]).byName)
        }
        let quota = gate.limiter?.quota(of: call.caller.accountID, call.caller.limits)
        return try answer(
            Page(title: "API reference", template: "docs", tab: "/docs"),
            [
                "hasSwagger": hasSwagger,
                "groups": groups.map { ["name": $0.name, "routes": $0.routes] as [String: Any] },
                "limits": (quota?.windows ?? []).map {
                    ["window": $0.window.rawValue, "remaining": String($0.remaining), "limit": String($0.limit)]
                },
                "hasLimits": quota != nil, "scopes": call.caller.scopes.list.map(\.rawValue).joined(separator: ", "),
            ], session: call.session)
    }

    private func swagger(_ request: Request, _ context: ConnectionContext) async throws -> Response {
        context.notes.doNotCount()
        guard let folder = options.swaggerFolder, let name = context.parameters.get("id"), let type = Self.files[name] else {
            throw Problem(.notFound, "there is nothing at this path")
        }
        var headers = Self.headers(type: type)
        headers[.cacheControl] = "max-age=3600"
        let body = try await FileIO().loadFile(path: "\(folder)/\(name)", context: context)
        return Response(status: .ok, headers: headers, body: body)
    }

    /// Starts Swagger UI on the document; calls go out as whoever is logged in.
    private static let script = """
        "use strict";
        window.addEventListener("load", function () {
          var place = document.getElementById("swagger");
          if (!place || !window.SwaggerUIBundle) { return; }
          window.SwaggerUIBundle({
            url: "/openapi.json",
            domNode: place,
            deepLinking: true,
            docExpansion: "list",
            defaultModelsExpandDepth: 0,
            validatorUrl: null,
            requestInterceptor: function (request) {
              if (!request.headers.Authorization) { request.headers["X-CSRF-Token"] = place.dataset.token; }
              return request;
            }
          });
        });
        """
}
