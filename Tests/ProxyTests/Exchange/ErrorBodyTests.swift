import Foundation
import Testing

@testable import Proxy

@Suite("The body of the proxy's own errors")
struct ErrorBodyTests {
    private func body(_ status: Int, _ reason: String, _ message: String? = nil) -> String {
        String(
            decoding: ErrorBody.make(
                status: status, reason: reason, message: message, requestID: "id-1"),
            as: UTF8.self)
    }

    @Test("it is the object that API clients parse")
    func golden() {
        #expect(
            body(429, "rate_limited", "Too many requests.")
                == #"{"error":{"message":"Too many requests.","type":"rate_limit_error","code":"rate_limited","param":null,"request_id":"id-1"}}"#
                + "\n")
        #expect(
            body(404, "route_not_found")
                == #"{"error":{"message":"Route not found.","type":"invalid_request_error","code":"route_not_found","param":null,"request_id":"id-1"}}"#
                + "\n")
    }

    @Test(
        "the type follows the status",
        arguments: [
            (400, "invalid_request_error"), (401, "authentication_error"),
            (403, "permission_error"), (404, "invalid_request_error"),
            (408, "invalid_request_error"), (413, "invalid_request_error"),
            (429, "rate_limit_error"), (431, "invalid_request_error"),
            (499, "invalid_request_error"),
            (500, "server_error"), (502, "server_error"), (503, "server_error"),
            (504, "server_error"),
        ])
    func types(_ status: Int, _ type: String) {
        #expect(body(status, "x").contains(#""type":"\#(type)""#))
    }

    @Test(
        "whatever is in the message, the body is JSON",
        arguments: [
            "a \"quote\"", "back\\slash", "line\nbreak\r\n", "\u{0}\u{1F}", "\u{E9}\u{1F642}", "",
        ])
    func escaped(_ message: String) throws {
        let text = body(400, "bad", message)
        #expect(text.utf8.count { $0 == 0x0A } == 1 && text.hasSuffix("}\n"))
        let object = try #require(
            try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: [String: Any]])
        let error = try #require(object["error"])
        #expect(error["message"] as? String == message && error["code"] as? String == "bad")
        #expect(error["param"] is NSNull && error["request_id"] as? String == "id-1")
        #expect(error.count == 5)
    }
}
